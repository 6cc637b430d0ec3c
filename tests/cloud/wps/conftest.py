"""The company of the tests of `wps`: a real identity provider, a real directory, and a real service with TLS."""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from machines import AUDIENCE, Machine

from testservers import oidc, service, slapd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from testservers.oidc import OidcProvider
    from testservers.service import Running
    from testservers.slapd import Slapd

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OidcProvider]:
    """Give the company's identity provider."""
    with oidc.start(tmp_path_factory.mktemp("oidc")) as running:
        yield running


@pytest.fixture
def idp(provider: OidcProvider) -> Iterator[OidcProvider]:
    """Give the identity provider, mended after the test."""
    yield provider
    provider.mend()


@pytest.fixture(scope="session")
def ci(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OidcProvider]:
    """Give the issuer of the CI jobs' tokens."""
    with oidc.start(tmp_path_factory.mktemp("ci")) as running:
        yield running


@pytest.fixture(scope="session")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    """Give the company's directory."""
    with slapd.start(tmp_path_factory.mktemp("slapd")) as running:
        yield running


@pytest.fixture(scope="session")
def company(
    tmp_path_factory: pytest.TempPathFactory, provider: OidcProvider, ci: OidcProvider, directory: Slapd
) -> Iterator[Running]:  # fmt: skip
    """Give the company's service, over the example's standards with groups of these people."""
    standards = tmp_path_factory.mktemp("standards") / "standards"
    shutil.copytree(ROOT / "examples" / "standards", standards)
    team = standards / "teams" / "payments" / "team.yaml"
    people = f"[payments-developers, g-payments, {directory.entry_id(slapd.group('payments'))}]"
    text = team.read_text().replace("developer: [payments-developers]", f"developer: {people}")
    job = f'    - {{issuer: "{ci.issuer}", repository: acme/shop, refs: [refs/heads/main], protected: true}}\n'
    team.write_text(text.replace("in role ci\n", f"in role ci\n{job}"))
    secret = directory.directory / "reader.password"
    providers = [
        {"kind": "oidc", "name": "corp", "issuer": provider.issuer, "client_id": oidc.CLIENT},
        {
            "kind": "directory", "name": "people", "url": f"ldaps://localhost:{directory.tls}", "ca": str(directory.ca),
            "bind_dn": slapd.READER, "bind_password_file": str(secret),
        },
        {"kind": "workload", "name": "jobs", "system": "github", "audience": AUDIENCE, "issuer": ci.issuer},
    ]  # fmt: skip
    with service.start(
        tmp_path_factory.mktemp("service"), providers, standards=standards, calls_per_second="1000"
    ) as running:  # fmt: skip
        yield running


@pytest.fixture
def machine(company: Running, idp: OidcProvider, tmp_path: Path) -> Callable[[str], Machine]:
    """Give a maker of machines, on which nobody is signed in."""

    def make(name: str) -> Machine:
        made = Machine(tmp_path / name, company, idp)
        made.folder.mkdir(parents=True)
        return made

    return make


@pytest.fixture
def away(company: Running) -> Iterator[Callable[[], None]]:
    """Give what stops the service; it runs again after the test."""

    def stop() -> None:
        company.stop()

    yield stop
    if company.process.poll() is not None:
        company.restart()


@pytest.fixture
def push(company: Running, machine: Callable[[str], Machine]) -> Iterator[Callable[[str, str], None]]:
    """Give what writes a file of the standards; all are as before after the test, and served again."""
    changed: dict[Path, str] = {}

    def write(name: str, text: str) -> None:
        path = company.standards / name
        changed.setdefault(path, path.read_text())
        path.write_text(text)

    yield write
    for path, text in changed.items():
        path.write_text(text)
    watcher = machine("watcher").sign_in("watcher")
    deadline = time.monotonic() + 30
    while json.loads(watcher.wps("status", "--json").stdout)["refused_revision"]:
        assert time.monotonic() < deadline, "the standards are not served again"
        time.sleep(0.5)

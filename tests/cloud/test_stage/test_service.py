"""The gate with a team config service: its standards hold, and its ledger keeps the evidence for everybody."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "wps"))

from gateserver import Answer
from gateworld import DIGEST
from machines import Machine

from testservers import oidc, service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateserver import Deployment
    from gateworld import World

    from testservers.oidc import OidcProvider
    from testservers.service import Running

TEAM = """
team:
  owner: "#payments"
  projects: [shop]
  roles: {viewer: [viewers], developer: [developers]}
standards:
  tests:
    checks: [{name: company, path: /company}]
"""
SMOKE = {"name": "smoke", "path": "/healthz"}


@pytest.fixture(scope="module")
def idp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OidcProvider]:
    """Give the company's identity provider."""
    with oidc.start(tmp_path_factory.mktemp("idp")) as provider:
        yield provider


@pytest.fixture
def company(world: World, idp: OidcProvider, tmp_path: Path) -> Iterator[Running]:
    """Give the company's service over the standards of the app."""
    (world.app / ".waypaas.toml").unlink()
    (world.folder / "teams" / "payments" / "team.yaml").write_text(TEAM)
    provider = {"kind": "oidc", "name": "corp", "issuer": idp.issuer, "client_id": oidc.CLIENT}
    (tmp_path / "service").mkdir()
    with service.start(tmp_path / "service", [provider], standards=world.folder, calls_per_second="1000") as running:
        yield running


def be(world: World, running: Running, idp: OidcProvider, name: str, group: str) -> None:
    """Be somebody from now on, on a machine of their own."""
    home = world.app.parent / f"home-{name}"
    Machine(home, running, idp).sign_in(name, group)
    world.environ |= {"HOME": str(home), "XDG_STATE_HOME": str(home / ".local" / "state"), "WAYPAAS_KEYRING": "off"}
    world.environ.pop("XDG_CONFIG_HOME", None)


def test_evidence_in_the_service_counts_for_everybody(
    world: World, company: Running, idp: OidcProvider, server: Deployment
) -> None:
    """What one developer's release has tested the next one's does not test again; a viewer's word is not kept."""
    image = f"shop/web@{DIGEST}"
    server.answers["/company"] = Answer()
    be(world, company, idp, "vera", "viewers")
    told = world.release(SMOKE, url=server.url, image=image)
    assert "No evidence was kept" in told.text
    be(world, company, idp, "dora", "developers")
    first = world.release(SMOKE, url=server.url, image=image)
    assert "+ smoke: passed" in first.text
    assert "No evidence" not in first.text
    be(world, company, idp, "otto", "developers")
    second = world.release(SMOKE, url=server.url, image=image)
    assert "= smoke: reused" in second.text
    assert server.asked == {"/healthz": 2, "/company": 2}


def test_the_standards_of_the_service_hold(
    world: World, company: Running, idp: OidcProvider, server: Deployment
) -> None:
    """What the served standards demand is tested; a file cannot change it, and traffic stays where it fails."""
    be(world, company, idp, "dora", "developers")
    refusal = world.refused({"name": "company", "path": "/healthz"}, url=server.url)
    assert refusal.code == "PERMISSION_DENIED"
    refusal = world.refused(SMOKE, url=server.url)
    assert "1 of 2 tests failed: company" in refusal.error
    assert world.notes == []

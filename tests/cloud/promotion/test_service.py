"""Promotion with a team config service that keeps the records: the real service over PostgreSQL, people who sign in."""

from __future__ import annotations

import json
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "wps"))

from machines import Machine

from teamconfig.gen.waypaas.v1 import rights_pb2
from teamconfig.releases import wire
from tests.cloud.service.releasekit import State
from testservers import oidc, service
from testservers.postgres import postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shop import Shop

    from testservers.oidc import OidcProvider

pytestmark = pytest.mark.flaky(reruns=1, only_rerun="HostHungError")

TEAM = """
team:
  owner: "#payments"
  projects: [shop]
  roles: {viewer: [viewers], developer: [developers], lead: [leads]}
"""


@pytest.fixture(scope="module")
def idp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OidcProvider]:
    """Give the company's identity provider."""
    with oidc.start(tmp_path_factory.mktemp("idp")) as provider:
        yield provider


class Company:
    """A shop whose standards and records are a service's.

    Args:
        shop: The app.
        running: The service.
        state: Its database.
        idp: Vouches for people.
    """

    def __init__(self, shop: Shop, running: service.Running, state: State, idp: OidcProvider) -> None:
        self.shop, self.state = shop, state
        self._running, self._idp = running, idp

    def stop(self) -> None:
        """End the service as kill -9 does."""
        self._running.stop(signal.SIGKILL)

    def restart(self) -> None:
        """Start it again."""
        self._running.restart()

    def be(self, name: str, *groups: str) -> None:
        """Be somebody else from now on, on a machine of their own."""
        home = self.shop.app.parent / f"home-{name}"
        Machine(home, self._running, self._idp).sign_in(name, *groups)
        self.shop.environ |= {"HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config"),
                              "XDG_STATE_HOME": str(home / ".local/state")}  # fmt: skip


@pytest.fixture
def company(shop: Shop, idp: OidcProvider, tmp_path: Path) -> Iterator[Company]:
    """Give a shop in a company with a service."""
    (shop.app / ".waypaas.toml").unlink()
    (shop.workshop.standards / "teams/payments/team.yaml").write_text(TEAM)
    smoke = {"name": "smoke", "kind": "command", "command": ["sh", "-c", "! test -e ../broken"]}
    shop.standards("staging", tests={"checks": [smoke]})
    shop.standards("production", promotion={"approvals": 1})
    provider = {"kind": "oidc", "name": "corp", "issuer": idp.issuer, "client_id": oidc.CLIENT}
    with postgres() as server:
        url = server.database()
        (tmp_path / "service").mkdir()
        with service.start(
            tmp_path / "service", [provider], standards=shop.workshop.standards, database=url, calls_per_second="1000",
            groups_max_age="1h",
        ) as running:  # fmt: skip
            yield Company(shop, running, State(url), idp)


def test_the_service_keeps_the_records_and_holds_people_to_them(company: Company) -> None:
    """The service signs dev and staging; what it has not seen run, viewers, and rejected images are refused."""
    shop = company.shop
    company.be("dora", "developers")
    digest = shop.release()
    assert "advisory" not in shop.wps("releases")
    refused = shop.wps("promote", "--yes", code=1)
    assert "staging" in refused
    assert not (shop.stand / "live-staging").exists(), "the service has not seen it run in dev"

    company.state.see("web", "dev", digest)
    shop.wps("promote", "--yes")
    assert shop.serves("staging") == digest
    company.be("dora", "developers")  # what is about production wants groups that were read a moment ago
    rows = {row["environment"]: row["record"] for row in shop.json("releases")["environments"]}
    assert (rows["staging"]["parent"], rows["staging"]["made_by_name"]) == (rows["dev"]["id"], "dora")
    file = shop.app.parent / "records.json"
    assert shop.json("verify", "--export", str(file))["environments"]["staging"]["records"] == 1
    shop.wps("verify", "--records", str(file))

    company.be("vera", "viewers")
    shop.wps("releases")
    for command in (
        ("promote", "--to", "staging", "--lift-hold", "--yes"),
        ("reject", digest, "--reason", "no", "--project", "shop"),
    ):
        told = shop.wps(*command, code=1)
        assert "viewer" in told, told

    company.be("dora2", "developers")
    told = shop.wps("reject", digest, "--reason", "leaks tokens", "--project", "shop", code=1)
    assert "shop/web in staging" in told
    assert "leaks tokens" in shop.wps("promote", "--to", "production", "--yes", code=1)


def test_a_waiver_of_somebody_else_opens_the_gate_of_tests(company: Company) -> None:
    """A test that fails in staging stops all but those for whom somebody else has waived it; the record tells of it."""
    shop = company.shop
    company.be("dora", "developers")
    digest = shop.release()
    company.state.see("web", "dev", digest)
    (shop.app.parent / "broken").touch()
    company.be("lena", "leads")
    waive = ("promote", "--to", "staging", "--waive", "test:smoke", "--reason", "known, TICKET-7")
    shop.wps(*waive)
    assert "tests failed: smoke" in shop.wps("promote", "--to", "staging", "--yes", code=1), "by a waiver of her own"

    company.be("dana", "developers")
    assert "lead" in shop.wps(*waive, code=1), "a developer waives nothing"
    assert "its failure is waived" in shop.wps("promote", "--to", "staging", "--plan")
    shop.wps("promote", "--to", "staging", "--yes")
    assert shop.serves("staging") == digest
    (made,) = shop.json("releases", "--env", "staging")
    assert [(one["reason"], one["made_by_name"]) for one in made["waivers"]] == [("known, TICKET-7", "lena")]
    assert made["evidence"] == []
    with shop.ledger() as ledger:
        assert {one.outcome for one in ledger.evidence("shop", "web", digest, "staging")} == {"failed"}


@pytest.mark.parametrize("stage", ["deploy", "release"])
def test_a_killed_service_does_not_break_a_promotion(company: Company, stage: str) -> None:
    """The service is killed while Waypoint works: when it is back, the run or the next one ends in one release."""
    shop = company.shop
    company.be("dora", "developers")
    digest = shop.release()
    company.state.see("web", "dev", digest)
    for name in (f"began-{stage}", f"hang-{stage}"):
        (shop.stand / name).unlink(missing_ok=True)
    (shop.stand / f"hang-{stage}").touch()
    child = shop.begin("promote", "--yes")
    shop.until((shop.stand / f"began-{stage}").exists, child)
    company.stop()
    (shop.stand / f"hang-{stage}").unlink()
    if stage == "deploy":
        time.sleep(1)
    else:
        assert child.wait(timeout=100) == 75, shop.log.read_text()
    company.restart()
    if child.wait(timeout=100):
        shop.wps("promote", "--to", "staging", "--yes")
    assert shop.serves("staging") == digest
    assert shop.releases("staging") == 1
    assert [one["digest"] for one in shop.json("releases", "--env", "staging")] == [digest]
    assert shop.json("verify")["environments"]["staging"]["records"] == 1


def test_a_release_removes_what_it_has_replaced(company: Company) -> None:
    """In production old deployments go by the approved grant of the release; what a rollback goes to stays."""
    shop = company.shop
    made: list[str] = []
    for number in range(3):
        company.be(f"dora{number}", "developers")
        digest = shop.release(f"version {number}")
        company.state.see("web", "dev", digest)
        shop.wps("promote", "--to", "staging", "--yes")
        company.state.see("web", "staging", digest)
        company.be(f"lena{number}", "leads")
        grant = _granted(company, digest)
        company.be(f"leo{number}", "leads")
        shop.wps("approve", grant, "--yes")
        company.be(f"lena{number}", "leads")
        company.state.redeem(grant)
        told = shop.wps("promote", "--to", "production", "--yes")
        made.append(digest)
        assert ("1 deployments will be destroyed" in told) is (number == 2), told
    there = [json.loads(path.read_text())["tag"] for path in sorted(shop.stand.glob("production-*.json"))]
    assert len(there) == 2, there
    assert shop.serves("production") == made[-1]
    shop.wps("verify")


def _granted(company: Company, digest: str) -> str:
    """Ask for a grant to deploy, as the platform plugin does, and give its id."""
    target = wire.target("shop", "web", "production")
    request = rights_pb2.RequestGrantRequest(target=target, action="deploy", digest=digest)
    with company.shop.ledger() as ledger:
        return str(ledger._service.call("Rights/RequestGrant", request, 15.0).id)  # type: ignore[attr-defined]

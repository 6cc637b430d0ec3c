"""`wps promote` tests the deployment before it gets the traffic, over real registries and the real Waypoint."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from shop import PROGRAMS

if TYPE_CHECKING:
    from shop import Shop

pytestmark = pytest.mark.flaky(reruns=1, only_rerun="HostHungError")

SCRIPT = "echo $IMAGE_DIGEST $ENVIRONMENT ${DEPLOYMENT_ID:-none} >> ../ran; test -e ../good"
WRAPPED = """\
  release {{
    use "test" {{
      then    = "stand"
      options = {{ directory = "{0}" }}
      image   = "web@{1}"
    }}
  }}
"""


def demand(shop: Shop, environment: str = "staging", **test: Any) -> None:
    """Let the standards of an environment demand a test, and no other."""
    smoke = {"name": "smoke", "kind": "command", "command": ["sh", "-c", SCRIPT]} | test
    shop.standards(environment, tests={"checks": [smoke]})


def ran(shop: Shop) -> list[list[str]]:
    """Give the words of each run of the test."""
    path = shop.app.parent / "ran"
    return [line.split() for line in path.read_text().splitlines()] if path.exists() else []


def live(shop: Shop, environment: str = "staging") -> bool:
    """Tell whether anything has the traffic."""
    return (shop.stand / f"live-{environment}").exists()


def test_a_failing_test_keeps_the_traffic_where_it_is(shop: Shop) -> None:
    """The private deployment is tested; it fails, nothing gets the traffic, and report and evidence are kept."""
    demand(shop)
    digest = shop.record()
    plan = shop.json("promote", "--plan")
    assert plan["checks"] == [{"test": "smoke", "kind": "command", "evidence": "", "by_release": False}]
    assert "smoke in staging: runs before the traffic" in shop.wps("promote", "--plan")
    told = shop.wps("promote", "--yes", code=1)
    assert "1 of 1 tests failed: smoke" in told
    assert "the traffic stays where it is" in told
    assert "Report: " in told
    assert [one[:2] for one in ran(shop)] == [[digest, "staging"]]
    assert ran(shop)[0][2] != "none", "which deployment it is"
    assert not live(shop)
    assert shop.json("releases")["environments"][1]["record"] is None
    with shop.ledger() as ledger:
        (kept,) = ledger.evidence("shop", "web", digest, "staging")
        assert (kept.test, kept.outcome) == ("smoke", "failed")
        assert ledger.promotion("shop", "web", "staging") is None, "the promotion is over"

    (shop.app.parent / "good").touch()
    made = shop.json("promote", "--yes")["record"]
    assert shop.serves("staging") == digest
    with shop.ledger() as ledger:
        passed = [one.id for one in ledger.evidence("shop", "web", digest, "staging") if one.passes]
    assert list(made["evidence"]) == passed


def test_evidence_of_the_same_image_and_standards_is_reused(shop: Shop) -> None:
    """Where the release fails after the tests, the next try does not run them again, and the plan says so."""
    demand(shop)
    (shop.app.parent / "good").touch()
    digest = shop.record()
    (shop.stand / "fail-release").touch()
    shop.wps("promote", "--yes", code=1)
    assert not live(shop)
    (shop.stand / "fail-release").unlink()
    assert "smoke in staging: evidence is reused" in shop.wps("promote", "--plan")
    shop.wps("promote", "--yes")
    assert shop.serves("staging") == digest
    assert len(ran(shop)) == 1
    demand(shop, timeout="3m")
    assert "smoke in staging: runs before the traffic" in shop.wps("promote", "--to", "staging", "--plan")


def test_a_release_that_tests_by_itself_is_not_tested_twice(shop: Shop) -> None:
    """With `use "test"` the plugin runs the tests, once, and a failure of them keeps the traffic where it is."""
    (shop.app / ".waypoint/plugins/waypoint-plugin-test").symlink_to(PROGRAMS / "waypoint-plugin-test")
    path = shop.app / "waypoint.hcl"
    head, _, _ = path.read_text().partition("  release {")
    head = head.replace('use "team-ecr" {}', 'use "team-ecr" { keep_images = 7 }')  # the plugin `test` does not see it
    demand(shop)
    digest = shop.record()
    path.write_text(head + WRAPPED.format(shop.stand, digest) + "}\n")
    assert 'by use "test"' in shop.wps("promote", "--plan")
    shop.wps("promote", "--yes", code=1)
    assert (len(ran(shop)), live(shop)) == (1, False)
    (shop.app.parent / "good").touch()
    record = shop.json("promote", "--yes")["record"]
    assert shop.serves("staging") == digest
    assert len(ran(shop)) == 2
    assert len(record["evidence"]) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_ended_in_its_tests_goes_on_there(shop: Shop, number: signal.Signals) -> None:
    """Ended while a test runs: the test's program ends too, nothing has the traffic, and the next run tests again."""
    (shop.app.parent / "hang").touch()
    script = "echo $$ >> ../ran; while test -e ../hang; do sleep 0.1; done"
    demand(shop, command=["sh", "-c", script])
    digest = shop.record()
    child = shop.begin("promote", "--yes")
    shop.until(lambda: ran(shop), child)
    child.send_signal(number)
    assert child.wait(timeout=30) != 0
    deadline = time.monotonic() + 30
    while Path(f"/proc/{ran(shop)[0][0]}").exists():
        assert time.monotonic() < deadline, "the test's program outlives its run"
        time.sleep(0.1)
    (shop.app.parent / "hang").unlink()
    assert not live(shop)
    told = shop.begin("promote", "--yes")
    assert shop.end(told) == 0, shop.log.read_text()
    assert "going on behind: move, deploy" in shop.log.read_text()
    assert (shop.serves("staging"), len(ran(shop))) == (digest, 2)


def test_what_is_built_is_tested_before_its_release(shop: Shop) -> None:
    """In the first environment, too, the deployment is tested by its digest before it gets the traffic."""
    demand(shop, "dev")
    digest = shop.write("a version")
    assert "tests failed" in shop.wps("promote", "--to", "dev", "--yes", code=1)
    assert not live(shop, "default")
    (shop.app.parent / "good").touch()
    made = shop.json("promote", "--to", "dev", "--yes")["record"]
    assert (made["digest"], len(made["evidence"])) == (digest, 1)
    assert [one[:2] for one in ran(shop)] == [[digest, "dev"]] * 2


def test_a_rollback_does_not_wait_for_tests(shop: Shop) -> None:
    """What ran here before comes back at once, however its tests would end now."""
    first = shop.record()
    shop.wps("promote", "--yes")
    shop.record()
    shop.wps("promote", "--yes")
    demand(shop)
    shop.wps("rollback", "--env", "staging", "--yes")
    assert shop.serves("staging") == first
    assert ran(shop) == []


def test_a_platform_without_a_way_in_is_refused_in_the_plan(shop: Shop) -> None:
    """Tests that would ask a deployment of team-ecs are refused before anything is done, and `job` is named."""
    shop.standards("staging", tests={"checks": [{"name": "smoke", "path": "/healthz"}]})
    shop.record()
    path = shop.app / "waypoint.hcl"
    path.write_text(path.read_text().replace(f'use "stand" {{ directory = "{shop.stand}" }}', 'use "team-ecs" {}', 1))
    told = shop.wps("promote", "--to", "staging", "--yes", code=1)
    assert "test smoke of kind http cannot ask the deployment in staging" in told
    assert "kind: job" in told
    assert "environments/staging.yaml:1" in told
    assert not (shop.stand / "began-deploy").exists()

    shop.standards("staging")
    own = 'use "test" {\n      then = "team-ecs"\n      test "own" { path = "/healthz" }\n    }'
    path.write_text(path.read_text().replace(f'use "stand" {{ directory = "{shop.stand}" }}', own, 1))
    assert "test own of kind http cannot ask" in shop.wps("promote", "--to", "staging", "--plan", code=1)
    path.write_text(path.read_text().replace('then = "team-ecs"', 'url = "http://web.internal"'))
    assert "test own of kind http" not in shop.wps("promote", "--to", "staging", "--plan")

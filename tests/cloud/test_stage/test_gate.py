"""A release behind its tests: a Go plugin, as others write them, is wrapped; the deployment is a real server."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from gateworld import DIGEST, deployment

from teamtests import junit
from waypaas_sdk.gen.hashicorp.waypoint.sdk import resources_pb2
from waypaas_sdk.wire import anys

if TYPE_CHECKING:
    from gateserver import Deployment
    from gateworld import World

SMOKE: dict[str, Any] = {"name": "smoke", "path": "/healthz", "json": {"$.status": "up"}}


def test_traffic_follows_when_all_tests_hold(world: World, server: Deployment) -> None:
    """The wrapped plugin releases after the tests, with its options, and its result is the release's."""
    done = world.release(SMOKE, url=server.url, options={"ports": "[80, 443]"})
    assert world.notes == ["version 7 [80 443]"]
    assert server.asked == {"/healthz": 1}
    assert done.reply.release.url == "http://golane.test/7"
    assert done.template["url"] == "http://golane.test/7"
    assert [one.name for one in done.reply.declared_resources.resources] == ["lane"]
    assert (done.message.plugin, done.message.passed, done.message.flaky) == ("golane", 1, 0)
    assert anys.name(done.message.release) == "google.protobuf.Struct"
    said = done.text
    assert said.index("+ smoke: passed") < said.index("All tests hold") < said.index("golane gives the traffic")


def test_the_report_is_kept_and_its_place_told(world: World, server: Deployment) -> None:
    """JUnit XML and JSON lie in the user's state directory, readable by the user alone."""
    done = world.release(SMOKE, url=server.url)
    place = Path(done.template["report"])
    assert place.is_relative_to(world.state)
    assert f"Report: {place}" in done.text
    assert place.stat().st_mode & 0o077 == 0
    assert [(case.name, case.state) for case in junit.read((place / "junit.xml").read_bytes())] == [
        ("smoke.smoke", "passed")
    ]
    (report,) = world.reports()
    assert report["passed"] is True
    assert (report["project"], report["app"], report["environment"]) == ("shop", "web", "dev")


def test_nothing_is_released_without_a_report(world: World, server: Deployment) -> None:
    """Where the report cannot be kept nobody could look it up later, so nothing is released."""
    world.state.write_text("a file where a directory should be")
    refusal = world.refused(SMOKE, url=server.url)
    assert refusal.code == "FAILED_PRECONDITION"
    assert "the report of the tests cannot be kept" in refusal.error
    assert "No evidence is kept or reused" in refusal.text
    assert world.notes == []


def test_behaviour_25_a_failing_test_leaves_the_traffic(world: World, server: Deployment) -> None:
    """One failing test of several: the wrapped plugin is not asked to release, and the user reads what failed."""
    shouting = {"name": "shouts", "kind": "command", "command": ["sh", "-c", "echo 100% of it is broken >&2; exit 3"]}
    refusal = world.refused(SMOKE, shouting, {"name": "bad", "path": "/broken"}, url=server.url)
    assert world.notes == []
    assert refusal.code == "FAILED_PRECONDITION"
    assert refusal.error.startswith("2 of 3 tests failed: shouts, bad\n")
    assert "the traffic stays where it is" in refusal.error
    assert "  | 100% of it is broken" in refusal.text
    assert 'status 500, expected 200: "out of order"' in refusal.text
    (report,) = world.reports()
    assert [(one["name"], one["state"]) for one in report["tests"]] == [
        ("smoke", "passed"), ("shouts", "failed"), ("bad", "failed"),
    ]  # fmt: skip
    assert report["tests"][1]["output"] == "100% of it is broken\n"
    place = re.search(r"see the whole report in (\S+)", refusal.error)
    assert place is not None
    assert (Path(place[1]) / "junit.xml").exists()


def test_standards_demand_what_the_file_does_not_say(world: World, server: Deployment) -> None:
    """A check of the standards runs for a file without tests, and the file can neither replace nor drop it."""
    world.standards(checks=[{"name": "company", "path": "/broken"}], required=["company"])
    refusal = world.refused(SMOKE, url=server.url)
    assert "test company, demanded by the standards, failed" in refusal.text
    refusal = world.refused({"name": "company", "path": "/healthz"}, url=server.url)
    assert refusal.code == "PERMISSION_DENIED"
    assert 'test "company" cannot be changed here' in refusal.error
    assert world.notes == []


def test_a_required_test_that_nobody_wrote_is_refused(world: World, server: Deployment) -> None:
    """A name that the standards require must be among the tests, before anything runs."""
    world.standards(required=["smoke"])
    refusal = world.refused({"name": "other", "path": "/healthz"}, url=server.url)
    assert refusal.code == "PERMISSION_DENIED"
    assert "there is no test smoke" in refusal.error
    assert server.asked == {}
    world.release(SMOKE, url=server.url)
    assert world.notes == ["version 7 []"]


def test_a_test_that_passes_late_is_shown_as_flaky(world: World, server: Deployment) -> None:
    """A retry that passes lets the release go on, and is noted everywhere as flaky."""
    done = world.release({"name": "late", "path": "/late", "retries": 2}, url=server.url)
    assert "~ late: flaky at try 2" in done.text
    assert done.message.flaky == 1
    (report,) = world.reports()
    assert report["tests"][0]["state"] == "flaky"
    assert report["tests"][0]["earlier_problems"] == ['status 503, expected 200: "not yet"']


def test_latency_of_a_percentile(world: World, server: Deployment) -> None:
    """Many requests are timed, and the percentile is held against its limit."""
    slow = {"name": "slow", "path": "/slow", "requests": 3, "percentile": 50}
    refusal = world.refused({**slow, "latency": "100ms"}, url=server.url)
    assert re.search(r"50 % of the answers took up to 4\d\d ms, allowed are 100 ms", refusal.text)
    world.release({**slow, "latency": "5s"}, url=server.url)
    assert server.asked["/slow"] == 6


def test_tests_run_side_by_side_up_to_the_limit(world: World, server: Deployment) -> None:
    """No more tests run at a time than the standard tests.parallel permits."""
    tests = [{"name": f"slow{number}", "path": "/slow"} for number in range(6)]
    world.standards(parallel=3)
    world.release(*tests, url=server.url)
    assert server.busy == 3


def test_later_operations_go_to_the_plugin_that_released(world: World, server: Deployment) -> None:
    """Status, destroy and destroy of the workspace reach the wrapped plugin, whatever waypoint.hcl says by then."""
    done = world.release(SMOKE, url=server.url)
    with world.host() as host:
        host.configure("releasemanager", {"then": "nobody"})
        report = host.invoke("releasemanager", "Status", done.message, resources_pb2.StatusReport(), *world.given())
        assert (report.health, report.health_message) == (2, "version 7")
        assert report.HasField("generated_time")
        host.invoke("releasemanager", "Destroy", done.message, *world.given())
        host.invoke("releasemanager", "DestroyWorkspace", done.message, *world.given())
    assert world.notes == ["version 7 []", "destroyed 7", "workspace destroyed"]


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ({"then": "nobody"}, "NOT_FOUND", "there is no plugin nobody"),
        ({"then": "test"}, "INVALID_ARGUMENT", "cannot wrap itself"),
        ({"then": ""}, "INVALID_ARGUMENT", "which plugin releases a google.protobuf.Struct"),
        ({"options": {"prots": "[80]"}}, "INVALID_ARGUMENT", "write ports"),
        ({"url": "ftp://nowhere"}, "FAILED_PRECONDITION", "is no URL of HTTP"),
        ({"url": ""}, "FAILED_PRECONDITION", "the deployment has no URL"),
        ({"url": "http://127.0.0.1:1"}, "FAILED_PRECONDITION", "does not answer: Connection refused"),
    ],
)
def test_what_cannot_be_is_refused(
    world: World, server: Deployment, options: dict[str, Any], code: str, said: str
) -> None:
    """What is wrong with the wrapped plugin or the way to the deployment is told, and nothing is released."""
    refusal = world.refused(SMOKE, **({"url": server.url} | options))
    assert refusal.code == code
    assert said in refusal.error
    assert world.notes == []


def test_a_way_that_nobody_opens_is_refused(world: World, server: Deployment) -> None:
    """Where the standards want a way opened by the platform's plugin, the file's own address does not replace it."""
    world.standards(reach="forward")
    refusal = world.refused(SMOKE, url=server.url)
    assert "no way can be opened to a google.protobuf.Struct" in refusal.error
    assert server.asked == {}


def test_evidence_makes_a_test_unnecessary(world: World, server: Deployment) -> None:
    """For the same image, test and profile nothing runs again; a changed test or another image does."""
    given = {"url": server.url, "image": f"shop/web@{DIGEST}"}
    first = world.release(SMOKE, **given)
    assert first.message.digest == DIGEST
    again = world.release(SMOKE, **given)
    assert "= smoke: reused" in again.text
    assert server.asked == {"/healthz": 1}
    world.release({**SMOKE, "requests": 2}, **given)
    assert server.asked == {"/healthz": 3}
    world.release(SMOKE, url=server.url, image=f"shop/web@{DIGEST[:-1]}0")
    assert server.asked == {"/healthz": 4}
    world.standards(retries=3)
    world.release(SMOKE, **given)
    assert server.asked == {"/healthz": 5}, "other standards, so another profile"


def test_a_failure_is_evidence_too(world: World, server: Deployment) -> None:
    """A test that has failed since is run again, though it passed before."""
    given = {"url": server.url, "image": f"shop/web@{DIGEST}"}
    world.release(SMOKE, **given)
    server.answers["/healthz"].status = 503
    world.standards(evidence_max_age="1m")
    world.refused(SMOKE, **given)
    world.refused(SMOKE, **given)
    server.answers["/healthz"].status = 200
    world.release(SMOKE, **given)
    assert server.asked == {"/healthz": 4}


def test_a_plugin_of_our_own_sdk_is_wrapped_and_cancelled(world: World, server: Deployment) -> None:
    """A release that is called off while the wrapped plugin works is undone by it, and ends as cancelled."""
    with world.host() as host:
        world.configure(host, SMOKE, then="pylane", url=server.url, options={"wait": "30"})
        running = host.begin("releasemanager", "Release", deployment("7"), *world.given())
        while "begun" not in world.notes:
            assert not running.done(), running.exception()
        running.cancel()
        with pytest.raises(grpc.FutureCancelledError):
            running.result()
    assert world.notes == ["begun", "undone"]

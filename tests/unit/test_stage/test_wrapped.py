"""Which plugin releases a deployment, by its type; where reports go; what is shown of a failure."""

from __future__ import annotations

from pathlib import Path

import pytest

from teamtests import evidence, report, session
from teamtests.outcome import Attempt, Case, Outcome
from teamtests.target import Target
from test_stage import wrapped
from waypaas_sdk.errors import OptionError
from waypaas_sdk.gen.opaqueany.any_pb2 import Any as OpaqueAny

TARGET = Target(Path("/app"), "shop", "web", "dev", "default", url="http://x", internal_url="http://y")
FAILED = Outcome("smoke", "http", "waypoint.hcl", "failed", 1.0, 2, Attempt(("status 500",), "a\n\x1b]0;evil\x07b\n"))


@pytest.mark.parametrize(
    ("kind", "plugin"),
    [
        ("team_k8s.v1.Deployment", "team-k8s"), ("team_ecs.v1.Deployment", "team-ecs"),
        ("k8s.Deployment", "kubernetes"), ("ec2.Deployment", "aws-alb"),
    ],
)  # fmt: skip
def test_the_type_of_a_deployment_names_its_releaser(kind: str, plugin: str) -> None:
    """Our own platforms release by themselves, Waypoint's by the release manager that goes with them."""
    assert wrapped.releaser(OpaqueAny(type_url=f"type.googleapis.com/{kind}"), "here") == plugin


@pytest.mark.parametrize("kind", ["", "x.Deployment", "ecs.Deployment"])
def test_nothing_is_guessed_of_other_types(kind: str) -> None:
    """A type that nobody knows is refused with the option that helps."""
    with pytest.raises(OptionError, match="then = ") as caught:
        wrapped.releaser(OpaqueAny(type_url=f"type.googleapis.com/{kind}"), "app.web.release.use")
    assert str(caught.value).endswith("at app.web.release.use")


def test_the_place_of_reports_cannot_be_led_away() -> None:
    """Names of projects and apps with slashes or dots stay names of directories."""
    odd = Target(Path("/app"), "../..", "a/b", "..", "default")
    place = report.directory({"XDG_STATE_HOME": "/state"}, odd)
    assert place == "/state/waypaas/tests/_/a_b/_" or Path(place).resolve().is_relative_to("/state/waypaas/tests")
    assert ".." not in Path(place).parts


def test_a_failure_is_told_without_control_characters() -> None:
    """Lines of a failing test are marked, and cannot steer the terminal."""
    lines = list(report.failures(report.Report("release", TARGET, [FAILED], 0.0, 1.0)))
    assert lines == [
        "test smoke, demanded by waypoint.hcl, failed after 2 tries:",
        "  status 500", "  | a", "  | \\x1b]0;evil\\x07b",
    ]  # fmt: skip


def test_what_a_platform_knows_fills_gaps_only() -> None:
    """What the user wrote stays; the digest is read off the image."""
    digest = "sha256:" + "ab" * 32
    known = {"url": "http://other", "deployment_id": "01H", "image": f"web:v1@{digest}", "source": "/evil"}
    found = session.with_way(TARGET, known)
    assert (found.url, found.deployment_id, found.digest, found.source) == ("http://x", "01H", digest, Path("/app"))


def test_variables_of_here_and_of_inside() -> None:
    """A job gets the address inside of the network; what is not known is not set."""
    assert TARGET.variables()["DEPLOYMENT_URL"] == "http://x"
    assert TARGET.variables(inside=True)["DEPLOYMENT_URL"] == "http://y"
    assert "IMAGE_DIGEST" not in TARGET.variables()


def test_counts_of_evidence() -> None:
    """A test without cases is one case; a failing program with passing cases counts a failure."""
    cases = (Case("a", "passed"), Case("b", "skipped"))
    late = Outcome("a", "command", "x", "flaky", 1.0, 2, Attempt(cases=cases))
    bad = Outcome("a", "command", "x", "failed", 1.0, 1, Attempt(("exit code 1",), cases=cases))
    counted = [evidence._counts(one) for one in (FAILED, late, bad)]
    assert [(one.passed, one.failed, one.skipped, one.flaky) for one in counted] == [
        (0, 1, 0, 0), (1, 0, 1, 1), (1, 1, 1, 0),
    ]  # fmt: skip

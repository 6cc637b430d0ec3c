"""Which tests there are: nothing that the standards demand can be removed or weakened by a waypoint.hcl."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teamconfig import reading, resolve
from teamconfig.model import tests as model
from teamconfig.model.tests import Check, StandardCheck
from teamconfig.schema import specs
from teamtests import planning
from test_stage.options import FileCheck, ReleaseOptions
from waypaas_sdk.errors import OptionError, PolicyError

if TYPE_CHECKING:
    from teamconfig.profile import Profile

WHERE = "app.web.release.use"
TEAM = b"team: {projects: [shop], owner: '#payments'}\n"


def profile(standards: str) -> Profile:
    """Resolve standards of a company."""
    org = f"org: {{name: acme, contact: '#platform', environments: [dev, production]}}\n{standards}".encode()
    tree = reading.tree({"org.yaml": org, "teams/payments/team.yaml": TEAM}, revision="dir:test", origin="test")
    return resolve.profile(tree, project="shop", app="web", workspace="default")


def names(tests: list[Any]) -> list[str]:
    """Give the names of tests."""
    return [test.name for test in tests]


def test_standards_come_first_and_the_file_adds() -> None:
    """A release runs the standards' tests of both stages and the file's; a build only those of the source."""
    standards = model.Tests(
        checks=[
            StandardCheck(name="unit", kind="command", command=["true"], stage="build"),
            StandardCheck(name="smoke"),
        ]
    )
    own = [Check(name="mine", kind="command", command=["true"])]
    assert names(planning.plan(standards, own, "release", WHERE)) == ["unit", "smoke", "mine"]
    assert names(planning.plan(standards, own, "build", WHERE)) == ["unit", "mine"]


NAMES = st.lists(st.sampled_from(["a", "b", "c", "d", "e"]), max_size=5, unique=True)


@given(NAMES, NAMES, NAMES)
def test_no_file_gets_around_what_is_demanded(demanded: list[str], required: list[str], own: list[str]) -> None:
    """Whatever a file has: what the standards bring is there unchanged and what they require too, or it is refused."""
    checks = [StandardCheck(name=name, path=f"/standard/{name}") for name in demanded]
    standards = model.Tests(checks=checks, required=required)
    try:
        tests = planning.plan(standards, [Check(name=name, path="/own") for name in own], "release", WHERE)
    except PolicyError:
        assert set(demanded) & set(own) or set(required) - set(demanded) - set(own)
        return
    assert [test.check for test in tests[: len(demanded)]] == checks
    assert {test.name for test in tests} >= set(demanded) | set(required)


def test_a_test_of_the_standards_cannot_be_replaced() -> None:
    """A test in the file with the name of one of the standards is refused, and the reader is told what to do."""
    with pytest.raises(PolicyError) as caught:
        planning.plan(model.Tests(checks=[StandardCheck(name="smoke")]), [Check(name="smoke")], "release", WHERE)
    assert str(caught.value).splitlines()[-2:] == ["  give yours another name", "  at app.web.release.use.test.smoke"]


def test_what_is_required_and_missing_is_named() -> None:
    """A name that the standards require and nobody tests is refused, with the nearest name that there is."""
    with pytest.raises(PolicyError) as caught:
        planning.plan(model.Tests(required=["smoke"]), [Check(name="smokes")], "release", WHERE)
    assert "there is no test smoke" in str(caught.value)
    assert "yours is called smokes" in str(caught.value)


@pytest.mark.parametrize(
    ("check", "stage", "said"),
    [
        (Check(name="a", kind="command"), "release", "has no command"),
        (Check(name="a", kind="job"), "release", "has no image"),
        (Check(name="a"), "build", "cannot run before the build"),
        (Check(name="a", kind="command", command=["x"], status=200), "release", "does not look at status"),
        (Check(name="a", kind="http", image="x"), "release", "does not look at image"),
    ],
)
def test_a_test_that_cannot_run_is_refused_before_any_runs(check: Check, stage: Any, said: str) -> None:
    """What a kind needs and what it does not look at is told with the path in the file."""
    with pytest.raises(OptionError, match=said) as caught:
        planning.plan(model.Tests(), [check], stage, WHERE)
    assert str(caught.value).endswith("at app.web.release.use.test.a")


def test_all_problems_are_told_at_once() -> None:
    """Whoever writes three wrong tests reads of three."""
    own = [Check(name="a", kind="job"), Check(name="b", kind="command"), Check(name="b", kind="command", command=["x"])]
    with pytest.raises(OptionError, match="3 options are not valid"):
        planning.plan(model.Tests(), own, "release", WHERE)


def test_broken_standards_are_not_the_developers_fault() -> None:
    """A check of the standards that cannot run is refused as theirs."""
    with pytest.raises(PolicyError, match="the standards are broken"):
        planning.plan(model.Tests(checks=[StandardCheck(name="a", kind="job")]), [], "release", WHERE)


def test_times_and_tries_come_from_the_test_then_from_the_section() -> None:
    """A test's own timeout and retries win over those of all tests."""
    standards = model.Tests(timeout="2m", retries=3)
    first, second = planning.plan(
        standards, [Check(name="a", timeout="5s", retries=0), Check(name="b")], "release", WHERE
    )
    assert (first.timeout_seconds, first.retries) == (5.0, 0)
    assert (second.timeout_seconds, second.retries) == (120.0, 3)


def test_a_spec_hash_says_what_a_test_does() -> None:
    """Evidence of one test is of no worth for another; who demands it and how often it is tried do not matter."""
    by_standard, by_file, other = (
        planning.plan(standards, own, "release", WHERE)[0].spec_hash
        for standards, own in [
            (model.Tests(checks=[StandardCheck(name="a", path="/x", stage="release", retries=2)]), []),
            (model.Tests(), [Check(name="a", kind="http", path="/x")]),
            (model.Tests(), [Check(name="a", path="/y")]),
        ]
    )
    assert by_standard == by_file != other
    assert len(by_file) == 64


LOCKED = """
standards:
  tests:
    required: [smoke]
    retries: 0
    checks: [{name: smoke, path: /healthz}]
rules:
  tests.checks: {locked: true, reason: what must hold everywhere, owner: platform}
"""


def test_how_tests_run_is_for_the_standards_alone() -> None:
    """No key of the standards is an option: whoever asks for a release does not say how it is tested."""
    assert names(planning.plan(profile(LOCKED).tests, [], "release", WHERE)) == ["smoke"]
    touched = {name for name in specs(model.Tests) if hasattr(ReleaseOptions(), name)}
    assert touched == set()


def test_the_file_describes_tests_as_the_standards_do() -> None:
    """A test can be written in a waypoint.hcl with every key that it has in the standards."""
    assert {*vars(FileCheck())} == {*vars(Check())}

"""The git flow of a pipeline: which branch leads where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teamconfig.errors import StandardsError
from wps import ci
from wps.pipelines import flow

names = st.lists(st.text("abc", min_size=1, max_size=5), min_size=1, max_size=6, unique=True)


@given(environments=names)
def test_each_environment_has_one_stage_in_order(environments: list[str]) -> None:
    """Each has one stage, in order; the first is on the first branch, only the last of several is started by hand."""
    found = flow.stages(environments, "dev", "main")
    assert [one.environment for one in found] == environments
    assert [one.branch for one in found] == ["dev"] + ["main"] * (len(environments) - 1)
    assert [one.is_manual for one in found] == [False] * (len(found) - 1) + [len(found) > 1]


@given(environments=names)
def test_a_stage_waits_for_the_one_before_on_its_branch(environments: list[str]) -> None:
    """What main brings on goes in order; nothing waits for a job of another branch, which is not in its pipeline."""
    found = flow.stages(environments, "dev", "main")
    for place, one in enumerate(found):
        assert one.after == (found[place - 1].environment if place > 1 else "")


def test_the_app_is_named_where_there_are_several() -> None:
    """Commands name the app only where waypoint.hcl has more than one."""
    stages = flow.stages(["dev", "live"], "dev", "main")
    alone, one = (flow.Flow("web", "i", stages, "dev", "main", is_named=several) for several in (False, True))
    assert alone.promote(stages[1]) == ("wps promote --to live --commit HEAD --yes",)
    assert one.promote(stages[1]) == ("wps promote web --to live --commit HEAD --yes",)
    assert [("web" in line) for line in one.check] == [True, True, False, True]
    assert not any("web" in line for line in alone.check)


def test_jobs_sign_in_only_where_there_is_a_service() -> None:
    """Without a service nobody signs in; with one, the job names it and no secret."""
    stages = flow.stages(["dev"], "dev", "main")
    assert flow.Flow("web", "i", stages, "dev", "main").sign_in == ()
    assert flow.Flow("web", "i", stages, "dev", "main", "h:1", "a").sign_in == ("wps init --service h:1",)


@pytest.mark.parametrize(("service", "environments"), [("h:1$(id)", ["dev"]), ("", ["a'b"]), ("h:1", ["dev", "x;y"])])
def test_what_a_shell_would_run_is_refused(service: str, environments: list[str]) -> None:
    """A service or an environment whose name means something to a shell gets no pipeline."""
    with pytest.raises(StandardsError, match="cannot stand in a pipeline"):
        ci._check_found(service, environments)
    ci._check_found("paas.acme.example:443", ["dev", "pre-prod_2.eu"])

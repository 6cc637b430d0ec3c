"""question.about: whose the target is and what sort of environment, taken from the standards alone."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from teamconfig.policy.question import FAVOURABLE, Facts, Question, about, environment_kind
from teamconfig.policy.standing import Standing
from teamconfig.policy.words import Role

if TYPE_CHECKING:
    from teamconfig.tree import Tree

LEAD = Standing(teams={"payments": frozenset({Role.LEAD})})


def test_the_team_is_that_of_the_project(company: Tree) -> None:
    """A caller who names another team with a project gains nothing: the standards say whose it is."""
    assert about(company, "read", LEAD, project="catalog", team="payments").team == "search"
    assert about(company, "read", LEAD, project="moon", team="payments").team == ""
    assert about(company, "register", LEAD, team="payments").team == "payments"
    assert about(company, "whoami", LEAD).team == ""


def test_everything_is_passed_on(company: Tree) -> None:
    """The question holds what was given, and nothing that was not."""
    asked = about(
        company, "promote", LEAD, project="shop", environment="production", session="expired", mode="degraded",
        facts=FAVOURABLE,
    )  # fmt: skip
    assert asked == Question(
        action="promote", kind="production", environment="production", team="payments", project="shop", standing=LEAD,
        session="expired", mode="degraded", facts=FAVOURABLE,
    )  # fmt: skip
    bare = about(company, "read", LEAD)
    assert bare == Question(action="read", kind="none", standing=LEAD, session="fresh", mode="normal", facts=Facts())
    assert (bare.environment, bare.project) == ("", "")


def test_facts_that_speak_for_it_all_do() -> None:
    """FAVOURABLE is the opposite of what is assumed of facts that nobody looked up."""
    assert dataclasses.astuple(FAVOURABLE) == (True, True, True, 1, 1, False)


def test_a_protected_environment_is_production_even_if_it_is_the_first(company: Tree) -> None:
    """Protection goes before the place in the order."""
    org = dataclasses.replace(company.org, environments=("live", "next"), protected=frozenset({"live"}))
    tree = dataclasses.replace(company, org=org)
    assert [environment_kind(tree, name) for name in ("live", "next", "", "dev")] == [
        "production", "stage", "none", "unknown",
    ]  # fmt: skip
    assert about(tree, "read", LEAD, environment="live").kind == "production"


def test_facts_where_approvals_are_wanted() -> None:
    """As many as are wanted are there, and at least one, as it was; nothing else is another fact."""
    for wanted in (0, 1, 2, 3):
        facts = FAVOURABLE.wanting(wanted)
        assert (facts.approvals, facts.approvals_wanted) == (max(wanted, 1), wanted)
        assert dataclasses.replace(facts, approvals=1, approvals_wanted=1) == FAVOURABLE

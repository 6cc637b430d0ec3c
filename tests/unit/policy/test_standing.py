"""standing.of: from groups and claims to roles; only what is there gives anything."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from teamconfig.bindings import EVENTS, Workload
from teamconfig.identity.principal import Membership, Principal
from teamconfig.policy import standing
from teamconfig.policy.standing import Standing
from teamconfig.policy.words import Role
from tests.unit.policy import matrix

if TYPE_CHECKING:
    from teamconfig.tree import Tree

ALICE = Principal("https://id.example", "1", "alice")
JOB = Principal(matrix.ISSUER, "2", "job", "workload")
MAIN = {"repository": "acme/shop", "ref": "refs/heads/main", "event": "push"}


def _person(tree: Tree, *groups: str, disabled: bool = False) -> Standing:
    return standing.of(tree, ALICE, Membership(groups=frozenset(groups), disabled=disabled))


def _job(tree: Tree, claims: dict[str, str], principal: Principal = JOB) -> Standing:
    return standing.of(tree, principal, Membership(claims=claims))


def _bound(tree: Tree, *jobs: Workload) -> Tree:
    """Give the standards with other jobs of team payments, and none of others."""
    others = {name: dataclasses.replace(team, workloads=()) for name, team in tree.teams.items()}
    payments = dataclasses.replace(tree.teams["payments"], workloads=jobs)
    return dataclasses.replace(tree, teams={**others, "payments": payments})


def test_groups_give_roles(company: Tree) -> None:
    """Each group gives its role in its team or in the company; several add up."""
    found = _person(company, "g-developer", "g-lead", "s-viewer", "g-security", "unknown")
    assert found == Standing(
        teams={"payments": frozenset({Role.DEVELOPER, Role.LEAD}), "search": frozenset({Role.VIEWER})},
        organization=frozenset({Role.SECURITY}),
    )
    assert found.in_team("payments", "shop") == {Role.DEVELOPER, Role.LEAD}
    assert found.in_team("search", "") == {Role.VIEWER}
    assert found.in_team("moon", "shop") == frozenset()


def test_no_group_is_no_role(company: Tree) -> None:
    """Without groups, or with others, there is no role and no team."""
    assert _person(company) == Standing()
    assert _person(company, "", "g-leader", "payments") == Standing()


def test_a_disabled_account_is_nothing(company: Tree) -> None:
    """Whoever is disabled has no role, whatever the groups or claims say."""
    assert _person(company, "g-lead", "g-security", disabled=True) == Standing(disabled=True)
    assert standing.of(company, JOB, Membership(claims=MAIN, disabled=True)) == Standing(disabled=True)


def test_the_case_of_ascii_does_not_matter(company: Tree) -> None:
    """Directories ignore case; signs that only look alike, or fold to one of ours, are others."""
    assert _person(company, "G-LEAD") == _person(company, "g-lead")
    assert _person(company, "G-lead").in_team("payments", "") == {Role.LEAD}
    kelvin = dataclasses.replace(company.teams["search"], roles={"lead": ("k",)})
    tree = dataclasses.replace(company, teams={"search": kelvin})
    assert _person(tree, "\N{KELVIN SIGN}") == Standing()
    assert _person(tree, "K").in_team("search", "") == {Role.LEAD}
    upper = dataclasses.replace(company, teams={"search": dataclasses.replace(kelvin, roles={"lead": ("ABZ",)})})
    assert _person(upper, "abz").in_team("search", "") == {Role.LEAD}


def test_only_known_roles_are_bound(company: Tree) -> None:
    """A team cannot bind a role of the company, the company none of a team, and nobody one that there is not."""
    roles = {"security": ("x",), "ci": ("x",), "king": ("x",), "viewer": ("x",)}
    payments = dataclasses.replace(company.teams["payments"], roles=roles)
    org = dataclasses.replace(company.org, roles={"lead": ("x",), "ci": ("x",), "security": ("y",)})
    tree = dataclasses.replace(company, teams={"payments": payments}, org=org)
    assert _person(tree, "x") == Standing(teams={"payments": frozenset({Role.VIEWER})})


def test_a_job_is_bound_to_repository_ref_and_project(company: Tree) -> None:
    """A job works on the projects of its binding; all of the team's where it names none."""
    assert _job(company, MAIN) == Standing(jobs=frozenset({"shop"}), protected=frozenset({"shop"}))
    every = _job(company, {"repository": "acme/all", "ref": "refs/heads/x", "event": "push"})
    assert every == Standing(jobs=frozenset({"shop", "till"}), protected=frozenset({"shop", "till"}))
    assert every.in_team("payments", "shop") == {Role.CI}
    assert every.in_team("payments", "catalog") == frozenset()
    assert every.in_team("payments", "") == frozenset()


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"repository": "acme/shop"},
        {"ref": "refs/heads/main"},
        {"repository": "acme/shop", "ref": "refs/heads/main", "event": ""},
        {"repository": "acme/shop", "ref": "refs/heads/main", "event": "pull_request_target"},
        {"repository": "acme/shop", "ref": "refs/heads/main", "event": "issue_comment"},
        {"repository": "acme/shop", "ref": "refs/heads/main", "event": "pushed"},
        {"repository": "acme/shop", "ref": ""},
        {"repository": "acme/shop", "ref": "refs/heads/main2"},
        {"repository": "acme/shop", "ref": "refs/heads/mai"},
        {"repository": "acme/shop", "ref": "refs/tags/main"},
        {"repository": "acme/shop2", "ref": "refs/heads/main"},
        {"repository": "ACME/shop", "ref": "refs/heads/main"},
        {"repository": "acme/all", "ref": "refs/tags/main"},
        {"repository": "acme/all", "ref": "refs/heads"},
    ],
)
def test_a_claim_that_does_not_fit_gives_nothing(company: Tree, claims: dict[str, str]) -> None:
    """A claim that is missing or another one binds no job."""
    assert _job(company, claims if "event" in claims else {**claims, "event": "push"}) == Standing()


@pytest.mark.parametrize("missing", ["repository", "ref", "event"])
def test_a_claim_that_is_missing_gives_nothing(company: Tree, missing: str) -> None:
    """Without one of the claims that a binding is about, the others bind no job."""
    assert _job(company, {name: value for name, value in MAIN.items() if name != missing}) == Standing()


def test_a_job_is_bound_to_what_started_it(company: Tree) -> None:
    """Only the events of the binding count: those that take the right to push, unless it names others."""
    main = Workload(matrix.ISSUER, "acme/shop", ("refs/heads/main",), protected=True, projects=("shop",))
    whole = Standing(jobs=frozenset({"shop"}), protected=frozenset({"shop"}))
    told = {event: _job(_bound(company, main), {**MAIN, "event": event}) for event in (*EVENTS, "merge_group")}
    assert told == {**dict.fromkeys(EVENTS, whole), "merge_group": Standing()}
    other = _bound(company, dataclasses.replace(main, events=("merge_group",)))
    assert _job(other, {**MAIN, "event": "merge_group"}) == whole
    assert _job(other, MAIN) == Standing()


def test_a_job_is_bound_to_the_id_of_its_repository(company: Tree) -> None:
    """Where the binding has an id, another repository of the same name, or a token that has none, is no job."""
    main = Workload(matrix.ISSUER, "acme/shop", ("refs/heads/main",), protected=True, repository_id="74")
    tree = _bound(company, main)
    assert _job(tree, {**MAIN, "repository_id": "74"}).protected == {"shop", "till"}
    for claims in (MAIN, {**MAIN, "repository_id": "75"}, {**MAIN, "repository_id": ""}):
        assert _job(tree, claims) == Standing()
    assert _job(_bound(company, dataclasses.replace(main, repository_id="")), {**MAIN, "repository_id": "75"}).jobs


def test_a_job_of_another_issuer_is_none(company: Tree) -> None:
    """The same claims from another issuer count for nothing."""
    other = Principal("https://ci.example.evil", "2", kind="workload")
    assert _job(company, MAIN, other) == Standing()


def test_people_and_jobs_do_not_mix(company: Tree) -> None:
    """A person with claims is no job, and a job with groups has no role by them."""
    told = Membership(groups=frozenset({"g-lead", "g-security"}), claims=MAIN)
    person = standing.of(company, Principal(matrix.ISSUER, "2"), told)
    assert (person.jobs, person.protected) == (frozenset(), frozenset())
    job = standing.of(company, JOB, told)
    assert (job.teams, job.organization) == ({}, frozenset())


@pytest.mark.parametrize(
    ("protected", "claim", "expected"),
    [
        (True, None, True), (True, "true", True), (True, "false", False), (True, "", False), (True, "yes", False),
        (False, None, False), (False, "true", False),
    ],
)  # fmt: skip
def test_a_ref_is_protected_if_team_and_issuer_say_so(
    company: Tree, claim: str | None, *, protected: bool, expected: bool
) -> None:
    """The team's word holds unless the issuer says otherwise; the issuer's alone does not."""
    tree = _bound(company, Workload(matrix.ISSUER, "acme/shop", ("refs/heads/main",), protected))
    claims = MAIN if claim is None else {**MAIN, "ref_protected": claim}
    found = _job(tree, claims)
    assert found.jobs == {"shop", "till"}
    assert found.protected == (found.jobs if expected else frozenset())


def test_several_bindings_add_up(company: Tree) -> None:
    """A job that two bindings fit works on the projects of both, protected where one says so."""
    wide = Workload(matrix.ISSUER, "acme/shop", ("refs/tags/v1", "refs/heads/*"))
    narrow = Workload(matrix.ISSUER, "acme/shop", ("refs/heads/main",), protected=True, projects=("till",))
    found = _job(_bound(company, wide, narrow), MAIN)
    assert found == Standing(jobs=frozenset({"shop", "till"}), protected=frozenset({"till"}))


def test_teams_of_somebody(company: Tree) -> None:
    """Those in which a role is held or whose projects a job works on, by name; roles of the company add none."""
    people = _person(company, "s-viewer", "g-viewer", "g-security")
    assert [team.name for team in standing.memberships(company, people)] == ["payments", "search"]
    assert [team.name for team in standing.memberships(company, _job(company, MAIN))] == ["payments"]
    assert standing.memberships(company, _person(company, "g-security")) == ()
    gone = Standing(teams={"gone": frozenset({Role.LEAD})}, jobs=frozenset({"gone"}))
    assert standing.memberships(company, gone) == ()

"""Reading team.roles, team.workloads and org.roles: what they give, and every mistake with file:line."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from teamconfig import StandardsError, bindings, jsonschema, reading
from teamconfig.bindings import Workload
from teamconfig.policy import words

ORG = "org: {name: acme, environments: [dev, live]}\n"
JOB = "{issuer: github, repository: acme/shop, refs: [refs/heads/main]}"


def _read(team: str = "", org: str = ORG) -> Any:
    files = {"org.yaml": org.encode(), "teams/a/team.yaml": f"team:\n  projects: [shop]\n{team}".encode()}
    return reading.tree(files, revision="r", origin="o")


def test_roles_and_jobs_are_read() -> None:
    """Groups by role, each once; jobs with the URL of their issuer."""
    org = "org: {name: acme, environments: [dev, live], roles: {security: [s, s], platform-admin: [p]}}\n"
    team = (
        "  workloads:\n    - {issuer: github, repository: acme/shop, refs: [refs/heads/main], protected: true}\n"
        "    - issuer: https://ci.example/x\n      repository: a/b\n      refs: ['refs/heads/*', refs/tags/v1]\n"
        "      projects: [shop]\n      events: [push, merge_group]\n      repository_id: 4711\n"
        "  roles: {viewer: [a, b], lead: [a]}\n"
    )
    tree = _read(team, org)
    assert tree.org.roles == {"security": ("s",), "platform-admin": ("p",)}
    assert tree.teams["a"].roles == {"viewer": ("a", "b"), "lead": ("a",)}
    assert tree.teams["a"].workloads == (
        Workload("https://token.actions.githubusercontent.com", "acme/shop", ("refs/heads/main",), protected=True),
        Workload("https://ci.example/x", "a/b", ("refs/heads/*", "refs/tags/v1"), projects=("shop",),
                 events=("push", "merge_group"), repository_id="4711"),
    )  # fmt: skip


def test_projects_may_stand_behind_the_jobs() -> None:
    """The order of keys does not matter."""
    files = {
        "org.yaml": ORG.encode(),
        "teams/a/team.yaml": f"team:\n  workloads: [{JOB[:-1]}, projects: [shop]}}]\n  projects: [shop]\n".encode(),
    }
    assert reading.tree(files, revision="r", origin="o").teams["a"].workloads[0].projects == ("shop",)


def test_a_group_may_be_in_two_teams() -> None:
    """Nothing is wrong with a group that has roles in several teams."""
    files = {
        "org.yaml": ORG.encode(),
        **{f"teams/{name}/team.yaml": b"team: {roles: {developer: [everybody]}}\n" for name in ("a", "b")},
    }
    tree = reading.tree(files, revision="r", origin="o")
    assert [team.roles for team in tree.teams.values()] == [{"developer": ("everybody",)}] * 2


@pytest.mark.parametrize(
    ("team", "text"),
    [
        (
            "  roles: {leed: [x]}\n",
            "unknown role leed\n  team.roles binds viewer, developer, lead\n  write lead\n  at teams/a/team.yaml:3",
        ),
        (
            "  roles: {security: [x]}\n",
            ("unknown role security\n  team.roles binds viewer, developer, lead\n  use one of viewer, developer, lead\n"
            "  at teams/a/team.yaml:3"),
        ),
        (
            "  roles:\n    lead: []\n",
            "team.roles.lead is empty\n  it binds no group\n  name a group, or remove lead\n  at teams/a/team.yaml:4",
        ),
        (
            "  roles: {lead: ['']}\n",
            ("team.roles.lead names no group\n  an id of a group is never empty, and has no space before or after it\n"
            "  write the group's id\n  at teams/a/team.yaml:3"),
        ),
        (
            "  roles: {lead: leads}\n",
            ("team.roles.lead is not a list\n  team.roles.lead is a list of texts\n  write team.roles.lead: [...]\n"
            "  at teams/a/team.yaml:3"),
        ),
        (
            "  roles: [lead]\n",
            ("team.roles is not a map of keys\n  it holds keys and values\n  indent keys below it\n"
            "  at teams/a/team.yaml:3"),
        ),
        (
            "  groups: [x]\n",
            ("unknown key groups\n  team has no such key\n  use one of name, projects, roles, workloads, owner\n"
            "  at teams/a/team.yaml:3"),
        ),
        (
            "  workloads: {}\n",
            ("team.workloads is not a list\n  it lists CI jobs\n"
            "  write workloads: [{issuer: github, repository: acme/shop, refs: [refs/heads/main]}]\n"
            "  at teams/a/team.yaml:3"),
        ),
        (
            "  workloads: [{repository: a/b, refs: [refs/heads/main]}]\n",
            ("team.workloads has no issuer\n  a job is known by issuer, repository and refs\n  add issuer\n"
            "  at teams/a/team.yaml:3"),
        ),
        (
            "  workloads: [{issuer: github, refs: [refs/heads/main]}]\n",
            ("team.workloads has no repository\n  a job is known by issuer, repository and refs\n  add repository\n"
            "  at teams/a/team.yaml:3"),
        ),
        (
            "  workloads: [{issuer: github, repository: a/b, refs: []}]\n",
            ("team.workloads has no refs\n  a job is known by issuer, repository and refs\n  add refs\n"
            "  at teams/a/team.yaml:3"),
        ),
        (
            "  workloads: [{issuer: githup, repository: a/b, refs: [refs/heads/main]}]\n",
            ("team.workloads.issuer: githup is not allowed\n"
            "  an issuer is github or gitlab, or the URL that its tokens name\n  write issuer: github\n"
            "  at teams/a/team.yaml:3"),
        ),
        (
            "  workloads: [{issuer: github, repository: a/b, refs: [main]}]\n",
            ("team.workloads.refs: main is not allowed\n  a ref is written in full; * stands at its end only\n"
            "  write refs/heads/main\n  at teams/a/team.yaml:3"),
        ),
        (
            "  workloads: [{issuer: github, repository: a/b, refs: ['*']}]\n",
            ("team.workloads.refs: * is not allowed\n  a ref is written in full; * stands at its end only\n"
            "  write refs/heads/main\n  at teams/a/team.yaml:3"),
        ),
        (
            f"  workloads: [{JOB[:-1]}, protected: yes}}]\n",
            ("team.workloads.protected: yes is not allowed\n  protected is true or false\n  write protected: true\n"
            "  at teams/a/team.yaml:3"),
        ),
        (
            f"  workloads: [{JOB[:-1]}, projects: []}}]\n",
            ("team.workloads.projects is empty\n  it limits the jobs to some projects\n"
            "  name a project, or remove it\n  at teams/a/team.yaml:3"),
        ),
        (
            f"  workloads: [{JOB[:-1]}, projects: [shopp]}}]\n",
            "team.workloads names project shopp\n  team.projects has shop\n  write shop\n  at teams/a/team.yaml:3",
        ),
        (
            f"  workloads: [{JOB[:-1]}, branch: x}}]\n",
            ("unknown key branch\n  team.workloads has no such key\n"
            "  use one of issuer, repository, repository_id, refs, events, protected, projects\n"
            "  at teams/a/team.yaml:3"),
        ),
        (
            f"  workloads: [{JOB[:-1]}, events: []}}]\n",
            ("team.workloads.events is empty\n  it limits what may start the jobs\n"
            "  name an event, or remove it\n  at teams/a/team.yaml:3"),
        ),
        (
            f"  workloads: [{JOB[:-1]}, events: [push, pull_request_target]}}]\n",
            ("team.workloads.events: pull_request_target is not allowed\n"
            "  anybody can start a job by it, and it runs for the default branch\n  remove it\n"
            "  at teams/a/team.yaml:3"),
        ),
        (
            f"  workloads: [{JOB[:-1]}, events: ['*']}}]\n",
            ("team.workloads.events: * is not allowed\n  an event is a word of the issuer\n"
            "  write events: [push]\n  at teams/a/team.yaml:3"),
        ),
        (
            f"  workloads: [{JOB[:-1]}, repository_id: ''}}]\n",
            ("team.workloads.repository_id is empty\n  it is the number that the issuer gives the repository\n"
            "  write it, or remove the key\n  at teams/a/team.yaml:3"),
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_told(team: str, text: str) -> None:
    """What is wrong with a binding refuses the revision, in four lines."""
    with pytest.raises(StandardsError) as caught:
        _read(team)
    assert [str(problem) for problem in caught.value.problems] == [text]


def test_a_mistake_in_the_roles_of_the_company_is_told() -> None:
    """The company binds its own roles only."""
    with pytest.raises(StandardsError) as caught:
        _read(org="org:\n  name: acme\n  environments: [dev, live]\n  roles: {lead: [x]}\n")
    assert [str(problem) for problem in caught.value.problems] == [
        (
            "unknown role lead\n  org.roles binds platform-admin, security\n  use one of platform-admin, security\n"
            "  at org.yaml:4"
        )
    ]


def test_the_roles_are_those_of_the_policy() -> None:
    """What can be bound in the standards is what the policy knows, neither more nor less."""
    assert words.TEAM_ROLES == bindings.TEAM_ROLES
    assert words.ORGANIZATION_ROLES == bindings.ORGANIZATION_ROLES
    assert {*bindings.TEAM_ROLES, *bindings.ORGANIZATION_ROLES, "ci"} == set(words.Role)


def test_the_schema_for_editors_knows_the_keys() -> None:
    """The JSON Schema has the same roles, and the same keys of a job, as the reader."""
    found = jsonschema.document()["properties"]
    assert tuple(found["team"]["properties"]["roles"]["properties"]) == bindings.TEAM_ROLES
    assert tuple(found["org"]["properties"]["roles"]["properties"]) == bindings.ORGANIZATION_ROLES
    job = found["team"]["properties"]["workloads"]["items"]["properties"]
    assert set(yaml.safe_load(JOB)) | {"protected", "projects", "events", "repository_id"} == set(job)
    assert "groups" not in found["team"]["properties"]

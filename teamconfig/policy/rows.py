"""Policy tests beside the YAML: rows of `policy-tests.yaml` that say who must be able to do what, and who must not.

    tests:
      - {who: {groups: [payments-leads]}, can: promote, project: shop, environment: production, expect: allow}
      - who: {workload: {issuer: github, repository: acme/shop, ref: refs/heads/main}}
        can: deploy
        project: shop
        environment: staging
        expect: allow

A workload may have an `event` too (push where it is left out) and a `repository_id`.
Roles are what is tested: all else (an approval, an image that was seen) is taken
to hold. A revision whose rows fail is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from teamconfig import yamlfile
from teamconfig.bindings import ISSUERS
from teamconfig.document import Checker
from teamconfig.errors import Problem
from teamconfig.identity.principal import Membership, Principal
from teamconfig.keys import nearest
from teamconfig.policy import authorize, standing
from teamconfig.policy.question import FAVOURABLE, about
from teamconfig.policy.words import Action

if TYPE_CHECKING:
    from collections.abc import Sequence

    from teamconfig.tree import Tree
    from teamconfig.yamlfile import Node

PATH = "policy-tests.yaml"
_ROW_KEYS = ("who", "can", "project", "team", "environment", "expect")
_WHO_KEYS = ("groups", "workload")
_WORKLOAD_KEYS = ("issuer", "repository", "ref")
_MORE_KEYS = ("event", "repository_id")
_EXPECT = ("allow", "deny")


@dataclass(frozen=True, slots=True)
class Row:
    """One expectation.

    Args:
        principal: Who; a job, or a person of whom only the groups count.
        membership: Groups, or claims of the job.
        action: What they may or may not.
        project: The target; "" if it is a team or neither.
        team: The target, if there is no project.
        environment: Name of an environment, "" for none.
        allowed: What is expected.
        line: Where the row stands.
    """

    principal: Principal
    membership: Membership
    action: str
    project: str
    team: str
    environment: str
    allowed: bool
    line: int


def read(content: bytes) -> tuple[tuple[Row, ...], list[Problem]]:
    """Read policy-tests.yaml.

    Args:
        content: What is in it.

    Returns:
        The rows that are well formed, and everything that is not.
    """
    root, problems = yamlfile.read(content, PATH)
    checker = Checker(PATH)
    found: list[Row] = []
    entries = checker.mapping(root, PATH)
    for key, node, line in entries.items() if entries is not None else ():
        if key != "tests":
            checker.unknown(key, ("tests",), PATH, line)
        elif not isinstance(node.value, list):
            checker.refuse("tests is not a list", "it lists expectations", "write tests: [...]", node.line)
        else:
            for item in node.value:
                before = len(checker.problems)
                row = _row(checker, item)
                if len(checker.problems) == before:
                    found.append(row)
    return tuple(found), problems + checker.problems


def check(tree: Tree, rows: Sequence[Row]) -> list[Problem]:
    """Hold standards against rows.

    Args:
        tree: The standards.
        rows: What is expected of them.

    Returns:
        A problem for each row that does not hold, or that names a project, team or environment that there is not.
    """
    return [found for row in rows for found in _check(tree, row)]


def _check(tree: Tree, row: Row) -> list[Problem]:
    where = f"{PATH}:{row.line}"
    unknown = []
    for what, name, known in (
        ("project", row.project, tuple(tree.owners)),
        ("team", row.team, tuple(tree.teams)),
        ("environment", row.environment, tree.org.environments),
    ):
        if name and name not in known:
            close = nearest(name, known)
            fix = f"write {close}" if close else "correct or remove the row"
            unknown.append(Problem(f"unknown {what} {name}", f"the standards have no such {what}", fix, where))
    if unknown:
        return unknown
    held = standing.of(tree, row.principal, row.membership)
    question = about(
        tree, row.action, held, project=row.project, team=row.team, environment=row.environment, facts=FAVOURABLE
    )
    decision = authorize.decide(question)
    if decision.allowed == row.allowed:
        return []
    target = row.project or row.team
    what = " ".join(part for part in (row.action, target, row.environment) if part)
    verb = "may" if decision.allowed else "may not"
    roles = ", ".join(sorted(question.standing.in_team(question.team, row.project) | held.organization)) or "no role"
    why = f"the row expects {'allow' if row.allowed else 'deny'}; the standards give {roles} ({decision.reason})"
    return [Problem(f"{_named(row)} {verb} {what}", why, "mend the roles, or correct the row", where)]


def _named(row: Row) -> str:
    if row.principal.kind == "workload":
        return f"a job of {row.membership.claims['repository']} at {row.membership.claims['ref']}"
    return f"somebody in {', '.join(sorted(row.membership.groups)) or 'no group'}"


def _row(checker: Checker, item: Node) -> Row:
    texts = dict.fromkeys(("can", "project", "team", "environment", "expect"), "")
    who: tuple[Principal, Membership] | None = None
    entries = checker.mapping(item, "a test")
    for key, node, line in entries.items() if entries is not None else ():
        if key == "who":
            who = _who(checker, node)
        elif key in texts:
            texts[key] = checker.text(node, key)
        else:
            checker.unknown(key, _ROW_KEYS, "a test", line)
    if who is None:
        fix = "add who: {groups: [...]} or who: {workload: {...}}"
        checker.refuse("a test does not say who", "it is about groups or a CI job", fix, item.line)
    for key, known in (("can", tuple(Action)), ("expect", _EXPECT)):
        if texts[key] not in known:
            close = nearest(texts[key], known)
            fix = f"write {key}: {close}" if close else f"use one of {', '.join(known)}"
            shown = texts[key] or "nothing"
            checker.refuse(f"{key}: {shown} is not allowed", f"{key} is a word of the policy", fix, item.line)
    principal, membership = who or (Principal("", ""), Membership())
    return Row(
        principal=principal,
        membership=membership,
        action=texts["can"],
        project=texts["project"],
        team=texts["team"],
        environment=texts["environment"],
        allowed=texts["expect"] == "allow",
        line=item.line,
    )


def _who(checker: Checker, node: Node) -> tuple[Principal, Membership] | None:
    found: list[tuple[Principal, Membership]] = []
    entries = checker.mapping(node, "who")
    for key, value, line in entries.items() if entries is not None else ():
        if key == "groups":
            found.append((Principal("", ""), Membership(groups=frozenset(checker.texts(value, "who.groups")))))
        elif key == "workload":
            found.append(_workload(checker, value))
        else:
            checker.unknown(key, _WHO_KEYS, "who", line)
    if len(found) > 1:
        checker.refuse("who is two at once", "a person has groups, a job has claims", "make two tests", node.line)
    return found[0] if found else None


def _workload(checker: Checker, node: Node) -> tuple[Principal, Membership]:
    claims = dict.fromkeys(_WORKLOAD_KEYS, "") | {"event": "push", "repository_id": ""}
    entries = checker.mapping(node, "who.workload")
    for key, value, line in entries.items() if entries is not None else ():
        if key in claims:
            claims[key] = checker.text(value, f"who.workload.{key}")
        else:
            checker.unknown(key, (*_WORKLOAD_KEYS, *_MORE_KEYS), "who.workload", line)
    for key in _WORKLOAD_KEYS:
        if not claims[key]:
            why = "a job is known by issuer, repository and ref"
            checker.refuse(f"who.workload has no {key}", why, f"add {key}", node.line)
    issuer = claims.pop("issuer")
    claims = {name: value for name, value in claims.items() if value}
    return Principal(ISSUERS.get(issuer, issuer), "", kind="workload"), Membership(claims=claims)

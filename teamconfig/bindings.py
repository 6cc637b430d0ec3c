"""Who is bound to which role, as team.yaml and org.yaml say it: `team.roles`, `team.workloads`, `org.roles`.

Owns reading these keys. What a role may do is `policy`'s matter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from teamconfig.keys import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from teamconfig.document import Checker
    from teamconfig.yamlfile import Node

TEAM_ROLES = ("viewer", "developer", "lead")
ORGANIZATION_ROLES = ("platform-admin", "security")
ISSUERS = {"github": "https://token.actions.githubusercontent.com", "gitlab": "https://gitlab.com"}
"""Issuers of CI jobs' tokens that have a short name."""

EVENTS: tuple[str, ...] = ("push", "workflow_dispatch", "schedule", "release", "web", "api", "trigger", "pipeline")
"""What starts a job that counts, unless the standards say otherwise: something that takes the right to push."""

OUTSIDE_EVENTS = frozenset({
    "pull_request_target", "workflow_run", "issue_comment", "issues", "discussion", "discussion_comment", "fork",
    "watch", "gollum", "pull_request_comment", "pull_request_review", "pull_request_review_comment",
})  # fmt: skip
"""What anybody can start, for the default branch: never bound.

Source: GitHub Actions, "Events that trigger workflows", where GITHUB_REF is the default branch.
"""

_WORKLOAD_KEYS = ("issuer", "repository", "repository_id", "refs", "events", "protected", "projects")
_TEXTS = {"issuer": "github", "repository": "acme/shop", "repository_id": "123456"}
"""Keys of a job that are one text, with an example."""

_EMPTY = {
    "repository_id": ("it is the number that the issuer gives the repository", "write it, or remove the key"),
    "projects": ("it limits the jobs to some projects", "name a project, or remove it"),
    "events": ("it limits what may start the jobs", "name an event, or remove it"),
}
"""Keys that may be left out, and not be empty: why, and what to do."""
_URL = re.compile(r"https?://[^\s/]+(/\S*)?")
_REF = re.compile(r"refs/[^\s*]+\*?")
_EVENT = re.compile(r"[a-z0-9_]+")


@dataclass(frozen=True, slots=True)
class Workload:
    """CI jobs that work for a team, in role ci.

    Args:
        issuer: URL of the issuer of their tokens.
        repository: As the issuer names it: "acme/shop".
        refs: Git refs that they run for; one that ends with "*" is every ref that begins so.
        protected: Nobody can push to these refs without review, says the team; what goes beyond dev needs it.
        projects: Projects of the team that they may work on; empty for all.
        events: What may have started them, as the issuer names it.
        repository_id: Id of the repository, which no other gets when the name is given away; empty for any.
    """

    issuer: str
    repository: str
    refs: tuple[str, ...]
    protected: bool = False
    projects: tuple[str, ...] = ()
    events: tuple[str, ...] = EVENTS
    repository_id: str = ""


def roles(checker: Checker, node: Node, holder: str, known: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Read groups by role.

    Args:
        checker: For the problems.
        node: What stands under `roles`.
        holder: "team.roles" or "org.roles".
        known: Roles that can be bound there.

    Returns:
        Ids of groups by role; only what is valid.
    """
    found: dict[str, tuple[str, ...]] = {}
    entries = checker.mapping(node, holder)
    for role, value, line in entries.items() if entries is not None else ():
        if role not in known:
            close = nearest(role, known)
            fix = f"write {close}" if close else f"use one of {', '.join(known)}"
            checker.refuse(f"unknown role {role}", f"{holder} binds {', '.join(known)}", fix, line)
            continue
        groups = checker.texts(value, f"{holder}.{role}")
        if isinstance(value.value, list) and not value.value:
            checker.refuse(
                f"{holder}.{role} is empty", "it binds no group", f"name a group, or remove {role}", value.line
            )
        if any(not group or group != group.strip() for group in groups):
            why = "an id of a group is never empty, and has no space before or after it"
            checker.refuse(f"{holder}.{role} names no group", why, "write the group's id", value.line)
        found[role] = tuple(dict.fromkeys(groups))
    return found


def workloads(checker: Checker, node: Node, projects: tuple[str, ...]) -> tuple[Workload, ...]:
    """Read the CI jobs of a team.

    Args:
        checker: For the problems.
        node: What stands under `team.workloads`.
        projects: Projects of the team.

    Returns:
        The jobs that are described without a mistake.
    """
    if not isinstance(node.value, list):
        fix = "write workloads: [{issuer: github, repository: acme/shop, refs: [refs/heads/main]}]"
        checker.refuse("team.workloads is not a list", "it lists CI jobs", fix, node.line)
        return ()
    found = []
    for item in node.value:
        before = len(checker.problems)
        made = _workload(checker, item, projects)
        if len(checker.problems) == before:
            found.append(made)
    return tuple(found)


def _workload(checker: Checker, item: Node, projects: tuple[str, ...]) -> Workload:
    given: dict[str, Any] = {}
    entries = checker.mapping(item, "team.workloads")
    for key, node, line in entries.items() if entries is not None else ():
        if key in _WORKLOAD_KEYS:
            given[key] = _value(checker, key, node, line)
        else:
            checker.unknown(key, _WORKLOAD_KEYS, "team.workloads", line)
    needed = {key: given.get(key, "") for key in ("issuer", "repository", "refs")}
    _check_workload(checker, needed, item.line)
    for project in given.get("projects", ()):
        if project not in projects:
            close = nearest(project, projects)
            why = f"team.projects has {', '.join(projects) or 'none'}"
            fix = f"write {close}" if close else "add it to team.projects, or remove it"
            checker.refuse(f"team.workloads names project {project}", why, fix, item.line)
    return Workload(**needed | given | {"issuer": ISSUERS.get(needed["issuer"], needed["issuer"])})


def _value(checker: Checker, key: str, node: Node, line: int) -> Any:
    """Read what one key of a job says."""
    name = f"team.workloads.{key}"
    if key == "protected":
        return checker.scalar("bool", node, name, "true") is True
    found = checker.text(node, name, _TEXTS[key]).strip() if key in _TEXTS else checker.texts(node, name)
    if not found and key in _EMPTY:
        checker.refuse(f"{name} is empty", *_EMPTY[key], line)
    for event in found if key == "events" else ():
        if event in OUTSIDE_EVENTS:
            why = "anybody can start a job by it, and it runs for the default branch"
            checker.refuse(f"{name}: {event} is not allowed", why, "remove it", line)
        elif not _EVENT.fullmatch(event):
            why = "an event is a word of the issuer"
            checker.refuse(f"{name}: {event} is not allowed", why, "write events: [push]", line)
    return found


def _check_workload(checker: Checker, values: Mapping[str, object], line: int) -> None:
    """Hold what must be there against its form."""
    for key, value in values.items():
        if not value:
            why = "a job is known by issuer, repository and refs"
            checker.refuse(f"team.workloads has no {key}", why, f"add {key}", line)
    issuer, refs = str(values["issuer"]), values["refs"]
    if issuer and issuer not in ISSUERS and not _URL.fullmatch(issuer):
        why = f"an issuer is {' or '.join(ISSUERS)}, or the URL that its tokens name"
        checker.refuse(f"team.workloads.issuer: {issuer} is not allowed", why, "write issuer: github", line)
    for ref in refs if isinstance(refs, tuple) else ():
        if not _REF.fullmatch(ref):
            why = "a ref is written in full; * stands at its end only"
            fix = "write refs/heads/main"
            checker.refuse(f"team.workloads.refs: {ref} is not allowed", why, fix, line)

"""Who is bound to which role, as team.yaml and org.yaml say it: `team.roles`, `team.workloads`, `org.roles`.

Owns reading these keys. What a role may do is `policy`'s matter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from teamconfig.keys import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from teamconfig.document import Checker
    from teamconfig.yamlfile import Node

TEAM_ROLES = ("viewer", "developer", "lead")
ORGANIZATION_ROLES = ("platform-admin", "security")
ISSUERS = {"github": "https://token.actions.githubusercontent.com", "gitlab": "https://gitlab.com"}
"""Issuers of CI jobs' tokens that have a short name."""

_WORKLOAD_KEYS = ("issuer", "repository", "refs", "protected", "projects")
_URL = re.compile(r"https?://[^\s/]+(/\S*)?")
_REF = re.compile(r"refs/[^\s*]+\*?")


@dataclass(frozen=True, slots=True)
class Workload:
    """CI jobs that work for a team, in role ci.

    Args:
        issuer: URL of the issuer of their tokens.
        repository: As the issuer names it: "acme/shop".
        refs: Git refs that they run for; one that ends with "*" is every ref that begins so.
        protected: Nobody can push to these refs without review, says the team; what goes beyond dev needs it.
        projects: Projects of the team that they may work on; empty for all.
    """

    issuer: str
    repository: str
    refs: tuple[str, ...]
    protected: bool = False
    projects: tuple[str, ...] = ()


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
    issuer = repository = ""
    refs: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    protected = False
    entries = checker.mapping(item, "team.workloads")
    for key, node, line in entries.items() if entries is not None else ():
        if key == "issuer":
            issuer = checker.text(node, "team.workloads.issuer", "github")
        elif key == "repository":
            repository = checker.text(node, "team.workloads.repository", "acme/shop").strip()
        elif key == "refs":
            refs = checker.texts(node, "team.workloads.refs")
        elif key == "projects":
            own = checker.texts(node, "team.workloads.projects")
            if not own:
                why = "it limits the jobs to some projects"
                checker.refuse("team.workloads.projects is empty", why, "name a project, or remove it", line)
        elif key == "protected":
            protected = checker.scalar("bool", node, "team.workloads.protected", "true") is True
        else:
            checker.unknown(key, _WORKLOAD_KEYS, "team.workloads", line)
    values: Mapping[str, object] = {"issuer": issuer, "repository": repository, "refs": refs}
    _check_workload(checker, values, item.line)
    for project in own:
        if project not in projects:
            close = nearest(project, projects)
            why = f"team.projects has {', '.join(projects) or 'none'}"
            fix = f"write {close}" if close else "add it to team.projects, or remove it"
            checker.refuse(f"team.workloads names project {project}", why, fix, item.line)
    return Workload(ISSUERS.get(issuer, issuer), repository, refs, protected, own)


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

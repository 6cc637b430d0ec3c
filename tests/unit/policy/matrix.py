"""The expectation of authorization as rows: matrix.txt, written by hand, times memberships, session states, modes.

`rows()` gives every row with what is expected of it; `FILES`, `groups`,
`claims` and `target` say how to bring it about in a real service, so that the
same rows can be asked over the wire. Uses nothing of the code under test.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROLES = ("viewer", "developer", "lead", "ci", "platform-admin", "security", "nobody")
KINDS = ("dev", "stage", "production", "unknown")
ACTIONS = (
    "whoami", "read", "logs", "build", "deploy", "promote", "approve", "redeem", "exec", "destroy", "record",
    "reject", "unreject", "hold", "waive", "register", "lock", "lock-self", "audit-own", "audit-read", "audit-verify",
    "configure",
)  # fmt: skip
MEMBERSHIPS = ("own", "other", "nested", "none")
"""The role is held: in the target's team; in another team; by a group in a group; not at all."""
SESSIONS = ("fresh", "stale_groups", "expired", "revoked", "locked")
MODES = ("normal", "degraded")
ENVIRONMENTS = {"dev": "dev", "stage": "staging", "production": "production", "unknown": "moon", "none": ""}
"""Name of an environment by kind, in the standards below."""

ISSUER = "https://ci.example"
FILES = {
    "org.yaml": """
        org:
          name: acme
          environments: [dev, staging, production]
          contact: "#platform"
          roles: {platform-admin: [g-platform-admin], security: [g-security]}
        """,
    "teams/payments/team.yaml": """
        team:
          owner: "#payments"
          projects: [shop, till]
          roles: {viewer: [g-viewer], developer: [g-developer], lead: [g-lead]}
          workloads:
            - issuer: https://ci.example
              repository: acme/shop
              refs: [refs/heads/main]
              protected: true
              projects: [shop]
            - {issuer: https://ci.example, repository: acme/all, refs: ["refs/heads/*"], protected: true}
        """,
    "teams/search/team.yaml": """
        team:
          owner: "#search"
          projects: [catalog]
          roles: {viewer: [s-viewer], developer: [s-developer], lead: [s-lead]}
          workloads: [{issuer: https://ci.example, repository: acme/catalog, refs: [refs/heads/main], protected: true}]
        """,
}  # fmt: skip
"""The standards that the rows are about; the target is always project shop of team payments."""
TARGET = ("payments", "shop")


@dataclass(frozen=True, slots=True)
class Row:
    """One row.

    Args:
        role: Role of the caller.
        membership: How the role is held.
        action: What is asked.
        kind: Kind of environment.
        session: State of the session.
        mode: Mode of the service.
        allowed: What is expected.
    """

    role: str
    membership: str
    action: str
    kind: str
    session: str
    mode: str
    allowed: bool


@dataclass(frozen=True, slots=True)
class Line:
    """What matrix.txt says of an action in a kind of environment.

    Args:
        cells: "own", "all", "self", "any" or "-" by role.
        stale: Whether it holds with stale groups.
        degraded: Whether it holds without the service.
    """

    cells: dict[str, str]
    stale: bool
    degraded: bool


def lines() -> dict[tuple[str, str], Line]:
    """Read matrix.txt.

    Returns:
        Its lines by action and kind, each of which stands there once; nothing is written of "unknown".
    """
    found: dict[tuple[str, str], Line] = {}
    for text in (Path(__file__).parent / "matrix.txt").read_text().splitlines():
        if not text.strip() or text.startswith("#"):
            continue
        left, _, right = text.partition("|")
        action, kinds, *cells = left.split()
        stale, degraded = (word == "yes" for word in right.split())
        assert action in ACTIONS, text
        assert len(cells) == len(ROLES), text
        assert set(cells) <= {"own", "all", "self", "any", "-"}, text
        for kind in kinds.split(","):
            assert (action, kind) not in found, text
            found[action, kind] = Line(dict(zip(ROLES, cells, strict=True)), stale, degraded)
    assert found.keys() == {(action, kind) for action in ACTIONS for kind in (*KINDS, "none") if kind != "unknown"}
    return found


def rows(kinds: tuple[str, ...] = KINDS) -> Iterator[Row]:
    """Give every row.

    Args:
        kinds: Kinds of environment; "none" for what is about none.

    Yields:
        All combinations, each with what matrix.txt expects of it.
    """
    table = lines()
    for action in ACTIONS:
        for kind in kinds:
            line = table.get((action, kind))
            for role in ROLES:
                for membership in MEMBERSHIPS:
                    for session in SESSIONS:
                        for mode in MODES:
                            holds = line is not None and _holds(line, role, membership, session, mode)
                            yield Row(role, membership, action, kind, session, mode, holds)


def _holds(line: Line, role: str, membership: str, session: str, mode: str) -> bool:
    lost = membership == "none"
    cell = line.cells["nobody" if lost else role]
    reach = {"own": ("own", "nested"), "all": MEMBERSHIPS, "self": MEMBERSHIPS, "any": MEMBERSHIPS, "-": ()}[cell]
    in_time = session == "fresh" or (session == "stale_groups" and line.stale)
    return membership in reach and in_time and (mode == "normal" or line.degraded)


def groups(role: str, membership: str) -> frozenset[str]:
    """Give the groups that an issuer reports, nested ones resolved.

    Args:
        role: As in Row.
        membership: As in Row.

    Returns:
        Ids of groups; empty for ci and for who has no role.
    """
    if role in ("ci", "nobody") or membership == "none":
        return frozenset({"g-everybody"} if membership != "none" else ())
    if role in ("platform-admin", "security"):
        found = {f"g-{role}"}
    else:
        found = {f"s-{role}" if membership == "other" else f"g-{role}"}
    return frozenset(found | ({"g-part-of-it"} if membership == "nested" else set()))


def claims(role: str, membership: str) -> dict[str, str]:
    """Give the claims of a CI job's token.

    Args:
        role: As in Row; only "ci" has any.
        membership: As in Row; "nested" is bound to all projects of the team, "other" to another team's.

    Returns:
        Claims by name.
    """
    if role != "ci" or membership == "none":
        return {}
    repository = {"own": "acme/shop", "other": "acme/catalog", "nested": "acme/all"}[membership]
    return {"repository": repository, "ref": "refs/heads/main", "event": "push"}

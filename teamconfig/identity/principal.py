"""Who somebody is, as values: the key that rights and audit go by, and what the issuer says of its groups.

Owns no verification: `oidc`, `directory` and `workload` make these.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["person", "workload"]


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who calls. Two are the same if issuer and subject are; the name decides nothing.

    Args:
        issuer: URL of an OIDC issuer, or "ldap:" and the domain's SID or naming context.
        subject: The issuer's name for them that never changes and is never used again.
        name: For people to read; printable, at most 128 characters.
        kind: Whether a human or a job.
    """

    issuer: str
    subject: str
    name: str = field(default="", compare=False)
    kind: Kind = "person"

    @property
    def key(self) -> str:
        """Give what locks and records name them by: issuer, "|", subject."""
        return f"{self.issuer}|{self.subject}"

    @property
    def maker(self) -> str:
        """Give whose own waivers do not count: the key of a person; empty for a job, which gives none."""
        return self.key if self.kind == "person" else ""


@dataclass(frozen=True, slots=True)
class Membership:
    """What an issuer says of a principal at one moment.

    Args:
        groups: Ids of groups, nested ones included.
        read_at: When it was said, seconds since 1970.
        claims: Of a workload: "repository", "ref", "environment" ..., as its issuer vouches for them.
        disabled: The account is disabled, locked or gone.
        note: Why groups are missing, for the user; empty if all is well.
    """

    groups: frozenset[str] = frozenset()
    read_at: float = 0.0
    claims: Mapping[str, str] = field(default_factory=dict)
    disabled: bool = False
    note: str = ""

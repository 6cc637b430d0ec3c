"""A profile: the resolved standards of one app in one environment, and where each value came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from teamconfig.keys import format_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from teamconfig.keys import Key
    from teamconfig.model import (
        Ecs,
        Kubernetes,
        Network,
        Observability,
        Plugins,
        Preview,
        Promotion,
        Registry,
        Standards,
        Tests,
    )
    from teamconfig.ranks import Rank
    from teamconfig.rules import Rule


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value that some layer set.

    Args:
        value: As written there; for the winner, with {team} and the like filled in.
        rank: The layer.
        layer: Its title: `team "payments"`.
        where: `file:line`, the path in waypoint.hcl, or empty for the plugin layer.
        revision: Revision of the standards that the file belongs to; empty for the other layers.
    """

    value: Any
    rank: Rank
    layer: str
    where: str
    revision: str = ""

    @property
    def place(self) -> str:
        """`file:line@revision`, as far as it has them."""
        return f"{self.where}@{self.revision}" if self.revision else self.where


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the value of one leaf came from.

    Args:
        key: The leaf.
        winner: The value that holds.
        losers: Values of earlier layers, the last overridden first.
        rules: Rules that bind the leaf, in the order of the layers.
        may_change: Who may change it, and where, as text.
    """

    key: Key
    winner: Candidate
    losers: tuple[Candidate, ...]
    rules: tuple[Rule, ...]
    may_change: str


@dataclass(frozen=True)
class Profile:
    """The resolved standards of one app in one environment.

    Args:
        project: Waypoint's project.
        app: Waypoint's app.
        team: Team that the project belongs to.
        environment: Environment that the workspace maps to.
        protected: Whether it is one in which nobody may open a shell.
        revision: Revision of the standards.
        standards: The values as typed sections; unset is None.
        values: Every value that is set, by key path as text.
        provenance: Origin of every leaf that is set, by key path as text.
    """

    project: str
    app: str
    team: str
    environment: str
    protected: bool
    revision: str
    standards: Standards
    values: Mapping[str, Any]
    provenance: Mapping[str, Provenance]

    @property
    def kubernetes(self) -> Kubernetes:
        """Section kubernetes."""
        return self.standards.kubernetes

    @property
    def ecs(self) -> Ecs:
        """Section ecs."""
        return self.standards.ecs

    @property
    def registry(self) -> Registry:
        """Section registry."""
        return self.standards.registry

    @property
    def tests(self) -> Tests:
        """Section tests."""
        return self.standards.tests

    @property
    def promotion(self) -> Promotion:
        """Section promotion."""
        return self.standards.promotion

    @property
    def network(self) -> Network:
        """Section network."""
        return self.standards.network

    @property
    def observability(self) -> Observability:
        """Section observability."""
        return self.standards.observability

    @property
    def preview(self) -> Preview:
        """Section preview."""
        return self.standards.preview

    @property
    def plugins(self) -> Plugins:
        """Section plugins."""
        return self.standards.plugins

    def origin(self, *key: str) -> Provenance | None:
        """Look up where a value came from.

        Args:
            *key: Names from the section on: "kubernetes", "memory".

        Returns:
            Its provenance, or None if nothing sets it.
        """
        return self.provenance.get(format_key(key))

    def digest(self) -> str:
        """Identify what was resolved, whatever revision or layer it came from.

        Returns:
            "sha256:" and 64 hex digits over the canonical JSON of identity and values.
        """
        import hashlib  # noqa: PLC0415  # loads OpenSSL, which a deploy may not need
        import json  # noqa: PLC0415

        identity = {"project": self.project, "app": self.app, "team": self.team, "environment": self.environment}
        content = json.dumps(
            {**identity, "protected": self.protected, "values": dict(self.values)},
            sort_keys=True, separators=(",", ":"), ensure_ascii=False,
        )  # fmt: skip
        return "sha256:" + hashlib.sha256(content.encode()).hexdigest()

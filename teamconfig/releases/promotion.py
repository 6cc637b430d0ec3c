"""A promotion that runs: the claim on its environment, and the steps that are done. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from teamconfig.releases.against import Hold

if TYPE_CHECKING:
    from collections.abc import Mapping

LEASE_SECONDS = 60
"""How long a claim holds without a step, if nobody says otherwise."""

LONGEST_SECONDS = 24 * 3600
"""How long a promotion takes at the most, however often its claim is held again; an approval may take a day."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a promotion is to do.

    Args:
        project: Waypoint's project.
        app: Waypoint's app.
        environment: Where the image shall go.
        digest: Of the image.
        kind: "promote" or "rollback".
        parent: Id of the record that it comes from.
    """

    project: str
    app: str
    environment: str
    digest: str
    kind: str = "promote"
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a promotion that is done, and need not be done again.

    Args:
        name: The caller's name for it: "move", "deploy", "test", "release".
        result: What a later step needs of it, as text; the caller's own form, at most 4,000 signs.
        at: Seconds since 1970.
    """

    name: str
    result: str
    at: int


@dataclass(frozen=True, kw_only=True)
class Promotion:
    """A promotion that has begun: a claim on an environment, and what is done already.

    Args:
        id: 32 hex digits.
        wanted: What it is to do.
        owner: The process that holds the claim, as `teamconfig.releases.owner.current` names it.
        by: "issuer|subject" of whose process that is.
        by_name: For people.
        begun: Seconds since 1970.
        expires: When anybody may take over, unless another step comes before; seconds since 1970.
        steps: Those that are done, in order.
        record: Id of the record that it ended with; empty while it runs.
        ended: "" while it runs, then "finished" or "abandoned".
        displaced: The hold that a rollback found, and that comes back if the rollback is given up; None if none was.
    """

    id: str
    wanted: Wanted
    owner: str
    by: str
    by_name: str
    begun: int
    expires: int
    steps: tuple[Step, ...] = ()
    record: str = ""
    ended: str = ""
    displaced: Hold | None = None

    @property
    def ends(self) -> int:
        """When it is over, however often its claim is held again; seconds since 1970."""
        return self.begun + LONGEST_SECONDS

    def done(self, name: str) -> Step | None:
        """Find a step that is done.

        Args:
            name: Of the step.

        Returns:
            The step, or None if it is still to do.
        """
        return next((one for one in self.steps if one.name == name), None)


def from_json(content: Mapping[str, Any]) -> Promotion:
    """Read a promotion from JSON values, as `dataclasses.asdict` writes them.

    Args:
        content: JSON values.

    Returns:
        The promotion.
    """
    steps = tuple(Step(**one) for one in content["steps"])
    displaced = content.get("displaced")
    hold = Hold(**displaced) if displaced else None
    return Promotion(**{**content, "wanted": Wanted(**content["wanted"]), "steps": steps, "displaced": hold})

"""The plan of a promotion or rollback: its steps, what is known for it, and every reason to refuse it.

Pure: from what was found out (records, standards, evidence, rejections, holds, what the image's move takes) to a
value that is shown, and that the steps are taken by. No I/O, no clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from teamconfig import errors, units
from teamconfig.errors import Problem
from teamconfig.releases import windows as opened
from wps.promotion import differing, proving
from wps.promotion.proving import NOTHING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from teamconfig.profile import Profile
    from teamconfig.releases.evidence import Evidence
    from teamconfig.releases.ledger import Hold, Promotion, Rejection
    from teamconfig.releases.record import Record, Waiver
    from teamtests.planning import Test
    from wps.promotion.differing import Difference
    from wps.promotion.proving import Demand

STEPS = ("move", "deploy", "test", "release")
"""In order; the record ends them. Their names in the ledger."""


@dataclass(frozen=True, slots=True)
class Move:
    """What it takes to bring the image into the environment's registry.

    Args:
        source: Repository that it is read from.
        target: Repository that it goes to.
        bytes_to_send: Over the network, if all that can be mounted is mounted.
        blobs_to_send: How many.
        blobs_present: How many are there.
        error: Why it cannot be told, or cannot be done; empty if all is well.
    """

    source: str
    target: str
    bytes_to_send: int = 0
    blobs_to_send: int = 0
    blobs_present: int = 0
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What was found out.

    Args:
        kind: "promote", "rollback", or "deploy" into the environment where images are built.
        source: Standards of the environment that the release comes from; None where it is built or rolled back.
        target: Standards of the environment that it goes to.
        source_hash: `Profile.digest()` of the source, with the options of waypoint.hcl.
        target_hash: The same of the target.
        chosen: The record that is promoted, or rolled back to; None where there is none.
        current: The newest record of the target; None if there is none.
        evidence: Of the image in the source.
        demand: Tests of the deployment in the target.
        evidence_here: Of the image in the target.
        rejection: What keeps the image from the project.
        hold: Of the target.
        waivers: Of the image in the target.
        running: The promotion that runs in the target, or was broken off there.
        move: Of the image; None where nothing has to be moved.
        app_file_hash: SHA-256 in hex of waypoint.hcl as it is now.
        is_advisory: Whether nobody holds the user to what the ledger says.
        now: Seconds since 1970.
    """

    kind: str = "promote"
    source: Profile | None
    target: Profile
    source_hash: str = ""
    target_hash: str
    chosen: Record | None
    current: Record | None = None
    evidence: Sequence[Evidence] = ()
    demand: Demand = NOTHING
    evidence_here: Sequence[Evidence] = ()
    rejection: Rejection | None = None
    hold: Hold | None = None
    waivers: Sequence[Waiver] = ()
    running: Promotion | None = None
    move: Move | None = None
    app_file_hash: str
    is_advisory: bool = True
    now: float


@dataclass(frozen=True)
class Plan:
    """What will be done, or why it will not.

    Args:
        facts: That it was made of.
        differences: Between the standards of source and target.
        tests: By required test, why its evidence does not count; empty text if it does.
        evidence: Ids of what counts.
        checks: Tests of the deployment in the target, each with the evidence that is reused; empty where it runs.
        waived: Words of what a waiver spares.
        notes: What the user should know besides.
        problems: Reasons to refuse; none if it may be done.
        done: Steps that a promotion that was broken off has done.
    """

    facts: Facts
    differences: tuple[Difference, ...]
    tests: dict[str, str]
    evidence: tuple[str, ...]
    checks: tuple[tuple[Test, str], ...]
    waived: frozenset[str]
    notes: tuple[str, ...]
    problems: tuple[Problem, ...]
    done: tuple[str, ...]

    @property
    def digest(self) -> str:
        """Of the image; empty where it is still to be built."""
        return self.facts.chosen.digest if self.facts.chosen is not None else ""

    @property
    def is_there(self) -> bool:
        """Whether the environment has this very release already, made by the standards of now."""
        current, chosen = self.facts.current, self.facts.chosen
        return (
            current is not None
            and chosen is not None
            and current.digest == chosen.digest
            and current.profile_hash == self.facts.target_hash
            and current.app_file_hash == self.facts.app_file_hash
        )

    def check(self) -> None:
        """Refuse what may not be done.

        Raises:
            StandardsError: There are reasons to refuse; carries all of them.
        """
        if self.problems:
            target = self.facts.target
            what = f"{target.project}/{target.app} does not go to {target.environment}"
            raise errors.StandardsError(self.problems, f"{what}: {len(self.problems)} reasons")


def make(facts: Facts) -> Plan:
    """Plan.

    Args:
        facts: What was found out.

    Returns:
        The plan.
    """
    found = differing.differences(facts.source, facts.target) if facts.source is not None else ()
    waived = frozenset(
        word for one in facts.waivers if one.expires > facts.now for word in one.waives if _is_of(one, facts)
    )
    tests, counting = proving.before(facts)
    problems = [*_forbidden(facts), *_undeclared(facts, found), *proving.blind(facts)]
    if facts.kind == "promote":
        problems += _not_ready(facts, tests, waived)
    return Plan(
        facts, found, tests, counting, proving.here(facts), waived, tuple(_notes(facts)), tuple(problems), _done(facts)
    )


def _done(facts: Facts) -> tuple[str, ...]:
    """List the steps that are done of this very promotion, if it was broken off."""
    running, chosen = facts.running, facts.chosen
    if running is None or running.ended or chosen is None:
        return ()
    wanted = running.wanted
    resumes = (wanted.digest, wanted.kind, wanted.parent) == (chosen.digest, facts.kind, chosen.id)
    return tuple(step.name for step in running.steps) if resumes else ()


def _is_of(waiver: Waiver, facts: Facts) -> bool:
    return facts.chosen is not None and waiver.digest == facts.chosen.digest


def _forbidden(facts: Facts) -> list[Problem]:
    """Find what forbids the image, or the environment, whatever the standards say."""
    found = []
    target, chosen = facts.target, facts.chosen
    place = f"{target.project}/{target.app} in {target.environment}"
    if facts.rejection is not None:
        one = facts.rejection
        why = f"{one.by_name or one.by} has rejected it: {one.reason}"
        fix = f"promote another image; who knows that it is good runs: wps reject {one.digest} --lift"
        found.append(Problem(f"image {one.digest} must not go anywhere", why, fix, place, "policy"))
    hold = facts.hold
    if hold is not None and (chosen is None or hold.digest != chosen.digest):
        why = f"{hold.by_name or hold.by} holds it: {hold.reason}"
        fix = f"when it may go on: wps promote --to {target.environment} --lift-hold"
        found.append(Problem(f"{target.environment} is held", why, fix, place, "policy"))
    if facts.move is not None and facts.move.error:
        fix = "see that the image is there and that you may read it, then run it again"
        found.append(Problem("the image cannot be brought", facts.move.error, fix, facts.move.source, "state"))
    return found


def _undeclared(facts: Facts, found: tuple[Difference, ...]) -> list[Problem]:
    """Refuse differences that no environment's standards make."""
    source = facts.source.environment if facts.source is not None else ""
    return [
        Problem(
            f"{one.key} is {_shown(one.before)} in {source} and {_shown(one.after)} in {facts.target.environment}",
            f"{one.layer} makes the difference, and no standard of an environment does: what was tested is not what "
            "would run",
            "set it in the standards of the environment, or the same for all workspaces",
            one.where,
            "policy",
        )
        for one in differing.undeclared(found)
    ]


def _not_ready(facts: Facts, tests: dict[str, str], waived: frozenset[str]) -> list[Problem]:
    """Find what the target's standards want and the release does not have yet."""
    source, target, chosen = facts.source, facts.target, facts.chosen
    if source is None:
        return []
    if chosen is None:
        what = f"{source.environment} has no release record of {target.project}/{target.app}"
        why = f"{target.environment} takes what ran in {source.environment}, and nothing says what did"
        return [Problem(what, why, f"bring it there first: wps promote --to {source.environment}", "", "missing")]
    found = proving.lacking(facts, chosen, tests, waived)
    waive = f"wps promote --to {target.environment} --reason TEXT --waive"
    windows = target.promotion.windows or []
    if not opened.is_open(windows, facts.now):
        what, why = f"{target.environment} takes no releases now", f"it takes them {', '.join(windows)}"
        found.append(Problem(what, why, "come back then", proving.where(target, "promotion.windows"), "policy"))
    soak = units.parse_duration(target.promotion.soak or "0s").total_seconds()
    ran = facts.now - chosen.made_at
    if ran < soak and "soak" not in waived:
        what = f"{chosen.digest[:19]} has not run for {target.promotion.soak} in {source.environment}"
        why, fix = f"it runs there since {int(ran)} s", f"wait {int(soak - ran)} s; who may waive it: {waive} soak"
        found.append(Problem(what, why, fix, proving.where(target, "promotion.soak"), "policy"))
    return found


def _shown(value: object) -> str:
    return differing.UNSET if value is None else str(value)


def _notes(facts: Facts) -> list[str]:
    """Collect what was edited since the release was recorded, and what nobody holds the user to."""
    found = []
    chosen, source, target = facts.chosen, facts.source, facts.target
    if chosen is not None and source is not None and chosen.profile_hash != facts.source_hash:
        found.append(
            f"the standards of {source.environment} were edited since this release: it was made by revision "
            f"{chosen.profile_revision}, now it is {source.revision}"
        )
    if chosen is not None and chosen.app_file_hash != facts.app_file_hash:
        found.append("waypoint.hcl was edited since this release")
    approvals = target.promotion.approvals or 0
    if approvals and facts.is_advisory and facts.kind != "rollback":
        found.append(f"{approvals} of your team should approve it: without a team config service nobody is asked")
    return found

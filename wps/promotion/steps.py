"""Takes the steps of a promotion or rollback, each noted in the ledger, so that a run that was killed is resumed.

Owns the order and what makes each step safe to take again. What Waypoint does is `waypoint`'s matter.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from teamconfig import errors
from teamconfig.client.errors import UnreachableError
from teamconfig.errors import StandardsError
from teamconfig.releases import owner
from teamconfig.releases.errors import LedgerError
from wps import ending, terminal
from wps.promotion import claiming, drafting, gate, leftover, testing
from wps.promotion.children import HungError
from wps.promotion.waypoint import LABEL, TRIES, Deployment, Waypoint

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from teamconfig.releases.ledger import Ledger, Promotion
    from teamconfig.releases.record import Record
    from wps.promotion.plan import Plan
    from wps.promotion.stages import Stages

_KEPT = "kept"
"""Result of the step move where the deployment of an older release is still there."""


@dataclass(frozen=True)
class Run:
    """What the steps work with.

    Args:
        ledger: That they are noted in.
        stages: The app.
        plan: That was agreed to.
        stdout: Where Waypoint's output goes: None for ours, or a file descriptor.
    """

    ledger: Ledger
    stages: Stages
    plan: Plan
    stdout: int | None = None

    @property
    def environment(self) -> str:
        """Where the release goes."""
        return self.plan.facts.target.environment

    def waypoint(self, beat: Callable[[], None]) -> Waypoint:
        """Give Waypoint in the workspace of the environment; its plugins keep evidence for the plan's profile."""
        from teamplugin import authority  # noqa: PLC0415
        from teamtests import keeping  # noqa: PLC0415  # only where something is done

        workspace = self.stages.workspace(self.environment)
        chosen = self.plan.facts.chosen
        environ = {
            keeping.PROFILE: self.plan.facts.target_hash,
            authority.REPLACED_VARIABLE: chosen.digest if chosen else "",
        }
        return Waypoint(self.stages.folder, self.stages.app, workspace, beat, self.stdout, environ)


def promote(run: Run) -> Record:
    """Bring a recorded release into an environment, or back to it.

    Args:
        run: With a plan that has no problems.

    Returns:
        The record that ends it.

    Raises:
        PromotionBusyError: Somebody else is at it; says who.
        StandardsError: A step failed; the environment serves what it served before, unless the release itself did.
    """
    with ending.cleanly():
        promotion = claiming.claim(run.ledger, run.plan.facts)
        mine = owner.current()
        beat = claiming.Beat(run.ledger, promotion.id)
        waypoint = run.waypoint(beat)
        try:
            with waypoint.alone(_lock(run)):
                if run.plan.facts.running is not None:
                    waypoint.clear()
                record = _taken(run, waypoint, run.ledger.step(promotion.id, mine, ""))
                beat.end()
                if _waits(run):
                    _retire(run, waypoint, record)
                return record
        except (LedgerError, UnreachableError):
            raise
        except StandardsError as err:
            with contextlib.suppress(StandardsError):
                run.ledger.abandon(promotion.id, mine, err.problems[0].what)
            raise


def _taken(run: Run, waypoint: Waypoint, promotion: Promotion) -> Record:
    """Take the steps that are not done."""
    facts, mine, ledger = run.plan.facts, owner.current(), run.ledger
    chosen = facts.chosen
    if chosen is None:
        raise ValueError("a plan without a record has problems")
    if promotion.steps:
        terminal.note(f"going on behind: {', '.join(step.name for step in promotion.steps)}")
    moved, kept = promotion.done("move"), None
    fresh = moved is None
    if facts.kind == "rollback" and promotion.done("deploy") is None and (moved is None or moved.result == _KEPT):
        kept = _kept(waypoint, chosen.deployment)
    if kept is None and (moved is None or (moved.result == _KEPT and promotion.done("deploy") is None)):
        _check_brings(run)
        waypoint.build(chosen.digest)
    if moved is None:
        promotion = ledger.step(promotion.id, mine, "move", _KEPT if kept is not None else "")
    step = promotion.done("deploy")
    if step is None:
        made = kept or _deployed(waypoint, promotion.id, fresh=fresh)
        promotion = ledger.step(promotion.id, mine, "deploy", json.dumps([made.id, made.sequence]))
        step = promotion.done("deploy")
    deployment, sequence = json.loads(step.result if step is not None else "[]")
    if promotion.done("test") is None:
        _tested(run, waypoint, deployment, chosen.digest, claiming.Beat(ledger, promotion.id))
        passed = gate.passed(ledger, facts, chosen.digest)
        promotion = ledger.step(promotion.id, mine, "test", " ".join(passed))
    pruning = "-prune=false" if _waits(run) else f"-prune-retain={facts.target.promotion.keep}"
    if promotion.done("release") is None:
        waypoint.again("release", f"-deployment={sequence}", pruning)
        promotion = ledger.step(promotion.id, mine, "release")
    released = drafting.check(waypoint.released(), deployment, chosen.digest)
    evidence = dict.fromkeys([*run.plan.evidence, *gate.passed(ledger, facts, chosen.digest)])
    return ledger.finish(promotion.id, mine, drafting.draft(facts, released, tuple(evidence)))


def _waits(run: Run) -> bool:
    """Tell whether nothing is removed before what replaces it is recorded: in a protected environment of a service."""
    return run.plan.facts.target.protected and not run.plan.facts.is_advisory


def _retire(run: Run, waypoint: Waypoint, record: Record) -> None:
    """Remove old deployments that nobody needs any more, by the grant of the release; tell of those that stay."""
    target = run.plan.facts.target
    try:
        records = run.ledger.history(target.project, target.app, target.environment, leftover.RECORDS)
        rejected = {one.digest for one in run.ledger.rejections(target.project)}
        old = leftover.surplus(waypoint.deployments(), records, rejected, target.promotion.keep or 0)
    except StandardsError as err:  # the release is recorded: nothing here undoes it
        terminal.note(f"old deployments were not looked for: {err.problems[0].what}")
        return
    if not old:
        return
    numbers = [str(one.sequence) for one in old]
    counted = terminal.counted(len(old), "old deployment")
    why = "nobody has approved this release"
    if record.approvers:
        terminal.note(f"removing {counted} that no rollback needs: {', '.join(numbers)}")
        try:
            waypoint.again("deployment", "destroy", "-local", named=numbers)
        except StandardsError as err:
            why = err.problems[0].what
        else:
            return
    where = f"-app={target.app} -workspace={run.stages.workspace(target.environment)}"
    terminal.note(
        f"{counted} that no rollback needs, and not removed, as {why}; by hand it takes approvals of its own: "
        f"waypoint deployment destroy {where} {' '.join(numbers)}"
    )


def _tested(run: Run, waypoint: Waypoint, deployment: str, digest: str, beat: Callable[[], None]) -> None:
    """Run the tests that the standards want of the deployment, unless waypoint.hcl lets the release run them.

    Raises:
        StandardsError: A test failed, or the deployment is of another image than was meant (kind state).
    """
    demand = run.plan.facts.demand
    if demand.by_release or not demand.tests:
        return
    known = waypoint.private(deployment)
    found = known.digest if known is not None else ""
    if digest and found and found != digest:
        what, why = f"what was deployed is {found}, not {digest}", "the build did not bring the image of the record"
        raise errors.state(what, why, 'write build { use "team-ecr" {} } into waypoint.hcl', "")
    testing.run(run.stages, run.environment, known, digest or found, beat, quiet=run.stdout is not None)


def _check_brings(run: Run) -> None:
    """Refuse to go back by a build that would make another image.

    Raises:
        StandardsError: Images are built in this environment (kind state).
    """
    if not run.stages.source(run.environment):
        what = f"the deployment of this release is gone from {run.environment}"
        why = "images are built there, and a build makes another image"
        raise errors.state(what, why, "check out the commit of the release, and promote it anew", "")


def _kept(waypoint: Waypoint, deployment: str) -> Deployment | None:
    """Find the deployment of an older record, if Waypoint has not pruned it: it only needs the traffic."""
    with contextlib.suppress(
        StandardsError
    ):  # a Waypoint that was never here knows nothing; the image is deployed anew
        found = (one for one in waypoint.deployments() if deployment and one.id == deployment)
        return next((one for one in found if one.is_there and one.state == "SUCCESS"), None)
    return None


def _deployed(waypoint: Waypoint, promotion: str, *, fresh: bool) -> Deployment:
    """Deploy, unless a run that was killed has; nothing was deployed by one that did not come so far."""
    found = None if fresh else _of(waypoint, promotion)
    tries = TRIES
    while found is None and tries:
        tries -= 1
        try:
            waypoint.run("deploy", "-release=false", "-prune=false", f"-label={LABEL}={promotion}")
            tries = 0
        except HungError:
            terminal.note("Waypoint hung in deploy, and was ended: looking what it has done")
            waypoint.clear()
        except StandardsError:
            if not waypoint.clear():
                raise
        found = _of(waypoint, promotion)
    if found is None:
        what, why = "Waypoint does not know what it has deployed", f"no deployment has the label {LABEL}={promotion}"
        raise errors.state(what, why, "run this again", "")
    return found


def _of(waypoint: Waypoint, promotion: str) -> Deployment | None:
    found = (one for one in waypoint.deployments() if one.promotion == promotion)
    return next((one for one in found if one.is_there and one.state == "SUCCESS"), None)


def build(run: Run) -> Record:
    """Build, deploy, test and release in the environment where images are built, and record what runs there.

    Args:
        run: With a plan of kind "deploy" that has no problems.

    Returns:
        The record.

    Raises:
        StandardsError: A step failed.
    """
    with ending.cleanly():
        waypoint = run.waypoint(lambda: None)
        with waypoint.alone(_lock(run)):
            waypoint.build()
            made = _deployed(waypoint, secrets.token_hex(16), fresh=True)
            _tested(run, waypoint, made.id, "", lambda: None)
            waypoint.again("release", f"-deployment={made.sequence}")
            released = drafting.check(waypoint.released(), made.id, "")
            found = drafting.draft(run.plan.facts, released, gate.passed(run.ledger, run.plan.facts, released.digest))
            return run.ledger.record(found, f"deploy-{made.id}")


def _lock(run: Run) -> Path:
    """Name the file that is locked while Waypoint works for an app in an environment, from this directory."""
    from teamconfig.client.vault import state_directory  # noqa: PLC0415  # only where something is done

    facts = run.plan.facts.target
    text = "\0".join((facts.project, facts.app, facts.environment, str(run.stages.folder.resolve())))
    return state_directory(os.environ) / "promotions" / f"{hashlib.sha256(text.encode()).hexdigest()[:24]}.lock"

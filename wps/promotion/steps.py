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
        from teamtests import keeping  # noqa: PLC0415  # only where something is done

        workspace = self.stages.workspace(self.environment)
        environ = {keeping.PROFILE: self.plan.facts.target_hash}
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
        waypoint = run.waypoint(claiming.Beat(run.ledger, promotion.id))
        try:
            with waypoint.alone(_lock(run)):
                if run.plan.facts.running is not None:
                    waypoint.clear()
                return _taken(run, waypoint, run.ledger.step(promotion.id, mine, ""))
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
    # what is removed from a protected environment takes a grant of its own, which a release does not have
    pruning = ("-prune=false",) if facts.target.protected and not facts.is_advisory else ()
    if promotion.done("release") is None:
        waypoint.again("release", f"-deployment={sequence}", *pruning)
        promotion = ledger.step(promotion.id, mine, "release")
    released = drafting.check(waypoint.released(), deployment, chosen.digest)
    evidence = dict.fromkeys([*run.plan.evidence, *gate.passed(ledger, facts, chosen.digest)])
    record = ledger.finish(promotion.id, mine, drafting.draft(facts, released, tuple(evidence)))
    if pruning:
        _tell_surplus(run, waypoint)
    return record


def _tell_surplus(run: Run, waypoint: Waypoint) -> None:
    """Tell of old deployments that nobody needs any more, where the release has removed none."""
    facts = run.plan.facts
    target = facts.target
    with contextlib.suppress(StandardsError):  # the release is recorded; this is only to be told
        records = run.ledger.history(target.project, target.app, target.environment, leftover.RECORDS)
        rejected = {one.digest for one in run.ledger.rejections(target.project)}
        old = leftover.surplus(waypoint.deployments(), records, rejected)
        if old:
            numbers = " ".join(str(one.sequence) for one in old)
            where = f"-app={target.app} -workspace={run.stages.workspace(target.environment)}"
            terminal.note(
                f"{terminal.counted(len(old), 'old deployment')} that no rollback needs; to remove them takes "
                f"approvals of its own: waypoint deployment destroy {where} {numbers}"
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

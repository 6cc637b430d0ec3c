"""Finds out what a plan is made of: records, standards, evidence, what holds or forbids, and the move of the image."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from teamconfig import errors
from teamconfig.errors import Problem, StandardsError
from wps import appfile
from wps.promotion import commits, moving, plan, stages, testing

if TYPE_CHECKING:
    from teamconfig.releases.ledger import Ledger
    from teamconfig.releases.record import Record
    from wps.promotion.plan import Plan
    from wps.promotion.stages import Stages

_BRINGERS = ("team-ecr", "test")
"""Builders that bring the image of a record, or may wrap the one that does."""


def target(app: Stages, ledger: Ledger, wanted: str | None) -> str:
    """Choose the environment to promote to.

    Args:
        app: The app.
        ledger: Its records.
        wanted: As the user named it, or None.

    Returns:
        The environment; empty if nobody named one and each has what the one before it has.

    Raises:
        StandardsError: There is no such environment (kind option), or no record at all (missing).
    """
    if wanted is not None:
        return app.check(wanted, "the argument --to")
    latest = {one: ledger.latest(app.project, app.app, one) for one in app.environments}
    if not any(latest.values()):
        what = f"there is no release of {app.project}/{app.app} to promote"
        why = "the ledger has no record of it in any environment"
        raise errors.missing(what, why, f"begin in the first: wps promote --to {app.first}", "")
    return stages.due(app, latest)


def promotion(app: Stages, ledger: Ledger, environment: str, commit: str | None = None) -> Plan:
    """Plan to bring a release into an environment.

    Args:
        app: The app.
        ledger: Its records.
        environment: One of the company's.
        commit: That the release has to be of, as git names it; None for the newest release.

    Returns:
        The plan.

    Raises:
        StandardsError: What is set breaks the standards, the ledger cannot be read, or no release is of the commit.
    """
    source = app.source(environment)
    if commit is not None and not source:
        what, why = f"--commit does not choose what goes to {environment}", "images are built there, of what is here"
        raise StandardsError([Problem(what, why, "check out the commit, and leave --commit out", "--commit", "option")])
    if commit is not None:
        place = app.project, app.app, source
        chosen: Record | None = commits.choose(ledger, commits.Checkout(app.folder), place, commit)
    else:
        chosen = ledger.latest(app.project, app.app, source) if source else None
    return _made(app, ledger, environment, source, chosen, "promote" if source else "deploy")


def rollback(app: Stages, ledger: Ledger, environment: str, record_id: str | None) -> Plan:
    """Plan to bring back what an environment had before.

    Args:
        app: The app.
        ledger: Its records.
        environment: One of the company's.
        record_id: Of the record to go back to, or its first digits; None: that of the image before.

    Returns:
        The plan.

    Raises:
        StandardsError: There is no such record, or it is of another environment.
    """
    chosen = _before(app, ledger, environment) if record_id is None else ledger.get(record_id)
    if (chosen.project, chosen.app, chosen.environment) != (app.project, app.app, environment):
        why = f"it is of {chosen.project}/{chosen.app} in {chosen.environment}"
        fix = f"choose one of: wps releases --env {environment}"
        what = f"record {chosen.id[:12]} is none of {app.project}/{app.app} in {environment}"
        raise StandardsError([Problem(what, why, fix, "the argument --to", "option")])
    return _made(app, ledger, environment, "", chosen, "rollback")


def _before(app: Stages, ledger: Ledger, environment: str) -> Record:
    """Find the newest record of an image that is another than the present one, and may run."""
    current, *older = ledger.history(app.project, app.app, environment, 100) or (None,)
    for one in older:
        if current is not None and one.digest != current.digest and ledger.rejection(app.project, one.digest) is None:
            return one
    what = f"there is nothing to go back to in {environment}"
    why = "no older record there is of another image that is not rejected" if current else "it has no release record"
    raise errors.missing(what, why, f"see: wps releases --env {environment}", "")


def _made(app: Stages, ledger: Ledger, environment: str, source: str, chosen: Record | None, kind: str) -> Plan:
    profile = app.profile(environment)
    project, name = app.project, app.app
    before = app.profile(source) if source else None
    digest = chosen.digest if chosen is not None else ""
    _check_builder(app, environment, kind)
    return plan.make(
        plan.Facts(
            kind=kind,
            source=before,
            target=profile,
            source_hash=before.digest() if before is not None else "",
            target_hash=profile.digest(),
            chosen=chosen,
            current=ledger.latest(project, name, environment),
            evidence=ledger.evidence(project, name, digest, source) if digest and source else (),
            demand=testing.demand(app, environment, kind),
            evidence_here=ledger.evidence(project, name, digest, environment) if digest else (),
            rejection=ledger.rejection(project, digest) if digest else None,
            hold=ledger.held(project, name, environment),
            waivers=ledger.waivers(project, name, environment, digest) if digest else (),
            running=ledger.promotion(project, name, environment),
            move=moving.look(digest, before.registry if before else None, profile.registry) if digest else None,
            app_file_hash=app.file_hash,
            is_advisory=ledger.advisory,
            now=time.time(),
        )
    )


def _check_builder(app: Stages, environment: str, kind: str) -> None:
    """Refuse a waypoint.hcl whose build would make another image than the one that is recorded."""
    use = appfile.used(app.file, app.app, "build", app.workspace(environment))
    used = use.labels[0] if use is not None and use.labels else ""
    if kind == "deploy" or used in _BRINGERS:
        return
    line = f"{app.file.path}:{use.line}" if use is not None else str(app.file.path)
    what = f'use "{used}" would build another image for {environment}' if used else "nothing brings the image"
    why = "a promotion deploys the very image of the release record, and this builder knows of none"
    raise errors.state(what, why, 'write build { use "team-ecr" {} }', line)

"""Runs the tests that the standards want of a deployment, before a promotion gives it the traffic.

By the same code as `wps test`, with the same reports and evidence. Where `use "test"` in waypoint.hcl releases, it
runs them, and nothing here does. What runs again and what is reused is the ledger's evidence to say.
"""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from teamconfig import errors
from wps import appfile, terminal
from wps import test as tests
from wps.promotion.proving import NOTHING, Demand

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from teamconfig.model.tests import Check
    from teamtests.session import Kept, Session
    from teamtests.target import Target
    from waypaas_sdk.call import Call
    from wps.promotion.deployed import Private
    from wps.promotion.stages import Stages

    T = TypeVar("T")

STAYS = "the traffic stays where it is"
_BEAT_SECONDS = 10.0


def demand(app: Stages, environment: str, kind: str) -> Demand:
    """Tell which tests a deployment has to pass before it gets the traffic.

    Args:
        app: The app.
        environment: Where it goes.
        kind: Of the promotion; a rollback brings back what was tested before, and does not wait for tests.

    Returns:
        The tests.

    Raises:
        StandardsError: What is set breaks the standards.
        PluginError: The standards' tests are broken, or waypoint.hcl's may not be so.
    """
    if kind == "rollback":
        return NOTHING
    from teamtests import planning, ways  # noqa: PLC0415  # only who promotes

    profile, workspace = app.profile(environment), app.workspace(environment)
    use = appfile.used(app.file, app.app, "release", workspace)
    by_release = use is not None and use.labels[:1] == ("test",)
    named = use is not None and by_release and "url" in use.attributes
    reach = profile.tests.reach or "auto"
    blind = "" if named else ways.unreachable(tests.platform(app.file, app.app, workspace), reach)
    own: Sequence[Check] = ()
    if by_release:
        with contextlib.suppress(errors.StandardsError):  # only Waypoint works some of them out, when it releases
            own = tests.read(app.file, app.app, "release", workspace).checks
    # what is required by its name alone speaks by the evidence of the environment before
    found = planning.plan(replace(profile.tests, required=None), own, "release", _where(app))
    return Demand(tuple(found), by_release=by_release, blind=blind)


def run(
    app: Stages, environment: str, known: Private | None, digest: str, beat: Callable[[], None], *, quiet: bool
) -> None:
    """Run the tests of a deployment, keep their report and evidence, and let nothing pass that has failed.

    Args:
        app: The app.
        environment: Where it is deployed.
        known: The deployment; None if Waypoint has forgotten it.
        digest: Of its image.
        beat: Called now and then; what it raises ends the tests.
        quiet: Whether stdout is for data.

    Raises:
        StandardsError: A test failed, or cannot be run (kind state); the traffic stays where it is.
    """
    from waypaas_sdk.call import Call  # noqa: PLC0415  # only where something is deployed
    from waypaas_sdk.errors import PluginError  # noqa: PLC0415  # as above

    selected, call = app.selected(environment), Call("test")
    made = tests.prepared(selected, tests.Block(_where(app)), "release", terminal.note if quiet else terminal.line)
    made = replace(made, standards=replace(made.standards, required=None))
    target = replace(tests.target_of(selected), digest=digest)
    if known is not None:
        target = replace(target, deployment_id=known.id, image=known.image)
    try:
        _beating(lambda: _passed(made, target, known, selected.profile.digest(), call), beat, call)
    except PluginError as err:
        raise errors.state(err.what, err.why, err.fix, err.where) from err


def _passed(made: Session, target: Target, known: Private | None, profile_hash: str, call: Call) -> Kept:
    """Run the tests; what one thread opens it closes, so the ledger is opened here."""
    from teamtests import keeping, session, ways  # noqa: PLC0415  # only where something is deployed

    with keeping.opened(made.standards, profile_hash, target.source, made.show) as keeper:
        stage = session.with_keeper(made, keeper)
        if known is None:
            kept = session.run(stage, target, call)
        else:
            target = session.with_way(target, {"url": known.url})
            reach = made.standards.reach or "auto"
            with ways.opened(target, known.deployment, reach, call, made.where, asks=made.asks) as (reached, _):
                kept = session.run(stage, reached, call)
        session.gate(kept, STAYS, stage, target)
    return kept


def _beating(work: Callable[[], T], beat: Callable[[], None], call: Call) -> T:
    """Do something in a thread, and hold the claim meanwhile; whatever ends the wait ends the work."""
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(work)
        try:
            while True:
                try:
                    return future.result(timeout=_BEAT_SECONDS)
                except TimeoutError:
                    if future.done():
                        raise
                    beat()
        except BaseException:
            call.cancel()
            raise


def _where(app: Stages) -> str:
    return f"app.{app.app}.release.use"

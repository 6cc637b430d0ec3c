"""One stage of tests from its plan to its kept report: what the plugin and `wps test` both call."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from teamtests import planning, report, running
from waypaas_sdk.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from teamconfig.model import Tests
    from teamconfig.model.tests import Check
    from teamtests.evidence import Keeper
    from teamtests.outcome import Outcome
    from teamtests.target import Target
    from waypaas_sdk.call import Call


class Show(Protocol):
    """Shows a line to the user."""

    def __call__(self, text: str, style: str = "") -> None:
        """Show it."""


@dataclass(frozen=True)
class Session:
    """What a stage of tests needs beside its target.

    Args:
        standards: Section `tests` of the profile.
        own: Tests of waypoint.hcl.
        stage: "build" or "release".
        where: Path of the `use` in waypoint.hcl.
        show: Shows a line to the user.
        runners: For kinds that need a plugin: "job".
        keeper: Keeps evidence, or None.
    """

    standards: Tests
    own: Sequence[Check]
    stage: planning.Stage
    where: str
    show: Show
    runners: Mapping[str, running.Runner] = field(default_factory=dict)
    keeper: Keeper | None = None

    def plan(self) -> list[planning.Test]:
        """Collect the tests.

        Returns:
            All of the stage.

        Raises:
            PluginError: As in `planning.plan`; or a job has nobody who could run it.
        """
        tests = planning.plan(self.standards, self.own, self.stage, self.where)
        jobs = [test.name for test in tests if test.kind == "job"]
        if jobs and "job" not in self.runners:
            raise StateError(
                f'test "{jobs[0]}" is a job, and there is nobody to run it',
                why="jobs run by the task launcher of the platform's plugin",
                fix='name the plugin: launcher = "team-k8s"',
                where=self.where,
            )
        return tests

    @property
    def asks(self) -> bool:
        """Whether a test cannot do without a way to the deployment; the others are told the way if there is one."""
        return any(test.kind in planning.ASKING for test in self.plan())


@dataclass(frozen=True)
class Kept:
    """A report and where it is.

    Args:
        report: What came out.
        directory: Where it is kept.
        evidence: Ids in the ledger.
    """

    report: report.Report
    directory: str
    evidence: Sequence[str] = ()


def run(session: Session, target: Target, call: Call) -> Kept:
    """Run a stage of tests, keep its report and its evidence, and show both.

    Args:
        session: What to run.
        target: What is tested.
        call: Ours.

    Returns:
        The report.

    Raises:
        PluginError: The tests cannot be run at all.
        CancelledError: Our call was cancelled; nothing of the tests runs any more.
    """
    tests = session.plan()
    began, begun = time.time(), time.monotonic()
    reused = _reused(session, tests, target)
    done: dict[str, Outcome] = {one.name: one for one in reused}
    waiting = [test for test in tests if test.name not in done]
    session.show(_heading(session, target, len(tests), len(reused)))
    for one in reused:
        session.show(report.line(one))
    order = running.Order(session.standards.parallel or 1, session.runners, lambda one: session.show(report.line(one)))
    ran = running.run(waiting, target, order, call)
    done |= {one.name: one for one in ran}
    made = report.Report(session.stage, target, [done[test.name] for test in tests], began, time.monotonic() - begun)
    for text in report.failures(made):
        session.show(text, "error")
    place = _kept(made)
    session.show(f"Report: {place}")
    kept = _evidence(session, tests, ran, target)
    return Kept(made, place, kept)


def _kept(made: report.Report) -> str:
    try:
        return report.keep(made, os.environ)
    except OSError as err:
        raise StateError(
            "the report of the tests cannot be kept",
            why=f"{err.filename or 'its directory'}: {err.strerror}",
            fix="see that it can be written, or set XDG_STATE_HOME",
        ) from err


def _heading(session: Session, target: Target, count: int, reused: int) -> str:
    if not count:
        return f"No test is written of {target.app} in {target.environment}: nothing is tested"
    tests = "1 test" if count == 1 else f"{count} tests"
    what = (
        f"the source of {target.app}" if session.stage == "build" else target.url or f"the deployment of {target.app}"
    )
    again = f", {reused} of them passed before for this image" if reused else ""
    return f"{tests} of {what} in {target.environment}{again}"


def _reused(session: Session, tests: Sequence[planning.Test], target: Target) -> list[Outcome]:
    """Find evidence; where the ledger is away all tests run."""
    from teamconfig import StandardsError  # noqa: PLC0415  # beside the start

    if session.keeper is None:
        return []
    try:
        return session.keeper.reused(tests, target)
    except StandardsError as err:
        session.show(f"No evidence can be reused: {err}", "warning")
        return []


def _evidence(
    session: Session, tests: Sequence[planning.Test], ran: Sequence[Outcome], target: Target
) -> list[str]:  # fmt: skip
    """Keep evidence; a ledger that is away fails no tests, but a release that needs evidence will miss it."""
    from teamconfig import StandardsError  # noqa: PLC0415  # beside the start

    if session.keeper is None:
        return []
    try:
        return session.keeper.keep(tests, ran, target)
    except StandardsError as err:
        session.show(f"No evidence was kept: {err}", "warning")
        return []


def with_keeper(made: Session, keeper: Keeper | None) -> Session:
    """Give the same stage of tests with somewhere to keep evidence.

    Args:
        made: Without.
        keeper: Keeps evidence, or None.

    Returns:
        With it.
    """
    return replace(made, keeper=keeper)


def gate(kept: Kept, what_stays: str, made: Session, target: Target) -> None:
    """Let nothing pass whose tests failed, unless somebody else has waived them for the promotion that runs.

    Args:
        kept: What came out.
        what_stays: What therefore does not happen: "the traffic stays where it is".
        made: What was run.
        target: What was tested.

    Raises:
        StateError: A test failed; names all that did, what they say, and where the report is.
    """
    failed = kept.report.failed
    if not failed:
        return
    names = ", ".join(one.name for one in failed)
    what = f"{len(failed)} of {len(kept.report.outcomes)} tests failed: {names}"
    waived = _waived(made, target, [one.name for one in failed])
    if waived:
        made.show(f"{what}; it goes on, as {waived}", "warning")
        return
    first = failed[0].last.problems[0].splitlines()[0] if failed[0].last.problems else "no reason was given"
    raise StateError(
        what,
        why=f"{failed[0].name}: {first}; {what_stays}",
        fix=f"see the whole report in {kept.directory}",
    )


def _waived(made: Session, target: Target, names: Sequence[str]) -> str:
    """Tell who has waived tests; empty if nobody has waived one of them, or nobody can tell."""
    from teamconfig import StandardsError  # noqa: PLC0415  # beside the start
    from teamconfig.releases.record import spares  # noqa: PLC0415  # as above

    try:
        found = made.keeper.waivers(target) if made.keeper is not None else ()
    except StandardsError as err:
        made.show(f"No waiver can be looked for: {err}", "warning")
        return ""
    if not all(any(spares(one.waives, name) for one in found) for name in names):
        return ""
    sparing = [one for one in found if any(spares(one.waives, name) for name in names)]
    return "; ".join(f"{one.made_by_name or one.made_by} has waived it: {one.reason}" for one in sparing)


def with_way(target: Target, known: Mapping[str, str]) -> Target:
    """Add to a target what the plugin of its platform knows of it.

    Args:
        target: What is known without.
        known: url, internal_url, deployment_id, image.

    Returns:
        The target; what it had already stays.
    """
    names = ("url", "internal_url", "deployment_id", "image")
    found: dict[str, Any] = {name: known[name] for name in names if known.get(name) and not getattr(target, name)}
    made = replace(target, **found)
    _, at, digest = made.image.partition("@")
    return replace(made, digest=digest) if at and not made.digest else made

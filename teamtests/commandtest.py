"""Tests of kind `command`: a program here, which may write JUnit XML."""

from __future__ import annotations

import glob
import os
from typing import TYPE_CHECKING

from teamtests import junit, processes
from teamtests.outcome import Attempt

if TYPE_CHECKING:
    from teamtests.attempt import Clock
    from teamtests.outcome import Case
    from teamtests.planning import Test
    from teamtests.target import Target

MAX_REPORTS = 200
SHOWN_CASES = 20
"""Failing cases that are listed one by one."""


def run(test: Test, target: Target, clock: Clock) -> Attempt:
    """Try once.

    Args:
        test: What to run.
        target: What it may look at.
        clock: Its time.

    Returns:
        What came out.
    """
    check = test.check
    directory = os.path.normpath(os.path.join(target.source, check.directory or "."))
    if not _below(directory, str(target.source)):
        return Attempt((f"directory {check.directory} leads out of the app's directory",))
    environ = processes.environment(os.environ, {**(check.environment or {}), **target.variables()})
    pattern = os.path.join(target.source, check.reports) if check.reports else ""
    before = _found(pattern)
    try:
        ended = processes.run(check.command or [], directory, environ, clock)
    except processes.NotStartedError as err:
        return Attempt((str(err),))
    if clock.ended():
        return Attempt((f"it took longer than {test.timeout_seconds:g} s",), ended.output)
    cases, problems = _reports(pattern, before, str(target.source))
    if ended.code:
        how = f"was ended by signal {-ended.code}" if ended.code < 0 else f"ended with exit code {ended.code}"
        problems.insert(0, f"{os.path.basename((check.command or [''])[0])} {how}")
    return Attempt((*problems, *failing(cases)), ended.output, tuple(cases))


def failing(cases: list[Case]) -> list[str]:
    """List the cases that failed.

    Args:
        cases: Of a report.

    Returns:
        One text for each, up to a readable number.
    """
    failed = [case for case in cases if case.state == "failed"]
    lines = [f"{case.name} failed" + (f": {first}" if (first := case.text.partition("\n")[0]) else "")
             for case in failed[:SHOWN_CASES]]  # fmt: skip
    more = len(failed) - SHOWN_CASES
    return [*lines, f"{more} more cases failed"] if more > 0 else lines


def _below(path: str, directory: str) -> bool:
    real, root = os.path.realpath(path), os.path.realpath(directory)
    return real == root or real.startswith(root + os.sep)


def _found(pattern: str) -> dict[str, tuple[int, int]]:
    """Give size and time of change of the reports that are there."""
    found = {}
    for path in sorted(glob.glob(pattern))[:MAX_REPORTS] if pattern else []:
        if os.path.isfile(path):
            facts = os.stat(path)
            found[path] = (facts.st_size, facts.st_mtime_ns)
    return found


def _reports(pattern: str, before: dict[str, tuple[int, int]], source: str) -> tuple[list[Case], list[str]]:
    """Read the reports that this try wrote: one of an earlier try says nothing."""
    if not pattern:
        return [], []
    fresh = [path for path, facts in _found(pattern).items() if before.get(path) != facts and _below(path, source)]
    if not fresh:
        return [], [f"it wrote no report {os.path.relpath(pattern, source)}"]
    cases: list[Case] = []
    problems = []
    for path in fresh:
        try:
            with open(path, "rb") as file:
                cases += junit.read(file.read(junit.MAX_BYTES + 1))
        except (junit.JUnitError, OSError) as err:
            problems.append(f"report {os.path.relpath(path, source)} cannot be read: {err}")
    return cases, problems

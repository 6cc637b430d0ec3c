"""Keeps what came out of tests, and tells it to people."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from teamtests import junit
from waypaas_sdk.plaintext import clean_log

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from teamtests.outcome import Outcome
    from teamtests.planning import Stage
    from teamtests.target import Target

VERSION = 1
KEPT = 50
"""Reports of one app in one environment; older ones are removed."""

SHOWN_LINES = 40
"""Of a failing test's output, on the terminal."""

SIGNS = {"passed": "+", "flaky": "~", "failed": "x", "reused": "="}


@dataclass(frozen=True)
class Report:
    """What came out.

    Args:
        stage: Of the tests.
        target: What was tested.
        outcomes: In the order of the tests.
        began: When, in seconds since 1970.
        seconds: How long all took.
    """

    stage: Stage
    target: Target
    outcomes: Sequence[Outcome]
    began: float
    seconds: float

    @property
    def failed(self) -> list[Outcome]:
        """The tests that do not hold."""
        return [one for one in self.outcomes if not one.passed]

    @property
    def flaky(self) -> int:
        """How many passed late."""
        return sum(one.state == "flaky" for one in self.outcomes)

    def as_json(self) -> dict[str, Any]:
        """Give it as JSON holds it."""
        target = self.target
        return {
            "version": VERSION,
            "stage": self.stage,
            "passed": not self.failed,
            "project": target.project,
            "app": target.app,
            "environment": target.environment,
            "workspace": target.workspace,
            "deployment": target.deployment_id,
            "image": target.image,
            "digest": target.digest,
            "began": _moment(self.began),
            "seconds": round(self.seconds, 3),
            "tests": [one.as_json() for one in self.outcomes],
        }


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def directory(environ: Mapping[str, str], target: Target) -> str:
    """Tell where the reports of an app in an environment are kept.

    Args:
        environ: The process's environment.
        target: Whose they are.

    Returns:
        A directory, which need not exist.
    """
    from teamconfig.client.vault import state_directory  # noqa: PLC0415  # beside the start

    names = map(_plain, (target.project, target.app, target.environment))
    return os.path.join(state_directory(environ), "tests", *names)


def _plain(name: str) -> str:
    kept = "".join(sign if sign.isalnum() or sign in "-_." else "_" for sign in name)
    return kept if kept.strip(".") else "_"


def keep(report: Report, environ: Mapping[str, str]) -> str:
    """Write a report: report.json and junit.xml.

    Args:
        report: What came out.
        environ: The process's environment.

    Returns:
        The directory of this report.

    Raises:
        OSError: It cannot be written.
    """
    place = directory(environ, report.target)
    os.makedirs(place, mode=0o700, exist_ok=True)
    name = time.strftime("%Y%m%dT%H%M%S", time.gmtime(report.began)) + f"-{report.stage}"
    path, number = os.path.join(place, name), 1
    while True:
        try:
            os.mkdir(path, 0o700)
            break
        except FileExistsError:
            number += 1
            path = os.path.join(place, f"{name}-{number}")
    suite = f"{report.target.project}/{report.target.app} {report.target.environment}"
    _write(os.path.join(path, "junit.xml"), junit.write(suite, report.outcomes))
    _write(os.path.join(path, "report.json"), json.dumps(report.as_json(), indent=2) + "\n")
    _remove_old(place)
    return path


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8", errors="replace") as file:
        file.write(text)


def _remove_old(place: str) -> None:
    for name in sorted(os.listdir(place))[:-KEPT]:
        for part in ("junit.xml", "report.json"):
            _unlink(os.path.join(place, name, part))
        try:
            os.rmdir(os.path.join(place, name))
        except OSError:
            continue  # somebody else's file is in it


def _unlink(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return


def line(outcome: Outcome) -> str:
    """Tell of one test in one line."""
    late = f" at try {outcome.attempts}" if outcome.state == "flaky" else ""
    times = outcome.last.facts.get("p95_ms")
    measured = f", p95 {times} ms" if times is not None and outcome.last.facts.get("requests", 1) > 1 else ""
    return f"{SIGNS[outcome.state]} {outcome.name}: {outcome.state}{late} ({outcome.seconds:.1f} s{measured})"


def failures(report: Report) -> Iterator[str]:
    """Tell of the failing tests, with their output.

    Args:
        report: What came out.

    Yields:
        Lines.
    """
    for one in report.failed:
        yield (
            f"test {one.name}, demanded by {one.origin}, failed after {one.attempts} tries:"
            if one.attempts > 1
            else (f"test {one.name}, demanded by {one.origin}, failed:")
        )
        for problem in one.last.problems:
            yield from (f"  {clean_log(text)}" for text in problem.splitlines())
        lines = one.last.output.splitlines()
        if len(lines) > SHOWN_LINES:
            yield f"  | ... {len(lines) - SHOWN_LINES} lines before"
        yield from (f"  | {clean_log(text)}" for text in lines[-SHOWN_LINES:])

"""Tests of kind `contract`: the deployment against its OpenAPI document, by the program schemathesis."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

from teamtests import commandtest, junit, processes
from teamtests.outcome import Attempt
from teamtests.target import NOWHERE

if TYPE_CHECKING:
    from teamtests.attempt import Clock
    from teamtests.outcome import Case
    from teamtests.planning import Test
    from teamtests.target import Target

PROGRAM = "schemathesis"
DOCUMENT = "/openapi.json"
VARIABLE = "WAYPAAS_SCHEMATHESIS"
"""Path of the program, where it is not on the PATH."""


def run(test: Test, target: Target, clock: Clock) -> Attempt:
    """Try once.

    Args:
        test: Where the document is.
        target: Whom to ask.
        clock: Its time.

    Returns:
        What came out.
    """
    if not target.url:
        return Attempt((NOWHERE,))
    program = os.environ.get(VARIABLE) or PROGRAM
    path = test.check.path or DOCUMENT
    document = target.url.rstrip("/") + path if path.startswith("/") else os.path.join(target.source, path)
    with tempfile.TemporaryDirectory(prefix="waypaas-contract-") as scratch:
        report = os.path.join(scratch, "junit.xml")
        command = [program, "run", document, "--url", target.url, "--no-color", "--report", "junit",
                   "--report-junit-path", report, *(test.check.command or [])]  # fmt: skip
        environ = processes.environment(os.environ, target.variables())
        try:
            ended = processes.run(command, scratch, environ, clock)
        except processes.NotStartedError as err:
            return Attempt((f"{err}: install schemathesis (pip install schemathesis), or set {VARIABLE}",))
        if clock.ended():
            return Attempt((f"it took longer than {test.timeout_seconds:g} s",), ended.output)
        cases: list[Case] = []
        problems: list[str] = []
        try:
            with open(report, "rb") as file:
                cases = junit.read(file.read(junit.MAX_BYTES + 1))
        except (junit.JUnitError, OSError):
            problems = ["schemathesis wrote no report"]
    if ended.code:
        problems.insert(0, f"schemathesis ended with exit code {ended.code}")
    return Attempt((*problems, *commandtest.failing(cases)), ended.output, tuple(cases))

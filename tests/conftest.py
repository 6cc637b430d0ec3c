"""The behaviours that the project promises, by number: every run ends with a table of those that it tested."""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

for variable in ("COLUMNS", "LINES"):
    os.environ.pop(variable, None)  # pytest gives its workers the size of a terminal, which a pipe does not have

# Each test with a home of its own would leave a process behind for half a minute. tests/host and the tests about
# standbys turn them on again.
os.environ.setdefault("WAYPAAS_STANDBY", "off")

settings.register_profile("untimed", deadline=None)  # speed is measured in bench/, never in a test
settings.load_profile("untimed")

BEHAVIOURS = {
    1: "handshake, health, every mandatory RPC",
    2: "no nil in any reply",
    3: "a registry gives access, locally and on runners",
    4: "images of the builtin builders in, ours out",
    5: "five lines deploy; an unknown option is Waypoint's error",
    6: "precedence is pure; standards that cannot be read are an error",
    7: "names, labels, PORT, environment, pull policy as the builtin",
    8: "a rollout waits for all replicas, with its own timeout",
    9: "a certain failure ends it soon, with container, reason, log",
    10: "failure and cancel leave nothing, and nothing else is touched",
    11: "three probes; workers and sidecars without ports",
    12: "autoscaling, and who owns the replicas",
    13: "secrets by reference, their values nowhere else",
    14: "a release flips the selector; an older one rolls back",
    15: "destroying an old release leaves the live one alone",
    16: "ingress: host, TLS, class; the URL is right",
    17: "status: health by fault, UNKNOWN for a silent API",
    18: "logs and exec by the API alone",
    19: "exec by policy, the rule named",
    20: "ECS waits for steady state",
    21: "ECS names are short, unique, stable",
    22: "a shared load balancer keeps its defaults",
    23: "destroy is complete, idempotent, from the stored message",
    24: "the image mover keeps the digest",
    25: "a failing gate leaves the traffic",
}
"""Short titles of what docs and issues call behaviours; tests of one are named test_behaviour_NN_..."""

NUMBER = re.compile(r"test_behaviour_(\d+)_")

BED = "bed"
"""The fixture that gives the one Kubernetes of this machine."""

ON_THE_BED = (
    "tests/cloud/credentials/",
    "tests/cloud/deploy/",
    "tests/cloud/promotion/test_story.py",
    "tests/cloud/service/test_first_hour.py",
    "tests/cloud/service/test_preview_sightings.py",
    "tests/cloud/service/test_review_running.py",
    "tests/cloud/team_k8s/",
    "tests/cloud/wps/test_doctor.py",
    "tests/e2e/test_readme.py",
    "tests/host/test_binaries.py",
    "tests/host/test_gate.py",
    "tests/host/test_waypoint.py",
    "tests/host/test_wphost.py",
)
"""Tests that share it, and so run one after the other; all others share no more than the servers of a folder."""


class Scheduler(LoadScopeScheduling):
    """Hands out tests to several processes by the folder, and all of those on the bed to one."""

    def _split_scope(self, nodeid: str) -> str:
        return BED if nodeid.startswith(ON_THE_BED) else str(PurePosixPath(nodeid.partition("::")[0]).parent)


@pytest.hookimpl(optionalhook=True)  # of a plugin that not every run loads
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduler:
    """Share out tests as Scheduler does."""
    return Scheduler(config, log)


@pytest.hookimpl(trylast=True)  # after the shuffle
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests on the bed first, then those with other servers: a long folder at the end would run alone."""
    for item in items:
        if BED in getattr(item, "fixturenames", ()) and not item.nodeid.startswith(ON_THE_BED):
            raise pytest.UsageError(f"{item.nodeid} uses the test bed; name it in ON_THE_BED of tests/conftest.py")
    items.sort(key=lambda item: (not item.nodeid.startswith(ON_THE_BED), not item.nodeid.startswith("tests/cloud/")))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print which behaviours were tested, and how soon each injected failure was told."""
    _behaviours(terminalreporter)
    _failures(terminalreporter)


def _failures(terminalreporter: pytest.TerminalReporter) -> None:
    rows = [
        value
        for report in terminalreporter.getreports("passed")
        for name, value in getattr(report, "user_properties", ())
        if name == "failure" and report.when == "call"
    ]
    if not rows:
        return
    terminalreporter.section("injected failures: seconds until the user knew, and what the text said")
    for name, seconds, text in sorted(rows):
        terminalreporter.write_line(f"{name:28} {seconds:5.1f} s")
        for line in str(text).splitlines():
            terminalreporter.write_line(f"    {line}")


def _behaviours(terminalreporter: pytest.TerminalReporter) -> None:
    counts: dict[int, Counter[str]] = {}
    for outcome in ("passed", "failed", "error", "xfailed", "skipped"):
        for report in terminalreporter.getreports(outcome):
            found = NUMBER.search(getattr(report, "nodeid", ""))
            if found and (report.when == "call" or outcome != "passed"):
                counts.setdefault(int(found[1]), Counter())[outcome] += 1
    if not counts:
        return
    terminalreporter.section("behaviours")
    for number, outcomes in sorted(counts.items()):
        verdict = "pass" if set(outcomes) == {"passed"} else "FAIL"
        told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
        terminalreporter.write_line(f"{number:3} {verdict}  {BEHAVIOURS[number]} ({told})")

"""JUnit XML: what is read of others, what is refused, and that what is written is read again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teamtests import junit
from teamtests.outcome import Attempt, Case, Outcome

PYTEST = b"""<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="pytest" errors="0" failures="1" skipped="1" tests="4">
<testcase classname="tests.a" name="test_ok" time="0.5" />
<testcase classname="tests.a" name="test_bad" time="1,000.25"><failure message="assert 1 == 2">line
&gt; more</failure></testcase>
<testcase classname="tests.a" name="test_skip" time="0"><skipped message="no">why</skipped></testcase>
<testcase name="test_error"><error message="boom"/><system-out>noise</system-out></testcase>
</testsuite></testsuites>"""
TEXTS = st.text(max_size=30)


def test_what_pytest_writes_is_read() -> None:
    """Passed, failed and skipped cases are told apart; a failure has its message and text, and nothing else."""
    assert junit.read(PYTEST) == [
        Case("tests.a.test_ok", "passed", 0.5),
        Case("tests.a.test_bad", "failed", 1000.25, "assert 1 == 2line\n> more"),
        Case("tests.a.test_skip", "skipped", 0.0),
        Case("test_error", "failed", 0.0, "boom"),
    ]


def test_a_namespace_and_a_single_suite_are_no_hindrance() -> None:
    """Some programs write a namespace, some a testsuite as the root."""
    data = b'<testsuite xmlns="http://x"><testcase name="a"/><testsuite><testcase name="b"/></testsuite></testsuite>'
    assert [case.name for case in junit.read(data)] == ["a", "b"]


LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<testsuites><testsuite><testcase name="&b;"/></testsuite></testsuites>"""
OUTSIDE = b"""<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><testsuites><testcase name="&x;"/></testsuites>"""


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (LAUGHS, "document type"),
        (OUTSIDE, "document type"),
        (b'<!DOCTYPE r SYSTEM "http://evil.example/x.dtd"><testsuites/>', "document type"),
        (b"<testsuites>" + b"<testsuite>" * 200, "nested deeper"),
        (b"<html/>", "its root"),
        (b"", "no XML"),
        (b"<testsuites>", "no XML"),
        (b"<testsuites>&undefined;</testsuites>", "no XML"),
        (b"\x00\xff", "no XML"),
    ],
)
def test_what_may_harm_or_is_no_report_is_refused(data: bytes, why: str) -> None:
    """Document types, entities, depth and what is no report are refused with the reason."""
    with pytest.raises(junit.JUnitError, match=why):
        junit.read(data)


def test_limits_of_size_and_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """A report beyond the limits is refused, not read in part: a failure could be in the rest."""
    monkeypatch.setattr(junit, "MAX_BYTES", 500)
    monkeypatch.setattr(junit, "MAX_CASES", 3)
    with pytest.raises(junit.JUnitError, match="more than 500 bytes"):
        junit.read(b" " * 501)
    with pytest.raises(junit.JUnitError, match="more than 3 cases"):
        junit.read(b"<testsuites>" + b'<testcase name="a"/>' * 4 + b"</testsuites>")


@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: f"<testsuites>{text}</testsuites>".encode()))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Whatever the bytes are, the answer is cases or the one error."""
    try:
        junit.read(data)
    except junit.JUnitError:
        return


CASES = st.builds(
    Case, name=TEXTS, state=st.sampled_from(["passed", "failed", "skipped"]), seconds=st.just(0.25), text=TEXTS
)


@given(TEXTS, st.lists(CASES, max_size=4), TEXTS, st.sampled_from(["passed", "flaky", "failed"]))
def test_what_is_written_is_read_again(name: str, cases: list[Case], output: str, state: Any) -> None:
    """The report is valid XML whatever names and outputs hold, and has each case with its state."""
    problems = ("went wrong",) if state == "failed" else ()
    outcome = Outcome(name, "command", "waypoint.hcl", state, 1.0, 1, Attempt(problems, output, tuple(cases)))
    found = junit.read(junit.write("all", [outcome]).encode("utf-8"))
    states = [case.state for case in cases]
    if not cases or (state == "failed" and "failed" not in states):
        states.append("failed" if state == "failed" else "passed")
    assert [case.state for case in found] == states

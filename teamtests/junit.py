"""JUnit XML: read what test programs write, and write what came out here.

Reading trusts nothing: no document type, no entities, limits on size, depth and
number. It is what an image of somebody else may have written.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from teamtests.outcome import Case

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from teamtests.outcome import Outcome

MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 32
MAX_CASES = 50_000
MAX_TEXT = 20_000
"""Characters kept of what one case says."""

_FAULTS = frozenset({"failure", "error"})
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class JUnitError(ValueError):
    """Bytes are no JUnit XML, or more of it than is read."""


def read(data: bytes) -> list[Case]:
    """Read the cases of a report.

    Args:
        data: The file.

    Returns:
        The cases, in order.

    Raises:
        JUnitError: It is no JUnit XML, has a document type, or is beyond the limits.
    """
    if len(data) > MAX_BYTES:
        raise JUnitError(f"it has more than {MAX_BYTES} bytes")
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    try:
        parser.Parse(data, True)  # noqa: FBT003  # expat takes no names
    except expat.ExpatError as err:
        raise JUnitError(f"it is no XML: {err}") from err
    if not reader.root_is_report:
        raise JUnitError("its root is neither testsuites nor testsuite")
    return reader.cases


def _refuse(*_: Any) -> None:
    raise JUnitError("it has a document type, which reports do not need")


class _Reader:
    """Collects cases while the parser walks."""

    def __init__(self) -> None:
        self.cases: list[Case] = []
        self.root_is_report = False
        self._depth = 0
        self._case: dict[str, str] | None = None
        self._state: Literal["passed", "failed", "skipped"] = "passed"
        self._texts: list[str] = []
        self._inside_fault = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise JUnitError(f"it is nested deeper than {MAX_DEPTH}")
        name = name.rpartition(" ")[2]
        if self._depth == 1:
            self.root_is_report = name in {"testsuites", "testsuite"}
        elif name == "testcase" and self._case is None:
            self._case, self._state, self._texts = attributes, "passed", []
        elif self._case is not None and name in _FAULTS:
            self._state, self._inside_fault = "failed", True
            self._texts.append(attributes.get("message", ""))
        elif self._case is not None and name == "skipped" and self._state == "passed":
            self._state = "skipped"

    def text(self, data: str) -> None:
        if self._inside_fault and len(self._texts) < MAX_TEXT:
            self._texts.append(data)

    def end(self, name: str) -> None:
        self._depth -= 1
        name = name.rpartition(" ")[2]
        if name in _FAULTS:
            self._inside_fault = False
        if name != "testcase" or self._case is None:
            return
        if len(self.cases) >= MAX_CASES:
            raise JUnitError(f"it has more than {MAX_CASES} cases")
        full = ".".join(part for part in (self._case.get("classname", ""), self._case.get("name", "")) if part)
        text = "".join(self._texts).strip()[:MAX_TEXT]
        self.cases.append(Case(full, self._state, _seconds(self._case.get("time", "")), text))
        self._case = None


def _seconds(text: str) -> float:
    try:
        value = float(text.replace(",", ""))
    except ValueError:
        return 0.0
    return value if 0 <= value < 1e9 else 0.0  # noqa: PLR2004  # neither infinite nor NaN


def write(name: str, outcomes: Sequence[Outcome]) -> str:
    """Write outcomes as JUnit XML.

    Args:
        name: Of the whole.
        outcomes: One suite each; a test without cases of its own is its only case.

    Returns:
        The document.
    """
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites name={_attribute(name)}>"]
    for one in outcomes:
        cases = [*one.last.cases] if one.last.cases else []
        if not cases or (one.state == "failed" and all(case.state != "failed" for case in cases)):
            state: Literal["passed", "failed"] = "failed" if one.state == "failed" else "passed"
            cases.append(Case(one.name, state, one.seconds, "\n".join(one.last.problems)))
        failed = sum(case.state == "failed" for case in cases)
        skipped = sum(case.state == "skipped" for case in cases)
        lines.append(
            f'  <testsuite name={_attribute(one.name)} tests="{len(cases)}" failures="{failed}" '
            f'skipped="{skipped}" time="{one.seconds:.3f}">'
        )
        lines.append(f'    <properties><property name="state" value="{one.state}"/></properties>')
        lines += [line for case in cases for line in _case(one.name, case)]
        lines.append(f"    <system-out>{_text(one.last.output)}</system-out>")
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>", ""])


def _case(suite: str, case: Case) -> Iterable[str]:
    head = f'    <testcase classname={_attribute(suite)} name={_attribute(case.name)} time="{case.seconds:.3f}"'
    if case.state == "passed":
        yield f"{head}/>"
    elif case.state == "skipped":
        yield f"{head}><skipped/></testcase>"
    else:
        first = case.text.partition("\n")[0]
        yield f"{head}><failure message={_attribute(first)}>{_text(case.text)}</failure></testcase>"


def _text(text: str) -> str:
    return escape(_FORBIDDEN.sub("\ufffd", text))


def _attribute(text: str) -> str:
    return quoteattr(_FORBIDDEN.sub("\ufffd", text))

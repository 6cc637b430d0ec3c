"""Holds an answer of HTTP against what a test expects. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from teamtests import jsonpath

if TYPE_CHECKING:
    from collections.abc import Mapping

    from teamconfig.model.tests import Check

EXPECTED_STATUS = 200
SHOWN = 200
"""Characters of a body that an error quotes."""


@dataclass(frozen=True)
class Answer:
    """What came back.

    Args:
        status: Of HTTP.
        headers: By name in small letters; several of one name are joined by a comma.
        body: As text.
    """

    status: int
    headers: Mapping[str, str]
    body: str


def problems(check: Check, answer: Answer) -> list[str]:
    """Tell what is wrong with an answer.

    Args:
        check: What is expected.
        answer: What came back.

    Returns:
        One text for each difference; none if all is well.
    """
    found = []
    wanted = check.status or EXPECTED_STATUS
    if answer.status != wanted:
        found.append(f"status {answer.status}, expected {wanted}: {quoted(answer.body)}")
    for name, part in (check.expect_headers or {}).items():
        value = answer.headers.get(name.lower())
        if value is None:
            found.append(f"there is no header {name}")
        elif part not in value:
            found.append(f"header {name} is {quoted(value)}, expected one with {quoted(part)}")
    if check.contains and check.contains not in answer.body:
        found.append(f"the body does not contain {quoted(check.contains)}: {quoted(answer.body)}")
    return [*found, *_json_problems(check.json or {}, answer.body)]


def _json_problems(wanted: Mapping[str, str], body: str) -> list[str]:
    if not wanted:
        return []
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return [f"the body is no JSON: {quoted(body)}"]
    found = []
    for path, value in wanted.items():
        try:
            given = jsonpath.text(jsonpath.find(document, path))
        except jsonpath.PathError as err:
            found.append(str(err))
            continue
        if given != value:
            found.append(f"{path} is {quoted(given)}, expected {quoted(value)}")
    return found


def quoted(text: str) -> str:
    """Quote a text for a line of output, cut to a readable length."""
    shown = text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
    return json.dumps(shown, ensure_ascii=False)

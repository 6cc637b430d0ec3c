"""The words of the audit: one style for all that a row can have, and what to ask the service for by them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from teamconfig import StandardsError
from teamconfig.policy.words import Action
from teamconfig.state import events
from wps import auditwords

SERVICE = Path(__file__).parents[3] / "teamconfig" / "service"


@pytest.mark.parametrize(
    ("stored", "shown"),
    [("PutLock", "put-lock"), ("GetGrant", "get-grant"), ("ExplainRight", "explain-right"), ("WhoAmI", "whoami"),
     ("register", "register"), ("sign-in", "sign-in"), ("Read", "audit-read")],
)  # fmt: skip
def test_one_style(stored: str, shown: str) -> None:
    """What is stored as the name of a call is shown as the other words are, in small letters."""
    assert auditwords.shown(stored) == shown


@pytest.mark.parametrize(
    ("asked", "stored"),
    [("", ("",)), ("put-lock", ("PutLock",)), ("PutLock", ("PutLock",)), ("deploy", ("deploy",)),
     ("whoami", ("whoami", "WhoAmI")), ("explain-right", ("explain-right", "ExplainRight"))],
)  # fmt: skip
def test_what_is_asked_for(asked: str, stored: tuple[str, ...]) -> None:
    """A filter finds every spelling that stands for the word which is shown."""
    assert auditwords.stored(asked) == stored


def test_a_word_that_no_row_has() -> None:
    """An unknown word is refused with the nearest one, so that a slip does not read as an empty audit."""
    with pytest.raises(StandardsError) as caught:
        auditwords.stored("deplyo")
    assert (caught.value.problems[0].what, caught.value.problems[0].fix) == ("unknown action deplyo", "write deploy")
    with pytest.raises(StandardsError) as caught:
        auditwords.check_outcome("denid")
    assert caught.value.problems[0].fix == "write denied"
    with pytest.raises(StandardsError):
        auditwords.check_limit(0)


def test_every_word_of_the_service_is_known() -> None:
    """What the service writes into its rows can be asked for."""
    texts = [path.read_text() for path in SERVICE.glob("*.py")]
    written = {word for text in texts for word in re.findall(r'\bcall\.action = "([^"]+)"', text)}
    written |= {word for text in texts for word in re.findall(r'\bNOBODY, action="([^"]+)"', text)}
    assert {"sign-in", "take-revision", "calls-dropped"} <= written
    for word in (*written, *Action):
        assert auditwords.stored(word)[0] == word
    assert set(auditwords.OUTCOMES) == set(events.Outcome.__args__)  # type: ignore[attr-defined]  # a Literal

"""Texts of others cannot steer the user's terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waypaas_sdk import plaintext

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(TEXTS)
def test_no_control_is_left(text: str) -> None:
    """Whatever the text, no control character but newline and tab is left, and a plain text is as it was."""
    shown = plaintext.clean(text)
    assert not [sign for sign in shown if sign not in "\n\t" and (sign < " " or "\x7f" <= sign <= "\x9f")]
    if all(sign.isprintable() for sign in text):
        assert shown == text


@given(TEXTS)
def test_logs_keep_colours_only(text: str) -> None:
    """Of a log line colours are kept and ended, and no other escape is left."""
    shown = plaintext.COLOUR.sub("", plaintext.clean_log(text))
    assert "\x1b" not in shown
    assert "\r" not in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]52;c;cGFzdGU=\x07x", "\\x1b]52;c;cGFzdGU=\\x07x"),
        ("\x1b[2K\rall ready", "\\x1b[2K\\x0dall ready"),
        ("\x1b[31mred\x1b[0m plain", "\x1b[31mred\x1b[0m plain"),
        ("\x1b[31mred", "\x1b[31mred\x1b[0m"),
        ("windows\r", "windows"),
    ],
)
def test_log_lines(text: str, shown: str) -> None:
    """Clipboard, cursor and title escapes are shown as text; a colour that a line leaves on ends with it."""
    assert plaintext.clean_log(text) == shown

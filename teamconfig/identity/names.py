"""Foreign names: made fit to be shown, and brought to one form to be looked up by.

Pure. What comes from here is never an identity: a principal's key is what its
issuer made, byte by byte.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

from teamconfig.identity.errors import refused

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_NAME = 128
"""Letters of a name that is shown."""

MOST_TYPED = 256
"""Letters of a user name that somebody types."""

NOT_SHOWN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode's categories of what a terminal obeys, or an eye does not see."""


def printable(text: str, most: int = MOST_NAME) -> str:
    """Make a foreign name fit for terminals, logs and records.

    Args:
        text: Anything.
        most: Letters that are kept.

    Returns:
        The name without control and invisible characters, blanks as single spaces; may be empty.
    """
    shown = "".join(" " if letter.isspace() else letter for letter in text[: most * 8] if _is_shown(letter))
    return " ".join(unicodedata.normalize("NFC", shown).split())[:most].rstrip()


def _is_shown(letter: str) -> bool:
    return letter.isspace() or unicodedata.category(letter) not in NOT_SHOWN


def first_printable(values: Iterable[Any]) -> str:
    """Give the first of some values that is a text with something to show.

    Args:
        values: Of any type.

    Returns:
        It, printable; empty if there is none.
    """
    return next((shown for value in values if isinstance(value, str) and (shown := printable(value))), "")


def canonical(typed: str) -> str:
    """Bring a typed user name to the one form in which it is looked up.

    Args:
        typed: As typed.

    Returns:
        Its compatibility form, in lower case.

    Raises:
        RefusedError: It is empty, too long, or has control characters.
    """
    if any(unicodedata.category(letter) in NOT_SHOWN for letter in typed):
        raise refused(
            "bad_name",
            "the user name has control characters",
            "names of people have none, so this one was not looked up",
            "type your user name again",
        )
    name = unicodedata.normalize("NFKC", typed).casefold().strip()
    name = unicodedata.normalize("NFKC", name)
    if not name or len(typed) > MOST_TYPED or len(name) > MOST_TYPED:
        raise refused(
            "bad_name",
            "the user name is empty" if not name else f"the user name has {len(typed)} letters",
            f"a user name has 1 to {MOST_TYPED}",
            "type your user name as you do for your workstation",
        )
    return name

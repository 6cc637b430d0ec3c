"""Questions at a terminal. They go to stderr, so that stdout has the answer of the command alone."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from wps import terminal

if TYPE_CHECKING:
    from collections.abc import Callable

_YES, _NO = ("y", "yes"), ("n", "no", "")


def ask(question: str, proposal: str, wrong: Callable[[str], str]) -> str:
    """Ask until the answer will do.

    Args:
        question: Without a question mark.
        proposal: What an empty answer means; empty for nothing.
        wrong: Says what is wrong with an answer; empty if nothing is.

    Returns:
        The answer.

    Raises:
        KeyboardInterrupt: The user ended the input.
    """
    shown = f" [{terminal.printable(proposal)}]" if proposal else ""
    while True:
        answer = _line(f"{question}{shown}: ") or proposal
        why = wrong(answer)
        if not why:
            return answer
        print(terminal.printable(why), file=sys.stderr)


def confirm(question: str) -> bool:
    """Ask for a yes; no is what an empty answer means.

    Args:
        question: With its question mark.

    Returns:
        The answer.

    Raises:
        KeyboardInterrupt: The user ended the input.
    """
    answer = ask(f"{question} [y/N]", "", lambda text: "" if text.lower() in (*_YES, *_NO) else "answer y or n")
    return answer.lower() in _YES


def _line(prompt: str) -> str:
    print(prompt, end="", file=sys.stderr, flush=True)
    line = sys.stdin.readline()
    if not line:
        print(file=sys.stderr)
        raise KeyboardInterrupt
    return line.strip()

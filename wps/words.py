"""What to tell someone who mistyped the command line."""

from __future__ import annotations

import argparse
import difflib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def usage(message: str, parser: argparse.ArgumentParser) -> tuple[str, str]:
    """Turn argparse's text into ours.

    Args:
        message: argparse's own text.
        parser: The parser that refuses, that of the subcommand at hand.

    Returns:
        What is wrong, and how to mend it.
    """
    choice = re.search(r"invalid choice: '([^']*)'", message)
    if choice is not None:
        known = list(_commands(parser))
        close = difflib.get_close_matches(choice[1], known, n=1, cutoff=0.4)
        fix = f"run {parser.prog} {close[0]}" if close else f"use one of {', '.join(known)}"
        return f"unknown command {choice[1]}", fix
    stray = re.match(r"unrecognized arguments: (\S+)", message)
    if stray is not None:
        names = [name for action in parser._actions for name in action.option_strings]  # noqa: SLF001
        plain = {name.lstrip("-"): name for name in reversed(names)}  # dashes would make everything alike
        close = difflib.get_close_matches(stray[1].partition("=")[0].lstrip("-"), plain, n=1, cutoff=0.6)
        return f"unknown argument {stray[1]}", f"write {plain[close[0]]}" if close else "remove it"
    return message, "correct the command line"


def at_hand(root: argparse.ArgumentParser, given: Iterable[str]) -> argparse.ArgumentParser:
    """Find the subcommand that a command line is about.

    Args:
        root: The parser of the program.
        given: The command line.

    Returns:
        Its parser, or that of the program if no command is named.
    """
    parser = root
    for word in given:
        parser = _commands(parser).get(word, parser)
    return parser


def _commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Give the subcommands by name; argparse has no public way to list them."""
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]  # noqa: SLF001
    return {name: sub for group in groups for name, sub in group.choices.items()}

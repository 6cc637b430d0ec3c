"""What to tell someone who mistyped the command line."""

from __future__ import annotations

import argparse
import difflib
import re


def usage(message: str, parser: argparse.ArgumentParser) -> tuple[str, str]:
    """Turn argparse's text into ours.

    Args:
        message: argparse's own text.
        parser: The parser that refuses.

    Returns:
        What is wrong, and how to mend it.
    """
    choice = re.search(r"invalid choice: '([^']*)'", message)
    if choice is not None:
        known = _commands(parser)
        close = difflib.get_close_matches(choice[1], known, n=1, cutoff=0.4)
        fix = f"run {parser.prog} {close[0]}" if close else f"use one of {', '.join(known)}"
        return f"unknown command {choice[1]}", fix
    stray = re.match(r"unrecognized arguments: (\S+)", message)
    if stray is not None:
        known = [name for action in parser._actions for name in action.option_strings]  # noqa: SLF001
        known += [name for sub in _parsers(parser) for action in sub._actions for name in action.option_strings]  # noqa: SLF001
        close = difflib.get_close_matches(stray[1].partition("=")[0], known, n=1, cutoff=0.5)
        return f"unknown argument {stray[1]}", f"write {close[0]}" if close else "remove it"
    return message, "correct the command line"


def _parsers(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    found: list[argparse.ArgumentParser] = []
    for action in parser._actions:  # noqa: SLF001  # argparse has no other way to list them
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for sub in action.choices.values():
                found += [sub, *_parsers(sub)]
    return found


def _commands(parser: argparse.ArgumentParser) -> list[str]:
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]  # noqa: SLF001
    return [name for group in groups for name in group.choices]

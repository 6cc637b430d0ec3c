"""What to tell someone who mistyped the command line.

Typer's own errors are told apart by the names of their classes, which it does not export.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any

from wps.commands import UnknownCommandError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typer import TyperException

_CORRECT = "correct the command line"


def usage(err: TyperException, given: Sequence[str]) -> tuple[str, str]:
    """Turn Typer's error into our text.

    Args:
        err: What it raised.
        given: The command line.

    Returns:
        What is wrong, and how to mend it.
    """
    if isinstance(err, UnknownCommandError):
        return _unknown_command(err)
    context: Any = getattr(err, "ctx", None)
    option = str(getattr(err, "option_name", ""))
    match type(err).__name__:
        case "NoSuchOption":
            return _stray(_as_written(option, given, context), context)
        case "BadOptionUsage":
            alone = "does not take" in err.message
            return (f"{option} takes no value", f"write {option} alone") if alone else (
                f"{option} needs a value", f"write one behind {option}"
            )  # fmt: skip
        case "MissingParameter":
            return f"{_name(err)} is missing", f"add {_name(err)}"
        case "BadParameter":
            message = err.message.removeprefix("Value error, ").rstrip(".")
            return f"{_name(err)} is not allowed: {message[:1].lower()}{message[1:]}", _CORRECT
        case _:
            return _other(err, context)


def _other(err: TyperException, context: Any) -> tuple[str, str]:
    """Tell of what Typer has no class for."""
    extra = re.search(r"unexpected extra argument(?:s|\(s\))? \((.*)\)$", err.message, re.DOTALL)
    if extra is not None:
        return _stray(extra[1], context)
    if err.message == "Missing command." and context is not None:
        return "no action is named", f"use one of {', '.join(context.command.list_commands(context))}"
    return err.format_message(), _CORRECT


def place(err: TyperException, given: Sequence[str], root: Any) -> str:
    """Name the command that an error is about.

    Args:
        err: What Typer raised.
        given: The command line.
        root: The program's group.

    Returns:
        As typed: "wps standards check".
    """
    context: Any = getattr(err, "ctx", None)
    if context is not None:
        return str(context.command_path)
    found = ["wps"]
    command = root
    for word in given:
        command = command.get_command(None, word) if hasattr(command, "get_command") else None
        if command is None:
            break
        found.append(word)
    return " ".join(found)


def _unknown_command(err: UnknownCommandError) -> tuple[str, str]:
    close = difflib.get_close_matches(err.name, err.known, n=1, cutoff=0.4)
    fix = f"run {err.ctx.command_path} {close[0]}" if close else f"use one of {', '.join(err.known)}"
    return f"unknown command {err.name}", fix


def _stray(word: str, context: Any) -> tuple[str, str]:
    """Tell of an argument that the command does not have."""
    plain = {name.lstrip("-"): name for name in reversed(_options(context))}  # dashes would make everything alike
    close = difflib.get_close_matches(word.partition("=")[0].lstrip("-"), plain, n=1, cutoff=0.6)
    return f"unknown argument {word}", f"write {plain[close[0]]}" if close else "remove it"


def _as_written(option: str, given: Sequence[str], context: Any) -> str:
    """Find the word that an option was read from: Typer names only the first letter of -forse, and no value."""
    known = _options(context)
    words = (word for word in given if word.startswith(option) and word.partition("=")[0] not in known)
    return next(words, option)


def _options(context: Any) -> list[str]:
    """List the options of the command at hand."""
    if context is None:
        return []
    names = [name for parameter in context.command.get_params(context) for name in parameter.opts]
    return [name for name in names if name.startswith("-")]


def _name(err: TyperException) -> str:
    """Name the parameter that an error is about, as it is typed."""
    parameter: Any = getattr(err, "param", None)
    if parameter is None:
        return str(getattr(err, "param_hint", None) or "")
    return str(parameter.opts[0] if parameter.opts[0].startswith("-") else parameter.metavar or parameter.name)

"""The program `wps`: finds the command, runs it, and turns errors into text and exit codes.

Exit codes: 0 done; 1 the answer is no, or it could not be done; 2 the command line was wrong, or `wps plan` found
changes.
"""

from __future__ import annotations

import argparse
import errno
import os
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DONE, FAILED, USAGE = 0, 1, 2
_INTERRUPTED = 130
_OUTPUT_FAILS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF})


class _Parser(argparse.ArgumentParser):
    """An ArgumentParser that names what a mistyped command was meant to be."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the command line and exit with 2.

        Args:
            message: argparse's own text.
        """
        from wps import terminal, words  # noqa: PLC0415  # only who mistypes pays for it

        what, fix = words.usage(message, self)
        terminal.error(f"{what}\n  {fix}\n  see {self.prog} --help")
        sys.exit(USAGE)


def parser() -> argparse.ArgumentParser:
    """Build the command line.

    Returns:
        The parser; what it parses has `run`, the command.
    """
    from wps import explain, importing, plan, render, standards  # noqa: PLC0415  # `wps --version` needs none

    about = (
        "Explain and check the standards of your team, plan and render what a deploy makes of them, and import files "
        "of Waypoint's own plugins."
    )
    root: argparse.ArgumentParser = _Parser(prog="wps", description=about, allow_abbrev=False)
    root.add_argument("--version", action="store_true", help="print the version and exit")
    commands = root.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    explain.add(commands)
    plan.add(commands)
    render.add(commands)
    standards.add(commands)
    importing.add(commands)
    return root


def main(arguments: Sequence[str] | None = None) -> int:
    """Run wps.

    Args:
        arguments: Command line without the program; that of the process if left out.

    Returns:
        The exit code.
    """
    try:
        try:
            return _answer(list(sys.argv[1:] if arguments is None else arguments))
        finally:
            sys.stdout.flush()  # here, where a failure can be told, and for argparse's own exits too
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        _drop_output()
        return DONE
    except OSError as err:
        _drop_output()
        return _refused(err)


def _answer(given: list[str]) -> int:
    """Run the command that a command line names."""
    if given == ["--version"]:
        from importlib import metadata  # noqa: PLC0415  # costs 20 ms, which only --version needs

        print(f"wps {metadata.version('waypaas')}")
        return DONE
    root = parser()
    parsed, strays = root.parse_known_args(given)
    if strays:
        from wps import words  # noqa: PLC0415  # only who mistypes pays for it

        words.at_hand(root, given).error(f"unrecognized arguments: {' '.join(strays)}")
    run: Callable[[argparse.Namespace], int] | None = getattr(parsed, "run", None)
    if run is None:
        root.print_help()
        return USAGE
    return _run(run, parsed)


def _drop_output() -> None:
    """Send what is still to be written nowhere, so that Python does not fail over it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _refused(err: OSError) -> int:
    """Say what the operating system refused."""
    from wps import terminal  # noqa: PLC0415  # only who has an error pays for it

    what = f"{err.filename} cannot be used" if err.filename else "the operating system refuses"
    fix = "see to that, and run the command again"
    if not err.filename and err.errno in _OUTPUT_FAILS:
        what, fix = "the output cannot be written", "write it to a place with room for it"
    terminal.error(f"{what}\n  {(err.strerror or str(err)).lower()}\n  {fix}")
    return FAILED


def _run(run: Callable[[argparse.Namespace], int], parsed: argparse.Namespace) -> int:
    from teamconfig import StandardsError  # noqa: PLC0415  # --help needs no standards
    from waypaas_sdk.errors import PluginError  # noqa: PLC0415
    from wps import terminal  # noqa: PLC0415

    try:
        return run(parsed)
    except (StandardsError, PluginError) as err:
        terminal.error(str(err))
        return FAILED

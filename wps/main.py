"""The program `wps`: finds the command, runs it, and turns errors into text and exit codes.

Exit codes: 0 done; 1 the answer is no, or it could not be done; 2 the command line was wrong, or `wps plan` found
changes; 75 the service cannot be reached, or what is asked needs it; 130 interrupted.
"""

from __future__ import annotations

import errno
import io
import os
import sys

TYPE_CHECKING = False  # typing takes longer to load than a front (waypaas_sdk.standby) runs
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, NoReturn

DONE, FAILED, USAGE, UNREACHABLE = 0, 1, 2, 75
_INTERRUPTED = 130
_OUTPUT_FAILS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run wps.

    Args:
        arguments: Command line without the program; that of the process if left out.

    Returns:
        The exit code. `wps image` ends the process instead.
    """
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # its library writes to stderr; we say ourselves what went wrong
    try:
        if arguments is None and _may_stand_by():
            _by_standby()
        return _told(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:
        return _INTERRUPTED


def _may_stand_by() -> bool:
    """Tell whether a standby may run the command, or this process is to be one."""
    if len(sys.argv) > 1:
        return sys.argv[1] == "image"
    from waypaas_sdk import standby  # noqa: PLC0415  # no other command has to load it

    return standby.ROLE in os.environ


def _by_standby() -> NoReturn:
    """Let a standby run the command if there is one, as scripts copy image after image; or be that standby."""
    from waypaas_sdk import standby  # noqa: PLC0415

    standby.enter("")
    if standby.is_standby():
        from wps.images import ahead  # noqa: PLC0415  # a standby only

        ahead.load()
        standby.wait(brief=True)
    code = _told(sys.argv[1:])
    standby.prepare()
    standby.leave(code)


def _told(arguments: Sequence[str]) -> int:
    """Run a command, and tell what ended it."""
    _open_streams()
    try:
        try:
            return _answer(list(arguments))
        finally:
            sys.stdout.flush()  # here, where a failure can be told
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        _drop_output()
        return DONE
    except OSError as err:
        _drop_output()
        return _refused(err)


def _open_streams() -> None:
    """Stand in for what the caller closed, and let no text fail for the terminal's encoding.

    A closed stdout is replaced by one that cannot be written, so that only a command that has something to say fails.
    """
    for name, flags, mode in (
        ("stdin", os.O_RDONLY, "r"), ("stdout", os.O_RDONLY, "w"), ("stderr", os.O_WRONLY, "w"),
    ):  # fmt: skip
        stream: Any = getattr(sys, name)
        if stream is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, flags), mode, encoding="utf-8"))
        elif mode == "w" and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _answer(given: list[str]) -> int:
    """Run the command that a command line names."""
    if given == ["--version"]:
        from wps import version  # noqa: PLC0415  # costs 20 ms, which only --version needs

        print(version.line())
        return DONE
    import typer  # noqa: PLC0415  # here, where an interruption is told

    from wps import commands  # noqa: PLC0415

    if commands.VARIABLE in os.environ:
        return commands.complete(os.environ[commands.VARIABLE])
    root = commands.root()
    try:
        with root.make_context("wps", list(given)) as context:
            return _run(root, context)
    except typer.Exit as end:
        return end.exit_code
    except typer.Abort:  # at a question
        print(file=sys.stderr)
        return _INTERRUPTED
    except typer.TyperException as err:
        from wps import terminal, words  # noqa: PLC0415  # only who mistypes pays for it

        what, fix = words.usage(err, given)
        terminal.error(f"{what}\n  {fix}\n  see {words.place(err, given, root)} --help")
        return USAGE


def _run(root: Any, context: Any) -> int:
    """Run the command, and tell what it refuses."""
    from teamconfig import StandardsError  # noqa: PLC0415  # --help needs no standards
    from waypaas_sdk.errors import PluginError  # noqa: PLC0415
    from wps import terminal  # noqa: PLC0415

    try:
        return int(root.invoke(context) or DONE)
    except (StandardsError, PluginError) as err:
        terminal.error(str(err))
        return UNREACHABLE if _unreachable(err) else FAILED


def _unreachable(err: BaseException | None) -> bool:
    """Tell whether an error comes of a service that cannot be reached, as what is refused meanwhile does."""
    from teamconfig.client.errors import UnreachableError  # noqa: PLC0415  # only who has an error pays for it

    seen: list[BaseException] = []
    while err is not None and err not in seen:  # `raise err from err` is its own cause
        if isinstance(err, UnreachableError):
            return True
        seen.append(err)
        err = err.__cause__
    return False


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

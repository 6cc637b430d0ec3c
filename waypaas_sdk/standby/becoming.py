"""A process that the standby forked becomes the plugin that a front asks for."""

from __future__ import annotations

import _socket
import io
import marshal
import os
import sys
import time
from typing import TYPE_CHECKING

from waypaas_sdk.standby import pages, talk

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

TALK_SECONDS = 5.0
"""How long a front may take to say what it wants; it gives us less."""


def become(feed: talk.Connection, identity: bytes, ready: Callable[[], object]) -> int:
    """Wait for a front, and take over what the host gave to it; end if it wants somebody else, or is gone.

    Args:
        feed: By which the standby gives us the front; until then the standby's end is ours. It stays open.
        identity: Ours.
        ready: Done first.

    Returns:
        Process id of the host.
    """
    ready()
    try:
        given: list[int] = []
        while not given:
            said, given = talk.receive(feed)
            if said == talk.SETTLE:
                pages.own()
        connection = _socket.socket(fileno=given[0])
        connection.settimeout(TALK_SECONDS)
        theirs, _ = talk.receive(connection)
        if theirs != identity:
            os._exit(1)
        talk.send_number(connection, talk.READY, os.getpid())
        told, descriptors = talk.receive(connection)
    except OSError:
        os._exit(1)  # the front starts plainly, or is gone: nothing of its was touched
    connection.close()  # the standby watches it
    arguments, environ, mask, host = marshal.loads(told)  # noqa: S302  # from a process of the same user and program
    os.setsid()
    _take(descriptors)
    os.umask(mask)
    os.environ.clear()
    os.environb.update(environ)
    time.tzset()
    sys.argv[:] = [os.fsdecode(argument) for argument in arguments]
    return int(host)


def _take(descriptors: Sequence[int]) -> None:
    """Make the front's standard streams ours, and go where it is."""
    *streams, here = descriptors
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
        os.close(descriptor)
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        _open(name, number, mode)
    os.fchdir(here)
    os.close(here)


def _open(name: str, number: int, mode: str) -> None:
    """Open one of Python's streams anew, as Python does: ours knew /dev/null, no terminal, and could be sought in."""
    old: Any = getattr(sys, name)
    buffer: Any = open(number, f"{mode}b", buffering=0 if old.write_through else -1, closefd=False)  # noqa: SIM115
    lines = buffer.isatty() or name == "stderr"
    new = io.TextIOWrapper(buffer, old.encoding, old.errors, "\n", lines, old.write_through)
    setattr(sys, name, new)
    setattr(sys, f"__{name}__", new)

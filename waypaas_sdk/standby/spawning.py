"""Start a standby in the background: nothing of the plugin that starts it comes along but what `identity` names."""

from __future__ import annotations

import os
import threading

from waypaas_sdk import standby
from waypaas_sdk.standby import identity, place


def spawn(cookie: str) -> None:
    """Start a standby for this program; if that fails, the next start is a plain one too.

    Args:
        cookie: Variable that the program is not started without; empty if there is none.
    """
    program = identity.command()
    if program is None or _is_one_on_its_way(program):
        return
    environ = identity.variables(os.environ) | {standby.ROLE: "1"}
    if cookie:
        environ[cookie] = os.environ[cookie]
    quiet = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in (0, 1, 2)]
    try:
        pid = os.posix_spawn(program[0], program, environ, file_actions=[*quiet, *_closings()])
    except OSError:
        return
    threading.Thread(target=os.waitpid, args=(pid, 0), name="standby", daemon=True).start()


def _closings() -> list[tuple[int, int]]:
    """Close what our starter let us inherit: somebody may wait for its end, as for a lock."""
    ours = [int(name) for name in os.listdir("/proc/self/fd")]
    found = []
    for descriptor in ours:
        try:
            if descriptor > 2 and os.get_inheritable(descriptor):  # noqa: PLR2004  # stderr
                found.append((os.POSIX_SPAWN_CLOSE, descriptor))
        except OSError:
            continue  # by which the list was read
    return found


def _is_one_on_its_way(program: list[str]) -> bool:
    """Tell whether a standby is here already: the present start may have come before it could answer."""
    directory = place.opened(make=True)
    if directory is None:
        return True  # there can be none
    try:
        lock = place.locked(directory, identity.name_of(identity.own(program)))
        if lock is None:
            return True
        os.close(lock)
    except OSError:
        return True
    else:
        return False
    finally:
        os.close(directory)

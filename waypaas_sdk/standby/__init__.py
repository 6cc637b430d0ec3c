"""A warm standby: a process that has imported a plugin already, and becomes it when the host starts it.

    def main() -> None:
        from waypaas_sdk import standby

        standby.enter()  # first of all; the imports of the plugin come after it
        from team_k8s.platform import K8sPlatform
        from waypaas_sdk import serve

        serve.serve(K8sPlatform)

Owns who takes over from whom, and how; what a plugin does is `serve`'s. Three processes:
the *front*, which the host started and knows; the *standby*, which waits, private to the
user; and the *plugin*, which the standby forks and which the front stands for until it
ends, or says that it does (docs/design/0008). Nothing here may import anything dear: a start pays for it.

Linux only; elsewhere, when switched off (WAYPAAS_STANDBY=off), and when anything is odd,
`enter` returns and the plugin starts as if this were not here.
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    from waypaas_sdk.standby import talk, waiting

ROLE = "WAYPAAS_STANDBY_ROLE"
"""Set in the environment of a process that is to be a standby."""


class _State:
    """What this process is."""

    watch: "waiting.Watch | None" = None
    wanted = False
    cookie = ""
    host = 0
    feed: "talk.Connection | None" = None
    """By which a brief run tells its standby that it ends."""


_state = _State()


def enter(cookie: str = "WAYPOINT_PLUGIN") -> None:
    """Let a standby be this process's plugin, if there is one; return if not.

    If it returns, the plugin starts here, and `prepare` starts a standby for the next time.

    Args:
        cookie: Variable that whoever starts the program sets; without it, it is started by hand and has no standby.
            Empty: a program that is always started by hand, and does not end with whoever started it.
    """
    if sys.platform != "linux" or (cookie and cookie not in os.environ):
        return
    _state.cookie = cookie
    if os.environ.pop(ROLE, "") and len(sys.argv) == 1:  # a command line is nobody's role
        from waypaas_sdk.standby import waiting  # noqa: PLC0415  # a start does not pay for what a standby needs

        _state.watch = waiting.detach()
        return
    from waypaas_sdk.standby import front  # noqa: PLC0415  # only where there can be one

    _state.wanted = front.hand_over(has_host=bool(cookie))


def is_standby() -> bool:
    """Tell whether this process is to wait for starts."""
    return _state.watch is not None


def wait(ready: "Callable[[], object]" = lambda: None, *, brief: bool = False) -> None:
    """Wait for starts, if this is a standby; return in a process that is to be a plugin.

    The environment, arguments, descriptors and working directory are the front's then.

    Args:
        ready: What each plugin does before it knows its front, and so before there is an environment; it may start
            threads.
        brief: Whether runs are so short that milliseconds count: the next one copies the memory that it shares, some
            20 MiB and the whole stack of each thread that `ready` starts, once nothing runs; and `leave` ends the
            front before the kernel has cleaned up behind it.
    """
    if _state.watch is None:
        return
    from waypaas_sdk.standby import waiting  # noqa: PLC0415  # loaded already

    _state.host, _state.feed = waiting.wait(_state.watch, ready, brief=brief)
    _state.watch = None


def prepare() -> None:
    """Start a standby in the background, if this start found none that it could use."""
    if not _state.wanted:
        return
    _state.wanted = False
    from waypaas_sdk.standby import spawning  # noqa: PLC0415  # only where one is wanted

    spawning.spawn(_state.cookie)


def leave(code: int) -> "NoReturn":
    """End without the interpreter's teardown: whoever started us waits for it, and it takes 10 to 50 ms.

    A brief run lets go of what its front gave to it, and its front ends: nothing may come behind that.

    Args:
        code: Of the process.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        if _state.feed is not None:
            _tell_end(_state.feed, code)
    finally:
        os._exit(code)


def _tell_end(feed: "talk.Connection", code: int) -> None:
    import signal  # noqa: PLC0415  # loaded already, as the other two are
    import threading  # noqa: PLC0415

    from waypaas_sdk.standby import talk  # noqa: PLC0415

    if threading.active_count() > 1:
        return  # somebody may still write, after whoever started us believes that we have ended
    # Who sees the streams end may close the terminal: that is no other end than the one that is told.
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    os.chdir("/")
    drop_streams()
    talk.send_number(feed, talk.ENDED, (code & 0xFF) << 8)  # as waitpid would give it


def drop_streams() -> None:
    """Let go of the standard streams: whoever reads what we print waits for the last process that holds them."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)


def host_pid() -> int:
    """Give the process that started this plugin: with a standby that is not its parent."""
    return _state.host or os.getppid()

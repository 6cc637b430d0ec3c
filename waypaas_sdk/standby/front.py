"""The front: find a standby, let it be the plugin, and stand for it before the host until it ends.

The host knows this process only: signals are passed on, the plugin's end, or its word of it, is ours
with the same code, and ours is the plugin's (the standby sees the socket close and kills it).
"""

import _socket
import marshal
import os
import sys

from waypaas_sdk import standby
from waypaas_sdk.standby import identity, place, talk

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from typing import NoReturn
else:
    import _signal as signal  # what is in C of it; the rest makes enumerations, for longer than all of this takes

ANSWER_SECONDS = 1.0
"""How long a standby may take to answer: less than a start of our own would, unless the machine is very busy."""

PARENT_CHECK_SECONDS = 0.5
"""How often to look whether the host still lives."""

PASSED_ON = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)


def hand_over(*, has_host: bool) -> bool:
    """Let a standby be the plugin; then this does not return.

    Args:
        has_host: Whether the plugin ends with whoever started it; a command that was sent into the background goes on.

    Returns:
        Whether a standby should be started, since there is none; no if there must not be one.
    """
    host = os.getppid() if has_host else 0
    program = identity.command()
    if program is None or not _wanted():
        return False
    try:
        ours = identity.own(program)
    except OSError:
        return False
    directory = place.opened(make=False)
    if directory is None:
        return True
    name = identity.name_of(ours)
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM | _socket.SOCK_CLOEXEC)
    connection.settimeout(ANSWER_SECONDS)
    try:
        connection.connect(place.address(directory, name))
        pidfd = _handed(connection, ours, host)
    except (ConnectionRefusedError, TimeoutError):
        place.forget(directory, name)  # nobody listens, or nobody answers: no other start shall wait for it
        connection.close()  # whoever was to be our plugin ends
    except OSError:
        connection.close()
    else:
        _stand_for(connection, pidfd, host)
    os.close(directory)
    return True


def _wanted() -> bool:
    """Tell whether this start may use a standby, and start one."""
    environ = os.environ
    if environ.get("WAYPAAS_STANDBY", "").lower() in {"off", "0", "no", "false"}:
        return False
    if (os.getuid(), os.getgid()) != (os.geteuid(), os.getegid()):
        return False
    if sys.gettrace() or sys.getprofile():
        return False
    if None in (sys.stdin, sys.stdout, sys.stderr):
        return False  # there is no descriptor to hand on, and ours would get its number
    return not any(name.startswith("PYTHON") and name not in identity.KNOWN_OF_PYTHON for name in environ)


def _handed(connection: talk.Connection, ours: bytes, host: int) -> int:
    """Give the plugin what was given to us.

    Returns:
        A descriptor of the plugin's process.

    Raises:
        OSError: It did not take over, and will not.
    """
    if not identity.is_peer(connection):
        raise talk.TalkError("this is another user's, or has other rights than we have")
    talk.send(connection, ours)
    pidfd = os.pidfd_open(talk.receive_number(connection, talk.READY))
    mask = os.umask(0o077)
    os.umask(mask)
    arguments = [os.fsencode(argument) for argument in sys.argv]
    told = marshal.dumps((arguments, dict(os.environb), mask, host))
    here = os.open(".", os.O_PATH | os.O_DIRECTORY)
    talk.send(connection, told, [0, 1, 2, here])
    os.close(here)
    return pidfd


def _stand_for(connection: talk.Connection, pidfd: int, host: int) -> "NoReturn":
    """Be the plugin before the host, to its end."""
    _pass_on_signals(pidfd)
    standby.drop_streams()
    connection.settimeout(PARENT_CHECK_SECONDS)
    while True:
        try:
            status = talk.receive_number(connection, talk.ENDED)
        except TimeoutError:
            if host and os.getppid() != host:
                _send(pidfd, signal.SIGTERM)
                host = os.getppid()
            continue
        except OSError:
            _send(pidfd, signal.SIGKILL)  # the standby is gone, and with it whoever would watch us
            os._exit(1)
        _end_like(status)


def _pass_on_signals(pidfd: int) -> None:
    """Let the plugin have our signals; what stops us (Ctrl-Z) stops it, and what lets us go on does.

    Nothing stops us where nobody could let us go on, so the kernel has to stop us by the signal itself.
    """

    def pass_on(number: int, _: object) -> None:
        _send(pidfd, number)

    def pause(*_: object) -> None:
        _send(pidfd, signal.SIGSTOP)
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, pause)
        _send(pidfd, signal.SIGCONT)

    for number in (*PASSED_ON, signal.SIGTSTP):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, pause if number == signal.SIGTSTP else pass_on)


def _send(pidfd: int, number: int) -> None:
    try:
        signal.pidfd_send_signal(pidfd, number)
    except OSError:
        return  # it has ended; its status is on its way


def _end_like(status: int) -> "NoReturn":
    """End as the plugin did."""
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        if -code in PASSED_ON:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code & 0xFF)

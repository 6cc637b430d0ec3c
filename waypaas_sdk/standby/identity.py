"""What has to be the same in a front and a standby: the program, who runs it, and where.

A plugin that a standby forks has the standby's credentials, limits, namespaces and control
group. So these are in the identity as the kernel tells them, with the program's file, the
interpreter's, and those variables that Python and the libraries read while they are loaded.
Whether the modules on the disk are still those that were loaded is `Loaded`'s to tell.
"""

import os
import sys
from _imp import source_hash

from waypaas_sdk.standby import talk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLES = ("GLIBC_", "GRPC_", "HOME", "LANG", "LC_", "LD_", "MALLOC_", "OPENSSL_", "PROTOCOL_BUFFERS_",
             "PYTHON", "WAYPAAS_STANDBY", "XDG_RUNTIME_DIR")  # fmt: skip
"""Beginnings of the names of variables that matter before a plugin has begun; a standby gets these and no others."""

KNOWN_OF_PYTHON = {
    "PYTHONDONTWRITEBYTECODE", "PYTHONHASHSEED", "PYTHONHOME", "PYTHONIOENCODING", "PYTHONNOUSERSITE", "PYTHONPATH",
    "PYTHONSAFEPATH", "PYTHONUNBUFFERED", "PYTHONUTF8", "PYTHONWARNINGS",
}  # fmt: skip
"""With any other variable of Python somebody wants to look into the process: no standby."""

STATUS = (b"Cap", b"Cpus_allowed:", b"Gid", b"Groups", b"Mems_allowed:", b"NoNewPrivs", b"Seccomp", b"SigBlk",
          b"Uid")  # fmt: skip
"""Lines of /proc/self/status."""

INTERNAL_SIGNALS = 0x1_8000_0000
"""Numbers 32 and 33, which are glibc's own; its posix_spawn leaves them ignored."""

FILES = ("attr/current", "cgroup", "limits", "loginuid", "oom_score_adj", "sessionid")
INSTALLED = ("site-packages", "dist-packages")
"""Names of directories whose change means that a package was installed, updated or removed."""

MOST_BYTES = 1 << 16
"""Of a file of /proc; all are shorter."""

NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")


def variables(environ: "Mapping[str, str]") -> dict[str, str]:
    """Choose the variables that a standby has to share.

    Args:
        environ: Of the front.

    Returns:
        A part of it, in the order of the names.
    """
    return {name: environ[name] for name in sorted(environ) if name.startswith(VARIABLES)}


def command() -> list[str] | None:
    """Say how this program is started again, without its arguments.

    Returns:
        Absolute paths with the interpreter's flags; None for what is no file: `python -m`, `python -c`.
    """
    if getattr(sys, "frozen", False):
        return [os.path.realpath(sys.executable)]
    script = sys.argv[0] if sys.argv else ""
    before = len(sys.orig_argv) - len(sys.argv)
    if before < 1 or sys.orig_argv[before] != script or not os.path.isfile(script):
        return None
    return [sys.executable, *sys.orig_argv[1:before], os.path.realpath(script)]


def own(program: list[str]) -> bytes:
    """Tell what this process is.

    Args:
        program: From `command`.

    Returns:
        Equal bytes in processes of which one can stand in for the other.

    Raises:
        OSError: The kernel does not tell.
    """
    root = os.stat("/")
    marks: list[object] = [mark(path) for path in (os.path.realpath(sys.executable), program[-1])]
    marks += [(root.st_dev, root.st_ino), os.getpriority(os.PRIO_PROCESS, 0)]
    return repr((sys.version, program, marks, variables(os.environ), of_kernel())).encode()


def of_kernel(process: int | str = "self") -> list[object]:
    """Tell what the kernel says of a process. What a process says of itself may be a lie of one with fewer rights.

    Args:
        process: Its id; by default ours.

    Returns:
        Equal values for processes of the same rights, limits and namespaces; what cannot be read is empty.
    """
    texts: list[object] = [_read(f"/proc/{process}/{name}") for name in FILES]
    status = _read(f"/proc/{process}/status").split(b"\n")
    texts += [line for line in status if line.startswith(STATUS)]
    texts += [int(line.partition(b":")[2], 16) & ~INTERNAL_SIGNALS for line in status if line.startswith(b"SigIgn")]
    return [*texts, *(_link(f"/proc/{process}/{name}") for name in ("root", *(f"ns/{one}" for one in NAMESPACES)))]


def is_peer(connection: "talk.Connection") -> bool:
    """Tell whether the process at the other end has our user, rights, limits and namespaces, by the kernel's word.

    Args:
        connection: A connected unix socket.

    Returns:
        Whether it may be our plugin, or our front.

    Raises:
        OSError: The kernel cannot tell.
    """
    pid, user = talk.peer(connection)
    return pid > 0 and user == os.geteuid() and of_kernel(pid) == of_kernel()


def _read(path: str) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return b""  # not every kernel has every file
    try:
        return os.read(descriptor, MOST_BYTES)
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def _link(path: str) -> bytes:
    try:
        return os.readlink(path).encode()
    except OSError:
        return b""


def name_of(identity: bytes) -> str:
    """Give the name of the socket for an identity; the whole identity is compared when somebody comes."""
    return source_hash(0, identity).hex()


def mark(path: str) -> tuple[object, ...] | None:
    """Tell a file's version.

    Args:
        path: Of the file.

    Returns:
        What changes when it is written or replaced; None if it is not there.
    """
    try:
        found = os.stat(path)
    except OSError:
        return None
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


class Loaded:
    """The files that this process has loaded, and the directories in which packages are installed.

    Other directories are left out, though modules are looked for in them: a program's own may be that of an app, a
    checkout's is written all the time.
    """

    def __init__(self) -> None:
        files = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
        installed = [path for path in sys.path if os.path.basename(path) in INSTALLED]
        self._marks = {path: mark(path) for path in [*filter(None, files), *installed] if os.path.exists(path)}

    def unchanged(self) -> bool:
        """Tell whether they still are what was loaded."""
        return all(mark(path) == then for path, then in self._marks.items())

    def newest(self) -> float:
        """Tell when the last of the files was written, in seconds since the epoch."""
        return max((os.stat(path).st_mtime for path in self._marks if os.path.isfile(path)), default=0.0)

"""The directory of a user's standbys: who else could have made it, or can enter it, makes it unusable.

It is opened once and looked at by its descriptor, so nobody can put another in its place
between the look and the use.
"""

import os
import stat

LOCK = ".lock"
"""After a socket's name: the file that its standby locks."""

WITHOUT_RUNTIME_DIRECTORY = "/tmp"  # noqa: S108  # the directory made in it is private, and looked at
"""Where it is made if the session gives no XDG_RUNTIME_DIR."""


def opened(*, make: bool) -> int | None:
    """Open the directory.

    Args:
        make: Make it if it is not there.

    Returns:
        Its descriptor, or None if there is none, or none that is safe.
    """
    user = os.geteuid()
    parent = os.environ.get("XDG_RUNTIME_DIR") or WITHOUT_RUNTIME_DIRECTORY
    if not os.path.isabs(parent):
        return None
    try:
        above = os.open(parent, os.O_PATH | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        return _inside(above, f"waypaas-standby-{user}", user, make=make)
    except OSError:
        return None
    finally:
        os.close(above)


def _inside(above: int, name: str, user: int, *, make: bool) -> int | None:
    over = os.fstat(above)
    if over.st_uid not in {0, user} or (over.st_mode & 0o022 and not over.st_mode & stat.S_ISVTX):
        return None  # somebody else can rename what is in it
    if make:
        try:  # noqa: SIM105  # contextlib is dear
            os.mkdir(name, 0o700, dir_fd=above)
        except FileExistsError:
            pass
    descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=above)
    found = os.fstat(descriptor)
    if found.st_uid != user or stat.S_IMODE(found.st_mode) != 0o700:  # noqa: PLR2004  # the user's alone
        os.close(descriptor)
        return None
    return descriptor


def address(directory: int, name: str) -> str:
    """Give the path of a socket in the directory: short, and always in this very directory.

    Args:
        directory: Its descriptor.
        name: Of the socket.

    Returns:
        For `bind` and `connect`.
    """
    return f"/proc/self/fd/{directory}/{name}"


def locked(directory: int, name: str) -> int | None:
    """Become the only standby of a name, from before it can answer to its end.

    Args:
        directory: Its descriptor.
        name: Of the socket.

    Returns:
        A descriptor that holds the lock while it is open; None if another process holds it.
    """
    import fcntl  # noqa: PLC0415  # a front does not lock

    try:
        descriptor = os.open(name + LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600, dir_fd=directory)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def has(directory: int, name: str) -> bool:
    """Tell whether a socket is there.

    Args:
        directory: Its descriptor.
        name: Of the socket.

    Returns:
        Whether it can still be connected to.
    """
    try:
        os.stat(name, dir_fd=directory)
    except OSError:
        return False
    return True


def forget(directory: int, name: str) -> None:
    """Remove a socket of which nothing is to be expected.

    Args:
        directory: Its descriptor.
        name: Of the socket.
    """
    try:
        os.unlink(name, dir_fd=directory)
    except OSError:
        return


def remove(directory: int) -> None:
    """Remove the directory if nothing is in it."""
    try:
        os.rmdir(os.readlink(f"/proc/self/fd/{directory}"))
    except OSError:
        return

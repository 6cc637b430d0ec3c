"""Files of certificates that somebody else's certificate is checked with, read with care.

A repository's file may have named anything: a pipe, a directory, a file without end.
"""

from __future__ import annotations

import os
import stat

from teamconfig import errors

_LARGEST_BYTES = 1024 * 1024
_FIX = "name a file of certificates in PEM"


def read(name: str, key: str, where: str) -> bytes:
    """Read a file of certificates.

    Args:
        name: Of the file.
        key: Under which it was named: "certificate_authority".
        where: What named it, for people.

    Returns:
        Its content.

    Raises:
        StandardsError: It cannot be read, is no file, or is too large (kind state).
    """
    what = f"{key} {name} cannot be read"
    try:
        handle = os.open(os.path.expanduser(name), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe would block
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise errors.state(what, "it is no file", _FIX, where)
            with open(handle, "rb", closefd=False) as file:
                found = file.read(_LARGEST_BYTES + 1)
        finally:
            os.close(handle)
    except OSError as err:
        why = (err.strerror or "the operating system refuses").lower()
        raise errors.state(what, why, "correct it", where) from err
    if len(found) > _LARGEST_BYTES:
        raise errors.state(what, f"it has more than {_LARGEST_BYTES >> 20} MiB", _FIX, where)
    return found


def of_identity(name: str, where: str) -> str:
    """Check the file that an identity provider's certificate is checked with.

    Args:
        name: Of the file; empty for the system's.
        where: What named it, for people.

    Returns:
        The name, fit to be opened.

    Raises:
        StandardsError: As `read`, or it holds no certificates (kind state).
    """
    if not name:
        return ""
    content = read(name, "identity_authority", where)
    import ssl  # noqa: PLC0415  # only who signs in, or renews

    try:
        ssl.create_default_context(cadata=content.decode("ascii"))
    except (ssl.SSLError, ValueError) as err:
        what = f"identity_authority {name} cannot be used"
        raise errors.state(what, "it holds no certificates", _FIX, where) from err
    return os.path.expanduser(name)

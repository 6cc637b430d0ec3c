"""Where published plugins are read: a directory, an HTTP tree, a registry; each gives an envelope and files by hash.

Owns the forms of a source's name, and the tree's layout:

plugins.json                the newest set, signed; `sets/N.json` is set N
files/SHA256                a binary
"""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol
from urllib.parse import unquote, urlsplit

from teamconfig import errors
from wps.pluginset import signing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wps.pluginset.manifest import Binary

NEWEST = "plugins.json"
OCI = "oci://"
_PIECE = 256 << 10
_TRIES = 3
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://")


class Source(Protocol):
    """Where published plugins are read."""

    name: str
    """For messages."""

    def envelope(self, serial: int | None) -> bytes:
        """Read the signed manifest of a set; None: of the newest."""

    def pieces(self, binary: Binary, start: int) -> Iterator[bytes]:
        """Give the bytes of a binary from one on, as they come by one connection; nothing has verified them."""


class BrokenLineError(Exception):
    """The line to a source is broken: what has come is good, and the rest may be had by another try.

    Args:
        why: What is known of it.
    """

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def patiently(read: Callable[[], bytes], what: str, where: str) -> bytes:
    """Read something small, whole, by a few tries.

    Args:
        read: Reads it.
        what: For the error: "... cannot be read".
        where: The source.

    Returns:
        What was read.

    Raises:
        StandardsError: The line stays broken (kind missing), or as `read`.
    """
    for left in reversed(range(_TRIES)):
        try:
            return read()
        except BrokenLineError as err:
            if not left:
                raise absent(what, err.why, where) from err
    raise AssertionError(what)


def sets(serial: int | None) -> str:
    """Name the file of a set in a tree.

    Args:
        serial: Of the set; None: the newest.

    Returns:
        The path below the tree.
    """
    return NEWEST if serial is None else f"sets/{serial}.json"


def file(sha256: str) -> str:
    """Name the file of a binary in a tree.

    Args:
        sha256: In hex.

    Returns:
        The path below the tree.
    """
    return f"files/{sha256}"


@contextlib.contextmanager
def opened(text: str, plain_http: tuple[str, ...] = (), ca_file: str | None = None) -> Iterator[Source]:
    """Open a source.

    Args:
        text: A directory, file:///DIR, https://..., http:// on loopback, or oci://REGISTRY/REPOSITORY[:TAG].
        plain_http: Registries without TLS.
        ca_file: Authorities that are trusted instead of the machine's; None: the machine's.

    Yields:
        The source.

    Raises:
        StandardsError: There is no such form (kind option), or no such directory (missing).
    """
    if text.startswith(OCI):
        from wps.pluginset import registrysource  # noqa: PLC0415  # only who names a registry loads the mover

        with registrysource.opened(text, plain_http, ca_file) as source:
            yield source
    elif text.startswith(("http://", "https://")):
        if not allowed(text):
            why, fix = "others could change what comes over plain HTTP", "write https://"
            raise errors.StandardsError([errors.Problem(f"{text} is not used", why, fix, "", "option")])
        from wps.pluginset import websource  # noqa: PLC0415  # only who names a server loads a client

        with websource.Web(text, ca_file) as web:
            yield web
    else:
        yield Folder(directory(text))


def allowed(url: str) -> bool:
    """Tell whether an address may be asked: with TLS, or on this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)


def directory(text: str) -> Path:
    """Read the name of a directory.

    Args:
        text: A path, or file:///DIR.

    Returns:
        The path; it need not be there.

    Raises:
        StandardsError: It is another kind of address (kind option).
    """
    if text.startswith("file:///"):
        return Path(unquote(urlsplit(text).path))
    if _SCHEME.match(text) or not text:
        why = "plugins are read from a directory, file:///DIR, https://... and oci://..."
        raise errors.StandardsError(
            [errors.Problem(f"{text!r} is no such place", why, "name one of these", "", "option")]
        )
    return Path(text)


class Folder:
    """A tree in a directory.

    Args:
        root: The directory.
    """

    def __init__(self, root: Path) -> None:
        self.name = str(root)
        self._root = root

    def envelope(self, serial: int | None) -> bytes:
        """Read the signed manifest of a set.

        Args:
            serial: Of the set; None: the newest.

        Returns:
            Its bytes.

        Raises:
            StandardsError: It is not there (kind missing), or cannot be read (state).
        """
        with self._opened(sets(serial)) as handle:
            return handle.read(signing.MOST_BYTES)

    def pieces(self, binary: Binary, start: int) -> Iterator[bytes]:
        """Give the bytes of a binary.

        Args:
            binary: Which.
            start: The first that is wanted.

        Yields:
            The pieces.

        Raises:
            StandardsError: It is not there (kind missing), or cannot be read (state).
        """
        with self._opened(file(binary.sha256)) as handle:
            handle.seek(start)
            while piece := handle.read(_PIECE):
                yield piece

    def _opened(self, path: str) -> BinaryIO:
        try:
            return (self._root / path).open("rb")
        except OSError as err:
            what, why = f"{path} cannot be read", (err.strerror or "the operating system refuses").lower()
            if isinstance(err, FileNotFoundError):
                raise absent(what, why, self.name) from err
            raise errors.state(what, why, "make it readable for you", self.name) from err


def absent(what: str, why: str, where: str) -> errors.StandardsError:
    """Build the error of what a source does not have.

    Args:
        what: What happened.
        why: The cause.
        where: The source.

    Returns:
        The error, to be raised by the caller.
    """
    return errors.missing(what, why, "look at the source, or name another with --from", where)

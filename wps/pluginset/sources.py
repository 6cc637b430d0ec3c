"""Where published plugins are read: a directory, an HTTP tree, a registry; each gives an envelope and files by hash.

Owns the forms of a source's name, and the tree's layout:

plugins.json                the newest set, signed; `sets/N.json` is set N
files/SHA256                a binary
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol, Self
from urllib.parse import unquote, urlsplit

from teamconfig import errors
from wps.pluginset import signing

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from wps.pluginset.manifest import Binary

NEWEST = "plugins.json"
OCI = "oci://"
_PIECE = 256 << 10
_SECONDS = 20.0
_TRIES = 3
_REDIRECTS = 5
_NOT_FOUND = 404
_OK = 200
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://")


class Source(Protocol):
    """Where published plugins are read."""

    name: str
    """For messages."""

    def envelope(self, serial: int | None) -> bytes:
        """Read the signed manifest of a set; None: of the newest."""

    def pieces(self, binary: Binary) -> Iterator[bytes]:
        """Give the bytes of a binary as they come; nothing has verified them."""


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
        with Web(text, ca_file) as web:
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

    def pieces(self, binary: Binary) -> Iterator[bytes]:
        """Give the bytes of a binary.

        Args:
            binary: Which.

        Yields:
            The pieces.

        Raises:
            StandardsError: It is not there (kind missing), or cannot be read (state).
        """
        with self._opened(file(binary.sha256)) as handle:
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


@dataclass(frozen=True, slots=True)
class _Failed(Exception):  # noqa: N818  # never leaves this file
    why: str


class Web:
    """A tree on an HTTP server; use it in `with`.

    Args:
        url: Of the tree.
        ca_file: Authorities that are trusted instead of the machine's; None: the machine's.
    """

    def __init__(self, url: str, ca_file: str | None) -> None:
        import ssl  # noqa: PLC0415  # only who names a server pays for it

        import httpx  # noqa: PLC0415  # as above

        self.name = url.rstrip("/")
        try:
            verify = ssl.create_default_context(cafile=ca_file) if url.startswith("https://") else True
        except OSError as err:
            why = f"it is no file of certificates (PEM): {(err.strerror or str(err)).lower()}"
            raise errors.missing(f"{ca_file} cannot be used", why, "name another with --ca-file", str(ca_file)) from err
        self._client = httpx.Client(verify=verify, timeout=_SECONDS, event_hooks={"request": [self._check]})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def _check(self, request: httpx.Request) -> None:
        if not allowed(str(request.url)):
            raise _Failed(f"it leads to {request.url.scheme}://{request.url.host}, where others could change it")

    def envelope(self, serial: int | None) -> bytes:
        """Read the signed manifest of a set.

        Args:
            serial: Of the set; None: the newest.

        Returns:
            Its bytes.

        Raises:
            StandardsError: It is not there, or the server cannot be reached (kind missing).
        """
        data = b""
        for piece in self._pieces(sets(serial)):
            data += piece
            if len(data) > signing.MOST_BYTES:
                break
        return data[: signing.MOST_BYTES]

    def pieces(self, binary: Binary) -> Iterator[bytes]:
        """Give the bytes of a binary.

        Args:
            binary: Which.

        Yields:
            The pieces.

        Raises:
            StandardsError: It is not there, or the connection is lost (kind missing).
        """
        yield from self._pieces(file(binary.sha256))

    def _pieces(self, path: str) -> Iterator[bytes]:
        import httpx  # noqa: PLC0415  # as above

        url = f"{self.name}/{path}"
        begun = False
        for left in reversed(range(_TRIES)):
            try:
                for piece in self._stream(url):
                    begun = True
                    yield piece
            except (httpx.HTTPError, httpx.InvalidURL) as err:
                if begun or not left:
                    what = f"{path} did not arrive whole" if begun else f"{url} cannot be read"
                    raise absent(what, str(err) or type(err).__name__, self.name) from err
            except _Failed as err:
                raise absent(f"{url} cannot be read", err.why, self.name) from err
            else:
                return

    def _stream(self, url: str) -> Iterator[bytes]:
        request = self._client.build_request("GET", url, headers={"Accept-Encoding": "identity"})
        for _ in range(_REDIRECTS + 1):  # followed here: the client would read all that comes with a redirect
            with contextlib.closing(self._client.send(request, stream=True)) as answer:
                if answer.next_request is None:
                    if answer.status_code != _OK:
                        known = " (not there)" if answer.status_code == _NOT_FOUND else ""
                        raise _Failed(f"the server answers {answer.status_code}{known}")
                    yield from answer.iter_raw()
                    return
                request = answer.next_request
        raise _Failed(f"it leads elsewhere more than {_REDIRECTS} times")

"""Published plugins on an HTTP server: a tree as in `sources`, of which a file can be read from any byte on.

Owns the requests: redirects are followed here, and only to where nobody else can change what comes.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from teamconfig import errors
from wps.pluginset import signing
from wps.pluginset.sources import BrokenLineError, absent, allowed, file, patiently, sets

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from wps.pluginset.manifest import Binary

_SECONDS = 20.0
_REDIRECTS = 5
_OK, _PART, _NOT_FOUND = 200, 206, 404
_BUSY = frozenset({408, 429, 500, 502, 503, 504})


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
        path = sets(serial)
        return patiently(lambda: self._short(path), f"{self.name}/{path} cannot be read", self.name)

    def _short(self, path: str) -> bytes:
        data = b""
        for piece in self._pieces(path, 0):
            data += piece
            if len(data) > signing.MOST_BYTES:
                break
        return data[: signing.MOST_BYTES]

    def pieces(self, binary: Binary, start: int) -> Iterator[bytes]:
        """Give the bytes of a binary.

        Args:
            binary: Which.
            start: The first that is wanted.

        Yields:
            The pieces.

        Raises:
            BrokenLineError: The connection is lost, or the server is busy.
            StandardsError: It is not there (kind missing).
        """
        yield from self._pieces(file(binary.sha256), start)

    def _pieces(self, path: str, start: int) -> Iterator[bytes]:
        import httpx  # noqa: PLC0415  # as above

        url = f"{self.name}/{path}"
        try:
            yield from self._stream(url, start)
        except httpx.InvalidURL as err:
            raise absent(f"{url} cannot be read", str(err), self.name) from err
        except httpx.HTTPError as err:
            raise BrokenLineError(str(err) or type(err).__name__) from err
        except _Failed as err:
            raise absent(f"{url} cannot be read", err.why, self.name) from err

    def _stream(self, url: str, start: int) -> Iterator[bytes]:
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
        request = self._client.build_request("GET", url, headers=headers)
        for _ in range(_REDIRECTS + 1):  # followed here: the client would read all that comes with a redirect
            with contextlib.closing(self._client.send(request, stream=True)) as answer:
                if answer.next_request is None:
                    yield from _rest(answer, start)
                    return
                request = answer.next_request
        raise _Failed(f"it leads elsewhere more than {_REDIRECTS} times")


def _rest(answer: httpx.Response, start: int) -> Iterator[bytes]:
    """Give what was asked for: a server that knows no ranges sends what is here already, too."""
    if answer.status_code in _BUSY:
        raise BrokenLineError(f"the server answers {answer.status_code}")
    part = answer.status_code == _PART and answer.headers.get("Content-Range", "").startswith(f"bytes {start}-")
    if not part and answer.status_code != _OK:
        known = " (not there)" if answer.status_code == _NOT_FOUND else ""
        raise _Failed(f"the server answers {answer.status_code}{known}")
    skip = 0 if part else start
    for piece in answer.iter_raw():
        if len(piece) > skip:
            yield piece[skip:]
        skip = max(0, skip - len(piece))

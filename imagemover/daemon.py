"""Docker's engine as a source: what `docker save` would write, without the command.

Owns the two requests of the Engine API. The tar goes into a temporary file without
a name, so that nothing is left of it whatever happens; what is in it is for
`archives`. Engines of Docker 25 and later give an OCI layout, whose bytes stay as
they are. Older ones give plain layers, which are compressed as `savedimages` says.

Source: moby's api/docs, Engine API, `GET /images/{name}/json` and `/images/{name}/get`.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import socket
import ssl
import tempfile
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import quote

from imagemover import dockerhost, references, strictjson
from imagemover.archives import Archive, nothing
from imagemover.errors import (
    ConnectionLostError,
    DeniedError,
    ImageError,
    ManifestError,
    MissingError,
    RegistryError,
    StalledError,
    TrustError,
)
from imagemover.patience import Gate, Patience
from imagemover.savedimages import no_room

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from imagemover.dockerhost import Engine

SILENT_SECONDS = 600.0
"""Older engines write a large image to their own disk before they send its first byte."""

MOST_BYTES = 256 << 30
"""Of an image."""

MOST_ANSWER_BYTES = 4 << 20
_PIECE_BYTES = 256 << 10
_TEXT_BYTES = 200
_TLS_FILES = ("ca.pem", "cert.pem", "key.pem")


class _Connection(http.client.HTTPConnection):
    """HTTP over whatever the engine listens on."""

    def __init__(self, engine: Engine, seconds: float) -> None:
        super().__init__(engine.host or "docker", timeout=seconds)
        self._engine = engine

    def connect(self) -> None:
        """Connect."""
        engine = self._engine
        if engine.socket:
            self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.sock.settimeout(self.timeout)
            self.sock.connect(engine.socket)
            return
        plain = socket.create_connection((engine.host, engine.port), self.timeout)
        self.sock = plain
        if engine.certificates:
            authority, certificate, key = (os.path.join(engine.certificates, name) for name in _TLS_FILES)
            context = ssl.create_default_context(cafile=authority if os.path.exists(authority) else None)
            if os.path.exists(certificate):
                context.load_cert_chain(certificate, key)
            self.sock = context.wrap_socket(plain, server_hostname=engine.host)


class Docker:
    """An engine.

    Args:
        engine: Where it is; None: as the environment says.
        patience: Of the copy.
        silent_seconds: How long it may say nothing.
    """

    def __init__(
        self, engine: Engine | None = None, patience: Patience | None = None, silent_seconds: float = SILENT_SECONDS
    ) -> None:
        self.engine = engine or dockerhost.find(os.environ)
        self._patience = patience or Patience()
        self._seconds = silent_seconds

    def image(
        self, name: str, tick: Callable[[int], None] = nothing, on_read: Callable[[int], None] = nothing
    ) -> Archive:
        """Read an image.

        Args:
            name: As `docker images` shows it: "team/web:v1", or the image's ID.
            tick: Called by any thread with the count of bytes of layers that were made ready.
            on_read: Called with the count of bytes that came; what it raises stops the read.

        Returns:
            The image, as an archive with one image.

        Raises:
            ReferenceSyntaxError: No image can have this name.
            MissingError: There is no such image, or no engine.
            DeniedError: The engine may not be asked.
            LayoutError: The disk has no room, or what came is no archive.
            ConnectionLostError: The connection broke again and again.
        """
        identifier, size = self._look(name)
        folder = tempfile.gettempdir()
        free = shutil.disk_usage(folder).free
        if size > free:
            what = f"{name} has {size} bytes, and there is room for {free}"
            fix = "set TMPDIR to a directory with room for the image"
            raise ImageError(what, "it is kept in a temporary file while it is copied", fix, folder)
        with tempfile.TemporaryFile(prefix="imagemover-", buffering=0) as spool:
            one = _with_tag(name, identifier)
            self._patience.run(lambda: self._save(one, spool, on_read), Gate())
            return Archive(spool, f"docker-daemon:{name}", tick)

    def _look(self, name: str) -> tuple[str, int]:
        """Give an image's ID and size."""
        references.parse(name)
        with self._asked(f"/images/{_quoted(name)}/json", name) as response:
            found = strictjson.read_object(response.read(MOST_ANSWER_BYTES), "Docker's answer", MOST_ANSWER_BYTES)
        size = found.get("Size")
        return str(found.get("Id", "")), size if isinstance(size, int) else 0

    def _save(self, name: str, spool: BinaryIO, on_read: Callable[[int], None]) -> None:
        spool.seek(0)
        spool.truncate()
        buffer = memoryview(bytearray(_PIECE_BYTES))
        done = 0
        with self._asked(f"/images/{_quoted(name)}/get", name) as response:
            while count := response.readinto(buffer):
                done += count
                if done > MOST_BYTES:
                    what = f"{name} has more than {MOST_BYTES} bytes"
                    raise ImageError(what, "no image is that large", "look at the engine", self.engine.address)
                rest = buffer[:count]
                try:
                    while rest:
                        rest = rest[spool.write(rest) :]
                except OSError as err:
                    raise no_room(err) from err
                on_read(count)
                self._patience.check()

    @contextlib.contextmanager
    def _asked(self, target: str, name: str) -> Iterator[http.client.HTTPResponse]:
        """Ask, and type what goes wrong until the answer is read."""
        cancellation = self._patience.cancellation
        connection = _Connection(self.engine, self._seconds)
        watched: Any = None
        try:
            connection.connect()
            watched = connection.sock
            cancellation.watch(watched)
            connection.request("GET", target)
            response = connection.getresponse()
            if response.status != 200:  # noqa: PLR2004  # HTTP's own number
                raise self._refusal(response, name)
            yield response
        except (OSError, http.client.HTTPException) as err:
            cancellation.check()
            raise self._typed(err, connected=watched is not None) from err
        finally:
            if watched is not None:
                cancellation.forget(watched)
            connection.close()

    def _refusal(self, response: http.client.HTTPResponse, name: str) -> ImageError:
        told = response.read(MOST_ANSWER_BYTES)
        try:
            message = str(strictjson.read_object(told, "Docker's answer", MOST_ANSWER_BYTES).get("message", ""))
        except ManifestError:
            message = ""
        message = "".join(sign if sign.isprintable() else " " for sign in message)[:_TEXT_BYTES]
        where = self.engine.address
        if response.status == 404:  # noqa: PLR2004  # HTTP's own number
            what = f"Docker has no image {name}"
            return MissingError(what, message, f"build it, run `docker pull {name}`, or look at `docker images`", where)
        why = f"it answered {response.status}" + (f": {message}" if message else "")
        return RegistryError(response.status, "", f"Docker does not give {name}", why, "read what Docker says", where)

    def _typed(self, err: Exception, *, connected: bool) -> ImageError:
        where = self.engine.address
        if isinstance(err, TimeoutError):
            what = f"Docker was silent for {self._seconds:g} s"
            return StalledError(what, "the connection stands, and nothing moves", "look at the engine", where)
        if isinstance(err, ssl.SSLError):
            fix = "look at the files in DOCKER_CERT_PATH"
            return TrustError("Docker cannot prove who it is", str(err)[:_TEXT_BYTES], fix, where)
        if isinstance(err, PermissionError):
            fix = "ask an administrator to add you to the group docker, and sign in to this machine anew"
            return DeniedError("Docker may not be asked", "its socket belongs to others", fix, where)
        told = (err.strerror if isinstance(err, OSError) and err.strerror else str(err) or type(err).__name__).lower()
        if not connected:
            fix = "start Docker, or set DOCKER_HOST to where it listens"
            return MissingError("no Docker engine answers", told[:_TEXT_BYTES], fix, where)
        return ConnectionLostError("the connection to Docker broke", told[:_TEXT_BYTES], "try again", where)


def _with_tag(name: str, identifier: str) -> str:
    """Name one image: without a tag, Docker would save all that have the name."""
    found = references.parse(name, "")
    is_identifier = identifier.removeprefix("sha256:").startswith(name)
    return name if found.tag or found.digest or is_identifier else f"{name}:latest"


def _quoted(name: str) -> str:
    return quote(name, safe="/:@")

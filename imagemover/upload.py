"""Upload sessions of a registry: one piece or chunks, resumed where the registry says.

Owns the session's URL and offset. Reads no source, verifies no bytes: `transfer` does.

Source: opencontainers/distribution-spec spec.md, Pushing blobs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from imagemover.errors import ConnectionLostError, DeniedError, ImageError, MissingError, RegistryError
from imagemover.registry import MOST_ERROR_BYTES

if TYPE_CHECKING:
    from imagemover.exchange import Exchange, Response
    from imagemover.manifests import Descriptor
    from imagemover.repository import Repository
    from imagemover.urls import Url

_RANGE = r"(?:bytes=)?0-(\d+)\Z"


class Upload:
    """A session of one blob.

    Args:
        repository: Where the blob goes.
        blob: The blob.
        location: The session's URL.
    """

    def __init__(self, repository: Repository, blob: Descriptor, location: Url) -> None:
        self.repository = repository
        self.blob = blob
        self.offset = 0
        self._location = location
        self._scopes = repository.scopes(push=True)
        self._exchange: Exchange | None = None
        self._room = 0

    def write(self, piece: memoryview) -> None:
        """Send the next bytes.

        Args:
            piece: From `offset` on.

        Raises:
            ImageError: The connection broke, or the registry refused; `resume` tells what it kept.
        """
        while piece:
            if self._exchange is None:
                self._begin()
            part = piece[: self._room]
            self._send(part)
            self.offset += len(part)
            self._room -= len(part)
            piece = piece[len(part) :]
            if self._room == 0 and self.repository.registry.chunk_bytes is not None:
                self._acknowledged()

    def commit(self) -> None:
        """Finish: the registry checks the digest and keeps the blob.

        Raises:
            ImageError: It does not; or the answer was lost, and it may have.
        """
        if self._exchange is None:
            self._begin(last=True)
        response = self._answer()
        if response.status != 201:  # noqa: PLR2004  # what the specification demands
            raise self._refusal(response)
        found = response.headers.get("Docker-Content-Digest", "")
        response.read(MOST_ERROR_BYTES)
        if found and found.partition(":")[0] == self.blob.digest.partition(":")[0] and found != self.blob.digest:
            what = f"{self.repository.name} stored {found} for {self.blob.digest}"
            raise ConnectionLostError(what, "the registry is broken", "look at the registry", self.repository.name)

    def resume(self) -> bool:
        """Ask what the registry kept, and go on from there.

        Returns:
            Whether `offset` is the registry's; False: the session is lost.

        Raises:
            ImageError: The registry does not answer well.
        """
        self._drop()
        try:
            response = self.repository.registry.request(
                "GET", self._location, self._scopes, f"the upload of {self.blob.digest}", expected=(204, 202, 200)
            )
        except MissingError:
            return False
        response.read(MOST_ERROR_BYTES)
        match = re.match(_RANGE, response.headers.get("Range", "").strip())
        if match is None:
            return False
        kept = int(match[1]) + 1
        if kept == 1:
            kept = 0  # "0-0" is said of nothing, and of one byte: send it again
            return False
        if kept > self.blob.size:
            return False
        self._move(response)
        self.offset = kept
        return True

    def cancel(self) -> None:
        """Give the session up, and tell the registry if it listens."""
        self._drop()
        try:
            self.repository.registry.request(
                "DELETE", self._location, self._scopes, "the upload", expected=(204, 202, 200, 404)
            ).close()
        except ImageError:
            return  # it forgets sessions by itself, in time

    def abandon(self) -> None:
        """Close the connection in the middle; the session stays."""
        self._drop()

    def _begin(self, *, last: bool = False) -> None:
        chunk = self.repository.registry.chunk_bytes
        rest = self.blob.size - self.offset
        self._room = rest if chunk is None else min(chunk, rest)
        headers = {"Content-Type": "application/octet-stream"}
        if self.offset or (chunk is not None and not last):
            headers["Content-Range"] = f"{self.offset}-{self.offset + self._room - 1}"
        if last and not rest:
            headers.pop("Content-Range", None)
        if chunk is None or last:
            joint = "&" if "?" in self._location.target else "?"
            target = f"{self._location.target}{joint}digest={quote(self.blob.digest, safe='')}"
            url = type(self._location)(self._location.scheme, self._location.host, self._location.port, target)
            method = "PUT"
        else:
            url, method = self._location, "PATCH"
        registry = self.repository.registry
        registry.patience.enter(registry.gate)
        self._exchange = registry.send(method, url, self._scopes, headers, announced=self._room)

    def _send(self, part: memoryview) -> None:
        exchange = self._exchange
        if exchange is None:
            raise ConnectionLostError("the upload's connection was closed", "", "", self.repository.name)
        early = exchange.write_or_answer(part)
        if early is not None:
            # The registry answered before it had everything: that says more than a broken pipe.
            self._exchange = None
            raise self._refusal(early, exchange)

    def _acknowledged(self) -> None:
        response = self._answer()
        if response.status not in {202, 201}:
            raise self._refusal(response)
        response.read(MOST_ERROR_BYTES)
        self._move(response)
        self._exchange = None

    def _answer(self) -> Response:
        if self._exchange is None:
            raise ConnectionLostError("the upload's connection was closed", "", "", self.repository.name)
        return self._exchange.response()

    def _refusal(self, response: Response, exchange: Exchange | None = None) -> ImageError:
        exchange = exchange or self._exchange
        told = response.read(MOST_ERROR_BYTES)
        registry = self.repository.registry
        refused = exchange.authorization if exchange else ""
        if registry.renewed(response, told, self._scopes, refused):
            why = "it is renewed"
            return ConnectionLostError("the token expired during an upload", why, "try again", self.repository.name)
        return registry.error(response, told, f"the upload of {self.blob.digest}", self._location)

    def _move(self, response: Response) -> None:
        if location := response.headers.get("Location", ""):
            self._location = self.repository.registry.resolve(location, self._location)

    def _drop(self) -> None:
        if self._exchange is not None:
            self._exchange.abandon()
            self._exchange = None


class PendingUpload:
    """A session that was asked for.

    Args:
        repository: Where.
        blob: What.
        mount_from: Repository of the same registry that holds the blob; empty if none is known.
    """

    def __init__(self, repository: Repository, blob: Descriptor, mount_from: str) -> None:
        self._repository = repository
        self._blob = blob
        self._mount_from = mount_from
        query = {"mount": blob.digest, "from": mount_from} if mount_from else {}
        self._target = f"/v2/{repository.path}/blobs/uploads/" + (f"?{urlencode(query)}" if query else "")
        self._scopes = repository.scopes(push=True)
        if mount_from:
            self._scopes = (*self._scopes, f"repository:{mount_from}:pull")
        registry = repository.registry
        self._pending: Exchange | None = None
        if not registry.gate.seconds:
            try:
                self._pending = registry.send("POST", registry.resolve(self._target), self._scopes)
            except ImageError as err:
                if not err.again:
                    raise

    def open(self) -> Upload | None:
        """Wait for the session.

        Returns:
            The session; None if the blob was mounted, so that nothing is to be sent.

        Raises:
            ImageError: The registry gives none.
        """
        registry = self._repository.registry

        def ask() -> Response:
            pending, self._pending = self._pending, None
            return registry.request(
                "POST", self._target, self._scopes, f"an upload to {self._repository.name}",
                expected=(202, 201), pending=pending,
            )  # fmt: skip

        try:
            response = registry.patience.run(ask, registry.gate)
        except DeniedError:
            if not self._mount_from:
                raise
            # Who may push here need not be one who may read there: the blob is sent instead.
            self._target, self._scopes = self._target.partition("?")[0], self._repository.scopes(push=True)
            response = registry.patience.run(ask, registry.gate)
        response.read(MOST_ERROR_BYTES)
        if response.status == 201:  # noqa: PLR2004  # mounted, says the specification
            return None
        location = response.headers.get("Location", "")
        if not location:
            what = f"{self._repository.name} gave an upload without Location"
            raise RegistryError(202, "", what, "the specification demands one", "look at the registry")
        return Upload(self._repository, self._blob, registry.resolve(location))

    def abandon(self) -> None:
        """Forget it."""
        if self._pending is not None:
            self._pending.abandon()
            self._pending = None

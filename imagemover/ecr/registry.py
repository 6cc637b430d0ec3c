"""ECR registries and repositories for the mover: passwords before they are asked for, ECR's limits, presence in bulk.

Owns what ECR does otherwise than the specification, as far as the engine must
know. Settings of repositories are in `repositories`.

Source: Amazon ECR user guide, service quotas; API reference, BatchCheckLayerAvailability.
"""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

from imagemover.auth import Authenticator
from imagemover.ecr import repositories
from imagemover.ecr.pace import Pace
from imagemover.errors import DeniedError, ManifestError
from imagemover.registry import Registry
from imagemover.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from imagemover.ecr.cloud import Cloud
    from imagemover.ecr.hosts import Host
    from imagemover.ecr.login import Login
    from imagemover.ecr.settings import Found
    from imagemover.exchange import Exchange, Response
    from imagemover.manifests import Descriptor
    from imagemover.patience import Patience
    from imagemover.transport import Transport
    from imagemover.upload import PendingUpload
    from imagemover.urls import Url

MANIFESTS_PER_SECOND = 10
"""PutImage, for each account and region."""

MOST_LAYER_BYTES = 52_000 << 20
MOST_PARTS = 4200
LEAST_PART_BYTES, MOST_PART_BYTES = 5 << 20, 20 << 20
LAYERS_PER_CALL = 100


class _Passwords(Authenticator):
    """Basic from the first request on; a refused password is renewed, once for all threads."""

    def __init__(self, name: str, host: Host, login: Login, transport: Transport) -> None:
        super().__init__(name, login, transport)
        self._host = host
        self._login = login

    def header(self, _scopes: Iterable[str]) -> str:
        return self._login.credential(self._host).basic()

    def answer(self, _response: object, _scopes: Iterable[str], refused: str) -> str:
        return self.another(refused, expired=True)

    def another(self, refused: str, *, expired: bool) -> str:
        """Give another header than the refused one; empty if there is none."""
        found = self._login.renewed(self._host, refused, expired=expired)
        return found.basic() if found is not None else ""


class EcrRegistry(Registry):
    """A registry of ECR; made by `registries.Ecr`.

    Args:
        host: Account and region.
        cloud: ECR's own API.
        login: Gives passwords, and says where the registry is.
        patience: As in Registry.
        ca_file: As in Registry.
        chunk_bytes: As in Registry; 5 to 20 MiB, None is right for ECR.

    Raises:
        ManifestError: The chunks are too small or too large for ECR.
        ImageError: ECR gives no password.
    """

    def __init__(
        self,
        host: Host,
        cloud: Cloud,
        login: Login,
        *,
        patience: Patience | None = None,
        ca_file: str | None = None,
        chunk_bytes: int | None = None,
    ) -> None:
        if chunk_bytes is not None and not LEAST_PART_BYTES <= chunk_bytes <= MOST_PART_BYTES:
            why = "ECR takes parts of 5 to 20 MiB"
            raise ManifestError(f"chunks of {chunk_bytes} bytes are refused", why, "leave chunk_bytes out", str(host))
        place = login.endpoint(host)
        super().__init__(place, keyring=login, patience=patience, ca_file=ca_file, chunk_bytes=chunk_bytes)
        self.ecr = host
        self.cloud = cloud
        self._passwords = _Passwords(place, host, login, self.transport)
        self._auth = self._passwords
        self._pace = Pace(MANIFESTS_PER_SECOND)

    def repository(self, path: str) -> EcrRepository:
        """Give a repository.

        Args:
            path: Its name in the registry.

        Returns:
            The repository; `repositories.ensure` creates it.

        Raises:
            ReferenceSyntaxError: No repository can have this name.
        """
        super().repository(path)
        return EcrRepository(self, path)

    def request(
        self,
        method: str,
        target: str | Url,
        scopes: Iterable[str],
        what: str,
        *,
        expected: Iterable[int] = (200,),
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        pending: Exchange | None = None,
    ) -> Response:
        """Make a request, at ECR's pace for manifests.

        Args:
            method: As in Registry.
            target: As in Registry.
            scopes: As in Registry.
            what: As in Registry.
            expected: As in Registry.
            headers: As in Registry.
            body: As in Registry.
            pending: As in Registry.

        Returns:
            The answer.

        Raises:
            ImageError: As in Registry.
        """
        is_manifest = method == "PUT" and isinstance(target, str) and "/manifests/" in target
        used = pending.authorization if pending is not None else self._passwords.header(scopes)
        with self._pace.turn(self.patience) if is_manifest else contextlib.nullcontext():
            try:
                return super().request(
                    method, target, scopes, what, expected=expected, headers=headers, body=body, pending=pending
                )
            except DeniedError:
                # An expired password gets 403 with a text that says so; answers to HEAD have no text.
                if method != "HEAD" or not self._passwords.another(used, expired=False):
                    raise
        return super().request(method, target, scopes, what, expected=expected, headers=headers)


class EcrRepository(Repository):
    """A repository of ECR.

    Args:
        registry: That it is in.
        path: Its name there.
    """

    registry: EcrRegistry

    def __init__(self, registry: EcrRegistry, path: str) -> None:
        super().__init__(registry, path)
        self._lock = threading.Lock()
        self._found: Found | None = None

    def has(self, blob: Descriptor) -> bool:
        """Look whether a blob is there; one that can never be is refused, before anything is sent.

        Args:
            blob: The blob.

        Returns:
            Whether it is, with the right size.

        Raises:
            ManifestError: It is larger than ECR takes.
        """
        self._check(blob)
        return super().has(blob)

    def begin(self, blob: Descriptor, mount_from: str = "") -> PendingUpload:
        """Ask for an upload session, or for the blob of another repository.

        Args:
            blob: The blob.
            mount_from: Repository of the same registry that holds it; empty if none is known.

        Returns:
            The session to be.

        Raises:
            ManifestError: It is larger than ECR takes.
        """
        self._check(blob)
        return super().begin(blob, mount_from)

    def present(self, blobs: Iterable[Descriptor]) -> set[str]:
        """Look which of many blobs are there: 100 for each call of BatchCheckLayerAvailability.

        Args:
            blobs: The blobs.

        Returns:
            Digests of those that are there, with the right size.

        Raises:
            ManifestError: One is larger than ECR takes.
            ImageError: ECR does not say.
        """
        sizes: dict[str, int] = {}
        found: set[str] = set()
        for blob in blobs:
            self._check(blob)
            if blob.digest.startswith("sha256:"):
                sizes[blob.digest] = blob.size
            elif super().has(blob):
                found.add(blob.digest)
        digests = list(sizes)
        for begin in range(0, len(digests), LAYERS_PER_CALL):
            asked = digests[begin : begin + LAYERS_PER_CALL]
            answer = self.registry.cloud.call(
                self.registry.ecr, "batch_check_layer_availability", repositoryName=self.path, layerDigests=asked
            )
            for layer in answer.get("layers") or []:
                digest, size = layer.get("layerDigest"), layer.get("layerSize")
                if digest in sizes and layer.get("layerAvailability") == "AVAILABLE" and size == sizes[digest]:
                    found.add(digest)
        return found

    def is_frozen(self, tag: str) -> bool:
        """Tell whether a tag may not move once it is set.

        Args:
            tag: The tag.

        Returns:
            Whether the repository's tags are immutable, and no filter excludes this one.

        Raises:
            MissingError: There is no such repository.
            ImageError: ECR does not say.
        """
        with self._lock:
            if self._found is None:
                self._found = repositories.describe(self.registry.cloud, self.registry.ecr, self.path)
            return self._found.freezes(tag)

    def _check(self, blob: Descriptor) -> None:
        chunk = self.registry.chunk_bytes
        most = MOST_LAYER_BYTES if chunk is None else min(MOST_LAYER_BYTES, MOST_PARTS * chunk)
        if blob.size > most:
            what = f"the layer {blob.digest} has {blob.size} bytes"
            why = f"{self.registry.host} takes at most {most}"
            raise ManifestError(what, why, "build the image with smaller layers", self.name)

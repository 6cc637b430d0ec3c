"""One repository of a registry: manifests, blobs, tags, referrers.

Owns the API's paths and what its answers mean. Small requests are repeated as
`patience` says; streams of blobs are tried once here, `transfer` resumes them.

Source: opencontainers/distribution-spec spec.md.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from imagemover import digests, manifests, strictjson
from imagemover.blobstream import BlobStream
from imagemover.errors import (
    ConnectionLostError,
    ImageError,
    ManifestError,
    MissingError,
    ReferenceSyntaxError,
    RegistryError,
)
from imagemover.places import Kept
from imagemover.references import check_tag, fallback_tag
from imagemover.registry import MOST_ERROR_BYTES, REDIRECTS
from imagemover.upload import PendingUpload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from imagemover.exchange import Response
    from imagemover.manifests import Descriptor, Manifest
    from imagemover.patience import Gate
    from imagemover.registry import Registry
    from imagemover.urls import Url

MOST_PAGES = 10_000
_NEXT = r'<([^>]+)>\s*;\s*rel="?next"?'
_ACCEPT = ", ".join(manifests.ACCEPTED)


class Repository:
    """A repository.

    Args:
        registry: That it is in.
        path: Its name there.
    """

    def __init__(self, registry: Registry, path: str) -> None:
        self.registry = registry
        self.path = path
        self.name = f"{registry.host}/{path}"
        self.place = registry.host
        self._direct: dict[str, Url] = {}

    @property
    def gate(self) -> Gate:
        """What all workers wait at."""
        return self.registry.gate

    def scopes(self, *, push: bool = False) -> tuple[str, ...]:
        """Give the scope of a token.

        Args:
            push: Whether to write.

        Returns:
            One scope.
        """
        return (f"repository:{self.path}:{'pull,push' if push else 'pull'}",)

    def _patiently(self, request: Callable[[], Response]) -> Response:
        return self.registry.patience.run(request, self.gate)

    def _manifest_path(self, name: str) -> str:
        # Whatever is no tag and no digest could lead to another path.
        checked = digests.check(name, self.name) if ":" in name else check_tag(name, self.name)
        return f"/v2/{self.path}/manifests/{checked}"

    def resolve(self, name: str) -> str | None:
        """Look which manifest a name stands for.

        Args:
            name: Tag or digest.

        Returns:
            Its digest; None if there is none.
        """
        target, what = self._manifest_path(name), f"{self.name}:{name}"
        response = self._patiently(
            lambda: self.registry.request(
                "HEAD", target, self.scopes(), what, expected=(200, 404), headers={"Accept": _ACCEPT}
            )
        )
        response.close()
        if response.status == 404:  # noqa: PLR2004  # HTTP's own number
            return None
        try:
            return digests.check(response.headers.get("Docker-Content-Digest"), what)
        except ReferenceSyntaxError:
            return self.manifest(name).digest

    def manifest(self, name: str) -> Manifest:
        """Read a manifest.

        Args:
            name: Tag or digest; by digest the bytes must have it.

        Returns:
            The manifest.

        Raises:
            MissingError: It is not there.
            ManifestError: It is refused.
            ContentError: Its bytes have another digest, twice.
        """
        where = f"{self.name}{'@' if ':' in name else ':'}{name}"

        def once() -> Manifest:
            response = self.registry.request(
                "GET", self._manifest_path(name), self.scopes(), where, headers={"Accept": _ACCEPT}
            )
            data = response.read(manifests.MOST_BYTES)
            media_type = response.headers.get("Content-Type", "").partition(";")[0].strip()
            digest = name if ":" in name else ""
            if digest and digests.of(data, digest.partition(":")[0]) != digest and len(data) <= manifests.MOST_BYTES:
                found = digests.of(data, digest.partition(":")[0])
                raise ConnectionLostError(f"the manifest {digest} arrived as {found}", "its bytes changed", "", where)
            return manifests.read(data, media_type, digest, where)

        return self.registry.patience.run(once, self.registry.gate)

    def put_manifest(self, manifest: Manifest, name: str) -> Kept:
        """Write a manifest.

        Args:
            manifest: Its bytes go as they are.
            name: Tag or digest.

        Returns:
            What the registry says of it.

        Raises:
            RegistryError: It is refused; blobs may be missing.
        """
        response = self._patiently(
            lambda: self.registry.request(
                "PUT", self._manifest_path(name), self.scopes(push=True), f"{self.name}:{name}",
                expected=(201,), headers={"Content-Type": manifest.media_type}, body=manifest.data,
            )
        )  # fmt: skip
        response.read(MOST_ERROR_BYTES)
        return Kept("OCI-Subject" in response.headers, response.headers.get("Docker-Content-Digest", ""))

    def tags(self) -> Iterator[str]:
        """List the tags.

        Yields:
            Each tag, page by page.
        """
        target = f"/v2/{self.path}/tags/list"
        for page in self._pages(target, f"the tags of {self.name}"):
            for tag in page.get("tags") or []:
                if isinstance(tag, str):
                    yield tag

    def _pages(self, target: str, what: str) -> Iterator[dict[str, Any]]:
        for _ in range(MOST_PAGES):
            here = target
            response = self._patiently(lambda: self.registry.request("GET", here, self.scopes(), what))  # noqa: B023
            yield strictjson.read_object(response.read(manifests.MOST_BYTES), what, manifests.MOST_BYTES)
            match = re.search(_NEXT, response.headers.get("Link", ""))
            if match is None:
                return
            target = match[1]
        raise ManifestError(f"{what} have no end", f"{MOST_PAGES} pages were read", "look at the registry", self.name)

    def referrers(self, digest: str) -> tuple[Descriptor, ...]:
        """List what refers to a manifest: by the API, else by the fallback tag.

        Args:
            digest: Of the manifest.

        Returns:
            Descriptors of the manifests.
        """
        found: dict[str, Descriptor] = {}
        try:
            for page in self._pages(f"/v2/{self.path}/referrers/{digest}", f"the referrers of {digest}"):
                for one in manifests.read_index_entries(page, self.name):
                    found[one.digest] = one
        except (MissingError, RegistryError) as err:
            if err.again:
                raise
        else:
            return tuple(found.values())
        try:
            return self.manifest(fallback_tag(digest)).children
        except MissingError:
            return ()

    def has(self, blob: Descriptor) -> bool:
        """Look whether a blob is there.

        Args:
            blob: The blob.

        Returns:
            Whether it is, with the right size.
        """
        target = f"/v2/{self.path}/blobs/{blob.digest}"
        response = self._patiently(
            lambda: self.registry.request("HEAD", target, self.scopes(), blob.digest, expected=(200, 404, *REDIRECTS))
        )
        response.close()
        if response.status in REDIRECTS:
            return True  # to storage, whose signed URL may be good for GET only
        length = response.headers.get("Content-Length")
        return response.status == 200 and length in {None, str(blob.size)}  # noqa: PLR2004  # HTTP's own number

    def open_blob(self, blob: Descriptor, offset: int = 0) -> BlobStream:
        """Open a blob; one try.

        Args:
            blob: The blob.
            offset: First byte that is wanted; less than its size.

        Returns:
            The stream.

        Raises:
            ImageError: It cannot be had.
        """
        response = self._get(f"/v2/{self.path}/blobs/{blob.digest}", blob, f"{offset}-" if offset else "")
        if response.status == 206:  # noqa: PLR2004  # HTTP's own number
            return self._part(response, blob, offset)
        return BlobStream(response, offset)

    def open_range(self, blob: Descriptor, begin: int, end: int) -> BlobStream:
        """Open a part of a blob; one try. Where it is redirected to is remembered for the next part.

        Args:
            blob: The blob.
            begin: First byte.
            end: The one after the last.

        Returns:
            The stream; it may end early.

        Raises:
            RegistryError: The registry knows no ranges.
            ImageError: It cannot be had.
        """
        target = self._direct.get(blob.digest) or f"/v2/{self.path}/blobs/{blob.digest}"
        try:
            response = self._get(target, blob, f"{begin}-{end - 1}")
        except ImageError:
            self._direct.pop(blob.digest, None)  # its URL may have been signed for a short time
            raise
        if response.status == 200:  # noqa: PLR2004  # HTTP's own number
            response.close()
            raise RegistryError(200, "", f"{self.name} gives no parts of blobs", "it sent the whole", "", self.name)
        if response.url.key != self.registry.root.key:
            self._direct[blob.digest] = response.url
        return self._part(response, blob, begin)

    def _get(self, target: str | Url, blob: Descriptor, span: str) -> Response:
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={span}"} if span else {})
        what = f"the blob {blob.digest}"
        return self.registry.request("GET", target, self.scopes(), what, expected=(200, 206), headers=headers)

    def _part(self, response: Response, blob: Descriptor, begin: int) -> BlobStream:
        if not response.headers.get("Content-Range", "").startswith(f"bytes {begin}-"):
            response.close()
            what = f"{self.name} answered with another range than was asked for"
            raise ConnectionLostError(what, f"byte {begin} of {blob.digest} was wanted", "try again", self.name)
        return BlobStream(response, 0)

    def begin(self, blob: Descriptor, mount_from: str = "") -> PendingUpload:
        """Ask for an upload session, and do not wait for it.

        Args:
            blob: The blob.
            mount_from: Repository of the same registry that holds it; empty if none is known.

        Returns:
            The session to be.
        """
        return PendingUpload(self, blob, mount_from)

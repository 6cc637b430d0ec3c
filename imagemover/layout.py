"""OCI layout directories, as source and as destination.

Owns the files of a layout. Reads only what its digests name: no path in it is
followed, and symbolic links are refused. Writes beside, checks, and renames, so
that a blob that is there is complete; index.json comes last.

Source: opencontainers/image-spec image-layout.md.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import tempfile
import threading
from typing import TYPE_CHECKING, Any, BinaryIO

from imagemover import digests, manifests, strictjson
from imagemover.errors import LayoutError, MissingError
from imagemover.layoutfiles import FileSession, FileStream, cannot
from imagemover.patience import Gate
from imagemover.places import Kept
from imagemover.references import check_tag
from imagemover.refnames import REF_NAME, matching, ref_name, replaces

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagemover.manifests import Descriptor, Manifest

MARKER = {"imageLayoutVersion": "1.0.0"}
MOST_MARKER_BYTES = 4096


class Layout:
    """A layout directory.

    Args:
        directory: Its path.
        create: Whether to make it if it is not there.

    Raises:
        LayoutError: It is none.
    """

    def __init__(self, directory: str, *, create: bool = False) -> None:
        self.directory = os.path.abspath(directory)
        self.name = self.place = self.directory
        self.path = ""
        self.gate = Gate()
        self._lock = threading.Lock()
        if create and not os.path.exists(self._at("oci-layout")):
            try:
                self._check_empty()
                os.makedirs(self._at("blobs", "sha256"), exist_ok=True)
                self._write("index.json", {"schemaVersion": 2, "mediaType": manifests.OCI_INDEX, "manifests": []})
                self._write("oci-layout", MARKER)
            except OSError as err:
                raise cannot(self.name, "made", err) from err
        marker = strictjson.read_object(self._read(self._at("oci-layout"), MOST_MARKER_BYTES), "oci-layout", 4096)
        if marker.get("imageLayoutVersion") != MARKER["imageLayoutVersion"]:
            why = f"its imageLayoutVersion is {marker.get('imageLayoutVersion')!r:.40}"
            raise LayoutError(f"{self.name} is not a layout that is understood", why, "write version 1.0.0", self.name)

    def _check_empty(self) -> None:
        """Refuse a directory that holds other things; what a layout that was not finished left is none."""
        found = os.listdir(self.directory) if os.path.exists(self.directory) else []
        others = [name for name in found if name not in {"blobs", "index.json"} and not name.startswith(".partial-")]
        if others:
            why = f"it is no layout, and not empty: it has {others[0]!r:.60}"
            raise LayoutError(f"{self.name} is not written to", why, "name a new directory, or an empty one", self.name)

    def _at(self, *parts: str) -> str:
        return os.path.join(self.directory, *parts)

    def folder(self, digest: str) -> str:
        """Give the folder of a blob.

        Args:
            digest: Of the blob.

        Returns:
            Its path; the folder is there.
        """
        folder = self._at("blobs", digest.partition(":")[0])
        os.makedirs(folder, exist_ok=True)
        return folder

    def file(self, digest: str) -> str:
        """Give the file of a blob.

        Args:
            digest: Its syntax is checked: it is the only thing that makes up a path.

        Returns:
            The path.
        """
        algorithm, _, value = digests.check(digest, self.name).partition(":")
        return self._at("blobs", algorithm, value)

    def _open(self, path: str) -> BinaryIO:
        try:
            # No links: one could lead to any file of whoever copies.
            return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb", 0)
        except FileNotFoundError:
            what = f"{os.path.relpath(path, self.directory)} is not in the layout"
            raise MissingError(what, "a layout holds all that its manifests name", "write it anew", self.name) from None
        except OSError as err:
            raise cannot(path, "read", err) from err

    def _read(self, path: str, most_bytes: int) -> bytes:
        with self._open(path) as handle:
            try:
                return handle.read(most_bytes + 1)
            except OSError as err:
                raise cannot(path, "read", err) from err

    def _write(self, name: str, value: object) -> None:
        descriptor, path = tempfile.mkstemp(prefix=".partial-", dir=self.directory)
        with os.fdopen(descriptor, "w") as handle:
            json.dump(value, handle, separators=(",", ":"))
            handle.flush()
            os.fsync(handle.fileno())
        os.chmod(path, 0o644)
        os.replace(path, self._at(name))

    def _index(self) -> dict[str, Any]:
        data = self._read(self._at("index.json"), manifests.MOST_BYTES)
        return strictjson.read_object(data, f"{self.name}/index.json", manifests.MOST_BYTES)

    def _entries(self) -> tuple[tuple[str, Descriptor], ...]:
        """Give the entries of index.json, each with its tag or an empty text."""
        entries = manifests.read_index_entries(self._index(), self.name, each=True)
        return tuple((ref_name(one.raw), one) for one in entries)

    def resolve(self, name: str) -> str | None:
        """Look which manifest a name stands for.

        Args:
            name: Tag or digest; empty: the only image.

        Returns:
            Its digest; None if there is none.
        """
        if ":" in name and "/" not in name and name.startswith(("sha256:", "sha512:")):
            return name if os.path.exists(self.file(name)) else None
        found = matching(name, ((tag, one.digest) for tag, one in self._entries()))
        return found.pop() if len(found) == 1 else None

    def manifest(self, name: str) -> Manifest:
        """Read a manifest.

        Args:
            name: Tag or digest; empty: the only image.

        Returns:
            The manifest.

        Raises:
            MissingError: It is not there, or several images are and none was named.
            ManifestError: It is refused.
            ContentError: Its file has other bytes.
        """
        digest = self.resolve(name)
        if digest is None:
            tags = ", ".join(sorted(tag for tag, _ in self._entries() if tag)) or "no tags"
            what = f"{self.name} has no image {name!r}" if name else f"{self.name} has not just one image"
            raise MissingError(what, f"it has {tags}", "name one of them, or a digest", self.name)
        types = {one.digest: one.media_type for _, one in self._entries()}
        data = self._read(self.file(digest), manifests.MOST_BYTES)
        return manifests.read(data, types.get(digest, ""), digest, f"{self.name}@{digest}")

    def referrers(self, digest: str) -> tuple[Descriptor, ...]:
        """List what refers to a manifest, of that which index.json names.

        Args:
            digest: Of the manifest.

        Returns:
            Descriptors of the manifests.
        """
        found = []
        for _, one in self._entries():
            if one.media_type in manifests.MANIFESTS | manifests.INDEXES and one.digest != digest:
                subject = self.manifest(one.digest).subject
                if subject is not None and subject.digest == digest:
                    found.append(one)
        return tuple(found)

    def has(self, blob: Descriptor) -> bool:
        """Look whether a blob is there.

        Args:
            blob: The blob.

        Returns:
            Whether a file of its size is; only complete ones get their name.
        """
        with contextlib.suppress(OSError):
            return os.stat(self.file(blob.digest), follow_symlinks=False).st_size == blob.size
        return False

    def open_blob(self, blob: Descriptor, offset: int = 0) -> FileStream:
        """Open a blob.

        Args:
            blob: The blob.
            offset: First byte that is wanted.

        Returns:
            The stream.

        Raises:
            MissingError: It is not there.
            LayoutError: It is a link, or cannot be read.
        """
        handle = self._open(self.file(blob.digest))
        handle.seek(offset)
        return FileStream(handle)

    def begin(self, blob: Descriptor, _mount_from: str = "") -> FileSession:
        """Begin to write a blob.

        Args:
            blob: The blob.

        Returns:
            The session.

        Raises:
            LayoutError: The file cannot be made.
        """
        try:
            self.folder(blob.digest)
            return FileSession(self.name, self.file(blob.digest), blob)
        except OSError as err:
            raise cannot(self.name, "written", err) from err

    def put_manifest(self, manifest: Manifest, name: str) -> Kept:
        """Write a manifest.

        Args:
            manifest: Its bytes go as they are.
            name: Tag or digest; a tag, and what refers to something, is named in index.json.

        Returns:
            That no tags for referrers are needed.
        """
        session = self.begin(manifest.descriptor())
        try:
            session.write(memoryview(manifest.data))
            session.commit()
        except BaseException:
            session.cancel()
            raise
        if ":" in name and manifest.subject is None:
            return Kept(is_listed=True)
        raw = dict(manifest.descriptor().raw)
        if ":" not in name:
            raw["annotations"] = dict(raw.get("annotations", {})) | {REF_NAME: check_tag(name)}
        self._enter(raw)
        return Kept(is_listed=True)

    def enter(self, digest: str) -> None:
        """Name an image in index.json without a tag, unless it has a place there: else nobody could find it.

        Args:
            digest: Of its manifest, which is there.

        Raises:
            LayoutError: index.json cannot be written.
        """
        if all(one.digest != digest for _, one in self._entries()):
            self._enter(dict(self.manifest(digest).descriptor().raw))

    def _enter(self, raw: dict[str, Any]) -> None:
        try:
            with self._exclusive():
                index = self._index()
                kept = [one for one in index.get("manifests", []) if not replaces(raw, one)]
                self._write("index.json", index | {"manifests": [*kept, raw]})
        except OSError as err:
            raise cannot(self.name, "written", err) from err

    @contextlib.contextmanager
    def _exclusive(self) -> Iterator[None]:
        with self._lock, open(self._at("oci-layout"), "rb") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

"""Archives as sources: a layout in a tar, and what `docker save` writes; nothing is unpacked.

Owns reading members of a tar at their offset. Names in a tar are compared, never
opened on disk; links, absolute names and names with ".." are refused. Only plain tar:
a compressed one could not be read at an offset.
"""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
import tarfile
from typing import TYPE_CHECKING, Any, BinaryIO

from imagemover import digests, manifests, strictjson
from imagemover.errors import LayoutError, MissingError
from imagemover.layout import ref_name
from imagemover.patience import Gate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagemover.manifests import Descriptor, Manifest

MOST_MEMBERS = 65536
MOST_JSON_BYTES = 4 << 20
LAYER = "application/vnd.docker.image.rootfs.diff.tar"
CONFIG = "application/vnd.docker.container.image.v1+json"
_PIECE_BYTES = 256 << 10


class MemberStream:
    """A blob's bytes from a part of the archive.

    Args:
        handle: At the first byte that is wanted.
        rest: How many there are.
    """

    def __init__(self, handle: BinaryIO, rest: int) -> None:
        self._handle = handle
        self._rest = rest

    def readinto(self, view: memoryview) -> int:
        """Read the next bytes.

        Args:
            view: Gets them.

        Returns:
            How many; 0 at the end.
        """
        count: int = self._handle.readinto(view[: self._rest])  # type: ignore[attr-defined]  # a file has it
        self._rest -= count
        return count

    def close(self) -> None:
        """Close the file."""
        self._handle.close()


class Archive:
    """Images in a tar; use `open_archive`.

    Args:
        file: Its path.
        members: Offset and size by name.
    """

    def __init__(self, file: str, members: dict[str, tuple[int, int]]) -> None:
        self.name = self.place = file
        self.path = ""
        self.gate = Gate()
        self.tags: dict[str, str] = {}
        self._file = file
        self._members = members
        self._at: dict[str, tuple[int, int]] = {}
        self._manifests: dict[str, Manifest] = {}
        if "index.json" in members and "oci-layout" in members:
            self._read_layout()
        elif "manifest.json" in members:
            self._read_docker()
        else:
            why = "it has neither oci-layout and index.json nor manifest.json"
            raise LayoutError(f"{file} holds no image", why, "write it with `docker save` or as an OCI layout", file)

    def _read_layout(self) -> None:
        for name, where in self._members.items():
            parts = name.split("/")
            if len(parts) == 3 and parts[0] == "blobs" and parts[1] in {"sha256", "sha512"}:  # noqa: PLR2004
                self._at[digests.check(f"{parts[1]}:{parts[2]}", name)] = where
        index = strictjson.read_object(self._member("index.json"), "index.json", MOST_JSON_BYTES)
        for one in manifests.read_index_entries(index, self.name, each=True):
            self.tags[ref_name(one.raw) or one.digest] = one.digest

    def _read_docker(self) -> None:
        """Make a manifest for each image of `docker save`: it stores none, so its digest is made here."""
        text = b'{"images":' + self._member("manifest.json") + b"}"
        images = strictjson.read_object(text, "manifest.json", MOST_JSON_BYTES)["images"]
        if not isinstance(images, list):
            raise self._wrong("manifest.json is not a list")
        for image in images:
            if not isinstance(image, dict) or not isinstance(image.get("Layers"), list):
                raise self._wrong("manifest.json has an entry without Layers")
            layers = [self._described(LAYER, name) for name in image["Layers"]]
            body = {
                "schemaVersion": 2,
                "mediaType": manifests.DOCKER_MANIFEST,
                "config": self._described(CONFIG, image.get("Config")),
                "layers": layers,
            }
            data = json.dumps(body, separators=(",", ":")).encode()
            made = manifests.read(data, where=self.name)
            self._manifests[made.digest] = made
            tags = image.get("RepoTags")
            for tag in tags if isinstance(tags, list) and tags else [made.digest]:
                self.tags[str(tag)] = made.digest

    def _described(self, media_type: str, name: Any) -> dict[str, Any]:
        if not isinstance(name, str) or _plain(name) not in self._members:
            raise self._wrong(f"it names {name!r:.100}, which is not in the archive")
        offset, size = self._members[_plain(name)]
        with open(self._file, "rb") as handle:
            handle.seek(offset)
            digest = _hash(handle, size)
        self._at[digest] = (offset, size)
        return {"mediaType": media_type, "size": size, "digest": digest}

    def _member(self, name: str) -> bytes:
        offset, size = self._members[name]
        if size > MOST_JSON_BYTES:
            raise self._wrong(f"{name} has more than {MOST_JSON_BYTES} bytes")
        with open(self._file, "rb") as handle:
            handle.seek(offset)
            return handle.read(size)

    def resolve(self, name: str) -> str | None:
        """Look which manifest a name stands for.

        Args:
            name: Tag, complete or its last part, or digest; empty: the only image.

        Returns:
            Its digest; None if there is none.
        """
        if name in self._at or name in self._manifests:
            return name
        found = {digest for tag, digest in self.tags.items() if not name or tag == name or tag.endswith(f":{name}")}
        return found.pop() if len(found) == 1 else None

    def manifest(self, name: str) -> Manifest:
        """Read a manifest.

        Args:
            name: As in `resolve`.

        Returns:
            The manifest.

        Raises:
            MissingError: It is not there, or several images are and none was named.
            ManifestError: It is refused.
            ContentError: It has other bytes.
        """
        digest = self.resolve(name)
        if digest is None:
            there = ", ".join(sorted(self.tags))
            raise MissingError(f"{self.name} has no image {name!r}", f"it has {there}", "name one of them", self.name)
        if digest in self._manifests:
            return self._manifests[digest]
        if digest not in self._at:
            raise MissingError(f"{digest} is not in the archive", "its index names it", "write it anew", self.name)
        offset, size = self._at[digest]
        with open(self._file, "rb") as handle:
            handle.seek(offset)
            data = handle.read(min(size, manifests.MOST_BYTES + 1))
        return manifests.read(data, "", digest, f"{self.name}@{digest}")

    def referrers(self, digest: str) -> tuple[Descriptor, ...]:
        """List what refers to a manifest, of that which the index names.

        Args:
            digest: Of the manifest.

        Returns:
            Descriptors of the manifests.
        """
        found = [self.manifest(one) for one in dict.fromkeys(self.tags.values()) if one != digest]
        return tuple(one.descriptor() for one in found if one.subject is not None and one.subject.digest == digest)

    def open_blob(self, blob: Descriptor, offset: int = 0) -> MemberStream:
        """Open a blob.

        Args:
            blob: The blob.
            offset: First byte that is wanted.

        Returns:
            The stream.

        Raises:
            MissingError: It is not there.
        """
        if blob.digest not in self._at:
            raise MissingError(
                f"{blob.digest} is not in the archive", "a manifest names it", "write it anew", self.name
            )
        begin, size = self._at[blob.digest]
        handle = open(self._file, "rb", buffering=0)  # noqa: SIM115  # the stream closes it
        handle.seek(begin + offset)
        return MemberStream(handle, max(0, size - offset))

    def _wrong(self, why: str) -> LayoutError:
        return LayoutError(f"{self.name} is refused", why, "write it with `docker save` or as an OCI layout", self.name)


def open_archive(file: str) -> Archive:
    """Open an archive.

    Args:
        file: A tar that is not compressed.

    Returns:
        Its images.

    Raises:
        LayoutError: It is none, or a trap.
    """
    file = os.path.abspath(file)
    try:
        with tarfile.open(file, "r:") as tar:
            members = dict(_members(tar, file))
    except (tarfile.TarError, OSError, EOFError, ValueError) as err:
        fix = "give a plain tar; unpack a compressed one with gunzip first"
        raise LayoutError(f"{file} cannot be read as a tar", str(err)[:200], fix, file) from err
    return Archive(file, members)


def _members(tar: tarfile.TarFile, file: str) -> Iterator[tuple[str, tuple[int, int]]]:
    seen: dict[str, tuple[int, int]] = {}
    links: list[tuple[str, str]] = []
    end = os.path.getsize(file)
    for member in tar:
        name = _plain(member.name)
        if member.issym() and name.endswith("layer.tar"):
            # Old versions of `docker save` link equal layers; the link is looked up in the archive, not on disk.
            links.append((name, posixpath.normpath(posixpath.join(posixpath.dirname(name), member.linkname))))
            continue
        why = _trick(member, end)
        if name in seen:
            why = f"it has the member {member.name!r:.100} twice"
        if len(seen) + len(links) >= MOST_MEMBERS:
            why = f"it has more than {MOST_MEMBERS} members"
        if why:
            raise LayoutError(f"{file} is refused", why, "write it with `docker save` or as an OCI layout", file)
        if not member.isdir():
            seen[name] = (member.offset_data, member.size)
    for name, target in links:
        if target not in seen:
            raise LayoutError(f"{file} is refused", f"{name!r:.100} links to nothing in it", "write it anew", file)
        seen[name] = seen[target]
    yield from seen.items()


def _trick(member: tarfile.TarInfo, end: int) -> str:
    """Say what is wrong with a member; nothing if it is a plain file or folder."""
    if member.name.startswith("/") or ".." in member.name.split("/"):
        return f"it has a member {member.name!r:.100}, which leads out of it"
    if not (member.isreg() or member.isdir()) or member.sparse is not None:
        return f"it has a member {member.name!r:.100}, which is no plain file"
    if member.offset_data + member.size > end:
        return f"its member {member.name!r:.100} is longer than the archive"
    return ""


def _plain(name: str) -> str:
    return name.removeprefix("./")


def _hash(handle: BinaryIO, size: int) -> str:
    value = hashlib.sha256()
    while size:
        piece = handle.read(min(size, _PIECE_BYTES))
        if not piece:
            break
        value.update(piece)
        size -= len(piece)
    return f"sha256:{value.hexdigest()}"

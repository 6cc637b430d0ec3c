"""Archives as sources: a layout in a tar, and what `docker save` writes; nothing is unpacked.

Owns finding images by name. Docker 25 and later write both formats into one
archive: then the layout counts, whose bytes stay as they are. Only plain tars:
a compressed one could not be read at an offset.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, BinaryIO, Self

from imagemover import digests, manifests, strictjson
from imagemover.errors import LayoutError, MissingError
from imagemover.patience import Gate
from imagemover.refnames import matching, ref_name
from imagemover.savedimages import SavedImages
from imagemover.tarfiles import WRITE_ANEW, Descriptors, Part, PartStream, Tar

if TYPE_CHECKING:
    from collections.abc import Callable

    from imagemover.manifests import Descriptor, Manifest

MOST_JSON_BYTES = 4 << 20
CONTAINERD_NAME = "io.containerd.image.name"


def nothing(_: int) -> None:
    """Ignore how far it is."""


class Archive:
    """Images in a tar.

    Args:
        handle: The open tar; whoever opened it may close it then.
        name: For messages.
        tick: Called by any thread with the count of bytes of layers that were made ready; what it raises stops it.

    Raises:
        LayoutError: It is none, or a trap.
    """

    def __init__(self, handle: BinaryIO, name: str, tick: Callable[[int], None] = nothing) -> None:
        self.name = self.place = name
        self.path = ""
        self.gate = Gate()
        self._opened = Descriptors()
        self._tar = Tar(handle, name, self._opened)
        self._blobs: dict[str, Part] = {}
        self._saved: SavedImages | None = None
        self._names: dict[str, str | int] = {}
        if "index.json" in self._tar.parts and "oci-layout" in self._tar.parts:
            self._read_layout()
        elif "manifest.json" in self._tar.parts:
            self._saved = SavedImages(self._tar, tick, self._opened)
            self._blobs = self._saved.blobs
            self._names.update(self._saved.names())
        else:
            why = "it has neither oci-layout and index.json nor manifest.json"
            raise LayoutError(f"{name} holds no image", why, WRITE_ANEW, name)

    def _read_layout(self) -> None:
        for name, part in self._tar.parts.items():
            words = name.split("/")
            if len(words) == 3 and words[0] == "blobs" and words[1] in {"sha256", "sha512"}:  # noqa: PLR2004
                self._blobs[digests.check(f"{words[1]}:{words[2]}", name)] = part
        index = strictjson.read_object(self._tar.read("index.json", MOST_JSON_BYTES), "index.json", MOST_JSON_BYTES)
        for one in manifests.read_index_entries(index, self.name, each=True):
            names = [name for name in (ref_name(one.raw), _containerd_name(one.raw)) if name]
            for name in names or [one.digest]:
                self._names[name] = one.digest

    @property
    def names(self) -> tuple[str, ...]:
        """What images in it can be asked for by."""
        return tuple(sorted(self._names))

    @property
    def makes_digests(self) -> bool:
        """Whether manifests and compressed layers are made here, since the archive has none."""
        return self._saved is not None

    def resolve(self, name: str) -> str | None:
        """Look which manifest a name stands for.

        Args:
            name: Tag, complete or its last part, or digest; empty: the only image.

        Returns:
            Its digest; None if there is none.
        """
        if name.startswith(("sha256:", "sha512:")):
            return name if name in self._blobs or self._find(name) is not None else None
        found = matching(name, self._names.items())
        return self._digest(found.pop()) if len(found) == 1 else None

    def _digest(self, found: str | int) -> str:
        return found if isinstance(found, str) else self._made(found).digest

    def _made(self, number: int) -> Manifest:
        if self._saved is None:
            raise self._tar.refusal("it has no manifest.json")
        return self._saved.manifest(number)

    def _find(self, digest: str) -> Manifest | None:
        """Find a manifest that was made here."""
        return self._saved.find(digest) if self._saved is not None else None

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
        if digest is None and not name.startswith(("sha256:", "sha512:")):
            what = f"{self.name} has no image {name!r}" if name else f"{self.name} has not just one image"
            raise MissingError(what, f"it has {', '.join(self.names)}", "name one of them", self.name)
        made = self._find(digest) if digest is not None else None
        if made is not None:
            return made
        if digest is None or digest not in self._blobs:
            what, fix = f"{digest or name} is not in the archive", "write it anew, or choose a platform that it has"
            raise MissingError(what, "an index may name images of platforms that were not saved", fix, self.name)
        data = self._blobs[digest].read(manifests.MOST_BYTES + 1)
        return manifests.read(data, "", digest, f"{self.name}@{digest}")

    def referrers(self, digest: str) -> tuple[Descriptor, ...]:
        """List what refers to a manifest, of that which the index names.

        Args:
            digest: Of the manifest.

        Returns:
            Descriptors of the manifests.
        """
        others = dict.fromkeys(one for one in self._names.values() if isinstance(one, str) and one != digest)
        found = [self.manifest(one) for one in others]
        return tuple(one.descriptor() for one in found if one.subject is not None and one.subject.digest == digest)

    def open_blob(self, blob: Descriptor, offset: int = 0) -> PartStream:
        """Open a blob.

        Args:
            blob: The blob.
            offset: First byte that is wanted.

        Returns:
            The stream.

        Raises:
            MissingError: It is not there.
        """
        part = self._blobs.get(blob.digest)
        if part is None:
            what = f"{blob.digest} is not in the archive"
            raise MissingError(what, "a manifest names it", "write it anew", self.name)
        return PartStream(part, offset)

    def close(self) -> None:
        """Close the file, and free the disk that it took."""
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_archive(file: str, tick: Callable[[int], None] = nothing) -> Archive:
    """Open an archive.

    Args:
        file: A tar that is not compressed.
        tick: As in `Archive`.

    Returns:
        Its images.

    Raises:
        LayoutError: It is none, or a trap.
    """
    file = os.path.abspath(file)
    try:
        handle = open(file, "rb")  # noqa: SIM115  # closed below; here only its opening may fail
    except OSError as err:
        why = os.strerror(err.errno or 0).lower()
        raise LayoutError(f"{file} cannot be read", why, "give the file of an archive", file) from err
    with handle:
        return Archive(handle, file, tick)


def _containerd_name(entry: Any) -> str:
    annotations = entry.get("annotations") if isinstance(entry, dict) else None
    name = annotations.get(CONTAINERD_NAME) if isinstance(annotations, dict) else None
    return name if isinstance(name, str) else ""

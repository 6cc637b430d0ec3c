"""Images of `docker save`'s own format, which has no manifests and no digests: both are made here.

Owns manifest.json, and the gzip of layers. A layer there is a plain tar; registries
keep and send what they get, so it is compressed first, always in the same way: no
time, no name, one level. The same image has the same digest each time. Layers that
are compressed already stay as they are.

Source: moby's image specification v1.2, "Combined Image JSON + Filesystem Changeset Format".
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import tempfile
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from imagemover import manifests, strictjson
from imagemover.errors import CancelledError, ContentError, LayoutError
from imagemover.tarfiles import Part, PartStream, plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from imagemover.manifests import Manifest
    from imagemover.tarfiles import Descriptors, Tar

LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
CONFIG = "application/vnd.docker.container.image.v1+json"
MOST_JSON_BYTES = 4 << 20
MOST_LAYERS = 256
"""Of an image; Docker itself makes 127. Each takes a file while it is copied."""

LEVEL = 3
"""Of the compression. 6 takes twice the time and saves 4 %."""

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
"""Of gzip: no time, no name, unknown system. What Python's own module writes differs between its versions."""

_PIECE_BYTES = 256 << 10
_MOST_THREADS = 4


class SavedImages:
    """The images of one archive.

    Args:
        tar: The archive.
        tick: Called by any thread with the count of bytes that were read; what it raises stops the work.
        opened: Keeps the compressed layers.

    Raises:
        LayoutError: manifest.json is refused.
    """

    def __init__(self, tar: Tar, tick: Callable[[int], None], opened: Descriptors) -> None:
        self._tar = tar
        self._tick = tick
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._made: dict[int, Manifest] = {}
        self._opened = opened
        self.blobs: dict[str, Part] = {}
        text = b'{"images":' + tar.read("manifest.json", MOST_JSON_BYTES) + b"}"
        images = strictjson.read_object(text, "manifest.json", MOST_JSON_BYTES + 16)["images"]
        if not isinstance(images, list) or not images:
            raise tar.refusal("manifest.json is no list of images")
        self._images = [self._checked(image) for image in images]

    def _checked(self, image: Any) -> dict[str, Any]:
        if not isinstance(image, dict) or not isinstance(image.get("Layers"), list):
            raise self._tar.refusal("manifest.json has an entry without Layers")
        if len(image["Layers"]) > MOST_LAYERS:
            raise self._tar.refusal(f"an image of it has more than {MOST_LAYERS} layers")
        for name in (image.get("Config"), *image["Layers"]):
            if not isinstance(name, str) or plain(name) not in self._tar.parts:
                raise self._tar.refusal(f"manifest.json names {name!r:.100}, which is not in the archive")
        return image

    def names(self) -> dict[str, int]:
        """List the names.

        Returns:
            Number of the image by name; one without a name has "image N", counted from 1.
        """
        found: dict[str, int] = {}
        for number, image in enumerate(self._images):
            tags = image.get("RepoTags")
            for tag in tags if isinstance(tags, list) and tags else [f"image {number + 1}"]:
                found[str(tag)] = number
        return found

    def find(self, digest: str) -> Manifest | None:
        """Find a manifest by its digest, which for all that were not asked for yet means to make them.

        Args:
            digest: Of the manifest.

        Returns:
            The manifest; None if there is none.
        """
        with self._lock:
            made = list(self._made.values())
        rest = map(self.manifest, range(len(self._images)))
        return next((one for one in itertools.chain(made, rest) if one.digest == digest), None)

    def manifest(self, number: int) -> Manifest:
        """Give an image's manifest; its layers are compressed when it is asked for the first time.

        Args:
            number: Of the image, from `names`.

        Returns:
            The manifest.

        Raises:
            LayoutError: The config is refused, or the disk is full.
            ContentError: A layer is not the one that the config names.
        """
        with self._lock:
            if number not in self._made:
                self._made[number] = self._make(self._images[number])
            return self._made[number]

    def _make(self, image: dict[str, Any]) -> Manifest:
        config = self._tar.read(plain(image["Config"]), MOST_JSON_BYTES)
        digest = "sha256:" + hashlib.sha256(config).hexdigest()
        self.blobs[digest] = self._tar.parts[plain(image["Config"])]
        found = strictjson.read_object(config, image["Config"], MOST_JSON_BYTES).get("rootfs")
        wanted = found.get("diff_ids") if isinstance(found, dict) else None
        names = [plain(name) for name in image["Layers"]]
        if not isinstance(wanted, list) or len(wanted) != len(names):
            raise self._tar.refusal(f"{image['Config']!r:.100} does not name the digests of its layers")
        parts = {self._tar.parts[name]: str(diff) for name, diff in zip(names, wanted, strict=True)}
        with ThreadPoolExecutor(min(_MOST_THREADS, os.cpu_count() or 1), "imagemover-gzip") as pool:
            try:
                layers = dict(zip(parts, pool.map(self._layer, parts, parts.values()), strict=True))
            except BaseException:
                self._stopped.set()  # or an interruption would wait for the layers at work
                raise
        body = {
            "schemaVersion": 2,
            "mediaType": manifests.DOCKER_MANIFEST,
            "config": {"mediaType": CONFIG, "size": len(config), "digest": digest},
            "layers": [layers[self._tar.parts[name]] for name in names],
        }
        return manifests.read(json.dumps(body, separators=(",", ":")).encode(), where=self._tar.name)

    def _layer(self, part: Part, wanted: str) -> dict[str, Any]:
        """Make the blob of a layer, and describe it."""
        head = part.read(len(_ZSTD))
        if head == _ZSTD:
            raise self._tar.refusal("a layer of it is compressed by zstd, which Docker's format does not have")
        if head.startswith(_GZIP):
            value = hashlib.sha256()
            for piece in self._pieces(part):
                value.update(piece)
            blob = part
        else:
            value, found, blob = self._compressed(part)
            if found != wanted:
                what = f"a layer in {self._tar.name} has the digest {found}"
                why = f"its config says {wanted:.80}: the archive was changed, or cut off"
                raise ContentError(what, why, "write the archive anew", self._tar.name)
        digest = f"sha256:{value.hexdigest()}"
        self.blobs[digest] = blob
        return {"mediaType": LAYER, "size": blob.size, "digest": digest}

    def _compressed(self, part: Part) -> tuple[Any, str, Part]:
        """Compress a layer into a file without a name, which is gone with this process whatever happens to it."""
        value, plain_value = hashlib.sha256(), hashlib.sha256()
        packer = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        checksum = 0
        try:
            with tempfile.TemporaryFile(prefix="imagemover-", buffering=0) as spool:

                def put(data: bytes) -> None:
                    value.update(data)
                    rest = memoryview(data)
                    while rest:
                        rest = rest[spool.write(rest) :]

                put(_HEAD)
                for piece in self._pieces(part):
                    plain_value.update(piece)
                    checksum = zlib.crc32(piece, checksum)
                    put(packer.compress(piece))
                put(packer.flush())
                put(checksum.to_bytes(4, "little") + (part.size & 0xFFFFFFFF).to_bytes(4, "little"))
                blob = Part(self._opened.keep(spool), 0, spool.tell())
        except OSError as err:
            raise no_room(err) from err
        return value, f"sha256:{plain_value.hexdigest()}", blob

    def _pieces(self, part: Part) -> Any:
        stream, buffer = PartStream(part), memoryview(bytearray(_PIECE_BYTES))
        while count := stream.readinto(buffer):
            if self._stopped.is_set():
                raise CancelledError("the work was stopped", "", "run it again", self._tar.name)
            self._tick(count)
            yield buffer[:count]


def no_room(err: OSError) -> LayoutError:
    """Build the error of a temporary file.

    Args:
        err: What the system said.

    Returns:
        The error.
    """
    folder = tempfile.gettempdir()
    why = os.strerror(err.errno or 0).lower()
    return LayoutError(
        "a temporary file cannot be written", why, "set TMPDIR to a directory with room for the image", folder
    )

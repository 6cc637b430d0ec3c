"""Layouts and archives: what is read and written, and that traps in them are refused."""

from __future__ import annotations

import json
import os
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from layoutfiles import (
    BLOB,
    LAYER,
    MANIFEST,
    OPENERS,
    archive,
    described,
    digest_of,
    directory,
    entry,
    files,
    member,
    read_all,
)

from imagemover import manifests
from imagemover.archives import open_archive
from imagemover.errors import ContentError, ImageError, LayoutError, MissingError
from imagemover.layout import Layout

SECRET = b"not part of any image"


@pytest.mark.parametrize("kind", OPENERS)
def test_layout_is_read(tmp_path: Path, kind: str) -> None:
    """An image is found by tag, by digest, and by nothing if it is the only one; blobs are read from any byte."""
    source = OPENERS[kind](tmp_path, files())
    assert source.resolve("v1") == digest_of(MANIFEST)
    assert source.manifest("v1").data == MANIFEST
    assert source.manifest(digest_of(MANIFEST)).data == MANIFEST
    assert source.manifest("").data == MANIFEST
    assert read_all(source) == LAYER
    assert read_all(source, 2) == LAYER[2:]
    assert source.resolve("v2") is None
    with pytest.raises(MissingError, match="v1"):
        source.manifest("v2")


@pytest.mark.parametrize("kind", OPENERS)
def test_several_images_want_a_name(tmp_path: Path, kind: str) -> None:
    """Of several images one has to be named."""
    other = MANIFEST.replace(b"2", b"2 ", 1)
    content = files(entry("a"), described(other, manifests.OCI_MANIFEST))
    source = OPENERS[kind](tmp_path, content | {f"blobs/{digest_of(other).replace(':', '/')}": other})
    with pytest.raises(MissingError):
        source.manifest("")
    assert source.manifest("a").data == MANIFEST
    assert source.manifest(digest_of(other)).data == other


@pytest.mark.parametrize("kind", OPENERS)
def test_changed_manifest_is_refused(tmp_path: Path, kind: str) -> None:
    """A manifest whose file has other bytes is refused."""
    content = files() | {f"blobs/{digest_of(MANIFEST).replace(':', '/')}": MANIFEST + b" "}
    with pytest.raises(ContentError):
        OPENERS[kind](tmp_path, content).manifest("v1")


TRAPS: dict[str, dict[str, bytes]] = {
    "no marker": {"oci-layout": b""},
    "marker of another version": {"oci-layout": b'{"imageLayoutVersion":"2"}'},
    "marker twice": {"oci-layout": b'{"imageLayoutVersion":"1.0.0","imageLayoutVersion":"1.0.0"}'},
    "huge marker": {"oci-layout": b'{"imageLayoutVersion":"1.0.0","x":"' + b"x" * 5000 + b'"}'},
    "index is a list": {"index.json": b"[]"},
    "index without manifests": {"index.json": b'{"schemaVersion":2}'},
    "index names a path": {"index.json": json.dumps({"manifests": [entry(digest="sha256:../../../secret")]}).encode()},
    "index names another algorithm": {"index.json": json.dumps({"manifests": [entry(digest="../x:y")]}).encode()},
}


@pytest.mark.parametrize("name", TRAPS)
def test_trap_in_a_layout(tmp_path: Path, name: str) -> None:
    """A layout that breaks the rules is refused by our own error."""
    with pytest.raises(ImageError):
        Layout(str(directory(tmp_path, files() | TRAPS[name]))).manifest("v1")


@pytest.mark.parametrize("annotations", [[], "x", {"org.opencontainers.image.ref.name": 7}, None])
def test_strange_annotations(tmp_path: Path, annotations: object) -> None:
    """Annotations of a wrong type name nothing."""
    layout = Layout(str(directory(tmp_path, files(entry(annotations=annotations)))))
    assert layout.resolve("v1") is None
    assert layout.resolve("") == digest_of(MANIFEST)


@pytest.mark.parametrize("name", ["index.json", "oci-layout", f"blobs/{digest_of(LAYER).replace(':', '/')}"])
def test_link_in_a_layout(tmp_path: Path, name: str) -> None:
    """A link in the place of a file is not followed."""
    content = files()
    (tmp_path / "secret").write_bytes(content[name])
    folder = directory(tmp_path / "layout", content)
    (folder / name).unlink()
    (folder / name).symlink_to(tmp_path / "secret")
    with pytest.raises(LayoutError, match="cannot be read"):
        read_all(Layout(str(folder))) if name.startswith("blobs") else Layout(str(folder)).manifest("v1")


@pytest.mark.parametrize("name", ["/etc/passwd", "../outside", "blobs/../../outside", "a/../b"])
def test_path_trick_in_a_tar(tmp_path: Path, name: str) -> None:
    """A member that leads out of the archive is refused."""
    with pytest.raises(LayoutError, match="leads out"):
        open_archive(str(archive(tmp_path, files() | {name: SECRET})))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_strange_member_in_a_tar(tmp_path: Path, kind: bytes) -> None:
    """Links, devices and pipes in a tar are refused."""
    with pytest.raises(LayoutError, match="no plain file"):
        open_archive(str(archive(tmp_path, files(), member("blobs/sha256/x", kind, "/etc/passwd"))))


def test_member_twice(tmp_path: Path) -> None:
    """A member that stands twice in a tar is refused."""
    with pytest.raises(LayoutError, match="twice"):
        open_archive(str(archive(tmp_path, files(), tarfile.TarInfo("index.json"))))


def test_truncated_tar(tmp_path: Path) -> None:
    """A tar that was cut off is refused, or its blob is missing: it is never half a blob."""
    whole = archive(tmp_path, files()).read_bytes()
    for length in range(0, len(whole), 512):
        (tmp_path / "cut.tar").write_bytes(whole[:length])
        try:
            source = open_archive(str(tmp_path / "cut.tar"))
            assert source.manifest("v1").data == MANIFEST
            assert read_all(source) == LAYER
        except ImageError:
            continue


@pytest.mark.parametrize("mode", ["w:gz", "w:xz"])
def test_compressed_tar(tmp_path: Path, mode: Any) -> None:
    """A compressed tar is refused with what to do."""
    with tarfile.open(tmp_path / "image.tar", mode):
        pass
    with pytest.raises(LayoutError, match="gunzip"):
        open_archive(str(tmp_path / "image.tar"))


def test_layout_is_written(tmp_path: Path) -> None:
    """A blob gets its name when it is complete and right; a tag replaces the same tag; nothing else is left behind."""
    layout = Layout(str(tmp_path / "new"), create=True)
    half = layout.begin(BLOB)
    half.write(memoryview(LAYER)[:2])
    assert not layout.has(BLOB)
    half.cancel()
    wrong = layout.begin(BLOB)
    with pytest.raises(ContentError):
        wrong.write(memoryview(b"LAYER"))
    wrong.cancel()
    short = layout.begin(BLOB)
    with pytest.raises(LayoutError):
        short.commit()
    short.cancel()
    whole = layout.begin(BLOB)
    whole.write(memoryview(LAYER))
    whole.commit()
    assert layout.has(BLOB)
    found = manifests.read(MANIFEST)
    for tag in ("v1", "v2", "v1"):
        layout.put_manifest(found, tag)
    entries = json.loads((tmp_path / "new/index.json").read_text())["manifests"]
    assert [one["annotations"]["org.opencontainers.image.ref.name"] for one in entries] == ["v2", "v1"]
    assert not [name for _, _, names in os.walk(tmp_path) for name in names if "partial" in name]


def test_layout_that_is_none(tmp_path: Path) -> None:
    """A directory that is no layout is not made one unasked."""
    with pytest.raises(MissingError):
        Layout(str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_directory_of_other_things(tmp_path: Path) -> None:
    """A directory that holds other things is not made a layout, and an empty one is."""
    (tmp_path / "notes.txt").touch()
    with pytest.raises(LayoutError, match=r"notes\.txt"):
        Layout(str(tmp_path), create=True)
    assert [one.name for one in tmp_path.iterdir()] == ["notes.txt"]
    (tmp_path / "empty").mkdir()
    assert Layout(str(tmp_path / "empty"), create=True).resolve("") is None


def test_image_without_a_tag(tmp_path: Path) -> None:
    """An image that got no tag is entered into the index once, so that it is found."""
    layout = Layout(str(tmp_path / "new"), create=True)
    found = manifests.read(MANIFEST)
    layout.put_manifest(found, found.digest)
    assert layout.resolve("") is None
    for _ in range(2):
        layout.enter(found.digest)
    assert layout.resolve("") == found.digest
    assert len(json.loads((tmp_path / "new/index.json").read_text())["manifests"]) == 1

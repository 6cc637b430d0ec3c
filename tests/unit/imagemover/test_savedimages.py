"""What `docker save` writes: read as images whose layers are compressed, always in the same way."""

from __future__ import annotations

import gzip
import json
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from layoutfiles import (
    LAYER,
    MANIFEST,
    OPENERS,
    SAVED_CONFIG,
    archive,
    described,
    digest_of,
    entry,
    files,
    member,
    read_all,
    saved,
)

from imagemover import manifests
from imagemover.archives import open_archive
from imagemover.errors import ContentError, ImageError, LayoutError


def test_docker_save(tmp_path: Path) -> None:
    """What `docker save` wrote, a link between equal layers included, is an image whose layers are gzip files."""
    link = member("b/layer.tar", tarfile.SYMTYPE, "../a/layer.tar")
    source = open_archive(str(archive(tmp_path, saved(), link)))
    found = source.manifest("v1")
    assert source.resolve("team/web:v1") == source.resolve("") == found.digest
    assert source.manifest(found.digest).data == found.data
    config, layer = found.blobs
    assert config.digest == digest_of(SAVED_CONFIG)
    assert found.media_type == manifests.DOCKER_MANIFEST
    data = read_all(source, blob=layer)
    assert gzip.decompress(data) == LAYER
    assert (digest_of(data), len(data)) == (layer.digest, layer.size)
    assert (
        json.loads(found.data)["layers"]
        == [
            {
                "mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip",
                "size": layer.size,
                "digest": layer.digest,
            }
        ]
        * 2
    )


def test_docker_save_twice(tmp_path: Path) -> None:
    """The same image has the same digest however often it is saved, whatever the names and times in the archive."""
    first = saved(Layers=["a/layer.tar"] * 2)
    other = saved(Layers=["c.tar"] * 2, Config="d.json") | {"c.tar": LAYER, "d.json": SAVED_CONFIG}
    found = [open_archive(str(archive(tmp_path, one))).manifest("") for one in (first, other)]
    assert found[0].data == found[1].data


def test_layer_that_was_changed(tmp_path: Path) -> None:
    """A layer that is not the one that the config names is refused."""
    content = saved(Layers=["a/layer.tar"] * 2) | {"a/layer.tar": b"other"}
    with pytest.raises(ContentError, match=digest_of(b"other")):
        open_archive(str(archive(tmp_path, content))).manifest("")


def test_layer_that_is_compressed(tmp_path: Path) -> None:
    """A layer that some tool has compressed already goes as it is."""
    packed = gzip.compress(LAYER, mtime=7)
    source = open_archive(str(archive(tmp_path, saved(Layers=["a/layer.tar"] * 2) | {"a/layer.tar": packed})))
    layer = source.manifest("").blobs[1]
    assert (layer.digest, read_all(source, blob=layer)) == (digest_of(packed), packed)


def test_work_on_layers_is_told_and_stopped(tmp_path: Path) -> None:
    """Whoever opens an archive hears how many bytes were made ready, and can stop it there."""
    file = str(archive(tmp_path, saved(Layers=["a/layer.tar"] * 2)))
    heard: list[int] = []
    open_archive(file, heard.append).manifest("")
    assert sum(heard) == len(LAYER)

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        open_archive(file, stop).manifest("")


def test_both_formats_in_one(tmp_path: Path) -> None:
    """Where an archive has both formats, as of Docker 25 and later, the layout's bytes go as they are."""
    named = {"annotations": {"io.containerd.image.name": "registry.test/team/web:v1"}}
    entries = [described(MANIFEST, manifests.OCI_MANIFEST, **named)]
    source = open_archive(str(archive(tmp_path, files(*entries) | saved(Layers=["a/layer.tar"] * 2))))
    assert not source.makes_digests
    for name in ("", "registry.test/team/web:v1", "team/web:v1", "web:v1", "v1"):
        assert source.manifest(name).data == MANIFEST


def test_whole_name_counts(tmp_path: Path) -> None:
    """Of two names that end alike the one that was given whole is meant, and an ending that fits both is refused."""
    other = MANIFEST.replace(b"2", b"2 ", 1)
    entries = [entry("web:v1"), described(other, manifests.OCI_MANIFEST, annotations=entry("a/web:v1")["annotations"])]
    content = files(*entries) | {f"blobs/{digest_of(other).replace(':', '/')}": other}
    for opener in OPENERS.values():
        source = opener(tmp_path, content)
        assert source.manifest("web:v1").data == MANIFEST
        assert source.resolve("v1") is None


@pytest.mark.parametrize(
    "changed",
    [
        {"Layers": ["../../etc/passwd"]}, {"Layers": ["/etc/passwd"]}, {"Layers": None}, {"Layers": [7]},
        {"Config": "nosuch.json"}, {"Config": None}, {"Layers": ["manifest.json/../c.json"]},
        {"Layers": ["a/layer.tar"]}, {"Config": "a/layer.tar", "Layers": []}, {"Layers": ["a/layer.tar"] * 300},
    ],
)  # fmt: skip
def test_trap_in_docker_save(tmp_path: Path, changed: dict[str, Any]) -> None:
    """A manifest.json that names what is not in the archive is refused."""
    with pytest.raises(ImageError):
        open_archive(str(archive(tmp_path, saved(**changed)))).manifest("")


def test_link_that_leads_out(tmp_path: Path) -> None:
    """A layer that links to something that is not in the archive is refused."""
    link = member("b/layer.tar", tarfile.SYMTYPE, "../../../etc/passwd")
    with pytest.raises(LayoutError, match="links to nothing"):
        open_archive(str(archive(tmp_path, saved(), link)))

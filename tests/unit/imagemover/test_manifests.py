"""Manifests: what is read, and that hostile ones are refused by our own error."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagemover import digests, manifests
from imagemover.errors import ContentError, ImageError, ManifestError
from imagemover.manifests import DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST

ONE, TWO = "sha256:" + "1" * 64, "sha256:" + "2" * 64
CONFIG = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": ONE, "size": 2}
LAYER = {"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": TWO, "size": 3}


def manifest(**changed: Any) -> bytes:
    """Write a manifest; None takes a key away."""
    body = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": CONFIG, "layers": [LAYER]} | changed
    return json.dumps({key: value for key, value in body.items() if value is not None}).encode()


def index(**changed: Any) -> bytes:
    """Write an index."""
    child = {"mediaType": OCI_MANIFEST, "digest": ONE, "size": 2, "platform": {"os": "linux", "architecture": "arm64"}}
    return json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [child]} | changed).encode()


def layer(**changed: Any) -> bytes:
    """Write a manifest with one layer that is changed."""
    return manifest(layers=[{key: value for key, value in (LAYER | changed).items() if value is not None}])


def test_manifest() -> None:
    """Config and layers are the blobs, in this order; the bytes stay."""
    found = manifests.read(manifest())
    assert [blob.digest for blob in found.blobs] == [ONE, TWO]
    assert (found.media_type, found.is_index, found.data) == (OCI_MANIFEST, False, manifest())
    assert found.digest == digests.of(manifest())


def test_index() -> None:
    """Children have their platforms."""
    (child,) = manifests.read(index()).children
    assert str(child.platform) == "linux/arm64"
    assert child.platform
    assert child.platform.fits("linux/arm64")
    assert not child.platform.fits("linux/amd64")


@pytest.mark.parametrize("kind", [OCI_MANIFEST, DOCKER_MANIFEST])
def test_media_type_from_the_registry(kind: str) -> None:
    """A manifest that does not say what it is, is what the registry says."""
    assert manifests.read(manifest(mediaType=None), kind).media_type == kind


@pytest.mark.parametrize("kind", ["", "application/json", "text/plain"])
def test_media_type_from_nobody(kind: str) -> None:
    """A manifest of which nobody says what it is, is what its content is."""
    assert manifests.read(manifest(mediaType=None), kind).media_type == OCI_MANIFEST
    assert manifests.read(index(mediaType=None), kind).media_type == OCI_INDEX


def test_same_layer_twice_is_one_blob() -> None:
    """A layer that stands twice in a manifest is one blob."""
    assert len(manifests.read(manifest(layers=[LAYER, LAYER])).blobs) == 2


def test_urls_are_a_fact_only() -> None:
    """Other places of a layer are kept and nobody goes there; such a layer is known as foreign by its type."""
    kind = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
    found = manifests.read(layer(mediaType=kind, urls=["http://169.254.169.254/"])).blobs[1]
    assert found.is_foreign
    assert found.urls == ("http://169.254.169.254/",)


def test_wrong_digest() -> None:
    """A manifest with another digest than it was asked for by is refused, with both."""
    with pytest.raises(ContentError) as caught:
        manifests.read(manifest(), digest=ONE)
    assert ONE in str(caught.value)
    assert digests.of(manifest()) in str(caught.value)


HOSTILE = {
    "empty": b"",
    "not json": b"{",
    "not utf-8": b"\xff\xfe{}",
    "a list": b"[]",
    "a number": b"7",
    "trailing garbage": manifest() + b"x",
    "too long": manifest(annotations={"a": "x" * (4 << 20)}),
    "too deep": b'{"schemaVersion":2,"a":' + b"[" * 100 + b"]" * 100 + b"}",
    "far too deep": b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "NaN": manifest().replace(b'"size": 3', b'"size": NaN'),
    "infinite": manifest().replace(b'"size": 3', b'"size": Infinity'),
    "huge number": manifest().replace(b'"size": 3', b'"size": ' + b"9" * 5000),
    "duplicate layers": manifest()[:-1] + b',"layers":[]}',
    "duplicate digest": manifest().replace(b'"size": 3', b'"size": 3, "digest": "x"'),
    "duplicate key, escaped": manifest()[:-1] + b',"\\u006cayers":[]}',
    "schema 1": manifest(schemaVersion=1),
    "no schema": manifest(schemaVersion=None),
    "schema as text": manifest(schemaVersion="2"),
    "manifest and index": manifest(manifests=[]),
    "index and manifest": index(layers=[]),
    "index with config": index(config=CONFIG),
    "index type, manifest content": manifest(mediaType=OCI_INDEX),
    "manifest type, index content": index(mediaType=OCI_MANIFEST),
    "docker type, index content": index(mediaType=DOCKER_MANIFEST),
    "list type, manifest content": manifest(mediaType=DOCKER_LIST),
    "unknown type": manifest(mediaType="application/vnd.docker.distribution.manifest.v1+prettyjws"),
    "type is a list": manifest(mediaType=[OCI_MANIFEST]),
    "type is an object": manifest(mediaType={"a": 1}),
    "no config": manifest(config=None),
    "config is a text": manifest(config=ONE),
    "no layers": manifest(layers=None),
    "layers is an object": manifest(layers={"0": LAYER}),
    "too many layers": manifest(layers=[LAYER] * 5000),
    "too many children": index(manifests=[CONFIG] * 5000),
    "path as digest": layer(digest="sha256:../../../../etc/passwd"),
    "digest in capitals": layer(digest="sha256:" + "A" * 64),
    "short digest": layer(digest="sha256:1234"),
    "weak digest": layer(digest="md5:" + "a" * 32),
    "digest with newline": layer(digest=TWO + "\n"),
    "no digest": layer(digest=None),
    "digest is a number": layer(digest=7),
    "negative size": layer(size=-1),
    "size as text": layer(size="3"),
    "size is true": layer(size=True),
    "size with a fraction": layer(size=3.5),
    "size too large": layer(size=2**63),
    "no size": layer(size=None),
    "no type": layer(mediaType=None),
    "type with newline": layer(mediaType="a\r\nAuthorization: x"),
    "urls is a text": layer(urls="http://x"),
    "two sizes of one digest": manifest(layers=[LAYER, LAYER | {"size": 4}]),
    "subject is a text": manifest(subject=ONE),
    "subject with bad digest": manifest(subject=CONFIG | {"digest": "x"}),
    "annotations is a list": manifest(annotations=[1]),
    "annotation is a number": manifest(annotations={"a": 1}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile(name: str) -> None:
    """A hostile manifest is refused by our own error, short, with a way out."""
    with pytest.raises(ManifestError) as caught:
        manifests.read(HOSTILE[name], where="registry/web:v1")
    assert caught.value.why
    assert caught.value.fix
    assert len(str(caught.value)) < 1000


def test_type_that_header_and_content_disagree_about() -> None:
    """A manifest that is one thing by its header and another by itself is refused."""
    with pytest.raises(ManifestError, match="refused"):
        manifests.read(manifest(), DOCKER_MANIFEST)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from([ONE, OCI_INDEX]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(["schemaVersion", "mediaType", "config", "layers", "manifests", "digest", "size", "subject",
                         "urls", "platform", "annotations", "artifactType"]),
        inner, max_size=6,
    ),
    max_leaves=20,
)  # fmt: skip


@given(JSON, st.sampled_from(["", OCI_MANIFEST, OCI_INDEX, DOCKER_LIST]))
def test_anything(value: object, kind: str) -> None:
    """Anything that can be written as JSON is read or refused by our own error."""
    body = {"schemaVersion": 2} | value if isinstance(value, dict) else value
    with contextlib.suppress(ImageError):
        assert manifests.read(json.dumps(body).encode(), kind).data == json.dumps(body).encode()


@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    """Any bytes are read or refused by our own error."""
    with pytest.raises(ImageError):
        manifests.read(data)

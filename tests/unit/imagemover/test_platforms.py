"""Several platforms of an index: never an index with missing parts, never another digest unasked."""

from __future__ import annotations

import json

import pytest

from imagemover import manifests, platforms
from imagemover.errors import MissingError, PartialIndexError


def index_of(*names: str, attested: str = "") -> manifests.Manifest:
    """Make an index; `attested` has an attestation."""
    entries = []
    for number, name in enumerate(names):
        os, architecture = name.split("/")
        platform = {"os": os, "architecture": architecture}
        digest = f"sha256:{number:064x}"
        entries.append({"mediaType": manifests.OCI_MANIFEST, "digest": digest, "size": 7, "platform": platform})
        if name == attested:
            entries.append({
                "mediaType": manifests.OCI_MANIFEST, "digest": f"sha256:{number + 100:064x}", "size": 7,
                "platform": {"os": "unknown", "architecture": "unknown"},
                "annotations": {"vnd.docker.reference.digest": digest},
            })  # fmt: skip
    body = {"schemaVersion": 2, "mediaType": manifests.OCI_INDEX, "manifests": entries, "annotations": {"a": "b"}}
    return manifests.read(json.dumps(body).encode(), manifests.OCI_INDEX)


def chosen(index: manifests.Manifest, *names: str, allowed: bool = False) -> manifests.Manifest:
    """Choose platforms, and give the index of them."""
    return platforms.stripped(index, platforms.choose(index, names, "x"), "x", allowed=allowed)


def test_all_platforms_are_the_index_itself() -> None:
    """An index of which all platforms are wanted stays what it is, byte for byte."""
    index = index_of("linux/amd64", "linux/arm64")
    assert chosen(index, "linux/arm64", "linux/amd64") is index


def test_some_platforms_are_refused() -> None:
    """An index of which some platforms are wanted is refused, and the text says what to do."""
    with pytest.raises(PartialIndexError) as caught:
        chosen(index_of("linux/amd64", "linux/arm64", "linux/s390x"), "linux/arm64", "linux/amd64")
    assert "2 of the 3 entries" in str(caught.value)
    assert "copy all platforms, or just one" in str(caught.value)


def test_some_platforms_are_another_index_where_allowed() -> None:
    """Where it is allowed, another index lists the wanted entries and their attestations, untouched, in order."""
    index = index_of("linux/amd64", "linux/arm64", "linux/s390x", attested="linux/arm64")
    made = chosen(index, "linux/arm64", "linux/amd64", allowed=True)
    assert made.digest != index.digest
    assert made.children == tuple(child for child in index.children if str(child.platform) != "linux/s390x")
    assert json.loads(made.data)["annotations"] == {"a": "b"}
    assert made.data == chosen(index, "linux/amd64", "linux/arm64", allowed=True).data


def test_attestation_of_another_platform_goes() -> None:
    """What attests an entry that is not wanted is not wanted either."""
    index = index_of("linux/amd64", "linux/arm64", "linux/s390x", attested="linux/s390x")
    assert len(chosen(index, "linux/amd64", "linux/arm64", allowed=True).children) == 2


def test_platform_that_is_not_there() -> None:
    """A platform that is not there is named, with those that are."""
    with pytest.raises(MissingError, match="it has linux/amd64, linux/arm64"):
        chosen(index_of("linux/arm64", "linux/amd64"), "linux/amd64", "windows/amd64")

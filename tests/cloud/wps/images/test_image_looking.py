"""`wps image inspect` and `wps image diff`: what an image is, and in what two differ."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import imageworld
import moverimages

if TYPE_CHECKING:
    from imageworld import World


def test_what_an_index_is(world: World) -> None:
    """An index is shown with each platform's digest, size, layers and labels, and as JSON with all of it."""
    image = imageworld.two_platforms()
    world.push(image)
    child = next(iter(image.manifests))
    found = json.loads(world.done("inspect", world.source, "--json"))
    assert (found["digest"], found["media_type"]) == (image.root, moverimages.OCI_INDEX)
    first = found["images"][0]
    assert (first["platform"], first["digest"], first["labels"]) == ("linux/amd64", child, {"team": "payments"})
    body = json.loads(image.manifests[child][1])
    assert [one["digest"] for one in first["layers"]] == [one["digest"] for one in body["layers"]]
    assert first["size"] == body["config"]["size"] + sum(one["size"] for one in body["layers"])
    shown = world.done("inspect", world.source)
    for text in (image.root, child, "linux/arm64", "2025-11-25T22:14:05Z"):
        assert text in shown
    one = world.done("inspect", world.source, "--platform", "linux/amd64")
    assert body["layers"][1]["digest"] in one
    assert "payments" in one
    missing = world.wps("inspect", world.source, "--platform", "plan9/mips")
    assert "it has linux/amd64, linux/arm64" in missing.stderr


def test_manifest_byte_by_byte(world: World) -> None:
    """With --raw the manifest comes as it is, without a byte more."""
    image = imageworld.two_platforms()
    world.push(image)
    assert world.done("inspect", world.source, "--raw").encode() == image.manifests[image.root][1]
    child = world.done("inspect", world.source, "--raw", "--platform", "linux/amd64")
    assert child.encode() == next(iter(image.manifests.values()))[1]


def test_artifact_and_what_refers_to_it(world: World) -> None:
    """What is no image is shown by its type; what refers to an image is listed."""
    image = moverimages.plain(20)
    world.push(image)
    kind, data = image.manifests[image.root]
    subject = {"mediaType": kind, "digest": image.root, "size": len(data)}
    signature = moverimages.Image()
    signature.add_manifest([b"signed"], subject=subject, artifactType="application/vnd.test.signature")
    listed = {
        "schemaVersion": 2, "mediaType": moverimages.OCI_INDEX,
        "manifests": [signature.descriptor(signature.root, artifactType="application/vnd.test.signature")],
    }  # fmt: skip
    signature_root = signature.root
    signature.add_raw(moverimages.OCI_INDEX, listed)
    moverimages.push(world.near, world.path, signature, image.root.replace(":", "-"))
    found = json.loads(world.done("inspect", world.source, "--json"))
    assert [one["digest"] for one in found["referrers"]] == [signature_root]
    assert "application/vnd.test.signature" in world.done("inspect", world.source)
    itself = json.loads(world.done("inspect", f"{world.near.host}/{world.path}@{signature_root}", "--json"))
    assert itself["images"][0]["platform"] == "application/vnd.test.signature"
    assert itself["subject"] == image.root


def test_images_that_differ(world: World) -> None:
    """Two images are the same or not by digest alone; if not, platforms, layers and fields of the config are named."""
    first, second = moverimages.Image(), moverimages.Image()
    children = [imageworld.add(first, one, "base", "app") for one in ("amd64", "arm64")]
    first.add_index(children, ["linux/amd64", "linux/arm64"])
    other = imageworld.add(second, "amd64", "base", "other", Env=["PATH=/sbin"], Labels={"team": "payments"})
    second.add_index([other], ["linux/amd64"])
    world.push(first)
    world.push(second, "v2")
    theirs = f"{world.near.host}/{world.path}:v2"
    same = world.wps("diff", world.source, f"{world.near.host}/{world.path}@{first.root}")
    assert (same.returncode, same.stdout) == (0, f"the same: {first.root}\n")
    ended = world.wps("diff", world.source, theirs, "--json")
    found = json.loads(ended.stdout)
    assert (ended.returncode, ended.stderr, found["same"]) == (1, "", False)
    named = {(one["platform"], one["sort"], one["name"]): (one["first"], one["second"]) for one in found["differences"]}
    assert set(named) == {
        ("linux/amd64", "layer", "2"), ("linux/amd64", "config", "config.Env"), ("linux/arm64", "platform", ""),
    }  # fmt: skip
    assert named["linux/amd64", "config", "config.Env"] == ("['PATH=/bin']", "['PATH=/sbin']")
    assert named["linux/arm64", "platform", ""] == (children[1], "not there")
    shown = world.wps("diff", world.source, theirs)
    assert shown.returncode == 1
    assert "config config.Env" in shown.stdout


def test_same_content_in_other_words(world: World) -> None:
    """Manifests that say the same in other bytes are not the same image, and the difference says so."""
    image = moverimages.plain(21)
    world.push(image)
    kind, data = image.manifests[image.root]
    copy = moverimages.Image(dict(image.blobs), {})
    compact = json.dumps(json.loads(data)).encode()
    copy.manifests[moverimages.digest_of(compact)] = (kind, compact)
    world.push(copy, "v2")
    ended = world.wps("diff", world.source, f"{world.near.host}/{world.path}:v2", "--json")
    assert ended.returncode == 1
    assert json.loads(ended.stdout)["differences"] == [
        {"platform": "unknown", "sort": "manifest", "name": "", "first": image.root, "second": copy.root}
    ]

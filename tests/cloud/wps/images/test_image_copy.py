"""`wps image copy` between registries: plan, tags, platforms, receipts, events, refusals."""

from __future__ import annotations

import datetime as dt
import json
import re
import subprocess
from typing import TYPE_CHECKING

import imageworld
import moverimages
import pytest

from imagemover import receipts

if TYPE_CHECKING:
    from imageworld import World


def test_image_arrives_as_it_is(world: World) -> None:
    """An index goes with all its platforms, byte by byte, and the receipt says what, where, when and by whom."""
    image = imageworld.two_platforms()
    world.push(image)
    before = dt.datetime.now(dt.UTC)
    said = world.done("copy", world.source, f"{world.far.host}/{world.path}", "--receipt", "receipt.json")
    moverimages.assert_complete(world.far, world.path, image)
    first, plan, done, blobs, last = said.splitlines()
    assert first == f"{world.source} to {world.far.host}/{world.path}:v1"
    size = sum(map(len, image.blobs.values()))
    assert plan == f"5 blobs to send ({size / 1024:.1f} KiB), 0 to mount, 0 there already"
    assert done == f"{world.far.host}/{world.path}:v1@{image.root}  copied"
    assert blobs == "5 blobs: 5 sent"
    assert re.fullmatch(r"[\d.]+ KiB sent in [\d.]+ s, [\d.]+ [KM]iB/s", last)
    (receipt,) = receipts.read((world.folder / "receipt.json").read_bytes())
    assert (receipt.source, receipt.destination) == (world.source, f"{world.far.host}/{world.path}")
    assert (receipt.digest, receipt.tags, receipt.bytes_sent) == (image.root, ("v1",), size)
    assert before - dt.timedelta(seconds=1) < receipt.begun < dt.datetime.now(dt.UTC)
    assert re.fullmatch(r".+@.+", receipt.by)


def test_second_run_sends_nothing(world: World) -> None:
    """Where the tag stands on the image nothing is sent; --deep looks at each blob, and brings what got lost."""
    image = moverimages.plain(1)
    world.push(image)
    for _ in range(2):
        said = world.done("copy", world.source, f"{world.proxy.host}/{world.path}")
    assert "there already" in said
    assert {digest: world.proxy.received[digest] for digest in image.blobs} == {
        digest: len(data) for digest, data in image.blobs.items()
    }
    lost = next(iter(image.blobs)).removeprefix("sha256:")
    links = world.far.directory / "data/docker/registry/v2/repositories" / world.path / "_layers/sha256"
    (links / lost / "link").unlink()
    world.done("copy", world.source, f"{world.proxy.host}/{world.path}")
    assert not (links / lost / "link").exists()
    world.done("copy", world.source, f"{world.proxy.host}/{world.path}", "--deep")
    assert (links / lost / "link").exists()


def test_events(world: World) -> None:
    """With --json each line is an event: the plan first, each blob and image, the result last with all of them."""
    image = imageworld.two_platforms()
    world.push(image)
    destination = f"{world.far.host}/{world.path}"
    events = world.events(world.source, destination)
    kinds = [event["event"] for event in events]
    assert (kinds[0], kinds[-1]) == ("plan", "result")
    assert (kinds.count("blob"), kinds.count("image")) == (5, 1)
    assert events[0]["sends"] == 5
    result = events[-1]
    assert {blob["digest"]: blob["sort"] for blob in result["blobs"]} == dict.fromkeys(image.blobs, "sent")
    assert [one["digest"] for one in result["receipts"]] == [image.root]
    assert result["begun"].endswith("Z")
    assert result["bytes_sent"] == sum(map(len, image.blobs.values()))


def test_dry_run(world: World) -> None:
    """--dry-run tells each blob that would be sent, and writes nothing; it fails where the copy would."""
    image = moverimages.plain(2)
    world.push(image)
    said = world.done("copy", world.source, f"{world.far.host}/{world.path}", "--dry-run")
    assert "4 blobs to send" in said
    assert set(re.findall(r"  send   (sha256:\w+)  ", said)) == set(image.blobs)
    assert world.far.tags(world.path) == {}
    repository = world.far.directory / "data/docker/registry/v2/repositories" / world.path
    assert not repository.exists()
    mounted = world.events(world.source, f"{world.near.host}/{world.path}/other", "--dry-run")
    assert (mounted[0]["sends"], mounted[0]["mounts"]) == (0, 4)
    assert world.near.tags(f"{world.path}/other") == {}
    failed = world.wps("copy", f"{world.source}none", f"{world.far.host}/{world.path}", "--dry-run")
    assert failed.returncode == 1
    assert "v1none is not there" in failed.stderr


def test_dry_run_makes_no_files(world: World) -> None:
    """--dry-run makes neither a layout nor an archive."""
    world.push(moverimages.plain(3))
    for place in ("oci:layout", "oci-archive:image.tar"):
        assert "4 blobs to send" in world.done("copy", world.source, place, "--dry-run")
    assert [one.name for one in world.folder.iterdir()] == ["home"]


def test_several_images_to_a_prefix(world: World) -> None:
    """Several images go to a place that ends with /, each under its own name and tag, shared blobs once."""
    shared = moverimages.layer(77, 50_000)
    names = []
    for number in range(3):
        image = moverimages.Image()
        image.add_manifest([shared], config=b'{"n":%d}' % number)
        moverimages.push(world.near, f"{world.path}/app{number}", image, f"v{number}")
        names.append(f"{world.near.host}/{world.path}/app{number}:v{number}")
    world.done("copy", *names, f"{world.proxy.host}/{world.path}/copies/")
    for number in range(3):
        assert set(world.far.tags(f"{world.path}/copies/app{number}")) == {f"v{number}"}
    assert world.proxy.received[moverimages.digest_of(shared)] == len(shared)


def test_several_destinations_in_one_read(world: World) -> None:
    """With several --to each blob is read once and goes to all of them."""
    image = moverimages.plain(4)
    world.push(image)
    source = f"{world.proxy.host}/{world.path}/first:v1"
    world.done("copy", world.source, source)
    world.proxy.mend()
    to = ["--to", f"{world.near.host}/{world.path}/second:x", "--to", "oci:layout:y", "--to", "oci-archive:file.tar"]
    world.done("copy", source, *to)
    moverimages.assert_complete(world.near, f"{world.path}/second", image, "x")
    assert world.done("diff", source, "oci:layout:y") == world.done("diff", source, "oci-archive:file.tar:v1")
    assert {digest: world.proxy.sent[digest] for digest in image.blobs} == {
        digest: len(data) for digest, data in image.blobs.items()
    }


def test_platform_tags_and_digest(world: World) -> None:
    """One platform goes without the index, under all tags that are wanted, if it has the digest that was given."""
    image = imageworld.two_platforms()
    world.push(image)
    child = next(iter(image.manifests))
    place = f"{world.far.host}/{world.path}"
    chosen = ["--platform", "linux/amd64", "--tag", "v2", "--tag", "v3"]
    world.done("copy", world.source, f"{place}:v1", *chosen, "--digest", child)
    assert world.far.tags(world.path) == dict.fromkeys(("v1", "v2", "v3"), child)
    refused = world.wps("copy", world.source, f"{place}:v4", "--digest", child)
    assert refused.returncode == 1
    assert f"is {image.root}, not {child}" in refused.stderr
    by_digest = world.done("copy", f"{world.near.host}/{world.path}@{child}", f"{place}/by-digest")
    assert f"to {place}/by-digest, by digest only" in by_digest
    assert world.far.tags(f"{world.path}/by-digest") == {}
    assert world.done("inspect", f"{place}/by-digest@{child}", "--raw").encode() == image.manifests[child][1]


def test_referrers_go_along(world: World) -> None:
    """With --referrers what refers to the image arrives too, and is listed."""
    image = moverimages.plain(5)
    world.push(image)
    kind, data = image.manifests[image.root]
    subject = {"mediaType": kind, "digest": image.root, "size": len(data)}
    signature = moverimages.Image()
    signature.add_manifest([b"signed"], subject=subject, artifactType="application/vnd.test.signature")
    layout = "oci:signed"
    world.done("copy", world.source, f"{layout}:v1")
    moverimages.push(world.near, world.path, signature, image.root.replace(":", "-") + ".sig")
    world.done("copy", world.source, f"{world.far.host}/{world.path}", "--referrers")
    assert signature.root in world.far.tags(world.path).values()


def test_tag_that_may_not_move(world: World) -> None:
    """With --no-move-tags a tag on another digest is an error that names both, and stays."""
    first, second = moverimages.plain(6), moverimages.plain(7)
    world.push(first)
    place = f"{world.far.host}/{world.path}:v1"
    world.done("copy", world.source, place)
    world.push(second)
    refused = world.wps("copy", world.source, place, "--no-move-tags", "--receipt", "receipt.json")
    assert refused.returncode == 1
    assert f"stands on {first.root}, not on {second.root}" in refused.stderr
    assert world.far.tags(world.path) == {"v1": first.root}
    assert not (world.folder / "receipt.json").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "texts"),
    [
        (["only:one"], 2, ["place that it goes to is missing"]),
        (["a:b", "c:d", "e/", "--digest", "sha256:0"], 2, ["--digest"]),
        (["a:b", "c:d", "--jobs", "0"], 2, ["--jobs"]),
        (["host.test/UPPER:x", "y/z:1"], 1, ["'host.test/UPPER:x' is not an image reference", "write it as host/"]),
        (["dir:/somewhere", "y/z:1"], 1, ["dir: is not known here", "oci-archive:FILE"]),
        (["a/b:1", "docker-daemon:x:1"], 1, ["docker-daemon:x:1 is not written to", "oci-archive:FILE"]),
        (["oci:nowhere:1", "oci:there"], 1, ["there is no layout nowhere"]),
        (["oci-archive:nowhere.tar", "oci:there"], 1, ["nowhere.tar cannot be read", "no such file"]),
        (["x.test/a:1", "x.test/b:1", "y.test/z"], 1, ["two images would become y.test/z:1", "ends with /"]),
        (["oci:x", "y.test/z/"], 1, ["cannot go to a place that ends with /"]),
    ],
)
def test_refusals(world: World, arguments: list[str], code: int, texts: list[str]) -> None:
    """What cannot be done is told with what, why and what to do, with the exit code of its kind."""
    ended = world.wps("copy", *arguments)
    assert (ended.returncode, ended.stdout.count("sent")) == (code, 0)
    for text in texts:
        assert text in ended.stderr
    assert "Traceback" not in ended.stderr


def test_refusal_as_an_event(world: World) -> None:
    """With --json an error is the last event, with its four parts, and on stderr for people."""
    ended = world.wps("copy", f"{world.source}none", f"{world.far.host}/{world.path}", "--json")
    last = json.loads(ended.stdout.splitlines()[-1])
    assert (ended.returncode, last["event"]) == (1, "result")
    assert set(last["error"]) == {"what", "why", "fix", "where"}
    assert last["images"][0]["sort"] == "failed"
    assert "is not there" in ended.stderr
    early = world.wps("copy", "host.test/UPPER:x", "y/z:1", "--json")
    assert json.loads(early.stdout)["error"]["what"] == "'host.test/UPPER:x' is not an image reference"


def test_nobody_reads_the_output(world: World) -> None:
    """A copy whose output nobody reads to its end goes on, and its exit code tells the truth."""
    image = moverimages.plain(8)
    world.push(image)
    place = f"{world.far.host}/{world.path}"
    for source, code in ((world.source, 0), (f"{world.source}none", 1)):
        line = f'"{imageworld.PROGRAM}" image copy {source} {place} | true; exit "${{PIPESTATUS[0]}}"'
        ended = subprocess.run(
            ["bash", "-c", line], env=world.environment(), capture_output=True, text=True, check=False
        )
        assert ended.returncode == code
        assert "Traceback" not in ended.stderr
    moverimages.assert_complete(world.far, world.path, image)


def test_receipt_that_cannot_be_written(world: World) -> None:
    """A receipt that cannot be written is an error, after the answer that the image is there."""
    world.push(moverimages.plain(9))
    ended = world.wps("copy", world.source, f"{world.far.host}/{world.path}", "--receipt", "nowhere/receipt.json")
    assert (ended.returncode, world.far.tags(world.path).keys()) == (1, {"v1"})
    assert "copied" in ended.stdout
    assert "nowhere/receipt.json cannot be written" in ended.stderr


def test_names_as_docker_reads_them(world: World) -> None:
    """A name without a host is shown with the host, path and tag that Docker's rules give it, before all else."""
    ended = world.wps("copy", "alpine", "oci:nowhere:x", "team/web/copy")
    hub = "docker" + ".io"
    assert ended.stdout.splitlines()[0] == f"{hub}/library/alpine:latest to {hub}/team/web/copy:latest"
    assert ended.stderr.startswith("there is no layout nowhere\n")

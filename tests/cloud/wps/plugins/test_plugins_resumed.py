"""A line that breaks: what has arrived is not fetched again, in one run and over several, and is verified."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pluginworld import HERE, serving

from testservers import faultproxy, registry
from testservers.faultproxy import Fault

if TYPE_CHECKING:
    from pathlib import Path

    from pluginworld import World

SIZE = 100_000
MORE = b"\n".ljust(SIZE, b"#")


def large(world: World) -> Path:
    """Write set 2's team-k8s, which is large; publish nothing yet."""
    path = world.program("team-k8s", "two")
    path.write_bytes(path.read_bytes() + MORE)
    return path


def halves(world: World) -> list[Path]:
    """List what waits for its rest."""
    return sorted((world.data / "arriving").glob("*"))


def test_a_line_that_breaks_again_and_again(world: World) -> None:
    """Where each connection brings a part only, the binary arrives by many of them, and no byte twice."""
    size = large(world).stat().st_size
    world.publish()
    with serving(world.tree) as server:
        server.most = SIZE // 6
        told = world.synced(source=server.url)
    assert (world.says("team-k8s"), told["fetched_bytes"], server.sent) == ("two", size, size)
    assert len([path for path in server.asked if path.startswith("/files/")]) == 7
    assert (world.left(), halves(world)) == ([], [])


def test_a_server_without_ranges(world: World) -> None:
    """Where a server always sends the whole from its beginning, what is here already is passed over."""
    size = large(world).stat().st_size
    world.publish()
    with serving(world.tree) as server:
        server.ranges, server.most = False, SIZE // 2
        done = world.sync(source=server.url)
        assert (done.returncode, world.says("team-k8s")) == (1, "one")
        assert f"{SIZE // 2} of {size} bytes arrived" in done.stderr
        assert "it goes on from there" in done.stderr
        server.most = 2 * SIZE
        assert world.synced(source=server.url)["fetched_bytes"] == size - SIZE // 2
    assert (world.says("team-k8s"), halves(world)) == ("two", [])


def broken_off(world: World) -> int:
    """Let a first run bring half of set 2's team-k8s; give its whole size."""
    size = large(world).stat().st_size
    world.publish()
    with serving(world.tree) as server:
        server.ranges, server.most = False, SIZE // 2
        assert world.sync(source=server.url).returncode == 1
    (half,) = halves(world)
    assert half.stat().st_size == SIZE // 2
    return size


def test_the_next_run_goes_on(world: World) -> None:
    """What a run has brought before the line broke is not fetched by the next one, from whatever source."""
    size = broken_off(world)
    assert world.synced()["fetched_bytes"] == size - SIZE // 2
    assert (world.says("team-k8s"), halves(world)) == ("two", [])


def test_a_damaged_half_is_fetched_anew(world: World) -> None:
    """A half that was changed meanwhile, or is too long, costs no more than its being fetched again."""
    size = broken_off(world)
    (half,) = halves(world)
    half.write_bytes(b"!" + half.read_bytes()[1:])
    assert world.synced()["fetched_bytes"] == 2 * size - SIZE // 2
    assert world.says("team-k8s") == "two"


@pytest.mark.parametrize("what", ["tampered", "gone"])
def test_nothing_stays_of_what_is_refused(world: World, what: str) -> None:
    """A half whose rest is tampered with, or is not there any more, is removed, and the old plugins stay."""
    broken_off(world)
    (half,) = halves(world)
    path = world.tree / "files" / half.name
    if what == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1] + b"!")
    done = world.sync()
    assert (done.returncode, world.says("team-k8s"), halves(world)) == (1, "one", [])
    assert ("is refused\n  its SHA-256 is " in done.stderr) == (what == "tampered")


def test_a_registry_that_breaks_off(world: World, tmp_path: Path) -> None:
    """A registry that is busy, and then cuts off two answers, gives the binary by ranges, hardly a byte twice."""
    size = large(world).stat().st_size
    with registry.start(tmp_path / "registry") as server:
        told = world.publish("--serial", "2", to=f"oci://{server.host}/plugins")
        (digest,) = (
            one["sha256"] for one in told["binaries"] if (one["plugin"], one["platform"]) == ("team-k8s", HERE)
        )
        with faultproxy.start(server.port) as proxy:
            blob = f"/blobs/sha256:{digest}"
            proxy.add(
                Fault("GET", blob, "status"),
                Fault("GET", blob, "close", at=SIZE // 3),
                Fault("GET", blob, "close", at=SIZE // 3),
            )
            assert world.synced(source=f"oci://{proxy.host}/plugins")["fetched_bytes"] == size
            assert proxy.sent[f"sha256:{digest}"] < 1.5 * size
    assert (world.says("team-k8s"), halves(world)) == ("two", [])

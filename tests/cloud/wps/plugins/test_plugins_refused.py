"""What `wps plugins sync` refuses, each with its own text; and the plugins that were there stay as they were."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from pluginworld import HERE, PROGRAM, SECONDS, serving

if TYPE_CHECKING:
    from pathlib import Path

    from pluginworld import Done, World

OTHER = "linux/arm64" if HERE != "linux/arm64" else "linux/amd64"


def refused(world: World, done: Done, text: str) -> None:
    """Hold that a sync was refused with a text, and that nothing has changed."""
    assert (done.returncode, done.stdout) == (1, "")
    assert text in done.stderr
    assert (world.says("team-k8s"), world.says("team-ecs")) == ("one", "one")
    assert world.left() == []
    assert world.wps("plugins", "verify").returncode == 0


def newer(world: World, *more: str) -> Path:
    """Publish set 2, and give the published file of its team-k8s."""
    world.make(team_k8s="two", team_ecs="zwei")
    told = world.publish(*more)
    digest: str = next(one["sha256"] for one in told["binaries"] if one["plugin"] == "team-k8s")
    return world.tree / "files" / digest


def test_a_tampered_binary(world: World) -> None:
    """A binary of the right length with other bytes is refused: it is not what was signed."""
    path = newer(world)
    path.write_bytes(path.read_bytes().replace(b"two", b"bad"))
    refused(world, world.sync(), "waypoint-plugin-team-k8s is refused\n  its SHA-256 is ")


def test_a_longer_binary(world: World) -> None:
    """A binary that goes on after its signed length is not read to its end."""
    path = newer(world)
    path.write_bytes(path.read_bytes() + b"more")
    refused(world, world.sync(), "more than its ")


def test_a_tampered_manifest(world: World) -> None:
    """A manifest of which a byte was changed is refused before anything else is asked for."""
    path = newer(world)
    path.unlink()
    envelope = json.loads((world.tree / "plugins.json").read_text())
    middle = len(envelope["payload"]) // 2
    changed = "A" if envelope["payload"][middle] != "A" else "B"
    envelope["payload"] = envelope["payload"][:middle] + changed + envelope["payload"][middle + 1 :]
    (world.tree / "plugins.json").write_text(json.dumps(envelope))
    refused(world, world.sync(), "tampered with, or signed by somebody else")


def test_another_key(world: World) -> None:
    """What somebody else has signed is refused, and publishing over somebody's sets too."""
    newer(world)
    mine = world.key.read_bytes()
    world.key.unlink()
    world.wps("plugins", "key", str(world.key))
    done = world.wps("plugins", "publish", str(world.tree), "--key", str(world.key), "--built", str(world.built))
    assert (done.returncode, "has plugins of somebody else" in done.stderr) == (1, True)
    shutil.rmtree(world.tree)
    world.publish()
    refused(world, world.sync(), "none of its signatures is by the trusted key")
    world.key.write_bytes(mine)


def test_an_expired_manifest(world: World) -> None:
    """A set past its time is refused, so that nobody can hold machines back on it."""
    newer(world)
    past = (dt.datetime.now(dt.UTC) - dt.timedelta(seconds=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    world.envelope(expires=past)
    refused(world, world.sync(), "set 2 of the plugins is refused\n  it was good until ")


def test_an_older_manifest(world: World) -> None:
    """Once a machine has seen a set, a source that gives an older one is refused, even if nothing was installed."""
    old = (world.tree / "plugins.json").read_bytes()
    path = newer(world)
    kept = path.read_bytes()
    path.unlink()
    assert world.sync().returncode == 1  # seen, and not installed
    path.write_bytes(kept)
    (world.tree / "plugins.json").write_bytes(old)
    refused(world, world.sync(), "this machine has seen set 2: somebody gives out an older one")


def test_two_sets_of_one_number(world: World) -> None:
    """A second set with the number of the first is refused: not everybody would get the same."""
    world.envelope(version="9.9.9")
    refused(world, world.sync(), "this machine has seen another set 1")


def test_a_set_in_place_of_another(world: World) -> None:
    """Who asks for set 1 and is given set 2 is told; who is given set 1 has it, though it is older."""
    newer(world)
    shutil.copy(world.tree / "sets/2.json", world.tree / "sets/1.json")
    refused(world, world.sync("--serial", "1"), "set 2 of the plugins is refused\n  set 1 was asked for")


def test_the_wrong_platform(world: World) -> None:
    """A set without binaries for this platform is refused, and says for which it has some."""
    shutil.rmtree(world.built)
    world.built.mkdir()
    world.program("team-k8s", "two", OTHER)
    world.publish()
    refused(world, world.sync(), f"there are no plugins for {HERE}\n  set 2 is for {OTHER}")


@pytest.mark.parametrize("honest", [True, False])
def test_half_a_download(world: World, *, honest: bool) -> None:
    """A connection that ends in the middle is told as that, whether or not the server said how long the file is."""
    newer(world)
    with serving(world.tree) as server:
        server.cut, server.honest = "/files/", honest
        refused(world, world.sync(source=server.url), "did not arrive whole")
        server.cut = ""
        assert world.sync(source=server.url).returncode == 0
    assert world.says("team-k8s") == "two"


def test_a_redirect_to_plain_http(world: World) -> None:
    """A server that leads to plain HTTP elsewhere is not followed."""
    newer(world)
    with serving(world.tree) as server:
        server.moved = "http://plugins.invalid"
        refused(world, world.sync(source=server.url), "leads to http://plugins.invalid, where others could change it")
    refused(world, world.sync(source="http://plugins.invalid"), "others could change what comes over plain HTTP")


def test_a_server_that_is_away(world: World) -> None:
    """A source that does not answer is told; what is installed stays."""
    with serving(world.tree) as server:
        url = server.url
    refused(world, world.sync(source=url), f"{url}/plugins.json cannot be read")
    refused(world, world.sync(source=str(world.folder / "nowhere")), "plugins.json cannot be read")


def in_namespace(world: World, before: str, *command: str) -> Done:
    """Run a command in mounts of its own, after a script that makes them."""
    mapped = [] if os.geteuid() == 0 else ["--map-root-user"]
    script = f'set -e; {before}; shift 0; exec "$@"'
    return subprocess.run(
        ["unshare", *mapped, "--mount", "sh", "-c", script, "sh", *command], cwd=world.app, env=world.environment(),
        capture_output=True, text=True, check=False, timeout=SECONDS,
    )  # fmt: skip


def sync_command(world: World) -> tuple[str, ...]:
    """Give the command of a sync."""
    return (str(PROGRAM), "plugins", "sync", "--from", str(world.tree), "--key", world.public)


def test_a_full_disk(world: World) -> None:
    """On a disk that is too small for the new set the sync is refused, and the old set still runs from that disk."""
    path = newer(world)
    big = world.built / HERE.replace("/", "-") / "waypoint-plugin-team-k8s"
    big.write_bytes(path.read_bytes() + b"\n" * 400_000)
    world.publish()
    check = (
        'code=0; "$@" || code=$?; echo "exit $code"; "$HOME"/.config/waypoint/plugins/waypoint-plugin-team-k8s; ls -A'
    )
    mount = f"cp -a {world.data} {world.folder}/kept; mount -t tmpfs -o size=200k tmpfs {world.data}"
    script = f"{mount}; cp -a {world.folder}/kept/. {world.data}/; {check} {world.data}/sets; exit 0"
    done = in_namespace(world, script, *sync_command(world))
    assert "the plugins cannot be installed\n  the disk is full" in done.stderr
    assert done.stdout.splitlines()[:2] == ["exit 1", "one"]
    assert [line for line in done.stdout.splitlines()[2:] if ".partial" in line] == []
    assert world.says("team-k8s") == "one"


@pytest.mark.parametrize("which", ["data", "links"])
def test_a_target_that_is_read_only(world: World, which: str) -> None:
    """Where the plugins, or the links to them, cannot be written, the sync is refused, and nothing has changed."""
    newer(world)
    world.program("test", "two")
    world.publish()
    place = world.data if which == "data" else world.links
    mounts = f"mount --bind {place} {place}; mount -o remount,bind,ro {place}"
    done = in_namespace(world, mounts, *sync_command(world))
    refused(world, done, "the plugins cannot be installed\n  it cannot be written to: read-only file system")
    assert str(place) in done.stderr


def test_a_key_that_others_can_read(world: World) -> None:
    """Nothing is signed with a key that others can read, and nothing is published."""
    world.key.chmod(0o644)
    before = (world.tree / "plugins.json").read_bytes()
    done = world.wps("plugins", "publish", str(world.tree), "--key", str(world.key), "--built", str(world.built))
    assert (done.returncode, "its mode is 0644" in done.stderr) == (1, True)
    assert (world.tree / "plugins.json").read_bytes() == before


def test_nobody_says_from_where(world: World) -> None:
    """Without a key, and without a source where no standards name one, sync says what is missing."""
    done = world.wps("plugins", "sync", "--from", str(world.tree))
    assert (done.returncode, "no key is named" in done.stderr) == (1, True)
    bad = world.wps("plugins", "sync", "--from", str(world.tree), "--key", "ed25519:x")
    assert (bad.returncode, "is no public key" in bad.stderr) == (1, True)
    none = world.wps("plugins", "sync")
    assert (none.returncode, "no standards are named" in none.stderr) == (1, True)


def test_nothing_was_built(empty: World) -> None:
    """An empty directory is not published."""
    command = ("plugins", "publish", str(empty.tree), "--key", str(empty.key), "--built", str(empty.folder / "none"))
    done = empty.wps(*command)
    assert (done.returncode, "has no plugins" in done.stderr, empty.tree.exists()) == (1, True, False)

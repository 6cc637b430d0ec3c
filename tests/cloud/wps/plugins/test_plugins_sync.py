"""`wps plugins`: what is published is installed, whole sets at once; older ones stay, and can come back."""

from __future__ import annotations

import json
import os
import threading
import time
from typing import TYPE_CHECKING

from pluginworld import APP, HERE

if TYPE_CHECKING:
    from pluginworld import World

NO_OP_SECONDS = 2.0


def test_installing(world: World) -> None:
    """The plugins are where Waypoint looks, can be run, and are the bytes that were published."""
    assert (world.says("team-k8s"), world.says("team-ecs")) == ("one", "one")
    built = world.built / HERE.replace("/", "-") / "waypoint-plugin-team-k8s"
    assert (world.links / "waypoint-plugin-team-k8s").read_bytes() == built.read_bytes()
    assert world.left() == []
    done = world.wps("plugins", "verify")
    assert (done.returncode, done.stdout) == (0, "set 1 is whole: 2 plugins as signed\n")


def test_nothing_to_do_takes_no_time(world: World) -> None:
    """A second sync changes nothing, fetches nothing, and is done in two seconds of the processor."""
    before = {path: path.stat().st_mtime_ns for path in world.home.rglob("*")}
    used = os.times()
    told = world.synced()
    now = os.times()
    assert (told["changed"], told["fetched_bytes"]) == (False, 0)
    assert {path: path.stat().st_mtime_ns for path in world.home.rglob("*")} == before
    seconds = now.children_user + now.children_system - used.children_user - used.children_system
    assert seconds < NO_OP_SECONDS


def test_a_newer_set_takes_the_place_of_the_older(world: World) -> None:
    """The newest set is installed, what did not change is not fetched again, and the old set stays."""
    world.make(team_k8s="two")
    assert world.publish()["serial"] == 2
    told = world.synced()
    size = (world.built / HERE.replace("/", "-") / "waypoint-plugin-team-k8s").stat().st_size
    assert (told["serial"], told["fetched_bytes"]) == (2, size)
    assert (world.says("team-k8s"), world.says("team-ecs")) == ("two", "one")
    listed = json.loads(world.wps("plugins", "list", "--json").stdout)["sets"]
    assert [(one["serial"], one["current"]) for one in listed] == [(2, True), (1, False)]


def test_going_back(world: World) -> None:
    """`rollback` makes the set before current again, without the source; `sync` goes forward again."""
    world.make(team_k8s="two")
    world.publish()
    world.synced()
    world.tree.rename(world.folder / "away")
    done = world.wps("plugins", "rollback")
    assert (done.returncode, world.says("team-k8s")) == (0, "one")
    again = world.wps("plugins", "rollback")
    assert (again.returncode, world.says("team-k8s")) == (1, "one")
    assert "there is no older set to go back to" in again.stderr
    assert world.wps("plugins", "rollback", "2").returncode == 0
    assert world.says("team-k8s") == "two"
    (world.folder / "away").rename(world.tree)
    assert world.synced()["changed"] is False


def test_old_sets_are_kept_and_not_forever(world: World) -> None:
    """Four sets stay beside the current one; what is older goes."""
    for number in range(2, 8):
        world.make(team_k8s=f"number {number}")
        world.publish()
        world.synced()
    listed = json.loads(world.wps("plugins", "list", "--json").stdout)["sets"]
    assert [one["serial"] for one in listed] == [7, 6, 5, 4, 3]
    assert world.wps("plugins", "rollback", "3").returncode == 0
    assert world.says("team-k8s") == "number 3"


def test_only_what_is_wanted(world: World) -> None:
    """A machine gets only the plugins that are named, and what it no longer wants is no longer found by Waypoint."""
    assert world.synced("team-k8s")["changed"] is True
    assert [path.name for path in world.links.iterdir()] == ["waypoint-plugin-team-k8s"]
    done = world.sync("team-x")
    assert (done.returncode, world.says("team-k8s")) == (1, "one")
    assert "there is no plugin team-x" in done.stderr


def test_all_plugins_change_at_once(world: World) -> None:
    """Who looks at both plugins all the time while sets are installed sees no mixture, and none missing."""
    texts: list[tuple[str, str]] = []
    failures: list[Exception] = []
    ended = threading.Event()

    def look() -> None:
        while not ended.is_set():
            try:
                folder = os.readlink(world.data / "current")
                found = [
                    (world.data / folder / f"waypoint-plugin-{one}").read_text() for one in ("team-k8s", "team-ecs")
                ]
                (world.links / "waypoint-plugin-team-k8s").read_text()
                texts.append((found[0], found[1]))
            except OSError as err:
                failures.append(err)
            time.sleep(0.001)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        for text in ("two", "three"):
            world.make(team_k8s=text, team_ecs=text)
            world.publish()
            world.synced()
    finally:
        ended.set()
        thread.join()
    assert failures == []
    assert len(texts) > 10
    assert {one[0] == one[1] for one in texts} == {True}


def test_what_was_changed_is_told_and_mended(world: World) -> None:
    """`verify` names the program that was changed; the next sync brings it back."""
    path = (world.links / "waypoint-plugin-team-k8s").resolve()
    path.write_text("#!/bin/sh\necho evil\n")
    done = world.wps("plugins", "verify")
    assert done.returncode == 1
    assert f"{path} is not what was published" in done.stderr
    assert world.synced()["changed"] is True
    assert world.says("team-k8s") == "one"
    (world.links / "waypoint-plugin-team-ecs").unlink()
    assert "does not lead to the installed plugin" in world.wps("plugins", "verify").stderr
    world.synced()
    assert world.says("team-ecs") == "one"


def test_programs_in_the_checkout_are_told(world: World) -> None:
    """What Waypoint would take before the installed plugin is named by sync, and is an error of verify."""
    for place in (world.app, world.app / ".waypoint/plugins"):
        place.mkdir(parents=True, exist_ok=True)
        path = place / "waypoint-plugin-team-k8s"
        path.write_text("x")
        done = world.sync()
        assert done.returncode == 0
        assert f"Waypoint takes {path} before the installed plugin" in done.stderr
        assert world.wps("plugins", "verify").returncode == 1
        path.unlink()
    assert world.wps("plugins", "verify").returncode == 0


def test_a_plugin_of_somebody_else_is_not_replaced(world: World) -> None:
    """A file that sync has not made stays, and all other plugins with it."""
    path = world.links / "waypoint-plugin-team-k8s"
    path.unlink()
    path.write_text("mine")
    world.make(team_k8s="two", team_ecs="two")
    world.publish()
    done = world.sync()
    assert (done.returncode, path.read_text(), world.says("team-ecs")) == (1, "mine", "one")
    assert f"{path} is not replaced" in done.stderr


def test_checksums_in_waypoint_hcl(world: World) -> None:
    """`--write-stanza` writes the SHA-256 of the plugins that the file uses; without a file it says so at once."""
    told = world.synced("--write-stanza")
    text = (world.app / "waypoint.hcl").read_text()
    digest = next(one["sha256"] for one in told["binaries"] if one["plugin"] == "team-k8s")
    assert text == f'{APP}\nplugin "team-k8s" {{\n  type {{}}\n  checksum = "{digest}"\n}}\n'
    (world.app / "waypoint.hcl").unlink()
    done = world.sync("--write-stanza")
    assert done.returncode == 1
    assert "the checksums have no place to go" in done.stderr


def test_the_image_of_runners(world: World) -> None:
    """The Containerfile copies each binary of the installed set to where the runner looks; the binaries lie beside."""
    into = world.folder / "runner"
    done = world.wps("plugins", "runner", str(into), "--base", "registry.example/odr:1")
    assert done.returncode == 0, done.stderr
    text = (into / "Containerfile").read_text()
    assert "\nFROM registry.example/odr:1\n" in text
    for name in ("waypoint-plugin-team-ecs", "waypoint-plugin-team-k8s"):
        assert f"COPY --chmod=755 {name} /kaniko/.config/waypoint/plugins/{name}\n" in text
        assert (into / name).read_bytes() == (world.links / name).read_bytes()
        assert os.access(into / name, os.X_OK)


def test_nothing_installed(empty: World) -> None:
    """Where nothing is installed, each command says so, and how to begin."""
    assert "no plugins are installed" in empty.wps("plugins", "list").stdout
    for command in (("verify",), ("runner", "x")):
        done = empty.wps("plugins", *command)
        assert (done.returncode, "run `wps plugins sync`" in done.stderr) == (1, True)
    done = empty.wps("plugins", "rollback")
    assert (done.returncode, "the sets here are: none" in done.stderr) == (1, True)

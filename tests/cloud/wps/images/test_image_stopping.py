"""`wps image copy` while it runs: what is shown at a terminal and in a log, and what an interruption leaves."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import threading
import time
from typing import TYPE_CHECKING

import imageworld
import moverimages
import pytest

from testservers import dockerengine

if TYPE_CHECKING:
    from collections.abc import Callable

    from imageworld import World

SOON_SECONDS = 5.0
"""In which an interruption ends the program, on a machine that others use too."""


def interrupted(
    world: World, ready: Callable[[], bool], number: signal.Signals, *arguments: str, **environ: str
) -> tuple[int, str, str]:
    """Start a copy, send a signal as soon as it is ready for it, and give exit code, stdout and stderr."""
    # Where the run itself ignores interruptions, as in the background of a script, its programs would too.
    command = ["env", "--default-signal=INT", imageworld.PROGRAM, "image", "copy", *arguments]
    with subprocess.Popen(
        command, cwd=world.folder, env=world.environment(**environ), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        deadline = time.monotonic() + 60
        while not ready():
            assert process.poll() is None, "it ended before it could be interrupted"
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert bool(world.runtime and world.runtime.plugins()) == bool(world.runtime)
        process.send_signal(number)
        begun = time.monotonic()
        out, err = process.communicate(timeout=60)
        assert time.monotonic() - begun < SOON_SECONDS
    assert "Traceback" not in err
    return process.returncode, out, err


def slow(world: World, seed: int) -> moverimages.Image:
    """Push an image of twelve layers, and let the far registry take some seconds for it."""
    image = moverimages.plain(seed, [100_000 + number for number in range(12)])
    world.push(image)
    world.proxy.bytes_per_second = 60_000
    return image


def finished(world: World) -> set[str]:
    """Give the blobs that the far registry has got, from its files."""
    links = world.far.directory / "data/docker/registry/v2/repositories" / world.path / "_layers/sha256"
    return {f"sha256:{link.name}" for link in links.glob("*")}


def test_interrupted_copy_goes_on(each: World) -> None:
    """Ctrl-C ends a copy at once with 130 and no tag; the same command goes on, and sends nothing twice."""
    image = slow(each, 30)
    command = [each.source, f"{each.proxy.host}/{each.path}", "--jobs", "2"]
    code, _, err = interrupted(each, lambda: len(finished(each)) > 1, signal.SIGINT, *command)
    assert code == 130
    assert re.match(r"interrupted: \d+ blobs? arrived, [\d.]+ KiB sent; no tag stands on half an image\n", err)
    assert "run the same command again: what is there is not sent again" in err
    assert each.far.tags(each.path) == {}
    there = finished(each)
    assert 0 < len(there) < len(image.blobs)
    each.proxy.mend()
    each.proxy.bytes_per_second = 0
    each.done("copy", *command)
    moverimages.assert_complete(each.far, each.path, image)
    assert {digest for digest in there if each.proxy.received[digest]} == set()


def test_interruption_as_an_event(world: World) -> None:
    """With --json an interruption is the last event."""
    slow(world, 31)
    command = [world.source, f"{world.proxy.host}/{world.path}", "--json"]
    code, out, _ = interrupted(world, lambda: bool(world.proxy.received), signal.SIGINT, *command)
    last = json.loads(out.splitlines()[-1])
    assert (code, last["event"], last["interrupted"]) == (130, "result", True)


@pytest.mark.parametrize(("number", "expected"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_archive(each: World, number: signal.Signals, expected: int) -> None:
    """A copy into an archive that is interrupted or ended leaves no file and nothing beside it."""
    slow(each, 32)
    each.proxy.bytes_per_second = 0
    far = f"{each.proxy.host}/{each.path}:v1"
    each.done("copy", each.source, far)
    each.proxy.mend()
    each.proxy.bytes_per_second = 20_000
    code, _, err = interrupted(each, lambda: bool(each.proxy.sent), number, far, "oci-archive:file.tar")
    assert code == expected
    assert ("file.tar was not written" in err) == (number == signal.SIGINT)
    assert [one.name for one in each.folder.iterdir()] == ["home"]


def test_interrupted_while_docker_is_silent(each: World) -> None:
    """Ctrl-C ends a copy that waits for Docker, too."""
    with dockerengine.start(each.folder / "docker.sock") as engine:
        engine.is_silent = True
        command = ["docker-daemon:team/web:v1", "oci:there"]
        environ = {"DOCKER_HOST": engine.address}
        code, _, _ = interrupted(each, lambda: bool(engine.requests), signal.SIGINT, *command, **environ)
    assert code == 130
    assert not (each.folder / "there").exists()


def test_lines_in_a_log(world: World) -> None:
    """Where no terminal is, a long copy says a few times how far it is, how fast, and how long it will take."""
    slow(world, 33)
    begun = time.monotonic()
    ended = world.wps("copy", world.source, f"{world.proxy.host}/{world.path}", "--jobs", "4")
    seconds = time.monotonic() - begun
    lines = ended.stderr.splitlines()
    assert 1 <= len(lines) <= seconds / 2
    for line in lines:
        assert re.fullmatch(r"[\d.]+ [KM]?i?B of 1\.1 MiB, \d+ %, [\d.]+ KiB/s, [\d min]+ s left", line), line
    assert "\x1b" not in ended.stdout + ended.stderr


@pytest.mark.parametrize("colours", [True, False])
def test_bar_at_a_terminal(each: World, colours: bool) -> None:  # noqa: FBT001  # pytest gives it by name
    """At a terminal a bar shows how far it is, is taken away at the end, and has no colours if NO_COLOR is set."""
    slow(each, 34)
    ours, theirs = pty.openpty()
    environ = {"TERM": "xterm"} | ({} if colours else {"NO_COLOR": "1"})
    shown: list[bytes] = []

    def collect() -> None:
        try:
            while part := os.read(ours, 65536):
                shown.append(part)
        except OSError:  # the other end is closed
            return

    reader = threading.Thread(target=collect)
    with subprocess.Popen(
        [imageworld.PROGRAM, "image", "copy", each.source, f"{each.proxy.host}/{each.path}"], cwd=each.folder,
        env=each.environment(**environ), stdin=theirs, stdout=subprocess.PIPE, stderr=theirs, text=True,
    ) as process:  # fmt: skip
        os.close(theirs)
        reader.start()
        out, _ = process.communicate(timeout=60)
        reader.join()
    os.close(ours)
    text = b"".join(shown).decode()
    assert process.returncode == 0
    assert re.search(r"of 1\.1 MiB, \d+ %", text)
    assert bool(re.search(r"\x1b\[[39]\d", text)) == colours
    assert "\x1b" not in out
    assert "copied" in out

"""The mover as a process: killed at any moment, and measured."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import moverimages

if TYPE_CHECKING:
    from conftest import World

ROOT = Path(__file__).resolve().parents[3]
MOVER = Path(__file__).with_name("mover.py")
KILLS = int(os.environ.get("WAYPAAS_MOVER_KILLS") or 20)
"""The acceptance run has 50."""
MOST_MEMORY_BYTES = 64 << 20
LARGE_BYTES = 300 << 20


def start(world: World, to_path: str) -> subprocess.Popen[str]:
    """Start a mover through the proxies."""
    command = [sys.executable, MOVER, world.reads.host, world.path, world.writes.host, to_path, "v1"]
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ)


def finish(mover: subprocess.Popen[str]) -> list[int]:
    """Wait for the end, and give what it printed."""
    output, _ = mover.communicate(timeout=120)
    assert mover.returncode == 0
    return [int(word) for word in output.split()]


def test_kill_at_any_moment(world: World) -> None:
    """After kill -9 no tag stands on half an image, and a second run sends no finished blob again."""
    image = moverimages.Image()
    children = [
        image.add_manifest(
            [moverimages.layer(300 + 10 * n + m, 30_000 + 60_000 * m) for m in range(6)], config=f"{n}".encode()
        )
        for n in range(2)
    ]
    image.add_index(children)
    world.push(image)
    world.writes.latency_seconds = 0.005
    world.writes.bytes_per_second = 1e6
    size = sum(map(len, image.blobs.values()))
    moments = random.Random(6)  # noqa: S311  # moments
    interrupted = 0
    for number in range(KILLS):
        path = f"{world.path}/killed{number}"
        world.writes.received.clear()
        wanted = moments.uniform(0, 1) * size
        with start(world, path) as mover:
            while sum(world.writes.received.values()) < wanted and mover.poll() is None:
                time.sleep(0.002)
            mover.send_signal(signal.SIGKILL)
            mover.communicate()
        links = world.destination.directory / "data/docker/registry/v2/repositories" / path / "_layers/sha256"
        finished = {f"sha256:{link.name}" for link in links.glob("*")}
        interrupted += 0 < len(finished) < len(image.blobs)
        tags = world.destination.tags(path)
        assert tags in ({}, {"v1": image.root})
        if tags:
            moverimages.assert_complete(world.destination, path, image)
        world.writes.received.clear()
        with start(world, path) as mover:
            finish(mover)
        moverimages.assert_complete(world.destination, path, image)
        again = {blob for blob in finished if world.writes.received[blob]}
        assert again == set()
        told = f"kill {number}: at {wanted / size:.0%}, {len(finished)} of {len(image.blobs)} blobs finished"
        print(f"{told}, {len(again)} sent again")  # noqa: T201  # the acceptance run shows it
    assert interrupted >= KILLS // 5


def test_memory_is_bounded(world: World) -> None:
    """A layer of 300 MiB is moved in less than 64 MiB of memory, Python included."""
    image = moverimages.Image()
    image.add_manifest([moverimages.layer(400, 1 << 20) * (LARGE_BYTES >> 20)])
    world.push(image)
    with start(world, world.path) as mover:
        sent, peak_kib = finish(mover)
    assert sent > LARGE_BYTES
    assert peak_kib * 1024 < MOST_MEMORY_BYTES

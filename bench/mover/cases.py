"""The cases of the mover's benchmark: their images, what is at the destination before, and their goals."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests/cloud/imagemover")]

import moverimages  # noqa: E402  # beside the tests

MIB = 1 << 20
FLEET = 10
MANY, LARGE, HUGE_BYTES = (MIB,) * 40, (50 * MIB,) * 10, 500 * MIB
Images = list[moverimages.Image]


@dataclass(frozen=True)
class Goal:
    """Our wall time as a part of a peer's, at most; None: no goal.

    Args:
        tuned: Of the quickest peer at its best setting.
        default: Of the quickest peer at its defaults.
        why: Where a goal of the issue does not stand: what stands in its way.
    """

    tuned: float | None = None
    default: float | None = None
    why: str = ""


@dataclass(frozen=True)
class Case:
    """One case on one network.

    Args:
        network: "loopback"; "push": the destination is far; "pull": the source is far.
        name: Of the case.
        rounds: How often each tool runs; on loopback more often, as runs of one tool differ by a fifth there.
        goal: What we hold ourselves to.
        defaults: Whether peers run at their defaults too.
        peers: Those that take part; empty: all.
    """

    network: str
    name: str
    rounds: int
    goal: Goal
    defaults: bool = True
    peers: tuple[str, ...] = ()


FAR = Goal(0.8, 0.5)
NEAR = Goal(1.1, 1.1)
ALIKE = Goal(1.1, why="a layer's bytes over one connection, 5.0 s, are for whoever opens ten")
UNVERIFIED = Goal(1.1, 1.1, why="oras does not hash what it copies, and the registries keep both cores busy")
START = Goal(why="the interpreter's start is most of it")
CASES = (
    Case("push", "many", 2, FAR),
    Case("push", "index", 2, FAR),
    Case("push", "big", 1, ALIKE, defaults=False),
    Case("push", "warm", 2, FAR),
    Case("push", "mount", 1, FAR),
    Case("push", "noop", 3, Goal(why="two round trips for everybody, and the interpreter's start")),
    Case("push", "fleet", 1, Goal(0.8, 0.3)),
    Case("pull", "big", 1, ALIKE, defaults=False),
    # One layer: peers read it alike, whatever their setting, and it takes each of them a minute.
    Case("pull", "huge", 1, Goal(0.5), defaults=False, peers=("crane",)),
    Case("loopback", "many", 15, NEAR),
    Case("loopback", "index", 25, UNVERIFIED),
    Case("loopback", "big", 9, UNVERIFIED),
    Case("loopback", "huge", 5, NEAR, defaults=False),
    Case("loopback", "warm", 25, NEAR),
    Case("loopback", "mount", 3, START),
    Case("loopback", "noop", 3, START),
    Case("loopback", "fleet", 3, NEAR),
)


def images(name: str) -> Images:
    """Make the images of a case.

    Args:
        name: Of the case.

    Returns:
        One image; of the fleet, each.
    """
    if name in {"many", "noop", "mount", "warm"}:
        return [moverimages.plain(1, MANY)]
    if name == "big":
        return [moverimages.plain(2, LARGE)]
    if name == "huge":
        image = moverimages.Image()
        image.add_manifest([moverimages.layer(3, MIB) * (HUGE_BYTES // MIB)])
        return [image]
    if name == "index":
        image = moverimages.Image()
        children = [
            image.add_manifest([moverimages.layer(10 * n + m, 8 * MIB) for m in range(7)], config=f"{n}".encode())
            for n in range(2)
        ]
        image.add_index(children, ["linux/amd64", "linux/arm64"])
        return [image]
    made = []
    for number in range(FLEET):
        image = moverimages.Image()
        shared = [moverimages.layer(100 + n, 4 * MIB) for n in range(6)]
        own = [moverimages.layer(1000 + 10 * number + n, MIB) for n in range(2)]
        image.add_manifest([*shared, *own], config=f"{number}".encode())
        made.append(image)
    return made


def before(name: str) -> moverimages.Image | None:
    """Give what is in the destination's repository before each run.

    Args:
        name: Of the case.

    Returns:
        An image; None: nothing is there.
    """
    if name == "noop":
        return moverimages.plain(1, MANY)
    if name == "warm":
        image = moverimages.Image()
        image.add_manifest([moverimages.layer(1000 + number, size) for number, size in enumerate(MANY[::2])])
        return image
    return None

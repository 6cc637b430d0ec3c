"""The moments at which somebody is killed, made of what a promotion that nobody disturbs does with the world.

Pure: takes the lines that `probe` has written. A new step of a promotion is a new event, and so has moments.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable

LONG_SECONDS = 0.1
"""An event that lasts longer has a moment within, besides the one at its begin."""

CLOSE_SECONDS = 0.02
READS = frozenset({
    "hold", "list", "latest", "history", "get", "chain", "keys", "evidence", "rejection", "rejections", "running",
    "held", "waivers", "promotion",
})  # fmt: skip
"""Last words of events that change nothing."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """What a program does with the world.

    Args:
        role: "wps" or "plugin".
        label: Its name.
        number: Which of the events with this label, from 1.
        begin: When it begins, by the clock of the recording.
        seconds: How long it takes.
    """

    role: str
    label: str
    number: int
    begin: float
    seconds: float

    @property
    def name(self) -> str:
        """Its label, with its number if it is not the first."""
        return self.label if self.number == 1 else f"{self.label} {self.number}"

    @property
    def changes(self) -> bool:
        """Whether it changes anything."""
        return self.label.rpartition(" ")[2] not in READS


@dataclass(frozen=True, kw_only=True)
class Moment:
    """When somebody is killed.

    Args:
        victim: "wps", "plugin" or "service".
        event: Of a promotion.
        edge: "at" its begin, "within" it, or "after" it.
    """

    victim: str
    event: Event
    edge: str

    @property
    def name(self) -> str:
        """For the table."""
        return f"{self.edge} {self.event.name}"

    def offset(self, chance: random.Random) -> float:
        """Choose how many seconds behind the edge it is."""
        if self.edge == "within":
            return chance.uniform(0.1, 0.9) * self.event.seconds
        return chance.choice((0.0, chance.uniform(0, CLOSE_SECONDS)))

    def strike(self, chance: random.Random, pid: int, mark: str) -> dict[str, Any]:
        """Give what `probe.Strike` is made of."""
        return {
            "role": self.event.role, "label": self.event.label, "number": self.event.number,
            "edge": "after" if self.edge == "after" else "at", "seconds": self.offset(chance), "pid": pid, "mark": mark,
        }  # fmt: skip


def events(lines: Iterable[str]) -> list[Event]:
    """Read what the probe has written, in the order of the begins."""
    counts: Counter[tuple[str, str, str]] = Counter()
    begins: dict[tuple[str, str, int], float] = {}
    found = []
    for line in lines:
        role, label, edge, when = line.split("\t")
        counts[role, label, edge] += 1
        key = role, label, counts[role, label, edge]
        if edge == "at":
            begins[key] = float(when)
        else:
            found.append(Event(role=role, label=label, number=key[2], begin=begins[key],
                               seconds=float(when) - begins[key]))  # fmt: skip
    return sorted(found, key=lambda one: one.begin)


def of(victim: str, found: Iterable[Event]) -> list[Moment]:
    """List the moments of a victim: at each event, within a long one that changes something, before an answer is given.

    Behind an event of `wps` comes the next one at once, so only the last has a moment after it.
    """
    role = "plugin" if victim == "plugin" else "wps"
    own = [event for event in found if event.role == role]
    made = []
    for event in own:
        edges = ["at"]
        if event.seconds > LONG_SECONDS and event.changes:
            edges.append("within")
        if role == "plugin" or event is own[-1]:
            edges.append("after")
        made += [Moment(victim=victim, event=event, edge=edge) for edge in edges]
    return made


def some(every: Iterable[Moment], chance: random.Random) -> list[Moment]:
    """Choose what there is time for with each change of the code.

    One moment of each event that changes something, and of half of these where the service is killed, which takes long.
    """
    by_event: dict[tuple[str, Event], list[Moment]] = {}
    for one in every:
        if one.event.changes:
            by_event.setdefault((one.victim, one.event), []).append(one)
    made = [chance.choice(ones) for ones in by_event.values()]
    half = chance.choice((0, 1))
    return [one for number, one in enumerate(made) if one.victim != "service" or number % 2 == half]

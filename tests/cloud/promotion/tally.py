"""Counts what came of killing somebody at each moment, and prints it as a table."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from killing import Outcome
    from moments import Moment

COLUMNS = f"{'victim':8} {'moment':34} {'rounds':>6} {'released':>8} {'finished':>8} {'hung':>4} {'worst':>6}  left"
LEGEND = (
    "released: by the run after it; finished: the killed run had ended well already; hung: Waypoint did not end, and\n"
    "the case was tried again; worst: seconds of the run after it; left: what is there besides what an undisturbed\n"
    "promotion leaves, and in how many rounds"
)


@dataclass
class _Row:
    """What came of one moment."""

    rounds: int = 0
    released: int = 0
    finished: int = 0
    hung: int = 0
    worst: float = 0.0
    left: Counter[str] = field(default_factory=Counter)


class Tally:
    """Counts, from several threads.

    Args:
        seed: Of the offsets.
        rounds: How many are wanted.
        log: Gets a line for each case, for who follows a long run.
    """

    def __init__(self, seed: str, rounds: int, log: Path) -> None:
        self._rows: dict[tuple[str, str], _Row] = {}
        self._lock = threading.Lock()
        self.head = f"kills at every moment of a promotion: {rounds} rounds, seed {seed}; case by case: {log}"
        self.faults: list[str] = []
        self._log = log

    def add(self, moment: Moment, outcome: Outcome, *, hung: bool) -> None:
        """Count a case; what does not hold is told at once."""
        with self._lock:
            row = self._rows.setdefault((moment.victim, moment.name), _Row())
            row.rounds += 1
            row.released += outcome.released
            row.finished += outcome.code == 0
            row.hung += hung
            row.worst = max(row.worst, outcome.seconds)
            row.left.update(dict.fromkeys(outcome.left, 1))
            with self._log.open("a") as log:
                log.write(f"{moment.victim}, {moment.name}: {outcome}{' behind one that hung' * hung}\n")
            self.faults += [f"{moment.victim} killed {moment.name}: {fault}" for fault in outcome.faults]

    def table(self) -> str:
        """Give the table."""
        lines = [self.head, COLUMNS]
        for (victim, name), row in self._rows.items():
            left = ", ".join(f"{what} ({count})" for what, count in sorted(row.left.items())) or "nothing"
            lines.append(
                f"{victim:8} {name:34} {row.rounds:6} {row.released:8} {row.finished:8} {row.hung:4} {row.worst:6.1f}"
                f"  {left}"
            )
        total = sum(row.rounds for row in self._rows.values())
        return "\n".join([*lines, f"{total} kills, {len(self.faults)} faults", LEGEND])

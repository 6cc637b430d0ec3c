"""`wps promote`, a plugin, or the service is killed at every moment of a promotion; the next run ends in one release.

The moments are found by a promotion that nobody disturbs. WAYPAAS_KILL_ROUNDS says how often each is tried; without it,
one moment of each event that changes something is. WAYPAAS_KILL_SEED repeats a run; WAYPAAS_KILL_VICTIMS says who is
killed, if not all of "wps,plugin,service".
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import killing
import moments
import pytest
from grounds import Company, Grounds
from tally import Tally

from testservers import oidc
from testservers.postgres import postgres

if TYPE_CHECKING:
    from collections.abc import Sequence

    from moments import Moment

    from testservers.registry import Registry

ROUNDS = int(os.environ.get("WAYPAAS_KILL_ROUNDS") or 0)
SEED = os.environ.get("WAYPAAS_KILL_SEED") or str(random.SystemRandom().randrange(10**6))
MINUTES = float(os.environ.get("WAYPAAS_KILL_MINUTES") or 0)
"""No case begins later; 0 for no end."""

VICTIMS = tuple((os.environ.get("WAYPAAS_KILL_VICTIMS") or "wps,plugin,service").split(","))

NEEDED = {
    "wps": ("ledger begin", "waypoint build", "waypoint deploy", "waypoint release", "ledger finish"),
    "plugin": ("team-ecr build", "stand deploy", "stand release"),
}
"""Events that a promotion has in any case: a list of moments without them was made wrongly."""


class Lane:
    """Cases one behind the other, round by round.

    Args:
        where: Where they take place.
        victims: Who is killed.
        tally: Counts.
    """

    def __init__(self, where: Grounds, victims: Sequence[str], tally: Tally) -> None:
        self._where, self._tally = where, tally
        self._moments: list[Moment] = []
        self._usual: frozenset[str] = frozenset()
        for victim in victims:
            events, usual = killing.recorded(where, plugins=victim == "plugin")
            self._usual |= usual
            made = moments.of(victim, events)
            labels = {one.event.label for one in made}
            assert labels.issuperset(NEEDED["plugin" if victim == "plugin" else "wps"]), labels
            self._moments += made

    def run(self, rounds: Sequence[int], until: float, share: int = 0, shares: int = 1) -> None:
        """Try a share of the moments in each round."""
        for number in rounds:
            every = self._moments if ROUNDS else moments.some(self._moments, random.Random(SEED))  # noqa: S311
            for moment in every[share::shares]:
                if time.monotonic() > until:
                    return
                seed = f"{SEED} {number} {moment.victim} {moment.name}"
                try:
                    outcome, hung = killing.tried(self._where, moment, seed, self._usual)
                except Exception as err:  # noqa: BLE001  # the others go on, and the table says so
                    outcome, hung = killing.Outcome(faults=[f"the case itself: {err!r}"]), False
                self._tally.add(moment, outcome, hung=hung)


@pytest.mark.timeout(0 if ROUNDS else 900)
def test_killed_at_every_moment(
    tmp_path: Path, promotion_registries: list[Registry], capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever is killed, and whenever: the next run ends in one release, one record, a whole chain, and no claim."""
    tally = Tally(SEED, ROUNDS or 1, tmp_path / "cases.log")
    with capsys.disabled():
        sys.stdout.write(f"\n{tally.head}\n")
    until = time.monotonic() + MINUTES * 60 if MINUTES else float("inf")
    rounds = range(ROUNDS or 1)
    with ExitStack() as closing:
        place = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="kill-")))  # sockets want short paths
        alone = Grounds(place / "alone", promotion_registries)
        closing.callback(alone.close)
        idp = closing.enter_context(oidc.start(tmp_path / "idp"))
        companies = [Company(place / "sqlite", promotion_registries, idp)] if "service" in VICTIMS else []
        if companies and ROUNDS > 1:
            url = closing.enter_context(postgres()).database()
            companies.append(Company(place / "postgresql", promotion_registries, idp, url))
        for company in companies:
            closing.callback(company.close)
            closing.enter_context(company.serving())
        without = Lane(alone, [one for one in VICTIMS if one != "service"], tally)
        lanes = [Lane(company, ("service",), tally) for company in companies]
        with ThreadPoolExecutor() as pool:
            work = [pool.submit(without.run, rounds, until, share, 2) for share in range(2)]
            work += [
                pool.submit(lane.run, rounds[which :: len(lanes)], until)
                for which, lane in enumerate(lanes)
            ]  # fmt: skip
            for one in work:
                one.result()
    with capsys.disabled():
        sys.stdout.write(f"\n{tally.table()}\n")
    assert not tally.faults, "\n\n".join(tally.faults)

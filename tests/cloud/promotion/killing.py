"""One case: a promotion, somebody who is killed in it, the run after it, and what has to hold then."""

from __future__ import annotations

import json
import random
import re
import shutil
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import grounds
import moments
from shop import SECONDS, HostHungError

from teamconfig.errors import StandardsError

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from grounds import Grounds
    from moments import Event, Moment
    from shop import Shop

TO_STAGING = ("promote", "--to", "staging", "--yes")
_AWAY_SECONDS = 2.0
_END_SECONDS = 10.0
_NAME = re.compile(r"[0-9a-f]{8,}|[0-9]+")
FAILED = 1
"""Exit code of a run whose step failed."""

HUNG = "Waypoint hung"
"""What `wps` says when it has ended a Waypoint that hung."""

_ENDS = frozenset({0, FAILED, 75})
"""Exit codes of a run whose plugin or service is killed: it got over it, it failed, or the service is away."""


@dataclass(kw_only=True)
class Outcome:
    """What came of a case.

    Args:
        struck: Whether the moment came.
        code: Exit code of the first run; below 0 for a signal.
        first_seconds: Of the first run, with a service until that is there again.
        repeats: Whether the platform may have been told something again: a plugin was killed behind its work, Waypoint
            hung, or the first run failed, which gives its promotion up, so that the next run is another.
        seconds: Of the run after it.
        released: Whether that one gave the traffic.
        faults: What does not hold.
        left: What is there besides what a promotion that nobody disturbs leaves.
    """

    struck: bool = False
    code: int = 0
    first_seconds: float = 0.0
    repeats: bool = False
    seconds: float = 0.0
    released: bool = False
    faults: list[str] = field(default_factory=list)
    left: Counter[str] = field(default_factory=Counter)


def recorded(where: Grounds, *, plugins: bool) -> tuple[list[Event], frozenset[str]]:
    """Promote undisturbed, once more where Waypoint itself hung; give the events, and the names of what is left."""
    try:
        return _recorded(where, plugins=plugins)
    except HostHungError:
        return _recorded(where, plugins=plugins)


def _recorded(where: Grounds, *, plugins: bool) -> tuple[list[Event], frozenset[str]]:
    """Promote undisturbed, with a Waypoint that knows nothing yet."""
    shop = where.shop(knows_it=False)
    where.record(shop)
    child = _begin(shop, {}, plugins=plugins)
    code = shop.end(child)
    if code:
        raise RuntimeError(f"an undisturbed promotion ended with {code}\n{shop.log.read_text()}")
    lines = (shop.place / "events").read_text().splitlines()
    unwatched = [line for line in lines if "\tunwatched " in line]
    assert not unwatched, f"commands that are no events, and so have no moments: {unwatched}"
    return moments.events(lines), frozenset(_files(shop))


def run(where: Grounds, moment: Moment, seed: str, usual: frozenset[str]) -> Outcome:
    """Kill somebody at a moment of a promotion, promote again, and look."""
    shop = where.shop(knows_it=moment.event.label != "waypoint init")
    digest = where.record(shop)
    chance = random.Random(seed)  # noqa: S311  # moments
    found = Outcome()
    mark = shop.place / "struck"
    pid = where.running.process.pid if where.running is not None and moment.victim == "service" else 0
    began = time.monotonic()
    child = _begin(shop, moment.strike(chance, pid, str(mark)), plugins=moment.victim == "plugin")
    if pid:
        _serve_again(where, child, mark, chance.uniform(0, _AWAY_SECONDS))
    found.code = shop.end(child)
    found.first_seconds = time.monotonic() - began
    found.struck = mark.exists()
    _check_end(shop, moment, found)
    before = shop.releases("staging")
    began = time.monotonic()
    code = shop.end(shop.begin(*TO_STAGING))
    found.seconds = time.monotonic() - began
    found.released = shop.releases("staging") > before
    found.repeats |= HUNG in shop.log.read_text()
    if code:
        found.faults.append(f"the run after it ended with {code}: {shop.log.read_text()[-1500:]}")
        return found
    _look(where, shop, digest, found)
    found.left = +found.left + _left(shop, usual)
    if not found.faults:
        shutil.rmtree(shop.place)
    return found


def _begin(shop: Shop, strike: dict[str, object], *, plugins: bool) -> subprocess.Popen[str]:
    told = {"events": str(shop.place / "events"), "strike": strike}
    with_probe = shop.environ
    if plugins:
        shop.environ = shop.environ | {"PROBE_PLUGINS": "1"}
    try:
        return shop.begin(*TO_STAGING, probe=json.dumps(told))
    finally:
        shop.environ = with_probe


def _serve_again(where: Grounds, child: subprocess.Popen[str], mark: Path, away: float) -> None:
    """Wait until the service is killed, and start it again after a while."""
    assert where.running is not None
    deadline = time.monotonic() + SECONDS
    while not mark.exists() and child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    if mark.exists():
        where.running.process.wait(30)
        time.sleep(away)
        where.running.restart()


def _check_end(shop: Shop, moment: Moment, found: Outcome) -> None:
    """See that the first run ended as it has to."""
    said = shop.log.read_text()
    found.repeats = moment.victim == "plugin" or found.code == FAILED or HUNG in said
    if not found.struck:
        found.faults.append(f"the moment did not come; it ended with {found.code}: {said[-1500:]}")
    if "Traceback" in said:
        found.faults.append(f"a traceback: {said[-1500:]}")
    if moment.victim == "wps" and found.code not in {-9, 0}:
        found.faults.append(f"it ended with {found.code}, and not by SIGKILL: {said[-1500:]}")
    if moment.victim != "wps" and found.code not in _ENDS:
        found.faults.append(f"it ended with {found.code}: {said[-1500:]}")


def _look(where: Grounds, shop: Shop, digest: str, found: Outcome) -> None:
    """Check that there is one release of the image, one record in a whole chain, and nothing at work."""
    told = [line for line in (shop.stand / "releases-staging").read_text().splitlines() if line]
    if shop.serves("staging") != digest:
        found.faults.append(f"staging serves {shop.serves('staging')}, not {digest}")
    deployments = list(shop.stand.glob("staging-*.json"))
    if not found.repeats and len(told) != 1:
        found.faults.append(f"the traffic was given {len(told)} times, to {sorted(set(told))}")
    if not found.repeats and len(deployments) != 1:
        found.faults.append(f"{len(deployments)} deployments")
    found.left |= {"the traffic given twice": len(told) - 1, "a deployment of before": len(deployments) - 1}
    try:
        with shop.ledger() as ledger:
            records = [one.id for one in ledger.history("shop", "web", "staging", 100) if one.digest == digest]
            claim = ledger.promotion("shop", "web", "staging")
        if len(records) != 1:
            found.faults.append(f"{len(records)} records of the image")
        if claim is not None and not claim.ended:
            found.faults.append(f"staging is still claimed by {claim.owner}")
        shop.wps("verify")
    except (StandardsError, AssertionError) as err:
        found.faults.append(f"the records are not whole: {err}")
    released = json.loads(_array(grounds.said_by(shop, "release", "list", "-json", "-workspace=staging", "-app=web")))
    good = [one for one in released if one["status"].get("state") == "SUCCESS"]
    if len({one["preloadDetails"]["deployment"]["id"] for one in good}) != 1:
        found.faults.append(f"Waypoint knows {len(good)} releases")
    found.left |= {"a release of Waypoint of before": len(good) - 1}
    lacking = grounds.lacking(where.registries[2], shop.path, shop.image)
    if lacking:
        found.faults.append(f"staging's registry lacks {lacking}")
    mark = f"{grounds.CASE}={shop.place}"
    if not grounds.gone(mark, _END_SECONDS):
        found.faults.append(f"processes are left: {grounds.with_variable(mark)}")


def _array(text: str) -> str:
    return text[text.index("[") :]


def _files(shop: Shop) -> list[str]:
    """Name what is there; numbers in names do not count."""
    skipped = {".git", "events", "struck", "wps.log"}
    return [
        _NAME.sub("#", str(path.relative_to(shop.place)))
        for path in shop.place.rglob("*")
        if not skipped.intersection(path.relative_to(shop.place).parts)
    ]


def _left(shop: Shop, usual: frozenset[str]) -> Counter[str]:
    """Count what is there besides the usual."""
    return Counter(name for name in _files(shop) if name not in usual)


def tried(where: Grounds, moment: Moment, seed: str, usual: frozenset[str]) -> tuple[Outcome, bool]:
    """Run a case, and once more where Waypoint itself hung; tell whether it did."""
    try:
        return run(where, moment, seed, usual), False
    except HostHungError:
        return run(where, moment, f"{seed} again", usual), True

"""The team config service under load: calls per second and how long they take, with TLS, proofs and audit on.

    python bench/service/load.py [--seconds 10] [--minutes 0] [--database sqlite|postgresql|both] [--check]

Starts a real service process with TLS, over SQLite and over PostgreSQL in turn.
Sessions are opened by ID tokens that a real OIDC provider publishes the key of.
Then a client process (testservers/loadclient) makes Sessions/WhoAmI and Standards/Resolve
in turn, each call with its Ed25519 proof, with 1, 8, 32 and 64 calls in flight.
Client, service and database share the machine's cores. Prints for each

    calls/s, p50 and p99 in milliseconds, errors
    CPU     milliseconds that the service computed for one call, which other work on the machine changes little

and, for each database, how many rows of the audit were written and how many
calls were answered (they must be equal), whether the audit's chain is whole, and
the service's memory before and after. `--minutes 10` goes on with 32 calls in
flight, and prints memory, threads and open files each minute.

Exit code 1 if a row is missing or the chain is broken. With --check also if
there are fewer than 500 calls/s at 32 in flight, a p99 of 75 ms or more there,
an error, or memory that grows by more than 10 % after the soak's sixth minute:
until then the ids of calls, which are kept for that long, become more.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from teamconfig.service import keys
from teamconfig.state import audit, checkpoints, database, signers
from teamconfig.state.tables import AUDIT
from testservers import load, oidc, service
from testservers.postgres import postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testservers.oidc import OidcProvider
    from testservers.service import Running

IN_FLIGHT = (1, 8, 32, 64)
JUDGED = 32
LEAST_CALLS = 500.0
MOST_P99 = 0.075
MOST_GROWTH = 1.10
FULL_MINUTES = 6
SESSIONS = 8
MEASURED = frozenset({"whoami", "read"})
"""Actions of the calls that are measured; other rows are of signing in, revisions and housekeeping."""


class Round:
    """What one run of the client gave.

    Args:
        found: What it printed.
        cpu: Seconds that the service computed meanwhile.
    """

    def __init__(self, found: dict[str, Any], cpu: float) -> None:
        self.took: float = found["took"]
        self.seconds = sorted(found["seconds"])
        self.answered = Counter(found["answered"])
        self.errors = Counter(found["errors"])
        self.cpu = cpu

    @property
    def rate(self) -> float:
        """Calls answered in a second."""
        return len(self.seconds) / self.took

    def at(self, share: float) -> float:
        """Give the time in which this share of the calls was answered; seconds."""
        return self.seconds[min(int(len(self.seconds) * share), len(self.seconds) - 1)] if self.seconds else 0.0


class Bench:
    """A service, and what was asked of it.

    Args:
        running: The service.
        idp: Signs for the people.
        scratch: An empty directory.
    """

    def __init__(self, running: Running, idp: OidcProvider, scratch: Path) -> None:
        self._running = running
        self._idp = idp
        self._scratch = scratch
        self._count = 0
        self.answered: Counter[str] = Counter()

    def round(self, in_flight: int, seconds: float) -> Round:
        """Run the client once, with sessions of its own.

        Args:
            in_flight: Calls at once.
            seconds: How long.

        Returns:
            What it gave.
        """
        self._count += 1
        plan = self._scratch / f"plan{self._count}.json"
        sessions = [self._session(number) for number in range(SESSIONS)]
        load.write(plan, self._running, sessions, in_flight=in_flight, seconds=seconds)
        before = self._cpu()
        told = subprocess.run([load.client(), plan], stdout=subprocess.PIPE, check=True).stdout
        found = Round(json.loads(told), self._cpu() - before)
        self.answered += found.answered
        return found

    def _session(self, number: int) -> dict[str, str]:
        home = self._scratch / f"home{self._count}-{number}"
        return load.session(self._running, self._idp, home, f"dev{number}", f"{self._count}-{number}")

    def memory(self) -> tuple[float, int, int]:
        """Tell the service's memory in MiB, its threads and its open files."""
        status = Path(f"/proc/{self._running.process.pid}/status").read_text()
        fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        files = len(os.listdir(f"/proc/{self._running.process.pid}/fd"))
        return int(fields["VmRSS"].split()[0]) / 1024, int(fields["Threads"]), files

    def _cpu(self) -> float:
        fields = Path(f"/proc/{self._running.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> int:
    """Run it.

    Returns:
        Exit code.
    """
    options = _options()
    names = ("sqlite", "postgresql") if options.database == "both" else (options.database,)
    wrong: list[str] = []
    with tempfile.TemporaryDirectory(prefix="bench-service-") as scratch, _provider(Path(scratch)) as idp:
        for name in names:
            with _database(name, Path(scratch)) as url:
                wrong += _measure(name, url, idp, Path(scratch) / name, options)
    for text in wrong:
        _say(f"WRONG: {text}")
    return 1 if wrong else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Load the team config service.")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each run")
    parser.add_argument("--minutes", type=int, default=0, help="of the soak after them")
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--in-flight", type=int, action="append", help="instead of 1, 8, 32 and 64")
    parser.add_argument("--check", action="store_true", help="exit 1 where a limit is not held")
    return parser.parse_args()


@contextlib.contextmanager
def _provider(scratch: Path) -> Iterator[OidcProvider]:
    with oidc.start(scratch / "idp") as idp:
        yield idp


@contextlib.contextmanager
def _database(name: str, scratch: Path) -> Iterator[str]:
    (scratch / name).mkdir()
    if name == "sqlite":
        yield f"sqlite:///{scratch}/{name}/service.db"
        return
    with postgres() as server:
        yield server.database()


def _measure(name: str, url: str, idp: OidcProvider, scratch: Path, options: argparse.Namespace) -> list[str]:
    """Measure over one database, and say what is wrong."""
    provider = {"kind": "oidc", "name": "corp", "issuer": idp.issuer, "client_id": oidc.CLIENT}
    wrong = []
    (scratch / "service").mkdir()
    with service.start(scratch / "service", [provider], database=url, calls_per_second="100000") as running:
        bench = Bench(running, idp, scratch)
        bench.round(8, min(2.0, options.seconds))  # warms up; its calls count for the audit
        before = bench.memory()
        _say(f"{name}\n  in flight   calls/s     p50 ms     p99 ms   CPU ms   errors")
        for in_flight in options.in_flight or IN_FLIGHT:
            found = bench.round(in_flight, options.seconds)
            wrong += _told(name, in_flight, found) if options.check else _shown(in_flight, found)
        if options.minutes:
            wrong += _soak(name, bench, options.minutes, check=options.check)
        after = bench.memory()
        _say(f"  memory {before[0]:.0f} MiB, then {after[0]:.0f} MiB; {after[1]} threads, {after[2]} files")
        running.stop()
        return wrong + _audited(name, url, running, bench)


def _shown(in_flight: int, found: Round) -> list[str]:
    numbers = f"{found.rate:9.0f}  {found.at(0.5) * 1000:9.1f}  {found.at(0.99) * 1000:9.1f}"
    cpu = 1000 * found.cpu / max(len(found.seconds), 1)
    _say(f"  {in_flight:9}  {numbers}  {cpu:7.2f}  {found.errors.total():7}")
    for text, number in found.errors.most_common(3):
        _say(f"      {number} x {' '.join(text.split())[:200]}")
    return []


def _told(name: str, in_flight: int, found: Round) -> list[str]:
    wrong = _shown(in_flight, found)
    if found.errors:
        wrong.append(f"{name}: {found.errors.total()} errors at {in_flight} in flight")
    if in_flight == JUDGED and found.rate < LEAST_CALLS:
        wrong.append(f"{name}: {found.rate:.0f} calls/s at {JUDGED} in flight, at least {LEAST_CALLS:.0f} are wanted")
    if in_flight == JUDGED and found.at(0.99) >= MOST_P99:
        wrong.append(f"{name}: p99 is {found.at(0.99) * 1000:.0f} ms, less than {MOST_P99 * 1000:.0f} ms is wanted")
    return wrong


def _soak(name: str, bench: Bench, minutes: int, *, check: bool) -> list[str]:
    """Go on for long: what is kept for each call would show."""
    sizes = []
    for minute in range(1, minutes + 1):
        found = bench.round(JUDGED, 57.0)
        size, threads, files = bench.memory()
        sizes.append(size)
        _say(
            f"  minute {minute:3}: {found.rate:.0f} calls/s, p99 {found.at(0.99) * 1000:.0f} ms, "
            f"{found.errors.total()} errors, {size:.0f} MiB, {threads} threads, {files} files"
        )
    full = sizes[min(FULL_MINUTES, minutes) - 1]
    if check and sizes[-1] > full * MOST_GROWTH:
        return [f"{name}: memory grew from {full:.0f} to {sizes[-1]:.0f} MiB"]
    return []


def _audited(name: str, url: str, running: Running, bench: Bench) -> list[str]:
    """Compare the audit with what was answered, and verify its chain."""
    state = running.directory / "state"
    key = keys.signing(state)
    opened = database.open(url)
    try:
        with opened.reading() as tx:
            rows = Counter(tx.execute(select(AUDIT.c.action)).scalars())
        sink = checkpoints.Sink(str(state / "checkpoints"), signers.Ed25519Signer(key, key.public_key()))
        verdict = audit.check(opened, keys.audit(state), sink.read())
    finally:
        opened.close()
    of_calls = sum(number for action, number in rows.items() if action in MEASURED)
    extra, answered = rows.total() - of_calls, bench.answered.total()
    _say(
        f"  audit: {of_calls} rows of {answered} calls answered, {extra} others; "
        f"chain {'whole' if verdict.intact else verdict.problem}, {verdict.checkpoints} checkpoints"
    )
    wrong = [] if verdict.intact else [f"{name}: the audit's chain: {verdict.problem}"]
    if of_calls != answered:
        wrong.append(f"{name}: {answered} calls were answered, and {of_calls} rows are in the audit")
    return wrong


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

"""embedded and opening: the ledger of one user, in a file; and which ledger counts."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from teamconfig.client.releases import ServiceLedger
from teamconfig.errors import StandardsError
from teamconfig.releases import chain as chains
from teamconfig.releases import guarding, opening, owner
from teamconfig.releases.embedded import EmbeddedLedger
from teamconfig.releases.errors import LedgerError, PromotionBusyError
from teamconfig.releases.ledger import Wanted, reusable
from tests.unit.releases import made

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from teamconfig.releases.ledger import Ledger
    from teamconfig.releases.record import Record

HOUR = timedelta(hours=1)
WORKER = """
import sys
from pathlib import Path
from teamconfig.releases import owner
from teamconfig.releases.embedded import EmbeddedLedger
from teamconfig.releases.errors import PromotionBusyError
from teamconfig.releases.ledger import Wanted
ledger = EmbeddedLedger(Path(sys.argv[1]))
parent = ledger.latest("shop", "web", "dev")
wanted = Wanted(project="shop", app="web", environment="staging", digest=parent.digest, parent=parent.id)
print("ready", flush=True)
sys.stdin.readline()
try:
    begun = ledger.begin(wanted, owner.current())
    ledger.step(begun.id, owner.current(), "move", "done")
    print("won", owner.current(), flush=True)
    sys.stdin.readline()
except PromotionBusyError as err:
    print("busy", err.promotion.owner, flush=True)
"""


@pytest.fixture(name="ledger")
def _ledger(tmp_path: Path) -> Iterator[EmbeddedLedger]:
    """Give a ledger in a new directory."""
    opened = EmbeddedLedger(tmp_path / "ledger")
    yield opened
    opened.close()


def going(parent: Record) -> Wanted:
    """Want a record's image in staging."""
    return Wanted(project="shop", app="web", environment="staging", digest=parent.digest, parent=parent.id)


def worker(folder: Path) -> subprocess.Popen[str]:
    """Start a process that will promote."""
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def told(running: subprocess.Popen[str]) -> str:
    """Read what a process says next."""
    assert running.stdout is not None
    return running.stdout.readline().strip()


def let(running: subprocess.Popen[str]) -> None:
    """Let a process go on."""
    assert running.stdin is not None
    running.stdin.write("\n")
    running.stdin.flush()


def test_it_keeps_and_proves(ledger: EmbeddedLedger, tmp_path: Path) -> None:
    """Records and evidence outlive the process, verify by the machine's key, and by no other's."""
    proof = ledger.put_evidence(made.finding(started=time.time() - 9, ended=time.time() - 5))
    first = ledger.record(made.draft(evidence=(proof.id,)), key="k")
    begun = ledger.begin(going(first), owner.current())
    ending = made.draft(environment="staging", kind="promote", parent=first.id)
    second = ledger.finish(begun.id, owner.current(), ending)
    assert not second.witnessed
    again = EmbeddedLedger(tmp_path / "ledger")
    assert again.latest("shop", "web", "staging") == second
    assert again.get(second.id[:10]) == second
    assert again.evidence("shop", "web", made.digest()) == (proof,)
    assert chains.verify(again.chain("shop", "web"), again.keys()).records == (first, second)
    again.close()
    other = EmbeddedLedger(tmp_path / "other")
    with pytest.raises(LedgerError, match="not what was signed"):
        chains.verify(ledger.chain("shop", "web"), other.keys())
    other.close()


def test_it_says_that_it_is_advisory(ledger: EmbeddedLedger) -> None:
    """The user reads that nothing holds them to it, and where the file is; waivers of their own count for nothing."""
    assert ledger.advisory
    assert "advisory" in ledger.about
    assert "releases.db" in ledger.about
    first = ledger.record(made.draft())
    ledger.waive("shop", "web", "dev", first.digest, ["evidence"], "me", 600)
    assert len(ledger.waivers("shop", "web", "dev", first.digest)) == 1
    assert ledger.record(made.draft()).waivers == ()


def test_all_of_the_protocol(ledger: EmbeddedLedger) -> None:
    """Rejections, holds, steps and the rest do what the protocol says, here as with a service."""
    held: Ledger = ledger
    first = held.record(made.draft())
    held.reject(first.digest, "bad", "shop")
    rejection = held.rejection("shop", first.digest)
    assert rejection is not None
    assert held.rejections("shop") == (rejection,)
    assert held.rejections() == ()
    with pytest.raises(LedgerError, match="is rejected"):
        held.begin(going(first), "p1")
    held.unreject(first.digest, "shop")
    held.hold("shop", "web", "staging", "stop")
    assert held.held("shop", "web", "staging") is not None
    held.lift("shop", "web", "staging")
    begun = held.begin(going(first), "p1")
    assert held.step(begun.id, "p1", "move", "x").done("move") is not None
    assert held.promotion("shop", "web", "staging") is not None
    held.abandon(begun.id, "p1", "enough")
    assert held.promotion("shop", "web", "staging") is None
    assert held.running(first.digest) == (first,)
    assert held.history("shop", "web", "dev") == (first,)


def test_reuse_asks_the_ledger(ledger: EmbeddedLedger) -> None:
    """Evidence of the same environment and key is found; of another environment it is not."""
    now = time.time()
    proof = ledger.put_evidence(made.finding(started=now - 9, ended=now - 5))
    assert reusable(ledger, "shop", "web", "dev", proof.key, max_age=HOUR, now=now) == proof
    assert reusable(ledger, "shop", "web", "staging", proof.key, max_age=HOUR, now=now) is None


def test_of_two_processes_one_wins_and_a_killed_one_is_resumed(ledger: EmbeddedLedger, tmp_path: Path) -> None:
    """Both begin at once: the other is told whose process has it; killed, it is taken over at once with its steps."""
    first = ledger.record(made.draft())
    both = [worker(tmp_path / "ledger") for _ in range(2)]
    try:
        assert [told(one) for one in both] == ["ready", "ready"]
        for one in both:
            let(one)
        answers = [told(one).split() for one in both]
        assert sorted(answer[0] for answer in answers) == ["busy", "won"]
        assert answers[0][1] == answers[1][1]
        with pytest.raises(PromotionBusyError) as caught:
            ledger.begin(going(first), owner.current())
        theirs = caught.value.promotion.owner
        assert theirs == answers[0][1]
        assert not owner.is_gone(theirs)
        winner = both[0] if answers[0][0] == "won" else both[1]
        winner.send_signal(signal.SIGKILL)
        winner.wait(20)
        assert owner.is_gone(theirs)
        resumed = ledger.begin(going(first), owner.current(), instead_of=theirs)
        assert resumed.id == caught.value.promotion.id
        assert resumed.done("move") is not None
    finally:
        for one in both:
            one.kill()
            one.communicate()


def test_what_is_refused_leaves_nothing(ledger: EmbeddedLedger) -> None:
    """A change that is broken off after it has written is taken back, and the next one goes."""
    with contextlib.suppress(ValueError), ledger._writing() as (store, by):
        guarding.reject(store, made.digest(), "why", "shop", by)
        assert len(store.rejections("shop")) == 1
        raise ValueError("broken off")
    assert ledger.rejections("shop") == ()
    assert ledger.reject(made.digest(), "why", "shop").reason == "why"


def test_only_its_user_can_read_it(ledger: EmbeddedLedger, tmp_path: Path) -> None:
    """Directory and files are for the user alone, and a key that others can read is not used."""
    ledger.record(made.draft())
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "ledger").iterdir()}
    assert set(modes.values()) == {0o600}, modes
    assert (tmp_path / "ledger").stat().st_mode & 0o777 == 0o700
    (tmp_path / "ledger" / "signing.key").chmod(0o644)
    with pytest.raises(StandardsError, match="open to others"):
        EmbeddedLedger(tmp_path / "ledger")


@pytest.mark.parametrize("name", ["releases.db", "signing.key"])
def test_a_damaged_file_is_told(tmp_path: Path, name: str) -> None:
    """Garbage in the place of either file is an error that names it, and nothing is overwritten."""
    EmbeddedLedger(tmp_path / "ledger").close()
    path = tmp_path / "ledger" / name
    path.write_bytes(b"garbage" * 1000)
    with pytest.raises(StandardsError, match=name):
        EmbeddedLedger(tmp_path / "ledger")
    assert path.read_bytes() == b"garbage" * 1000


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A file where the directory should be is an error in words."""
    (tmp_path / "ledger").write_text("")
    with pytest.raises(StandardsError, match="cannot be used"):
        EmbeddedLedger(tmp_path / "ledger")


def test_the_ledger_that_counts(tmp_path: Path) -> None:
    """Standards without a service have a file in the state directory, one for each checkout; a service has its own."""
    state, environ = tmp_path / "state", {"XDG_STATE_HOME": str(tmp_path / "state"), "HOME": str(tmp_path)}
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / ".waypaas.toml").write_text('standards = "standards"\n')
        with opening.opened(tmp_path / name, environ) as ledger:
            assert ledger.advisory
            ledger.record(made.draft())
    assert len(list(state.glob("waypaas/releases/*/releases.db"))) == 2
    (tmp_path / "one" / ".waypaas.toml").write_text('service = "localhost:1"\n')
    with opening.opened(tmp_path / "one", environ) as ledger:
        assert isinstance(ledger, ServiceLedger)
        assert not ledger.advisory
        with pytest.raises(StandardsError, match="not signed in"):
            ledger.latest("shop", "web", "dev")
    with pytest.raises(StandardsError, match="no standards are named"), opening.opened(tmp_path, environ):
        pass
    assert os.listdir(state / "waypaas") == ["releases"]

"""What the gate of tests lets pass: what holds, and what somebody else has waived for the promotion that runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from teamconfig import model
from teamconfig.releases.embedded import EmbeddedLedger
from teamconfig.releases.promotion import Wanted
from teamtests import report, session
from teamtests.evidence import Keeper
from teamtests.outcome import Attempt, Outcome
from teamtests.target import Target
from tests.unit.releases import made
from waypaas_sdk.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Iterator

TARGET = Target(Path("/app"), "shop", "web", "staging", "staging", digest=made.digest())
PASSED = [Outcome(state, "http", "x", state, 1.0, 1, Attempt()) for state in ("passed", "flaky", "reused")]
SMOKE, LOAD = (Outcome(name, "http", "x", "failed", 1.0, 2, Attempt(("status 500",))) for name in ("smoke", "load"))


@pytest.fixture(name="ledger")
def _ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedLedger]:
    """Give a ledger in which lena promotes the image into staging."""
    monkeypatch.setenv("LOGNAME", "lena")
    found = EmbeddedLedger(tmp_path)
    first = found.record(made.draft())
    wanted = Wanted(project="shop", app="web", environment="staging", digest=first.digest, parent=first.id)
    found.begin(wanted, "p1")
    yield found
    found.close()


def waive(ledger: EmbeddedLedger, who: str, *words: str) -> None:
    """Let somebody waive something for the image on its way into staging."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOGNAME", who)
        ledger.waive("shop", "web", "staging", made.digest(), words, "known", 600)


def through(*outcomes: Outcome, ledger: EmbeddedLedger | None = None, target: Target = TARGET) -> str:
    """Go through the gate; give what is said of waivers."""
    said: list[str] = []
    keeper = Keeper(ledger, made.digest(), timedelta(hours=1)) if ledger is not None else None

    def show(text: str, style: str = "") -> None:
        said.append(text + style)

    stage = session.Session(model.Tests(), [], "release", "here", show, keeper=keeper)
    kept = session.Kept(report.Report("release", target, [*PASSED, *outcomes], 0.0, 1.0), "/r")
    session.gate(kept, "nothing moves", stage, target)
    return "".join(said)


def test_the_gate_is_shut_for_a_failure_only() -> None:
    """Flaky and reused tests hold; a failed one is named, with what does not happen and where the report is."""
    assert through() == ""
    with pytest.raises(StateError, match="1 of 4 tests failed: smoke") as caught:
        through(SMOKE)
    assert "nothing moves" in str(caught.value)
    assert "/r" in str(caught.value)


def test_what_somebody_else_has_waived_goes_through(ledger: EmbeddedLedger) -> None:
    """A waiver opens the gate for the tests that it names, and tells whose it is; another failing test shuts it."""
    waive(ledger, "sec", "test:smoke")
    assert "sec has waived it: known" in through(SMOKE, ledger=ledger)
    with pytest.raises(StateError, match="smoke, load"):
        through(SMOKE, LOAD, ledger=ledger)
    waive(ledger, "sue", "evidence")
    assert "sue has waived it" in through(SMOKE, LOAD, ledger=ledger)


def test_other_waivers_open_nothing(ledger: EmbeddedLedger) -> None:
    """Neither one's own waiver, nor one of the soak, nor any without a promotion of this very image opens the gate."""
    waive(ledger, "lena", "evidence")
    waive(ledger, "sec", "soak")
    with pytest.raises(StateError):
        through(SMOKE, ledger=ledger)
    waive(ledger, "sec", "evidence")
    for other in (replace(TARGET, environment="dev"), replace(TARGET, digest=made.digest("other")),
                  replace(TARGET, digest="")):  # fmt: skip
        with pytest.raises(StateError):
            through(SMOKE, ledger=ledger, target=other)
    running = ledger.promotion("shop", "web", "staging")
    assert running is not None
    ledger.abandon(running.id, "p1", "given up")
    with pytest.raises(StateError):
        through(SMOKE, ledger=ledger)

"""What a waiver may name, and which tests it spares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from teamconfig import StandardsError
from teamconfig.releases import embedded, record
from tests.unit.releases import made

if TYPE_CHECKING:
    from pathlib import Path


def test_words_spare_all_tests_or_the_one_that_they_name() -> None:
    """`evidence` spares every test, `test:NAME` that one, and `soak` none."""
    assert record.spares(("evidence",), "smoke")
    assert record.spares(("soak", "test:smoke"), "smoke")
    assert not record.spares(("soak", "test:smoke"), "smoke2")
    assert not record.spares(("test:",), "smoke")
    assert not record.spares(("soak",), "smoke")


@pytest.mark.parametrize("words", [[], ["approvals"], ["test:"], ["test:a\nb"], ["smoke"], ["soak"] * 21])
def test_nothing_else_can_be_waived(tmp_path: Path, words: list[str]) -> None:
    """Approvals, no name, a name that cannot be printed, and too many words are refused."""
    ledger = embedded.EmbeddedLedger(tmp_path)
    try:
        with pytest.raises(StandardsError, match="waives"):
            ledger.waive("shop", "web", "dev", made.digest(), words, "why", 600)
    finally:
        ledger.close()


def test_a_named_test_is_kept_as_it_was_named(tmp_path: Path) -> None:
    """The waiver that the ledger gives back names the test."""
    ledger = embedded.EmbeddedLedger(tmp_path)
    try:
        ledger.waive("shop", "web", "dev", made.digest(), ["test:smoke", "soak"], "why", 600)
        (kept,) = ledger.waivers("shop", "web", "dev", made.digest())
        assert kept.waives == ("test:smoke", "soak")
    finally:
        ledger.close()

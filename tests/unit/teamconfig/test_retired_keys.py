"""Records that a replaced key has signed: the head's word makes them good, for their time only; so in the database."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from teamconfig.releases import chain as chains
from teamconfig.releases import record as records
from teamconfig.releases import statement
from teamconfig.releases.chain import RetiredKey
from teamconfig.releases.errors import LedgerError, VerificationError
from teamconfig.releases.store import Store
from tests.unit.releases import made

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from teamconfig.releases.chain import Chain
    from teamconfig.releases.record import Record

OLD, NEW = made.STRANGER, made.SIGNER


def record(number: int, previous: str, at: int) -> Record:
    """Give a record of dev."""
    values = {one.name: getattr(made.draft(), one.name) for one in dataclasses.fields(records.Draft)}
    one = records.Record(
        **values, id="", number=number, previous=previous, made_by="i|lena", made_by_name="lena", made_at=at,
        witnessed=False, grant="", approvers=(), waivers=(),
    )  # fmt: skip
    return dataclasses.replace(one, id=statement.id_of(statement.payload(one)))


def chain(first_at: int, retired: tuple[RetiredKey, ...], head: Ed25519PrivateKey = NEW) -> Chain:
    """Give a chain whose first record the old key has signed."""
    first = record(1, "", first_at)
    second = record(2, first.id, made.NOW)
    signed = [
        (one, statement.seal(statement.STATEMENT, statement.payload(one), key))
        for one, key in ((first, OLD), (second, NEW))
    ]
    return chains.link("shop", "web", signed, (), head, made.NOW, retired)


def retired(since: int, until: int) -> tuple[RetiredKey, ...]:
    """Give the old key as one that was replaced."""
    return (RetiredKey(OLD.public_key().public_bytes_raw(), since, until),)


@pytest.mark.parametrize("at", [100, 150, 200])
def test_a_record_of_its_time_is_good(at: int) -> None:
    """A key counts from its first second to the last, by the word of a head that the trusted key has signed."""
    assert len(chains.verify(chain(at, retired(100, 200)), made.trusted(NEW)).records) == 2


@pytest.mark.parametrize("at", [99, 201])
def test_a_record_of_another_time_is_not(at: int) -> None:
    """Who has stolen an old key signs nothing new by it, and nothing of before it was there."""
    with pytest.raises(VerificationError, match="did not count then"):
        chains.verify(chain(at, retired(100, 200)), made.trusted(NEW))


def test_without_the_word_of_the_head_an_old_key_is_a_strangers() -> None:
    """A head that names no retired key, or that the old key has signed itself, vouches for nothing."""
    for one in (chain(150, ()), chain(150, retired(100, 200), head=OLD)):
        with pytest.raises(VerificationError, match="not one that is trusted"):
            chains.verify(one, made.trusted(NEW))


def test_a_key_that_is_trusted_by_the_user_counts_at_any_time() -> None:
    """Whoever names the old key on their own machine, as with `wps verify --key`, decides that."""
    both = {**made.trusted(NEW), **made.trusted(OLD)}
    assert len(chains.verify(chain(999, retired(100, 200)), both).records) == 2


@pytest.mark.parametrize(("at", "is_good"), [(99, False), (100, True), (200, True), (201, False)])
def test_a_ledger_reads_what_an_old_key_signed_in_its_time(at: int, *, is_good: bool) -> None:
    """A row of a record is held to the times of the key that signed it, before anybody verifies a chain."""
    one, (old,) = record(1, "", at), retired(100, 200)
    envelope = statement.seal(statement.STATEMENT, statement.payload(one), OLD)
    store = Store(lambda _text, _values: [], {**made.trusted(NEW), statement.key_id(old.key): old})
    if is_good:
        assert store.read(one.id, envelope) == one
        return
    with pytest.raises(LedgerError, match="not what was signed") as refused:
        store.read(one.id, envelope)
    assert refused.value.reason == "record_tampered"


def test_the_present_key_counts_at_any_time() -> None:
    """Only a replaced key is held to a time."""
    one = record(1, "", 1)
    envelope = statement.seal(statement.STATEMENT, statement.payload(one), NEW)
    (old,) = retired(100, 200)
    store = Store(lambda _text, _values: [], {**made.trusted(NEW), statement.key_id(old.key): old})
    assert store.read(one.id, envelope) == one

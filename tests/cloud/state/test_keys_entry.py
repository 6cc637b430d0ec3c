"""The list of signing keys in the database: only who has the audit's key writes it; no row adds a key."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete, insert, select

from teamconfig.releases import statement
from teamconfig.service import keys
from teamconfig.state import chainpages, ledgers, signingkeys
from teamconfig.state.chain import Checkpoint
from teamconfig.state.chainpages import Place
from teamconfig.state.checkpoints import CheckpointError, Sink
from teamconfig.state.errors import RefusedError
from teamconfig.state.signingkeys import SigningKey
from teamconfig.state.tables import META, RELEASE_RECORDS
from tests.cloud.state.ledgerkit import DEV
from tests.unit.releases import made

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

    from teamconfig.state.database import Database

A, B, EVIL = ("aa" * 32, "bb" * 32, "ee" * 32)
OTHER = b"o" * 32


def write(tx: Connection, content: Any) -> None:
    """Write the entry as somebody does who has the database, but no key."""
    tx.execute(delete(META).where(META.c.name == "signing-keys"))
    tx.execute(insert(META), {"name": "signing-keys", "value": json.dumps(content)})


def read(tx: Connection) -> Any:
    """Give what is in the entry."""
    return json.loads(tx.execute(select(META.c.value).where(META.c.name == "signing-keys")).scalar_one())


def reason(tx: Connection, key: bytes, own: str = A) -> str:
    """Read the list, which is refused, and give the reason."""
    with pytest.raises(RefusedError) as refused:
        signingkeys.known(tx, key, own)
    assert refused.value.problem.kind == "state"
    assert "backup" in refused.value.problem.fix
    return refused.value.reason


def test_keys_follow_each_other(database: Database, key: bytes) -> None:
    """The first one counts from the beginning; a replica that starts by the present key changes nothing."""
    with database.writing() as tx:
        assert not signingkeys.is_kept(tx)
        assert signingkeys.known(tx, key, A) == ()
        assert signingkeys.take(tx, A, key, now=100.9) == (SigningKey(A, 0),)
        assert signingkeys.is_kept(tx)
        both = (SigningKey(A, 0, 200), SigningKey(B, 200))
        assert signingkeys.take(tx, B, key, now=200.9) == both
        before = read(tx)
        assert signingkeys.take(tx, B, key, now=300.0) == both, "another replica"
        assert read(tx) == before
        with pytest.raises(RefusedError, match="cannot be used again") as refused:
            signingkeys.take(tx, A, key, now=400.0)
        assert refused.value.reason == "key_retired"
        assert signingkeys.known(tx, key, B) == both


def test_nobody_adds_a_key_without_the_key_of_the_audit(database: Database, key: bytes) -> None:
    """A key that was added, a time that was changed, a list without a MAC, or by another audit.key: all are refused."""
    evil = asdict(SigningKey(EVIL, 0, 2**40))
    with database.writing() as tx:
        signingkeys.take(tx, A, key, now=100.0)
        signingkeys.take(tx, B, key, now=200.0)
        good = read(tx)
        longer = [{**good["keys"][0], "until": 2**40}, good["keys"][1]]
        bad = [
            {**good, "keys": [evil, *good["keys"]]}, {**good, "keys": longer}, {**good, "keys": good["keys"][1:]},
            {**good, "mac": "0" * 64}, {**good, "mac": "\ud800"}, {**good, "mac": None}, {"keys": good["keys"]},
            good["keys"], [evil, *good["keys"]], [evil], [], {}, 7, {**good, "keys": [{**evil, "more": 1}]},
        ]  # fmt: skip
        for content in bad:
            write(tx, content)
            assert reason(tx, key, B) == "keys_tampered", content
            with pytest.raises(RefusedError):
                signingkeys.take(tx, B, key, now=300.0)
            with pytest.raises(RefusedError):
                signingkeys.take(tx, "cc" * 32, key, now=300.0)
        write(tx, good)
        assert reason(tx, OTHER, B) == "keys_tampered", "a replica with an audit.key of its own does not rotate"
        assert signingkeys.known(tx, key, B)[-1].public == B


def test_a_list_of_before_is_taken_if_it_names_ones_own_key_alone(database: Database, key: bytes) -> None:
    """It is written anew with its MAC; somebody else's key, a second one, or another time are not taken."""
    with database.writing() as tx:
        write(tx, [asdict(SigningKey(A, 0))])
        assert signingkeys.take(tx, A, key, now=100.0) == (SigningKey(A, 0),)
        assert set(read(tx)) == {"keys", "mac"}
        assert signingkeys.known(tx, key, B) == (SigningKey(A, 0),), "whoever starts"
        for one in (SigningKey(B, 0), SigningKey(A, 0, 2**40)):
            write(tx, [asdict(one)])
            assert reason(tx, key) == "keys_tampered"
        write(tx, [asdict(SigningKey(A, 0)), asdict(SigningKey(B, 1))])
        assert reason(tx, key) == "keys_tampered"


@pytest.mark.parametrize("entry", ["list", "none"])
def test_a_row_that_a_stranger_signed_is_no_record(database: Database, entry: str) -> None:
    """The ledger goes by the keys that it is given: what is in the database makes no other key good."""
    public = made.STRANGER.public_key().public_bytes_raw()
    of = made.draft()
    record, _ = made.recorded(of, 1, "")
    envelope = statement.seal(statement.STATEMENT, statement.payload(record), made.STRANGER)
    row = {
        "id": record.id, "project": of.project, "app": of.app, "environment": of.environment, "number": 1,
        "digest": of.digest, "maker_key": record.id, "envelope": envelope,
    }  # fmt: skip
    with database.writing() as tx:
        if entry == "list":
            write(tx, [asdict(SigningKey(public.hex(), 0, 2**40)), asdict(SigningKey(A, 0))])
        tx.execute(insert(RELEASE_RECORDS), row)
    with database.reading() as tx, pytest.raises(Exception, match="not what was signed") as refused:
        ledgers.store(tx, made.trusted()).newest(*DEV)
    assert getattr(refused.value, "reason", "") == "record_tampered"


def test_checkpoints_of_a_replaced_key_are_good_for_its_time(database: Database, key: bytes, tmp_path: Path) -> None:
    """What the old key signs of rows after it was replaced is no checkpoint; nor is what a row in meta would allow."""
    old, new = made.STRANGER, made.SIGNER
    with database.writing() as tx:
        signingkeys.take(tx, keys.public_bytes(old).hex(), key, now=1000.0)

    def sink(by: Any, now: float) -> Sink:
        return Sink(str(tmp_path), keys.signer(by, database, key, lambda: now))

    sink(old, 1000.0).append(Checkpoint(1, "m", 1_500_000, 1))
    assert len(sink(new, 2000.0).read()) == 1, "before the new key is noted"
    with database.writing() as tx:
        signingkeys.take(tx, keys.public_bytes(new).hex(), key, now=2000.0)
    sink(new, 2000.0).append(Checkpoint(2, "m", 2_500_000, 2))
    assert len(sink(new, 9000.0).read()) == 2
    sink(old, 9000.0).append(Checkpoint(3, "m", 2_500_000, 2))
    with pytest.raises(CheckpointError, match="cannot be used"):
        sink(new, 9000.0).read()
    with database.writing() as tx:
        write(tx, read(tx)["keys"])
    with pytest.raises(RefusedError, match="not what the service has written"):
        sink(new, 9000.0)


def test_pages_go_on_at_what_an_app_has(database: Database) -> None:
    """An environment that has records counts, whatever the standards say of it now; no other, and no later record."""
    rows = [made.recorded(made.draft(environment=name), 1, "") for name in ("dev", "gone")]
    with database.writing() as tx:
        for record, envelope in rows:
            ledgers.store(tx, made.trusted()).add_record(record, envelope, "")
    with database.reading() as tx:
        there = chainpages.start(tx, "shop", "web")
    assert chainpages.is_within(Place({"dev": 1, "gone": 1}, "dev", 1), there)
    assert chainpages.is_within(Place({"dev": 1}, "dev", 1), there), "gone came later"
    for place in (
        Place({"dev": 1, "made-up": 1}, "dev", 1), Place({"dev": 2}, "dev", 1), Place({"dev": 1}, "gone", 1), Place({})
    ):  # fmt: skip
        assert not chainpages.is_within(place, there)

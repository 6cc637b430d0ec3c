"""The service's signing key is replaced: what the old one has signed stays good, and the old one does not come back."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import shutil
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from teamconfig.client.releases import ServiceLedger
from teamconfig.gen.waypaas.v1 import audit_pb2
from teamconfig.releases import chain as chains
from teamconfig.releases import statement
from teamconfig.releases.errors import VerificationError
from tests.cloud.service.conftest import People, provider
from tests.cloud.service.releasekit import draft, image, reason, write_cluster, write_standards
from tests.unit.releases import made
from testservers import service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from testservers.oidc import OidcProvider
    from testservers.service import Running


@pytest.fixture(name="kept")
def _kept(tmp_path: Path, idp: OidcProvider) -> Iterator[Running]:
    """Give a service that keeps releases in SQLite."""
    home = tmp_path / "home"
    home.mkdir()
    standards, clusters = write_standards(home), write_cluster(home)
    with service.start(tmp_path / "service", [provider(idp)], standards=standards, clusters=clusters) as running:
        yield running


def test_records_stay_good_when_the_key_is_replaced(kept: Running, idp: OidcProvider, tmp_path: Path, app: str) -> None:
    """The chain verifies by the new key alone, the audit's checkpoints hold, and so do records of before."""
    people, state = People(kept, idp, tmp_path), kept.directory / "state"
    before = ServiceLedger(people.sign_in("dora", "developers"))
    first, old_keys = before.record(draft(app, "dev", image())), before.keys()
    kept.stop()
    shutil.move(state / "signing.key", tmp_path / "old.key")
    assert f"{state / 'signing.key'} is missing" in _refused(kept), "no key is made by oversight"
    command = ["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(state / "signing.key")]
    subprocess.run(command, check=True, capture_output=True)
    kept.restart()
    with pytest.raises(VerificationError, match="trust-new-key"):
        before.get(first.id)
    after = ServiceLedger(people.sign_in("dora", "developers"))
    assert set(after.keys()).isdisjoint(old_keys)
    assert after.get(first.id) == first
    second = after.record(draft(app, "dev", image()))
    assert (second.number, second.previous) == (2, first.id)
    chain = after.chain("shop", app)
    told = [json.loads(row[0]) for row in _rows(kept, "SELECT value FROM meta WHERE name = 'signing-keys'")]
    assert [bytes.fromhex(one["public"]) for one in told[0]["keys"]] == [*old_keys.values(), *after.keys().values()]
    assert told[0]["keys"][0]["since"] == 0
    assert first.made_at <= told[0]["keys"][0]["until"] <= second.made_at
    assert chains.verify(chains.from_text(chains.to_text(chain)), after.keys()).records == (first, second)
    forged = dataclasses.replace(chain, head=before_head(chain, tmp_path / "old.key"))
    with pytest.raises(VerificationError, match="not one that is trusted"):
        chains.verify(forged, after.keys())
    security = people.sign_in("sec", "security")
    assert security.call("Audit/Verify", audit_pb2.VerifyAuditRequest(), 15.0).intact
    rows = security.call("Audit/Read", audit_pb2.ReadAuditRequest(page_size=100, action="take-signing-key")).rows
    assert [row.outcome for row in rows] == ["allowed", "allowed"]
    people.close()
    kept.stop()
    shutil.copy(tmp_path / "old.key", state / "signing.key")
    assert "cannot be used again" in _refused(kept)


def test_a_row_in_the_database_adds_no_key(kept: Running, idp: OidcProvider, tmp_path: Path, app: str) -> None:
    """Who writes to the database alone adds no release, and no key: neither while the service runs nor at its start."""
    people, entry = People(kept, idp, tmp_path), "SELECT value FROM meta WHERE name = 'signing-keys'"
    dora = ServiceLedger(people.sign_in("dora", "developers"))
    first = dora.record(draft(app, "dev", image()))
    kept.stop()
    whole: dict[str, Any] = json.loads(_rows(kept, entry)[0][0])
    stranger = made.STRANGER.public_key().public_bytes_raw().hex()
    listed = [{"public": stranger, "since": 0, "until": 2**40}, *whole["keys"]]
    forged = dataclasses.replace(first, number=2, previous=first.id, digest=image(), id="")
    content = statement.payload(forged)
    name, envelope = statement.id_of(content), statement.seal(statement.STATEMENT, content, made.STRANGER)
    row = (name, forged.project, app, "dev", 2, forged.digest, name, envelope)
    put_record = (
        "INSERT INTO release_records (id, project, app, environment, number, digest, maker_key, envelope)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    )
    put = "UPDATE meta SET value = ? WHERE name = 'signing-keys'"
    _rows(kept, put_record, *row)
    for value in (listed, {**whole, "keys": listed}):
        _rows(kept, put, json.dumps(value))
        told = _refused(kept)
        assert "the list of signing keys in the database is not what the service has written" in told
        assert "audit.key" in told
    _rows(kept, put, json.dumps(whole))
    kept.restart()
    _rows(kept, put, json.dumps(listed))
    for ask in (lambda: dora.latest("shop", app, "dev"), lambda: dora.get(name), lambda: dora.chain("shop", app)):
        assert reason(ask) == "record_tampered"
    assert dora.get(first.id) == first
    people.close()


def _rows(kept: Running, statement: str, *values: Any) -> list[Any]:
    """Run a statement in the service's SQLite, as who has its file."""
    path = kept.directory / "state" / "service.db"
    with contextlib.closing(sqlite3.connect(path, timeout=10.0)) as database, database:
        return database.execute(statement, values).fetchall()


def before_head(chain: chains.Chain, old: Path) -> str:
    """Sign a head by the old key, as who has stolen it would."""
    from teamconfig.service import keys  # noqa: PLC0415  # here only

    folder = old.parent / "stolen"
    folder.mkdir(mode=0o700)
    shutil.copy(old, folder / "signing.key")
    return chains.link(chain.project, chain.app, (), (), keys.signing(folder), 0).head


def _refused(kept: Running) -> str:
    """Start the service, which refuses, and give what it says."""
    command = [sys.executable, "-m", "teamconfig.service", "--config", str(kept.directory / "service.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode != 0
    return done.stderr

"""The service's signing key is replaced: what the old one has signed stays good, and the old one does not come back."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from teamconfig.client.releases import ServiceLedger
from teamconfig.gen.waypaas.v1 import audit_pb2, sessions_pb2
from teamconfig.releases import chain as chains
from teamconfig.releases.errors import VerificationError
from tests.cloud.service.conftest import People, provider
from tests.cloud.service.releasekit import draft, image, write_cluster, write_standards
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
    assert chains.verify(chains.from_text(chains.to_text(chain)), after.keys()).records == (first, second)
    channel = kept.channel()
    offered = channel.call("Sessions/GetSignIn", sessions_pb2.GetSignInRequest())
    channel.close()
    assert [one.key for one in offered.retired_keys] == list(old_keys.values())
    assert offered.retired_keys[0].since == 0
    assert first.made_at <= offered.retired_keys[0].until <= second.made_at
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

"""Which image the ledger of releases brings into an environment, and what it refuses."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from team_ecr import promoted
from teamconfig.releases import opening
from teamconfig.releases.ledger import Wanted
from teamconfig.releases.record import Draft
from waypaas_sdk.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from teamconfig.releases.ledger import Ledger
    from teamconfig.releases.record import Record

DIGESTS = [f"sha256:{sign * 64}" for sign in "ab"]
STAGING: Any = SimpleNamespace(
    profile=SimpleNamespace(project="shop", app="web", environment="staging"), previous="dev"
)  # fmt: skip


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the directory of an app whose standards are in a directory."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("WAYPAAS_SERVICE", "WAYPAAS_STANDARDS"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".waypaas.toml").write_text('standards = "standards"\n')
    return tmp_path


@pytest.fixture
def ledger(app: Path) -> Iterator[Ledger]:
    """Give its ledger."""
    with opening.opened(app, dict(os.environ)) as opened:
        yield opened


def recorded(ledger: Ledger, digest: str, environment: str = "dev") -> Record:
    """Record a release."""
    return ledger.record(
        Draft(
            project="shop", app="web", environment=environment, digest=digest, image="", profile_revision="dir:1",
            profile_hash="sha256:" + "0" * 64, app_file_hash="0" * 64,
        )
    )  # fmt: skip


def test_without_a_ledger_nothing_is_asked_and_no_file_is_made(app: Path) -> None:
    """Where nothing was ever recorded, the image is chosen as before, and no ledger comes to be by the look."""
    assert promoted.recorded(STAGING, app) is None
    assert not (app / "state").exists()


def test_the_newest_record_of_the_environment_before_decides(app: Path, ledger: Ledger) -> None:
    """The newest release of dev goes to staging, and the output names the record; records of others do not count."""
    recorded(ledger, DIGESTS[0])
    newest = recorded(ledger, DIGESTS[1])
    assert promoted.recorded(STAGING, app) == promoted.Choice(DIGESTS[1], f"by release record {newest.id[:12]} of dev")
    other = SimpleNamespace(profile=SimpleNamespace(**vars(STAGING.profile) | {"app": "worker"}), previous="dev")
    assert promoted.recorded(other, app) is None  # type: ignore[arg-type]  # stands in for it


def test_a_promotion_that_runs_decides_first(app: Path, ledger: Ledger) -> None:
    """While a promotion runs, its image comes, whatever is newer in the environment before."""
    older = recorded(ledger, DIGESTS[0])
    recorded(ledger, DIGESTS[1])
    wanted = Wanted(project="shop", app="web", environment="staging", digest=DIGESTS[0], parent=older.id)
    running = ledger.begin(wanted, "somebody")
    found = promoted.recorded(STAGING, app)
    assert found is not None
    assert (found.name, found.why.startswith("by the promote of ")) == (DIGESTS[0], True)
    ledger.abandon(running.id, "somebody", "enough")
    again = promoted.recorded(STAGING, app)
    assert again is not None
    assert again.name == DIGESTS[1]


def test_rejected_images_and_held_environments_are_refused(app: Path, ledger: Ledger) -> None:
    """A rejected image is refused with who and why; so is another one than that which an environment is held for."""
    recorded(ledger, DIGESTS[0])
    ledger.reject(DIGESTS[0], "leaks tokens")
    with pytest.raises(PolicyError, match="is rejected") as caught:
        promoted.recorded(STAGING, app)
    assert "leaks tokens" in str(caught.value)
    ledger.unreject(DIGESTS[0])
    ledger.hold("shop", "web", "staging", "we look into it")
    with pytest.raises(PolicyError, match="staging is held"):
        promoted.recorded(STAGING, app)
    ledger.hold("shop", "web", "staging", "we look into it", DIGESTS[0])
    found = promoted.recorded(STAGING, app)
    assert found is not None
    assert found.name == DIGESTS[0]

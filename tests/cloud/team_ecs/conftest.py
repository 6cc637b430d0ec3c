"""An account of AWS on loopback, empty for each test, and an app in it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from teamconfig.credentials import operations
from testservers import aws as server

sys.path.insert(0, str(Path(__file__).resolve().parent))

from ecsapp import App

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testservers.aws import Aws


OF_THE_SERVICE = {"sts:AssumeRole"}
"""What the team config service calls, by a role of its own."""


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """Start moto and the proxy before it."""
    with server.start(tmp_path_factory.mktemp("moto")) as started:
        yield started


@pytest.fixture
def aws(account: Aws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """Give the account, empty; whatever a test has called, `wps iam` has to list."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION", "WAYPAAS_STANDARDS"):
        monkeypatch.delenv(name, raising=False)
    account.reset()
    yield account
    unlisted = set(account.proxy.actions()) - operations.called(*operations.Purpose) - OF_THE_SERVICE
    assert unlisted == set(), "AWS was called for what `wps iam` does not list"


@pytest.fixture
def app(aws: Aws, tmp_path: Path) -> Iterator[App]:
    """Give an app in an account where a platform team has made what apps share."""
    made = App(aws, aws.platform(), tmp_path)
    yield made
    made.host.close()

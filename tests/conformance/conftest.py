"""A plugin with everything, run as a host runs it."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from standbys import Runtime  # beside this file

from waypaas_sdk.testing.host import PluginHost
from waypaas_sdk.testing.streams import RecordingUI

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMAND = [sys.executable, str(Path(__file__).with_name("everything.py"))]


@pytest.fixture(scope="session")
def command() -> list[str]:
    """Give what starts the plugin."""
    return COMMAND


@pytest.fixture
def host() -> Iterator[PluginHost]:
    """Give a host of a fresh plugin process; the user at its terminal answers "fine"."""
    with PluginHost(COMMAND, ui=RecordingUI(interactive=True, answers=("fine",))) as started:
        yield started


@pytest.fixture(scope="module")
def shared() -> Iterator[PluginHost]:
    """Give a host for the tests of a module that leave no trace in the plugin."""
    with PluginHost(COMMAND) as started:
        yield started


@pytest.fixture
def runtime() -> Iterator[Runtime]:
    """Give a runtime directory of the test's own; what still lives by it at the end is ended."""
    # Not below pytest's own, whose path may be longer than a socket's may be.
    with tempfile.TemporaryDirectory(prefix="waypaas-run-") as short:
        made = Runtime(Path(short) / "run")
        yield made
        made.end()


@pytest.fixture
def warm(runtime: Runtime) -> Runtime:
    """Give a runtime directory in which a standby waits."""
    runtime.warm()
    return runtime

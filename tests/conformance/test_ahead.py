"""Every plugin of this project starts by a standby, which has what its calls import."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from standbys import is_front

from waypaas_sdk.standby.identity import VARIABLES

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from standbys import Runtime

PLUGINS = [point for point in entry_points(group="console_scripts") if point.name.startswith("waypoint-plugin-")]

LOAD = """
import os, sys
from importlib import import_module
looked_at = set()
kind = type(os.environ)
get, before = kind.__getitem__, dict(os.environ)
def look(self, name):
    looked_at.add(name)
    return get(self, name)
kind.__getitem__ = look
from waypaas_sdk import serve
for name in import_module(sys.argv[1]).AHEAD:
    vars(import_module(name))
kind.__getitem__ = get
assert dict(os.environ) == before
print(len(os.listdir("/proc/self/task")), *sorted(looked_at))
"""
"""Loads as a standby does; prints the number of threads, and the variables that were looked at."""

KNOWN = {"PY_SAX_PARSER", "TEMPORARILY_DISABLE_PROTOBUF_VERSION_CHECK", "WAYPOINT_PLUGIN"}
"""Looked at while loading, and the same in every plugin process, or without meaning for what it does."""


@pytest.fixture(params=PLUGINS, ids=lambda point: point.name)
def plugin(request: pytest.FixtureRequest) -> EntryPoint:
    """Give each plugin's program."""
    point: EntryPoint = request.param
    return point


def test_there_are_plugins() -> None:
    """The installed package has plugins."""
    assert len(PLUGINS) >= 3


def test_modules_that_are_loaded_ahead_exist(plugin: EntryPoint) -> None:
    """A plugin names modules that there are: a renamed one would end its standby."""
    missing = [name for name in import_module(plugin.module).AHEAD if find_spec(name) is None]
    assert missing == []


def test_loading_ahead_depends_on_nothing(plugin: EntryPoint) -> None:
    """Loading starts no thread, which a fork would lose, and looks at no variable that a standby does not share."""
    done = subprocess.run([sys.executable, "-c", LOAD, plugin.module], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    threads, *looked_at = done.stdout.split()
    assert threads == "1"
    assert [name for name in looked_at if name not in KNOWN and not name.startswith(VARIABLES)] == []


def test_a_plugin_starts_by_its_standby(plugin: EntryPoint, runtime: Runtime) -> None:
    """The second start is a front, and the plugin answers."""
    program = [str(Path(sys.executable).parent / plugin.name)]
    runtime.warm(program)
    with runtime.host(program) as host:
        assert is_front(host.plugin.pid)
        host.ask("mapper", "ListMappers", seconds=30)

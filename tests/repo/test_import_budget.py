"""Which modules a plugin process loads before its first call, by name: unlike times, that is the same everywhere.

Asked of the real process by Python's own report of imports. A module that is
only deferred (waypaas_sdk.startup) is reported by its name, those below it are
not.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from waypaas_sdk.goplugin import handshake
from waypaas_sdk.goplugin.client import Client

PLUGINS = {
    "team_ecr": "builder main registry",
    "team_ecs": "gen gen.team_ecs gen.team_ecs.v1 gen.team_ecs.v1.team_ecs_pb2 launcher main platform releaser",
    "team_k8s": "builder gen gen.team_k8s gen.team_k8s.v1 gen.team_k8s.v1.team_k8s_pb2 launcher main platform releaser",
    "test_stage": (
        "anything builder gen gen.test_stage gen.test_stage.v1 gen.test_stage.v1.test_stage_pb2 main releaser"
    ),
}
"""The modules of each plugin: whoever adds one to its start says so here."""

OURS = {
    "waypaas_sdk": (
        "arguments call component errors execsession health logger logviewer options optionschema optionvalues "
        "plaintext resources result serve signature startup terminal "
        "standby standby.front standby.identity standby.place standby.talk "
        "gen gen.docker gen.docker.docker_pb2 gen.goplugin gen.goplugin.grpc_broker_pb2 "
        "gen.goplugin.grpc_controller_pb2 gen.goplugin.grpc_stdio_pb2 gen.hashicorp gen.hashicorp.waypoint "
        "gen.hashicorp.waypoint.sdk gen.hashicorp.waypoint.sdk.arguments_pb2 gen.hashicorp.waypoint.sdk.config_pb2 "
        "gen.hashicorp.waypoint.sdk.resources_pb2 gen.hashicorp.waypoint.sdk.services_pb2 "
        "gen.hashicorp.waypoint.sdk.streams_pb2 gen.opaqueany gen.opaqueany.any_pb2 gen.protostructure "
        "gen.protostructure.protostructure_pb2 "
        "goplugin goplugin.broker goplugin.dispatch goplugin.handshake goplugin.health goplugin.server goplugin.stdio "
        "wire wire.anys wire.builder wire.common wire.configsourcer wire.faults wire.funcspec wire.mapper "
        "wire.operation wire.platform wire.registry wire.releasemanager wire.reports wire.tasklauncher"
    ),
}
"""Modules of ours that every plugin loads, by package."""

LIBRARIES = {"google", "grpc"}
"""The only libraries of others."""

DEAR = {
    "_ssl": "TLS comes with the first cloud call",
    "asyncio.events": "plugins serve by threads",
    "email": "comes with HTTP",
    "hashlib": "names are hashed in calls",
    "http": "HTTP comes with the first cloud call",
    "pathlib": "os.path is loaded anyway",
    "subprocess": "credential plugins run in calls",
    "tempfile": "brings random and shutil",
    "unittest": "never",
    "urllib": "comes with HTTP",
}
"""Modules of Python that must not be loaded, each with its reason."""

MOST = 230
"""Modules in all; 220 on Python 3.11."""


@pytest.fixture(scope="module", params=PLUGINS)
def plugin(request: pytest.FixtureRequest) -> str:
    """Give each plugin's package."""
    return str(request.param)


@pytest.fixture(scope="module")
def loaded(plugin: str) -> set[str]:
    """Give the names of the modules that the plugin's process has loaded when it has shaken hands."""
    lines: list[str] = []
    environ = os.environ | {"PYTHONPROFILEIMPORTTIME": "1"}
    program = Path(sys.executable).parent / f"waypoint-plugin-{plugin.removesuffix('_stage').replace('_', '-')}"
    with Client([str(program)], handshake.WAYPOINT, environ=environ, on_log=lines.append):
        pass
    return {line.rpartition("|")[2].strip() for line in lines if line.startswith("import time:")}


def test_only_our_modules_that_a_start_needs(loaded: set[str], plugin: str) -> None:
    """A plugin's start loads just these modules of ours: none of standards, and nothing of a cloud."""
    wanted = OURS | {plugin: PLUGINS[plugin]}
    expected = {f"{package}.{name}" for package, names in wanted.items() for name in names.split()} | set(wanted)
    ours = {name for name in loaded if name.partition(".")[0] in {*OURS, *PLUGINS, "teamconfig", "imagemover", "wps"}}
    assert ours == expected


def test_only_libraries_that_a_start_needs(loaded: set[str]) -> None:
    """Of others' code a plugin's start loads grpc and protobuf only."""
    known = {*sys.stdlib_module_names, *OURS, *PLUGINS, "site"}
    foreign = {name for name in loaded if name.partition(".")[0] not in known}
    # grpc looks for its sister libraries, and protobuf for Jython's; what is found is a folder's name, or nothing.
    code = {name for name in foreign if "." in name and not name.startswith("org.")}
    assert {name.partition(".")[0] for name in code} == LIBRARIES


@pytest.mark.parametrize("name", sorted(DEAR))
def test_nothing_dear(loaded: set[str], name: str) -> None:
    """No module is loaded that costs a start much and gives it nothing."""
    assert name not in loaded, DEAR[name]


def test_the_budget(loaded: set[str]) -> None:
    """A plugin's start loads no more modules than the budget."""
    assert len(loaded) <= MOST

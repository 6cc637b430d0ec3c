"""What Waypoint asks of every plugin, of whatever kind, before it uses it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import pytest

from waypaas_sdk.gen.hashicorp.waypoint.sdk import config_pb2
from waypaas_sdk.testing.host import PluginHost
from waypaas_sdk.wire.asked import SERVICES

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMON = ("ConfigStruct", "Configure", "Documentation")
MANDATORY = {
    "builder": (*COMMON, "IsAuthenticator"),
    "registry": (*COMMON, "IsAuthenticator"),
    "platform": (
        *COMMON,
        "IsAuthenticator",
        "IsDestroyer",
        "IsWorkspaceDestroyer",
        "IsExecer",
        "IsLogPlatform",
        "IsGeneration",
        "IsStatus",
    ),
    "releasemanager": (*COMMON, "IsAuthenticator", "IsDestroyer", "IsWorkspaceDestroyer", "IsStatus"),
    "configsourcer": COMMON,
    "tasklauncher": COMMON,
    "mapper": ("ListMappers",),
}
"""Answered with UNIMPLEMENTED, each of them makes Waypoint fail to load the plugin. Source: facts on the host."""

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = {
    "hello": [sys.executable, str(ROOT / "examples" / "00-hello-plugin" / "waypoint-plugin-hello")],
    "team-ecr": [str(Path(sys.executable).parent / "waypoint-plugin-team-ecr")],
    "team-ecs": [str(Path(sys.executable).parent / "waypoint-plugin-team-ecs")],
    "team-k8s": [str(Path(sys.executable).parent / "waypoint-plugin-team-k8s")],
    "everything": [sys.executable, str(Path(__file__).with_name("everything.py"))],
}


@pytest.fixture(scope="module", params=PROGRAMS)
def program(request: pytest.FixtureRequest) -> Iterator[PluginHost]:
    """Give each plugin that there is: one with little, one with much, one with everything."""
    with PluginHost(PROGRAMS[request.param]) as host:
        yield host


def configured(program: PluginHost, kind: str) -> str:
    """Configure without options; give the status that refuses them."""
    try:
        program.ask(kind, "Configure", config_pb2.Config.ConfigureRequest(json=b"{}"))
    except grpc.RpcError as error:
        return str(error.code().name)
    return ""


@pytest.mark.parametrize("kind", MANDATORY)
def test_behaviour_01_mandatory_rpcs(program: PluginHost, kind: str) -> None:
    """Every RPC that Waypoint cannot do without is answered, of whatever kind the plugin is."""
    for rpc in MANDATORY[kind]:
        if rpc == "Configure":
            continue
        method = SERVICES[kind].methods_by_name[rpc]
        assert program.ask(kind, rpc).DESCRIPTOR.full_name == method.output_type.full_name
    if "Configure" in MANDATORY[kind]:
        assert configured(program, kind) in {"", "INVALID_ARGUMENT"}


def test_behaviour_01_health(program: PluginHost) -> None:
    """The health service says that the service named plugin serves, as go-plugin's client asks."""
    call = program.plugin._channel.unary_unary("/grpc.health.v1.Health/Check")
    assert call(b"\n\x06plugin") == b"\x08\x01"


@pytest.mark.parametrize(
    ("kind", "rpc"),
    [("platform", "DeploySpec"), ("platform", "LogsSpec"), ("registry", "PushSpec"), ("tasklauncher", "StartSpec")],
)
def test_what_is_not_implemented(kind: str, rpc: str) -> None:
    """An operation that the plugin lacks is UNIMPLEMENTED, one that it has is described."""
    with PluginHost(PROGRAMS["hello"]) as host:
        if (kind, rpc) == ("platform", "DeploySpec"):
            assert {"docker.Image"} < {value.type for value in host.ask(kind, rpc).args}
            return
        with pytest.raises(grpc.RpcError) as caught:
            host.ask(kind, rpc)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_no_nil_in_the_struct_of_options(program: PluginHost) -> None:
    """Options of a component are always described: without a struct Waypoint would take any body and discard it."""
    for kind in ("builder", "platform", "releasemanager"):
        if any(program.ask(kind, rpc).implements for rpc in MANDATORY[kind] if rpc.startswith("Is")):
            assert program.ask(kind, "ConfigStruct").HasField("struct")


def test_two_components_of_a_kind(tmp_path: Path) -> None:
    """Two components of one kind are refused at the start, by name."""
    text = Path(PROGRAMS["everything"][1]).read_text()
    twice = tmp_path / "twice.py"
    twice.write_text(text.replace("serve.serve(Build, ", "serve.serve(Build, Build, "))
    with pytest.raises(Exception, match="a plugin can have one builder, this has two: Build"):
        PluginHost([sys.executable, str(twice)])

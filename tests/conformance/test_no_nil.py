"""No reply has a hole where Waypoint looks without asking: it would panic."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from hypothesis import given, settings
from hypothesis import strategies as st

from waypaas_sdk import component, errors
from waypaas_sdk.gen.docker.docker_pb2 import Image
from waypaas_sdk.gen.hashicorp.waypoint.sdk import arguments_pb2, services_pb2
from waypaas_sdk.goplugin import handshake
from waypaas_sdk.goplugin.broker import Broker
from waypaas_sdk.goplugin.dispatch import stub
from waypaas_sdk.goplugin.server import RunningCalls, make_server
from waypaas_sdk.health import Health, ResourceStatus, StatusReport
from waypaas_sdk.logger import Logger
from waypaas_sdk.resources import Resource
from waypaas_sdk.result import ConfigValue, Result
from waypaas_sdk.serve import handlers
from waypaas_sdk.wire.operation import Plugin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OPERATIONS: dict[str, dict[str, tuple[str, str, tuple[str, ...]]]] = {
    "builder": {
        "build": ("Builder", "Build", ("result",)),
        "build_odr": ("Builder", "BuildODR", ("result",)),
    },
    "registry": {"push": ("Registry", "Push", ("result",)), "access": ("Registry", "Access", ("result",))},
    "platform": {
        "deploy": ("Platform", "Deploy", ("result", "deployment", "declared_resources")),
        "destroy": ("Platform", "Destroy", ("declared_resources", "destroyed_resources")),
        "destroy_workspace": ("Platform", "DestroyWorkspace", ()),
        "status": ("Platform", "Status", ("generated_time",)),
        "logs": ("Platform", "Logs", ()),
        "exec": ("Platform", "Exec", ()),
        "generation": ("Platform", "Generation", ()),
        "default_releaser": ("Platform", "DefaultReleaser", ()),
    },
    "releasemanager": {
        "release": ("ReleaseManager", "Release", ("result", "release", "declared_resources")),
        "destroy": ("ReleaseManager", "Destroy", ("declared_resources", "destroyed_resources")),
        "destroy_workspace": ("ReleaseManager", "DestroyWorkspace", ()),
        "status": ("ReleaseManager", "Status", ("generated_time",)),
    },
    "configsourcer": {"read": ("ConfigSourcer", "Read", ()), "stop": ("ConfigSourcer", "Stop", ())},
    "tasklauncher": {
        "start": ("TaskLauncher", "StartTask", ("result",)),
        "stop": ("TaskLauncher", "StopTask", ()),
        "watch": ("TaskLauncher", "WatchTask", ()),
    },
}
"""By kind and operation: service, RPC, and the fields that must be there. Source: facts on the host, table 3.2."""

BASES = {
    "builder": component.Builder,
    "registry": component.Registry,
    "platform": component.Platform,
    "releasemanager": component.ReleaseManager,
    "configsourcer": component.ConfigSourcer,
    "tasklauncher": component.TaskLauncher,
}

VALUES = st.none() | st.integers() | st.text(max_size=3) | st.lists(st.integers(), max_size=1)
TEMPLATES = st.dictionaries(st.text(max_size=3), VALUES, max_size=2)
RESOURCES = st.lists(
    st.builds(Resource, st.text(max_size=3), st.text(max_size=3), st.just("test"), state=TEMPLATES), max_size=2
)
MESSAGES = st.builds(Image, image=st.text(max_size=3)) | st.builds(Struct) | st.just(arguments_pb2.Args.JobInfo())
PARTS = st.builds(
    ResourceStatus,
    name=st.text(max_size=3),
    type=st.text(max_size=3),
    platform=st.just("test"),
    health=st.sampled_from(Health),
    created=st.none() | st.just(datetime(2024, 1, 1, tzinfo=UTC)),
    state=TEMPLATES,
)
ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=5),
    st.binary(max_size=5),
    st.just([]),
    st.just({}),
    st.just(object()),
    st.lists(st.none() | st.integers(), max_size=2),
    MESSAGES,
    RESOURCES,
    st.builds(Result, MESSAGES, url=st.text(max_size=3), resources=RESOURCES, template_data=TEMPLATES),
    st.builds(Result, st.none(), resources=st.none()),
    st.builds(Result, MESSAGES, template_data=st.just({"odd": object()})),
    st.builds(StatusReport, st.sampled_from(Health), st.text(max_size=3), st.lists(PARTS, max_size=2)),
    st.lists(st.builds(ConfigValue, st.text(max_size=3), st.text(max_size=3)), max_size=2),
    st.sampled_from(
        [errors.MissingError("gone"), errors.BugError("bug"), ValueError("odd"), KeyError(), SystemExit(2)]
    ),
)
"""What a component might return; an exception is raised."""


@pytest.fixture(scope="module")
def directory() -> Iterator[str]:
    """Give a directory for sockets."""
    made = handshake.socket_directory({})
    yield made
    handshake.remove_socket_directory(made)


def odd_component(kind: str, chosen: set[str], outcome: Any) -> component.Component:
    """Make a component that has the required and the chosen operations, and answers oddly."""

    def act(self: component.Component) -> Any:
        assert self.kind == kind
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    required = {
        "builder": {"build"},
        "registry": {"push", "access"},
        "platform": {"deploy"},
        "releasemanager": {"release"},
    }
    wanted = chosen | required.get(kind, set(OPERATIONS[kind]))
    made: Any = type("Odd", (BASES[kind],), {"__doc__": None, **dict.fromkeys(wanted, act)})
    return made()


def calling(directory: str, made: component.Component) -> tuple[grpc.Server, Callable[[str, str], Any]]:
    """Serve a component, and give what calls its RPCs."""
    broker = Broker(directory, make_server)
    logger = Logger("odd", level="off")
    plugin = Plugin("waypoint-plugin-odd", broker, RunningCalls(), logger)
    server = make_server(handlers(plugin, {made.kind: made}, ()))
    address = f"unix:{directory}/odd"
    server.add_insecure_port(address)
    server.start()
    channel = grpc.insecure_channel(address)

    def call(service: str, rpc: str) -> Any:
        descriptor = services_pb2.DESCRIPTOR.services_by_name[service]
        return stub(channel, descriptor, rpc)(arguments_pb2.FuncSpec.Args(), timeout=10)

    return server, call


def answer(call: Callable[[str, str], Any], service: str, rpc: str) -> Any:
    """Give the reply, or the error in its stead."""
    try:
        return call(service, rpc)
    except grpc.RpcError as error:
        return error


@settings(max_examples=150, deadline=None)
@given(kind=st.sampled_from(sorted(OPERATIONS)), outcome=ODD, data=st.data())
def test_behaviour_02_no_nil(directory: str, kind: str, outcome: Any, data: st.DataObject) -> None:
    """Whatever a component returns or raises, a reply is whole, and anything else is a status with a text."""
    chosen = data.draw(st.sets(st.sampled_from(sorted(OPERATIONS[kind]))))
    made = odd_component(kind, chosen, outcome)
    server, call = calling(directory, made)
    try:
        for operation in sorted(made.signatures):
            service, rpc, whole = OPERATIONS[kind][operation]
            reply = answer(call, service, rpc)
            if isinstance(reply, grpc.RpcError):
                assert reply.details()
                assert reply.code() not in {grpc.StatusCode.UNKNOWN, grpc.StatusCode.DEADLINE_EXCEEDED}
                assert operation != "status"
                continue
            assert [name for name in whole if not reply.HasField(name)] == []
            if "result" in whole:
                assert reply.result.type_url
            if "template_data" in reply.DESCRIPTOR.fields_by_name:
                found = json.loads(reply.template_data)
                assert isinstance(found, dict)
                assert [] not in found.values(), "Waypoint panics at an empty list"
    finally:
        server.stop(None).wait()


@pytest.mark.parametrize("kind", OPERATIONS)
def test_behaviour_02_the_empty_case(directory: str, kind: str) -> None:
    """A component that makes nothing at all still gives a whole reply for every operation."""
    for operation, (service, rpc, whole) in OPERATIONS[kind].items():
        nothing: Any = Struct() if "result" in whole else None
        nothing = {
            "status": StatusReport(Health.UNKNOWN),
            "generation": b"",
            "default_releaser": odd_component("releasemanager", set(), Struct()),
            "read": [],
        }.get(operation, nothing)
        server, call = calling(directory, odd_component(kind, {operation}, nothing))
        try:
            reply = call(service, rpc)
        finally:
            server.stop(None).wait()
        assert [name for name in whole if not reply.HasField(name)] == []


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        ("a text", "must return a protobuf message or a Result, not str"),
        (Result(Struct(), template_data={"odd": object()}), "returned what cannot be sent (TypeError)"),
    ],
)
def test_what_cannot_be_sent(directory: str, outcome: Any, said: str) -> None:
    """A result that cannot be sent is a bug of that method, and the user learns that what it made is left."""
    server, call = calling(directory, odd_component("platform", set(), outcome))
    try:
        reply = answer(call, "Platform", "Deploy")
    finally:
        server.stop(None).wait()
    assert reply.code() is grpc.StatusCode.INTERNAL
    assert reply.details().startswith(f"Odd.deploy {said}\n  ")
    assert "what it made is left" in reply.details()
    assert reply.details().endswith("This is a bug in waypoint-plugin-odd, please report it")


def test_options_that_cannot_be_described(directory: str) -> None:
    """Options that turn out wrong only when the host asks for them are a bug that names their place."""
    made: Any = odd_component("platform", set(), None)
    type(made).options_class = classmethod(lambda _: str)
    server, call = calling(directory, made)
    service = services_pb2.DESCRIPTOR.services_by_name["Platform"]
    del call
    channel = grpc.insecure_channel(f"unix:{directory}/odd")
    try:
        with pytest.raises(grpc.RpcError) as caught:
            stub(channel, service, "ConfigStruct")(Empty(), timeout=10)
    finally:
        channel.close()
        server.stop(None).wait()
    assert caught.value.code() is grpc.StatusCode.INTERNAL
    assert caught.value.details().startswith("Odd.options: str must be a dataclass")

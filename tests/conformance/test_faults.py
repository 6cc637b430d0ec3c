"""What the host is told when a component fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct

from waypaas_sdk.gen.docker.docker_pb2 import Image
from waypaas_sdk.gen.hashicorp.waypoint.sdk import arguments_pb2, config_pb2

if TYPE_CHECKING:
    from waypaas_sdk.testing.host import PluginHost

CODES = {
    "OptionError": "INVALID_ARGUMENT",
    "PolicyError": "PERMISSION_DENIED",
    "MissingError": "NOT_FOUND",
    "StateError": "FAILED_PRECONDITION",
    "CloudBusyError": "UNAVAILABLE",
    "CloudError": "INTERNAL",
    "CancelledError": "CANCELLED",
    "BugError": "INTERNAL",
    "PluginError": "INTERNAL",
}


def failure(host: PluginHost, image: Image) -> tuple[str, str]:
    """Deploy what fails; give code and text."""
    with pytest.raises(grpc.RpcError) as caught:
        host.invoke("platform", "Deploy", image)
    return caught.value.code().name, caught.value.details()


@pytest.mark.parametrize(("kind", "code"), CODES.items())
def test_errors_are_statuses(shared: PluginHost, kind: str, code: str) -> None:
    """Each kind of error has its status, and its text arrives whole: what, why, how to mend, where."""
    name, text = failure(shared, Image(image="fail", tag=kind))
    assert name == code
    assert text.startswith("what\n  why\n  fix\n  at where")
    assert ("This is a bug in" in text) == (kind == "BugError")


def test_an_unforeseen_exception(shared: PluginHost) -> None:
    """What nobody foresaw is told by kind and place, asks for a report, and does not show values."""
    code, text = failure(shared, Image(image="crash"))
    assert code == "INTERNAL"
    assert text.startswith("an unforeseen KeyError in conformance/everything.py, line ")
    assert "please report it" in text
    assert "hunter2" not in text


def test_exit_in_a_component(shared: PluginHost) -> None:
    """A component that calls sys.exit fails its call, not the process."""
    code, text = failure(shared, Image(image="exit"))
    assert code == "INTERNAL"
    assert text.startswith("an unforeseen SystemExit in conformance/everything.py, line ")
    assert shared.invoke("platform", "Deploy", Image(image="web")).deployment.url


def test_an_argument_that_was_not_sent(shared: PluginHost) -> None:
    """A host that does not send what was asked for is told what is missing."""
    with pytest.raises(grpc.RpcError) as caught:
        shared.ask("platform", "Deploy", arguments_pb2.FuncSpec.Args())
    assert "deploy asked the host for docker.Image, which it did not send" in caught.value.details()


def test_an_argument_that_cannot_be_decoded(shared: PluginHost) -> None:
    """Bytes that are no such message are refused by the message's name."""
    request = shared.arguments("platform", "Destroy", Struct())
    request.args[0].proto_any.value = b"\xff\xff\xff"
    with pytest.raises(grpc.RpcError) as caught:
        shared.ask("platform", "Destroy", request)
    assert "google.protobuf.Struct" in caught.value.details()


def test_a_stream_that_does_not_exist(shared: PluginHost) -> None:
    """A broker id that the host never announced is an error after a bounded wait, not a hang."""
    request = shared.arguments("releasemanager", "Release", Struct())
    ui = arguments_pb2.Args.TerminalUI(stream_id=4711)
    (value,) = (value for value in request.args if value.type == "hashicorp.waypoint.sdk.Args.TerminalUI")
    value.proto_any.value = ui.SerializeToString()
    with pytest.raises(grpc.RpcError) as caught:
        shared.ask("releasemanager", "Release", request, seconds=30)
    assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert "4711" in caught.value.details()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (b'{"greeting": "moin"}', 'option greeting = "moin" is not allowed\n  it must be one of hello, goodbye'),
        (b'{"greeting": "goodbye"}', "option greeting does not fit\n  at deploy.use.greeting"),
        (b"no json", "the host sent options that are no JSON"),
    ],
)
def test_options_that_are_refused(shared: PluginHost, options: bytes, said: str) -> None:
    """Options are refused when they are configured, in the words of the file."""
    with pytest.raises(grpc.RpcError) as caught:
        shared.ask("platform", "Configure", config_pb2.Config.ConfigureRequest(json=options))
    assert said in caught.value.details()


def test_an_unknown_method(shared: PluginHost) -> None:
    """A method that nobody has answers UNIMPLEMENTED and leaves the process alive."""
    call = shared.plugin._channel.unary_unary("/hashicorp.waypoint.sdk.Platform/Fly")
    with pytest.raises(grpc.RpcError) as caught:
        call(b"")
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert shared.ask("platform", "IsDestroyer", Empty()).implements

"""An exec session against a real server of ExecSessionService."""

from __future__ import annotations

from typing import TYPE_CHECKING

from waypaas_sdk import execsession
from waypaas_sdk.arguments import WindowSize
from waypaas_sdk.execsession import ExecSession
from waypaas_sdk.gen.hashicorp.waypoint.sdk import streams_pb2
from waypaas_sdk.goplugin.dispatch import handler
from waypaas_sdk.testing.streams import ScriptedExecSession

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    import grpc

    Serve = Callable[[grpc.GenericRpcHandler], tuple[grpc.Server, grpc.Channel]]


def session(channel: grpc.Channel) -> ExecSession:
    """Open a session with a terminal."""
    return ExecSession(channel, ["sh"], ["A=1"], is_tty=True, terminal="xterm", window=WindowSize(24, 80))


def test_inputs(serve: Serve) -> None:
    """Typed bytes, a new size and the end of input arrive as what they are, in order."""
    script = ScriptedExecSession()
    opened = session(serve(script.handler())[1])
    script.type(b"ls\n")
    script.resize(50, 120)
    script.type(b"\x04")
    script.close_input()
    inputs = opened.inputs()
    assert [next(inputs) for _ in range(4)] == [b"ls\n", WindowSize(height=50, width=120), b"\x04", None]
    opened.close()
    assert list(inputs) == []


def test_the_end_of_input_with_nothing_set(serve: Serve) -> None:
    """A message without any field is the end of input too, as some hosts send it."""

    def read(_: Any, __: grpc.ServicerContext) -> Iterator[Any]:
        yield streams_pb2.ExecSession.InputRequest()

    service = streams_pb2.DESCRIPTOR.services_by_name["ExecSessionService"]
    opened = session(serve(handler(service, {"Input": read}))[1])
    assert list(opened.inputs()) == [None]


def test_output(serve: Serve) -> None:
    """Both outputs arrive whole and apart, however long."""
    script = ScriptedExecSession()
    opened = session(serve(script.handler())[1])
    long = bytes(range(256)) * (3 * execsession.CHUNK_BYTES // 256) + b"end"
    opened.write(long)
    opened.write_error(b"warning\n")
    opened.write(b"")
    assert script.stdout == long
    assert script.stderr == b"warning\n"


def test_a_user_who_is_gone(serve: Serve) -> None:
    """Without the user output is dropped and input ends; neither fails nor hangs."""
    server, channel = serve(ScriptedExecSession().handler())
    opened = session(channel)
    inputs = opened.inputs()
    server.stop(None).wait()
    opened.write(b"anybody there?")
    assert list(inputs) == []
    opened.close()


def test_closing_a_session_nobody_read(serve: Serve) -> None:
    """A session may be closed before its input was ever read."""
    session(serve(ScriptedExecSession().handler())[1]).close()

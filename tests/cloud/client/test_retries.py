"""Which calls a client tries again, held against a gRPC server that answers as badly as it is told."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from teamconfig.client import channel
from teamconfig.client.channel import TRIES, Channel
from teamconfig.client.errors import UnreachableError
from teamconfig.gen.waypaas.v1 import rights_pb2, sessions_pb2, standards_pb2
from teamconfig.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ONCE: dict[str, Any] = {
    "Sessions/Open": sessions_pb2.OpenRequest(),
    "Rights/RedeemGrant": rights_pb2.RedeemGrantRequest(),
    "Rights/IssueCredentials": rights_pb2.IssueCredentialsRequest(),
    "Rights/ApproveGrant": rights_pb2.ApproveGrantRequest(),
}
AGAIN: dict[str, Any] = {
    "Sessions/Refresh": sessions_pb2.RefreshRequest(),
    "Sessions/WhoAmI": sessions_pb2.WhoAmIRequest(),
    "Standards/Resolve": standards_pb2.ResolveRequest(),
}


class Badly(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpc's own
    """Answers every call with a status, or only when the test is over; counts them."""

    def __init__(self) -> None:
        self.code: grpc.StatusCode | None = grpc.StatusCode.UNAVAILABLE
        self.over = threading.Event()
        self.calls: list[str] = []

    def service(self, handler_call_details: Any) -> Any:
        """Give the handler of any method."""

        def answer(_: bytes, context: grpc.ServicerContext) -> bytes:
            self.calls.append(handler_call_details.method)
            if self.code is None:
                self.over.wait(10)
                return b""
            context.abort(self.code, "the server has a bad day")
            return b""

        return grpc.unary_unary_rpc_method_handler(answer)


@pytest.fixture(name="badly")
def _badly() -> Iterator[tuple[Badly, str]]:
    """Give a server on loopback, and its address."""
    handler = Badly()
    pool = ThreadPoolExecutor(8)
    server = grpc.server(pool, handlers=[handler])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield handler, f"plaintext://127.0.0.1:{port}"
    handler.over.set()
    server.stop(None).wait(10)
    pool.shutdown()


def attempt(address: str, folder: Path, method: str, request: Any, deadline: float = 5.0) -> UnreachableError:
    """Call a method of a server that does not answer well; give the error."""
    client = Channel(Settings(address, "", folder, "", "the test"), b"k" * 32)
    try:
        with pytest.raises(UnreachableError) as caught:
            client.call(method, request, "token", deadline)
    finally:
        client.close()
    return caught.value


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED, None])
@pytest.mark.parametrize("method", [*ONCE, *AGAIN])
def test_what_may_have_been_done_is_not_done_again(
    badly: tuple[Badly, str], tmp_path: Path, method: str, code: grpc.StatusCode | None
) -> None:
    """A call that reached the server is made once, unless a second one does no more; a deadline that passed too."""
    handler, address = badly
    handler.code = code
    error = attempt(address, tmp_path, method, (ONCE | AGAIN)[method], 0.3 if code is None else 5.0)
    tries = TRIES if method in AGAIN else 1
    assert handler.calls == [f"/waypaas.v1.{method}"] * tries
    assert (f"({TRIES} tries)" if tries > 1 else "(1 try)") in str(error)


@pytest.mark.parametrize("method", [*ONCE, *AGAIN])
def test_what_was_not_sent_is_tried_again(tmp_path: Path, method: str) -> None:
    """Where nothing listens, nothing can have been done: every call is tried again, for a service that restarts."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    begun = time.monotonic()
    assert f"({TRIES} tries)" in str(attempt(f"plaintext://127.0.0.1:{port}", tmp_path, method, (ONCE | AGAIN)[method]))
    assert time.monotonic() - begun < 5


def test_every_method_that_is_repeated_is_one_of_the_contract() -> None:
    """The table names methods that there are, and none of those that change something each time."""
    known = {name.removeprefix("/waypaas.v1.") for name in channel.methods()}
    assert known >= channel.REPEATABLE
    assert not channel.REPEATABLE & ONCE.keys()

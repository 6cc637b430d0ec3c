"""Anything sent to any method, over TLS, by somebody who is signed in: a typed answer in words, and the service lives.

WAYPAAS_FUZZ_EXAMPLES says how many requests each method gets.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.protobuf import message_factory
from google.rpc import status_pb2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from teamconfig import proof
from teamconfig.client.channel import methods
from teamconfig.gen.waypaas.v1 import common_pb2, sessions_pb2
from tests.cloud.service.load import metadata

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from google.protobuf.descriptor import Descriptor, FieldDescriptor
    from google.protobuf.message import Message

    from teamconfig.client.service import Service
    from tests.cloud.service.conftest import People
    from testservers.service import Running

EXAMPLES = int(os.environ.get("WAYPAAS_FUZZ_EXAMPLES", "25"))
METHODS = methods()
BAD_CODES = frozenset({"UNKNOWN", "INTERNAL", "UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED", "DATA_LOSS"})
PYTHON = re.compile(r"Traceback|\w(?:Error|Exception)\b|object at 0x|\.py\b|\bNoneType\b|\b_pb2\b|sqlalchemy|psycopg")
BUSY = "busy"
WHO = "/waypaas.v1.Sessions/WhoAmI"
WORDS = (
    "", "shop", "web", "dev", "production", "default", "payments", "deploy", "promote", "exec", "kubernetes", "aws",
    "..", "../../etc/passwd", "-", "--upload-pack=x", "ext::sh -c x", "a\x00b", "\x1b[2J", "x" * 300, "ß", "\u202e",
    "{team}", "%2e%2e", "CON", "' OR 1=1 --", "git.example/acme/shop", "sha256:" + "0" * 64, "a.b.c", "\ud7ff",
)  # fmt: skip
DEEP = [b"[" * 5000, b'{"a":' * 2000 + b"1" + b"}" * 2000, b"[[" * 500 + b"]]" * 500, b"null", b"1e999", b'"\\ud800"']
STANZAS = [b"[]", b"{}", b"[1]", b'[{"section":1,"path":2,"values":3}]',
           b'[{"section":"kubernetes","path":"x","values":{"memory":"1Gi","probe":{"a":{"b":[1,{}]}}}}]',
           b'[{"section":"kubernetes","path":"x","values":{"memory":NaN}}]',
           b'[{"section":"kubernetes","path":"x","values":{"a.b":null,"":[]}}]']  # fmt: skip


def texts() -> st.SearchStrategy[str]:
    """Give names, good and odd."""
    return st.sampled_from(WORDS) | st.text(max_size=60)


def contents() -> st.SearchStrategy[bytes]:
    """Give bytes, among them JSON that is deep, or nearly that of stanzas."""
    return st.sampled_from([*DEEP, *STANZAS]) | st.binary(max_size=200)


def messages(descriptor: Descriptor) -> st.SearchStrategy[Message]:
    """Give messages of a kind, with any of its fields set to anything of its type."""
    kind = message_factory.GetMessageClass(descriptor)
    fields = {field.name: st.none() | values(field) for field in descriptor.fields}

    def build(found: dict[str, Any]) -> Message:
        return kind(**{name: value for name, value in found.items() if value is not None})

    return st.fixed_dictionaries(fields).map(build)


def values(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    """Give values of a field."""
    if field.type == field.TYPE_MESSAGE:
        return messages(field.message_type)
    bits = {field.TYPE_INT32: 31, field.TYPE_INT64: 63}
    if field.type in bits:
        most = 2 ** bits[field.type]
        return st.sampled_from([0, 1, -1, most - 1, -most]) | st.integers(-most, most - 1)
    if field.type == field.TYPE_BOOL:
        return st.booleans()
    return contents() if field.type == field.TYPE_BYTES else texts()


def bounded(test: Callable[..., None]) -> Callable[..., None]:
    """Make a fuzz test the same in each run."""
    made: Callable[..., None] = settings(
        max_examples=EXAMPLES, derandomize=True, deadline=None, database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
    )(test)  # fmt: skip
    return made


@pytest.fixture(name="client")
def _client(people: People) -> Service:
    """Give somebody who is signed in, who may much."""
    return people.sign_in("fuzz", "payments-leads", "acme-security")


@pytest.fixture(name="wire", scope="module")
def _wire(running: Running) -> Iterator[grpc.Channel]:
    """Give a connection without our client."""
    credentials = grpc.ssl_channel_credentials(running.authority.read_bytes())
    with grpc.secure_channel(running.address, credentials) as channel:
        yield channel


def answer(wire: grpc.Channel, method: str, content: bytes, carried: Any) -> str:
    """Send bytes, and hold the answer against the contract; give the name of its status."""
    try:
        wire.unary_unary(method)(content, metadata=carried, timeout=20)
    except grpc.RpcError as err:
        failed: Any = err
        name = str(failed.code().name)
        text = failed.details() or ""
        if name == "UNAVAILABLE" and "it does not answer in time" in text:
            return BUSY  # a disk that is busy with other work; it is told in words, and proves nothing here
        _judge(name, text, failed.trailing_metadata())
        return name
    return "OK"


def _judge(name: str, text: str, trailing: Any) -> None:
    assert name not in BAD_CODES, text
    assert not PYTHON.search(text), text
    assert all(sign.isprintable() or sign == "\n" for sign in text), repr(text)
    found = dict(trailing or ())
    status = status_pb2.Status.FromString(found["grpc-status-details-bin"])
    refusal = common_pb2.Refusal()
    assert status.details[0].Unpack(refusal)
    assert refusal.reason
    assert refusal.request_id == found[proof.REQUEST]
    assert all(not PYTHON.search(f"{problem.what} {problem.why} {problem.fix}") for problem in refusal.problems)


def carried(client: Service, method: str) -> list[tuple[str, str]]:
    """Sign a call of the client's session."""
    session = client.session()
    return metadata(bytes.fromhex(session.device_key), method, session.access_token)


def is_alive(running: Running, people: People) -> None:
    """Insist that the service answers, and that nothing has failed inside of it."""
    people.sign_in("alive", "payments-developers").call("Sessions/WhoAmI", sessions_pb2.WhoAmIRequest())
    assert "a call failed" not in running.log
    assert "Traceback" not in running.log


@pytest.mark.parametrize("method", METHODS)
def test_any_bytes_get_a_typed_answer(
    method: str, client: Service, people: People, running: Running, wire: grpc.Channel
) -> None:
    """Random bytes to each method: a status of the contract with its detail, never the name of anything of Python's."""

    @bounded
    @given(content=st.binary(max_size=400) | contents())
    def send(content: bytes) -> None:
        answer(wire, method, content, carried(client, method))

    send()
    is_alive(running, people)


@pytest.mark.parametrize("method", METHODS)
def test_any_message_gets_a_typed_answer(
    method: str, client: Service, people: People, running: Running, wire: grpc.Channel
) -> None:
    """Well-formed requests with odd values, and such with a few bytes changed: as above."""
    flips = st.none() | st.tuples(st.integers(0, 10**6), st.integers(1, 255))

    @bounded
    @given(request=messages(METHODS[method].input_type), flip=flips)
    def send(request: Message, flip: tuple[int, int] | None) -> None:
        content = bytearray(request.SerializeToString())
        if flip is not None and content:
            content[flip[0] % len(content)] ^= flip[1]
        answer(wire, method, bytes(content), carried(client, method))

    send()
    is_alive(running, people)


HEADERS = (proof.REQUEST, proof.TIME, proof.PROOF, proof.TOKEN)
PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=120)
ODD = st.sampled_from(["", "0", "-1", "9" * 12, "9" * 40, "1e9", "Bearer ", "Bearer", "Bearer a.b.c", "=", "AAAA", "x"])


def test_any_proof_gets_a_typed_answer(client: Service, people: People, running: Running, wire: grpc.Channel) -> None:
    """Each header of the proof missing, doubled, or anything: refused, unless it is the one that was signed."""

    @bounded
    @given(name=st.sampled_from(HEADERS), value=st.none() | ODD | PRINTABLE, is_added=st.booleans())
    def send(name: str, value: str | None, is_added: bool) -> None:  # noqa: FBT001  # drawn
        good = carried(client, WHO)
        sent = [one for one in good if one[0] != name or (is_added and value is not None)]
        if value is not None:
            sent.append((name, value))
        assert answer(wire, WHO, b"", sent) in {"INVALID_ARGUMENT", "UNAUTHENTICATED", BUSY}

    send()
    is_alive(running, people)


def test_any_device_key_gets_a_typed_answer(people: People, running: Running, wire: grpc.Channel) -> None:
    """Device keys of any length and value open no session, and break nothing."""
    key = b"k" * 32

    @bounded
    @given(public=st.binary(max_size=64) | st.binary(min_size=32, max_size=32), name=texts())
    def send(public: bytes, name: str) -> None:
        method = "/waypaas.v1.Sessions/Open"
        request = sessions_pb2.OpenRequest(
            provider="corp", token=people.token("x"), device_key=public, device_name=name.replace("\ud7ff", "")
        )
        code = answer(wire, method, request.SerializeToString(), metadata(key, method))
        assert code in {"INVALID_ARGUMENT", "UNAUTHENTICATED", BUSY}

    send()
    is_alive(running, people)


def test_any_token_gets_a_typed_answer(people: People, running: Running, wire: grpc.Channel) -> None:
    """ID tokens that were cut, stretched, changed or made up sign nobody in."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415  # here only

    device = Ed25519PrivateKey.generate()
    good = people.token("x", "payments-leads")

    @bounded
    @given(place=st.integers(0, len(good) - 1), piece=PRINTABLE, cut=st.integers(0, 40))
    def send(place: int, piece: str, cut: int) -> None:
        token = good[:place] + piece + good[place + cut :]
        if token == good:
            return
        method = "/waypaas.v1.Sessions/Open"
        request = sessions_pb2.OpenRequest(
            provider="corp", token=token, device_key=device.public_key().public_bytes_raw()
        )
        code = answer(wire, method, request.SerializeToString(), metadata(device.private_bytes_raw(), method))
        assert code in {"INVALID_ARGUMENT", "UNAUTHENTICATED", BUSY}, token

    send()
    is_alive(running, people)

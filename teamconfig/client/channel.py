"""Calls to the service: the channel, a proof with each call, retries with a deadline, refusals in words."""

from __future__ import annotations

import base64
import random
import secrets
import time
from typing import TYPE_CHECKING, Any

import grpc

from teamconfig import errors, proof
from teamconfig.client import authorities
from teamconfig.client.errors import ServiceError, UnreachableError
from teamconfig.errors import Problem
from teamconfig.gen.waypaas.v1 import audit_pb2, releases_pb2, rights_pb2, sessions_pb2, standards_pb2

if TYPE_CHECKING:
    from collections.abc import Sequence

    from google.protobuf.descriptor import MethodDescriptor
    from google.protobuf.message import Message

    from teamconfig.settings import Settings

DEADLINE_SECONDS = 5.0
TRIES = 3
_AWAY = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED)
"""Nothing was done, or nobody can tell; a service that stops cancels what it has not begun."""

REPEATABLE = frozenset({
    "Sessions/GetSignIn", "Sessions/Refresh", "Sessions/Close", "Sessions/WhoAmI", "Standards/Resolve",
    "Standards/Explain", "Standards/ExplainRight", "Standards/ListProjects", "Standards/GetStatus",
    "Rights/RequestGrant", "Rights/GetGrant", "Rights/CloseLease", "Rights/PutLock", "Rights/ListLocks", "Audit/Read",
    "Audit/Verify", "Releases/ListRecords", "Releases/GetRecord", "Releases/GetChain", "Releases/ListRunning",
    "Releases/ListEvidence", "Releases/ListRejections", "Releases/ListWaivers", "Releases/GetPlace",
    "Releases/Reject", "Releases/PutHold", "Releases/BeginPromotion", "Releases/StepPromotion",
    "Releases/FinishPromotion", "Releases/AbandonPromotion",
})  # fmt: skip
"""Methods that do no more the second time. All others are tried again only if the first try has not left this machine:

a grant is redeemed once, and each lease is a credential. A session is renewed twice to the same tokens, by their seed.
"""

_UNSENT = ("failed to connect to all addresses", "dns resolution failed", "empty address list")
"""What gRPC says of a call for which it got no connection."""

_PLAIN = "plaintext://"
_DETAILS = "grpc-status-details-bin"
_SKEWED = "clock_skew"
_OPTIONS = (("grpc.max_receive_message_length", 16 * 1024 * 1024), ("grpc.enable_retries", 0))


def methods() -> dict[str, MethodDescriptor]:
    """List every method of the contract by full name: "/waypaas.v1.Sessions/WhoAmI"."""
    return {
        f"/{service.full_name}/{method.name}": method
        for module in (sessions_pb2, standards_pb2, rights_pb2, releases_pb2, audit_pb2)
        for service in module.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    }


class Channel:
    """A connection to one service.

    Args:
        settings: Name the service and its certificate authority.
        device_key: Private Ed25519 key, 32 bytes.
    """

    def __init__(self, settings: Settings, device_key: bytes) -> None:
        self.address = settings.service
        self._key = device_key
        self._methods = methods()
        self.clock_offset = 0.0
        self._channel = self._open(settings)

    def close(self) -> None:
        """End the connection."""
        self._channel.close()

    def call(self, method: str, request: Message, token: str = "", deadline: float = DEADLINE_SECONDS) -> Any:
        """Call a method.

        Args:
            method: "Sessions/WhoAmI".
            request: Its request.
            token: Access token; empty for none.
            deadline: Seconds, for each try.

        Returns:
            The reply.

        Raises:
            ServiceError: The service refused.
            UnreachableError: It did not answer; in TRIES tries if the method may be tried again.
        """
        full = f"/waypaas.v1.{method}"
        reply = _message_class(self._methods[full].output_type)
        rpc = self._channel.unary_unary(
            full, request_serializer=type(request).SerializeToString, response_deserializer=reply.FromString
        )
        last: Any = None
        why = ""
        for attempt in range(1, TRIES + 1):
            try:
                answer, call = rpc.with_call(
                    request, timeout=deadline, metadata=self._metadata(full, token), wait_for_ready=False
                )
            except grpc.RpcError as err:
                if err.code() not in _AWAY:
                    refused = refusal(err, self.address)
                    self._set_clock(err.trailing_metadata())
                    if refused.reason == _SKEWED and attempt == 1:
                        continue  # signed again by the service's clock
                    raise refused from None
                last, why = err, _cause(err, deadline)
                if attempt == TRIES or not (method in REPEATABLE or _unsent(err)):
                    break
                time.sleep(random.uniform(0.1, 0.4) * attempt)  # noqa: S311  # jitter
                continue
            self._set_clock(call.trailing_metadata())
            return answer
        told = refusal(last, self.address)
        raise UnreachableError(self.address, why, attempt, told.problems[0] if told.request_id else None)

    def _metadata(self, method: str, token: str) -> tuple[tuple[str, str], ...]:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415  # 60 ms

        request, clock = secrets.token_hex(16), str(int(time.time() + self.clock_offset))
        key = Ed25519PrivateKey.from_private_bytes(self._key)
        signed = key.sign(proof.message(method, request, clock, token))
        found = (
            (proof.REQUEST, request),
            (proof.TIME, clock),
            (proof.PROOF, base64.b64encode(signed).decode()),
        )
        return (*found, (proof.TOKEN, f"Bearer {token}")) if token else found

    def _set_clock(self, trailing: Sequence[Any]) -> None:
        """Learn how far the service's clock is from ours, so that a skewed laptop can work."""
        for key, value in trailing or ():
            if key == proof.TIME:
                self.clock_offset = float(value) - time.time() if abs(float(value) - time.time()) > 1 else 0.0

    def _open(self, settings: Settings) -> grpc.Channel:
        address = settings.service
        if address.startswith(_PLAIN):
            target = address.removeprefix(_PLAIN)
            if not on_this_machine(target):
                why = "a call without TLS is for this machine only"
                raise errors.state(f"{address} is not allowed", why, f"write {target}", settings.where)
            return grpc.insecure_channel(target, options=_OPTIONS)
        roots = None
        if settings.certificate_authority:
            roots = authorities.read(settings.certificate_authority, "certificate_authority", settings.where)
        return grpc.secure_channel(address, grpc.ssl_channel_credentials(roots), options=_OPTIONS)


def on_this_machine(target: str) -> bool:
    """Tell whether an address is one of this machine for everybody, whatever a name server says.

    Args:
        target: "host:port".

    Returns:
        Whether the host is "localhost" or a loopback address, and the port a number.
    """
    import ipaddress  # noqa: PLC0415  # of plain text only

    host, _, port = target.rpartition(":")
    if not (port.isascii() and port.isdigit()):
        return False
    if host == "localhost":
        return True
    bracketed = host.startswith("[") and host.endswith("]")
    try:
        found = ipaddress.ip_address(host[1:-1] if bracketed else host)
    except ValueError:
        return False
    return found.is_loopback and (found.version == 6) == bracketed  # noqa: PLR2004  # IPv6 stands in brackets


def _unsent(err: Any) -> bool:
    """Tell whether a call has surely not left this machine."""
    said = (err.details() or "").lower()
    return err.code() is grpc.StatusCode.UNAVAILABLE and any(sign in said for sign in _UNSENT)


def refusal(err: Any, address: str) -> ServiceError:
    """Read what a service refused.

    Args:
        err: Of gRPC, with or without our detail.
        address: Of the service.

    Returns:
        The error, to be raised by the caller.
    """
    from google.rpc import status_pb2  # type: ignore[import-untyped]  # noqa: PLC0415  # of refusals only

    from teamconfig.gen.waypaas.v1 import common_pb2  # noqa: PLC0415

    for key, value in err.trailing_metadata() or ():
        if key != _DETAILS:
            continue
        for detail in status_pb2.Status.FromString(value).details:
            found = common_pb2.Refusal()
            if detail.Unpack(found):
                problems = [
                    Problem(one.what, one.why, one.fix, one.where, _kind(one.kind)) for one in found.problems
                ] or [Problem(err.details() or "refused", "", "", "")]
                return ServiceError(problems, found.head, found.reason, found.request_id)
    what = f"the team config service {address} answered {err.code().name.lower().replace('_', ' ')}"
    return ServiceError([Problem(what, err.details() or "", "tell whoever runs it", "")], reason="foreign")


def _kind(text: str) -> Any:
    return text if text in {"option", "policy", "missing", "state"} else "state"


def _cause(err: Any, deadline: float) -> str:
    """Say in few words why there was no answer; gRPC's own texts are long."""
    if any(key == _DETAILS for key, _ in err.trailing_metadata() or ()):
        return refusal(err, "").problems[0].why  # it is there, and says why it cannot answer
    if err.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
        return f"it gave no answer in {deadline:g} s"
    said = (err.details() or "").lower()
    for sign, words in (
        ("certificate", "its certificate is not one that you trust"),
        ("ssl", "it does not speak TLS as we do"),
        ("refused", "nothing listens there"),
        ("dns", "its name is not known"),
        ("unreachable", "there is no way to it"),
    ):
        if sign in said:
            return words
    return (err.details() or "it is away").splitlines()[0][:200]


def _message_class(descriptor: Any) -> Any:
    from google.protobuf import message_factory  # noqa: PLC0415  # small, and beside the call

    return message_factory.GetMessageClass(descriptor)

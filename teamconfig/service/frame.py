"""The frame around every handler: limits, identity, deadline, audit, metrics, errors as the contract has them.

No call but those in UNAUDITED is answered before its row is in the audit. What
goes wrong inside never leaves as a stack trace or as a name of Python's.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf import any_pb2
from google.protobuf.message import DecodeError
from google.rpc import status_pb2  # type: ignore[import-untyped]

from teamconfig import proof
from teamconfig.errors import StandardsError
from teamconfig.service import callers, limits
from teamconfig.service.call import Call, refusal_of
from teamconfig.service.refusal import Refusal, malformed, refuse
from teamconfig.service.telemetry import LOG

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from google.protobuf.message import Message

    from teamconfig.service.core import Core

    Handler = Callable[[Call, Any], Awaitable[Message]]

UNAUDITED = frozenset({"/waypaas.v1.Sessions/GetSignIn"})
"""Answered without a row: they tell everybody the same. Health checks beside."""

OPEN = frozenset({"/waypaas.v1.Sessions/GetSignIn", "/waypaas.v1.Sessions/Open", "/waypaas.v1.Sessions/Refresh",
                  "/waypaas.v1.Rights/RedeemGrant"})  # fmt: skip
"""Calls without an access token."""

_TEXT = 900
_DETAIL = 6000


class _Malformed:
    """Stands for bytes that are no request, so that they can be answered and counted as a call."""


def decoder(message: Any) -> Callable[[bytes], Any]:
    """Build a deserializer that never raises, as gRPC answers a raise with Python's own words.

    Args:
        message: Class of the request.

    Returns:
        The deserializer.
    """

    def decode(content: bytes) -> Any:
        try:
            return message.FromString(content)
        except (DecodeError, ValueError, UnicodeDecodeError, RecursionError):
            return _Malformed()

    return decode


class Frame:
    """Answers calls by handlers.

    Args:
        core: Of the service.
        handlers: By full name of the method.
    """

    def __init__(self, core: Core, handlers: Mapping[str, Handler]) -> None:
        self._core = core
        self._handlers = handlers
        self._running = 0

    async def answer(self, method: str, request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        """Answer one call.

        Args:
            method: Full name.
            request: Decoded.
            context: Of gRPC.

        Returns:
            The reply.
        """
        began = time.monotonic()
        metadata = _metadata(context)
        call = Call(self._core, method, _request_id(metadata), context.peer())
        metrics = self._core.metrics
        self._running += 1
        metrics.running.set(self._running)
        code, reason = grpc.StatusCode.OK, ""
        try:
            with self._core.traces.span(method, call.request_id):
                reply = await self._handled(call, request, context, metadata)
            context.set_trailing_metadata(self._trailing(call))
        except Refusal as refusal:
            code, reason = refusal.code, refusal.reason
            await self._abort(call, refusal, context)
        except asyncio.CancelledError:
            code = grpc.StatusCode.CANCELLED
            raise
        finally:
            self._running -= 1
            metrics.running.set(self._running)
            metrics.calls.labels(method, code.name, reason).inc()
            metrics.seconds.labels(method).observe(time.monotonic() - began)
        return reply

    async def _handled(
        self, call: Call, request: Any, context: grpc.aio.ServicerContext[Any, Any], metadata: Mapping[str, str]
    ) -> Message:
        """Run a handler; whatever it raises comes out as a refusal that is in the audit."""
        try:
            remaining = context.time_remaining()
            async with asyncio.timeout(min(limits.DEADLINE_SECONDS, remaining or limits.DEADLINE_SECONDS)):
                return await self._answered(call, request, metadata)
        except Refusal as err:
            await self._keep(call, err)
            raise
        except StandardsError as err:
            refused = refusal_of(err)
            await self._keep(call, refused)
            raise refused from err
        except TimeoutError as err:
            refused = refuse("deadline", "the call took too long", "its deadline is over", "try again",
                             grpc.StatusCode.DEADLINE_EXCEEDED, "failed")  # fmt: skip
            await self._keep(call, refused)
            raise refused from err
        except Exception as err:
            LOG.exception("a call failed", extra={"request_id": call.request_id, "method": call.method})
            refused = refuse(
                "bug", "the team config service failed", "this is a bug in it",
                f"report it with the request {call.request_id}", grpc.StatusCode.INTERNAL, "failed",
            )  # fmt: skip
            await self._keep(call, refused)
            raise refused from err

    async def _answered(self, call: Call, request: Any, metadata: Mapping[str, str]) -> Message:
        if self._running > limits.MAX_CALLS_AT_ONCE:
            raise _exhausted("the service answers as many calls as it can", 1.0)
        stranger = call.method in OPEN
        if stranger:
            self._take_stranger(call)
        try:
            if isinstance(request, _Malformed):
                raise malformed("its bytes are not the message that the method takes")
            signed = callers.Signed.read(metadata, call.method, call.request_id, self._core)
            if not stranger:
                await callers.identify(call, signed)
        except Refusal:
            if call.caller is None and not stranger:
                self._take_stranger(call)
            raise
        if stranger:
            call.details["peer"] = call.peer
            return await self._handlers[call.method](call, (request, signed))
        wait = self._core.callers.take(call.known().principal.key, time.monotonic())
        if wait:
            raise _exhausted("you make more calls than one may", wait)
        reply = await self._handlers[call.method](call, request)
        if call.rows == 0 and call.method not in UNAUDITED:
            await call.commit()
        return reply

    def _take_stranger(self, call: Call) -> None:
        """Count a call of somebody who is not known against where it comes from.

        Beyond the limit it leaves no row of its own, else anybody could fill the audit; `health` sums them up.
        """
        peer = call.peer.rpartition(":")[0]
        wait = self._core.strangers.take(peer, time.monotonic())
        if wait:
            call.quiet = True
            self._core.drop(peer)
            raise _exhausted("there are more calls from where you are than one may make without signing in", wait)

    async def _keep(self, call: Call, refusal: Refusal) -> None:
        """Leave the row of a refused call, unless its own change has left one, or could not."""
        if isinstance(refusal.__cause__, Exception) and call.rows:
            return
        if call.method in UNAUDITED or call.quiet:
            return
        if refusal.code is grpc.StatusCode.UNAVAILABLE and (call.unkept or refusal.reason.startswith("database_")):
            return  # to wait for the database once more would only take longer
        try:
            await call.commit(outcome=refusal.outcome, reason=refusal.reason)
        except Refusal as second:
            if refusal.code is not grpc.StatusCode.UNAVAILABLE:
                raise second from refusal

    async def _abort(self, call: Call, refusal: Refusal, context: grpc.aio.ServicerContext[Any, Any]) -> None:
        text = str(refusal)
        detail = refusal.to_proto(call.request_id)
        while detail.ByteSize() > _DETAIL and len(detail.problems) > 1:
            del detail.problems[-1]
        packed = any_pb2.Any()
        packed.Pack(detail)
        status = status_pb2.Status(code=refusal.code.value[0], message=text[:_TEXT], details=[packed])
        trailing = (*self._trailing(call), ("grpc-status-details-bin", status.SerializeToString()))
        await context.abort(refusal.code, text[:_TEXT], trailing)

    def _trailing(self, call: Call) -> tuple[tuple[str, str], ...]:
        return (proof.REQUEST, call.request_id), (proof.TIME, str(int(self._core.now())))


def _metadata(context: grpc.aio.ServicerContext[Any, Any]) -> dict[str, str]:
    return {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}


def _request_id(metadata: Mapping[str, str]) -> str:
    given = metadata.get(proof.REQUEST, "")
    good = len(given) == 32 and all(sign in "0123456789abcdef" for sign in given)  # noqa: PLR2004  # 16 bytes
    return given if good else secrets.token_hex(16)


def _exhausted(why: str, wait: float) -> Refusal:
    fix = f"try again in {max(wait, 0.1):.1f} s"
    code = grpc.StatusCode.RESOURCE_EXHAUSTED
    return refuse("too_many_calls", "the call was not taken", why, fix, code, "failed")

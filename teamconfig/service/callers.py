"""Who makes a call: the token, the device's signature over the call, and groups that are not too old."""

from __future__ import annotations

import base64
import binascii
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from teamconfig import proof
from teamconfig.service.call import Caller
from teamconfig.service.providers import told
from teamconfig.service.refusal import Refusal, malformed, unauthenticated
from teamconfig.state import sessions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from teamconfig.identity.principal import Membership
    from teamconfig.service.call import Call
    from teamconfig.service.core import Core
    from teamconfig.service.limits import Seen
    from teamconfig.state.sessions import Session

GRACE_SECONDS = 3600.0
"""Age up to which they count while the directory is away; never in production."""

FRESH_SECONDS = 60.0
"""Age up to which an ID token's groups count as read for the call, as production wants it."""

_TOKEN_BYTES = 512


@dataclass(frozen=True, slots=True)
class Signed:
    """What a call carries to prove who makes it; not yet checked.

    Args:
        method: Full name.
        request_id: As signed.
        time: As signed.
        signature: Of the device.
        token: Empty if there is none.
        seen: Ids of the calls of late.
    """

    method: str
    request_id: str
    time: str
    signature: bytes
    token: str
    seen: Seen

    @classmethod
    def read(cls, metadata: Mapping[str, str], method: str, request_id: str, core: Core) -> Signed:
        """Read it from a call's metadata, and check its time.

        Args:
            metadata: Of the call.
            method: Full name.
            request_id: Of the call.
            core: Of the service.

        Returns:
            What the call carries.

        Raises:
            Refusal: Something is missing, malformed, or out of time.
        """
        if metadata.get(proof.REQUEST) != request_id:
            raise malformed(f"its metadata has no {proof.REQUEST} of 32 hex digits")
        clock, text = metadata.get(proof.TIME, ""), metadata.get(proof.PROOF, "")
        token = metadata.get(proof.TOKEN, "")
        token = token.removeprefix("Bearer ") if token.startswith("Bearer ") else ""
        if not clock.isascii() or not clock.isdecimal() or len(clock) > 12 or len(token) > _TOKEN_BYTES:  # noqa: PLR2004
            raise malformed(f"its metadata has no {proof.TIME}, or a token that is none")
        try:
            signature = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as err:
            raise malformed(f"its {proof.PROOF} is not base64") from err
        now = core.now()
        if abs(now - int(clock)) > proof.SKEW_SECONDS:
            fix = "set the clock of your machine"
            why = f"your clock says {_clock(int(clock))}, the service's {_clock(now)}"
            raise unauthenticated("clock_skew", why, fix)
        return cls(method, request_id, clock, signature, token, core.seen)

    def check(self, device_key: bytes, token: str | None = None) -> None:
        """Check the device's signature, and that the call is not a replay; ids that nobody has signed are not kept.

        Args:
            device_key: Public Ed25519 key, 32 bytes.
            token: That was signed, if it is not that of the metadata.

        Raises:
            Refusal: It is not the device's, or was used before.
        """
        signed = proof.message(self.method, self.request_id, self.time, self.token if token is None else token)
        try:
            Ed25519PublicKey.from_public_bytes(device_key).verify(self.signature, signed)
        except (InvalidSignature, ValueError) as err:
            why = "the call is not signed by the device that the session belongs to"
            raise unauthenticated("wrong_device", why) from err
        if not self.seen.fresh(self.request_id, time.monotonic()):
            raise unauthenticated("replayed", "this very call was made before", "make a new call")


async def identify(call: Call, signed: Signed) -> None:
    """Find out who makes a call, and note it there.

    Args:
        call: The call.
        signed: What it carries.

    Raises:
        Refusal: Nobody that is signed in.
    """
    core = call.core
    if not signed.token:
        raise unauthenticated("no_session", "the call carries no token")
    session = await core.session(proof.token_hash(signed.token))
    if session is None:
        raise unauthenticated("session_unknown", "the session is not known, or its token was renewed")
    signed.check(session.device_key)
    call.device_key = session.device_key
    now = core.now()
    state = session.standing(now)
    if state == "closed":
        locked = core.facts.locked.get(("user", session.principal.key))
        if locked is not None:
            raise unauthenticated("session_locked", f"you are locked out: {locked}", "ask who locked you")
        raise unauthenticated("session_revoked", "the session was closed")
    if state == "expired":
        why = f"the session's token ended at {_clock(session.access_expires)}"
        raise unauthenticated("session_expired", why, "run the command again, or sign in: wps init")
    membership = session.membership
    call.caller = Caller(session, session.principal, membership, core.standing(session.principal, membership))
    if now - membership.read_at > core.config.groups_seconds:
        await reread(call)
    if call.caller.membership.disabled:
        raise unauthenticated(
            "account_disabled", "your account is disabled, locked or gone", "ask who runs the directory"
        )
    call.caller.fresh = now - call.caller.membership.read_at <= FRESH_SECONDS


async def reread(call: Call, *, always: bool = False) -> None:
    """Read the caller's groups again.

    Args:
        call: Its caller is known.
        always: Even if they were read a moment ago, as production wants it.

    Raises:
        Refusal: Only a new ID token can tell, or the directory is away, or the account is disabled.
    """
    caller = call.known()
    session = caller.session
    if session is None:
        return
    provider = call.core.provider_of(session)
    age = call.core.now() - caller.membership.read_at
    if not provider.rereads:
        if age > (FRESH_SECONDS if always else call.core.config.groups_seconds):
            raise unauthenticated(
                "stale_groups", "your groups were read too long ago", "run the command again: it renews the session"
            )
        caller.fresh = age <= FRESH_SECONDS
        return
    try:
        found = await told(provider.membership(session))
    except Refusal as err:
        if always or err.code is not grpc.StatusCode.UNAVAILABLE or age > GRACE_SECONDS:
            raise
        call.details["groups_age"] = int(age)
        return
    await _keep(call, session, found)
    caller.membership = found
    caller.standing = call.core.standing(caller.principal, found)
    caller.fresh = True


async def _keep(call: Call, session: Session, found: Membership) -> None:
    action, call.action = call.action, "groups"
    rows = call.rows
    await call.commit(
        lambda tx: sessions.set_membership(tx, session.id, found),
        note=lambda _: {"groups": len(found.groups), "disabled": found.disabled},
    )
    call.action, call.rows = action, rows  # a row of its own, beside that of the call
    call.core.forget_sessions()


def _clock(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))

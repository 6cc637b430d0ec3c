"""Handlers of waypaas.v1.Sessions: signing in, renewing, signing out, who one is."""

from __future__ import annotations

import hmac
import secrets
import time
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Any

import grpc

from teamconfig import proof
from teamconfig.errors import Problem
from teamconfig.gen.waypaas.v1 import common_pb2, sessions_pb2
from teamconfig.policy import right, standing
from teamconfig.service import kept, keys
from teamconfig.service.call import Caller
from teamconfig.service.providers import told
from teamconfig.service.refusal import Refusal, malformed, refuse, unauthenticated
from teamconfig.state import closing, sessions, spending
from teamconfig.state.sessions import Tokens

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from teamconfig.identity.oidc import Identity
    from teamconfig.identity.principal import Principal
    from teamconfig.policy.standing import Standing
    from teamconfig.service.call import Call
    from teamconfig.service.callers import Signed
    from teamconfig.state.sessions import Session
    from teamconfig.tree import Tree

ACCESS_SECONDS = 15 * 60
REFRESH_SECONDS = 12 * 3600
_KEY_BYTES = 32
_NAME = 64


async def get_sign_in(call: Call, given: tuple[Any, Signed]) -> sessions_pb2.SignIn:
    """Tell how one signs in here."""
    del given
    core = call.core
    return sessions_pb2.SignIn(
        organization=core.tree.org.name,
        providers=[provider.to_proto() for provider in core.providers.values() if provider.signs_in],
        signing_keys=[keys.public_bytes(core.key)],
    )


async def open_session(call: Call, given: tuple[sessions_pb2.OpenRequest, Signed]) -> sessions_pb2.Session:
    """Open a session for a proof of identity."""
    request, signed = given
    core = call.core
    call.action = "sign-in"
    if len(request.device_key) != _KEY_BYTES or not request.device_name.isprintable():
        raise malformed("device_key is not 32 bytes, or device_name is not printable")
    signed.check(request.device_key, "")
    call.device_key = request.device_key
    call.details |= {"provider": request.provider[:_NAME], "device": request.device_key.hex()[:16]}
    provider = core.providers.get(request.provider)
    if provider is None:
        known = ", ".join(core.providers) or "none"
        raise refuse(
            "provider_unknown", f"there is no provider {request.provider[:_NAME]}", f"the service has {known}",
            "run `wps init`", grpc.StatusCode.INVALID_ARGUMENT,
        )  # fmt: skip
    spent: Identity | None = None
    if request.WhichOneof("proof") == "password":
        peer, account = call.peer.rpartition(":")[0], request.password.user.casefold()[:_NAME]
        for who in (f"peer {peer}", f"account {account} from {peer}"):
            wait = core.sign_ins.take(who, time.monotonic())
            if wait:
                raise refuse(
                    "too_many_sign_ins", "the sign-in was not tried", "there were too many of late",
                    f"try again in {wait:.0f} s", grpc.StatusCode.RESOURCE_EXHAUSTED,
                )  # fmt: skip
        found = await told(provider.sign_in(request.password.user, request.password.password))
    elif request.token:
        identity = await told(provider.verify(request.token, request.device_key))
        found, spent = (identity.principal, identity.membership), identity
    else:
        raise malformed("it has neither a token nor a password")
    principal, membership = found
    call.caller = Caller(None, principal, membership, core.standing(principal, membership))
    _refuse_disabled(call)
    made = _Made(core.now())

    def change(tx: Connection) -> Session:
        _spend(tx, spent, made.now)
        return sessions.open(
            tx, principal, provider=request.provider, device_key=request.device_key,
            device_name=request.device_name[:_NAME], membership=membership, tokens=made.tokens, now=made.now,
        )  # fmt: skip

    opened = await call.commit(change, note=lambda new: {"session": new.id, "groups": len(membership.groups)})
    return made.to_proto(principal, opened)


async def refresh(call: Call, given: tuple[sessions_pb2.RefreshRequest, Signed]) -> sessions_pb2.Session:
    """Renew a session, and read the groups again."""
    request, signed = given
    core = call.core
    call.action = "refresh"
    old = proof.token_hash(request.refresh_token)
    session = await core.read(lambda tx: sessions.by_refresh(tx, old))
    if session is None:
        raise unauthenticated("session_unknown", "the session is not known")
    signed.check(session.device_key, request.refresh_token)
    call.device_key = session.device_key
    call.details["session"] = session.id
    membership = session.membership
    call.caller = Caller(session, session.principal, membership, core.standing(session.principal, membership))
    provider = core.provider_of(session)
    spent: Identity | None = None
    if request.token:
        spent = await told(provider.verify(request.token, session.device_key))
        membership = spent.membership
        if spent.principal != session.principal:
            raise unauthenticated("other_principal", "the new ID token is of somebody else")
    elif provider.rereads:
        membership = await told(provider.membership(session))
    call.caller = Caller(session, session.principal, membership, core.standing(session.principal, membership))
    _refuse_disabled(call)
    if len(request.seed) not in {0, proof.SEED_BYTES}:
        raise malformed(f"seed is not {proof.SEED_BYTES} bytes")
    latest = session.created + REFRESH_SECONDS if session.principal.kind == "workload" else 0.0
    made = _Made(core.now(), latest, _derived(request.seed, session.id) if request.seed else None)

    def change(tx: Connection) -> Session:
        if (there := spending.renewed(tx, old, made.tokens)) is not None:
            return there
        _spend(tx, spent, made.now)
        return spending.rotate(tx, old, tokens=made.tokens, now=made.now, membership=membership)

    try:
        new = await call.commit(
            change, note=lambda new: {"generation": new.generation, "groups": len(membership.groups)}
        )
    except Refusal as refused:
        core.forget_sessions()
        refused.code = grpc.StatusCode.UNAUTHENTICATED
        raise
    core.forget_sessions()
    return made.to_proto(session.principal, new)


async def close(call: Call, request: sessions_pb2.CloseRequest) -> sessions_pb2.CloseReply:
    """End one session, or all of the caller's."""
    call.action = "sign-out"
    caller, now = call.known(), call.core.now()
    session = caller.session
    if session is None:
        raise malformed("there is no session to close")

    def change(tx: Connection) -> int:
        if request.everywhere:
            return closing.close_all(tx, caller.principal, now=now)
        return int(closing.close(tx, session.id, now=now))

    closed = await call.commit(change, note=lambda number: {"closed": number})
    call.core.forget_sessions()
    return sessions_pb2.CloseReply(closed=closed)


async def who_am_i(call: Call, request: sessions_pb2.WhoAmIRequest) -> sessions_pb2.WhoAmIReply:
    """Tell who one is, and what is allowed where."""
    del request
    tree = call.core.tree
    call.action = "whoami"
    caller = call.known()
    session = caller.session
    key = "teams", kept.who(caller.principal, caller.membership)
    teams = call.core.of_tree.get(tree, key, lambda: _teams(tree, caller.standing))
    return sessions_pb2.WhoAmIReply(
        principal=to_proto(caller.principal),
        teams=teams,
        organization_roles=sorted(caller.standing.organization),
        environments=tree.org.environments,
        access_expires=int(session.access_expires) if session is not None else 0,
        refresh_expires=int(session.refresh_expires) if session is not None else 0,
        groups_read=int(caller.membership.read_at),
        note=caller.membership.note,
    )


def _teams(tree: Tree, held: Standing) -> list[sessions_pb2.TeamRoles]:
    return [
        sessions_pb2.TeamRoles(
            team=team.name,
            roles=sorted(held.teams.get(team.name, ())),
            projects=sorted(team.projects),
            allowed=[
                sessions_pb2.Allowed(
                    environment=environment, actions=list(right.allowed(tree, held, team.name, environment))
                )
                for environment in tree.org.environments
            ],
        )
        for team in standing.memberships(tree, held)
    ]


def to_proto(principal: Principal) -> common_pb2.Principal:
    """Write a principal."""
    return common_pb2.Principal(
        issuer=principal.issuer, subject=principal.subject, name=principal.name, kind=principal.kind
    )


def _refuse_disabled(call: Call) -> None:
    caller = call.known()
    if caller.membership.disabled:
        raise Refusal(
            [Problem("you cannot sign in", "your account is disabled, locked or gone", "ask who runs the directory", "",
                     "policy")],
            "account_disabled",
            grpc.StatusCode.UNAUTHENTICATED,
        )  # fmt: skip
    locked = call.core.facts.locked.get(("user", caller.principal.key)) or call.core.facts.locked.get(
        ("device", call.device_key.hex())
    )
    if locked is not None:
        raise refuse("session_locked", "you are locked out", f"somebody locked you or this device: {locked}",
                     "ask your team's lead, or the platform team", grpc.StatusCode.UNAUTHENTICATED)  # fmt: skip


def _spend(tx: Connection, identity: Identity | None, now: float) -> None:
    """Let a token open or renew one session only, at whatever replica."""
    if identity is not None:
        spending.spend_proof(tx, identity.token_id[:128], expires=identity.expires, now=now)


def _derived(seed: bytes, session_id: str) -> tuple[str, str]:
    """Make the tokens that a client has named by a seed of its own: the same again, and others for another session."""
    access, refresh = (
        hmac.digest(seed, f"waypaas {kind} {session_id}".encode(), "sha256") for kind in ("access", "refresh")
    )
    return urlsafe_b64encode(access).decode().rstrip("="), urlsafe_b64encode(refresh).decode().rstrip("=")


class _Made:
    """A pair of tokens; only their hashes are kept."""

    def __init__(self, now: float, latest: float = 0.0, pair: tuple[str, str] | None = None) -> None:
        self.now = now
        self._access, self._refresh = pair or (secrets.token_urlsafe(32), secrets.token_urlsafe(32))
        end = min(now + REFRESH_SECONDS, latest) if latest else now + REFRESH_SECONDS
        self.tokens = Tokens(
            proof.token_hash(self._access), now + ACCESS_SECONDS, proof.token_hash(self._refresh), end
        )  # fmt: skip

    def to_proto(self, principal: Principal, session: Session) -> sessions_pb2.Session:
        return sessions_pb2.Session(
            access_token=self._access,
            access_expires=int(session.access_expires),
            refresh_token=self._refresh,
            refresh_expires=int(session.refresh_expires),
            principal=to_proto(principal),
        )

"""Sessions over a real TLS server: what proves who calls, and what does not."""

from __future__ import annotations

import base64
import secrets
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from teamconfig import proof
from teamconfig.client.errors import ServiceError, SignInError
from teamconfig.client.service import Service
from teamconfig.gen.waypaas.v1 import sessions_pb2

if TYPE_CHECKING:
    from teamconfig.client.vault import Session
    from tests.cloud.service.conftest import People
    from testservers.service import Running

WHO = sessions_pb2.WhoAmIRequest()


def test_who_am_i_tells_teams_roles_and_what_is_allowed(people: People) -> None:
    """A developer reads their team, role, projects, and what they may do where."""
    told = people.sign_in("dora", "payments-developers").call("Sessions/WhoAmI", WHO)
    assert told.principal.name == "dora"
    (team,) = told.teams
    assert (team.team, list(team.roles), list(team.projects)) == ("payments", ["developer"], ["shop"])
    allowed = {one.environment: set(one.actions) for one in team.allowed}
    assert {"deploy", "exec", "build"} <= allowed["dev"]
    assert "deploy" in allowed["staging"]
    assert not {"deploy", "promote", "exec", "destroy"} & allowed["production"]


def test_renewed_tokens_work_and_old_ones_do_not(people: People) -> None:
    """After a renewal the new tokens work; the old access token is not known any more."""
    client = people.sign_in("dora", "payments-developers")
    before = client.session()
    after = client.renew(before)
    assert after.access_token != before.access_token
    client.call("Sessions/WhoAmI", WHO)
    with pytest.raises(ServiceError) as caught:
        client.channel(before).call("Sessions/WhoAmI", WHO, before.access_token)
    assert caught.value.reason == "session_unknown"


def test_a_refresh_token_that_is_used_twice_ends_the_session(people: People) -> None:
    """Who uses an old refresh token shows that it was copied: the whole session ends."""
    client = people.sign_in("dora", "payments-developers")
    before = client.session()
    client.renew(before)
    client.vault.update(refresh_token=before.refresh_token, access_expires=0)
    with pytest.raises(SignInError) as caught:
        client.call("Sessions/WhoAmI", WHO)
    assert caught.value.reason == "refresh_reused"
    assert "wps init" in str(caught.value)


def asked(client: Service, kept: Session, seed: bytes) -> sessions_pb2.Session:
    """Ask for new tokens, and keep nothing of the answer."""
    request = sessions_pb2.RefreshRequest(refresh_token=kept.refresh_token, seed=seed)
    found: sessions_pb2.Session = client.channel(kept).call("Sessions/Refresh", request, kept.refresh_token)
    return found


def test_a_lost_answer_ends_no_session(people: People) -> None:
    """Who was killed before the new tokens were kept asks once more, and gets the same ones."""
    client = people.sign_in("dora", "payments-developers")
    kept = client.vault.update(seed=secrets.token_hex(32))
    lost = asked(client, kept, bytes.fromhex(kept.seed))
    after = client.renew(kept)
    assert (after.access_token, after.refresh_token) == (lost.access_token, lost.refresh_token)
    assert (after.access_expires, after.refresh_expires) == (lost.access_expires, lost.refresh_expires)
    assert after.seed == ""
    client.call("Sessions/WhoAmI", WHO)


def test_a_seed_gives_tokens_until_they_are_renewed(people: People) -> None:
    """The same request once more, when its tokens are no longer the session's, is the second use of a token."""
    client = people.sign_in("dora", "payments-developers")
    before, seed = client.session(), secrets.token_bytes(32)
    first = asked(client, before, seed)
    kept = client.vault.update(
        access_token=first.access_token, refresh_token=first.refresh_token, refresh_expires=first.refresh_expires
    )
    client.renew(kept)
    with pytest.raises(ServiceError) as caught:
        asked(client, before, seed)
    assert caught.value.reason == "refresh_reused"
    with pytest.raises(SignInError) as over:
        client.call("Sessions/WhoAmI", WHO)
    assert over.value.reason == "session_revoked"


def test_a_seed_is_of_one_length_and_of_one_session(people: People) -> None:
    """A short seed is refused, and the same seed gives two sessions different tokens."""
    dora, dirk = people.sign_in("dora", "payments-developers"), people.sign_in("dirk", "payments-developers")
    with pytest.raises(ServiceError) as caught:
        asked(dora, dora.session(), b"short")
    assert "seed is not 32 bytes" in str(caught.value)
    ours, theirs = (asked(one, one.session(), bytes(32)) for one in (dora, dirk))
    assert len({ours.access_token, ours.refresh_token, theirs.access_token, theirs.refresh_token}) == 4


def test_a_stolen_token_is_worth_nothing_without_the_device_key(people: People) -> None:
    """The token file on another device, with another key, is refused, and the row names the reason."""
    client = people.sign_in("dora", "payments-developers")
    stolen = replace(client.session(), device_key=Ed25519PrivateKey.generate().private_bytes_raw().hex())
    thief = Service(people.running.settings, {"HOME": str(people.directory / "thief"), "WAYPAAS_KEYRING": "off"})
    thief.vault.save(stolen)
    with pytest.raises(ServiceError) as caught:
        thief.call("Sessions/WhoAmI", WHO)
    thief.close()
    assert caught.value.reason == "wrong_device"


def test_a_call_that_is_sent_twice_is_refused(people: People, running: Running) -> None:
    """The very same call, with its signature, works once."""
    client = people.sign_in("dora", "payments-developers")
    session, method = client.session(), "/waypaas.v1.Sessions/WhoAmI"
    metadata = signed(bytes.fromhex(session.device_key), method, session.access_token)
    with raw(running) as channel:
        call = channel.unary_unary(method)
        assert call(WHO.SerializeToString(), metadata=metadata, timeout=10)
        with pytest.raises(grpc.RpcError) as caught:
            call(WHO.SerializeToString(), metadata=metadata, timeout=10)
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert "made before" in caught.value.details()


@pytest.mark.parametrize(("offset", "good"), [(-119, True), (119, True), (-125, False), (125, False)])
def test_clocks_may_be_two_minutes_apart(people: People, running: Running, offset: int, good: bool) -> None:  # noqa: FBT001
    """A call from a clock that is off by less than two minutes is taken; beyond that both times are told."""
    client = people.sign_in("dora", "payments-developers")
    session, method = client.session(), "/waypaas.v1.Sessions/WhoAmI"
    metadata = signed(bytes.fromhex(session.device_key), method, session.access_token, offset)
    with raw(running) as channel:
        call = channel.unary_unary(method)
        if good:
            assert call(WHO.SerializeToString(), metadata=metadata, timeout=10)
            return
        with pytest.raises(grpc.RpcError) as caught:
            call(WHO.SerializeToString(), metadata=metadata, timeout=10)
    assert "your clock says" in caught.value.details()


def test_the_client_goes_by_the_clock_of_the_service(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    """A laptop whose clock is an hour off works: the refusal tells the service's time, and the call is signed anew."""
    client = people.sign_in("dora", "payments-developers")
    real = time.time
    monkeypatch.setattr("teamconfig.client.channel.time.time", lambda: real() + 3600)
    client.vault.update(access_expires=int(real() + 7200))
    assert client.call("Sessions/WhoAmI", WHO).principal.name == "dora"


def test_an_id_token_opens_one_session(people: People, running: Running, tmp_path: Any) -> None:
    """An ID token that was seen by somebody else cannot open a second session on their device."""
    token = people.token("dora", "payments-developers")
    running.open(tmp_path / "one", "corp", token=token).close()
    with pytest.raises(ServiceError) as caught:
        running.open(tmp_path / "two", "corp", token=token)
    assert caught.value.reason == "token_used"


def test_signing_out_everywhere_ends_all_sessions(people: People) -> None:
    """After `everywhere` no device of the principal is signed in."""
    one, two = people.sign_in("erin", "payments-developers"), people.sign_in("erin", "payments-developers")
    assert one.call("Sessions/Close", sessions_pb2.CloseRequest(everywhere=True)).closed == 2
    for client in (one, two):
        with pytest.raises(SignInError):
            client.call("Sessions/WhoAmI", WHO)


def test_groups_of_an_old_id_token_are_refused_until_there_is_a_new_one(people: People) -> None:
    """Groups that are older than five minutes do not count, and the text says what renews them."""
    client = people.sign_in("dora", "payments-developers", age=400.0)
    with pytest.raises(ServiceError) as caught:
        client.call("Sessions/WhoAmI", WHO)
    assert caught.value.reason == "stale_groups"


@pytest.mark.parametrize("garbage", [b"\xff" * 40, b"\x0a\xff\xff\xff\xff\x0f", b"\x00", secrets.token_bytes(3000)])
def test_bytes_that_are_no_request_are_told_so(people: People, running: Running, garbage: bytes) -> None:
    """Malformed bytes give INVALID_ARGUMENT in words, never the name of a Python class."""
    client = people.sign_in("dora", "payments-developers")
    session, method = client.session(), "/waypaas.v1.Standards/Resolve"
    metadata = signed(bytes.fromhex(session.device_key), method, session.access_token)
    with raw(running) as channel, pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary(method)(garbage, metadata=metadata, timeout=10)
    assert caught.value.code() in {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND}
    assert "Error" not in caught.value.details()
    assert "Traceback" not in caught.value.details()


def test_what_is_too_large_is_refused(people: People, running: Running) -> None:
    """A message or metadata beyond the limits is refused, and the service goes on."""
    client = people.sign_in("dora", "payments-developers")
    with raw(running) as channel:
        call = channel.unary_unary("/waypaas.v1.Sessions/WhoAmI")
        with pytest.raises(grpc.RpcError) as caught:
            call(b"x" * 300_000, timeout=10)
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        with pytest.raises(grpc.RpcError):
            call(b"", metadata=(("junk", "x" * 60_000),), timeout=10)
    client.call("Sessions/WhoAmI", WHO)


def test_reflection_is_off(running: Running) -> None:
    """Who does not know the contract is not told it."""
    with raw(running) as channel, pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo")(b"", timeout=10)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


def raw(running: Running) -> grpc.Channel:
    """Open a channel without our client."""
    return grpc.secure_channel(running.address, grpc.ssl_channel_credentials(running.authority.read_bytes()))


def signed(key: bytes, method: str, token: str, offset: int = 0) -> tuple[tuple[str, str], ...]:
    """Give the metadata of a call, by a clock that is off by some seconds."""
    request, clock = secrets.token_hex(16), str(int(time.time()) + offset)
    signature = Ed25519PrivateKey.from_private_bytes(key).sign(proof.message(method, request, clock, token))
    return (
        (proof.REQUEST, request),
        (proof.TIME, clock),
        (proof.PROOF, base64.b64encode(signature).decode()),
        (proof.TOKEN, f"Bearer {token}"),
    )

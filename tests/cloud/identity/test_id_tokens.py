"""ID tokens of a real provider, and forged ones: which are taken, and what is told of the others."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from teamconfig.identity.errors import RefusedError
from teamconfig.identity.keys import IssuerKeys
from teamconfig.identity.oidc import OidcVerifier
from teamconfig.identity.signedtoken import SKEW_SECONDS, SignedTokens
from testservers import oidc

if TYPE_CHECKING:
    from collections.abc import Callable

    from teamconfig.identity.oidc import Identity

FORGERIES: list[tuple[str, dict[str, Any]]] = [
    ("token_issuer", {"iss": "https://elsewhere.example"}),
    ("token_issuer", {"iss": None}),
    ("token_audience", {"aud": oidc.OTHER_CLIENT}),
    ("token_audience", {"aud": [oidc.CLIENT, oidc.OTHER_CLIENT]}),
    ("token_audience", {"aud": [oidc.CLIENT, oidc.OTHER_CLIENT], "azp": oidc.OTHER_CLIENT}),
    ("token_audience", {"azp": oidc.OTHER_CLIENT}),
    ("token_audience", {"aud": None}),
    ("token_audience", {"aud": {"a": 1}}),
    ("token_malformed", {"exp": None}),
    ("token_malformed", {"iat": None}),
    ("token_malformed", {"exp": "soon"}),
    ("token_malformed", {"exp": True}),
    ("token_malformed", {"exp": 1e300}),
    ("token_malformed", {"nbf": "now"}),
    ("token_malformed", {"sub": None}),
    ("token_malformed", {"sub": ""}),
    ("token_malformed", {"sub": 7}),
    ("token_malformed", {"sub": "x" * 256}),
    ("token_malformed", {"sub": "a\u0000b"}),
    ("token_malformed", {"events": {"http://schemas.openid.net/event/backchannel-logout": {}}}),
]


def part(value: object) -> str:
    """Give a part of a token."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def refusal(call: Callable[[], Identity]) -> RefusedError:
    """Give the refusal that a call ends in."""
    with pytest.raises(RefusedError) as caught:
        call()
    return caught.value


def test_a_good_token_tells_who_it_is(provider: oidc.OidcProvider, verifier: OidcVerifier) -> None:
    """A token gives issuer and subject as the key, a name to show, the claim's groups, and is as old as it says."""
    issued = int(time.time()) - 40
    found = verifier.verify(provider.token(iat=issued))
    assert found.principal.key == f"{provider.issuer}|u-alice"
    assert (found.principal.name, found.principal.kind) == ("alice", "person")
    assert found.membership.groups == {"g-payments", "g-all"}
    assert (found.membership.read_at, found.membership.note) == (issued, "")


@pytest.mark.parametrize(("reason", "changed"), FORGERIES, ids=lambda value: str(value)[:50])
def test_what_is_not_for_us_is_refused(
    provider: oidc.OidcProvider, verifier: OidcVerifier, reason: str, changed: dict[str, Any]
) -> None:
    """A token of the right key, but of another issuer, for another client, or without what a token says, is refused."""
    assert refusal(lambda: verifier.verify(provider.token(**changed))).reason == reason


def test_times_hold_to_the_second(provider: oidc.OidcProvider) -> None:
    """A token is good until its end and the permitted skew, and from its beginning less the skew, to the second."""
    now = 1_800_000_000.0
    good = OidcVerifier(SignedTokens(IssuerKeys(provider.issuer), oidc.CLIENT, lambda: now))
    skew = int(SKEW_SECONDS)
    good.verify(provider.token(iat=int(now) - 900, exp=int(now) - skew + 1))
    good.verify(provider.token(iat=int(now) + skew, exp=int(now) + 900))
    late = refusal(lambda: good.verify(provider.token(iat=int(now) - 900, exp=int(now) - skew)))
    early = refusal(lambda: good.verify(provider.token(iat=int(now) + skew + 1, exp=int(now) + 900)))
    not_yet = refusal(lambda: good.verify(provider.token(iat=int(now), nbf=int(now) + skew + 1, exp=int(now) + 900)))
    assert [late.reason, early.reason, not_yet.reason] == ["token_expired", "token_early", "token_early"]


def test_an_expired_token_tells_since_when_and_both_clocks(provider: oidc.OidcProvider) -> None:
    """The text says how long ago a token expired and, where the clocks differ, what both of them show."""
    theirs = 1_800_000_000
    ours = theirs + 7200.0
    skewed = IssuerKeys(provider.issuer, wall_clock=lambda: time.time() + 7200)
    verifier = OidcVerifier(SignedTokens(skewed, oidc.CLIENT, lambda: ours))
    told = str(refusal(lambda: verifier.verify(provider.token(iat=theirs, exp=theirs + 6900))))
    assert "the token expired 5 minutes ago" in told
    assert "it is 2027-01-15 10:00:00 UTC here; by the issuer's clock it is 2027-01-15 0" in told
    right = OidcVerifier(SignedTokens(IssuerKeys(provider.issuer), oidc.CLIENT))
    assert "clock" not in str(refusal(lambda: right.verify(provider.token(exp=int(time.time()) - 300))))


def test_a_future_token_is_as_old_as_now(provider: oidc.OidcProvider, verifier: OidcVerifier) -> None:
    """Groups of a token from a clock that is ahead are never younger than now."""
    found = verifier.verify(provider.token(iat=int(time.time()) + 30))
    assert found.membership.read_at <= time.time()


def test_an_unsigned_token_is_refused(provider: oidc.OidcProvider, verifier: OidcVerifier) -> None:
    """Algorithm none proves nothing, with or without a signature, however it is spelt."""
    for algorithm in ("none", "None", "NONE", "", None):
        for signature in ("", "AAAA"):
            token = f"{part({'alg': algorithm, 'kid': 'first'})}.{part(provider.claims())}.{signature}"
            assert refusal(lambda token=token: verifier.verify(token)).reason == "token_algorithm"


def test_a_public_key_is_no_shared_secret(provider: oidc.OidcProvider, verifier: OidcVerifier) -> None:
    """A token signed by HMAC with the provider's public key as the secret is refused."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415  # for this forgery only

    public = provider.key.key.public_key()
    secret = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    signed = f"{part({'alg': 'HS256', 'kid': provider.key.name})}.{part(provider.claims())}"
    mac = base64.urlsafe_b64encode(hmac.new(secret, signed.encode(), hashlib.sha256).digest()).decode().rstrip("=")
    assert refusal(lambda: verifier.verify(f"{signed}.{mac}")).reason == "token_algorithm"


def test_another_key_of_the_same_name_is_refused(provider: oidc.OidcProvider, verifier: OidcVerifier) -> None:
    """A token signed by a key of somebody else's is refused, under the provider's key's name and under its own."""
    same, other = oidc.SigningKey(provider.key.name), oidc.SigningKey("unknown")
    assert refusal(lambda: verifier.verify(same.sign(provider.claims()))).reason == "token_signature"
    assert refusal(lambda: verifier.verify(other.sign(provider.claims()))).reason == "token_key"


def test_a_key_in_the_header_is_not_taken(provider: oidc.OidcProvider, verifier: OidcVerifier) -> None:
    """A key that the token itself brings, or points to, verifies nothing."""
    forger = oidc.SigningKey("mine")
    for header in ({"jwk": forger.jwk()}, {"jku": f"{provider.issuer}/jwks"}, {"x5u": "https://elsewhere.example"}):
        assert (
            refusal(lambda header=header: verifier.verify(forger.sign(provider.claims(), header))).reason == "token_key"
        )


@pytest.mark.parametrize("header", [{"typ": "at+jwt"}, {"typ": "logout+jwt"}, {"crit": ["b64"], "b64": True}])
def test_other_kinds_of_tokens_are_refused(
    provider: oidc.OidcProvider, verifier: OidcVerifier, header: dict[str, Any]
) -> None:
    """An access token, a logout token, and one with extensions that we do not know prove no identity."""
    token = provider.key.sign(provider.claims(), header)
    assert refusal(lambda: verifier.verify(token)).reason == "token_malformed"


def test_a_nonce_has_to_be_ours(provider: oidc.OidcProvider, verifier: OidcVerifier) -> None:
    """Where a nonce was sent, a token with another or without one is refused."""
    assert verifier.verify(provider.token(nonce="n1"), nonce="n1").principal.subject == "u-alice"
    for nonce in ("n2", None, 7):
        assert (
            refusal(lambda nonce=nonce: verifier.verify(provider.token(nonce=nonce), nonce="n1")).reason
            == "token_nonce"
        )


def test_the_same_token_has_the_same_id(provider: oidc.OidcProvider, verifier: OidcVerifier) -> None:
    """A token's id is the same each time, and no other token has it, so that a second use can be seen."""
    first, second = provider.token(jti="a"), provider.token(jti="b")
    assert verifier.verify(first).token_id == verifier.verify(first).token_id != verifier.verify(second).token_id


def test_groups_that_did_not_fit_are_no_silent_nothing(provider: oidc.OidcProvider, verifier: OidcVerifier) -> None:
    """A token that leaves groups out for their number gives none and a note, or is refused if so configured."""
    for marks in ({"groups": None, "hasgroups": True}, {"groups": None, "_claim_names": {"groups": "src1"}}):
        token = provider.token(**marks)
        membership = verifier.verify(token).membership
        assert membership.groups == frozenset()
        assert "too many" in membership.note
        strict = OidcVerifier(verifier.tokens, overage_refused=True)
        assert refusal(lambda strict=strict, token=token: strict.verify(token)).reason == "groups_overage"


@pytest.fixture(scope="session")
def kept(shared_provider: oidc.OidcProvider) -> OidcVerifier:
    """Give a verifier that outlives an example."""
    return OidcVerifier(SignedTokens(IssuerKeys(shared_provider.issuer), oidc.CLIENT))


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda data: data.decode("latin-1")))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_anything_else_is_refused(kept: OidcVerifier, token: str) -> None:
    """Whatever text comes as a token, it ends in our own refusal."""
    assert refusal(lambda: kept.verify(token)).reason.startswith("token_")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
CLAIMS = st.sampled_from(["iss", "aud", "azp", "exp", "iat", "nbf", "sub", "groups", "nonce", "events", "jti", "name"])


@given(header=st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit"]), JSON), claims=JSON)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_json_unsigned_is_refused(kept: OidcVerifier, header: dict[str, Any], claims: object) -> None:
    """Whatever JSON stands in the parts of a token that nobody signed, it ends in our own refusal."""
    token = f"{part({'alg': 'RS256', 'kid': 'first'} | header)}.{part(claims)}.AAAA"
    assert refusal(lambda: kept.verify(token)).reason.startswith("token_")


@given(changed=st.dictionaries(CLAIMS, JSON))
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_claims_signed_are_taken_or_refused(
    shared_provider: oidc.OidcProvider, kept: OidcVerifier, changed: dict[str, Any]
) -> None:
    """Whatever a provider signs, it ends in an identity of this issuer or in our own refusal."""
    try:
        token = shared_provider.key.sign(shared_provider.claims() | changed)
    except (TypeError, ValueError):
        return  # some claims PyJWT does not sign
    try:
        found = kept.verify(token)
    except RefusedError:
        return
    assert found.principal.issuer == shared_provider.issuer
    assert len(found.principal.name) <= 128
    assert found.principal.name.isprintable()
    assert all(isinstance(group, str) for group in found.membership.groups)


@given(data=st.data())
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_changed_token_is_refused(
    shared_provider: oidc.OidcProvider, kept: OidcVerifier, data: st.DataObject
) -> None:
    """A token in which any character of header or claims was changed is refused."""
    token = shared_provider.token()
    place = data.draw(st.integers(0, token.rindex(".") - 1))
    letter = data.draw(st.sampled_from("ABCxyz019-_.").filter(lambda letter: letter != token[place]))
    assert refusal(lambda: kept.verify(token[:place] + letter + token[place + 1 :])).reason.startswith("token_")

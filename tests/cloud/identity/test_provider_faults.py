"""An OIDC provider that is broken, silent, slow, or changes its keys."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from teamconfig.identity import discovery, keys
from teamconfig.identity.errors import RefusedError, UnavailableError
from teamconfig.identity.keys import IssuerKeys
from teamconfig.identity.oidc import OidcVerifier
from teamconfig.identity.signedtoken import SignedTokens
from testservers import hostile, oidc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

DISCOVERY, JWKS = "/.well-known/openid-configuration", "/jwks"
HTML = {"status": 200, "headers": {"content-type": "text/html"}, "body": "<html>Sign in to the Wi-Fi</html>"}
FAULTS = {
    "html": (HTML, "not_json"),
    "500": ({"status": 500, "body": "{}"}, "bad_status"),
    "redirect": ({"status": 302, "headers": {"location": "http://169.254.1.1/"}, "body": "{}"}, "bad_status"),
    "array": ({"body": "[]"}, "not_json"),
    "nested": ({"body": "[" * 100_000}, "not_json"),
    "twice": ({"body": '{"issuer": "a", "issuer": "b"}'}, "not_json"),
    "silent": ({"mode": "silent"}, "timeout"),
    "drip": ({"mode": "drip"}, "timeout"),
    "huge": ({"mode": "huge"}, "too_large"),
    "drop": ({"mode": "drop"}, "unreachable"),
}


class Clock:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Give the time."""
        return self.now


@pytest.fixture
def own(tmp_path: Path) -> Iterator[oidc.OidcProvider]:
    """Give a provider of the test's own, whose keys it may change."""
    with oidc.start(tmp_path / "own") as running:
        yield running


def failure(issuer_keys: IssuerKeys) -> UnavailableError:
    """Give the error that asking for keys ends in."""
    with pytest.raises(UnavailableError) as caught:
        issuer_keys.check()
    return caught.value


@pytest.mark.parametrize("path", [DISCOVERY, JWKS])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_answer_is_told_soon(
    provider: oidc.OidcProvider,
    heartbeat: Callable[[], AbstractContextManager[None]],
    record_property: Callable[[str, object], None],
    path: str,
    fault: str,
) -> None:
    """Whatever is wrong with the provider's answer, signing in fails within 5 s with the cause, and nothing freezes."""
    told, reason = FAULTS[fault]
    provider.fault(path, **told)
    begun = time.monotonic()
    with heartbeat():
        err = failure(IssuerKeys(provider.issuer))
    seconds = time.monotonic() - begun
    record_property("failure", (f"oidc {fault} at {path[-20:]}", seconds, str(err)))
    assert err.reason == reason
    assert seconds < 5


def test_nobody_there(heartbeat: Callable[[], AbstractContextManager[None]]) -> None:
    """A provider that does not listen, or takes the connection and says nothing, is told within 5 s."""
    with hostile.start("silent") as silent, heartbeat():
        begun = time.monotonic()
        assert failure(IssuerKeys(f"http://127.0.0.1:{silent.port}")).reason == "timeout"
        assert failure(IssuerKeys(f"https://127.0.0.1:{silent.port}")).reason == "timeout"
        assert time.monotonic() - begun < 10
    assert failure(IssuerKeys(f"http://127.0.0.1:{silent.port}")).reason == "unreachable"


def test_a_certificate_that_nobody_trusts(tmp_path: Path) -> None:
    """A provider whose certificate the given CA did not sign is not believed."""
    from testservers.certificates import Authority  # noqa: PLC0415  # for this test only

    certificate = Authority(tmp_path / "one").issue("server")
    other = Authority(tmp_path / "other")
    with hostile.start("drip", certificate) as server:
        err = failure(IssuerKeys(f"https://localhost:{server.port}", ca=str(other.file)))
    assert err.reason == "unreachable"
    assert "CERTIFICATE_VERIFY_FAILED" in err.problem.why


@pytest.mark.parametrize(
    "issuer",
    [
        "http://login.corp.example",
        "https://user:secret@login.corp.example",
        "file:///etc/passwd",
        "https://",
        "x",
        "https://a/#b",
    ],
)
def test_addresses_that_are_never_asked(issuer: str) -> None:
    """Plain http to another machine, other schemes, and addresses with a password are not asked, nor shown whole."""
    err = failure(IssuerKeys(issuer))
    assert err.reason == "bad_address"


def test_another_issuer_is_not_believed(provider: oidc.OidcProvider) -> None:
    """A discovery document that names another issuer, or http endpoints elsewhere, is refused."""
    good = {"issuer": provider.issuer, "jwks_uri": f"{provider.issuer}/jwks"}
    signs = {"id_token_signing_alg_values_supported": ["RS256"]}
    discovery.read(provider.issuer, good | signs)
    for wrong in (
        good | signs | {"issuer": provider.issuer + "/"},
        good | signs | {"jwks_uri": "http://elsewhere.example/jwks"},
        good | signs | {"token_endpoint": 7},
        good | {"id_token_signing_alg_values_supported": ["HS256", "none"]},
        good,
        {},
    ):
        with pytest.raises(UnavailableError) as caught:
            discovery.read(provider.issuer, wrong)
        assert caught.value.reason == "bad_discovery"


def test_the_breaker_opens_and_closes(provider: oidc.OidcProvider) -> None:
    """After three failures the provider is left alone for 30 s, which the text says, and then asked again."""
    clock = Clock()
    asked = IssuerKeys(provider.issuer, clock=clock)
    provider.fault(DISCOVERY, times=3, status=503)
    assert [failure(asked).reason for _ in range(3)] == ["bad_status"] * 3
    before = provider.requests(DISCOVERY)
    err = failure(asked)
    assert (err.reason, err.retry_after) == ("resting", 30.0)
    assert "503" in err.problem.why
    assert provider.requests(DISCOVERY) == before
    clock.now += 30
    asked.check()


def test_many_callers_wait_for_one_request(provider: oidc.OidcProvider) -> None:
    """While the provider is silent, callers that came together fail together: none waits for a turn of its own."""
    provider.fault(DISCOVERY, times=3, mode="silent")
    asked, reasons = IssuerKeys(provider.issuer), []
    threads = [threading.Thread(target=lambda: reasons.append(failure(asked).reason)) for _ in range(8)]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - begun < 5
    assert set(reasons) == {"timeout"}


def test_a_new_key_is_found(own: oidc.OidcProvider) -> None:
    """A token by a key that the provider has changed to is taken at once, and one by the old key is not any more."""
    clock = Clock()
    verifier = OidcVerifier(SignedTokens(IssuerKeys(own.issuer, clock=clock), oidc.CLIENT))
    old = own.token()
    verifier.verify(old)
    own.rotate(oidc.SigningKey("second", "ES256"))
    clock.now += keys.UNKNOWN_KEY_SECONDS
    assert verifier.verify(own.token()).principal.subject == "u-alice"
    with pytest.raises(RefusedError) as caught:
        verifier.verify(old)
    assert caught.value.reason == "token_key"


def test_unknown_keys_do_not_flood_the_provider(own: oidc.OidcProvider) -> None:
    """However many tokens name unknown keys, the provider is asked for its keys once in 30 s."""
    clock = Clock()
    verifier = OidcVerifier(SignedTokens(IssuerKeys(own.issuer, clock=clock), oidc.CLIENT))
    verifier.verify(own.token())
    clock.now += keys.UNKNOWN_KEY_SECONDS
    before = own.requests(JWKS)
    forger = oidc.SigningKey("forger")
    for number in range(20):
        with pytest.raises(RefusedError):
            verifier.verify(forger.sign(own.claims(), {"kid": f"unknown-{number}"}))
    assert own.requests(JWKS) == before + 1
    verifier.verify(own.token())


def test_known_keys_outlive_an_outage_for_a_day(own: oidc.OidcProvider) -> None:
    """While the provider is down its keys verify on for 24 hours and not a second longer."""
    clock = Clock()
    verifier = OidcVerifier(SignedTokens(IssuerKeys(own.issuer, clock=clock), oidc.CLIENT))
    verifier.verify(own.token())
    own.fault(DISCOVERY, times=1000, status=503)
    clock.now += keys.MOST_AGE_SECONDS - 1
    verifier.verify(own.token())
    clock.now += 1
    with pytest.raises(UnavailableError):
        verifier.verify(own.token())


@pytest.mark.parametrize(
    "entry",
    [
        {"kty": "oct", "k": "AAAA", "kid": "first"},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "first"},
        {"kty": "RSA", "n": 7, "e": [], "kid": "first"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"},
        {"use": "enc"},
        "no key",
    ],
)
def test_keys_that_cannot_be_meant(entry: object) -> None:
    """A secret, a short key, a broken key, one for encryption: none of them verifies anything."""
    with pytest.raises(UnavailableError) as caught:
        keys.read({"keys": [entry]}, discovery.ALGORITHMS, "https://login.corp.example/jwks")
    assert caught.value.reason == "no_keys"

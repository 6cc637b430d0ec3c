"""The client's side of signing in, against a real provider: device flow, browser, fresh tokens."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit, urlunsplit

import httpx
import pytest

from teamconfig.identity import deviceflow, discovery, loopback, refreshing, tokenendpoint
from teamconfig.identity.errors import CancelledError, RefusedError, UnavailableError
from testservers import oidc

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from teamconfig.identity.deviceflow import Prompt
    from teamconfig.identity.discovery import Discovery
    from teamconfig.identity.oidc import OidcVerifier
    from teamconfig.identity.tokenendpoint import Tokens


def approving(provider: oidc.OidcProvider, user: str) -> Callable[[Prompt], None]:
    """Give what shows the code to somebody who confirms it at once."""

    def show(prompt: Prompt) -> None:
        with provider.browser() as browser:
            browser.approve_device(prompt.user_code, user)

    return show


def by_device(provider: oidc.OidcProvider, found: Discovery, user: str = "u-alice") -> Tokens:
    """Sign in by the device flow."""
    return deviceflow.sign_in(found, oidc.CLIENT, approving(provider, user))


def test_the_device_flow_gives_a_good_token(
    provider: oidc.OidcProvider, found: Discovery, verifier: OidcVerifier
) -> None:
    """Who confirms the code gets a token that the service takes, with the claim's groups."""
    prompts: list[Prompt] = []

    def show(prompt: Prompt) -> None:
        prompts.append(prompt)
        approving(provider, "u-alice")(prompt)

    tokens = deviceflow.sign_in(found, oidc.CLIENT, show)
    identity = verifier.verify(tokens.id_token)
    assert identity.principal.subject == "u-alice"
    assert identity.membership.groups == {"g-payments", "g-all"}
    assert len(prompts) == 1
    assert prompts[0].user_code not in prompts[0].verification_uri
    assert tokens.id_token not in repr(tokens)
    assert tokens.refresh_token not in repr(tokens)


def test_the_device_flow_waits_while_the_user_types(provider: oidc.OidcProvider, found: Discovery) -> None:
    """Until the user has confirmed, the provider is asked once an interval, and not more often."""
    before = provider.requests("/token")
    with ThreadPoolExecutor() as pool:
        begun = time.monotonic()
        later = []
        tokens = deviceflow.sign_in(
            found,
            oidc.CLIENT,
            lambda prompt: later.append(pool.submit(lambda: (time.sleep(2.5), approving(provider, "u-bob")(prompt)))),
        )
    assert tokens.id_token
    assert later[0].exception() is None
    assert provider.requests("/token") - before <= (time.monotonic() - begun) + 1


def test_the_device_flow_slows_down(provider: oidc.OidcProvider, found: Discovery) -> None:
    """Told to slow down, the client asks 5 s later than before, and then goes on."""
    provider.fault("/token", status=400, headers={"content-type": "application/json"}, body='{"error": "slow_down"}')
    begun = time.monotonic()
    assert by_device(provider, found).id_token
    assert time.monotonic() - begun >= 1 + 6 - 0.1


def test_the_device_flow_survives_a_silent_moment(provider: oidc.OidcProvider, found: Discovery) -> None:
    """A poll that gets no answer, or a broken one, is made again less often: the user's code is not lost."""
    provider.fault("/token", mode="drop")
    provider.fault("/token", status=502, body="<html>")
    assert by_device(provider, found).id_token


def test_who_says_no_is_not_signed_in(provider: oidc.OidcProvider, found: Discovery) -> None:
    """A code that the user refuses ends in a refusal at the next poll."""

    def show(prompt: Prompt) -> None:
        with provider.browser() as browser:
            browser.deny_device(prompt.user_code)

    with pytest.raises(RefusedError) as caught:
        deviceflow.sign_in(found, oidc.CLIENT, show)
    assert caught.value.reason == "access_denied"


def test_a_code_expires(tmp_path: Path) -> None:
    """A code that nobody confirms in time ends in words that say so, and soon after its time."""
    with oidc.start(tmp_path / "own", device_code_seconds=2) as provider:
        begun = time.monotonic()
        with pytest.raises((RefusedError, CancelledError)) as caught:
            deviceflow.sign_in(discovery.discover(provider.issuer), oidc.CLIENT, lambda _: None)
    assert caught.value.reason == "expired_token"
    assert time.monotonic() - begun < 8


def test_the_device_flow_can_be_cancelled(found: Discovery) -> None:
    """A wait ends at once when the user gives up, and by itself at the caller's limit."""
    cancelled = threading.Event()
    begun = time.monotonic()
    with pytest.raises(CancelledError) as caught:
        deviceflow.sign_in(found, oidc.CLIENT, lambda _: cancelled.set(), cancelled=cancelled)
    assert caught.value.reason == "cancelled"
    with pytest.raises(CancelledError):
        deviceflow.sign_in(found, oidc.CLIENT, lambda _: None, most_seconds=1.5)
    assert time.monotonic() - begun < 5


def test_a_device_code_works_once(provider: oidc.OidcProvider, found: Discovery) -> None:
    """A device code that gave tokens gives none again."""
    scope = {"client_id": oidc.CLIENT, "scope": "openid"}
    started = tokenendpoint.post(found.device_authorization_endpoint, scope, ca="", deadline_seconds=3)
    assert isinstance(started, dict)
    with provider.browser() as browser:
        browser.approve_device(started["user_code"], "u-alice")
    form = {"grant_type": deviceflow.GRANT, "client_id": oidc.CLIENT, "device_code": started["device_code"]}
    first = tokenendpoint.ask(found, form, ca="", deadline_seconds=3)
    second = tokenendpoint.ask(found, form, ca="", deadline_seconds=3)
    assert isinstance(first, tokenendpoint.Tokens)
    assert isinstance(second, tokenendpoint.Refusal)
    assert second.code == "invalid_grant"


def test_an_unknown_client_is_told(found: Discovery) -> None:
    """A client id that the provider does not know is told in words of ours, with the provider's beside them."""
    with pytest.raises(RefusedError) as caught:
        deviceflow.sign_in(found, "nobody", lambda _: None)
    assert caught.value.reason == "invalid_client"
    assert "does not know this client" in str(caught.value)


def in_browser(
    provider: oidc.OidcProvider, user: str, change: Callable[[str], list[str]] = lambda url: [url]
) -> Callable[[str], None]:
    """Give what opens a browser, in which somebody signs in; what the browser is sent to can be changed."""

    def visit(url: str) -> None:
        with provider.browser() as browser:
            for target in change(browser.sign_in(url, user)):
                try:
                    httpx.get(target, timeout=5)
                except httpx.HTTPError:
                    continue

    return lambda url: threading.Thread(target=visit, args=(url,), daemon=True).start()


def test_the_browser_gives_a_good_token(provider: oidc.OidcProvider, found: Discovery, verifier: OidcVerifier) -> None:
    """Who signs in by the browser gets a token that the service takes; the request had PKCE, state and nonce."""
    urls: list[str] = []

    def open_url(url: str) -> None:
        urls.append(url)
        in_browser(provider, "u-alice")(url)

    tokens = loopback.sign_in(found, oidc.CLIENT, open_url)
    query = {name: values[0] for name, values in parse_qs(urlsplit(urls[0]).query).items()}
    assert verifier.verify(tokens.id_token, nonce=query["nonce"]).principal.subject == "u-alice"
    assert (query["code_challenge_method"], query["response_type"]) == ("S256", "code")
    assert len(query["state"]) >= 32
    assert query["redirect_uri"].startswith("http://127.0.0.1:")


def test_the_browser_asks_with_the_nonce_of_the_caller(
    provider: oidc.OidcProvider, found: Discovery, verifier: OidcVerifier
) -> None:
    """The nonce that the caller gives is what the token holds."""
    tokens = loopback.sign_in(found, oidc.CLIENT, in_browser(provider, "u-alice"), nonce="of-this-device")
    assert verifier.verify(tokens.id_token, nonce="of-this-device").principal.subject == "u-alice"


def test_the_listener_is_gone_afterwards(provider: oidc.OidcProvider, found: Discovery) -> None:
    """After its one answer nothing listens any more."""
    urls: list[str] = []

    def open_url(url: str) -> None:
        urls.append(parse_qs(urlsplit(url).query)["redirect_uri"][0])
        in_browser(provider, "u-alice")(url)

    loopback.sign_in(found, oidc.CLIENT, open_url)
    with pytest.raises(httpx.ConnectError):
        httpx.get(urls[0], timeout=2)


def test_who_aborts_in_the_browser_is_not_signed_in(provider: oidc.OidcProvider, found: Discovery) -> None:
    """A refusal in the browser ends the wait with the reason."""
    with pytest.raises(RefusedError) as caught:
        loopback.sign_in(found, oidc.CLIENT, in_browser(provider, ""), most_seconds=20)
    assert caught.value.reason == "access_denied"


def changed(name: str, value: str) -> Callable[[str], list[str]]:
    """Give a change of one parameter of the answer."""

    def change(url: str) -> list[str]:
        parts = urlsplit(url)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()} | {name: value}
        return [urlunsplit(parts._replace(query=str(httpx.QueryParams(query))))]

    return change


@pytest.mark.parametrize(("name", "value"), [("state", "another"), ("iss", "https://elsewhere.example"), ("code", "")])
def test_a_foreign_answer_is_refused(provider: oidc.OidcProvider, found: Discovery, name: str, value: str) -> None:
    """An answer with another state, of another issuer, or without a code is refused before any code is exchanged."""
    before = provider.requests("/token")
    with pytest.raises(RefusedError) as caught:
        loopback.sign_in(found, oidc.CLIENT, in_browser(provider, "u-alice", changed(name, value)), most_seconds=20)
    assert caught.value.reason == "foreign_answer"
    assert provider.requests("/token") == before


def test_a_stolen_code_is_worth_nothing(provider: oidc.OidcProvider, found: Discovery) -> None:
    """A code that somebody else saw gives no token without the verifier that only the client has."""
    stolen: list[tokenendpoint.Tokens | tokenendpoint.Refusal] = []

    def steal(url: str) -> list[str]:
        query = parse_qs(urlsplit(url).query)
        form = {"grant_type": "authorization_code", "client_id": oidc.CLIENT, "code": query["code"][0]}
        form |= {"redirect_uri": url.partition("?")[0], "code_verifier": "x" * 43}
        stolen.append(tokenendpoint.ask(found, form, ca="", deadline_seconds=3))
        return [url]

    assert loopback.sign_in(found, oidc.CLIENT, in_browser(provider, "u-alice", steal), most_seconds=20).id_token
    assert isinstance(stolen[0], tokenendpoint.Refusal)


def test_other_requests_do_not_end_the_wait(provider: oidc.OidcProvider, found: Discovery) -> None:
    """A browser's other requests, a page under another name, and somebody who only connects do not end the wait."""

    def knock(url: str) -> list[str]:
        parts = urlsplit(url)
        host = f"{parts.hostname}:{parts.port}"
        assert httpx.get(f"http://{host}/favicon.ico").status_code == httpx.codes.NOT_FOUND
        assert httpx.get(url, headers={"Host": "evil.example"}).status_code == httpx.codes.NOT_FOUND
        assert httpx.post(url).status_code == httpx.codes.NOT_FOUND
        assert httpx.get(f"{url}&state=twice").status_code == httpx.codes.NOT_FOUND
        return [url]

    assert loopback.sign_in(found, oidc.CLIENT, in_browser(provider, "u-alice", knock), most_seconds=20).id_token


def test_the_browser_does_not_come_back(found: Discovery) -> None:
    """A wait for a browser that never comes ends at its limit, or at once when the user gives up."""
    begun = time.monotonic()
    with pytest.raises(CancelledError) as caught:
        loopback.sign_in(found, oidc.CLIENT, lambda _: None, most_seconds=0.6)
    assert caught.value.reason == "timeout"
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(CancelledError) as caught:
        loopback.sign_in(found, oidc.CLIENT, lambda _: None, cancelled=cancelled)
    assert caught.value.reason == "cancelled"
    assert time.monotonic() - begun < 3


def test_a_refresh_token_rotates(provider: oidc.OidcProvider, found: Discovery, verifier: OidcVerifier) -> None:
    """A refresh token gives a fresh ID token and a new refresh token; used again it is refused, and so is its child."""
    first = by_device(provider, found)
    second = refreshing.refresh(found, oidc.CLIENT, first.refresh_token)
    assert second.refresh_token != first.refresh_token
    assert verifier.verify(second.id_token).principal.subject == "u-alice"
    for spent in (first.refresh_token, second.refresh_token):
        with pytest.raises(RefusedError) as caught:
            refreshing.refresh(found, oidc.CLIENT, spent)
        assert caught.value.reason == "invalid_grant"
        assert spent not in str(caught.value)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"mode": "silent"}, "timeout"),
        ({"mode": "huge"}, "too_large"),
        ({"body": "{}"}, "no_id_token"),
        ({"status": 500, "body": "{}"}, "bad_status"),
    ],
)
def test_a_broken_token_endpoint_is_told(
    provider: oidc.OidcProvider, found: Discovery, fault: dict[str, object], reason: str
) -> None:
    """A token endpoint that is silent, endless or wrong ends a refresh within 5 s with the cause."""
    provider.fault("/token", **fault)
    begun = time.monotonic()
    with pytest.raises(UnavailableError) as caught:
        refreshing.refresh(found, oidc.CLIENT, "any")
    assert caught.value.reason == reason
    assert time.monotonic() - begun < 5

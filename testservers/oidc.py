"""A real OIDC provider on loopback: npm's oidc-provider, a browser that answers its pages, and faults on request.

Owns the provider's process and its signing key, by which a test can also make
tokens that the provider itself never would.

    with oidc.start(tmp_path) as provider:
        provider.browser().approve_device(user_code, "alice")
"""

from __future__ import annotations

import html
import json
import re
import ssl
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from testservers import installing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from testservers.certificates import Authority

VERSION = "9.13.3"
CLIENT = "wps"
OTHER_CLIENT = "another"
START_SECONDS = 60.0
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
ISSUER = re.compile(r"^ISSUER (\S+)$", re.MULTILINE)
FORM_ACTION = re.compile(r'<form[^>]*action="([^"]*)"')
HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)"')

USERS: dict[str, dict[str, Any]] = {
    "u-alice": {
        "preferred_username": "alice",
        "name": "Alice Ångström",
        "email": "alice@corp.example",
        "groups": ["g-payments", "g-all"],
    },
    "u-bob": {"preferred_username": "bob", "groups": []},
    "u-overage": {"preferred_username": "olga", "_claim_names": {"groups": "src1"}},
    "u-none": {"preferred_username": "nora"},
}
"""Claims by subject."""


class SigningKey:
    """A key of the provider's, private part and all.

    Args:
        name: Its `kid`.
        algorithm: "RS256", "PS256" or "ES256".
    """

    def __init__(self, name: str, algorithm: str = "RS256") -> None:
        self.name = name
        self.algorithm = algorithm
        self.key: Any = (
            ec.generate_private_key(ec.SECP256R1())
            if algorithm == "ES256"
            else rsa.generate_private_key(public_exponent=65537, key_size=2048)
        )

    def jwk(self) -> dict[str, Any]:
        """Give it as a private JWK.

        Returns:
            The JWK.
        """
        kind = jwt.get_algorithm_by_name(self.algorithm)
        return dict(kind.to_jwk(self.key, as_dict=True)) | {"kid": self.name, "use": "sig", "alg": self.algorithm}

    def sign(self, claims: Mapping[str, Any], headers: Mapping[str, Any] | None = None) -> str:
        """Make a token.

        Args:
            claims: Its claims.
            headers: Added to its header.

        Returns:
            The token.
        """
        return jwt.encode(dict(claims), self.key, self.algorithm, headers={"kid": self.name, **(headers or {})})


class Browser:
    """A person with a browser: signs in on the provider's pages.

    Args:
        issuer: The provider's URL.
        ca: File that its certificate is checked with; empty for the system's.
    """

    def __init__(self, issuer: str, ca: str = "") -> None:
        self.issuer = issuer
        self._client = httpx.Client(timeout=10.0, verify=_trust(ca))

    def approve_device(self, user_code: str, user: str) -> str:
        """Type a code, confirm it, sign in and consent.

        Args:
            user_code: That the device shows.
            user: Subject to sign in as.

        Returns:
            The last page.
        """
        return self._walk(self._confirmation(user_code, {"confirm": "yes"}), user)

    def deny_device(self, user_code: str) -> None:
        """Type a code, and abort.

        Args:
            user_code: That the device shows.
        """
        self._confirmation(user_code, {"abort": "yes"})

    def sign_in(self, url: str, user: str) -> str:
        """Open an authorization URL, sign in and consent, up to the redirect to the application.

        Args:
            url: That the application opened.
            user: Subject to sign in as; empty to abort.

        Returns:
            The application's own URL that the provider sends the browser to; not opened.
        """
        return self._walk(self._client.get(url), user)

    def _confirmation(self, user_code: str, choice: dict[str, str]) -> httpx.Response:
        page = self._client.get(f"{self.issuer}/device").text
        fields = dict(HIDDEN.findall(page))
        self._client.post(f"{self.issuer}/device", data=fields | {"user_code": user_code})
        return self._client.post(f"{self.issuer}/device", data=fields | {"user_code": user_code} | choice)

    def _walk(self, answer: httpx.Response, user: str) -> str:
        for _ in range(12):
            if answer.is_redirect:
                target = urljoin(str(answer.url), answer.headers["location"])
                if not target.startswith(self.issuer + "/"):
                    return target
                answer = self._client.get(target)
            elif "/interaction/" in str(answer.url) and answer.status_code == httpx.codes.OK:
                answer = self._answer(answer, user)
            else:
                return answer.text
        raise installing.ServerError("the OIDC provider's pages lead nowhere")

    def _answer(self, page: httpx.Response, user: str) -> httpx.Response:
        if not user:
            return self._client.get(f"{page.url}/abort")
        action = urljoin(str(page.url), html.unescape(FORM_ACTION.findall(page.text)[0]))
        prompt = dict(HIDDEN.findall(page.text))["prompt"]
        return self._client.post(action, data={"prompt": prompt, "login": user, "password": "any"})

    def close(self) -> None:
        """Forget the person."""
        self._client.close()


class OidcProvider:
    """A running provider.

    Args:
        issuer: Its URL.
        key: By which it signs.
        ca: File that its certificate is checked with; empty without TLS.
    """

    def __init__(self, issuer: str, key: SigningKey, ca: str = "") -> None:
        self.issuer = issuer
        self.key = key
        self.ca = ca

    @contextmanager
    def browser(self) -> Iterator[Browser]:
        """Give a browser in which nobody is signed in.

        Yields:
            The browser.
        """
        browser = Browser(self.issuer, self.ca)
        try:
            yield browser
        finally:
            browser.close()

    def claims(self, **changed: Any) -> dict[str, Any]:
        """Give the claims of a good ID token of alice, with changes.

        Args:
            changed: Claims by name; None leaves one out.

        Returns:
            The claims.
        """
        now = int(time.time())
        good = {"iss": self.issuer, "aud": CLIENT, "sub": "u-alice", "iat": now, "exp": now + 300, **USERS["u-alice"]}
        return {name: value for name, value in (good | changed).items() if value is not None}

    def token(self, **changed: Any) -> str:
        """Make an ID token of alice by the provider's own key.

        Args:
            changed: As in claims.

        Returns:
            The token.
        """
        return self.key.sign(self.claims(**changed))

    def rotate(self, key: SigningKey) -> None:
        """Have the provider sign by another key, and publish no other.

        Args:
            key: The new one.
        """
        self._control("keys", {"keys": [key.jwk()]})
        self.key = key

    def fault(self, path: str, times: int = 1, **fault: Any) -> None:
        """Spoil the next answers to a path.

        Args:
            path: "/jwks" ...
            times: How many.
            fault: mode "reply" (with status, headers, body), "silent", "drip", "huge" or "drop".
        """
        self._control("fault", {"path": path, "times": times, **fault})

    def mend(self) -> None:
        """Spoil no answer any more."""
        self._control("mend", {})

    def requests(self, path: str) -> int:
        """Count the requests to a path so far.

        Args:
            path: "/jwks" ...

        Returns:
            Their number.
        """
        return int(self._control("counts", {}).get(path, 0))

    def _control(self, what: str, told: Mapping[str, Any]) -> dict[str, Any]:
        answer = httpx.post(
            f"{self.issuer}/control/{what}", json=dict(told), timeout=10.0, verify=_trust(self.ca)
        )  # fmt: skip
        return dict(answer.raise_for_status().json())


@contextmanager
def start(
    directory: Path,
    *,
    interval: int = 1,
    device_code_seconds: int = 600,
    users: Mapping[str, Mapping[str, Any]] | None = None,
    authority: Authority | None = None,
) -> Iterator[OidcProvider]:
    """Start a provider.

    Args:
        directory: For its configuration and log.
        interval: Seconds between polls of the device flow; who polls faster is told to slow down.
        device_code_seconds: How long a device code lives.
        users: Claims by subject; USERS if left out.
        authority: Issues its certificate; it has no TLS without.

    Yields:
        The provider.

    Raises:
        ServerError: It cannot be installed or started.
    """
    modules = _installed()
    directory.mkdir(parents=True, exist_ok=True)
    key = SigningKey("first")
    config = {
        "keys": [key.jwk()],
        "users": users or USERS,
        "interval": interval,
        "algorithms": ["RS256", "PS256", "ES256"],
        "clients": [_client(CLIENT), _client(OTHER_CLIENT)],
        "ttl": {"DeviceCode": device_code_seconds, "IdToken": 300, "AccessToken": 300, "RefreshToken": 43200}
        | {"Session": 3600, "Grant": 43200, "Interaction": 600},
    }
    if authority is not None:
        certificate, private = authority.issue("identity")
        config["tls"] = {"certificate": str(certificate), "key": str(private)}
    (directory / "config.json").write_text(json.dumps(config))
    (directory / "node_modules").symlink_to(modules)
    script = directory / "provider.mjs"
    script.write_text((installing.SOURCES / "oidcprovider.mjs").read_text())
    log = directory / "provider.log"
    with installing.Program("the OIDC provider", ["node", script, directory / "config.json"], log) as program:
        program.wait_until(lambda: ISSUER.search(log.read_text()) is not None, START_SECONDS)
        found = ISSUER.search(log.read_text())
        if found is None:
            raise installing.ServerError("the OIDC provider did not say where it listens")
        yield OidcProvider(found[1], key, str(authority.file) if authority is not None else "")


def _trust(ca: str) -> ssl.SSLContext | bool:
    return ssl.create_default_context(cafile=ca) if ca else True


def _client(name: str) -> dict[str, Any]:
    return {
        "client_id": name,
        "token_endpoint_auth_method": "none",
        "application_type": "native",
        "grant_types": [DEVICE_GRANT, "refresh_token", "authorization_code"],
        "response_types": ["code"],
        "redirect_uris": ["http://127.0.0.1/callback"],
    }


def _installed() -> Path:
    directory = installing.cache(f"oidc-provider-{VERSION}")
    installing.debian_packages({"node": "nodejs", "npm": "npm"})
    with installing.alone("oidc-provider"):
        if not (directory / "installed").exists():
            with installing.step(f"installing oidc-provider {VERSION}"):
                (directory / "package.json").write_text('{"private": true}')
                quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--save-exact"]
                installing.run(["npm", "install", *quiet, f"oidc-provider@{VERSION}"], cwd=directory)
            (directory / "installed").touch()
    return directory / "node_modules"

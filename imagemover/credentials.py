"""Credentials of registries: Docker's config.json and its credential helpers.

Owns reading them, at the moment they are needed and again when they are
refused. Keeps none, and shows none in errors or reprs.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from imagemover.errors import CredentialError
from imagemover.references import HUB, HUB_HOST

HELPER_SECONDS = 30.0
"""How long a credential helper may think."""

_HELPER = r"[A-Za-z0-9][A-Za-z0-9_.-]*\Z"
_HUB_KEY = f"https://index.{HUB}/v1/"
_NOT_FOUND = "credentials not found"
_MOST_BYTES = 4 << 20


class Credential(NamedTuple):
    """What proves who we are.

    Args:
        username: Empty if there is an identity token only.
        password: Of the user; may be a token, as with ECR.
        identity_token: OAuth2 refresh token; used instead of the password.
        bearer: A token that the registry itself takes.
    """

    username: str = ""
    password: str = ""
    identity_token: str = ""
    bearer: str = ""

    def __repr__(self) -> str:
        """Show whose it is, and no secret."""
        return f"Credential(username={self.username!r})"

    def basic(self) -> str:
        """Give the value of an Authorization header.

        Returns:
            "Basic " and user and password.
        """
        return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()


Keyring = Callable[[str], Credential | None]
"""Gives a registry's credential by its host; asked again when one was refused."""


def nobody(_: str) -> None:
    """Have no credentials.

    Returns:
        None.
    """
    return


class DockerConfig:
    """Docker's config.json; read anew at each question, as `docker login` and rotations change it.

    Args:
        directory: Of config.json; None: DOCKER_CONFIG, else .docker in the home directory.
    """

    def __init__(self, directory: str | None = None) -> None:
        home = os.path.join(os.path.expanduser("~"), ".docker")
        self.path = os.path.join(directory or os.environ.get("DOCKER_CONFIG") or home, "config.json")

    def __call__(self, registry: str) -> Credential | None:
        """Look up a registry.

        Args:
            registry: Host, with its port.

        Returns:
            Its credential; None if there is none.

        Raises:
            CredentialError: The file or a helper is broken.
        """
        config = self._read()
        keys = _keys(registry)
        helpers, auths = ({} if config.get(name) is None else config[name] for name in ("credHelpers", "auths"))
        if not isinstance(helpers, dict) or not isinstance(auths, dict):
            raise self._wrong("auths and credHelpers must be objects")
        for key in keys:
            if key in helpers:
                return self._ask(helpers[key], key)
        if config.get("credsStore"):
            for key in keys:
                if (found := self._ask(config["credsStore"], key)) is not None:
                    return found
        for key in keys:
            if key in auths:
                return self._entry(auths[key])
        return None

    def _read(self) -> dict[str, Any]:
        try:
            with open(self.path, "rb") as handle:
                found = json.loads(handle.read(_MOST_BYTES))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as err:
            # The error of a JSON reader may quote; only its type is told.
            raise self._wrong(f"it cannot be read ({type(err).__name__})") from None
        if not isinstance(found, dict):
            raise self._wrong("it is not an object")
        return found

    def _entry(self, entry: Any) -> Credential | None:
        if not isinstance(entry, dict):
            raise self._wrong("an entry of auths is not an object")
        username, password = entry.get("username", ""), entry.get("password", "")
        if entry.get("auth"):
            try:
                username, colon, password = base64.b64decode(entry["auth"], validate=True).decode().partition(":")
            except (binascii.Error, ValueError, TypeError):
                colon = ""
            if not colon:
                raise self._wrong("an auth is not user:password in base64")
        found = Credential(
            str(username),
            str(password).rstrip("\0"),
            str(entry.get("identitytoken", "")),
            str(entry.get("registrytoken", "")),
        )
        return found if found != Credential() else None

    def _ask(self, helper: Any, key: str) -> Credential | None:
        if not isinstance(helper, str) or not re.match(_HELPER, helper):
            raise self._wrong("a credential helper's name is not a plain word")
        import subprocess  # noqa: PLC0415  # slow to load, and seldom needed

        program = f"docker-credential-{helper}"
        try:
            done = subprocess.run(  # noqa: S603  # the name is checked above, and no shell runs
                [program, "get"], input=key, capture_output=True, text=True, check=False, timeout=HELPER_SECONDS
            )
        except FileNotFoundError:
            raise self._wrong(f"it names {program}, which is not on the PATH") from None
        except subprocess.TimeoutExpired:
            raise self._wrong(f"{program} did not answer within {HELPER_SECONDS:g} s") from None
        if done.returncode:
            if _NOT_FOUND in done.stdout + done.stderr:
                return None
            raise self._wrong(f"{program} failed with exit code {done.returncode}; run `echo {key} | {program} get`")
        try:
            found = json.loads(done.stdout)
            username, secret = str(found["Username"]), str(found["Secret"])
        except (ValueError, KeyError, TypeError):
            raise self._wrong(f"{program} did not answer with Username and Secret") from None
        if username == "<token>":
            return Credential(identity_token=secret)
        return Credential(username, secret)

    def _wrong(self, why: str) -> CredentialError:
        return CredentialError("credentials cannot be read", why, "mend it, or run `docker login` anew", self.path)


def _keys(registry: str) -> list[str]:
    if registry in {HUB, HUB_HOST}:
        return [_HUB_KEY, HUB, f"index.{HUB}", HUB_HOST]
    return [registry, f"https://{registry}", f"http://{registry}", f"https://{registry}/v1/", f"https://{registry}/v2/"]

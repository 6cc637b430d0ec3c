"""Credentials from Docker's config.json and its helpers; none of them in any text."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from imagemover.credentials import Credential, DockerConfig
from imagemover.errors import CredentialError
from imagemover.references import HUB

if TYPE_CHECKING:
    from pathlib import Path

PASSWORD = "pass:word"  # of nobody
AUTH = base64.b64encode(f"mover:{PASSWORD}".encode()).decode()
GOOD = Credential("mover", PASSWORD)


def config(tmp_path: Path, **content: Any) -> DockerConfig:
    """Write a config.json."""
    (tmp_path / "config.json").write_text(json.dumps(content))
    return DockerConfig(str(tmp_path))


def helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Put a credential helper on the PATH."""
    program = tmp_path / "docker-credential-test"
    program.write_text(f"#!/bin/sh\nread key\n{text}\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")


@pytest.mark.parametrize("key", ["host.example:5000", "https://host.example:5000", "https://host.example:5000/v1/"])
def test_auths(tmp_path: Path, key: str) -> None:
    """A registry is found under each of the names that tools have written it by."""
    assert config(tmp_path, auths={key: {"auth": AUTH}})("host.example:5000") == GOOD


def test_other_hosts_get_nothing(tmp_path: Path) -> None:
    """A credential is given to its own host and port only."""
    found = config(tmp_path, auths={"host.example": {"auth": AUTH}})
    assert [found(host) for host in ("host.example:5000", "example", "evil.host.example", "host.example.evil")] == [
        None
    ] * 4


def test_hub(tmp_path: Path) -> None:
    """Docker Hub is found under the name that `docker login` writes."""
    assert config(tmp_path, auths={f"https://index.{HUB}/v1/": {"auth": AUTH}})(HUB) == GOOD


def test_tokens(tmp_path: Path) -> None:
    """Identity tokens and registry tokens are read, too."""
    found = config(tmp_path, auths={"a": {"identitytoken": "i"}, "b": {"registrytoken": "r"}, "c": {}})
    assert (found("a"), found("b"), found("c")) == (Credential(identity_token="i"), Credential(bearer="r"), None)


def test_no_file(tmp_path: Path) -> None:
    """Without a config.json there are no credentials."""
    assert DockerConfig(str(tmp_path))("host.example") is None


def test_helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A registry's own helper is asked before the store, each time anew."""
    helper(tmp_path, monkeypatch, f'echo "$key" >> {tmp_path}/asked; echo \'{{"Username":"mover","Secret":"s"}}\'')
    found = config(tmp_path, credHelpers={"host.example": "test"}, credsStore="nosuch")
    assert [found("host.example"), found("host.example")] == [Credential("mover", "s")] * 2
    assert (tmp_path / "asked").read_text().split() == ["host.example"] * 2


def test_helper_with_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A helper's user "<token>" means an identity token."""
    helper(tmp_path, monkeypatch, 'echo \'{"Username":"<token>","Secret":"t"}\'')
    assert config(tmp_path, credsStore="test")("host.example") == Credential(identity_token="t")


def test_store_without_the_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the store does not have may stand in the file."""
    helper(tmp_path, monkeypatch, "echo credentials not found in native keychain; exit 1")
    assert config(tmp_path, credsStore="test", auths={"host.example": {"auth": AUTH}})("host.example") == GOOD


@pytest.mark.parametrize(
    "text",
    [f"echo {PASSWORD}; echo {PASSWORD} >&2; exit 3", f"echo {PASSWORD}", f'echo \'{{"Secret":"{PASSWORD}"}}\''],
)
def test_broken_helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """A helper that fails, or answers nonsense, is named, and what it said is not."""
    helper(tmp_path, monkeypatch, text)
    with pytest.raises(CredentialError, match="docker-credential-test") as caught:
        config(tmp_path, credsStore="test")("host.example")
    assert PASSWORD not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("name", ["../../evil", "a b", "", "-x", ["test"], "a;b"])
def test_helper_with_a_strange_name(tmp_path: Path, name: object) -> None:
    """A helper's name that is a path or a command is not run."""
    with pytest.raises(CredentialError, match="plain word"):
        config(tmp_path, credHelpers={"host.example": name})("host.example")


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"auths": []}', '{"auths": {"a": 7}}', '{"auths": {"a": {"auth": "?"}}}']
)
def test_broken_file(tmp_path: Path, content: str) -> None:
    """A config.json that cannot be read is an error, not a lack of credentials."""
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(CredentialError) as caught:
        DockerConfig(str(tmp_path))("a")
    assert "config.json" in str(caught.value)


def test_repr_has_no_secrets() -> None:
    """The repr of a credential shows the user only."""
    shown = repr(Credential("mover", "s1", "s2", "s3"))
    assert shown == "Credential(username='mover')"

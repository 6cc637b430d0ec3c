"""An identity provider whose certificate comes from an authority of the company: signing in, and what is asked."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING

import pytest
from machines import Machine

from testservers import certificates, oidc, service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from testservers.oidc import OidcProvider


@pytest.fixture(name="private", scope="module")
def _private(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OidcProvider]:
    """Give an identity provider that no authority of the system vouches for."""
    home = tmp_path_factory.mktemp("private")
    with oidc.start(home / "idp", authority=certificates.Authority(home / "authority")) as provider:
        yield provider


@pytest.fixture(name="alice")
def _alice(tmp_path: Path, private: OidcProvider) -> Iterator[Machine]:
    """Give alice's machine, and a service that knows the authority."""
    provider = {"kind": "oidc", "name": "corp", "issuer": private.issuer, "client_id": oidc.CLIENT, "ca": private.ca}
    (tmp_path / "service").mkdir()
    with service.start(tmp_path / "service", [provider]) as running:
        machine = Machine(tmp_path / "alice", running, private)
        machine.folder.mkdir(parents=True)
        yield machine


def test_the_authority_that_the_user_names(alice: Machine, private: OidcProvider) -> None:
    """By --identity-ca one signs in, the settings keep it, and tokens are renewed at the provider by it."""
    done = alice.device_flow("u-alice", "--identity-ca", private.ca)
    assert done.returncode == 0, done.stderr
    assert alice.saved()["identity_authority"] == private.ca
    settings = (alice.home / ".config" / "waypaas" / "config.toml").read_text()
    assert f"identity_authority = {json.dumps(private.ca)}\n" in settings
    alice.vault.update(access_expires=0)
    asked = private.requests("/token")
    renewed = alice.wps("whoami")
    assert renewed.returncode == 0, renewed.stderr
    assert private.requests("/token") > asked, "the provider was asked for a fresh ID token"
    assert alice.device_flow("u-alice").returncode == 0, "the settings name it from now on"


def test_the_authority_that_the_environment_names(alice: Machine, private: OidcProvider) -> None:
    """Where the environment names the service, it names this authority too."""
    alice.environ = {
        "WAYPAAS_SERVICE": alice.running.address, "WAYPAAS_CERTIFICATE_AUTHORITY": str(alice.running.authority),
        "WAYPAAS_IDENTITY_AUTHORITY": private.ca,
    }  # fmt: skip
    done = alice.device_flow("u-alice")
    assert done.returncode == 0, done.stderr
    assert alice.saved()["identity_authority"] == private.ca


def test_without_it_one_reads_what_to_give(alice: Machine, private: OidcProvider) -> None:
    """A provider that is not trusted is told as that, with the option to give; nothing is kept."""
    for more, checked in (((), "the system's authorities"), (("--identity-ca", str(alice.running.authority)),) * 2):
        done = alice.device_flow("u-alice", *more)
        assert (done.returncode, done.stdout) == (1, "")
        assert "the identity provider cannot be reached\n" in done.stderr
        shown = checked if isinstance(checked, str) else checked[1]
        assert f"was checked with {shown}: give the right authority with --identity-ca FILE\n" in done.stderr
        assert private.issuer in done.stderr
        assert not alice.session_file.exists()


def test_a_file_that_holds_no_authority(alice: Machine) -> None:
    """What is no file of certificates is told before anything is asked, also a pipe, which would never end."""
    empty, pipe = alice.home / "empty.pem", alice.home / "pipe"
    empty.write_text("no certificate\n")
    os.mkfifo(pipe)
    path = alice.home / ".config" / "waypaas" / "config.toml"
    for place, why in ((empty, "it holds no certificates"), (pipe, "it is no file"),
                       (alice.home / "missing.pem", "no such file or directory")):  # fmt: skip
        alice.configure()
        path.write_text(path.read_text() + f"identity_authority = {json.dumps(str(place))}\n")
        done = alice.wps("init")
        assert done.returncode == 1
        assert done.stderr.startswith(f"identity_authority {place} cannot be ")
        assert why in done.stderr
        assert done.stderr.endswith(f"  at {path}\n")


def test_a_repository_that_names_an_authority(alice: Machine, private: OidcProvider) -> None:
    """Who may vouch for the identity provider is asked about, also at a service that is known, and told by its flag."""
    alice.git("git@github.com:acme/shop.git")
    place = alice.folder / ".waypaas.toml"
    lines = f'service = "{alice.running.address}"\ncertificate_authority = "{alice.running.authority}"\n'
    place.write_text(f'{lines}identity_authority = "{private.ca}"\n')
    done = alice.device_flow("u-alice")
    assert done.returncode == 1
    assert f"only {place} says to check the identity provider's with {private.ca}" in done.stderr
    assert f"--identity-ca {private.ca}\n" in done.stderr
    assert not alice.session_file.exists()
    assert alice.device_flow("u-alice", "--identity-ca", private.ca).returncode == 0
    assert alice.device_flow("u-alice").returncode == 0, "it is known now"
    other = alice.folder / "other.pem"
    other.write_text(alice.running.authority.read_text())
    place.write_text(f'{lines}identity_authority = "other.pem"\n')
    done = alice.wps("init")
    assert done.returncode == 1
    assert "and you have never signed in there by it" in done.stderr
    assert f"--identity-ca {other}\n" in done.stderr


def test_a_repository_shares_its_authority(alice: Machine, private: OidcProvider) -> None:
    """With --repository a file of the checkout is named so that it is found in every checkout."""
    alice.git("git@github.com:acme/shop.git")
    own = alice.folder / "idp.pem"
    shutil.copy(private.ca, own)
    done = alice.device_flow("u-alice", "--identity-ca", str(own), "--repository")
    assert done.returncode == 0, done.stderr
    assert 'identity_authority = "idp.pem"\n' in (alice.folder / ".waypaas.toml").read_text()
    assert alice.saved()["identity_authority"] == str(own)

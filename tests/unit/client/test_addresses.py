"""Where a client connects to: plain text on this machine only, and a certificate authority that is a file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from teamconfig import StandardsError, proof
from teamconfig.client import channel
from teamconfig.client.channel import Channel
from teamconfig.client.vault import Session, Vault
from teamconfig.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("target", "here"),
    [
        ("127.0.0.1:80", True), ("127.9.9.9:7443", True), ("localhost:7443", True), ("[::1]:7443", True),
        ("127.0.0.1.evil.example:80", False), ("127.evil.example:80", False), ("localhost.evil.example:80", False),
        ("localhost:80.evil.example:80", False), ("localhost:80/evil.example", False), ("localhost", False),
        ("localhost:", False), ("10.0.0.1:80", False), ("0.0.0.0:80", False), ("[::]:80", False), ("::1:80", False),
        ("[127.0.0.1]:80", False), ("[::1]evil.example:80", False), ("dns:///127.0.0.1:80", False), ("", False),
    ],
)  # fmt: skip
def test_what_is_on_this_machine(target: str, *, here: bool) -> None:
    """Only an address that is loopback by itself counts, not one whose name begins so."""
    assert channel.on_this_machine(target) is here


def test_plain_text_to_another_machine_is_refused(tmp_path: Path) -> None:
    """A call without TLS does not leave the machine, however the name of the host begins."""
    with pytest.raises(StandardsError) as caught:
        Channel(Settings("plaintext://127.0.0.1.evil.example:80", "", tmp_path, "", "x"), b"k" * 32)
    assert "a call without TLS is for this machine only" in str(caught.value)


@pytest.mark.parametrize("name", ["/dev/zero", "pipe", "large.pem", "folder", "missing.pem"])
def test_an_authority_that_is_no_file(tmp_path: Path, name: str) -> None:
    """What is no file of a sensible size is told at once, instead of being read for ever."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "large.pem").write_bytes(b"x" * (1024 * 1024 + 1))
    path = str(tmp_path / name)  # an absolute name stays as it is
    with pytest.raises(StandardsError) as caught:
        Channel(Settings("localhost:1", "", tmp_path, path, ".waypaas.toml"), b"k" * 32)
    assert str(caught.value).startswith(f"certificate_authority {path} cannot be read\n")
    assert caught.value.problems[0].where == ".waypaas.toml"


def test_an_authority_of_the_greatest_size_is_read(tmp_path: Path) -> None:
    """A file of just the limit is taken."""
    path = tmp_path / "ca.pem"
    path.write_bytes(b"#" * (1024 * 1024))
    Channel(Settings("localhost:1", "", tmp_path, str(path), "x"), b"k" * 32).close()


def test_known_keys_are_not_forgotten(tmp_path: Path) -> None:
    """A session without signing keys leaves those that are known as they are."""
    vault = Vault("localhost:1", {"HOME": str(tmp_path), "WAYPAAS_KEYRING": "off"})
    vault.save(Session(device_key="00" * 32, signing_keys=("ab" * 32,), serial=7))
    vault.save(Session(device_key="00" * 32))
    assert vault.trusted() == (("ab" * 32,), 7)


def test_a_nonce_is_of_one_device() -> None:
    """The nonce of a device is the same each time, 43 letters of base64url, and another device's is another."""
    assert proof.nonce(b"a" * 32) == "O6P19DuSYCaDwZruYqIDQrCE3Vlx3dM4CNgaMoh5pUc"
    assert proof.nonce(b"b" * 32) != proof.nonce(b"a" * 32)

"""A certificate and its key: checked in memory, and served only if they belong together."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization

from teamconfig import StandardsError
from teamconfig.service.tls import Certificates
from testservers import certificates

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(name="pair")
def _pair(tmp_path: Path) -> tuple[Path, Path]:
    """Give a certificate and its key."""
    return certificates.Authority(tmp_path / "tls").issue("service")


def refused(certificate: Path, key: Path) -> str:
    """Give the text with which a pair is refused."""
    with pytest.raises(StandardsError) as caught:
        Certificates(certificate, key).initial()
    assert str(caught.value).startswith("the certificate and key cannot be used\n")
    return str(caught.value)


def test_the_key_is_copied_nowhere(pair: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pair that is good is taken where no file can be written."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    found = Certificates(*pair)
    assert found.initial() is not None
    assert found.fetch() is None, "it has not changed"


def test_a_pair_that_does_not_belong_together(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """Another key, half a file, an encrypted key and a file that is something else are refused at the start."""
    why = "certificate and key do not belong together, or one of them is not whole"
    other = certificates.Authority(tmp_path / "other").issue("service")[1]
    assert why in refused(pair[0], other)
    key = serialization.load_pem_private_key(pair[1].read_bytes(), None)
    locked = tmp_path / "locked.key"
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    locked.write_bytes(key.private_bytes(*form, serialization.BestAvailableEncryption(b"secret")))
    assert why in refused(pair[0], locked)
    half = tmp_path / "half"
    for path, order in ((pair[0], (half, pair[1])), (pair[1], (pair[0], half))):
        for content in (path.read_bytes()[:400], b"", b"\x00\xff", pair[1].read_bytes()):
            if content != path.read_bytes():
                half.write_bytes(content)
                assert why in refused(*order)
    assert "no such file" in refused(pair[0], tmp_path / "missing")


def test_a_new_pair_that_is_bad_is_told_and_not_taken(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """While new files do not belong together the old ones serve on, and what is wrong is kept for who asks."""
    found = Certificates(*pair)
    found.initial()
    new = certificates.Authority(tmp_path / "next").issue("service")
    pair[1].write_bytes(new[1].read_bytes())
    assert found.fetch() is None
    assert "do not belong together" in found.problem
    pair[0].write_bytes(new[0].read_bytes())
    assert found.fetch() is not None
    assert found.problem == ""

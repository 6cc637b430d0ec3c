"""TLS of the server: certificates that may be replaced while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from teamconfig import errors

if TYPE_CHECKING:
    from pathlib import Path

    from teamconfig.service.config import Config


class PairError(Exception):
    """A certificate and a key that cannot be served together."""


class Certificates:
    """A certificate with its key, read again when the files change.

    Args:
        certificate: PEM chain.
        key: PEM key.
    """

    def __init__(self, certificate: Path, key: Path) -> None:
        self._certificate = certificate
        self._key = key
        self._stamp: tuple[int, ...] = ()
        self.problem = ""

    def initial(self) -> grpc.ServerCertificateConfiguration:
        """Read them for the first time.

        Raises:
            StandardsError: They cannot be read, or do not belong together (kind state).
        """
        try:
            stamp = self._looked()
            found = self._read()
        except (OSError, PairError) as err:
            why = _why(err)
            where = f"{self._certificate}, {self._key}"
            raise errors.state("the certificate and key cannot be used", why, "see to that", where) from err
        self._stamp = stamp
        return found

    def fetch(self) -> grpc.ServerCertificateConfiguration | None:
        """Read them again if they have changed; a pair that does not fit is not taken, the old one serves on."""
        try:
            stamp = self._looked()
            if stamp == self._stamp:
                return None
            found = self._read()
        except (OSError, PairError) as err:
            self.problem = f"the new certificate cannot be used: {_why(err)}"
            return None
        self._stamp, self.problem = stamp, ""
        return found

    def _looked(self) -> tuple[int, ...]:
        first, second = self._certificate.stat(), self._key.stat()
        return (first.st_mtime_ns, first.st_size, first.st_ino, second.st_mtime_ns, second.st_size, second.st_ino)

    def _read(self) -> grpc.ServerCertificateConfiguration:
        chain, key = self._certificate.read_bytes(), self._key.read_bytes()
        _check(chain, key)  # a pair that is half written is found so
        return grpc.ssl_server_certificate_configuration([(key, chain)])


def _check(chain: bytes, key: bytes) -> None:
    """Make sure that a key is the first certificate's; in memory, so that the key is nowhere else."""
    form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    try:
        certificate = x509.load_pem_x509_certificates(chain)[0]
        private = serialization.load_pem_private_key(key, None)
        same = certificate.public_key().public_bytes(*form) == private.public_key().public_bytes(*form)
    except (ValueError, TypeError, UnsupportedAlgorithm) as err:
        raise PairError from err
    if not same:
        raise PairError


def _why(err: OSError | PairError) -> str:
    if isinstance(err, PairError):
        return "certificate and key do not belong together, or one of them is not whole"
    return (err.strerror or str(err)).lower()


def credentials(config: Config) -> tuple[grpc.ServerCredentials, Certificates] | None:
    """Give what the server's port is opened with.

    Args:
        config: Of the service.

    Returns:
        Credentials and the certificates behind them; None for plain text, which `config` allows on loopback only.

    Raises:
        StandardsError: As in `Certificates.initial`.
    """
    if config.certificate is None or config.key is None:
        return None
    certificates = Certificates(config.certificate, config.key)
    made = grpc.dynamic_ssl_server_credentials(certificates.initial(), certificates.fetch)  # type: ignore[arg-type]  # None keeps the old one
    return made, certificates

"""TLS of the server: certificates that may be replaced while it runs."""

from __future__ import annotations

import ssl
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import grpc

from teamconfig import errors

if TYPE_CHECKING:
    from teamconfig.service.config import Config


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
        except OSError as err:  # what ssl refuses too
            refused = isinstance(err, ssl.SSLError)
            why = "they do not belong together" if refused else (err.strerror or str(err)).lower()
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
        except OSError as err:
            self.problem = f"the new certificate cannot be used: {err}"
            return None
        self._stamp, self.problem = stamp, ""
        return found

    def _looked(self) -> tuple[int, ...]:
        first, second = self._certificate.stat(), self._key.stat()
        return (first.st_mtime_ns, first.st_size, first.st_ino, second.st_mtime_ns, second.st_size, second.st_ino)

    def _read(self) -> grpc.ServerCertificateConfiguration:
        chain, key = self._certificate.read_bytes(), self._key.read_bytes()
        with tempfile.TemporaryDirectory() as scratch:  # 0700; a half-written pair is found by loading it
            one, two = Path(scratch, "chain"), Path(scratch, "key")
            one.write_bytes(chain)
            two.write_bytes(key)
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(one, two)
        return grpc.ssl_server_certificate_configuration([(key, chain)])


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

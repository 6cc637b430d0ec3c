"""The probe of the image, against a gRPC server with TLS on loopback."""

from __future__ import annotations

import datetime as dt
import importlib.util
import ipaddress
import socket
import time
from concurrent import futures
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import Iterator

PROBE = Path(__file__).resolve().parents[3] / "deploy" / "probe.py"
NAME = "waypaas.waypaas.svc"
STATUS = health_pb2.HealthCheckResponse


def probe(*arguments: str) -> int:
    """Run the probe in this process."""
    spec = importlib.util.spec_from_file_location("probe", PROBE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    code: int = module.main(arguments)
    return code


def certificate(directory: Path) -> tuple[bytes, bytes]:
    """Make a self-signed certificate for the service; its PEM is written to ca.crt.

    Returns:
        Key and certificate.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    now = dt.datetime.now(dt.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName(NAME), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(minutes=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    directory.mkdir(exist_ok=True)
    (directory / "ca.crt").write_bytes(pem)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private, pem


@contextmanager
def serving(pair: tuple[bytes, bytes], status: int | None) -> Iterator[str]:
    """Serve gRPC by TLS, with a health if one is given.

    Yields:
        The address.
    """
    server: Any = grpc.server(futures.ThreadPoolExecutor(2))
    if status is not None:
        servicer = health.HealthServicer()
        servicer.set("", status)
        health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([pair]))
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(0).wait()


@pytest.mark.parametrize(
    ("status", "ready", "alive"),
    [(STATUS.SERVING, 0, 0), (STATUS.NOT_SERVING, 1, 0), (STATUS.UNKNOWN, 1, 0), (None, 1, 1)],
)
def test_the_answer_decides(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], status: int | None, ready: int, alive: int
) -> None:
    """SERVING is ready, any health is alive, a server without health is neither, and the reason is told."""
    with serving(certificate(tmp_path), status) as address:
        ca = str(tmp_path / "ca.crt")
        assert probe(address, ca, NAME) == ready
        assert bool(capsys.readouterr().err) == bool(ready)
        assert probe("--alive", address, ca, NAME) == alive


def test_who_answers_must_be_the_service(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Another certificate authority, or another name, is not the service."""
    certificate(tmp_path / "other")
    with serving(certificate(tmp_path), STATUS.SERVING) as address:
        assert probe("--alive", address, str(tmp_path / "other" / "ca.crt"), NAME) == 1
        assert probe("--alive", address, str(tmp_path / "ca.crt"), "other.waypaas.svc") == 1
    assert capsys.readouterr().err.count("UNAVAILABLE") == 2


def test_silence_is_told_in_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A port that takes connections and says nothing, or takes none, is told before the kubelet's five seconds."""
    certificate(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        assert probe("--alive", f"127.0.0.1:{silent.getsockname()[1]}", str(tmp_path / "ca.crt"), NAME) == 1
        assert time.monotonic() - began < 5
        address = f"127.0.0.1:{silent.getsockname()[1]}"
    assert probe("--alive", address, str(tmp_path / "ca.crt"), NAME) == 1
    assert probe("--alive", address, str(tmp_path / "none"), NAME) == 1
    assert "none cannot be read" in capsys.readouterr().err

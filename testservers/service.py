"""The team config service as a process of its own, with TLS, over a directory or a git repository of standards.

with service.start(tmp_path, providers=[...]) as running:
    running.sign_in(...)
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from teamconfig.client.channel import Channel
from teamconfig.client.service import Service
from teamconfig.client.vault import Session, Vault
from teamconfig.gen.waypaas.v1 import sessions_pb2
from teamconfig.settings import Settings
from testservers import certificates

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

START_SECONDS = 60.0
ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Running:
    """A service that runs.

    Args:
        directory: Of its configuration, state and log.
        address: "localhost:port".
        authority: PEM file that its certificate is checked with.
        process: Its process.
    """

    directory: Path
    address: str
    authority: Path
    process: subprocess.Popen[bytes]
    environ: Mapping[str, str] = field(default_factory=dict)

    @property
    def log(self) -> str:
        """What it has written to stderr."""
        return (self.directory / "service.log").read_text(errors="replace")

    @property
    def standards(self) -> Path:
        """The directory of its standards."""
        return self.directory / "standards"

    @property
    def settings(self) -> Settings:
        """By which a client reaches it."""
        return Settings(self.address, "", self.directory, str(self.authority), "the test")

    def channel(self, key: Ed25519PrivateKey | None = None) -> Channel:
        """Give a connection of a device."""
        return Channel(self.settings, (key or Ed25519PrivateKey.generate()).private_bytes_raw())

    def open(self, home: Path, provider: str, *, idp_token: str = "", issuer: str = "", **proof: Any) -> Service:
        """Open a session, and keep it as a client does.

        Args:
            home: HOME of the client; its state is below.
            provider: Name of the provider.
            idp_token: The identity provider's refresh token, for fresh ID tokens.
            issuer: Of the identity provider.
            proof: `token` or `password` of OpenRequest.

        Returns:
            The signed-in client.
        """
        key = Ed25519PrivateKey.generate()
        channel = self.channel(key)
        try:
            keys = channel.call("Sessions/GetSignIn", sessions_pb2.GetSignInRequest()).signing_keys
            request = sessions_pb2.OpenRequest(
                provider=provider, device_key=key.public_key().public_bytes_raw(), device_name="test", **proof
            )
            made = channel.call("Sessions/Open", request, deadline=15.0)
        finally:
            channel.close()
        environ = {"HOME": str(home), "WAYPAAS_KEYRING": "off"}
        Vault(self.address, environ).save(
            Session(
                device_key=key.private_bytes_raw().hex(),
                access_token=made.access_token,
                access_expires=made.access_expires,
                refresh_token=made.refresh_token,
                refresh_expires=made.refresh_expires,
                provider=provider,
                idp_token=idp_token,
                issuer=issuer,
                client_id="wps",
                certificate_authority=str(self.authority),
                principal=f"{made.principal.issuer}|{made.principal.subject}",
                name=made.principal.name,
                signing_keys=tuple(one.hex() for one in keys),
            )
        )
        return Service(self.settings, environ)

    def stop(self, sig: int = signal.SIGTERM) -> int:
        """End it.

        Args:
            sig: SIGKILL for a crash.

        Returns:
            Its exit code.
        """
        self.process.send_signal(sig)
        return self.process.wait(30)

    def restart(self) -> None:
        """Start it again with the same configuration and address."""
        if self.process.poll() is None:
            self.stop()
        self.process = _spawn(self.directory, self.environ)
        _address(self.directory, self.process)


@contextmanager
def start(
    directory: Path,
    providers: Sequence[Mapping[str, Any]],
    *,
    standards: Path | str | None = None,
    environ: Mapping[str, str] | None = None,
    **settings: Any,
) -> Iterator[Running]:
    """Start a service.

    Args:
        directory: Empty; gets configuration, standards, state and log.
        providers: As in service.yaml.
        standards: Directory that is copied, or an address; examples/standards if left out.
        environ: Added to its environment.
        settings: Further keys of service.yaml.

    Yields:
        The service.
    """
    import shutil  # noqa: PLC0415  # starting only

    address = str(standards) if isinstance(standards, str) else "./standards"
    if not isinstance(standards, str):
        shutil.copytree(standards or ROOT / "examples" / "standards", directory / "standards")
    authority = certificates.Authority(directory / "tls")
    certificate, key = authority.issue("service")
    config = {
        "listen": "127.0.0.1:0",
        "tls": {"certificate": str(certificate), "key": str(key)},
        "standards": address,
        "poll": "1s",
        "state_directory": "state",
        "providers": list(providers),
        **settings,
    }
    (directory / "service.yaml").write_text(json.dumps(config, indent=1))  # JSON is YAML
    process = _spawn(directory, environ or {})
    running: Running | None = None
    try:
        port = _address(directory, process).rpartition(":")[2]
        config["listen"] = f"127.0.0.1:{port}"  # the same one after a restart
        (directory / "service.yaml").write_text(json.dumps(config, indent=1))
        running = Running(directory, f"localhost:{port}", authority.file, process, environ or {})
        yield running
    finally:
        process = running.process if running is not None else process  # another one after a restart
        if process.poll() is None:
            process.terminate()
            process.wait(40)


def _spawn(directory: Path, environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    with (directory / "service.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "teamconfig.service", "--config", str(directory / "service.yaml")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            env=os.environ | dict(environ),
        )


def _address(directory: Path, process: subprocess.Popen[bytes]) -> str:
    """Wait until it says where it listens."""
    import select  # noqa: PLC0415  # starting only

    deadline = time.monotonic() + START_SECONDS
    while process.stdout is not None and time.monotonic() < deadline:
        if select.select([process.stdout], [], [], 0.2)[0]:
            line = process.stdout.readline().decode()
            if line.startswith("listening on "):
                process.stdout.close()  # it says nothing more
                return line.removeprefix("listening on ").strip()
        if process.poll() is not None:
            break
    raise RuntimeError(f"the service did not start:\n{(directory / 'service.log').read_text()[-2000:]}")

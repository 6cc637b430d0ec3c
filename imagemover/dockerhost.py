"""Where Docker's engine is, by the settings that Docker's own command obeys.

Owns DOCKER_HOST, DOCKER_TLS_VERIFY, DOCKER_CERT_PATH, DOCKER_CONTEXT and contexts.
Reads small files; connects to nothing.

Source: docker/cli, docs/reference/commandline/docker.md and context.md.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from imagemover.errors import ImageError, MissingError, TrustError
from imagemover.references import is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_SOCKET = "/var/run/docker.sock"
_PORT, _TLS_PORT = 2375, 2376
_MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Engine:
    """Where an engine listens.

    Args:
        address: As it was given, for messages.
        socket: Path of its unix socket; empty: TCP.
        host: Of TCP.
        port: Of TCP.
        certificates: Directory of ca.pem, cert.pem and key.pem; empty: no TLS.
    """

    address: str
    socket: str = ""
    host: str = ""
    port: int = 0
    certificates: str = ""


def find(environ: Mapping[str, str]) -> Engine:
    """Find the engine.

    Args:
        environ: The environment.

    Returns:
        Where it is.

    Raises:
        MissingError: A context is named and not there.
        TrustError: Whoever is on the way could change the image.
        ImageError: The address is of a kind that is not spoken here.
    """
    directory = environ.get("DOCKER_CONFIG") or os.path.join(os.path.expanduser("~"), ".docker")
    if address := environ.get("DOCKER_HOST", ""):
        certificates = environ.get("DOCKER_CERT_PATH", "")
        if environ.get("DOCKER_TLS_VERIFY"):
            certificates = certificates or directory
        return parse(address, certificates, "DOCKER_HOST")
    context = environ.get("DOCKER_CONTEXT") or _current(directory)
    if context and context != "default":
        return _of_context(directory, context)
    return parse(f"unix://{DEFAULT_SOCKET}", "", "")


def parse(address: str, certificates: str, where: str) -> Engine:
    """Read an address.

    Args:
        address: Such as "unix:///var/run/docker.sock" or "tcp://host:2376".
        certificates: Directory of the files for TLS; empty: none.
        where: What names it, for errors.

    Returns:
        Where the engine is.

    Raises:
        TrustError: It is TCP without TLS to another machine.
        ImageError: It is of a kind that is not spoken here.
    """
    scheme, _, rest = address.partition("://")
    if scheme == "unix" and rest.startswith("/"):
        return Engine(address, socket=rest)
    if scheme == "ssh":
        fix = f"run `docker -H {address} save NAME -o image.tar`, and name docker-archive:image.tar instead"
        raise ImageError(f"Docker at {address} cannot be asked", "ssh is not spoken here", fix, where)
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port or (_TLS_PORT if certificates else _PORT)
    except ValueError:
        host, port = "", 0
    if scheme not in {"tcp", "http", "https"} or not host:
        why, fix = "it is neither unix:///PATH nor tcp://HOST:PORT", "give one of these"
        raise ImageError(f"Docker's address {address!r:.100} is not understood", why, fix, where)
    if not certificates and not is_loopback(f"[{host}]" if ":" in host else host):
        why = "whoever is on the way could change the image"
        fix = "set DOCKER_TLS_VERIFY=1, and DOCKER_CERT_PATH to the directory of ca.pem, cert.pem and key.pem"
        raise TrustError(f"Docker at {address} is not asked without TLS", why, fix, where)
    return Engine(address, host=host, port=port, certificates=certificates)


def _current(directory: str) -> str:
    found = _read(os.path.join(directory, "config.json"))
    name = found.get("currentContext")
    return name if isinstance(name, str) else ""


def _of_context(directory: str, context: str) -> Engine:
    # Docker names the folder by a hash, so that no context's name can lead elsewhere.
    folder = hashlib.sha256(context.encode()).hexdigest()
    endpoints = _read(os.path.join(directory, "contexts", "meta", folder, "meta.json")).get("Endpoints")
    endpoint = endpoints.get("docker") if isinstance(endpoints, dict) else None
    address = endpoint.get("Host") if isinstance(endpoint, dict) else None
    if not isinstance(address, str) or not address:
        what, fix = (
            f"Docker's context {context!r:.100} is not there",
            "run `docker context ls`, and choose one of those",
        )
        raise MissingError(what, "it names no engine", fix, directory)
    certificates = os.path.join(directory, "contexts", "tls", folder, "docker")
    return parse(address, certificates if os.path.isdir(certificates) else "", f"Docker's context {context}")


def _read(path: str) -> dict[str, Any]:
    """Read a file of settings; one that is not there or broken says nothing."""
    try:
        with open(path, "rb") as handle:
            found = json.loads(handle.read(_MOST_BYTES))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}

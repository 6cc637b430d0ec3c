"""Where Docker's engine is, by the settings that Docker's own command obeys."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from imagemover import dockerhost
from imagemover.dockerhost import Engine
from imagemover.errors import ImageError, MissingError, TrustError

if TYPE_CHECKING:
    from pathlib import Path


def context(directory: Path, name: str, endpoint: object, *, tls: bool = False) -> None:
    """Write a context as `docker context create` does."""
    folder = hashlib.sha256(name.encode()).hexdigest()
    meta = directory / "contexts/meta" / folder
    meta.mkdir(parents=True)
    (meta / "meta.json").write_text(json.dumps({"Name": name, "Endpoints": {"docker": endpoint}}))
    if tls:
        (directory / "contexts/tls" / folder / "docker").mkdir(parents=True)


def test_without_settings(tmp_path: Path) -> None:
    """Without any setting the engine is at its usual socket, whatever else stands in config.json."""
    for text in ("{}", "no json", "[]", '{"currentContext": "default"}'):
        (tmp_path / "config.json").write_text(text)
        assert dockerhost.find({"DOCKER_CONFIG": str(tmp_path)}).socket == "/var/run/docker.sock"


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"DOCKER_HOST": "unix:///a/b.sock"}, Engine("unix:///a/b.sock", socket="/a/b.sock")),
        ({"DOCKER_HOST": "tcp://localhost"}, Engine("tcp://localhost", host="localhost", port=2375)),
        ({"DOCKER_HOST": "tcp://[::1]:99"}, Engine("tcp://[::1]:99", host="::1", port=99)),
        (
            {"DOCKER_HOST": "tcp://far.test", "DOCKER_CERT_PATH": "/certs"},
            Engine("tcp://far.test", host="far.test", port=2376, certificates="/certs"),
        ),
        (
            {"DOCKER_HOST": "tcp://far.test", "DOCKER_TLS_VERIFY": "1", "DOCKER_CONFIG": "/config"},
            Engine("tcp://far.test", host="far.test", port=2376, certificates="/config"),
        ),
    ],
)
def test_docker_host(environ: dict[str, str], expected: Engine) -> None:
    """DOCKER_HOST says where, and DOCKER_TLS_VERIFY or DOCKER_CERT_PATH that it is asked by TLS."""
    assert dockerhost.find(environ) == expected


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("tcp://far.test:2375", TrustError), ("http://203.0.113.9", TrustError), ("ssh://me@far.test", ImageError),
        ("npipe:////./pipe/x", ImageError), ("unix://relative", ImageError), ("tcp://", ImageError), ("x", ImageError),
        ("tcp://far.test:port", ImageError),
    ],
)  # fmt: skip
def test_address_that_is_refused(address: str, kind: type[ImageError]) -> None:
    """Another machine without TLS, and what is not spoken here, is refused with what to do and who named it."""
    with pytest.raises(kind) as caught:
        dockerhost.find({"DOCKER_HOST": address})
    assert caught.value.fix
    assert caught.value.where == "DOCKER_HOST"


def test_contexts(tmp_path: Path) -> None:
    """DOCKER_CONTEXT goes before the current context, and DOCKER_HOST before both; a missing context is an error."""
    context(tmp_path, "mine", {"Host": "unix:///mine.sock"})
    context(tmp_path, "far", {"Host": "tcp://far.test:7"}, tls=True)
    context(tmp_path, "broken", {})
    (tmp_path / "config.json").write_text('{"currentContext": "mine"}')
    settings = {"DOCKER_CONFIG": str(tmp_path)}
    assert dockerhost.find(settings).socket == "/mine.sock"
    far = dockerhost.find(settings | {"DOCKER_CONTEXT": "far"})
    assert (far.host, far.port, far.certificates.startswith(str(tmp_path))) == ("far.test", 7, True)
    assert dockerhost.find(settings | {"DOCKER_CONTEXT": "far", "DOCKER_HOST": "unix:///x"}).socket == "/x"
    for name in ("nix", "broken", "../mine"):
        with pytest.raises(MissingError, match="is not there"):
            dockerhost.find(settings | {"DOCKER_CONTEXT": name})

"""`wps image` and what must be proved: certificates, passwords, and that no secret is ever shown."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import moverimages
import pytest

from testservers import registry
from testservers.certificates import Authority

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from imageworld import World

PASSWORD = "correct-horse-battery"


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[tuple[registry.Registry, Path]]:
    """Give a registry with TLS and a password, and the file of its authority."""
    authority = Authority(tmp_path / "authority")
    with registry.start(tmp_path / "closed", password=PASSWORD, tls=authority.issue("closed")) as running:
        yield running, authority.file


def sign_in(world: World, host: str, password: str) -> None:
    """Write what `docker login` writes."""
    folder = world.folder / "home" / ".docker"
    folder.mkdir(parents=True, exist_ok=True)
    auth = base64.b64encode(f"mover:{password}".encode()).decode()
    (folder / "config.json").write_text(json.dumps({"auths": {host: {"auth": auth}}}))


def test_tls_and_password(world: World, closed: tuple[registry.Registry, Path]) -> None:
    """A registry with TLS is trusted by the authority of --ca, and by no other; its password comes from Docker."""
    running, authority = closed
    world.push(moverimages.plain(40))
    place = f"{running.host}/{world.path}"
    sign_in(world, running.host, PASSWORD)
    command = ["copy", world.source, place, "--plain-http", world.near.host, "--ca"]
    world.done(*command, str(authority))
    assert list(running.tags(world.path)) == ["v1"]
    other = Authority(world.folder / "other")
    refused = world.wps(*command, str(other.file), "--tag", "v2")
    assert refused.returncode == 1
    assert "cannot prove who it is" in refused.stderr
    assert "name its CA file" in refused.stderr
    assert PASSWORD not in refused.stdout + refused.stderr


def test_wrong_password(world: World, tmp_path: Path) -> None:
    """A refusal names the registry and the command that mends it, and shows no password."""
    with registry.start(tmp_path / "closed", password=PASSWORD) as running:
        world.push(moverimages.plain(41))
        place = f"{running.host}/{world.path}:v1"
        for password in ("", "wrong-horse-battery"):
            if password:
                sign_in(world, running.host, password)
            ended = world.wps("copy", world.source, place)
            assert ended.returncode == 1
            assert f"docker login {running.host}" in ended.stderr
            assert "horse" not in ended.stdout + ended.stderr
        sign_in(world, running.host, PASSWORD)
        world.done("copy", world.source, place)
        assert running.tags(world.path)

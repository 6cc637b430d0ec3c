"""moto's STS on loopback, past a proxy that keeps what was asked of it, and a service that gets credentials there."""

from __future__ import annotations

import shutil
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tests.cloud.credentials.faults import Proxy
from testservers import installing, service

if TYPE_CHECKING:
    from collections.abc import Iterator

START_SECONDS = 60.0


@contextmanager
def start(directory: Path) -> Iterator[Proxy]:
    """Start STS.

    Args:
        directory: For its log.

    Yields:
        The proxy before it.
    """
    port = installing.free_port()
    command = [Path(sys.executable).parent / "moto_server", "-H", "127.0.0.1", "-p", str(port)]
    with installing.Program("moto", command, directory / "moto.log") as program:
        program.wait_until(lambda: installing.listens(port), START_SECONDS)
        proxy = Proxy(f"http://127.0.0.1:{port}")
        try:
            yield proxy
        finally:
            proxy.close()


def settings(url: str) -> dict[str, Any]:
    """Give an account as service.yaml has it, and what the service's process needs to use it."""
    keys = {"AWS_ACCESS_KEY_ID": "AKIASERVICE", "AWS_SECRET_ACCESS_KEY": "x", "AWS_EC2_METADATA_DISABLED": "true"}
    account = {"id": "111122223333", "environments": ["dev"], "sts_endpoint": url, "sts_region": "eu-west-1"}
    return {"accounts": {"dev": account}, "environ": keys, "calls_per_second": "100000"}


def write_standards(place: Path, **ecs: str) -> Path:
    """Write the example's standards, with a cluster of ECS and more of that section."""
    shutil.copytree(service.ROOT / "examples" / "standards", place)
    org = place / "org.yaml"
    found = yaml.safe_load(org.read_text())
    found["standards"]["ecs"] = {"cluster": "main", "region": "eu-west-1", **ecs}
    org.write_text(yaml.safe_dump(found))
    return place

"""Real servers to get credentials from: moto's STS and ECS, and the Kubernetes of the test bed."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from faults import Proxy

from teamconfig.credentials import aws
from testbed.fixture import Bed, ensure
from tests.cloud.credentials.ecsplace import Place
from testservers import aws as server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testservers.aws import Aws

READY_SECONDS = 60.0


@pytest.fixture(scope="session")
def bed() -> Bed:
    """Give the running test bed."""
    return ensure()


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start moto's server and give its URL."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("moto") / "log"
    command = [Path(sys.executable).parent / "moto_server", "-H", "127.0.0.1", "-p", str(port)]
    with log.open("w") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            deadline = time.monotonic() + READY_SECONDS
            while not _listens(port):
                assert process.poll() is None, f"moto_server ended:\n{log.read_text()}"
                assert time.monotonic() < deadline, f"moto_server did not listen within {READY_SECONDS:g} s"
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def sts(moto: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """Give a proxy before STS, and an identity to use it with."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIASERVICE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-of-the-service")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    _forget()
    proxy = Proxy(moto)
    yield proxy
    proxy.close()
    _forget()


def _forget() -> None:
    aws._client.cache_clear()
    aws._session.cache_clear()


@pytest.fixture(name="elastic", scope="module")
def _elastic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """Start moto and the proxy before it."""
    with server.start(tmp_path_factory.mktemp("moto")) as started:
        yield started


@pytest.fixture(name="place")
def _place(elastic: Aws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Give an empty cluster, and what the SDK needs to find its account."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in elastic.environ().items():
        monkeypatch.setenv(name, value)
    _forget()
    elastic.reset()
    elastic.client("ecs").create_cluster(clusterName="main")
    yield Place(elastic, "main")
    _forget()

"""Many deploys at once against one API server."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from app import App

from team_k8s import diagnose

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.fixture import Bed

DEPLOYS = 50
MOST_REQUESTS = 12
"""Of one deploy: it watches, so their number does not grow with the time that it takes."""


@pytest.mark.timeout(600)
def test_fifty_deploys_at_once(bed: Bed, tmp_path: Path) -> None:
    """Fifty plugin processes deploy at once: all succeed, with few requests, and read only their own pods."""
    with bed.namespace("fake") as namespace:
        user = f"many-{namespace}"
        kubeconfig = bed.user(user)
        bed.kubectl("create", "rolebinding", "many", "-n", namespace, "--clusterrole=admin", f"--user={user}")

        def deploy(number: int) -> None:
            directory = tmp_path / str(number)
            directory.mkdir()
            app = App(bed, namespace, directory, kubeconfig)
            try:
                app.deploy("faults.test/slow-ready", number, replicas=2)
            finally:
                app.host.close()

        with ThreadPoolExecutor(DEPLOYS) as pool:
            list(pool.map(deploy, range(1, DEPLOYS + 1)))

        pods = json.loads(bed.kubectl("get", "pods", "-n", namespace, "-o", "json"))["items"]
        assert [diagnose.is_ready(pod) for pod in pods] == [True] * DEPLOYS * 2
        requests = bed.requests(user)
        assert len(requests) <= DEPLOYS * MOST_REQUESTS
        listed = [uri for verb, uri in requests if verb in {"list", "watch"} and "/pods" in uri]
        assert listed
        assert all("labelSelector=" in uri for uri in listed)

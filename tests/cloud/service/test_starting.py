"""What is wrong with a service's clusters is told when it starts, not when somebody needs them."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from tests.cloud.service.conftest import provider
from tests.cloud.service.releasekit import write_cluster, write_standards

if TYPE_CHECKING:
    from pathlib import Path

    from testservers.oidc import OidcProvider


def test_a_cluster_that_cannot_be_reached_is_told_at_the_start(tmp_path: Path, idp: OidcProvider) -> None:
    """A kubeconfig that is missing, and one that has no such context, end the start; both are named at once."""
    near = write_cluster(tmp_path)["nowhere"]
    clusters: dict[str, Any] = {
        "far": {"kubeconfig": str(tmp_path / "nowhere"), "environments": ["dev"]},
        "near": {**near, "context": "another"},
        "good": near,
    }
    path, standards = tmp_path / "service.yaml", write_standards(tmp_path)
    config = {"listen": "127.0.0.1:0", "tls": "off", "standards": str(standards), "providers": [provider(idp)]}
    path.write_text(json.dumps({**config, "clusters": clusters}))
    command = [sys.executable, "-m", "teamconfig.service", "--config", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode != 0
    assert "there is no way to cluster far" in done.stderr
    assert f"{tmp_path / 'nowhere'} cannot be read: no such file or directory" in done.stderr
    assert "there is no way to cluster near" in done.stderr
    assert "cluster good" not in done.stderr
    assert "listening" not in done.stdout

"""Plugin binaries where there is nothing else: no Python, no shell, no package registry, and the real Waypoint."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cloud/wps/plugins"))

import alone
import pluginbuild
from test_waypoint import answer, objects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testbed.fixture import Bed

pytestmark = [
    pytest.mark.flaky(reruns=1, only_rerun="HostHungError"),
    pytest.mark.timeout(2 * pluginbuild.BUILD_SECONDS),  # the first build may fetch packages
]

HCL = """\
project = "shop"

app "web" {
  build {
    use "team-k8s" { image = "registry.test/hello:v1" }
  }
  deploy {
    use "team-k8s" { namespace = "%s" }
  }
}
"""


@pytest.fixture(scope="session")
def binary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the binary of team-k8s, built of these sources."""
    folder = tmp_path_factory.mktemp("binary")
    (folder / "sources").mkdir()
    pluginbuild.copy_sources(folder / "sources")
    return Path(pluginbuild.build(folder / "sources", folder / "out", folder)["path"])


@pytest.fixture
def place(binary: Path, bed: Bed, namespace: str, tmp_path: Path) -> Iterator[alone.Alone]:
    """Give a place with Waypoint, the binary, and a project whose app goes to the fresh namespace."""
    with alone.made(tmp_path, bed, [binary], HCL % namespace) as made:
        yield made


def reached(place: alone.Alone, url: str) -> bool:
    """Tell whether an address answers in the place's network."""
    command = [*place.within(), "curl", "-sk", "-m", "3", "-o", "/dev/null", url]
    return subprocess.run(command, check=False).returncode == 0


def test_a_binary_deploys_where_there_is_nothing_else(place: alone.Alone, bed: Bed, namespace: str) -> None:
    """Waypoint builds, deploys, releases and destroys by the binary alone, with no way but that to the API server."""
    before = [str(path) for path in place.root.rglob("*") if path.is_file()]
    assert [path for path in before if "python" in path or path.endswith((".py", ".pyc", "/sh"))] == []
    routes = subprocess.run([*place.within(), "ip", "route"], capture_output=True, text=True, check=True).stdout
    assert (routes, reached(place, bed.url), reached(place, f"http://{bed.registry}/v2/")) == ("", True, False)

    started = place.waypoint("init")
    assert started.code == 0, started.output
    up = place.waypoint("up", "-plain")
    assert up.code == 0, up.output
    assert "Release URL: http://web." in up.output
    ready = ("get", "deployment", "web-v1", "-n", namespace, "-o", "jsonpath={.status.readyReplicas}/{.spec.replicas}")
    assert bed.kubectl(*ready) == "1/1"
    assert answer(bed, namespace) == "hello from v1"
    (unpacked,) = (place.root / "home/.cache/waypaas/plugins").iterdir()
    assert (unpacked / "lib/python").is_file()

    gone = place.waypoint("destroy", "-auto-approve")
    assert gone.code == 0, gone.output
    assert objects(bed, namespace) == []

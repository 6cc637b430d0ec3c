"""Tests before the traffic, through Waypoint's own code: `use "test"` around a plugin in Go, as others write them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cloud" / "test_stage"))

import build
import gateserver
import golanebuild
from gateserver import Answer
from project import ROOT, Project
from wphost import Host

if TYPE_CHECKING:
    from collections.abc import Iterator

BIN = Path(sys.executable).parent
FILE = """project = "shop"

app "web" {{
  build {{
    use "test" {{
      then    = "golane"
      options = {{ file = "{lane}" }}

      test "unit" {{
        kind    = "command"
        command = ["test", "-e", "waypoint.hcl"]
      }}
    }}
  }}
  deploy {{
    use "golane" {{
      url = "{url}"
    }}
  }}
  release {{
    use "test" {{
      then    = "golane"
      options = {{ file = "{lane}", ports = "[80]" }}
      url     = deploy.struct.fields.url

      test "smoke" {{
        path = "/healthz"
        json = {{ "$.status" = "up" }}
      }}
    }}
  }}
}}
"""


class GoProject(Project):
    """An app that a Go plugin builds, deploys and releases; no cluster is near.

    Args:
        directory: Gets everything.
        url: Where its deployments are.
    """

    def __init__(self, directory: Path, url: str) -> None:
        self.app = directory / "app"
        self.file = self.app / "waypoint.hcl"
        self.lane = directory / "lane"
        self._echo = False
        plugins = self.app / ".waypoint" / "plugins"
        plugins.mkdir(parents=True)
        for name, program in (("test", BIN / "waypoint-plugin-test"), ("golane", golanebuild.golane())):
            (plugins / f"waypoint-plugin-{name}").symlink_to(program)
        (self.app / ".waypaas.toml").write_text(f'standards = "{ROOT / "examples" / "standards"}"\n')
        self.file.write_text(FILE.format(lane=self.lane, url=url))
        home = directory / "home"
        own = {"HOME": home, "XDG_STATE_HOME": home / "state", "XDG_CONFIG_HOME": home / "config",
               "XDG_DATA_HOME": home / "data", "XDG_CACHE_HOME": home / "cache"}  # fmt: skip
        self.environ = build.os.environ | {name: str(path) for name, path in own.items()}
        self.waypoint_binary = build.waypoint()

    @property
    def notes(self) -> list[str]:
        """What the Go plugin has noted."""
        return self.lane.read_text().splitlines() if self.lane.exists() else []


@pytest.fixture
def server() -> Iterator[gateserver.Deployment]:
    """Give a deployment that is well."""
    with gateserver.started(healthz=Answer(body={"status": "up"})) as made:
        yield made


@pytest.fixture
def project(tmp_path: Path, server: gateserver.Deployment) -> GoProject:
    """Give a project of the Go plugin."""
    return GoProject(tmp_path, server.url)


def test_life_of_an_app_behind_its_tests(project: GoProject, server: gateserver.Deployment) -> None:
    """Tested and built, deployed, tested and released, looked at and destroyed, all by Waypoint's own code."""
    host = Host(project)
    built = host("build")
    assert built.result["type"].endswith("/google.protobuf.Struct")
    assert built.result["labels"] == {"made/by": "golane"}
    assert "+ unit: passed" in built.ui
    assert host("deploy").code == 0
    released = host("release")
    assert released.result["url"] == "http://golane.test/1"
    assert released.result["declared"] == ["lane"]
    assert Path(released.result["template"]["report"], "junit.xml").exists()
    assert "+ smoke: passed" in released.ui
    assert server.asked == {"/healthz": 1}
    report = host("status").result["ReleaseManager"]
    assert (report["health"], report["healthMessage"]) == ("READY", "version 1")
    kept = json.loads(host.state.read_text())["Releases"][0]["Message"]["type_url"]
    assert kept.endswith("/test_stage.v1.Release")
    assert host("destroy").code == 0
    assert project.notes == ["built web", "version 1 [80]", "destroyed 1", "workspace destroyed"]


def test_behaviour_25_the_gate_of_a_go_plugin_stays_shut(project: GoProject, server: gateserver.Deployment) -> None:
    """A failing test ends the release with an error of its own, and the Go plugin is never asked for it."""
    host = Host(project)
    for operation in ("build", "deploy"):
        assert host(operation).code == 0
    server.answers["/healthz"].body = {"status": "down"}
    refused = host("release")
    assert refused.code == 1
    assert refused.error["code"] == "FailedPrecondition"
    assert '$.status is "down", expected "up"; the traffic stays where it is' in refused.error["text"]
    assert "test smoke, demanded by waypoint.hcl, failed" in refused.ui
    assert project.notes == ["built web"]
    server.answers["/healthz"].body = {"status": "up"}
    assert host("release").code == 0, "the same deployment may pass later"
    assert project.notes[-1] == "version 1 [80]"


@pytest.mark.flaky(reruns=1, only_rerun="HostHungError")
def test_the_real_command_line(project: GoProject, server: gateserver.Deployment) -> None:
    """`waypoint up` ends with an error and without a release when a test fails, and releases when all hold."""
    assert project.waypoint("init").code == 0
    server.answers["/healthz"].body = {"status": "down"}
    refused = project.waypoint("up", "-plain")
    assert refused.code != 0
    assert "1 of 1 tests failed: smoke" in refused.output
    assert project.notes == ["built web"]
    server.answers["/healthz"].body = {"status": "up"}
    released = project.waypoint("up", "-plain")
    assert released.code == 0, released.output
    assert project.notes[-1].startswith("version ")
    assert "smoke: passed" in released.output

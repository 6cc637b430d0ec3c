"""`wps test`: same code and same result as the plugin, by hand, from a hook or from a pipeline's step."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from gateworld import DIGEST

if TYPE_CHECKING:
    from gateserver import Deployment
    from gateworld import World

FILE = """project = "shop"

app "web" {
  build {
    use "test" {
      then = "docker"

      test "unit" {
        kind        = "command"
        command     = ["sh", "-c", "echo of $APP at $LEVEL; test -e good"]
        environment = { LEVEL = "top" }
      }
    }
  }
  deploy {
    use "team-k8s" {}
  }
  release {
    use "test" {
      test "smoke" {
        path = "/healthz"
        json = { "$.status" = "up" }
      }
    }
  }
}
"""


@pytest.fixture(autouse=True)
def file(world: World) -> None:
    """Let the app have tests of both stages."""
    (world.app / "waypoint.hcl").write_text(FILE)


def start(world: World, *arguments: str) -> subprocess.Popen[str]:
    """Start `wps test`."""
    return subprocess.Popen(
        [sys.executable, "-m", "wps", "test", *arguments], cwd=world.app, env=world.environ, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def wps(world: World, *arguments: str) -> tuple[int, str, str]:
    """Run `wps test` to its end."""
    with start(world, *arguments) as child:
        out, err = child.communicate(timeout=60)
    return child.returncode, out, err


def test_tests_of_the_source(world: World) -> None:
    """Without a URL the tests of the build run; a failing one is shown with its output, and the exit code is 1."""
    code, out, _ = wps(world)
    assert code == 1
    assert "test unit, demanded by waypoint.hcl, failed" in out
    assert "  | of web at top" in out
    (world.app / "good").touch()
    code, out, _ = wps(world, "build")
    assert (code, "+ unit: passed" in out) == (0, True)
    assert [report["passed"] for report in world.reports()] == [False, True]


def test_tests_of_a_deployment_come_to_the_plugins_result(world: World, server: Deployment) -> None:
    """With a URL the tests of the release run, and their evidence makes them unnecessary for the plugin, and back."""
    image = f"shop/web@{DIGEST}"
    code, out, err = wps(world, "--url", server.url, "--image", image)
    assert (code, "+ smoke: passed" in out) == (0, True), err
    assert server.asked == {"/healthz": 1}
    released = world.release(
        {"name": "smoke", "path": "/healthz", "json": {"$.status": "up"}}, url=server.url, image=image
    )
    assert "= smoke: reused" in released.text
    code, out, _ = wps(world, "release", "--url", server.url, "--image", image, "--json")
    answered: dict[str, Any] = json.loads(out)
    assert (code, answered["passed"], answered["tests"][0]["state"]) == (0, True, "reused")
    assert server.asked == {"/healthz": 1}


def test_standards_hold_for_the_command_too(world: World, server: Deployment) -> None:
    """What the standards demand runs, and what they forbid is refused, with the place in the file."""
    (world.app / "good").touch()
    world.standards(checks=[{"name": "company", "path": "/broken"}], required=["smoke"])
    code, out, _ = wps(world, "--url", server.url)
    assert code == 1
    assert "test company, demanded by the standards, failed" in out
    world.standards(checks=[{"name": "smoke", "path": "/broken"}])
    code, _, err = wps(world, "--url", server.url)
    assert code == 1
    assert 'test "smoke" cannot be changed here' in err


def test_standards_are_explained_as_any(world: World) -> None:
    """`wps explain` shows which tests are required, and by which layer."""
    world.standards(required=["smoke"], checks=[{"name": "smoke", "path": "/healthz"}])
    command = [sys.executable, "-m", "wps", "explain", "tests.required"]
    done = subprocess.run(command, cwd=world.app, env=world.environ, capture_output=True, text=True, check=True)
    assert "smoke" in done.stdout
    assert "org.yaml" in done.stdout


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('path = "/healthz"', 'pathh = "/healthz"', "write path"),
        ('path = "/healthz"', "path = var.path", "is not known here"),
        ('path = "/healthz"', 'latency = "fast"', "a duration is a number"),
        ('path = "/healthz"', "retries = 11", "retries is at most 10"),
        ('test "smoke"', "test", 'option name = "" is not valid'),
    ],
)
def test_a_wrong_file_is_refused(world: World, server: Deployment, old: str, new: str, said: str) -> None:
    """What Waypoint or the plugin would refuse is refused, before anything is asked."""
    (world.app / "waypoint.hcl").write_text(FILE.replace(old, new))
    code, out, err = wps(world, "--url", server.url)
    assert code == 1, out
    assert said in err
    assert server.asked == {}


def test_an_interrupted_command_leaves_nothing(world: World) -> None:
    """Ctrl-C ends the command with 130, and the programs of its tests with it."""
    script = '["sh", "-c", "echo $$ > running; sleep 60"]'
    (world.app / "waypoint.hcl").write_text(
        FILE.replace('["sh", "-c", "echo of $APP at $LEVEL; test -e good"]', script)
    )
    with start(world) as child:
        running, ends = world.app / "running", time.monotonic() + 30
        while not (running.exists() and running.read_text()) and time.monotonic() < ends:
            time.sleep(0.05)
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=30)
    assert child.returncode == 130
    with pytest.raises(ProcessLookupError):
        os.kill(int(running.read_text()), 0)

"""examples/00-hello-plugin, as its waypoint.hcl says, through the real Waypoint command line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import build
import pytest
import wphost
from project import Watchdog

pytestmark = pytest.mark.flaky(reruns=1, only_rerun="HostHungError")

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "00-hello-plugin"
MOST_LINES = 60
BUILDER = """\
class Builder(component.Builder):
    def build(self) -> Image:
        return Image(image="world")


if __name__ == "__main__":"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Give a copy of the example."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "hello"))


def run(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run waypoint in the example."""
    home = directory.parent / "home"
    environ = os.environ | {"HOME": str(home), "XDG_CONFIG_HOME": str(home), "XDG_DATA_HOME": str(home)}
    environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environ["PATH"]])
    command = [build.waypoint(), *arguments]
    with subprocess.Popen(
        command, cwd=directory, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as child:
        watch = Watchdog(child)
        output, _ = child.communicate()
        watch.end(output)
    return subprocess.CompletedProcess(command, child.returncode, output, "")


def waypoint(directory: Path, *arguments: str) -> str:
    """Run waypoint in the example, with success; give its output."""
    done = run(directory, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_example_is_small() -> None:
    """The whole plugin is at most 60 lines."""
    assert len((EXAMPLE / "waypoint-plugin-hello").read_text().splitlines()) <= MOST_LINES


def test_the_example_greets(directory: Path) -> None:
    """The plugin is found beside waypoint.hcl, deploys with its option, reports its status and is destroyed."""
    waypoint(directory, "init")
    assert "Greeted web" in waypoint(directory, "up", "-plain")
    (greeting,) = directory.rglob("web.txt")
    assert greeting.read_text() == "Good morning, world!\n"
    assert "READY" in waypoint(directory, "status", "-app", "web")
    waypoint(directory, "destroy", "-auto-approve")
    assert not greeting.exists()


def test_percent_signs_are_read_as_written(directory: Path) -> None:
    """A % in a step, a line or below a step is one % for whoever runs waypoint, and formats stay as they are."""
    program = directory / "waypoint-plugin-hello"
    text = program.read_text()
    for right, wrong in (
        ('steps.add(f"Greeting', 'steps.add(f"0% of %s: greeting'),
        ('step.update(f"Greeted {job.app}")', 'step.update("100% %d"); step.output("50% below\\n")'),
        ('ui.output(f"Removed {path}"', 'ui.output("5%% of 7%"'),
    ):
        assert right in text
        text = text.replace(right, wrong)
    program.write_text(text)
    waypoint(directory, "init")
    told = waypoint(directory, "up", "-plain").splitlines()
    assert [line for line in told if "%" in line] == ["-> 0% of %s: greeting web", "-> 100% %d", "50% below"]
    assert "5%% of 7%" in waypoint(directory, "destroy", "-auto-approve")


@pytest.mark.parametrize("runner", [(), ("-odr",)])
def test_percent_signs_in_every_runner(directory: Path, runner: tuple[str, ...]) -> None:
    """A % is one % by Waypoint's own terminal, whether the job runs in the command line or in a runner elsewhere."""
    program = directory / "waypoint-plugin-hello"
    text = program.read_text().replace('steps.add(f"Greeting', 'steps.add(f"0% of %s: greeting')
    text = text.replace("deployment = Struct()", 'ui.output("100% %d", style="info"); deployment = Struct()')
    text = text.replace("serve.serve(Hello)", "serve.serve(Hello, Builder)")
    program.write_text(text.replace('if __name__ == "__main__":', BUILDER))
    file = directory / "waypoint.hcl"
    build_stanza, deploy_stanza = file.read_text().split("  deploy {")
    file.write_text(build_stanza.split("    use")[0] + '    use "hello" {}\n  }\n  deploy {' + deploy_stanza)
    command = [wphost.wphost(), "-plugins", directory, "-file", file, "-state", directory / "state.json", *runner]
    for operation in ("build", "deploy"):
        done = subprocess.run([*command, operation], capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    shown = "".join(event["text"] for event in events if event["event"] == "ui")
    assert [line.strip() for line in shown.splitlines() if "%" in line] == ["-> 0% of %s: greeting web", "100% %d"]


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        (
            "from pathlib import Path",
            "from pathlib import Pfad",
            "ImportError: cannot import name 'Pfad' from 'pathlib'",
        ),
        (
            "ui: TerminalUI) -> Result",
            "ui: str) -> Result",
            "Hello.deploy: Waypoint cannot supply str for parameter ui",
        ),
        (
            "status(self, deployment: Struct)",
            "status(self, deployment: Struct, last: StatusReport)",
            "Hello.status: Waypoint cannot supply StatusReport for parameter last",
        ),
        ("deploy(self, image", "deplyo(self, image", "Hello.deplyo: Waypoint knows no such operation; write deploy if"),
        ("greeting: str", "greeting: set", "Hello.options: Options.greeting: set cannot be an option"),
        ("serve.serve(Hello)", "serve.serve(Hello())", "serve takes classes: write Hello, not Hello()"),
    ],
)
def test_a_plugin_that_does_not_start(directory: Path, right: str, wrong: str, said: str) -> None:
    """Whoever runs waypoint reads why a plugin could not start."""
    program = directory / "waypoint-plugin-hello"
    text = program.read_text()
    if right.startswith("from pathlib"):  # what fails before the SDK is imported stays dark
        text = text.replace(f"{right}\n", "").replace(
            "from waypaas_sdk.terminal", f"{right}\nfrom waypaas_sdk.terminal"
        )
    assert right in text
    program.write_text(text.replace(right, wrong))
    waypoint(directory, "init")
    done = run(directory, "up", "-plain")
    assert done.returncode != 0
    told = " ".join((done.stdout + done.stderr).split())
    assert f"Unrecognized remote plugin message: waypoint-plugin-hello: {said}" in told

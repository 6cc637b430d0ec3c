"""The real program `wps`, run as a newcomer runs it who does not know it yet."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
STANDARDS = ROOT / "examples" / "standards"
FILE = """\
project = "shop"

app "web" {
  build {
    use "team-k8s" { image = "registry.test/web:v1" }
  }
  deploy {
    use "team-k8s" {}
  }
}
"""
RELEASE = '  release {\n    use "team-k8s" {\n      %s\n    }\n  }\n}\n'


def wps(directory: Path, *arguments: str, stdout: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the program in a directory, with the example's standards and nothing of the caller's own settings."""
    program = Path(sys.executable).with_name("wps")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("WAYP", "XDG_"))}
    environ = {**clean, "HOME": str(directory), "WAYPAAS_STANDARDS": str(STANDARDS)}
    command = [str(program), *arguments]
    if stdout is None:
        return subprocess.run(command, cwd=directory, env=environ, capture_output=True, text=True, check=False)
    with stdout.open("w") as output:
        return subprocess.run(
            command, cwd=directory, env=environ, stdout=output, stderr=subprocess.PIPE, text=True, check=False
        )


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A directory with a ten-line waypoint.hcl."""
    (tmp_path / "waypoint.hcl").write_text(FILE)
    return tmp_path


@pytest.mark.parametrize("folder", ["waypoint.hcl", "/proc/x", "waypoint.hcl/x"])
def test_a_folder_that_cannot_be_written(app: Path, folder: str) -> None:
    """`wps render --out` says why it cannot write there, and exits with 1."""
    done = wps(app, "render", "--out", folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"{folder} cannot be written\n  ")
    assert done.stderr.endswith("\n  at the argument --out\n")
    assert len(done.stderr.splitlines()) == 4


@pytest.mark.parametrize(
    "arguments",
    [
        ["render"],
        ["explain"],
        ["standards", "schema"],
        ["import", "waypoint", "waypoint.hcl"],
        ["--version"],
    ],
)
def test_an_output_that_is_full(app: Path, arguments: list[str]) -> None:
    """An output that cannot be written is told, with exit code 1 and without a traceback."""
    done = wps(app, *arguments, stdout=Path("/dev/full"))
    assert done.returncode == 1
    assert "the output cannot be written\n  no space left on device\n" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (["explain", "--forse"], ["unknown argument --forse", "  remove it", "  see wps explain --help"]),
        (["render", "--outt=x"], ["unknown argument --outt=x", "  write --out", "  see wps render --help"]),
        (["standards", "check", ".", "--jsn"], ["unknown argument --jsn", "  write --json",
                                                "  see wps standards check --help"]),
        (["--verzion"], ["unknown argument --verzion", "  write --version", "  see wps --help"]),
    ],
)  # fmt: skip
def test_only_arguments_of_the_command_are_suggested(tmp_path: Path, arguments: list[str], lines: list[str]) -> None:
    """A stray argument is told the nearest one of the same command, if any, and the help of that command."""
    done = wps(tmp_path, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == lines


@pytest.mark.parametrize("name", ["--env", "--workspace", "-workspace"])
def test_an_unknown_environment(app: Path, name: str) -> None:
    """The environment may be called workspace; an unknown one is told where it was written and what to write."""
    assert "in production," in wps(app, "explain", name, "production").stdout
    done = wps(app, "explain", name, "prod")
    assert done.returncode == 1
    assert "\n  write --env production, or map it under org.workspaces in org.yaml\n" in done.stderr
    assert done.stderr.endswith("\n  at the argument --env\n")


@pytest.mark.parametrize(
    ("arguments", "texts"),
    [
        (["explain", "--project", "nope", "--app", "web"], ['"nope" belongs to no team', "at the argument --project"]),
        (["explain", "--project", "shpo", "--app", "web"], ["write --project shop if you meant that one"]),
        (["explain", "--app", "wbe"], ["write --app web", "at the argument --app"]),
        (["explain", "--project", "rover"], ["--app is missing", "project shop", "add --app NAME"]),
        (["standards", "check", "/nope"], ["standards /nope", "name a directory", "at the argument DIR, /nope"]),
        (["import", "waypoint", "nope.hcl"], ["nope.hcl cannot be read", "name a waypoint.hcl that is there"]),
        (["explain", "--file", "nope.hcl"], ["nope.hcl cannot be read", "give --file"]),
    ],
)
def test_an_error_names_the_argument_at_fault(app: Path, arguments: list[str], texts: list[str]) -> None:
    """What was written on the command line is mended there, and the error says so."""
    done = wps(app, *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert all(text in done.stderr for text in texts), done.stderr
    assert "--project" not in done.stderr or arguments[0] == "explain"


def test_a_project_of_the_file_that_is_unknown(app: Path) -> None:
    """A project that no team has is told with its line; a file without one is told to name it."""
    (app / "waypoint.hcl").write_text(FILE.replace('"shop"', '"nope"'))
    assert wps(app, "explain").stderr.endswith("\n  at waypoint.hcl:1\n")
    (app / "waypoint.hcl").write_text(FILE.replace('project = "shop"\n', ""))
    assert wps(app, "explain").stderr.startswith("waypoint.hcl names no project\n")
    assert wps(app, "explain", "--project", "shop").returncode == 0


def test_from_a_subdirectory(app: Path) -> None:
    """Below the directory of the app in its repository the same file counts; without one the directory is named."""
    inner = app / "src" / "main"
    inner.mkdir(parents=True)
    done = wps(inner, "explain")
    assert done.returncode == 1
    assert done.stderr.endswith(f"\n  at {inner}\n")
    assert "--app is missing" in wps(inner, "explain", "--project", "rover").stderr
    (app / ".git").mkdir()
    (app / "waypoint.hcl").write_text(FILE.replace("{}", '{ memory = "300Mi" }'))
    found = wps(inner, "explain", "memory")
    assert found.returncode == 0, found.stderr
    assert "../../waypoint.hcl:8" in found.stdout


def test_a_mistyped_plugin_is_noted(app: Path) -> None:
    """The standards are shown all the same, and stderr says that the options were not looked at."""
    (app / "waypoint.hcl").write_text(FILE.replace('use "team-k8s" {}', 'use "team-k9s" {}'))
    done = wps(app, "explain")
    assert (done.returncode, done.stderr.count("\n")) == (0, 1)
    assert done.stderr.startswith('note: waypoint.hcl:8: use "team-k9s" in deploy is no plugin of ours')
    assert "kubernetes.memory" in done.stdout


def test_the_release_stanza_is_checked_and_rendered(app: Path) -> None:
    """Options of the release are checked like those of the deploy, and count for what a release makes."""
    text = FILE.removesuffix("}\n").replace("{}", "{ port = 8181 }")
    (app / "waypoint.hcl").write_text(text + RELEASE % "foo = 1")
    done = wps(app, "explain")
    assert done.returncode == 1
    assert "option foo = 1 is not valid" in done.stderr
    assert "at waypoint.hcl:12 (app.web.release.use.foo)" in done.stderr
    (app / "waypoint.hcl").write_text(text + RELEASE % "service { port = 8282 }")
    done = wps(app, "render")
    assert done.returncode == 0, done.stderr
    service = next(part for part in done.stdout.split("---\n") if "kind: Service\n" in part)
    assert "port: 8282" in service
    assert "targetPort: 8181" in service


def test_the_help_names_every_command(tmp_path: Path) -> None:
    """The first lines of the help say what there is to do."""
    done = wps(tmp_path, "--help")
    about = " ".join(done.stdout.partition("Options:")[0].split())
    assert all(word in about for word in ("Create", "explain", "check", "plan", "render", "import"))


def test_one_is_not_many(tmp_path: Path) -> None:
    """What is counted has its singular."""
    (tmp_path / "org.yaml").write_text("org: {name: a, environments: [dev]}\n")
    (tmp_path / "teams" / "t").mkdir(parents=True)
    (tmp_path / "teams" / "t" / "team.yaml").write_text("team: {projects: [p]}\n")
    done = wps(tmp_path, "standards", "check", ".")
    assert done.stdout.endswith(
        ": 1 team, 0 apps with files of their own, 1 environment, 1 profile resolved, 0 problems\n"
    )

"""The real program `wps`, run as a user runs it."""

from __future__ import annotations

import json
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
    use "team-ecr" {}
  }
  deploy {
    use "team-k8s" {
%s    }
  }
}
"""


def _wps(directory: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("wps")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("WAYP", "XDG_"))}
    return subprocess.run(
        (str(program), *arguments),
        cwd=directory, env={**clean, "HOME": str(directory), **environ}, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A directory with a ten-line waypoint.hcl and the example's standards."""
    (tmp_path / "waypoint.hcl").write_text(FILE % "")
    (tmp_path / ".waypaas.toml").write_text(f'standards = "{STANDARDS}"\n')
    return tmp_path


def test_explain_shows_every_value_with_its_layer(app: Path) -> None:
    """`wps explain` lists key, value, layer and place of everything, for the first environment."""
    done = _wps(app, "explain")
    assert (done.returncode, done.stderr) == (0, "")
    head, columns, *rows = done.stdout.splitlines()
    assert head.startswith("shop/web of team payments in dev, standards dir:")
    assert columns.split() == ["key", "value", "layer", "where"]
    table = {row.split()[0]: row.split(maxsplit=1)[1] for row in rows}
    assert table["kubernetes.namespace"].split("  ", 1)[0] == "payments-dev"
    assert table["kubernetes.namespace"].endswith("org.yaml:15")
    assert table["kubernetes.replicas"].endswith("environments/dev.yaml:4")
    assert table["kubernetes.port"].endswith("teams/payments/apps/shop/web/app.yaml:4")
    assert "\x1b" not in done.stdout


def test_explain_one_key_in_production(app: Path) -> None:
    """`wps explain memory --env production` tells winner, losers, rules and who may change it."""
    done = _wps(app, "explain", "memory", "--env", "production")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "kubernetes.memory"
    assert lines[1].split()[0] == "512Mi"
    assert "teams/payments/environments/production.yaml:4@dir:" in lines[1]
    assert [line.split()[0] for line in lines[2:4]] == ["256Mi", "256Mi"]
    assert "rule: at most 2Gi, by org" in lines[4]
    assert lines[-1].strip().startswith("may change it:")


def test_explain_json(app: Path) -> None:
    """`wps explain --json` gives the same as data, nothing else on stdout."""
    data = json.loads(_wps(app, "explain", "--env", "staging", "--json").stdout)
    assert (data["environment"], data["team"]) == ("staging", "payments")
    assert data["values"]["tests.required"]["value"] == ["smoke"]


def test_explain_reports_what_waypoint_decides_later(app: Path) -> None:
    """A variable is not guessed; the user is told on stderr that it is not in the table."""
    (app / "waypoint.hcl").write_text(FILE % '      replicas = var.replicas\n      memory = "300Mi"\n')
    done = _wps(app, "explain", "kubernetes.memory")
    assert done.returncode == 0
    assert "app.web.deploy.use.replicas = var.replicas is decided at run time" in done.stderr
    assert "300Mi  waypoint.hcl" in done.stdout


def test_explain_refuses_what_breaks_a_rule(app: Path) -> None:
    """An option outside its bound exits with 1 and the four lines on stderr."""
    (app / "waypoint.hcl").write_text(FILE % '      memory = "2Gi"\n')
    done = _wps(app, "explain", "--env", "production")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        'option memory = "2Gi" is not allowed\n'
        '  team "payments" permits at most 1Gi: our quota is 20Gi for all apps (teams/payments/team.yaml:22)\n'
        '  write memory = "1Gi", or ask #payments\n'
        "  at waypoint.hcl:9 (app.web.deploy.use.memory)\n"
    )


def test_explain_without_waypoint_hcl(tmp_path: Path) -> None:
    """Project and app can be named; without them and without the file the user reads what to do."""
    named = _wps(tmp_path, "explain", "port", "--project", "shop", "--app", "web", WAYPAAS_STANDARDS=str(STANDARDS))
    assert "8080" in named.stdout
    done = _wps(tmp_path, "explain", WAYPAAS_STANDARDS=str(STANDARDS))
    assert done.returncode == 1
    assert "go to the directory of the app, or give --file, or --project and --app" in done.stderr
    (tmp_path / "waypoint.hcl").write_text(FILE % "")
    assert "no standards are named" in _wps(tmp_path, "explain").stderr


def test_check_of_the_example_passes(tmp_path: Path) -> None:
    """`wps standards check` resolves every app of the shipped example in every environment."""
    done = _wps(tmp_path, "standards", "check", str(STANDARDS))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(
        "2 teams, 1 app with files of its own, 3 environments, 12 profiles resolved, 0 problems\n"
    )


def test_check_reports_every_problem(tmp_path: Path) -> None:
    """Problems exit with 1, each with its place; as JSON too."""
    (tmp_path / "org.yaml").write_text(
        "org: {name: a, environments: [dev]}\nstandards: {kubernetes: {cpu: x, prt: 1}}\n"
    )
    done = _wps(tmp_path, "standards", "check", ".")
    assert done.returncode == 1
    assert "unknown key prt" in done.stderr
    assert done.stderr.count("at org.yaml:2") == 2
    data = json.loads(_wps(tmp_path, "standards", "check", "--json", ".").stdout)
    assert [problem["where"] for problem in data["problems"]] == ["org.yaml:2", "org.yaml:2"]


def test_schema_is_json(tmp_path: Path) -> None:
    """`wps standards schema` prints a JSON Schema of draft 2020-12."""
    found = json.loads(_wps(tmp_path, "standards", "schema").stdout)
    assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["explian"], "unknown command explian\n  run wps explain\n"),
        (["standards", "chek", "."], "unknown command chek\n  run wps standards check\n"),
        (["explain", "--evn", "dev"], "--env"),
        (["standards", "check"], "DIR"),
    ],
)
def test_a_mistyped_command_line_is_told_the_right_one(tmp_path: Path, arguments: list[str], text: str) -> None:
    """A wrong command line exits with 2 and names what was meant."""
    done = _wps(tmp_path, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert text in done.stderr


def test_version_and_help(tmp_path: Path) -> None:
    """`wps --version` prints name and version; without a command the help is shown and the exit code is 2."""
    assert _wps(tmp_path, "--version").stdout.split()[0] == "wps"
    done = _wps(tmp_path)
    assert done.returncode == 2
    assert "explain" in done.stdout


def test_output_cannot_steer_the_terminal(app: Path) -> None:
    """Control characters in standards are shown, not sent to the terminal."""
    (app / "org.yaml").write_text(
        'org: {name: a, environments: [dev]}\nstandards: {kubernetes: {env: {A: "\\e]0;x\\a"}}}\n'
    )
    (app / "teams" / "t").mkdir(parents=True)
    (app / "teams" / "t" / "team.yaml").write_text("team: {projects: [shop]}\n")
    done = _wps(app, "explain", "env", WAYPAAS_STANDARDS=str(app))
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert "\\x1b]0;x\\x07" in done.stdout

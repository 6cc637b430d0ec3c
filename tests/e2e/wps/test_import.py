"""The real `wps import waypoint`, run on a waypoint.hcl as teams have them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

BUILTIN = (Path(__file__).parent / "builtin.hcl").read_text()
ORG = """\
org: {name: acme, environments: [dev, production]}
standards:
  kubernetes:
    namespace: shop
    probe:
      readiness: {kind: http, path: /healthz}
      liveness: {kind: http, path: /healthz}
"""
TEAM = """\
team: {projects: [shop]}
standards:
  kubernetes:
    port: 8080
    memory: 512Mi
    autoscale: {min_replicas: 2, max_replicas: 6, cpu_percent: 75}
    security: {run_as_user: 10001, run_as_group: 10001, fs_group: 10001}
  network:
    tls: {secret: "{app}-tls"}
"""


def wps(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program in a directory, with nothing of the caller's own settings."""
    program = Path(sys.executable).with_name("wps")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("WAYP", "XDG_"))}
    environ = {**clean, "HOME": str(directory)}
    return subprocess.run(
        (str(program), *arguments), cwd=directory, env=environ, capture_output=True, text=True, check=False
    )


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A directory with the builtin's waypoint.hcl."""
    (tmp_path / "waypoint.hcl").write_text(BUILTIN)
    return tmp_path


@pytest.fixture
def governed(app: Path) -> Path:
    """The same directory, with standards for the app."""
    (app / ".waypaas.toml").write_text('standards = "./standards"\n')
    (app / "standards" / "teams" / "web").mkdir(parents=True)
    (app / "standards" / "org.yaml").write_text(ORG)
    (app / "standards" / "teams" / "web" / "team.yaml").write_text(TEAM)
    return app


def stage(text: str) -> str:
    """Give what follows the build stanza, which is what the import is about."""
    return text[text.index("  deploy {") :]


def test_the_file_becomes_short_and_resolves(governed: Path) -> None:
    """With standards, most of the file goes, each option that goes is named, and `wps explain` takes the result."""
    done = wps(governed, "import", "waypoint", "waypoint.hcl", "--write")
    assert done.returncode == 0, done.stderr
    assert "service_port of line 24 is left out" in done.stderr
    text = (governed / "waypoint.hcl").read_text()
    assert text.startswith(BUILTIN[: BUILTIN.index("  deploy {")])
    assert len(BUILTIN.splitlines()) >= 60
    assert len(stage(text).splitlines()) * 3 < len(stage(BUILTIN).splitlines())
    assert done.stdout == f"waypoint.hcl: {len(BUILTIN.splitlines())} lines became {len(text.splitlines())}\n"
    assert stage(text) == (
        "  deploy {\n"
        '    use "team-k8s" {\n'
        "      env = {\n"
        '        LOG_LEVEL = "debug"\n'
        '        CACHE_URL = "redis://cache:6379/${workspace.name}"\n'
        "      }\n"
        '      memory_request = "256Mi"\n'
        "      # the image cache needs it\n"
        '      network { host = "shop.acme.example" }\n'
        "    }\n"
        "  }\n"
        "}\n"
    )
    for environment in ("dev", "production"):
        explained = wps(governed, "explain", "--env", environment)
        assert explained.returncode == 0, explained.stderr
        row = next(row for row in explained.stdout.splitlines() if row.startswith("network.host"))
        assert row.split()[-1] == f"waypoint.hcl:{text[: text.index('network {')].count(chr(10)) + 1}"


def test_without_standards_nothing_is_left_out(app: Path) -> None:
    """Without standards every option is carried over, the file is printed and stays as it was, and the user is told."""
    done = wps(app, "import", "waypoint", "waypoint.hcl")
    assert done.returncode == 0
    assert done.stderr == "note: no standards are named: no option is left out, though the standards may give some\n"
    assert (app / "waypoint.hcl").read_text() == BUILTIN
    for line in ('namespace = "shop"', "port      = 8080", "replicas", 'host = "shop.acme.example"', "memory"):
        assert line in done.stdout
    assert 'use "kubernetes"' not in done.stdout


def test_what_cannot_be_mapped_is_not_written_without_force(app: Path) -> None:
    """One option without counterpart exits with 1, names its line, and leaves the file alone unless forced."""
    file = app / "waypoint.hcl"
    text = BUILTIN.replace("      pod {\n", "      ports = [{ port = 1 }]\n\n      pod {\n")
    file.write_text(text)
    file.chmod(0o640)
    (app / "link.hcl").symlink_to(file)
    done = wps(app, "import", "waypoint", "link.hcl", "--write")
    assert (done.returncode, done.stdout) == (1, "")
    line = text[: text.index("ports = ")].count("\n") + 1
    assert (
        "option ports is not mapped\n"
        "  the builtin refuses it too\n"
        "  write port = ... and ports { ... } blocks\n"
        f"  at link.hcl:{line}\n"
        "link.hcl is not written, since not everything could be mapped\n"
        "  mend that, or add --force\n"
    ) in done.stderr
    assert file.read_text() == text
    forced = wps(app, "import", "waypoint", "link.hcl", "--write", "--force")
    assert forced.returncode == 1
    assert "      # not mapped: ports = [{ port = 1 }]\n" in file.read_text()
    assert (file.stat().st_mode & 0o777, (app / "link.hcl").is_symlink()) == (0o640, True)
    assert sorted(path.name for path in app.iterdir()) == ["link.hcl", "waypoint.hcl"]


def test_a_file_without_the_builtin_is_told(app: Path) -> None:
    """Importing once more changes nothing and says so; a file that is not there or no HCL is an error."""
    assert wps(app, "import", "waypoint", "waypoint.hcl", "--write").returncode == 0
    text = (app / "waypoint.hcl").read_text()
    again = wps(app, "import", "waypoint", "waypoint.hcl")
    assert (again.returncode, again.stdout) == (0, text)
    assert 'waypoint.hcl has no use "kubernetes" to import' in again.stderr
    assert "there is no such file" in wps(app, "import", "waypoint", "none.hcl").stderr
    (app / "waypoint.hcl").write_text("app {")
    broken = wps(app, "import", "waypoint", "waypoint.hcl")
    assert (broken.returncode, broken.stdout) == (1, "")
    assert "at waypoint.hcl:1" in broken.stderr

"""What the real `wps` says where a newcomer goes wrong, with standards alone."""

from __future__ import annotations

import json
import os
import shutil
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


def wps(directory: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the program in a directory, with the example's standards and nothing of the caller's own settings."""
    program = Path(sys.executable).with_name("wps")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("WAYP", "XDG_", "GIT_", "KUBE"))}
    environ = {**clean, "HOME": str(directory), "GIT_CEILING_DIRECTORIES": "/", "WAYPAAS_STANDARDS": str(STANDARDS)}
    return subprocess.run(
        [str(program), *arguments], cwd=directory, env=environ | more, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A directory with a ten-line waypoint.hcl."""
    (tmp_path / "waypoint.hcl").write_text(FILE)
    return tmp_path


@pytest.mark.parametrize(
    ("action", "fix"),
    [("deploi", "write deploy"), ("fly", "write one of these"), ("audit-raed", "write audit-read")],
)
def test_an_unknown_action(app: Path, action: str, fix: str) -> None:
    """A right that there is not is refused, with the nearest of those that somebody would ask for."""
    done = wps(app, "explain", "--can", action, "dev")
    assert (done.returncode, done.stdout) == (1, "")
    what, why, how, where = done.stderr.splitlines()
    assert (what, how, where) == (f"unknown action {action}", f"  {fix}", "  at the argument --can")
    assert not {"redeem", "configure", "whoami"} & set(why.replace(",", "").split())


@pytest.mark.parametrize(
    ("arguments", "environ", "where"),
    [
        (["prod"], {}, "the argument ENV"),
        (["shop", "prod"], {}, "the argument ENV"),
        (["--env", "prod"], {}, "the argument --env"),
        ([], {"WAYPOINT_WORKSPACE": "prod"}, "the environment variable WAYPOINT_WORKSPACE"),
    ],
)
def test_an_unknown_environment_of_a_right(
    app: Path, arguments: list[str], environ: dict[str, str], where: str
) -> None:
    """An environment that there is not is refused, and the place named where it was written."""
    done = wps(app, "explain", "--can", "deploy", *arguments, **environ)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"unknown environment prod\n  the environments are dev, staging, production\n  write production\n  at {where}\n"
    )


def test_an_image_that_is_none(app: Path) -> None:
    """What is no reference of an image is refused by create and render, and nothing is written or printed."""
    for command in (["create", "--yes", "--remote", "none"], ["render"]):
        done = wps(app, *command, "--image", "Foo bar")
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith('image "Foo bar" is not a reference\n')
        assert done.stderr.endswith("\n  write HOST/NAME:TAG, or HOST/NAME@sha256:...\n  at the argument --image\n")
    assert (app / "waypoint.hcl").read_text() == FILE
    (app / "waypoint.hcl").write_text(FILE.replace("web:v1", "We b"))
    assert wps(app, "render").stderr.endswith("\n  at waypoint.hcl:5\n")
    digest = "registry.test/web@sha256:" + "0" * 64
    assert digest in wps(app, "render", "--image", digest).stdout


def test_a_port_that_nobody_chose(tmp_path: Path) -> None:
    """EXPOSE that counts instead of the port that the standards set for the app is told with both places."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\nEXPOSE 8000\n")
    asked = ("create", "--yes", "--project", "shop", "--remote", "none", "--dry-run")
    done = wps(tmp_path, *asked)
    assert done.returncode == 0, done.stderr
    assert (
        "note: port 8000 of EXPOSE in Dockerfile is written into the file, and counts instead of kubernetes.port: 8080 "
        "of teams/payments/apps/shop/web/app.yaml:4\n"
    ) in done.stderr
    (tmp_path / "Dockerfile").write_text("FROM scratch\nEXPOSE 8080\n")
    assert "counts instead" not in wps(tmp_path, *asked).stderr
    assert "counts instead" not in wps(tmp_path, *asked, "--port", "8000").stderr


def test_a_plugin_that_is_not_linked(tmp_path: Path) -> None:
    """After a file is written, what Waypoint would not find is told with the link to make; what it finds is not."""
    asked = ("create", "--yes", "--project", "shop", "--remote", "none", "--image", "r.test/x:1")
    done = wps(tmp_path, *asked)
    assert done.returncode == 0, done.stderr
    program, place = Path(sys.executable).with_name("waypoint-plugin-team-k8s"), tmp_path / ".config/waypoint/plugins"
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    (tmp_path / "waypoint.hcl").unlink()
    last = wps(tmp_path, *asked, PATH=path).stdout.splitlines()[-1]
    assert last == f"before that: plugin team-k8s: Waypoint would not find it; link {program} into {place}"
    place.mkdir(parents=True)
    (place / program.name).symlink_to(program)
    (tmp_path / "waypoint.hcl").unlink()
    assert "before that" not in wps(tmp_path, *asked, PATH=path).stdout


def test_the_doctor_reads_what_a_file_sets(app: Path) -> None:
    """`wps doctor` holds the options of waypoint.hcl against the standards, as a deploy does."""

    def found() -> list[tuple[str, str, str]]:
        told = json.loads(wps(app, "doctor", "--json").stdout)
        return [(one["state"], one["text"], one["fix"]) for one in told if one["check"] == "app web"]

    assert [state for state, _, _ in found()] == ["ok"]
    (app / "waypoint.hcl").write_text(FILE.replace("{}", '{ prot = 8000\n memory = "9Gi" }'))
    wrong = found()
    assert {state for state, _, _ in wrong} == {"fail"}
    assert wrong[0][1:] == (
        "option prot = 8000 is not valid: kubernetes has no such key",
        "write port, at waypoint.hcl:8 (app.web.deploy.use.prot)",
    )
    assert any('option memory = "9Gi" is not allowed' in text for _, text, _ in wrong)


def test_a_plan_without_a_cluster(app: Path) -> None:
    """`wps plan` without a cluster says which command needs none, and where it has looked."""
    done = wps(app, "plan")
    assert (done.returncode, done.stdout) == (1, "")
    assert "`wps render` shows what a deploy applies, and needs no cluster" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("  at ")


@pytest.mark.parametrize("command", [["standards", "check"], ["policy", "test"]])
def test_standards_in_the_wrong_directory(tmp_path: Path, command: list[str]) -> None:
    """What is missing or wrong in standards is named by its whole path, and org.yml beside is mentioned."""
    inner = tmp_path / "std"
    inner.mkdir()
    done = wps(tmp_path, *command, "std")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (1, f"  at {inner}/org.yaml")
    (inner / "org.yml").write_text("org: {name: a, environments: [dev]}\n")
    assert "\n  rename org.yml to org.yaml\n" in wps(tmp_path, *command, "std").stderr
    (inner / "org.yml").rename(inner / "org.yaml")
    (inner / "org.yaml").write_text("org: {name: a, environments: [dev]}\nfoo: 1\n")
    assert wps(tmp_path, *command, "std").stderr.endswith("\n  at std/org.yaml:2\n")


def test_policy_tests_of_a_commit(tmp_path: Path) -> None:
    """`wps policy test` takes what `wps standards check` takes: a directory, a commit here, and a commit elsewhere."""
    shutil.copytree(STANDARDS, tmp_path / "std")
    for arguments in (["init", "--quiet"], ["add", "std"],
                      ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "x"]):  # fmt: skip
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)
    for address in (f"git+{tmp_path}#HEAD:std", f"git+file://{tmp_path}#HEAD:std"):
        done = wps(tmp_path, "policy", "test", address)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("git:")
        assert done.stdout.endswith(" tests, 0 problems\n")
        named = wps(tmp_path, "init", "--config", address, WAYPAAS_STANDARDS="")
        assert (named.returncode, named.stderr) == (0, "")
    none = wps(tmp_path, "policy", "test", f"git+{tmp_path}#nope:std")
    assert (none.returncode, "it has no branch, tag or commit nope" in none.stderr) == (1, True)
    (tmp_path / "std" / "policy-tests.yaml").write_text("tests: [{can: deplyo}]\n")
    assert f"at {tmp_path}/std/policy-tests.yaml:1" in wps(tmp_path, "policy", "test", f"{tmp_path}/std").stderr


def test_naming_standards(tmp_path: Path) -> None:
    """A wrong --config is told as that; for a repository a path of it is written that is good in every checkout."""
    bare = {"WAYPAAS_STANDARDS": ""}
    done = wps(tmp_path, "init", "--config", "/nope", **bare)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (1, "  at the argument --config, /nope")
    assert "WAYPAAS_STANDARDS" not in done.stderr
    shutil.copytree(STANDARDS, tmp_path / "std")
    asked = ("init", "--repository", "--config", "std")
    outside = wps(tmp_path, *asked, **bare)
    assert (outside.returncode, "is in no git repository" in outside.stderr) == (1, True)
    assert not (tmp_path / ".waypaas.toml").exists()
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    inside = wps(tmp_path, *asked, **bare)
    assert (inside.returncode, inside.stderr) == (0, "")
    assert (tmp_path / ".waypaas.toml").read_text() == 'standards = "std"\n'
    assert wps(tmp_path, "explain", "--can", "deploy", "shop", "dev", **bare).returncode == 0


def test_who_can_be_locked(tmp_path: Path) -> None:
    """A kind that there is not is refused before any service is asked, with the nearest one."""
    for command in (["lock", "tem", "alpha", "--reason", "x"], ["unlock", "tem", "alpha"]):
        done = wps(tmp_path, *command)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == (
            "unknown kind tem\n  a lock is on a user, team, project or device\n  write team\n  at the argument KIND\n"
        )


def test_the_usage_of_explain(tmp_path: Path) -> None:
    """The help shows each argument once, in plain brackets."""
    usage = wps(tmp_path, "explain", "--help").stdout.splitlines()[0]
    assert usage == "Usage: wps explain [OPTIONS] [KEY] [ENV]"

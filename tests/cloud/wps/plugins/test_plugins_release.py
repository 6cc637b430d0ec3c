"""The release: its script refuses what does not agree, packages are in order, the workflow calls what is there."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[4]
SCRIPT = ROOT / "tools/release.py"
WORKFLOW = ROOT / ".github/workflows/release.yml"
VERSION = ROOT / "tools/version.py"
CHANGES = "# Changelog\n\n## 1.2.3 - 2026-01-01\n\n- all\n"


def release(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a step."""
    return subprocess.run(
        [sys.executable, SCRIPT, *arguments], env=os.environ | environ, capture_output=True, text=True, check=False,
        timeout=250,
    )  # fmt: skip


def git(checkout: Path, *arguments: str) -> None:
    """Run git in a checkout, as somebody."""
    who = ["-c", "user.name=somebody", "-c", "user.email=somebody@acme.example", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *arguments], cwd=checkout, check=True, capture_output=True)


def committed(checkout: Path, *tags: str) -> None:
    """Commit everything, and tag it."""
    git(checkout, "init", "-q")
    git(checkout, "add", "--all")
    git(checkout, "commit", "-q", "--allow-empty", "-m", "all")
    for tag in tags:
        git(checkout, "tag", "-a", "-m", "a release", tag)


def version(checkout: Path) -> str:
    """Ask a checkout's own copy of the tool for the version."""
    (checkout / "tools").mkdir(exist_ok=True)
    shutil.copy(VERSION, checkout / "tools")
    command = [sys.executable, checkout / "tools/version.py"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Give a checkout of a release in which everything agrees."""
    (tmp_path / "CHANGELOG.md").write_text(CHANGES)
    version(tmp_path)
    committed(tmp_path, "v1.2.3")
    return tmp_path


@pytest.mark.parametrize(
    ("tags", "after", "told"),
    [
        (("v1.2.3",), [], r"1\.2\.3"),
        (("v1.2.3", "other", "v9"), [], r"1\.2\.3"),
        (("v1.2.3rc1",), [], r"1\.2\.3rc1"),
        (("v1.2.3",), ["commit", "commit"], r"1\.2\.4\.dev2\+g[0-9a-f]{7,}"),
        (("v1.2.3rc1",), ["commit"], r"1\.2\.3rc2\.dev1\+g[0-9a-f]{7,}"),
        (("v1.2.9",), ["change"], r"1\.2\.10\.dev0\+g[0-9a-f]{7,}\.dirty"),
        ((), [], r"0\.1\.0\.dev1\+g[0-9a-f]{7,}"),
        ((), ["commit"], r"0\.1\.0\.dev2\+g[0-9a-f]{7,}"),
    ],
)
def test_the_version_is_that_of_the_tags(tmp_path: Path, tags: tuple[str, ...], after: list[str], told: str) -> None:
    """At a tag the version is that of the tag; behind it, or changed, it cannot be taken for it."""
    version(tmp_path)
    committed(tmp_path, *tags)
    for what in after:
        if what == "commit":
            committed(tmp_path)
        else:
            (tmp_path / "tools/version.py").write_text(f"{VERSION.read_text()}\n# changed\n")
    command = [sys.executable, tmp_path / "tools/version.py"]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    assert re.fullmatch(told, found)


def test_the_version_without_git(tmp_path: Path) -> None:
    """Files alone have the first version, an sdist its own; tags of a checkout around them are not theirs."""
    committed(tmp_path, "v8.8.8")
    inner = tmp_path / "inner"
    inner.mkdir()
    assert version(inner) == "0.1.0.dev0"
    (inner / "PKG-INFO").write_text("Metadata-Version: 2.4\nName: waypaas\nVersion: 1.2.3\n\nVersion: 4.5.6\n")
    assert version(inner) == "1.2.3"


def test_a_release_that_agrees(checkout: Path) -> None:
    """Where tag, version and changelog agree, the check passes."""
    done = release("check", "--tag", "v1.2.3", "--source", str(checkout))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("tag", "name", "text", "told"),
    [
        ("1.2.3", "README.md", "", "1.2.3 is no tag of a release"),
        ("v1.2.4", "README.md", "", "v1.2.4 is not the version\n  git tells 1.2.3\n"),
        (
            "v1.2.3",
            "tools/version.py",
            f"{VERSION.read_text()}# changed\n",
            "v1.2.3 is not the version\n  git tells 1.2.4.dev0+g",
        ),
        ("v1.3.0", "CHANGELOG.md", CHANGES.replace("1.2.3", "1.2.30"), "CHANGELOG.md does not tell of 1.3.0"),
    ],
)
def test_a_release_that_does_not_agree(checkout: Path, tag: str, name: str, text: str, told: str) -> None:
    """A wrong tag, version or changelog is refused, each with its own text."""
    (checkout / name).write_text(text)
    if tag == "v1.3.0":
        committed(checkout, tag)
    done = release("check", "--tag", tag, "--source", str(checkout))
    assert done.returncode == 1
    assert done.stderr.startswith(f"release: {told}")


def test_the_packages_are_in_order(sources: Path, tmp_path: Path) -> None:
    """Wheel and sdist have the tag's version and metadata as an index wants it, and both have the launcher."""
    copied = Path(shutil.copytree(sources, tmp_path / "copied"))
    committed(copied, "v7.8.9")
    out = tmp_path / "out"
    done = release("packages", "--source", str(copied), "--out", str(out))
    assert done.returncode == 0, done.stdout + done.stderr
    version = "7.8.9"
    wheel, sdist = out / f"waypaas-{version}-py3-none-any.whl", out / f"waypaas-{version}.tar.gz"
    launcher = "wps/pluginset/launcher/main.go"
    with zipfile.ZipFile(wheel) as opened:
        assert launcher in opened.namelist()
        assert b"\nVersion: 7.8.9\n" in opened.read(f"waypaas-{version}.dist-info/METADATA")
    with tarfile.open(sdist) as packed:
        names = packed.getnames()
    assert f"waypaas-{version}/{launcher}" in names
    assert f"waypaas-{version}/uv.lock" in names
    assert [name for name in names if "/dist/" in name or "/.venv/" in name] == []


def test_the_sums_are_those_of_the_files(tmp_path: Path) -> None:
    """SHA256SUMS names each file with its hash, and not itself; an empty directory is refused."""
    assert release("sums", "--out", str(tmp_path)).returncode == 1
    (tmp_path / "b").write_bytes(b"two")
    (tmp_path / "a").write_bytes(b"one")
    for _ in range(2):
        assert release("sums", "--out", str(tmp_path)).returncode == 0
    lines = [f"{hashlib.sha256(text).hexdigest()}  {name}\n" for name, text in (("a", b"one"), ("b", b"two"))]
    assert (tmp_path / "SHA256SUMS").read_text() == "".join(lines)


def runs() -> list[str]:
    """Give the commands of the workflow."""
    jobs: dict[str, Any] = yaml.safe_load(WORKFLOW.read_text())["jobs"]
    return [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]


def test_the_workflow_calls_what_is_there() -> None:
    """The steps that the workflow runs are those of the script, and `wps plugins publish` has its options."""
    text = "\n".join(runs())
    steps = set(re.findall(r"tools/release\.py (\w+)", text))
    assert steps == {"check", "packages", "plugins", "sums"}
    jobs = yaml.safe_load(WORKFLOW.read_text())["jobs"].values()
    fetched = [step["with"] for job in jobs for step in job["steps"] if "checkout" in step.get("uses", "")]
    assert [given.get("fetch-depth") for given in fetched] == [0] * 3  # the version is told by tags
    assert steps <= set(re.findall(r"\w+", release("--help").stdout))
    published = next(line for line in text.splitlines() if "wps plugins publish" in line)
    wps = Path(sys.executable).with_name("wps")
    told = subprocess.run([wps, "plugins", "publish", "--help"], capture_output=True, text=True, check=True).stdout
    assert [option for option in re.findall(r"--[a-z-]+", published) if option not in told] == []
    for command in runs():
        assert subprocess.run(["bash", "-n"], input=command, text=True, check=False).returncode == 0


def test_the_workflow_builds_for_every_platform() -> None:
    """Binaries are built on Linux, for both processors, and on macOS; each is started before anything is uploaded."""
    job = yaml.safe_load(WORKFLOW.read_text())["jobs"]["plugins"]
    runners = job["strategy"]["matrix"]["runner"]
    assert {(one.split("-")[0], one.endswith("-arm")) for one in runners} == {
        ("ubuntu", False),
        ("ubuntu", True),
        ("macos", False),
    }
    steps = [f"{step.get('run', '')}{step.get('uses', '')}" for step in job["steps"]]
    built, started, uploaded = (
        next(at for at, step in enumerate(steps) if word in step)
        for word in ("release.py plugins", "is a plugin of HashiCorp Waypoint", "upload-artifact")
    )
    assert built < started < uploaded


@pytest.mark.parametrize("starts", [True, False])
def test_the_workflow_ends_where_a_binary_does_not_start(tmp_path: Path, *, starts: bool) -> None:
    """The step that starts each binary is passed by those that say what they are, and ends the job at another."""
    said = "waypoint-plugin-x is a plugin of HashiCorp Waypoint: x" if starts else "Killed: 9"
    folder = tmp_path / "linux-amd64"
    folder.mkdir()
    (tmp_path / "dist").mkdir()
    (folder / "waypoint-plugin-x").write_text(f"#!/bin/sh\necho '{said}' >&2\nexit 1\n")
    (folder / "waypoint-plugin-x").chmod(0o755)
    (folder / "waypoint-plugin-x.cdx.json").touch()
    with tarfile.open(tmp_path / "dist/plugins-linux-amd64.tar", "w") as packed:
        packed.add(folder, "linux-amd64")
    (step,) = [command for command in runs() if "is a plugin of HashiCorp Waypoint" in command]
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step]  # as a runner calls it
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) is starts


def test_the_workflow_gives_no_right_that_is_not_needed() -> None:
    """No job has rights by default, only the one that publishes may write, and no secret stands in a command."""
    whole = yaml.safe_load(WORKFLOW.read_text())
    assert whole["permissions"] == {}
    writers = {name for name, job in whole["jobs"].items() if "write" in job["permissions"].values()}
    assert writers == {"publish"}
    assert whole["jobs"]["publish"]["environment"] == "release"
    assert [command for command in runs() if "secrets." in command or "github.token" in command] == []

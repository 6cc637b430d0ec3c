"""The release: its script refuses what does not agree, packages are in order, the workflow calls what is there."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[4]
SCRIPT = ROOT / "tools/release.py"
WORKFLOW = ROOT / ".github/workflows/release.yml"
PROJECT = '[project]\nname = "waypaas"\nversion = "1.2.3"\n'
LOCK = '[[package]]\nname = "waypaas"\nversion = "1.2.3"\n'
CHANGES = "# Changelog\n\n## 1.2.3 - 2026-01-01\n\n- all\n"


def release(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a step."""
    return subprocess.run(
        [sys.executable, SCRIPT, *arguments], env=os.environ | environ, capture_output=True, text=True, check=False,
        timeout=250,
    )  # fmt: skip


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Give a checkout in which everything agrees."""
    for name, text in (("pyproject.toml", PROJECT), ("uv.lock", LOCK), ("CHANGELOG.md", CHANGES)):
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_release_that_agrees(checkout: Path) -> None:
    """Where tag, version, lock and changelog agree, the check passes."""
    done = release("check", "--tag", "v1.2.3", "--source", str(checkout))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("tag", "name", "text", "told"),
    [
        ("1.2.3", "README.md", "", "1.2.3 is no tag of a release"),
        ("v1.2.4", "README.md", "", "v1.2.4 is not the version"),
        ("v1.2.3", "uv.lock", LOCK.replace("1.2.3", "1.2.2"), "v1.2.3 is not locked"),
        ("v1.2.3", "CHANGELOG.md", CHANGES.replace("1.2.3", "1.2.30"), "CHANGELOG.md does not tell of 1.2.3"),
    ],
)
def test_a_release_that_does_not_agree(checkout: Path, tag: str, name: str, text: str, told: str) -> None:
    """A wrong tag, version, lock or changelog is refused, each with its own text."""
    (checkout / name).write_text(text)
    done = release("check", "--tag", tag, "--source", str(checkout))
    assert done.returncode == 1
    assert done.stderr.startswith(f"release: {told}\n  ")


def test_the_packages_are_in_order(tmp_path: Path) -> None:
    """Wheel and sdist are built, their metadata is as an index wants it, and both have the launcher."""
    done = release("packages", "--out", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    wheel, sdist = tmp_path / f"waypaas-{version}-py3-none-any.whl", tmp_path / f"waypaas-{version}.tar.gz"
    launcher = "wps/pluginset/launcher/main.go"
    with zipfile.ZipFile(wheel) as opened:
        assert launcher in opened.namelist()
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
    assert steps <= set(re.findall(r"\w+", release("--help").stdout))
    published = next(line for line in text.splitlines() if "wps plugins publish" in line)
    wps = Path(sys.executable).with_name("wps")
    told = subprocess.run([wps, "plugins", "publish", "--help"], capture_output=True, text=True, check=True).stdout
    assert [option for option in re.findall(r"--[a-z-]+", published) if option not in told] == []
    for command in runs():
        assert subprocess.run(["bash", "-n"], input=command, text=True, check=False).returncode == 0


def test_the_workflow_gives_no_right_that_is_not_needed() -> None:
    """No job has rights by default, only the one that publishes may write, and no secret stands in a command."""
    whole = yaml.safe_load(WORKFLOW.read_text())
    assert whole["permissions"] == {}
    writers = {name for name, job in whole["jobs"].items() if "write" in job["permissions"].values()}
    assert writers == {"publish"}
    assert whole["jobs"]["publish"]["environment"] == "release"
    assert [command for command in runs() if "secrets." in command or "github.token" in command] == []

"""What a checkout is called: its commit, and what was changed since."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from team_ecr import commits

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a checkout with one commit."""
    for name, value in {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b.test",
                        "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b.test"}.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "main.txt").write_text("hello\n")
    (tmp_path / ".gitignore").write_text("*.log\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


def git(directory: Path, *arguments: str) -> str:
    """Run git."""
    done = subprocess.run(["git", *arguments], cwd=directory, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def read(directory: Path) -> commits.Commit:
    """Read what is checked out."""
    found = commits.read(directory)
    assert found is not None
    return found


def test_a_clean_checkout(checkout: Path) -> None:
    """The tag is the beginning of the commit, wherever in the checkout the app is."""
    sha = git(checkout, "rev-parse", "HEAD")
    assert read(checkout / "app") == commits.Commit(sha)
    assert read(checkout / "app").tag == sha[:12]


@pytest.mark.parametrize("name", ["app/main.txt", "new.txt", "app/ä ö.txt"])
def test_changes_have_a_name(checkout: Path, name: str) -> None:
    """A changed or new file changes the tag; the same change has the same tag, another one another."""
    clean = read(checkout)
    (checkout / name).write_text("changed\n")
    changed = read(checkout)
    assert changed.tag.startswith(f"{clean.tag}-dirty-")
    assert read(checkout / "app") == changed
    (checkout / name).write_text("changed again\n")
    assert read(checkout).tag not in {clean.tag, changed.tag}


@pytest.mark.parametrize("name", ["app/trace.log", ".waypoint/plugins/x", "data.db", "waypoint-restore.db.lock"])
def test_what_does_not_count(checkout: Path, name: str) -> None:
    """What git ignores, and what Waypoint writes beside its file, is no change."""
    (checkout / name).parent.mkdir(parents=True, exist_ok=True)
    (checkout / name).write_text("x")
    assert read(checkout).changes == ""


def test_no_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory outside of git, a checkout without a commit, and a machine without git have no commit."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert commits.read(tmp_path) is None
    git(tmp_path, "init", "-q")
    assert commits.read(tmp_path) is None
    monkeypatch.setenv("PATH", "/nonexistent")
    assert commits.read(tmp_path) is None

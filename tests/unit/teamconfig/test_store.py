"""Stores: a directory as it is now, a git repository at one commit; and where standards are looked for."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

import teamconfig
from teamconfig import StandardsError, settings, source
from teamconfig.store import directory, git

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

ORG = "org: {{name: {}, environments: [dev]}}\n"
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def _write(root: Path, files: Mapping[str, str]) -> Path:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


def _environ(home: Path) -> dict[str, str]:
    return {
        "HOME": str(home), "PATH": os.environ["PATH"], "XDG_CACHE_HOME": str(home / "cache"),
        "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null",
    }  # fmt: skip


def _git(root: Path, *arguments: str) -> str:
    who = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main")
    done = subprocess.run(
        ("git", "-C", str(root), *who, *arguments), capture_output=True, text=True, check=True, env=_environ(root)
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git repository of standards with one commit."""
    root = tmp_path / "repository"
    root.mkdir()
    _git(root, "init", "--quiet")
    _write(root, {"org.yaml": ORG.format("first"), "sub/org.yaml": ORG.format("inner")})
    _git(root, "add", "-A")
    _git(root, "commit", "--quiet", "-m", "first")
    return root


@pytest.fixture
def served(repository: Path) -> Iterator[str]:
    """Serve the repository by a real git daemon on loopback; give its URL."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    where = ["--listen=127.0.0.1", f"--port={port}", f"--base-path={repository.parent}"]
    command = ["git", "daemon", "--export-all", "--reuseaddr", "--informative-errors", *where]
    environ = os.environ | {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environ, start_new_session=True) as daemon:
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.05)
        yield f"git://127.0.0.1:{port}/repository"
        os.killpg(daemon.pid, signal.SIGTERM)


def _load(address: str, base: Path, **options: timedelta | datetime | None) -> teamconfig.tree.Tree:  # type: ignore[name-defined]
    place = git.location(address, base)
    now = options.get("now") or NOW
    stale = options.get("stale_for")
    assert isinstance(now, datetime)
    assert stale is None or isinstance(stale, timedelta)
    return git.load(place, _environ(base), now=now, stale_for=stale)


def test_directory_revision_names_the_content(tmp_path: Path) -> None:
    """Equal files have an equal revision wherever they lie; another byte has another."""
    one = directory.load(_write(tmp_path / "one", {"org.yaml": ORG.format("a")}))
    same = directory.load(
        _write(tmp_path / "same", {"org.yaml": ORG.format("a"), ".git/x.yaml": "[", "README.md": "["})
    )
    other = directory.load(_write(tmp_path / "other", {"org.yaml": ORG.format("b")}))
    assert one.revision == same.revision != other.revision
    assert one.revision.startswith("dir:")


def test_directory_missing(tmp_path: Path) -> None:
    """A directory that does not exist is told with the way to mend it."""
    with pytest.raises(StandardsError) as caught:
        directory.load(tmp_path / "none")
    assert caught.value.kind == "missing"
    assert str(caught.value) == (
        f"standards {tmp_path}/none cannot be read\n  there is no such directory\n"
        f"  correct WAYPAAS_STANDARDS or .waypaas.toml, or create it\n  at {tmp_path}/none"
    )


@pytest.mark.parametrize("kind", ["file", "folder", "loop", "fifo"])
def test_directory_refuses_what_leads_out_of_it(tmp_path: Path, kind: str) -> None:
    """A link out of the tree, a linked directory and what is no regular file are refused, never read."""
    root = _write(tmp_path / "root", {"org.yaml": ORG.format("a"), "teams/a/team.yaml": "team: {}\n"})
    outside = _write(tmp_path / "outside", {"secret.yaml": "password: hunter2\n"})
    place = root / "teams" / "a" / "environments"
    if kind == "file":
        place.mkdir()
        (place / "dev.yaml").symlink_to(outside / "secret.yaml")
    elif kind == "fifo":
        place.mkdir()
        os.mkfifo(place / "dev.yaml")
    else:
        place.symlink_to(outside if kind == "folder" else root)
    with pytest.raises(StandardsError) as caught:
        directory.load(root)
    assert "teams/a/environments" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_directory_reads_links_within(tmp_path: Path) -> None:
    """A mounted ConfigMap, whose files are links into a hidden directory beside them, is read."""
    root = _write(tmp_path, {"..data/org.yaml": ORG.format("mounted")})
    (root / "org.yaml").symlink_to("..data/org.yaml")
    assert directory.load(root).org.name == "mounted"


def test_git_reads_the_commit_and_not_the_working_tree(repository: Path) -> None:
    """What is not committed does not count, whatever the working tree and the index hold."""
    commit = _git(repository, "rev-parse", "HEAD")
    _write(repository, {"org.yaml": "not: [valid", "environments/none.yaml": "x"})
    _git(repository, "add", "-A")
    tree = _load(f"git+{repository}#main", repository.parent)
    assert tree.org.name == "first"
    assert tree.revision == f"git:{commit[:12]}"


def test_git_reads_one_revision_while_another_arrives(repository: Path) -> None:
    """While commits arrive that change every file together, each read gives files of one commit, never a mix."""
    files = {f"teams/t{number}/team.yaml": "" for number in range(20)}
    for step in range(6):
        _write(repository, {"org.yaml": ORG.format(f"v{step}")})
        _write(repository, dict.fromkeys(files, f"team: {{owner: v{step}}}\n"))
        _git(repository, "add", "-A")
        _git(repository, "commit", "--quiet", "-m", f"step {step}")
    again = "for i in 1 2 3 4 5 6 7 8; do git checkout -q -B moving main~$((i % 5)) || exit 1; done"
    _git(repository, "branch", "moving", "main~3")
    with subprocess.Popen(("sh", "-c", again), cwd=repository, env=_environ(repository)) as mover:
        seen = set()
        while mover.poll() is None:
            tree = _load(f"git+{repository}#moving", repository.parent)
            owners = {team.owner for team in tree.teams.values()}
            assert owners == {tree.org.name}
            seen.add(tree.org.name)
    assert seen
    assert mover.returncode == 0


def test_git_reads_a_folder_and_an_older_ref(repository: Path) -> None:
    """A folder of the repository, and any ref, can be named."""
    assert _load(f"git+{repository}#main:sub", repository.parent).org.name == "inner"
    first = _git(repository, "rev-parse", "HEAD")
    _write(repository, {"org.yaml": ORG.format("second")})
    _git(repository, "commit", "--quiet", "-am", "second")
    assert _load(f"git+{repository}", repository.parent).org.name == "second"
    assert _load(f"git+{repository}#{first}", repository.parent).org.name == "first"


def test_git_remote_is_fetched_anew_each_time(repository: Path, served: str) -> None:
    """A repository at a URL is read at what the ref is now; local state of git in the environment does not matter."""
    url = f"git+{served}#main"
    assert _load(url, repository.parent).org.name == "first"
    _write(repository, {"org.yaml": ORG.format("second")})
    _git(repository, "commit", "--quiet", "-am", "second")
    tree = _load(url, repository.parent)
    assert (tree.org.name, tree.note) == ("second", "")


def test_behaviour_06_git_unreachable_is_an_error_or_a_copy_with_its_age(repository: Path, served: str) -> None:
    """A remote that is gone is an error; the cached copy stands in only if allowed, up to an age, and says so."""
    url = f"git+{served}#main"
    _load(url, repository.parent)
    repository.rename(repository.with_name("gone"))
    later = NOW + timedelta(hours=2)
    with pytest.raises(StandardsError) as caught:
        _load(url, repository.parent, now=later)
    assert caught.value.kind == "missing"
    assert str(caught.value) == (
        f"standards {url} cannot be read\n"
        "  there is no such repository; the copy from 2h ago is not used unless allowed\n"
        "  correct the address, or ask for access, or set WAYPAAS_STANDARDS_MAX_AGE to more than 2h\n"
        f"  at {url}"
    )
    tree = _load(url, repository.parent, now=later, stale_for=timedelta(hours=3))
    assert tree.org.name == "first"
    assert tree.note.endswith("using the copy from 2h ago")
    with pytest.raises(StandardsError, match="cannot be read") as caught:
        _load(url, repository.parent, now=later, stale_for=timedelta(hours=1))
    assert "is older than 1h" in str(caught.value)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("#main:sub/none", "org.yaml is missing"),
        ("#nobranch", "it has no branch, tag or commit nobranch"),
    ],
)
def test_git_names_what_is_not_there(repository: Path, address: str, why: str) -> None:
    """A ref or folder that does not exist is told in our words."""
    with pytest.raises(StandardsError) as caught:
        _load(f"git+{repository}{address}", repository.parent)
    assert why in str(caught.value)
    assert "fatal" not in str(caught.value)


def test_git_refuses_links(repository: Path) -> None:
    """A link in a commit is refused, as what it leads to is not part of the commit."""
    (repository / "environments").mkdir()
    (repository / "environments" / "dev.yaml").symlink_to("/etc/passwd")
    _git(repository, "add", "-A")
    _git(repository, "commit", "--quiet", "-m", "link")
    with pytest.raises(StandardsError, match=r"environments/dev\.yaml is a link"):
        _load(f"git+{repository}", repository.parent)


@pytest.mark.parametrize(
    "address",
    [
        "git+", "git+--upload-pack=touch x", "git+ext::sh -c true", "git+/x#--output=x", "git+/x#a..b", "git+/x#a b",
        "git+/x#-x", "git+/x#main:../..", "git+ftp://example.com/x", "git+https://user:hunter2@example.com/x",
        "git+https://hunter2@example.com/x", "git+HTTPS://u:hunter2@example.com/x", "git+https://u:a/hunter2@h.com/x",
    ],
)  # fmt: skip
def test_addresses_that_git_could_misread_are_refused(tmp_path: Path, address: str) -> None:
    """Options, transports that run programs, odd refs and passwords never reach git, nor an error text."""
    with pytest.raises(StandardsError) as caught:
        git.location(address, tmp_path)
    assert "hunter2" not in str(caught.value)
    assert caught.value.kind == "state"


def test_a_repository_cannot_name_a_program_to_run(repository: Path, tmp_path: Path) -> None:
    """A repository that lacks an object on purpose, and names a program to fetch it by, does not get it run."""
    blob = _git(repository, "rev-parse", "HEAD:org.yaml")
    (repository / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    proof = tmp_path / "proof"
    for name, value in {
        "core.repositoryFormatVersion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.promisor": "true",
        "remote.origin.url": str(repository),
        "remote.origin.uploadpack": f"touch {proof};",
        "protocol.file.allow": "always",
    }.items():
        _git(repository, "config", name, value)
    for address in (f"git+{repository}", f"git+file://{repository}"):
        with pytest.raises(StandardsError):
            _load(address, tmp_path)
    assert not proof.exists()


def test_git_missing(repository: Path) -> None:
    """A machine without git is told so."""
    with pytest.raises(StandardsError, match="cannot be read") as caught:
        git.load(git.location(f"git+{repository}", repository), {"PATH": "/nonexistent"}, now=NOW)
    assert "the program git is not installed" in str(caught.value)


def test_found_in_the_order_of_the_documentation(tmp_path: Path) -> None:
    """The variable counts before the repository's file, that before the user's; relative paths belong to their file."""
    _write(tmp_path / "standards", {"org.yaml": ORG.format("repository")})
    _write(tmp_path / "home" / "waypaas" / "own", {"org.yaml": ORG.format("user")})
    _write(tmp_path / "named", {"org.yaml": ORG.format("variable")})
    _write(tmp_path, {".waypaas.toml": 'standards = "standards"\n'})
    _write(tmp_path / "home", {"waypaas/config.toml": 'standards = "own"\n'})
    app = tmp_path / "src" / "web"
    app.mkdir(parents=True)
    environ = {"XDG_CONFIG_HOME": str(tmp_path / "home")}
    named = {**environ, "WAYPAAS_STANDARDS": str(tmp_path / "named")}
    assert teamconfig.load(app, named).org.name == "variable"
    assert teamconfig.load(app, environ).org.name == "repository"
    (tmp_path / "src" / ".git").mkdir()
    assert teamconfig.load(app, environ).org.name == "user"


@pytest.mark.parametrize(
    ("address", "sure"),
    [
        ("git+https://git.example/s.git", True), ("git+ssh://git@git.example/s.git", True),
        ("git+git@git.example:s.git", True), ("git+/srv/s.git", True),
        ("git+http://git.example/s.git", False), ("git+git://git.example/s.git", False),
    ],
)  # fmt: skip
def test_some_addresses_do_not_prove_who_answers(tmp_path: Path, address: str, *, sure: bool) -> None:
    """Over http:// and git:// anybody on the way can answer; a service takes them only with signed commits."""
    assert git.is_authenticated(git.location(f"{address}#main", tmp_path)) is sure


def test_behaviour_06_no_standards_tells_the_three_ways(tmp_path: Path) -> None:
    """Without any standards the user reads where they can be named; there is no silent default."""
    (tmp_path / ".git").mkdir()
    with pytest.raises(StandardsError) as caught:
        source.load(tmp_path, {"XDG_CONFIG_HOME": str(tmp_path / "none")})
    assert caught.value.kind == "missing"
    for part in ("WAYPAAS_STANDARDS", ".waypaas.toml", f"{tmp_path}/none/waypaas/config.toml"):
        assert part in str(caught.value)


def test_broken_config_is_told(tmp_path: Path) -> None:
    """A key that .waypaas.toml does not have is an error with its file, naming the nearest."""
    _write(tmp_path, {".waypaas.toml": 'standard = "x"\n'})
    with pytest.raises(StandardsError) as caught:
        settings.find(tmp_path, {})
    assert "write standards" in str(caught.value)
    assert str(caught.value).endswith(".waypaas.toml")

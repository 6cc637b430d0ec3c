"""The service's clone of the standards: with which credentials it is fetched, and what it is good for at a start."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from teamconfig.errors import StandardsError
from teamconfig.service.revisions import Revisions
from teamconfig.service.taking import Taking
from teamconfig.state import database
from teamconfig.state.writer import Writer
from teamconfig.store import git
from teamconfig.store.history import History

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[3]
MOUNT = "/run/secrets/waypaas/git"
TOKEN = "glpat-only-for-this-test"


class Handler(SimpleHTTPRequestHandler):
    """Serves a repository's files, as a web server without git does, to who has the token."""

    def do_GET(self) -> None:
        """Answer, or ask for credentials."""
        wanted = base64.b64encode(f"waypaas:{TOKEN}".encode()).decode()
        if self.headers.get("Authorization") == f"Basic {wanted}":
            super().do_GET()
            return
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="git"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Remote:
    """A repository of standards behind HTTP with basic authentication."""

    def __init__(self, directory: Path) -> None:
        self.work = directory / "work"
        self.bare = directory / "served" / "standards.git"
        shutil.copytree(ROOT / "examples" / "standards", self.work)
        self._git("init", "-q", "-b", "main")
        self.commit("first")
        handler = partial(Handler, directory=str(self.bare.parent))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        self.place = git.location(f"git+http://127.0.0.1:{self._server.server_port}/standards.git#main", directory)

    def commit(self, text: str) -> str:
        """Commit what is there, and serve it; give the name of the commit."""
        self._git("add", "-A")
        self._git("commit", "-q", "--allow-empty", "-m", text)
        self._publish()
        return self._git("rev-parse", "HEAD")

    def break_it(self) -> None:
        """Serve standards that cannot be read."""
        (self.work / "org.yaml").write_text("org: {nam: acme}\n")
        self.commit("broken")

    def rewrite(self) -> None:
        """Serve a history that has nothing in common with the one before."""
        self._git("checkout", "-q", "--orphan", "other")
        self._git("branch", "-q", "-D", "main")
        self._git("branch", "-q", "-m", "main")
        self.commit("all anew")

    def close(self) -> None:
        """Serve no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _publish(self) -> None:
        shutil.rmtree(self.bare, ignore_errors=True)
        self._git("clone", "-q", "--bare", str(self.work), str(self.bare))
        self._git("-C", str(self.bare), "update-server-info")

    def _git(self, *words: str) -> str:
        own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        who = ["-c", "user.name=test", "-c", "user.email=test@corp.example", "-c", "commit.gpgsign=false"]
        command = ["git", "-C", str(self.work), *who, *words]
        return subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | own).stdout.strip()


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[Remote]:
    """Give a repository that is served."""
    made = Remote(tmp_path)
    yield made
    made.close()


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Give the environment of the pod, with the Secret `waypaas-git` as deploy/README.md writes it."""
    readme = (ROOT / "deploy" / "README.md").read_text()
    mount = tmp_path / "secret"
    mount.mkdir()
    for name, language in (("config", "ini"), ("credentials", "text")):
        (text,) = re.findall(rf"^```{language}\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
        (mount / name).write_text(text.replace(MOUNT, str(mount)).replace("TOKEN", TOKEN))
    deployment = (ROOT / "deploy" / "base" / "deployment.yaml").read_text()
    (config,) = re.findall(r"- name: GIT_CONFIG_GLOBAL\n\s+value: (\S+)", deployment)
    return {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_CONFIG_GLOBAL": config.replace(MOUNT, str(mount)), "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }  # fmt: skip


def test_git_takes_the_credentials_of_the_secret(remote: Remote, environ: dict[str, str]) -> None:
    """With the two files of the README the clone is fetched, and without them git says that it lacks credentials."""
    assert "org.yaml" in (source := History(remote.place, environ)).files(source.newest())
    with pytest.raises(StandardsError, match="credentials"):
        History(remote.place, environ | {"GIT_CONFIG_GLOBAL": "/run/secrets/none"}).newest()


@pytest.mark.parametrize(
    ("kept", "happens", "serves"),
    [
        (True, "away", True), (True, "broken", True), (True, "rewritten", True),
        (False, "away", False), (False, "broken", True), (False, "rewritten", False),
    ],
)  # fmt: skip
def test_what_serves_after_a_start(
    remote: Remote, environ: dict[str, str], tmp_path: Path, *, kept: bool, happens: str, serves: bool
) -> None:
    """The table of docs/service/faults.md: which start has the last revision, with the clone and without it."""
    first = started(remote, environ, tmp_path)
    assert first
    if not kept:
        shutil.rmtree(environ["XDG_CACHE_HOME"])
    {"away": lambda: shutil.rmtree(remote.bare), "broken": remote.break_it, "rewritten": remote.rewrite}[happens]()
    assert started(remote, environ, tmp_path) == (first if serves else "")
    assert table()["is still there" if kept else "is lost, as in a new pod"][happens] == serves


def started(remote: Remote, environ: dict[str, str], place: Path) -> str:
    """Start as the service does; give the commit that it serves, or nothing."""
    kept = database.open(f"sqlite:///{place}/service.db")
    kept.upgrade()
    writer = Writer(kept, b"k" * 32)
    source = History(remote.place, environ)
    taking = Taking(source, kept, writer, {}, lambda: 1.0, signed=False)
    revisions = Revisions(source, taking.check, str(remote.place), taking.serial)
    revisions.look()
    before = taking.last()
    if revisions.current is None and before is not None:
        revisions.resume(before.name, before.commit)
    writer.close()
    kept.close()
    return revisions.current.commit if revisions.current is not None else ""


def table() -> dict[str, dict[str, bool]]:
    """Give the table of docs/service/faults.md: what serves, by the clone and by what happens."""
    lines = (ROOT / "docs" / "service" / "faults.md").read_text().splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| is ")]
    return {
        row[0]: {name: cell.startswith("the last one serves") for name, cell in
                 zip(("away", "broken", "rewritten"), row[1:], strict=True)}
        for row in rows
    }  # fmt: skip

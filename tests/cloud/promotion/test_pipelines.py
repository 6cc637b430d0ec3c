"""`wps ci init`: the files are valid, store no secret, and their commands bring an image from a push to production."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pipelines
import pytest

from testservers import installing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shop import Shop

pytestmark = pytest.mark.flaky(reruns=1, only_rerun="HostHungError")

PATHS = {"github": ".github/workflows/waypaas.yml", "gitlab": ".gitlab-ci.yml", "jenkins": "Jenkinsfile"}
READERS = {"github": pipelines.github, "gitlab": pipelines.gitlab, "jenkins": pipelines.jenkins}
IMAGE = ("--image", "registry.test/ci/waypaas:1")
PUSH, BY_HAND, DELETE, TIMER = "push", "workflow_dispatch", "delete", "schedule"
VARIABLES = {"github": "BRANCH_NAME", "gitlab": "CI_COMMIT_REF_NAME", "jenkins": "BRANCH_NAME"}


def written(shop: Shop, provider: str, *more: str) -> str:
    """Write a pipeline; give its text."""
    shop.wps("ci", "init", "--provider", provider, *IMAGE, *more)
    return (shop.app / PATHS[provider]).read_text()


@contextmanager
def git_server(shop: Shop) -> Iterator[str]:
    """Serve an empty repository by git's own server on loopback; give its URL."""
    root = shop.app.parent / "git"
    subprocess.run(["git", "init", "-q", "--bare", root / "shop.git"], check=True)
    port = installing.free_port()
    command = ["git", "daemon", "--listen=127.0.0.1", f"--port={port}", f"--base-path={root}", "--export-all",
               "--enable=receive-pack", "--reuseaddr", root]  # fmt: skip
    with installing.Program("git daemon", command, root / "daemon.log") as program:
        program.wait_until(lambda: installing.listens(port), 20)
        yield f"git://127.0.0.1:{port}/shop.git"


class Runner:
    """A CI runner: it fetches what was pushed into its one directory, and runs the jobs that the pipeline has for it.

    Args:
        shop: The app.
        url: Of the repository.
    """

    def __init__(self, shop: Shop, url: str) -> None:
        self.shop, self.url = shop, url
        self.folder = shop.app.parent / "runner" / "shop"
        tools = shop.app.parent / "tools"
        tools.mkdir()
        (tools / "waypoint").symlink_to(shop.environ["WAYPOINT_BIN"])
        wps = Path(sys.executable).parent
        self.environ = {name: value for name, value in shop.environ.items() if name != "WAYPOINT_BIN"} | {
            "PATH": os.pathsep.join([str(wps), str(tools), shop.environ["PATH"]]), "CI": "true",
        }  # fmt: skip

    def git(self, *arguments: str) -> None:
        """Run git in the runner's directory."""
        subprocess.run(["git", *arguments], cwd=self.folder, env=self.environ, check=True, timeout=60)

    def wps(self, *arguments: str) -> str:
        """Run wps in the runner's directory; give its output."""
        command = [str(Path(sys.executable).parent / "wps"), *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environ, check=True, timeout=100, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        return done.stdout

    def run(self, branch: str, event: str, about: str = "") -> dict[str, int]:
        """Check a branch out and run its jobs, about that branch or another one; give their exit codes."""
        if not self.folder.exists():
            self.folder.mkdir(parents=True)
            self.git("init", "-q")
            self.git("remote", "add", "origin", self.url)
        self.git("fetch", "-q", self.url, branch)
        self.git("checkout", "-q", "--force", "--detach", "FETCH_HEAD")
        found = pipelines.github((self.folder / PATHS["github"]).read_text(), branch, event)
        return {name: self._job("\n".join(lines), about or branch) for name, lines in found.items()}

    def _job(self, script: str, about: str) -> int:
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environ | {"BRANCH_NAME": about}, check=False, timeout=200,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        return done.returncode


@pytest.mark.parametrize("service", [False, True])
@pytest.mark.parametrize("provider", ["github", "gitlab"])
def test_files_keep_the_published_schemas(shop: Shop, provider: str, *, service: bool) -> None:
    """What is written for GitHub and GitLab is valid by their published schemas, with and without a service."""
    text = written(shop, provider, "--preview")
    assert "wps preview up" in text
    if service:
        from wps.pipelines import flow, github, gitlab  # noqa: PLC0415  # beside the command's own way

        system = {"github": github, "gitlab": gitlab}[provider]
        stages = flow.stages(("dev", "staging", "production"), "dev", "main")
        made = flow.Flow("web", "i", stages, "dev", "main", "waypaas.test:7443", "https://waypaas.test",
                         has_previews=True)  # fmt: skip
        text = system.text(made)
        assert "https://waypaas.test" in text
        assert "wps init --service waypaas.test:7443" in text
        (shop.app / PATHS[provider]).write_text(text)
    assert pipelines.check(provider, shop.app / PATHS[provider]) == ""
    broken = shop.app / "broken.yml"
    broken.write_text(re.sub(r"runs-on: |stages: ", "unknown: ", text))
    assert pipelines.check(provider, broken), "the schema tells what is wrong"


def test_all_providers_run_the_same_commands(shop: Shop) -> None:
    """On each branch and at each event the three pipelines run the same commands, and each environment has its own."""
    texts = {provider: written(shop, provider) for provider in PATHS}
    for branch, event, names in (
        ("feature/x", PUSH, ["check"]), ("dev", PUSH, ["dev"]), ("main", PUSH, ["staging"]),
        ("main", BY_HAND, ["production"]), ("dev", BY_HAND, []), ("feature/x", BY_HAND, []),
    ):  # fmt: skip
        jobs = [READERS[provider](text, branch, event) for provider, text in texts.items()]
        if event == BY_HAND and branch == "feature/x":
            jobs = [{name: lines for name, lines in one.items() if name != "check"} for one in jobs]
        assert [list(one) for one in jobs] == [names] * 3, (branch, event)
        assert jobs[0] == jobs[1] == jobs[2]
    for text in texts.values():
        assert not re.search(r"(?i)password|secret(?! is stored)|api[-_]?key", text)
        assert "registry.test/ci/waypaas:1" in text


def test_previews_begin_and_end_by_the_same_commands(shop: Shop) -> None:
    """A pushed branch has a preview, a deleted one ends it, a timer sweeps; no timer starts a promotion."""
    shop.standards("dev", preview={"enabled": True})
    texts = {provider: written(shop, provider) for provider in PATHS}
    for branch, event, names in (
        ("feature/x", PUSH, ["check", "preview-branch"]), ("dev", PUSH, ["dev"]), ("main", PUSH, ["staging"]),
        ("main", BY_HAND, ["production"]), ("main", TIMER, ["preview-sweep"]), ("feature/x", DELETE, ["preview-end"]),
    ):  # fmt: skip
        jobs = {provider: READERS[provider](text, branch, event) for provider, text in texts.items()}
        if event == DELETE:
            assert jobs.pop("jenkins") == {}, "Jenkins starts nothing for a deleted branch"
        assert [list(one) for one in jobs.values()] == [names] * len(jobs), (branch, event)
        for provider, found in jobs.items():
            told = [line.replace(" --gone", "").replace(f"${VARIABLES[provider]}", "$B") for line in found[names[-1]]]
            assert told == {
                "preview-branch": ['wps preview up --branch "$B"'], "preview-end": ['wps preview down --branch "$B"'],
                "preview-sweep": ["wps preview sweep"],
                "dev": ["wps promote --to dev --yes"],
                "staging": ["wps promote --to staging --commit HEAD --yes"],
                "production": ["wps promote --to production --commit HEAD --yes"],
            }[names[-1]]  # fmt: skip
    assert list(pipelines.github(texts["github"], "v1", PUSH, "tag")) == ["check"], "a tag is no branch"
    assert "buildingTag" in texts["jenkins"]
    for provider in PATHS:
        assert "wps preview" not in written(shop, provider, "--no-preview", "--yes")


def test_a_branch_has_a_preview_until_it_is_gone(shop: Shop) -> None:
    """From a real git server: a pushed branch gets a preview by the job's own shell, and loses it with the branch."""
    shop.standards("dev", preview={"enabled": True})
    written(shop, "github")
    branch = 'feature/it\'s-$(>x)-"odd"'
    shop.write("a version")
    with git_server(shop) as url:
        runner = Runner(shop, url)
        shop.workshop.git("push", "-q", url, f"HEAD:refs/heads/{branch}", "HEAD:refs/heads/main")
        assert runner.run(branch, PUSH) == {"check": 0, "preview-branch": 0}
        assert not (runner.folder / "x").exists()
        (there,) = json.loads(runner.wps("preview", "list", "--json"))
        assert there["branch"] == branch
        assert runner.run("main", TIMER) == {"preview-sweep": 0}
        assert len(json.loads(runner.wps("preview", "list", "--json"))) == 1
        shop.workshop.git("push", "-q", url, "--delete", branch)
        assert runner.run("main", DELETE, branch) == {"preview-end": 0}
        assert json.loads(runner.wps("preview", "list", "--json")) == []


def test_a_push_goes_to_production(shop: Shop) -> None:
    """From a real git server: a branch builds, dev deploys, main brings its digest to staging, a hand to production."""
    written(shop, "github")
    digest = shop.write("a version")
    with git_server(shop) as url:
        runner = Runner(shop, url)
        for branch, event, expected in (
            ("feature/x", PUSH, {"check": 0}), ("dev", PUSH, {"dev": 0}), ("main", PUSH, {"staging": 0}),
            ("main", BY_HAND, {"production": 0}),
        ):  # fmt: skip
            shop.workshop.git("push", "-q", url, f"HEAD:refs/heads/{branch}")
            assert runner.run(branch, event) == expected
    assert [shop.serves(name) for name in ("dev", "staging", "production")] == [digest] * 3


def test_a_file_that_is_there_is_not_replaced_unasked(shop: Shop) -> None:
    """Another pipeline is shown as a diff and kept, unless --yes is given; what must not stand in one is refused."""
    path = shop.app / PATHS["gitlab"]
    path.write_text("stages: [mine]\n")
    told = shop.wps("ci", "init", "--provider", "gitlab", *IMAGE, code=1)
    assert "-stages: [mine]" in told
    assert path.read_text() == "stages: [mine]\n"
    written(shop, "gitlab", "--yes")
    assert "is as it should be" in shop.wps("ci", "init", "--provider", "gitlab", *IMAGE)
    for name, value in (
        ("--image", 'x"; rm'),
        ("--dev-branch", "a b"),
        ("--audience", "$(x)"),
        ("--provider", "travis"),
    ):
        arguments = {"--provider": "github", "--image": "i", name: value}
        shop.wps("ci", "init", *(word for pair in arguments.items() for word in pair), code=2)

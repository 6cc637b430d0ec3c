"""An app with its standards, its git checkout and a builder beside it; Waypoint is played by the SDK's own host."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from waypaas_sdk.gen.docker.docker_pb2 import Image
from waypaas_sdk.gen.hashicorp.waypoint.sdk import arguments_pb2
from waypaas_sdk.testing.host import PluginHost
from waypaas_sdk.wire import anys

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Args = arguments_pb2.Args
PROGRAM = str(Path(sys.executable).parent / "waypoint-plugin-team-ecr")
BUILDER = Path(__file__).with_name("ecrbuilder.py")
ORG = "org:\n  name: acme\n  contact: '#platform'\n  environments: [dev, staging, production]\n"
TEAM = "team:\n  owner: '#payments'\n  projects: [shop]\n"


class Workshop:
    """An app "web" of the project "shop".

    Args:
        directory: Gets everything.
    """

    def __init__(self, directory: Path) -> None:
        self.app = directory / "app"
        self.standards = directory / "standards"
        (self.app / ".waypoint" / "plugins").mkdir(parents=True)
        (self.app / ".waypaas.toml").write_text(f'standards = "{self.standards}"\n')
        (self.app / "main.txt").write_text("hello\n")
        program = self.app / ".waypoint" / "plugins" / "waypoint-plugin-testbuilder"
        program.write_text(f'#!/bin/sh\nexec {sys.executable} {BUILDER} "$@"\n')
        program.chmod(0o755)
        self._write("org.yaml", ORG)
        self._write("teams/payments/team.yaml", TEAM)
        self.environ = os.environ | {
            "HOME": str(directory / "home"), "XDG_CACHE_HOME": str(directory / "cache"),
            "DOCKER_CONFIG": str(directory / "docker"),
            "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b.test",
            "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b.test",
        }  # fmt: skip
        self.git("init", "-q")
        self.commit("first")

    def _write(self, name: str, text: str) -> None:
        path = self.standards / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def environment(self, name: str, **registry: Any) -> None:
        """Write the standards of an environment: its section registry."""
        self._write(f"environments/{name}.yaml", json.dumps({"standards": {"registry": registry}}))

    def git(self, *arguments: str) -> str:
        """Run git in the checkout."""
        done = subprocess.run(
            ["git", *arguments], cwd=self.app, env=self.environ, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(self, text: str) -> str:
        """Commit something; give the tag of the commit."""
        (self.app / "main.txt").write_text(f"{text}\n")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", text)
        return self.git("rev-parse", "HEAD")[:12]

    def login(self, host: str, user: str, password: str) -> None:
        """Sign in to a registry, as `docker login` does."""
        path = Path(self.environ["DOCKER_CONFIG"]) / "config.json"
        path.parent.mkdir(exist_ok=True)
        auths = json.loads(path.read_text())["auths"] if path.exists() else {}
        auths[host] = {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}
        path.write_text(json.dumps({"auths": auths}))

    @contextmanager
    def host(self, environ: Mapping[str, str] | None = None) -> Iterator[PluginHost]:
        """Start the plugin."""
        with PluginHost([PROGRAM], environ=self.environ | dict(environ or {})) as started:
            yield started

    def given(self, workspace: str) -> tuple[Any, ...]:
        """Give what says whose image it is."""
        job = Args.JobInfo(local=True, workspace=workspace, id="1", project="shop", app="web")
        return Args.Source(app="web", path=str(self.app)), job

    def build(
        self, workspace: str, *, rpc: str = "Build", has_registry: bool = False,
        environ: Mapping[str, str] | None = None, **options: Any,
    ) -> Built:  # fmt: skip
        """Build in a workspace, in a process of its own."""
        with self.host(environ) as host:
            host.configure("builder", options)
            reply = host.invoke("builder", rpc, *self.given(workspace), HasRegistry=has_registry)
            return Built(reply, host.ui.text)

    def push(self, workspace: str, image: Image, environ: Mapping[str, str] | None = None, **options: Any) -> Built:
        """Push a builder's image, in a process of its own."""
        with self.host(environ) as host:
            host.configure("registry", options)
            reply = host.invoke("registry", "Push", *self.given(workspace), image)
            return Built(reply, host.ui.text)


class Built:
    """What came of it.

    Args:
        reply: Of the plugin.
        text: That the user read.
    """

    def __init__(self, reply: Any, text: str) -> None:
        self.image = anys.unpack(reply.result, Image)
        self.data = json.loads(reply.template_data)
        self.labels = dict(getattr(reply, "labels", {}))
        self.text = text

    @property
    def digest(self) -> str:
        """Of the image, as it stands in its tag."""
        return self.image.tag.partition("@")[2]

"""Images through Waypoint's own code: built once, brought to the next environment, pushed, and built on runners."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cloud" / "imagemover"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cloud" / "team_ecr"))

import build
import moverimages
from project import ROOT, Project
from workshop import Workshop
from wphost import Done, Host

from testservers import registry

if TYPE_CHECKING:
    from collections.abc import Iterator

ALONE = 'use "team-ecr" {}'
FILE = 'project = "shop"\n\napp "web" {{\n  build {{\n    {}\n  }}\n  deploy {{\n    use "team-k8s" {{}}\n  }}\n}}\n'
PATH = "shop/web"
EXAMPLE = ROOT / "examples" / "03-one-image" / "waypoint.hcl"


class EcrProject(Project):
    """The example "one image", with registries of its own; no cluster is near.

    Args:
        directory: Gets everything.
        builds: The registry that its builder pushes to.
        dev: That of dev.
        staging: That of staging.
    """

    def __init__(
        self, directory: Path, builds: registry.Registry, dev: registry.Registry, staging: registry.Registry
    ) -> None:
        self.shop = Workshop(directory)
        self.app = self.shop.app
        self.file = self.app / "waypoint.hcl"
        self._echo = False
        for name in ("team-ecr", "team-k8s"):
            program = Path(sys.executable).parent / f"waypoint-plugin-{name}"
            (self.app / ".waypoint" / "plugins" / program.name).symlink_to(program)
        home = directory / "home"
        self.environ = self.shop.environ | {
            "XDG_CONFIG_HOME": str(home / ".config"),
            "XDG_DATA_HOME": str(home / ".local/share"),
        }
        self.waypoint_binary = build.waypoint()
        self.builds, self.dev, self.staging = builds, dev, staging
        self.made = f"{builds.host}/{PATH}"
        self.standards(builder="testbuilder", builder_options={"image": self.made})
        self.file.write_text(EXAMPLE.read_text())
        self.shop.commit("the example")

    def standards(self, **dev: Any) -> None:
        """Write the standards of both environments; what is given holds in dev."""
        self.shop.environment("dev", url=self.dev.host, **dev)
        self.shop.environment("staging", url=self.staging.host)

    def write(self, stanza: str) -> None:
        """Write waypoint.hcl with this inside of build, and commit it."""
        self.file.write_text(FILE.format(stanza))
        self.shop.commit(stanza)

    @property
    def tag(self) -> str:
        """Of the commit."""
        return self.shop.git("rev-parse", "HEAD")[:12]


@pytest.fixture
def project(tmp_path: Path) -> Iterator[EcrProject]:
    """Give a project, and an image of its builder in the registry of builds."""
    with (
        registry.start(tmp_path / "a") as builds,
        registry.start(tmp_path / "b") as dev,
        registry.start(tmp_path / "c") as staging,
    ):
        yield EcrProject(tmp_path, builds, dev, staging)


@pytest.fixture
def image(project: EcrProject) -> moverimages.Image:
    """Give the image that the builder makes."""
    made = moverimages.plain(4711)
    moverimages.push(project.builds, PATH, made)
    return made


def digest(done: Done) -> str:
    """Give the digest in the tag of an artifact."""
    assert done.result["type"].endswith("/docker.Image")
    return str(done.result["template"]["tag"]).partition("@")[2]


def test_behaviour_24_one_digest_from_dev_to_staging(project: EcrProject, image: moverimages.Image) -> None:
    """Two builds of one file, in workspaces dev and staging: the digest is the same, read from both registries."""
    host = Host(project)
    built = host("build")
    brought = host("-workspace", "staging", "build")

    assert built.result["labels"] == {"test/builder": "yes"}
    assert "testbuilder builds web of shop" in built.ui
    assert f"by the git commit {project.tag}" in brought.ui
    assert digest(built) == digest(brought) == image.root
    for place in (project.dev, project.staging):
        moverimages.assert_complete(place, PATH, image, project.tag)


def test_missing_in_dev_is_told_by_the_host(project: EcrProject) -> None:
    """A build in staging before one in dev ends with the plugin's own words."""
    done = Host(project)("-workspace", "staging", "build")
    assert done.code == 1
    assert done.error["code"] == "NotFound"
    assert "build and deploy it in dev first" in done.error["text"]


@pytest.mark.parametrize("odr", [(), ("-odr",)])
def test_behaviour_03_registry_gives_access_and_pushes(
    project: EcrProject, image: moverimages.Image, odr: tuple[str, ...]
) -> None:
    """A registry stanza is asked for access before the build, here and on a runner, and pushes what was built."""
    stanza = f'use "testbuilder" {{ image = "{project.made}" }}\n    registry {{\n      {ALONE}\n    }}'
    project.write(stanza)
    if odr:
        moverimages.push(project.dev, PATH, image, project.tag)
    done = Host(project)(*odr, "build")
    assert done.result["access"] == "docker.AccessInfo"
    assert digest(done) == image.root
    moverimages.assert_complete(project.dev, PATH, image, project.tag)
    said = f"may push to {project.dev.host}/{PATH}:{project.tag}" if odr else "testbuilder builds web of shop (True)"
    assert said in done.ui


def test_behaviour_03_runner_without_registry_stanza(project: EcrProject, image: moverimages.Image) -> None:
    """On a runner the builder alone is enough: nobody is asked for access that no stanza gives."""
    moverimages.push(project.dev, PATH, image, project.tag)
    done = Host(project)("-odr", "build")
    assert digest(done) == image.root
    assert f"may push to {project.dev.host}/{PATH}:{project.tag}" in done.ui


def test_behaviour_04_builtin_builder_of_the_real_waypoint(project: EcrProject, image: moverimages.Image) -> None:
    """The real command line starts us, and we start the builder that is built into it; its image arrives."""
    project.standards(builder="docker-ref", builder_options={"image": project.made, "tag": "v1"})
    finished = project.waypoint("init")
    assert finished.code == 0, finished.output
    finished = project.waypoint("build")
    assert finished.code == 0, finished.output
    assert "Using Docker image in remote registry" in finished.output
    assert f"{PATH}:{project.tag}@{image.root}" in finished.output, "what Waypoint writes beside does not count"
    moverimages.assert_complete(project.dev, PATH, image, project.tag)


def test_builtin_builder_gets_its_options(project: EcrProject, monkeypatch: pytest.MonkeyPatch) -> None:
    """Options of a builtin builder have the names and types that waypoint.hcl has; what is missing is named."""
    monkeypatch.setitem(project.environ, "WAYPOINT_BUILTIN_PLUGIN_EXE", str(build.waypoint()))
    host = Host(project)
    project.standards(builder="docker-ref", builder_options={"image": project.made})
    assert 'option tag of plugin "docker-ref" is missing' in host("build").error["text"]
    project.standards(builder="docker", builder_options={"disable_entrypoint": "perhaps", "bilduit": "true"})
    error = host("build").error
    assert error["code"] == "InvalidArgument"
    assert 'option disable_entrypoint of plugin "docker" is not true or false' in error["text"]
    assert 'plugin "docker" has no option bilduit' in error["text"]
    assert "write buildkit" in error["text"]

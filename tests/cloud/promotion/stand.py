"""A platform and a release manager for the tests: deployments and traffic are files of a directory.

Installed as `waypoint-plugin-stand` beside an app. A file `hang-deploy` or `hang-release` in the directory makes the
operation wait until it is gone; `fail-deploy` and `fail-release` make it fail.
"""

# ruff: noqa: TC001  # annotations are read when the class is made; a standby has all the rest imported already
from __future__ import annotations

if __name__ == "__main__":
    from waypaas_sdk import standby

    standby.enter()

import json
import os
from dataclasses import dataclass
from pathlib import Path

from google.protobuf.struct_pb2 import Struct

from waypaas_sdk import component, serve
from waypaas_sdk.arguments import DeploymentConfig, JobInfo
from waypaas_sdk.call import Call
from waypaas_sdk.errors import StateError
from waypaas_sdk.gen.docker.docker_pb2 import Image
from waypaas_sdk.options import option
from waypaas_sdk.result import Result
from waypaas_sdk.terminal import TerminalUI


@dataclass
class Options:
    """Where."""

    directory: str = option(doc="Directory of the files.")


def _obey(directory: Path, stage: str, call: Call) -> None:
    if (directory / f"fail-{stage}").exists():
        raise StateError(f"{stage} is made to fail", why="the test wants it")
    (directory / f"began-{stage}").write_text(str(os.getpid()))
    while (directory / f"hang-{stage}").exists():
        call.sleep(0.1)


class Stand(component.Platform):
    """Runs nothing, and keeps account of it."""

    options: Options

    def deploy(self, image: Image, job: JobInfo, config: DeploymentConfig, ui: TerminalUI, call: Call) -> Result:
        """Write down what would run."""
        directory = Path(self.options.directory)
        _obey(directory, "deploy", call)
        path = directory / f"{job.workspace}-{config.sequence}.json"
        path.write_text(json.dumps({"image": image.image, "tag": image.tag, "id": config.id}))
        ui.output(f"stand deploys {image.image}:{image.tag} in {job.workspace}")
        deployment = Struct()
        deployment.update({"path": str(path), "workspace": job.workspace})
        return Result(deployment, url=path.as_uri())

    def destroy(self, deployment: Struct) -> None:
        """Forget it."""
        Path(str(deployment["path"])).unlink(missing_ok=True)


class StandReleaser(component.ReleaseManager):
    """Says which deployment has the traffic."""

    options: Options

    def release(self, target: Struct, job: JobInfo, ui: TerminalUI, call: Call) -> Result:
        """Point at a deployment, and count."""
        directory = Path(self.options.directory)
        _obey(directory, "release", call)
        with (directory / f"releases-{job.workspace}").open("a") as file:
            file.write(str(target["path"]) + "\n")
        pointer = directory / f"live-{job.workspace}"
        pointer.write_text(str(target["path"]))
        ui.output(f"stand releases {target['path']}")
        made = Struct()
        made.update({"path": str(target["path"])})
        return Result(made, url=pointer.as_uri())


if __name__ == "__main__":
    serve.serve(Stand, StandReleaser)

"""A plugin that has every component and every capability, and does what the artifact tells it to.

The field `image` of a docker.Image names the behaviour, `tag` its argument.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf.struct_pb2 import Struct
from google.protobuf.wrappers_pb2 import StringValue

from waypaas_sdk import component, errors, serve, standby
from waypaas_sdk.arguments import DataDir, DeploymentConfig, HasRegistry, JobInfo, LabelSet, Source, TaskLaunchInfo
from waypaas_sdk.call import Call
from waypaas_sdk.execsession import ExecSession
from waypaas_sdk.gen.docker.docker_pb2 import AccessInfo, Image
from waypaas_sdk.health import Health, ResourceStatus, StatusReport
from waypaas_sdk.logger import Logger
from waypaas_sdk.logviewer import LogLine, LogViewer
from waypaas_sdk.mapper import mapper
from waypaas_sdk.options import option
from waypaas_sdk.resources import Creation, Resource
from waypaas_sdk.result import ConfigValue, Result
from waypaas_sdk.terminal import TerminalUI


@dataclass
class Options:
    """One option."""

    greeting: str | None = option(doc="What to say.", choices=("hello", "goodbye"))


def struct(**values: Any) -> Struct:
    """Make a message of key-values."""
    made = Struct()
    made.update(values)
    return made


class Build(component.Builder):
    """Builds."""

    options: Options

    def authenticate(self, ui: TerminalUI) -> bool:
        """Sign in."""
        ui.output("signed in")
        return True

    def validate_auth(self) -> None:
        """Refuse."""
        raise errors.PolicyError("you are not signed in", fix="run `wps init`")

    def build(self, source: Source, with_registry: HasRegistry, labels: LabelSet) -> Result:
        """Tell what was given."""
        data = {"app": source.app, "path": str(source.path), "registry": with_registry, "labels": labels.labels}
        return Result(Image(image="built", tag="1"), template_data=data, labels={"common/kind": "test"})

    def build_odr(self, access: AccessInfo) -> Image:
        """Build on a remote runner."""
        return Image(image=access.image, tag="odr")


class Push(component.Registry):
    """Pushes."""

    def push(self, image: Image) -> Image:
        """Rename."""
        return Image(image=f"registry/{image.image}", tag=image.tag)

    def access(self, job: JobInfo) -> AccessInfo:
        """Give credentials."""
        return AccessInfo(image=f"registry/{job.app}", encoded="c2VjcmV0")


class Release(component.ReleaseManager):
    """Releases."""

    options: Options

    def release(self, deployment: Struct, ui: TerminalUI) -> Result:
        """Point at the deployment."""
        ui.output(f"released {deployment['name']}")
        made = [Resource("web", "Service", "t")]
        return Result(struct(of=deployment["name"]), url="https://web.test", resources=made)

    def status(self, release: Struct) -> StatusReport:
        """Tell which release it is."""
        return StatusReport(Health.READY, f"{release['of']} serves")

    def destroy(self, release: Struct) -> list[Resource]:
        """Destroy."""
        return [Resource(str(release["of"]), "Service", "t")]

    def destroy_workspace(self, release: Struct) -> None:
        """Destroy what is shared."""
        print(f"workspace of {release['of']}")


class Deploy(component.Platform):
    """Deploys."""

    options: Options

    def configured(self) -> None:
        """Refuse one combination."""
        if self.options.greeting == "goodbye":
            raise errors.OptionError("option greeting does not fit", where="deploy.use.greeting")

    def deploy(
        self,
        image: Image,
        config: DeploymentConfig,
        job: JobInfo,
        directory: DataDir,
        ui: TerminalUI,
        logger: Logger,
        call: Call,
    ) -> Result:
        """Do what the image says."""
        logger.info("deploying", image=image.image, token="hunter2")
        act = getattr(self, f"_{image.image}", None)
        if act is not None:
            act(image.tag, ui, call)
        given = {"id": config.id, "sequence": config.sequence, "project": job.project, "cache": str(directory.cache)}
        said = self.options.greeting if self.options else ""
        return Result(
            struct(name="web-v1", said=said or "", **given),
            url="https://web-v1.test",
            resources=[Resource("web-v1", "Deployment", "test", state={"uid": "7"})],
        )

    def _fail(self, kind: str, _: TerminalUI, __: Call) -> None:
        raise getattr(errors, kind)("what", why="why", fix="fix", where="where")

    def _crash(self, _: str, __: TerminalUI, ___: Call) -> None:
        secret = {}
        secret["password hunter2"]

    def _exit(self, _: str, __: TerminalUI, ___: Call) -> None:
        sys.exit(3)

    def _print(self, text: str, _: TerminalUI, __: Call) -> None:
        print(f"out {text}")
        os.system(f"echo child {text}")
        sys.stderr.write(f"err {text}\n")

    def _paint(self, _: str, ui: TerminalUI, __: Call) -> None:
        ui.output("a heading", style="header")
        ui.named_values([("one", 1), ("two", 2)])
        ui.table(["name", "age"], [["anna", 7]])
        with ui.step_group() as steps, steps.add("first") as first, steps.add("second") as second:
            first.update("first is on its way")
            second.output("below the second\n")
        with ui.status() as line:
            line.update("almost there")
        ui.output(f"you said {ui.input('well?')}")

    def _tell(self, path: str, _: TerminalUI, __: Call) -> None:
        mask = os.umask(0)
        os.umask(mask)
        facts = {
            "argv": sys.argv, "cwd": os.getcwd(), "environ": dict(os.environ), "umask": mask, "pid": os.getpid(),
            "parent": os.getppid(), "session": os.getsid(0), "host": standby.host_pid(),
            "descriptors": {n: os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd")
                            if os.path.lexists(f"/proc/self/fd/{n}")},
            "zone": time.tzname[0],
        }  # fmt: skip
        Path(path).write_text(json.dumps(facts))

    def _wait(self, path: str, ui: TerminalUI, call: Call) -> None:
        made = Path(path)
        with Creation() as creation:
            creation.made(Resource("file", "file", "test"), undo=lambda: made.unlink(missing_ok=True))
            made.write_text("made")
            ui.output("made")
            call.sleep(60)

    def generation(self, image: Image, config: DeploymentConfig) -> bytes:
        """Give an id."""
        return f"{image.image}{config.id}".encode()

    def default_releaser(self, job: JobInfo) -> Release:
        """Give the releaser that is used without a release stanza."""
        releaser = Release()
        releaser.options = Options(greeting=job.app)
        return releaser

    def status(self, deployment: Struct) -> StatusReport:
        """Report, or fail."""
        if deployment["name"] == "gone":
            raise errors.CloudError("the cloud is away")
        part = ResourceStatus("web-v1", "Deployment", "test", Health.PARTIAL, state={"ready": 1})
        return StatusReport(Health.PARTIAL, "1 of 2", [part])

    def destroy(self, deployment: Struct) -> list[Resource]:
        """Destroy."""
        return [Resource(str(deployment["name"]), "Deployment", "test")]

    def destroy_workspace(self, deployment: Struct) -> None:
        """Destroy what is shared."""
        print(f"workspace of {deployment['name']}")

    def logs(self, deployment: Struct, viewer: LogViewer, call: Call) -> None:
        """Send lines until nobody reads."""
        from datetime import UTC, datetime

        for number in range(250):
            viewer.send([LogLine(datetime.now(UTC), f"{deployment['name']} {number}", partition="p")])
        while deployment["name"] == "endless":
            viewer.send([LogLine(datetime.now(UTC), "tick")])
            call.sleep(0.01)

    def exec(self, deployment: Struct, session: ExecSession) -> int:
        """Echo what is typed."""
        if deployment["name"] == "forbidden":
            raise errors.PolicyError("exec is not permitted in production")
        session.write(f"{' '.join(session.arguments)}\n".encode())
        for typed in session.inputs():
            if typed is None:
                break
            session.write(typed if isinstance(typed, bytes) else f"[{typed.height}x{typed.width}]".encode())
        session.write_error(b"bye")
        return 7


class Read(component.ConfigSourcer):
    """Reads."""

    def read(self) -> list[ConfigValue]:
        """Give one value of each kind."""
        return [
            ConfigValue("text", "plain"),
            ConfigValue("tree", {"a": [1]}),
            ConfigValue("lost", errors.MissingError("no such value")),
        ]

    def stop(self) -> None:
        """Do nothing."""


class Run(component.TaskLauncher):
    """Runs."""

    def start(self, task: TaskLaunchInfo) -> Struct:
        """Tell what was given."""
        return struct(image=task.image, words=[*task.entrypoint, *task.arguments], **task.environment)

    def stop(self, task: Struct) -> None:
        """Tell that it was called."""
        print(f"stopped {task['image']}")

    def watch(self, task: Struct, ui: TerminalUI) -> int:
        """Give an exit code."""
        ui.output(f"watched {task['image']}")
        return 42


@mapper
def image_of(name: StringValue) -> Image:
    """Make an image of its name."""
    if not name.value:
        raise errors.OptionError("the name is empty")
    return Image(image=name.value)


def main() -> None:
    """Serve all of them."""
    serve.serve(Build, Push, Deploy, Release, Read, Run, mappers=[image_of], description="Does everything.")


if __name__ == "__main__":
    main()

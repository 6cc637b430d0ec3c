"""A plugin of our own SDK to be wrapped: a builder, a release manager, and a task launcher whose tasks run here."""

# ruff: noqa: TC001  # annotations are read when the class is made
from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from google.protobuf.struct_pb2 import Struct

from waypaas_sdk import component, serve
from waypaas_sdk.arguments import JobInfo, LabelSet, TaskLaunchInfo
from waypaas_sdk.call import Call
from waypaas_sdk.gen.docker.docker_pb2 import AccessInfo, Image
from waypaas_sdk.options import option
from waypaas_sdk.result import Result
from waypaas_sdk.terminal import TerminalUI


@dataclass
class Options:
    """Where its notes go."""

    file: str | None = option(doc="File that gets a line for what is done.")
    wait: int | None = option(doc="Seconds that a release takes.")

    def note(self, text: str) -> None:
        """Write a line."""
        with open(self.file or os.devnull, "a", encoding="utf-8") as file:
            file.write(f"{text}\n")


class Builder(component.Builder):
    """Builds nothing, and says so."""

    options: Options

    def build(self, job: JobInfo, labels: LabelSet) -> Result:
        """Give an image that nobody has built."""
        self.options.note("built")
        return Result(Image(image=f"made/{job.app}", tag="v1"), labels=dict(labels.labels) | {"by": "pylane"})

    def build_odr(self, access: AccessInfo) -> Result:
        """Give an image that nobody has pushed."""
        self.options.note("built and pushed")
        return Result(Image(image=access.image, tag=access.tag))


class Release(component.ReleaseManager):
    """Releases by a line in a file."""

    options: Options

    def release(self, deployment: Struct, ui: TerminalUI, call: Call) -> Result:
        """Write the line."""
        with ui.step_group() as steps, steps.add("pylane releases") as step:
            self.options.note("begun")
            try:
                call.sleep(float(self.options.wait or 0))
            except BaseException:
                self.options.note("undone")
                raise
            step.update("pylane has released")
        self.options.note(f"released {deployment['version']}")
        return Result(deployment, url="http://pylane.test")


class Tasks(component.TaskLauncher):
    """Runs what it is told to as a process of its own."""

    options: Options
    _child: subprocess.Popen[bytes]

    def start(self, task: TaskLaunchInfo) -> Struct:
        """Start the image, which is a program here."""
        made, place = Struct(), Path(f"{self.options.file}.{os.getpid()}")
        with place.open("wb") as log:
            self._child = child = subprocess.Popen(
                [task.image, *task.arguments], env=task.environment, stdout=log, start_new_session=True
            )
        made.update({"pid": child.pid, "log": str(place)})
        self.options.note(f"started {child.pid}")
        return made

    def watch(self, task: Struct, ui: TerminalUI, call: Call) -> int:
        """Wait for its end, and show its log."""
        while True:
            code = self._child.poll()
            if code is not None:
                ui.raw(Path(str(task["log"])).read_bytes())
                return code
            call.sleep(0.05)

    def stop(self, task: Struct) -> None:
        """End it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(int(task["pid"]), 9)
        self.options.note(f"stopped {int(task['pid'])}")


if __name__ == "__main__":
    sys.argv[0] = "waypoint-plugin-pylane"
    serve.serve(Builder, Release, Tasks)

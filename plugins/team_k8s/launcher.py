"""The task launcher: runs Waypoint's own tasks, such as on-demand runners, as Kubernetes Jobs."""

from __future__ import annotations

from typing import Any

from team_k8s.gen.team_k8s.v1.team_k8s_pb2 import Task
from waypaas_sdk import component
from waypaas_sdk.arguments import TaskLaunchInfo
from waypaas_sdk.call import Call
from waypaas_sdk.logger import Logger
from waypaas_sdk.result import Result
from waypaas_sdk.terminal import TerminalUI


class K8sTaskLauncher(component.TaskLauncher):
    """Runs a task as a Kubernetes Job, once: a task that fails is not tried again behind its caller's back.

    Its environment, which holds the runner's token, goes into a Secret that
    lives and dies with the Job. Configured by the runner profile, not by
    waypoint.hcl.
    """

    example = 'plugin "team-k8s" { namespace = "waypoint" }'

    @classmethod
    def options_class(cls) -> type:
        """Give the options; loaded when the host asks for them."""
        from team_k8s.taskoptions import TaskOptions  # noqa: PLC0415  # beside a plugin's start

        return TaskOptions

    def start(self, task: TaskLaunchInfo, call: Call) -> Result:
        """Make the Job."""
        from team_k8s import tasks  # noqa: PLC0415  # beside a plugin's start

        return tasks.start(self.options, task, call)

    def stop(self, task: Task, call: Call) -> None:
        """Remove the Job with its pod and Secret; gone already is fine."""
        from team_k8s import tasks  # noqa: PLC0415  # beside a plugin's start

        tasks.stop(task, call)

    def watch(self, task: Task, ui: TerminalUI, call: Call, logger: Logger) -> int:
        """Show the task's log until it ends, and give its exit code."""
        from team_k8s import tasks  # noqa: PLC0415  # beside a plugin's start

        return tasks.watch(task, ui, call, logger)

    options: Any

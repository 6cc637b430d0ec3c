"""The task launcher: runs Waypoint's own tasks, such as on-demand runners, as ECS tasks."""

from __future__ import annotations

from typing import Any

from team_ecs.gen.team_ecs.v1.team_ecs_pb2 import Task
from waypaas_sdk import component
from waypaas_sdk.arguments import TaskLaunchInfo
from waypaas_sdk.call import Call
from waypaas_sdk.result import Result
from waypaas_sdk.terminal import TerminalUI


class EcsTaskLauncher(component.TaskLauncher):
    """Runs a task by RunTask, once: a task that fails is not tried again behind its caller's back.

    Its environment, which holds the runner's token, goes into a secret of
    Secrets Manager that lives as long as the task; the execution role must read
    it. Configured by the runner profile, not by waypoint.hcl.
    """

    example = 'plugin "team-ecs" {\n  cluster = "waypoint"\n}'

    @classmethod
    def options_class(cls) -> type:
        """Give the options; loaded when the host asks for them."""
        from team_ecs.taskoptions import TaskOptions  # noqa: PLC0415  # beside a plugin's start

        return TaskOptions

    def start(self, task: TaskLaunchInfo, call: Call) -> Result:
        """Run the task."""
        from team_ecs import tasks  # noqa: PLC0415  # beside a plugin's start

        return tasks.start(self.options, task, call)

    def stop(self, task: Task, call: Call) -> None:
        """Stop the task and remove its secret and definition; gone already is fine."""
        from team_ecs import tasks  # noqa: PLC0415  # beside a plugin's start

        tasks.stop(task, call)

    def watch(self, task: Task, ui: TerminalUI, call: Call) -> int:
        """Show the task's log until it ends, and give its exit code."""
        from team_ecs import tasks  # noqa: PLC0415  # beside a plugin's start

        return tasks.watch(task, ui, call)

    options: Any

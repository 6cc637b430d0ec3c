"""The platform: what Waypoint calls to deploy, inspect and destroy."""

from __future__ import annotations

from typing import Any

from team_ecs.gen.team_ecs.v1.team_ecs_pb2 import Deployment
from team_ecs.releaser import EcsReleaseManager
from waypaas_sdk import component
from waypaas_sdk.arguments import DeploymentConfig, JobInfo, Source
from waypaas_sdk.call import Call
from waypaas_sdk.execsession import ExecSession
from waypaas_sdk.gen.docker.docker_pb2 import Image
from waypaas_sdk.health import StatusReport
from waypaas_sdk.logviewer import LogViewer
from waypaas_sdk.resources import Resource
from waypaas_sdk.result import Result
from waypaas_sdk.terminal import TerminalUI


class EcsPlatform(component.Platform):
    """Runs an app on AWS ECS by the standards of its team.

    Every option has its value by the team's standards; write one only to
    deviate, within the bounds that they set. `wps explain` shows each value and
    where it comes from.
    """

    example = 'deploy {\n  use "team-ecs" {}\n}'

    @classmethod
    def options_class(cls) -> type:
        """Give the sections of the standards that an app may deviate from; loaded when the host asks for them."""
        from team_ecs.options import Options  # noqa: PLC0415  # beside a plugin's start

        return Options

    def deploy(
        self, image: Image, config: DeploymentConfig, job: JobInfo, source: Source, ui: TerminalUI, call: Call
    ) -> Result:
        """Make a new service and wait until all its tasks are healthy; on failure nothing of it remains."""
        from team_ecs import deploying  # noqa: PLC0415  # beside a plugin's start

        return deploying.deploy(self.options, image, config, job, source, ui, call)

    def default_releaser(self) -> component.ReleaseManager:
        """Give the releaser for an app that names none, with this platform's options."""
        releaser = EcsReleaseManager()
        releaser.options = self.options
        return releaser

    def status(self, deployment: Deployment, call: Call) -> StatusReport:
        """Look how the tasks are."""
        from team_ecs import status  # noqa: PLC0415  # beside a plugin's start

        return status.of_deployment(deployment, call)

    def destroy(self, deployment: Deployment, ui: TerminalUI, call: Call) -> list[Resource]:
        """Remove the service and all that belongs to it; gone already is fine."""
        from team_ecs import destroying  # noqa: PLC0415  # beside a plugin's start

        return destroying.deployment(deployment, ui, call)

    def destroy_workspace(self, deployment: Deployment, ui: TerminalUI, call: Call) -> None:
        """Remove whatever is left of the app in this workspace, its rule included."""
        from team_ecs import destroying  # noqa: PLC0415  # beside a plugin's start

        destroying.workspace(deployment.place, deployment.identity, ui, call)

    def logs(self, deployment: Deployment, viewer: LogViewer, call: Call) -> None:
        """Show the logs of all tasks until the reader has enough."""
        from team_ecs import tasklogs  # noqa: PLC0415  # beside a plugin's start

        tasklogs.follow(deployment, viewer, call)

    def exec(self, deployment: Deployment, session: ExecSession, call: Call, job: JobInfo, source: Source) -> int:
        """Run a command in a task, where the standards of the environment permit it."""
        from team_ecs import taskexec  # noqa: PLC0415  # beside a plugin's start

        return taskexec.execute(deployment, session, call, job, source)

    options: Any

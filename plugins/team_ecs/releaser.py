"""The release manager: which deployment gets the traffic."""

from __future__ import annotations

from typing import Any

from team_ecs.gen.team_ecs.v1.team_ecs_pb2 import Deployment, Release
from waypaas_sdk import component
from waypaas_sdk.arguments import JobInfo, Source
from waypaas_sdk.call import Call
from waypaas_sdk.health import StatusReport
from waypaas_sdk.resources import Resource
from waypaas_sdk.result import Result
from waypaas_sdk.terminal import TerminalUI


class EcsReleaseManager(component.ReleaseManager):
    """Directs an app's traffic to a deployment by changing its own rule on a shared listener.

    The change is atomic: old tasks go on serving until it is done. Releasing an
    older deployment rolls back. The listener's default action, its certificates
    and the rules of other apps are never touched.
    """

    example = 'release {\n  use "team-ecs" {}\n}'

    @classmethod
    def options_class(cls) -> type:
        """Give the sections of the standards that an app may deviate from; loaded when the host asks for them."""
        from team_ecs.options import Options  # noqa: PLC0415  # beside a plugin's start

        return Options

    def release(self, target: Deployment, job: JobInfo, source: Source, ui: TerminalUI, call: Call) -> Result:
        """Lead the app's traffic to a deployment."""
        from team_ecs import releasing  # noqa: PLC0415  # beside a plugin's start

        return releasing.release(self.options, target, job, source, ui, call)

    def status(self, release: Release, call: Call) -> StatusReport:
        """Look whether the rule is there and leads to healthy tasks."""
        from team_ecs import status  # noqa: PLC0415  # beside a plugin's start

        return status.of_release(release, call)

    def destroy(self, release: Release, ui: TerminalUI, call: Call) -> list[Resource]:
        """Remove the rule, unless a later release has it."""
        from team_ecs import destroying  # noqa: PLC0415  # beside a plugin's start

        return destroying.release(release, ui, call)

    def destroy_workspace(self, release: Release, ui: TerminalUI, call: Call) -> None:
        """Remove whatever is left of the app in this workspace."""
        from team_ecs import destroying  # noqa: PLC0415  # beside a plugin's start

        destroying.workspace(release.place, release.identity, ui, call)

    options: Any

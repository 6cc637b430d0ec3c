"""The release manager: which deployment gets the traffic."""

from __future__ import annotations

from typing import Any

from team_k8s.gen.team_k8s.v1.team_k8s_pb2 import Deployment, Release
from waypaas_sdk import component
from waypaas_sdk.arguments import JobInfo, Source
from waypaas_sdk.call import Call
from waypaas_sdk.health import StatusReport
from waypaas_sdk.resources import Resource
from waypaas_sdk.result import Result
from waypaas_sdk.terminal import TerminalUI


class K8sReleaseManager(component.ReleaseManager):
    """Directs an app's traffic to a deployment by changing the selector of its Service.

    The change is atomic: old pods go on serving until it is done. Releasing an
    older deployment rolls back.
    """

    example = 'release {\n  use "team-k8s" {}\n}'

    @classmethod
    def options_class(cls) -> type:
        """Give the sections of the standards that an app may deviate from; loaded when the host asks for them."""
        from team_k8s.options import Options  # noqa: PLC0415  # beside a plugin's start

        return Options

    def release(self, target: Deployment, job: JobInfo, source: Source, ui: TerminalUI, call: Call) -> Result:
        """Point the Service at a deployment."""
        from team_k8s import releasing  # noqa: PLC0415  # beside a plugin's start

        return releasing.release(self.options, target, job, source, ui, call)

    def status(self, release: Release, call: Call) -> StatusReport:
        """Look whether the Service is there and has pods."""
        from team_k8s import status  # noqa: PLC0415  # beside a plugin's start

        return status.of_release(release, call)

    def destroy(self, release: Release, ui: TerminalUI, call: Call) -> list[Resource]:
        """Remove the Service, unless a later release has it."""
        from team_k8s import destroying  # noqa: PLC0415  # beside a plugin's start

        return destroying.release(release, ui, call)

    def destroy_workspace(self, release: Release, ui: TerminalUI, call: Call) -> None:
        """Remove whatever is left of the app in this workspace."""
        from team_k8s import destroying  # noqa: PLC0415  # beside a plugin's start

        destroying.workspace(release.cluster, release.identity, ui, call)

    options: Any

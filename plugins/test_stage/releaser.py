"""The release manager: what Waypoint calls to give a deployment the traffic, once its tests have passed."""

from __future__ import annotations

from typing import Any

from test_stage.gen.test_stage.v1.test_stage_pb2 import Release, Target
from waypaas_sdk import component
from waypaas_sdk.arguments import DataDir, JobInfo, LabelSet, Source
from waypaas_sdk.call import Call
from waypaas_sdk.health import StatusReport
from waypaas_sdk.logger import Logger
from waypaas_sdk.resources import Resource
from waypaas_sdk.result import Result
from waypaas_sdk.terminal import TerminalUI


class TestReleaseManager(component.ReleaseManager):
    """Tests a deployment before it gets traffic, and lets another plugin direct the traffic if all hold.

    Where a test fails that nobody has waived, the traffic stays where it is. Status and destroy of the
    release go to that other plugin.
    """

    example = 'release {\n  use "test" {\n    test "smoke" {\n      path = "/healthz"\n    }\n  }\n}'

    @classmethod
    def options_class(cls) -> type:
        """Give the options; loaded when the host asks for them."""
        from test_stage.options import ReleaseOptions  # noqa: PLC0415  # beside a plugin's start

        return ReleaseOptions

    def release(
        self,
        target: Target,
        job: JobInfo,
        source: Source,
        ui: TerminalUI,
        logger: Logger,
        labels: LabelSet,
        directory: DataDir,
        call: Call,
    ) -> Result:
        """Test, then release."""
        from test_stage import gate  # noqa: PLC0415  # beside a plugin's start

        given = gate.Given(source, job, ui, logger, labels, directory, call)
        return gate.release(self.options, target.deployment, given)

    def status(
        self, release: Release, job: JobInfo, source: Source, ui: TerminalUI, logger: Logger, labels: LabelSet,
        directory: DataDir, call: Call,
    ) -> StatusReport:  # fmt: skip
        """Ask the plugin that released."""
        from test_stage import wrapped  # noqa: PLC0415  # beside a plugin's start

        given = (job, source, ui, logger, labels, directory)
        return wrapped.status(release, source.path, given, call)

    def destroy(
        self, release: Release, job: JobInfo, source: Source, ui: TerminalUI, logger: Logger, labels: LabelSet,
        directory: DataDir, call: Call,
    ) -> list[Resource]:  # fmt: skip
        """Let the plugin destroy that released."""
        from test_stage import wrapped  # noqa: PLC0415  # beside a plugin's start

        given = (job, source, ui, logger, labels, directory)
        return wrapped.destroy(release, source.path, given, call)

    def destroy_workspace(
        self, release: Release, job: JobInfo, source: Source, ui: TerminalUI, logger: Logger, labels: LabelSet,
        directory: DataDir, call: Call,
    ) -> None:  # fmt: skip
        """Let the plugin that released remove what is left."""
        from test_stage import wrapped  # noqa: PLC0415  # beside a plugin's start

        given = (job, source, ui, logger, labels, directory)
        wrapped.destroy_workspace(release, source.path, given, call)

    options: Any

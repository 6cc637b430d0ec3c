"""The builder: what Waypoint calls to make the image, or to bring the one that was promoted."""

from __future__ import annotations

from typing import Any

from waypaas_sdk import component
from waypaas_sdk.arguments import DataDir, HasRegistry, JobInfo, LabelSet, Source
from waypaas_sdk.call import Call
from waypaas_sdk.logger import Logger
from waypaas_sdk.result import Result
from waypaas_sdk.terminal import TerminalUI


class EcrBuilder(component.Builder):
    """Builds once, and brings the same image from environment to environment.

    In the first environment it lets the builder work that the standards name, and
    pushes what that made. In every later one it brings the image that ran before
    into this environment's registry, whatever region or account that is in.
    """

    example = 'build {\n  use "team-ecr" {}\n}'

    @classmethod
    def options_class(cls) -> type:
        """Give the section of the standards that an app may deviate from; loaded when the host asks for it."""
        from team_ecr.options import BuilderOptions  # noqa: PLC0415  # beside a plugin's start

        return BuilderOptions

    def build(
        self,
        source: Source,
        job: JobInfo,
        ui: TerminalUI,
        logger: Logger,
        labels: LabelSet,
        directory: DataDir,
        call: Call,
        has_registry: HasRegistry,
    ) -> Result:
        """Build or bring the image."""
        from team_ecr import building  # noqa: PLC0415  # beside a plugin's start

        given = building.Given(source, job, ui, logger, labels, directory, call)
        return building.build(self.options, given, has_registry=has_registry)

    def build_odr(
        self,
        source: Source,
        job: JobInfo,
        ui: TerminalUI,
        logger: Logger,
        labels: LabelSet,
        directory: DataDir,
        call: Call,
    ) -> Result:
        """Build or bring the image on an on-demand runner, where no Docker is."""
        from team_ecr import building  # noqa: PLC0415  # beside a plugin's start

        given = building.Given(source, job, ui, logger, labels, directory, call)
        return building.build(self.options, given, on_demand=True)

    options: Any

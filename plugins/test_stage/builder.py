"""The builder: what Waypoint calls to make the artifact, once the tests of its source have passed."""

from __future__ import annotations

from typing import Any

from waypaas_sdk import component
from waypaas_sdk.arguments import DataDir, HasRegistry, JobInfo, LabelSet, Source
from waypaas_sdk.call import Call
from waypaas_sdk.gen.docker.docker_pb2 import AccessInfo
from waypaas_sdk.logger import Logger
from waypaas_sdk.result import Result
from waypaas_sdk.terminal import TerminalUI


class TestBuilder(component.Builder):
    """Tests the source, and lets another plugin build if all hold."""

    example = 'build {\n  use "test" {\n    then = "docker"\n    test "unit" {\n      kind    = "command"\n      command = ["make", "test"]\n    }\n  }\n}'  # noqa: E501  # HCL in one piece

    @classmethod
    def options_class(cls) -> type:
        """Give the options; loaded when the host asks for them."""
        from test_stage.options import BuilderOptions  # noqa: PLC0415  # beside a plugin's start

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
        """Test, then build."""
        from test_stage import building, gate  # noqa: PLC0415  # beside a plugin's start

        given = gate.Given(source, job, ui, logger, labels, directory, call)
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
        access: AccessInfo,
    ) -> Result:
        """Test, then build on an on-demand runner, where the other builder pushes by itself."""
        from test_stage import building, gate  # noqa: PLC0415  # beside a plugin's start

        given = gate.Given(source, job, ui, logger, labels, directory, call)
        return building.build(self.options, given, has_registry=True, access=access)

    options: Any

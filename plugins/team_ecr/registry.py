"""The registry: what Waypoint calls to push an image, and to let builders push by themselves."""

from __future__ import annotations

from typing import Any

from waypaas_sdk import component
from waypaas_sdk.arguments import JobInfo, Source
from waypaas_sdk.call import Call
from waypaas_sdk.gen.docker.docker_pb2 import AccessInfo, Image
from waypaas_sdk.result import Result
from waypaas_sdk.terminal import TerminalUI


class EcrRegistry(component.Registry):
    """Pushes an image to the registry of the environment, by the standards of its team.

    The image may be in Docker, or in any registry. The same bytes arrive: their
    digest is what is deployed. Every option has its value by the team's standards;
    write one only to deviate, within the bounds that they set.
    """

    example = 'build {\n  use "docker" {}\n  registry {\n    use "team-ecr" {}\n  }\n}'

    @classmethod
    def options_class(cls) -> type:
        """Give the section of the standards that an app may deviate from; loaded when the host asks for it."""
        from teamconfig.model import Registry  # noqa: PLC0415  # beside a plugin's start

        return Registry

    def push(self, image: Image, source: Source, job: JobInfo, ui: TerminalUI, call: Call) -> Result:
        """Bring the image to its registry and to its replicas; the tags come last."""
        from team_ecr import pushing  # noqa: PLC0415  # beside a plugin's start

        return pushing.push(self.options, image, source, job, ui, call)

    def access(self, source: Source, job: JobInfo, ui: TerminalUI, call: Call) -> AccessInfo:
        """Give a builder the right to push by itself, as those on remote runners do."""
        from team_ecr import pushing  # noqa: PLC0415  # beside a plugin's start

        return pushing.access(self.options, source, job, ui, call)

    options: Any

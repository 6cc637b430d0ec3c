"""A builder for the tests: it names the image that its options name, and says what it was given.

Installed as `waypoint-plugin-testbuilder` beside an app.
"""

# ruff: noqa: TC001  # annotations are read when the class is made
from __future__ import annotations

from dataclasses import dataclass

from waypaas_sdk import component, serve
from waypaas_sdk.arguments import HasRegistry, JobInfo, Source
from waypaas_sdk.call import Call
from waypaas_sdk.errors import StateError
from waypaas_sdk.gen.docker.docker_pb2 import AccessInfo, Image
from waypaas_sdk.options import option
from waypaas_sdk.result import Result
from waypaas_sdk.terminal import TerminalUI


@dataclass
class Options:
    """What to make."""

    image: str = option(doc="Repository.", default="")
    tag: str = option(doc="Tag.", default="v1")
    location: str = option(doc="docker or registry.", default="registry")
    fail: bool = option(doc="Fail.", default=False)
    hang: bool = option(doc="Wait until cancelled.", default=False)


class TestBuilder(component.Builder):
    """Makes nothing."""

    options: Options

    def build(self, source: Source, job: JobInfo, ui: TerminalUI, call: Call, has_registry: HasRegistry) -> Result:
        """Name the image."""
        if self.options.fail:
            raise StateError("the source does not compile", why="line 7 is wrong")
        ui.output(f"testbuilder builds {source.app} of {job.project} ({has_registry})")
        if self.options.hang:
            call.sleep(60)
        image = Image(image=self.options.image, tag=self.options.tag, architecture="amd64")
        if self.options.location == "docker":
            image.docker.SetInParent()
        else:
            image.registry.SetInParent()
        return Result(image, labels={"test/builder": "yes"})

    def build_odr(self, ui: TerminalUI, access: AccessInfo) -> Image:
        """Say that it was pushed where it may be."""
        ui.output(f"may push to {access.image}:{access.tag} as {access.user_pass.username} ({access.insecure})")
        return Image(image=access.image, tag=access.tag, registry=Image.RegistryLocation())


if __name__ == "__main__":
    serve.serve(TestBuilder)

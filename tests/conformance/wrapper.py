"""A plugin that does nothing itself: another one that its options name does the work."""

# ruff: noqa: TC001  # annotations are read when the class is made
from __future__ import annotations

from dataclasses import dataclass, field

from google.protobuf.struct_pb2 import Struct

from waypaas_sdk import component, delegate, serve
from waypaas_sdk.arguments import DataDir, DeploymentConfig, HasRegistry, JobInfo, LabelSet, Source
from waypaas_sdk.call import Call
from waypaas_sdk.gen.docker.docker_pb2 import AccessInfo, Image
from waypaas_sdk.logger import Logger
from waypaas_sdk.options import option
from waypaas_sdk.result import Result
from waypaas_sdk.terminal import TerminalUI


@dataclass
class Options:
    """What to wrap."""

    plugin: str | None = option(doc="The other plugin.")
    options: dict[str, str] = field(default_factory=dict, metadata={"doc": "Its options."})


class Build(component.Builder):
    """Builds by another plugin."""

    options: Options

    def build(
        self, source: Source, job: JobInfo, ui: TerminalUI, logger: Logger, labels: LabelSet, call: Call,
        registry: HasRegistry,
    ) -> Result:  # fmt: skip
        """Let the other one build."""
        with delegate.launch(self.options.plugin or "", call, source.path) as other:
            other.configure("builder", self.options.options, "build.use.options")
            made = other.invoke("builder", "Build", source, job, ui, logger, labels, HasRegistry=registry)
            image = other.take(made.result, Image)
        ui.output("wrapped")
        return Result(image, labels=dict(made.labels))

    def build_odr(self, source: Source, ui: TerminalUI, call: Call) -> Image:
        """Let the other one build with access that is made up here."""
        access = AccessInfo(image="made/up", tag="1")
        with delegate.launch(self.options.plugin or "", call, source.path) as other:
            assert other.implements("builder", "BuildODR")
            return other.take(other.invoke("builder", "BuildODR", source, ui, access).result, Image)


class Deploy(component.Platform):
    """Deploys by another plugin."""

    options: Options

    def deploy(
        self, image: Image, source: Source, config: DeploymentConfig, job: JobInfo, directory: DataDir, ui: TerminalUI,
        logger: Logger, call: Call,
    ) -> Result:  # fmt: skip
        """Let the other one deploy."""
        ui.output("before")
        with delegate.launch(self.options.plugin or "", call, source.path) as other:
            other.configure("platform", self.options.options, "deploy.use.options")
            made = other.invoke("platform", "Deploy", image, config, job, directory, ui, logger)
            return Result(other.take(made.result, Struct), url=made.deployment.url)


class Release(component.ReleaseManager):
    """Releases by another plugin."""

    options: Options

    def release(self, deployment: Struct, source: Source, ui: TerminalUI, call: Call) -> Result:
        """Let the other one release."""
        with delegate.launch(self.options.plugin or "", call, source.path) as other:
            made = other.invoke("releasemanager", "Release", deployment, ui)
            assert not other.implements("releasemanager", "AuthSpec".removesuffix("Spec"))
            return Result(other.take(made.result, Struct), url=made.release.url)


if __name__ == "__main__":
    serve.serve(Build, Deploy, Release)

"""The builder: names an image that something else has built and pushed."""

from __future__ import annotations

from dataclasses import dataclass

from waypaas_sdk import component
from waypaas_sdk.arguments import HasRegistry
from waypaas_sdk.errors import OptionError
from waypaas_sdk.gen.docker.docker_pb2 import Image
from waypaas_sdk.options import option
from waypaas_sdk.result import Result
from waypaas_sdk.terminal import TerminalUI


@dataclass
class Options:
    """Options of the builder."""

    image: str | None = option(
        doc="The image to deploy, with its tag or digest. Cluster nodes must be able to pull it.",
        example="registry.example/shop/web:v1",
        required=True,
    )


class K8sBuilder(component.Builder):
    """Names an image that is in a registry already, for instance because CI built it.

    Gives a docker.Image, as Waypoint's own docker-ref does, with one option.
    """

    options: Options
    example = 'build {\n  use "team-k8s" { image = "registry.example/shop/web:v1" }\n}'

    def configured(self) -> None:
        """Refuse what is no reference of an image."""
        split(self.options.image or "")

    def build(self, ui: TerminalUI, has_registry: HasRegistry) -> Result:
        """Give the image by its name; nothing is built or pulled."""
        image, tag = split(self.options.image or "")
        ui.output(f"Image {self.options.image}")
        if has_registry:
            ui.output("It is in a registry already: the registry stanza has nothing to push", style="warning")
        return Result(Image(image=image, tag=tag, registry=Image.RegistryLocation()))

    def build_odr(self, ui: TerminalUI, has_registry: HasRegistry) -> Result:
        """Give the image by its name, on an on-demand runner too."""
        return self.build(ui, has_registry)


def split(reference: str) -> tuple[str, str]:
    """Split a reference into image and tag.

    Args:
        reference: "registry:5000/shop/web:v1", or with "@sha256:..." for the tag.

    Returns:
        Image and tag; the tag may be a digest, and is "latest" where there is none.

    Raises:
        OptionError: It is no reference.
    """
    image, at, digest = reference.partition("@")
    head, colon, tag = image.rpartition(":")
    if at:
        image, tag = (head, digest) if colon and "/" not in tag else (image, digest)
    elif colon and "/" not in tag:
        image = head
    else:
        tag = "latest"
    if not image or not tag or any(character.isspace() for character in reference) or image != image.lower():
        raise OptionError(
            f'option image = "{reference}" is no reference of an image',
            why="it has to be repository:tag, in lower case",
            fix='write image = "registry.example/shop/web:v1"',
            where="build.use.image",
        )
    return image, tag

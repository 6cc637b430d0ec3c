"""Lets the builder work that the standards name, in the first environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from team_ecr import origins
from waypaas_sdk.errors import OptionError, StateError
from waypaas_sdk.gen.docker.docker_pb2 import Image

if TYPE_CHECKING:
    from collections.abc import Mapping

    from team_ecr.building import Given
    from team_ecr.origins import Origin
    from waypaas_sdk.delegate import Delegate
    from waypaas_sdk.gen.docker.docker_pb2 import AccessInfo

NOTHING = "none"
"""Name of the builder that builds nothing."""

WHERE = "standard registry.builder_options"


def named(given: Given, options: Mapping[str, str]) -> Origin:
    """Take an image that something else has built.

    Args:
        given: What our own call was given.
        options: Of the builder `none`: `image`.

    Returns:
        Where it is.

    Raises:
        OptionError: There is none, or something else besides.
    """
    others = sorted(set(options) - {"image"})
    if others or not options.get("image"):
        raise OptionError(
            "builder none takes one option, image" + (f", and not {', '.join(others)}" if others else ""),
            why="it takes an image that something else has built",
            fix='write builder_options = { image = "registry.example/shop/web:v1" }',
            where=WHERE,
        )
    return origins.of_text(options["image"], given.source.path, WHERE)


def built(
    given: Given, builder: str, options: Mapping[str, str], access: AccessInfo | None
) -> tuple[Image, dict[str, str]]:
    """Let another plugin build.

    Args:
        given: What our own call was given.
        builder: Its name as after `use`.
        options: Its options, as texts.
        access: Where it may push by itself, on an on-demand runner; None: it builds on this machine.

    Returns:
        Its image, and labels.

    Raises:
        PluginError: There is no such plugin, or it failed, with its own text.
    """
    from waypaas_sdk import delegate  # noqa: PLC0415  # where something is built only

    given.ui.output(f"Building with {builder}")
    with delegate.launch(builder, given.call, given.source.path) as other:
        other.configure("builder", options, WHERE)
        made = _invoked(other, given, access)
        image = other.take(made.result, Image)
    if not image.image:
        raise StateError(f"builder {builder} gave an image without a name")
    return image, dict(made.labels)


def _invoked(other: Delegate, given: Given, access: AccessInfo | None) -> Any:  # the reply
    rpc = "BuildODR" if access is not None and other.implements("builder", "BuildODR") else "Build"
    values = (given.source, given.job, given.ui, given.logger, given.labels, given.directory, access)
    return other.invoke("builder", rpc, *values, HasRegistry=True)

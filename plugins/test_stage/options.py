"""The options of `use "test"`: what follows the tests, and tests of the app's own.

How all tests are run is for the standards alone to say: none of their keys is an option here.
"""

from __future__ import annotations

from dataclasses import dataclass

from teamconfig.model.option import option
from teamconfig.model.tests import Check
from waypaas_sdk import options as sdk


@dataclass(kw_only=True)
class FileCheck(Check):
    """One test of the app's own. It cannot have the name of one that the standards demand."""

    name: str | None = sdk.option(doc="Name of the test.", label=True, example="smoke")


@dataclass(kw_only=True)
class BuilderOptions:
    """Options of the builder."""

    then: str | None = option("string", "The plugin that builds after the tests, as after `use`.", example="docker")
    options: dict[str, str] | None = option(
        "map", "Options of that plugin, by their names in waypoint.hcl; lists, maps and blocks as JSON.",
        example='{"dockerfile": "Containerfile"}',
    )  # fmt: skip
    test: list[FileCheck] = option("blocks", "Tests of the app's own.")


@dataclass(kw_only=True)
class ReleaseOptions(BuilderOptions):
    """Options of the release manager."""

    then: str | None = option(
        "string", "The plugin that releases after the tests, as after `use`.", example="team-k8s",
        default="that of the deployment's platform",
    )  # fmt: skip
    url: str | None = option(
        "string", "Where the deployment is reached without traffic; `deploy.url` where its platform says so.",
        example="http://web-v7.internal:8080", default="what its platform's plugin says",
    )  # fmt: skip
    image: str | None = option(
        "string", "Image of the deployment with its digest, by which evidence is kept.",
        example="registry.example/shop/web:v7@sha256:...", default="what its platform's plugin says",
    )  # fmt: skip
    launcher: str | None = option(
        "string", "The plugin whose task launcher runs the tests of kind job.", example="team-k8s",
        default="the one that releases",
    )  # fmt: skip
    launcher_options: dict[str, str] | None = option(
        "map", "Options of that task launcher.", example='{"namespace": "shop-tests"}', default="none"
    )

"""Section `tests`: what must have passed before an image may run somewhere, and how it is tested."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from teamconfig.model import shapes
from teamconfig.model.option import option
from teamconfig.model.shapes import Shape

METHOD = Shape("[A-Z]{3,10}", "a method of HTTP in capitals", 10)
ENV_NAME = Shape("[A-Za-z_][A-Za-z0-9_]*", "letters, digits and '_', not beginning with a digit", 128)
HEADER = Shape("[A-Za-z0-9!#$%&'*+.^_`|~-]+", "the name of an HTTP header", 128)
BELOW = Shape(r"(?!/)(?!(.*/)?\.\.(/|$)).+", "a path below the app's directory", 512)


@dataclass(kw_only=True)
class Check:
    """One test, whoever demands it. Which keys count depends on its kind."""

    required: ClassVar[tuple[str, ...]] = ("name",)
    unique: ClassVar[tuple[str, ...]] = ("name",)

    name: str | None = option("string", "Name, as in `required`.", example="smoke", shape=shapes.LABEL)
    kind: str | None = option(
        "enum",
        "http asks the deployment; command runs a program here; job runs an image beside the deployment; contract "
        "holds the deployment against its OpenAPI document with schemathesis.",
        choices=("http", "command", "job", "contract"),
        default="http",
    )
    timeout: str | None = option(
        "duration", "How long one try may take.", bounds=("1s", "24h"), default="that of all tests", example="2m"
    )
    retries: int | None = option(
        "int", "How often it is tried again; passing late is shown as flaky.", bounds=(0, 10),
        default="that of all tests", example="1",
    )  # fmt: skip
    path: str | None = option(
        "string", "http: path to ask. contract: path of the OpenAPI document, or a file below the app's directory.",
        default="/ for http, /openapi.json for contract", example="/healthz",
    )  # fmt: skip
    method: str | None = option("string", "http: method.", default="GET", example="POST", shape=METHOD)
    headers: dict[str, str] | None = option(
        "map", "http: headers to send. No secrets: they are read with the standards.",
        example='{"accept": "application/json"}', key_shape=HEADER,
    )  # fmt: skip
    send: str | None = option("string", "http: body to send.", example='{"item": 1}')
    status: int | None = option("int", "http: status of the answer.", bounds=(100, 599), default="200", example="204")
    contains: str | None = option("string", "http: text that the body must contain.", example="ready")
    json: dict[str, str] | None = option(
        "map", "http: what the body holds, by JSON path.", example='{"$.status": "up"}'
    )
    expect_headers: dict[str, str] | None = option(
        "map", "http: text that a header of the answer must contain, by its name.",
        example='{"content-type": "json"}', key_shape=HEADER,
    )  # fmt: skip
    requests: int | None = option(
        "int", "http: how often to ask; each answer must be right.", bounds=(1, 10000), default="1", example="50"
    )
    percentile: int | None = option("int", "http: which of the times is held against `latency`.", bounds=(1, 100),
        default="95", example="99")  # fmt: skip
    latency: str | None = option(
        "duration", "http: longest time of that percentile.", bounds=("1ms", "10m"), default="not looked at",
        example="300ms",
    )  # fmt: skip
    command: list[str] | None = option(
        "list", "command: program and arguments. job: arguments of the image. contract: more arguments.",
        example='["make", "test"]',
    )  # fmt: skip
    directory: str | None = option(
        "string", "command: where it runs, below the app's directory.", example="tests", shape=BELOW,
        default="the app's directory",
    )  # fmt: skip
    environment: dict[str, str] | None = option(
        "map", "command and job: more variables.", example='{"LEVEL": "fast"}', key_shape=ENV_NAME
    )
    image: str | None = option("string", "job: image to run.", example="registry.example/checks:v3")
    entrypoint: list[str] | None = option(
        "list", "job: program that runs instead of the image's own.", example='["sh", "-c"]',
        default="that of the image",
    )  # fmt: skip
    reports: str | None = option(
        "string", "command: JUnit XML files that it writes, below the app's directory; * stands for any name.",
        example="build/junit-*.xml", shape=BELOW, default="none",
    )  # fmt: skip


@dataclass(kw_only=True)
class StandardCheck(Check):
    """One test that the standards demand: no waypoint.hcl can remove or change it."""

    stage: str | None = option(
        "enum", "build: of the source, before it is built. release: of the deployment, before it gets traffic.",
        choices=("build", "release"), default="release",
    )  # fmt: skip


@dataclass(kw_only=True)
class Tests:
    """Tests that gate an environment."""

    required: list[str] | None = option(
        "list", "Names of the tests that must have passed for this image.", default="none",
        example='["unit", "smoke"]',
    )  # fmt: skip
    checks: list[StandardCheck] = option("blocks", "Tests that the standards bring along for every app.")
    timeout: str | None = option("duration", "How long one test may take.", preset="15m", bounds=("1s", "24h"))
    evidence_max_age: str | None = option(
        "duration", "Age at which a passed test no longer counts.", preset="168h", bounds=("1m", "8760h")
    )
    retries: int | None = option("int", "How often a failed test is run again.", bounds=(0, 10), preset=0)
    parallel: int | None = option("int", "How many tests run at a time.", bounds=(1, 32), preset=4)
    reach: str | None = option(
        "enum",
        "How tests reach a deployment without traffic: by the URL that it has, by a way that its platform's plugin "
        "opens (Kubernetes: port-forward), or by whichever there is.",
        choices=("auto", "url", "forward"),
        preset="auto",
    )

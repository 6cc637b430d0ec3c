"""Blocks of section `kubernetes` about containers: probes, ports, sidecars, init containers, volumes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from teamconfig.model import shapes
from teamconfig.model.option import option


@dataclass(kw_only=True)
class Probe:
    """How Kubernetes asks a container whether it is well."""

    kind: str | None = option(
        "enum",
        "How to ask. http passes on 200 to 399.",
        choices=("http", "tcp", "grpc", "exec", "none"),
        default="http if path is set, exec if command is set, otherwise tcp",
    )
    path: str | None = option(
        "string", "Path of the HTTP request, with its slash.", example="/healthz", shape=shapes.URL_PATH
    )
    port: int | None = option("int", "Port to ask.", bounds=(1, 65535), default="the app's port", example="8080")
    command: list[str] | None = option(
        "list", "Command to run in the container; exit code 0 is well.", example='["/bin/check", "--quick"]'
    )
    initial_delay: str | None = option("duration", "How long to wait before the first probe.", preset="0s")
    period: str | None = option("duration", "How often to ask.", bounds=("1s", "1h"))
    timeout: str | None = option("duration", "How long an answer may take.", preset="2s", bounds=("1s", "10m"))
    failure_threshold: int | None = option(
        "int", "Failures in a row until the container counts as unwell.", bounds=(1, 1000), example="3"
    )
    success_threshold: int | None = option(
        "int", "Successes in a row until it counts as well; only readiness may have more than 1.", bounds=(1, 100),
        default="1", example="1",
    )  # fmt: skip

    def effective_kind(self) -> str:
        """Tell how to ask, also where `kind` is unset.

        Returns:
            One of http, tcp, grpc, exec, none.
        """
        return self.kind or ("http" if self.path else "exec" if self.command else "tcp")


@dataclass(kw_only=True)
class Probes:
    """The three probes of the app's container. A worker without port has none unless it sets a command."""

    startup: Probe | None = option(
        "block", "Holds the other two back until the app is up; kills it if it never is.",
        preset={"period": "2s", "failure_threshold": 60},
    )  # fmt: skip
    readiness: Probe | None = option(
        "block", "Takes the pod out of the Service while it fails.", preset={"period": "5s", "failure_threshold": 3}
    )
    liveness: Probe | None = option(
        "block", "Restarts the container when it fails.", preset={"period": "10s", "failure_threshold": 6}
    )


@dataclass(kw_only=True)
class Port:
    """One more port of the app's container."""

    required: ClassVar[tuple[str, ...]] = ("name", "port")
    unique: ClassVar[tuple[str, ...]] = ("name", "port")

    name: str | None = option("string", "Name, at most 15 characters.", example="metrics", shape=shapes.PORT_NAME)
    port: int | None = option("int", "Number.", bounds=(1, 65535), example="9090")
    protocol: str | None = option("enum", "Protocol.", choices=("TCP", "UDP"), default="TCP")
    service_port: int | None = option(
        "int", "Port of the Service that leads to it.", bounds=(1, 65535), default="none: not offered", example="9090"
    )


@dataclass(kw_only=True)
class Volume:
    """A directory of the app's container: scratch space, a claim, or projected objects."""

    required: ClassVar[tuple[str, ...]] = ("path",)
    unique: ClassVar[tuple[str, ...]] = ("path",)
    alone: ClassVar[tuple[str, ...]] = ("claim", "projected")

    path: str | None = option("string", "Where it is in the container.", example="/data", shape=shapes.PATH)
    claim: str | None = option(
        "string", "PersistentVolumeClaim; must exist.", default="none: empty with each pod", example="web-data",
        shape=shapes.NAME,
    )  # fmt: skip
    projected: list[str] | None = option(
        "list", "Objects whose content it shows, and token/AUDIENCE for a service account token.",
        example='["secret/web-tls", "token/vault"]', shape=shapes.PROJECTED,
    )  # fmt: skip
    size: str | None = option(
        "memory", "Most that an empty one may hold.", default="what the node has", bounds=("1Mi", "16Ti")
    )
    memory: bool | None = option("bool", "Keep an empty one in memory.", default="false")
    read_only: bool | None = option("bool", "Forbid writes.", default="false")


@dataclass(kw_only=True)
class Sidecar:
    """A container beside the app's: it starts before the app and ends after it."""

    required: ClassVar[tuple[str, ...]] = ("name", "image")
    unique: ClassVar[tuple[str, ...]] = ("name",)

    name: str | None = option("string", "Name.", example="proxy", shape=shapes.LABEL)
    image: str | None = option("string", "Image with tag or digest.", example="registry.example/proxy:1.4")
    command: list[str] | None = option("list", "Program, instead of the image's.", example='["/proxy"]')
    args: list[str] | None = option("list", "Its arguments.", example='["--upstream=127.0.0.1:3000"]')
    port: int | None = option("int", "Port that it listens on.", bounds=(1, 65535), default="none", example="8443")
    env: dict[str, str] | None = option(
        "map", "Environment variables.", example='{"MODE": "strict"}', key_shape=shapes.ENV_NAME
    )
    secret_env: dict[str, str] | None = option(
        "map", "Environment variables from Secrets, as NAME/KEY.", example='{"TOKEN": "proxy/token"}',
        shape=shapes.KEY_REFERENCE, key_shape=shapes.ENV_NAME,
    )  # fmt: skip
    cpu: str | None = option("cpu", "CPU that is set aside (request).", default="10m", bounds=("1m", "512"))
    memory: str | None = option(
        "memory", "Memory above which it is killed, and set aside for it.", default="64Mi", bounds=("4Mi", "16Ti")
    )
    probe: Probe | None = option("block", "When it counts as ready; the app starts after it.")
    volumes: list[str] | None = option(
        "list", "Paths of the app's volumes that it has too.", example='["/data"]', shape=shapes.PATH
    )


@dataclass(kw_only=True)
class Init:
    """A container that runs to its end before the app starts, with the app's environment and volumes."""

    required: ClassVar[tuple[str, ...]] = ("name", "command")
    unique: ClassVar[tuple[str, ...]] = ("name",)

    name: str | None = option("string", "Name.", example="migrate", shape=shapes.LABEL)
    image: str | None = option("string", "Image.", default="the app's", example="registry.example/migrate:7")
    command: list[str] | None = option("list", "Program.", example='["/app", "migrate"]')
    args: list[str] | None = option("list", "Its arguments.", example='["--wait"]')

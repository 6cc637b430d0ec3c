"""Section `observability`: how an app is found in metrics, logs and traces."""

from __future__ import annotations

from dataclasses import dataclass

from teamconfig.model import shapes
from teamconfig.model.option import option


@dataclass(kw_only=True)
class Metrics:
    """Where metrics are scraped."""

    enabled: bool | None = option("bool", "Scrape the app.", preset=False)
    port: int | None = option(
        "int", "Port of the metrics.", bounds=(1, 65535), default="the app's port", example="9090"
    )
    path: str | None = option("string", "Path of the metrics.", preset="/metrics")


@dataclass(kw_only=True)
class Observability:
    """How an app is found in metrics, logs and traces."""

    labels: dict[str, str] | None = option(
        "map", "Labels of every object and of everything it emits.", example='{"tier": "gold"}', template=True,
        shape=shapes.LABEL_VALUE, key_shape=shapes.LABEL_KEY,
    )  # fmt: skip
    log_format: str | None = option(
        "enum", "What the app writes; given to it as LOG_FORMAT.", choices=("json", "text"), example="json"
    )
    log_level: str | None = option(
        "enum", "Least severity; given to it as LOG_LEVEL.", choices=("debug", "info", "warning", "error"),
        example="info",
    )  # fmt: skip
    otlp_endpoint: str | None = option(
        "string", "Where traces go; given to it as OTEL_EXPORTER_OTLP_ENDPOINT.", example="http://otel.obs:4317",
        template=True,
    )  # fmt: skip
    metrics: Metrics | None = option("block", "Where metrics are scraped.")

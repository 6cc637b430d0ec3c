"""What operators see: structured logs, Prometheus metrics, OpenTelemetry traces. Never a secret, never a payload."""

from __future__ import annotations

import json
import logging
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

if TYPE_CHECKING:
    from collections.abc import Iterator

LOG = logging.getLogger("waypaas.service")
_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.075, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 30.0)


class JsonLines(logging.Formatter):
    """One JSON object a line; what is given as `extra` stands beside the message."""

    _OWN: ClassVar[frozenset[str]] = frozenset(
        {*vars(logging.LogRecord("", 0, "", 0, "", (), None)), "message", "asctime", "taskName"}
    )

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        told: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        told |= {name: value for name, value in vars(record).items() if name not in self._OWN}
        if record.exc_info:
            told["traceback"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=True, default=str)


def log_to_stderr(level: str = "INFO") -> None:
    """Send the service's logs to stderr, as JSON lines.

    Args:
        level: "DEBUG", "INFO", "WARNING" or "ERROR".
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    LOG.handlers[:] = [handler]
    LOG.setLevel(level)
    LOG.propagate = False


class Metrics:
    """Counters of one service process; a registry of its own, so that two in one process do not meet."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.calls = Counter(
            "waypaas_calls", "Calls answered.", ["method", "code", "reason"], registry=self.registry
        )  # fmt: skip
        self.seconds = Histogram(
            "waypaas_call_seconds", "Time to answer.", ["method"], buckets=_SECONDS, registry=self.registry
        )
        self.running = Gauge("waypaas_calls_running", "Calls being answered.", registry=self.registry)
        self.queue = Gauge("waypaas_writer_queue", "Changes waiting for the database.", registry=self.registry)
        self.ready = Gauge("waypaas_ready", "1 if the service takes calls.", registry=self.registry)
        self.revision = Gauge(
            "waypaas_revision_serial", "Serial of the revision of the standards.", registry=self.registry
        )
        self.refused = Gauge(
            "waypaas_revision_refused", "1 if the newest revision was refused.", registry=self.registry
        )

    def serve(self, address: str) -> Any:
        """Show the metrics by HTTP.

        Args:
            address: "host:port".

        Returns:
            The server; `shutdown` and `server_close` end it.
        """
        host, _, port = address.rpartition(":")
        server, _ = start_http_server(int(port), host or "127.0.0.1", registry=self.registry)
        return server


class Traces:
    """Spans of calls, sent to a collector if there is one.

    Args:
        endpoint: URL of an OTLP collector (gRPC); empty for none.
    """

    def __init__(self, endpoint: str) -> None:
        self._tracer: Any = None
        self._provider: Any = None
        if endpoint:
            from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
            from opentelemetry.sdk.resources import Resource  # noqa: PLC0415  # only where traces are wanted
            from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
            from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

            self._provider = TracerProvider(resource=Resource.create({"service.name": "waypaas"}))
            exporter = OTLPSpanExporter(endpoint=endpoint, insecure=endpoint.startswith("http://"))
            self._provider.add_span_processor(BatchSpanProcessor(exporter))
            self._tracer = self._provider.get_tracer("waypaas.service")

    @contextmanager
    def span(self, method: str, request_id: str) -> Iterator[Any]:
        """Trace one call.

        Args:
            method: Full name.
            request_id: As the user sees it.

        Yields:
            The span, or None.
        """
        if self._tracer is None:
            yield None
            return
        about = {"waypaas.request_id": request_id}
        with self._tracer.start_as_current_span(
            method, attributes=about, record_exception=False, set_status_on_exception=False
        ) as span:  # a refusal quotes what somebody wrote, which is not for traces
            yield span

    def close(self) -> None:
        """Send what is left."""
        if self._provider is not None:
            self._provider.shutdown()

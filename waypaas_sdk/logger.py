"""The host's log: hclog's JSON lines on stderr, which go-plugin's host parses."""

from __future__ import annotations

import os
import time
from typing import Any

LEVELS = {"trace": 1, "debug": 2, "info": 3, "warn": 4, "error": 5, "off": 6}
"""hclog's levels in their order."""

SECRET_WORDS = ("password", "passwd", "token", "secret", "authorization", "credential", "private_key")
"""A key with one of these in it is logged without its value."""


def host_level(environ: dict[str, str]) -> str:
    """Tell how much the host wants to be told.

    Args:
        environ: WAYPOINT_LOG_LEVEL, which Waypoint's -v flags set too.

    Returns:
        One of LEVELS; "info" if the host does not say.
    """
    level = environ.get("WAYPOINT_LOG_LEVEL", "").strip().lower()
    return {"warning": "warn", "none": "off"}.get(level, level) if level in {*LEVELS, "warning", "none"} else "info"


class Logger:
    """Writes one JSON object per line, in one write.

    Args:
        name: Of the logger: "waypoint-plugin-team-k8s".
        descriptor: File descriptor to write to; 2 is the host's.
        level: Lowest level written; the host's wish if empty.
        bound: Key-values in every line.
    """

    def __init__(self, name: str, *, descriptor: int = 2, level: str = "", bound: dict[str, Any] | None = None) -> None:
        self.name = name
        self._descriptor = descriptor
        self._level = level or host_level(dict(os.environ))
        self._bound = bound or {}

    def named(self, name: str) -> Logger:
        """Give a logger below this one: "plugin.deploy"."""
        return Logger(f"{self.name}.{name}", descriptor=self._descriptor, level=self._level, bound=self._bound)

    def bind(self, **values: Any) -> Logger:
        """Give a logger that adds these key-values to every line."""
        return Logger(self.name, descriptor=self._descriptor, level=self._level, bound=self._bound | values)

    def trace(self, message: str, **values: Any) -> None:
        """Log what only we want to see."""
        self._write("trace", message, values)

    def debug(self, message: str, **values: Any) -> None:
        """Log what helps to find a fault."""
        self._write("debug", message, values)

    def info(self, message: str, **values: Any) -> None:
        """Log what happened."""
        self._write("info", message, values)

    def warning(self, message: str, **values: Any) -> None:
        """Log what may become a fault."""
        self._write("warn", message, values)

    def error(self, message: str, **values: Any) -> None:
        """Log a fault."""
        self._write("error", message, values)

    def _write(self, level: str, message: str, values: dict[str, Any]) -> None:
        if LEVELS[level] < LEVELS[self._level]:
            return
        import json  # noqa: PLC0415  # most processes end without a line of log

        now = time.time()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
        line = {
            "@level": level,
            "@message": message,
            "@module": self.name,
            "@timestamp": f"{stamp}.{int(now % 1 * 1e6):06d}Z",
        }
        line |= {key: _shown(key, value) for key, value in (self._bound | values).items()}
        try:
            os.write(self._descriptor, json.dumps(line, default=str).encode() + b"\n")
        except OSError:
            return  # the host is gone; nobody is left to tell


def _shown(key: str, value: Any) -> Any:
    return "(hidden)" if any(word in key.lower() for word in SECRET_WORDS) else value

"""`wps serve`: run the team config service."""

from __future__ import annotations

import enum
from pathlib import Path  # noqa: TC003  # Typer reads annotations
from typing import Annotated

import typer

from teamconfig import errors
from wps import commands, terminal

app = commands.app()


class Level(enum.StrEnum):
    """How much is logged."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


@app.command(
    help="Run the team config service until SIGTERM or SIGINT. Prints where it listens; logs to stderr, as JSON "
    "lines. SIGHUP makes it look for a newer revision of the standards at once."
)
def run(
    *,
    config: Annotated[Path, typer.Option(metavar="FILE", help="its service.yaml")],
    log_level: Annotated[Level, typer.Option(metavar="L", help="DEBUG, INFO, WARNING or ERROR")] = Level.INFO,
) -> int:
    """Serve.

    Args:
        config: Its configuration.
        log_level: How much is logged.

    Returns:
        0 after a signal.

    Raises:
        StandardsError: The configuration is wrong, or the service cannot start.
    """
    import sys  # noqa: PLC0415  # here only

    try:
        from teamconfig.service.main import serve  # noqa: PLC0415  # the server's side, which clients need not have
        from teamconfig.state.errors import StateError  # noqa: PLC0415
    except ImportError as err:
        fix = "install waypaas[service]"
        raise errors.missing("this installation cannot serve", f"{err.name} is not installed", fix, "") from err

    def ready(address: str) -> None:
        terminal.line(f"listening on {address}")
        sys.stdout.flush()

    try:
        serve(config, ready, log_level.value)
    except StateError as err:
        raise errors.StandardsError([err.problem]) from err
    return 0

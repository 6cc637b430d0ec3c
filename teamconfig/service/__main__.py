"""Run `python -m teamconfig.service --config service.yaml`, as `wps serve` does, without the rest of wps."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from teamconfig import StandardsError
from teamconfig.service.main import serve
from teamconfig.state.errors import StateError


def main() -> int:
    """Serve until SIGTERM.

    Returns:
        Exit code: 1 if it could not start.
    """
    parser = argparse.ArgumentParser(prog="python -m teamconfig.service", description="Run the team config service.")
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="service.yaml")
    parser.add_argument("--log-level", default="INFO", choices=("DEBUG", "INFO", "WARNING", "ERROR"))
    given = parser.parse_args()

    def ready(address: str) -> None:
        sys.stdout.write(f"listening on {address}\n")
        sys.stdout.flush()

    try:
        serve(given.config, ready, given.log_level)
    except (StandardsError, StateError) as err:
        sys.stderr.write(f"{err}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

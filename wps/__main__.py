"""Run `python -m wps`."""

from __future__ import annotations

import sys

from wps.main import main

if __name__ == "__main__":
    sys.exit(main())

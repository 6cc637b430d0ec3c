"""Run one command as a named step, and say how long it took.

python3 tools/step.py "types" mypy
"""

from __future__ import annotations

import subprocess
import sys
import time


def main() -> int:
    """Run it.

    Returns:
        The command's exit code.
    """
    name, command = sys.argv[1], sys.argv[2:]
    sys.stderr.write(f"== {name}\n")
    begun = time.monotonic()
    code = subprocess.run(command, check=False).returncode  # noqa: S603  # the Makefile's own command
    verdict = "ok" if code == 0 else f"failed with exit code {code}"
    sys.stderr.write(f"== {name}: {verdict}, {time.monotonic() - begun:.1f} s\n")
    return code


if __name__ == "__main__":
    raise SystemExit(main())

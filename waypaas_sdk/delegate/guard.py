"""Becomes another program that is ended when the process that started it ends, however that ends.

python -I -S guard.py PARENT PROGRAM ARGUMENTS...

Run as a script, so it imports nothing of ours. Only Linux can do it; elsewhere the
program is run without.
"""

import os
import signal
import sys

SET_PARENT_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG of Linux."""


def main() -> None:
    """Ask the kernel for SIGTERM at the parent's end, and become the program."""
    parent, program, *arguments = sys.argv[1:]
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415  # Linux only

        ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)
        if os.getppid() != int(parent):
            raise SystemExit(1)  # it ended before we asked
    os.execv(program, [program, *arguments])  # noqa: S606  # becoming it is the purpose


if __name__ == "__main__":
    main()

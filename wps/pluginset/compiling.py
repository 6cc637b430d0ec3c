"""Compiles Python sources for a binary: run as a program of its own, with a fixed hash seed, so that bytes repeat.

Reads lines "SOURCE<tab>TARGET<tab>NAME" from the file that it is given. Started by its path, so it uses nothing but the
standard library.
"""

from __future__ import annotations

import py_compile
import sys
from pathlib import Path


def main() -> int:
    """Compile.

    Returns:
        The exit code: 1 if a file is no valid Python.
    """
    wrong = 0
    for line in Path(sys.argv[1]).read_text(encoding="utf-8").splitlines():
        source, target, name = line.split("\t")
        try:
            py_compile.compile(
                source, target, dfile=name, doraise=True, optimize=0,
                invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
            )  # fmt: skip
        except py_compile.PyCompileError as err:
            sys.stderr.write(f"{name}: {err.msg.strip()}\n")
            wrong = 1
    return wrong


if __name__ == "__main__":
    sys.exit(main())

"""A process that copies one image: for tests that kill it, or that look at its memory.

python mover.py SOURCE-HOST PATH DESTINATION-HOST PATH TAG [LAYOUT]
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from imagemover import copying
from imagemover.jobs import Job, Target
from imagemover.patience import Patience
from imagemover.registry import Registry


def main() -> None:
    """Copy, and print the bytes sent and the peak of the memory in KiB."""
    from_host, from_path, to_host, to_path, tag = sys.argv[1:6]
    patience = Patience()
    with Registry(from_host, patience=patience) as near, Registry(to_host, patience=patience) as far:
        job = Job(near.repository(from_path), tag, (Target(far.repository(to_path), (tag,)),))
        result = copying.copy([job], patience=patience)
    # Not getrusage, which counts the process that forked this one.
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    print(result.bytes_sent, peak[1] if peak else "")  # noqa: T201  # the test reads it


if __name__ == "__main__":
    main()

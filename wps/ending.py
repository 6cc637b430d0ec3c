"""What happens when somebody ends a command that has begun something."""

from __future__ import annotations

import contextlib
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_TERMINATED = 143


@contextlib.contextmanager
def cleanly() -> Iterator[None]:
    """Let SIGTERM end the block as an exception does, so that what it has begun is ended or taken back.

    Yields:
        Nothing.

    Raises:
        SystemExit: Somebody has ended the process.
    """

    def stop(*_: object) -> None:
        raise SystemExit(_TERMINATED)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)

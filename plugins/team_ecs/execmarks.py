"""What ECS Exec does not tell: when the command begins, and its exit code. Pure.

The channel has no exit code. So the command runs below a small script of the
container's own `sh`, which prints a mark before and after it; the marks are
taken out of what the user sees. A container without `sh` gives no mark.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

SIGN = b"\x1e"
SCRIPT = '{stty}trap : INT QUIT; printf \'\\036%s\\036\' "$0"; "$@"; printf \'\\036%s:%d\\036\' "$0" "$?"'
"""An interruption is the command's, not the script's."""

PLAIN = "stty -echo -onlcr -icrnl -ixon -isig 2>/dev/null; "
"""Without a user's terminal: what comes is not changed, and what is sent is not shown."""

CODE_DIGITS = 3


def wrapped(command: Sequence[str], environment: Sequence[str], nonce: str, *, tty: bool) -> str:
    """Write a command with its marks, as the agent takes it apart.

    Args:
        command: Program and arguments.
        environment: NAME=value each.
        nonce: Letters and digits that nothing else prints.
        tty: The user sits at a terminal.

    Returns:
        One line for ExecuteCommand.
    """
    script = SCRIPT.format(stty="" if tty else PLAIN)
    return shlex.join(["sh", "-c", script, nonce, *direct(command, environment)])


def direct(command: Sequence[str], environment: Sequence[str]) -> list[str]:
    """Give a command with its variables.

    Args:
        command: Program and arguments.
        environment: NAME=value each.

    Returns:
        Program and arguments.
    """
    return ["env", *environment, *command] if environment else list(command)


class Marks:
    """Takes the marks out of what a command prints.

    Args:
        nonce: As in `wrapped`.
    """

    def __init__(self, nonce: str) -> None:
        word = re.escape(nonce.encode())
        self._begin = SIGN + nonce.encode() + SIGN
        self._end = re.compile(SIGN + word + rb":([0-9]{1,3})" + SIGN)
        self._longest = len(self._begin) + 1 + CODE_DIGITS
        self._held = b""
        self.begun = False
        self.code: int | None = None

    def feed(self, data: bytes) -> bytes:
        """Take what was printed.

        Args:
            data: Any piece of it.

        Returns:
            What the user sees of it so far; nothing before the command begins, and after it ended.
        """
        if self.code is not None:
            return b""
        self._held += data
        if not self.begun:
            _, mark, rest = self._held.partition(self._begin)
            if not mark:
                return b""
            self.begun, self._held = True, rest
        found = self._end.search(self._held)
        if found:
            shown, self.code, self._held = self._held[: found.start()], int(found[1]), b""
            return shown
        # The last sign may be the beginning of a mark.
        start = self._held.find(SIGN, max(len(self._held) - self._longest, 0))
        shown, self._held = (self._held, b"") if start < 0 else (self._held[:start], self._held[start:])
        return shown

    def rest(self) -> bytes:
        """Give what is still held back: all of it where the command never began."""
        held, self._held = self._held, b""
        return held

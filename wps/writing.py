"""Replace a file as a whole, so that no reader ever sees half of it."""

from __future__ import annotations

import contextlib
import os
import secrets
from typing import TYPE_CHECKING

from teamconfig import errors

if TYPE_CHECKING:
    from pathlib import Path

_FIX = "make it and its directory writable"


def replace(path: Path, text: str) -> None:
    """Write a file, or replace it; its mode stays, and a link stays one.

    Args:
        path: The file.
        text: All of its content.

    Raises:
        StandardsError: It cannot be written (kind missing); then it is as it was.
    """
    try:
        target = path.resolve()
        mode = target.stat().st_mode & 0o7777 if target.exists() else None
        draft = target.with_name(f".{target.name}.{secrets.token_hex(6)}")
        with contextlib.ExitStack() as undo:
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)  # the umask takes from it
            undo.callback(draft.unlink, missing_ok=True)
            with os.fdopen(handle, "wb") as file:
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
            if mode is not None:
                draft.chmod(mode)
            draft.replace(target)
    except (OSError, RuntimeError) as err:  # RuntimeError: links that lead in a circle
        why = (getattr(err, "strerror", None) or "the operating system refuses").lower()
        raise errors.missing(f"{path} cannot be written", why, _FIX, str(path)) from err

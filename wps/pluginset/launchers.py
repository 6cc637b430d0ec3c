"""The launcher, compiled: alone, and with a folder's tar.gz within it.

Owns how Go is called, and what the launcher is told when it is linked. What it does is in launcher/.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from wps.pluginset import refusals

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wps.pluginset.forms import Form

SOURCES = Path(__file__).with_name("launcher")
PAYLOAD = "payload.tar.gz"
"""The file that launcher/embedded.go embeds."""


def plain(form: Form, into: Path, environ: Mapping[str, str]) -> bytes:
    """Compile the launcher.

    Args:
        form: Of the binary.
        into: The file that it goes to.
        environ: For Go.

    Returns:
        The program.

    Raises:
        StandardsError: Go is not there, or fails.
    """
    return _compiled(SOURCES, into, _told(form), [], environ)


def embedding(form: Form, payload: bytes, name: str, work: Path, environ: Mapping[str, str]) -> bytes:
    """Compile the launcher with what it unpacks within it: one program, all of which its linker signs.

    Args:
        form: Of the binary.
        payload: The tar.gz.
        name: Of the program in it.
        work: A folder that is not there yet.
        environ: For Go.

    Returns:
        The program.

    Raises:
        StandardsError: Go is not there, or fails.
    """
    shutil.copytree(SOURCES, work)
    (work / PAYLOAD).write_bytes(payload)
    told = {**_told(form), "embeddedName": name, "embeddedHash": hashlib.sha256(payload).hexdigest()}
    made = _compiled(work, work / "program", told, ["-tags", "embedded"], environ)
    shutil.rmtree(work)
    return made


def _told(form: Form) -> dict[str, str]:
    return {"program": form.program, "loader": form.loader}


def _compiled(
    sources: Path, into: Path, told: Mapping[str, str], options: list[str], environ: Mapping[str, str]
) -> bytes:
    flags = " ".join(["-s -w -buildid=", *(f"-X main.{name}={value}" for name, value in told.items())])
    command = ["go", "build", "-trimpath", "-buildvcs=false", *options, "-ldflags", flags, "-o", str(into), "."]
    own = {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "", "GOWORK": "off"}
    refusals.run(command, cwd=sources, environ={**environ, **own}, doing="compile the launcher")
    return into.read_bytes()

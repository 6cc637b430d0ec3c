"""The image of Waypoint's on-demand runners with a set of plugins: a Containerfile, and the binaries beside it.

Owns the file's text. Building and pushing are the company's own tools'.

Source: hashicorp/waypoint Dockerfile, stage odr; GoogleContainerTools/kaniko README, known issues.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from wps.pluginset import refusals

if TYPE_CHECKING:
    from pathlib import Path

    from wps.pluginset.looking import Known

BASE = "hashicorp/waypoint-odr:0.11.4"
_TEXT = """\
# Waypoint's on-demand runner with set {serial} of the plugins ({version}), which is good until {expires:%Y-%m-%d}.
# Build it in this directory; the binaries beside it are those of the set.
FROM {base}
# The runner builds images in its own file system, and empties all of it but /kaniko.
ENV XDG_CONFIG_HOME=/kaniko/.config XDG_CACHE_HOME=/kaniko/.cache
{copies}
"""
_COPY = """\
# sha256:{sha256}
COPY --chmod=755 {file} /kaniko/.config/waypoint/plugins/{file}"""


def write(known: Known, into: Path, base: str = BASE) -> Path:
    """Write the build's directory.

    Args:
        known: The set, which was verified.
        into: The directory.
        base: Image of the runner, that has Waypoint.

    Returns:
        The Containerfile.

    Raises:
        StandardsError: The directory cannot be written to (kind state).
    """
    copies = "\n".join(_COPY.format(sha256=one.sha256, file=one.file) for one in known.binaries)
    made = known.made
    text = _TEXT.format(serial=made.serial, version=made.version, expires=made.expires, base=base, copies=copies)
    target = into / "Containerfile"
    with refusals.writing("the runner's image cannot be written", into):
        into.mkdir(parents=True, exist_ok=True)
        for one in known.binaries:
            shutil.copy(known.installed.folder / one.file, into / one.file)
        target.write_text(text, encoding="utf-8")
    return target

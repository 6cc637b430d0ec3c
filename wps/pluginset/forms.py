"""The form of a binary, by platform: this is the one place that knows the difference, all other code asks the form.

Linux: the C library comes along (`carried`), behind the launcher. macOS: the system's C library (`relocatable`), and
within the launcher, as what is appended to a program there is not part of what is signed (docs/design/0009).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from teamconfig import errors
from wps.pluginset import carried, programs, relocatable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from wps.pluginset.interpreter import Interpreter


@dataclass(frozen=True, slots=True)
class Form:
    """How a binary is made, and starts.

    Args:
        program: Where in the folder the interpreter lies.
        loader: Where the loader lies that starts it; empty: the kernel starts it.
        embedded: Whether the folder is packed within the launcher, and not appended to it.
        python: Finds the interpreter, given the tools' environment.
        complete: Lays out the libraries that are missing in a folder, and gives where they came from.
        wheels: Arguments by which the installer picks packages.
        oldest: Oldest system that packages are picked for, where the installer asks for it.
    """

    program: str
    loader: str
    embedded: bool
    python: Callable[[Mapping[str, str]], Interpreter]
    complete: Callable[[Path, Interpreter], dict[str, Path]]
    wheels: tuple[str, ...] = ()
    oldest: str = ""


CARRIED = Form(carried.PROGRAM, carried.LOADER, False, carried.python, carried.complete)  # noqa: FBT003  # see Form
RELOCATABLE = Form(relocatable.PROGRAM, "", True, relocatable.python, relocatable.complete)  # noqa: FBT003  # see Form

_MACOS = "12.0"
"""What Go's programs need at least."""


def form(platform: str) -> Form:
    """Choose.

    Args:
        platform: "linux/amd64".

    Returns:
        The form of its binaries.

    Raises:
        StandardsError: Binaries for it cannot be made.
    """
    if not programs.PLATFORM.fullmatch(platform):
        why = "binaries are made on Linux and macOS, for amd64 and arm64"
        fix = "build on the platforms that are to have plugins"
        raise errors.state(f"binaries for {platform} cannot be made", why, fix, platform)
    return _FORMS[platform]


def _macos(machine: str) -> Form:
    wheels = ("--python-platform", f"{machine}-apple-darwin")
    return dataclasses.replace(RELOCATABLE, wheels=wheels, oldest=_MACOS)


_FORMS = {
    "linux/amd64": CARRIED,
    "linux/arm64": CARRIED,
    "darwin/amd64": _macos("x86_64"),
    "darwin/arm64": _macos("aarch64"),
}

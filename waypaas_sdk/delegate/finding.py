"""Where another plugin's program is: in the directories that Waypoint searches, or in Waypoint itself.

Owns the search only; starts nothing.
"""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

from waypaas_sdk import standby
from waypaas_sdk.errors import MissingError, OptionError

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "waypoint-plugin-"
"""Of every plugin's program."""

BUILTIN_VARIABLE = "WAYPOINT_BUILTIN_PLUGIN_EXE"
"""By which Waypoint itself is told what program has its builtin plugins.

Source: Waypoint 0.11.4 internal/plugin/factory.go, init.
"""


def command(name: str, directory: str, environ: Mapping[str, str]) -> list[str]:
    """Find a plugin as Waypoint does: a program of its own wins over a builtin.

    Args:
        name: As after `use`: "docker".
        directory: Of the app; searched as the present directory is.
        environ: The process's environment.

    Returns:
        Program and arguments.

    Raises:
        OptionError: The name is none, or it is that of the plugin that asks.
        MissingError: There is no such program, and no Waypoint that may have it built in.

    Source: Waypoint 0.11.4 internal/plugin/discover.go, DefaultPaths; factory.go, BuiltinFactory.
    """
    if not name or os.path.basename(name) != name or name.startswith((".", "-")):
        raise OptionError(f'"{name}" is no name of a plugin', fix='write it as after `use`: "docker"')
    program = PREFIX + name
    if program == os.path.basename(sys.argv[0]):
        raise OptionError(f"plugin {name} cannot wrap itself", fix="name another one")
    searched = directories(directory, environ)
    for place in searched:
        path = os.path.join(place, program)
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return [path]
    waypoint = builtins(environ)
    if waypoint:
        return [waypoint, "plugin", name]
    raise MissingError(
        f"there is no plugin {name}",
        why=f"no {program} is in {', '.join(searched)}, and no waypoint is on the PATH that may have it built in",
        fix=f"put {program} into one of these directories, or install waypoint",
    )


def directories(directory: str, environ: Mapping[str, str]) -> list[str]:
    """List where programs of plugins may be.

    Args:
        directory: Of the app.
        environ: The process's environment.

    Returns:
        Absolute paths, the first wins: those of Waypoint, and the one that this plugin is in.
    """
    home = os.path.expanduser("~")
    settings = environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    found = []
    for place in (os.getcwd(), os.path.abspath(directory)):
        found += [place, os.path.join(place, ".waypoint", "plugins")]
    found += [os.path.join(place, "waypoint", "plugins") for place in (settings, os.path.join(home, ".config"))]
    found.append(os.path.dirname(os.path.abspath(sys.argv[0])))
    return list(dict.fromkeys(found))


def builtins(environ: Mapping[str, str]) -> str:
    """Find the Waypoint that has plugins built in: the one that runs us, else the one on the PATH.

    Args:
        environ: The process's environment.

    Returns:
        Path of the program; empty if there is none.
    """
    if environ.get(BUILTIN_VARIABLE):
        return os.path.abspath(environ[BUILTIN_VARIABLE])
    try:
        parent = os.readlink(f"/proc/{standby.host_pid()}/exe")
    except OSError:
        parent = ""
    name = os.path.basename(parent)
    if name.startswith("waypoint") and not name.startswith(PREFIX) and os.access(parent, os.X_OK):
        return parent
    return shutil.which("waypoint", path=environ.get("PATH")) or ""

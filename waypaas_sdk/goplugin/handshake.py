"""The first exchange of a plugin with its host: environment in, one line out."""

from __future__ import annotations

import os
from dataclasses import dataclass

from waypaas_sdk.errors import StateError

CORE_PROTOCOL_VERSION = 1
"""Of go-plugin itself."""

MAX_SOCKET_PATH_BYTES = 107
"""Linux's sun_path, less its closing zero byte."""


@dataclass(frozen=True)
class Handshake:
    """What host and plugin have agreed on beforehand.

    Args:
        cookie_name: Name of the environment variable that the host sets.
        cookie_value: Its value. Not a secret; it keeps people from starting plugins by hand.
        protocol_version: Of the application protocol.
    """

    cookie_name: str
    cookie_value: str
    protocol_version: int


WAYPOINT = Handshake(
    cookie_name="WAYPOINT_PLUGIN",
    cookie_value="be6c1928786a4df0222c13eef44ac846da2c0d461d99addc93f804601c6b7205",
    protocol_version=1,
)
"""Source: waypoint-plugin-sdk internal/plugin/plugin.go, Handshake."""


def check_environment(handshake: Handshake, environ: dict[str, str]) -> None:
    """Make sure that a host started us that speaks what we speak.

    Args:
        handshake: What we expect.
        environ: The process's environment.

    Raises:
        StateError: There is no host, or it speaks another version, or it wants mutual TLS.
    """
    if environ.get(handshake.cookie_name) != handshake.cookie_value:
        raise StateError(f"{handshake.cookie_name} is not set: this was not started by a plugin host")
    offered = environ.get("PLUGIN_PROTOCOL_VERSIONS", "")
    if offered and str(handshake.protocol_version) not in offered.split(","):
        raise StateError(
            f"the host offers plugin protocol versions {offered}",
            why=f"this plugin speaks version {handshake.protocol_version}, that of Waypoint 0.11.4",
            fix="use the plugin with Waypoint 0.11.4",
        )
    if environ.get("PLUGIN_CLIENT_CERT"):
        raise StateError(
            "the host wants mutual TLS (PLUGIN_CLIENT_CERT is set)",
            why="Waypoint 0.11.4 never asks for it, its broker does not work with it",
            fix="switch AutoMTLS off in the host",
        )


def handshake_line(handshake: Handshake, socket_path: str) -> str:
    """Build the one line that go-plugin's host reads from our stdout.

    The host rejects the plugin if anything else is printed first.

    Args:
        handshake: What was agreed on.
        socket_path: Absolute path of the listening unix socket.

    Returns:
        The line, without its newline.

    Source: hashicorp/go-plugin server.go, Serve.
    """
    return f"{CORE_PROTOCOL_VERSION}|{handshake.protocol_version}|unix|{socket_path}|grpc|"


def socket_directory(environ: dict[str, str]) -> str:
    """Make a fresh directory for this process's sockets that only its user can enter.

    Args:
        environ: PLUGIN_UNIX_SOCKET_DIR, else TMPDIR, says where; else /tmp.

    Returns:
        Its absolute path. The caller removes it.

    Raises:
        StateError: No directory can be made there, or its path leaves no room for a socket's name.
    """
    parent = os.path.abspath(environ.get("PLUGIN_UNIX_SOCKET_DIR") or environ.get("TMPDIR") or "/tmp")  # noqa: S108  # the directory made in it is private
    path = os.path.join(parent, f"waypaas-{os.urandom(6).hex()}")
    if len(os.fsencode(path)) + len("/ffff") > MAX_SOCKET_PATH_BYTES:
        raise StateError(
            f"the path {path} is too long for a unix socket",
            why=f"the kernel takes {MAX_SOCKET_PATH_BYTES} bytes",
            fix="set PLUGIN_UNIX_SOCKET_DIR to a shorter one",
        )
    try:
        os.mkdir(path, 0o700)
    except OSError as err:
        raise StateError(
            f"no directory for sockets can be made in {parent}: {err.strerror}",
            fix="set PLUGIN_UNIX_SOCKET_DIR to a directory that this user may write to",
        ) from err
    return path


def remove_socket_directory(path: str) -> None:
    """Remove what `socket_directory` made, with the sockets in it; gone already is fine."""
    try:
        for name in os.listdir(path):
            os.unlink(os.path.join(path, name))
        os.rmdir(path)
    except OSError:
        return


def invitation(program: str, description: str) -> str:
    """Tell a person who started a plugin by hand what it is and where it belongs.

    Args:
        program: Name of the binary: "waypoint-plugin-team-k8s".
        description: One line, or nothing.

    Returns:
        Several lines, the last without newline.
    """
    name = program.removeprefix("waypoint-plugin-")
    about = f": {description}" if description else "."
    return (
        f"{program} is a plugin of HashiCorp Waypoint{about}\n"
        "Waypoint starts it by itself; started by hand it has nothing to do.\n"
        "\n"
        "To install it, put it, or a link to it, into one of the directories where Waypoint looks:\n"
        f"  .waypoint/plugins/{program}               for one project\n"
        f"  ~/.config/waypoint/plugins/{program}      for one user\n"
        "\n"
        f'Then write  use "{name}" {{}}  in waypoint.hcl and run  waypoint up.'
    )

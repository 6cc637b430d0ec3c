"""The first exchange with the host, apart from the process."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from waypaas_sdk.errors import StateError
from waypaas_sdk.goplugin import handshake

COOKIE = {handshake.WAYPOINT.cookie_name: handshake.WAYPOINT.cookie_value}


def test_line() -> None:
    """The line is core version, protocol version, network, address, protocol and an empty certificate."""
    assert handshake.handshake_line(handshake.WAYPOINT, "/tmp/x/0") == "1|1|unix|/tmp/x/0|grpc|"  # noqa: S108  # never opened


@pytest.mark.parametrize("versions", ["", "1", "1,2", "0,1"])
def test_environment_of_waypoint_is_taken(versions: str) -> None:
    """The cookie and any offer that holds version 1 are accepted, and so is no offer at all."""
    handshake.check_environment(handshake.WAYPOINT, COOKIE | {"PLUGIN_PROTOCOL_VERSIONS": versions})


@pytest.mark.parametrize("environ", [{}, {"WAYPOINT_PLUGIN": "yes"}])
def test_no_cookie_no_plugin(environ: dict[str, str]) -> None:
    """Without the agreed cookie the process refuses to be a plugin."""
    with pytest.raises(StateError, match="not started by a plugin host"):
        handshake.check_environment(handshake.WAYPOINT, environ)


@pytest.mark.parametrize("versions", ["2", "11", "2,3"])
def test_other_versions_are_refused(versions: str) -> None:
    """A host of another protocol version is told both versions and which Waypoint to use."""
    with pytest.raises(StateError) as caught:
        handshake.check_environment(handshake.WAYPOINT, COOKIE | {"PLUGIN_PROTOCOL_VERSIONS": versions})
    text = str(caught.value)
    assert versions in text
    assert "version 1" in text
    assert "0.11.4" in text


def test_mutual_tls_is_refused() -> None:
    """A host that insists on mutual TLS is told so instead of failing later without words."""
    with pytest.raises(StateError, match="mutual TLS"):
        handshake.check_environment(handshake.WAYPOINT, COOKIE | {"PLUGIN_CLIENT_CERT": "-----BEGIN"})


def test_directory_is_private(tmp_path: Path) -> None:
    """The directory of the sockets is new each time and open to its user only, whatever the umask."""
    old = os.umask(0)
    try:
        made = [handshake.socket_directory({"PLUGIN_UNIX_SOCKET_DIR": str(tmp_path)}) for _ in range(2)]
    finally:
        os.umask(old)
    assert made[0] != made[1]
    for path in made:
        assert Path(path).parent == tmp_path
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o700


def test_directory_prefers_the_hosts_wish(tmp_path: Path) -> None:
    """PLUGIN_UNIX_SOCKET_DIR wins over TMPDIR, and TMPDIR over /tmp."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    environ = {"PLUGIN_UNIX_SOCKET_DIR": str(tmp_path / "a"), "TMPDIR": str(tmp_path / "b")}
    assert Path(handshake.socket_directory(environ)).parent == tmp_path / "a"
    del environ["PLUGIN_UNIX_SOCKET_DIR"]
    assert Path(handshake.socket_directory(environ)).parent == tmp_path / "b"


@pytest.mark.parametrize("length", [90, 200])
def test_long_path_is_refused(length: int, tmp_path: Path) -> None:
    """A path that the kernel would cut is refused before anything is made, with the limit and the way out."""
    long = tmp_path / ("d" * length)
    with pytest.raises(StateError) as caught:
        handshake.socket_directory({"PLUGIN_UNIX_SOCKET_DIR": str(long)})
    assert "too long" in str(caught.value)
    assert "107" in str(caught.value)
    assert "PLUGIN_UNIX_SOCKET_DIR" in caught.value.fix


def test_path_length_counts_bytes(tmp_path: Path) -> None:
    """A path of few letters but many bytes is too long as well."""
    letters = 107 - len(str(tmp_path)) - len("//waypaas-0123456789ab/ffff")
    directory = tmp_path / ("ü" * letters)
    with pytest.raises(StateError, match="too long"):
        handshake.socket_directory({"TMPDIR": str(directory)})


def test_directory_that_cannot_be_made(tmp_path: Path) -> None:
    """A place that is no directory is refused with the way out."""
    with pytest.raises(StateError) as caught:
        handshake.socket_directory({"TMPDIR": str(tmp_path / "absent")})
    assert "PLUGIN_UNIX_SOCKET_DIR" in caught.value.fix


def test_removal(tmp_path: Path) -> None:
    """The directory goes with the sockets in it, and may be gone already."""
    made = Path(handshake.socket_directory({"TMPDIR": str(tmp_path)}))
    (made / "0").touch()
    handshake.remove_socket_directory(str(made))
    assert not made.exists()
    handshake.remove_socket_directory(str(made))


def test_invitation() -> None:
    """Started by hand, a plugin says what it is, where it belongs, and how waypoint.hcl names it."""
    text = handshake.invitation("waypoint-plugin-team-k8s", "Deploys to Kubernetes.")
    assert "Deploys to Kubernetes." in text
    assert ".waypoint/plugins/waypoint-plugin-team-k8s" in text
    assert 'use "team-k8s" {}' in text
    assert "is a plugin of HashiCorp Waypoint.\n" in handshake.invitation("waypoint-plugin-team-k8s", "")

"""A plugin process from its handshake to its end."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import pytest

from waypaas_sdk.errors import StateError
from waypaas_sdk.gen.docker.docker_pb2 import Image
from waypaas_sdk.goplugin import handshake
from waypaas_sdk.goplugin.client import Client
from waypaas_sdk.testing.host import PluginHost

if TYPE_CHECKING:
    from collections.abc import Callable


def waited(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def alive(pid: int) -> bool:
    """Tell whether a process that is not our child runs."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_behaviour_01_handshake_line(command: list[str], tmp_path: Path) -> None:
    """The first line is go-plugin's; the socket lies in a 0700 directory where the host says, and goes at the end."""
    environ = os.environ | {
        "WAYPOINT_PLUGIN": handshake.WAYPOINT.cookie_value,
        "PLUGIN_PROTOCOL_VERSIONS": "1",
        "PLUGIN_UNIX_SOCKET_DIR": str(tmp_path),
    }
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        core, version, network, address, protocol, certificate = line.rstrip("\n").split("|")
        directory = Path(address).parent
        mode = stat.S_IMODE(directory.stat().st_mode)
        process.send_signal(signal.SIGTERM)
        code = process.wait(10)

    assert (core, version, network, protocol, certificate) == ("1", "1", "unix", "grpc", "")
    assert directory.parent == tmp_path
    assert mode == 0o700
    assert code == 0
    assert list(tmp_path.iterdir()) == []


def test_behaviour_01_run_by_hand(command: list[str]) -> None:
    """Run by hand it says what it is and how to install it, prints nothing to stdout, and ends with 1."""
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 1
    assert finished.stdout == ""
    assert "is a plugin of HashiCorp Waypoint: Does everything." in finished.stderr
    assert ".waypoint/plugins/everything.py" in finished.stderr


def test_behaviour_01_wrong_cookie(command: list[str]) -> None:
    """A wrong cookie is refused in one line."""
    environ = os.environ | {"WAYPOINT_PLUGIN": "wrong"}
    finished = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert (finished.returncode, finished.stdout) == (1, "")
    assert "was not started by a plugin host" in finished.stderr


def test_a_host_of_another_version(command: list[str]) -> None:
    """A host that speaks another protocol version is told so where it awaits the handshake, with our versions."""
    agreed = handshake.Handshake("WAYPOINT_PLUGIN", handshake.WAYPOINT.cookie_value, 2)
    with pytest.raises(StateError, match=r"no handshake line but b'everything.py: the host offers .* versions 2; this"):
        Client(command, agreed)


def test_a_plugin_that_fails_before_its_handshake(command: list[str], tmp_path: Path) -> None:
    """The reason is the line that the host reads in the handshake's stead; its log has the traceback."""
    broken = tmp_path / "broken.py"
    broken.write_text(Path(command[1]).read_text().replace("ui: TerminalUI) -> Result", "ui: str) -> Result"))
    with pytest.raises(StateError) as caught:
        PluginHost([command[0], str(broken)])
    assert 'no handshake line but b"broken.py: ' in caught.value.what or "b'broken.py: " in caught.value.what
    assert "Release.release: Waypoint cannot supply str for parameter ui" in caught.value.what
    assert "TypeError: Release.release" in caught.value.why


def test_what_is_printed_reaches_the_host(host: PluginHost) -> None:
    """What code, and its children, print is delivered complete, the last line included; the log is separate."""
    for number in range(20):
        host.invoke("platform", "Deploy", Image(image="print", tag=str(number)))
    host.close()

    assert host.printed["stdout"].decode().splitlines() == [
        f"{who} {number}" for number in range(20) for who in ("out", "child")
    ]
    assert host.printed["stderr"].decode().splitlines() == [f"err {number}" for number in range(20)]
    assert any('"@message": "deploying"' in line for line in host.plugin.log)
    assert not any("hunter2" in line for line in host.plugin.log)


def test_shutdown(host: PluginHost) -> None:
    """Asked to end, it ends by itself with 0 and at once."""
    begun = time.monotonic()
    host.close()
    assert host.plugin.exit_code == 0
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize("how", ["cancel", "terminate", "interrupt", "shutdown", "death of the host"])
def test_behaviour_10_what_a_call_made_is_undone(
    host: PluginHost, command: list[str], tmp_path: Path, how: str
) -> None:
    """Whichever way a call is called off, it ends at once and what it made is gone."""
    made = tmp_path / "made"
    if how == "death of the host":
        _killed_host(command, made)
        assert waited(lambda: not made.exists())
        return
    future = host.begin("platform", "Deploy", Image(image="wait", tag=str(made)))
    assert waited(made.exists)
    begun = time.monotonic()
    if how == "cancel":
        future.cancel()
    elif how == "shutdown":
        host.close()
    else:
        os.kill(host.plugin.pid, signal.SIGTERM if how == "terminate" else signal.SIGINT)
    assert waited(lambda: not made.exists())
    assert time.monotonic() - begun < 2
    if how == "interrupt":
        with pytest.raises(grpc.RpcError) as caught:
            future.result(5)
        assert caught.value.code() is grpc.StatusCode.CANCELLED
        assert host.plugin.exit_code is None
    if how in {"terminate", "shutdown"}:
        assert waited(lambda: host.plugin.exit_code == 0)


HOST = """
import sys, time
from waypaas_sdk.testing.host import PluginHost
from waypaas_sdk.gen.docker.docker_pb2 import Image
host = PluginHost(sys.argv[2:])
future = host.begin("platform", "Deploy", Image(image="wait", tag=sys.argv[1]))
print(host.plugin.pid, flush=True)
time.sleep(60)
"""


def _killed_host(command: list[str], made: Path) -> None:
    """Start a host whose plugin is at work, kill it, and see that the plugin ends too."""
    with subprocess.Popen([sys.executable, "-c", HOST, str(made), *command], stdout=subprocess.PIPE, text=True) as host:
        assert host.stdout is not None
        pid = int(host.stdout.readline())
        assert waited(made.exists)
        host.kill()
        host.wait()
    assert waited(lambda: not alive(pid))


def test_idle_plugin_ends_with_its_host(command: list[str], tmp_path: Path) -> None:
    """A plugin without work does not outlive a host that was killed, and leaves no socket."""
    environ = os.environ | {"PLUGIN_UNIX_SOCKET_DIR": str(tmp_path)}
    idle = HOST.replace("future = ", "0 and ")
    arguments = [sys.executable, "-c", idle, "unused", *command]
    with subprocess.Popen(arguments, env=environ, stdout=subprocess.PIPE, text=True) as host:
        assert host.stdout is not None
        pid = int(host.stdout.readline())
        assert alive(pid)
        host.kill()
        host.wait()
    assert waited(lambda: not alive(pid))
    assert len(list(tmp_path.iterdir())) == 1  # the killed host's own


def test_a_plugin_that_is_killed(host: PluginHost) -> None:
    """The host's calls end with UNAVAILABLE, and closing does not hang."""
    host.plugin.kill()
    with pytest.raises(grpc.RpcError) as caught:
        host.ask("platform", "IsDestroyer", seconds=5)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    host.close()
    assert host.plugin.exit_code == -signal.SIGKILL


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("print('hello')", "gave no handshake line but b'hello"),
        ("import sys; sys.exit('no such region')", "ended or hung before its handshake\n  its log ends with: no such"),
        ("print('1|2|unix|/nowhere|grpc')", r"speaks 1\|2\|unix\|grpc, not 1\|1\|unix\|grpc"),
        ("print('1|1|tcp|127.0.0.1:1|netrpc')", r"speaks 1\|1\|tcp\|netrpc"),
    ],
)
def test_what_is_no_plugin(program: str, said: str) -> None:
    """A program that is no plugin, or another kind of one, is refused with what it said."""
    with pytest.raises(StateError, match=said):
        PluginHost([sys.executable, "-c", program])

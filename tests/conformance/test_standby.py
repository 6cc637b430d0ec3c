"""A standby becomes the plugin; the host sees no difference but the time it takes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from standbys import WARM, Runtime, is_front, waited

from waypaas_sdk.gen.docker.docker_pb2 import Image
from waypaas_sdk.goplugin import handshake

if TYPE_CHECKING:
    from waypaas_sdk.testing.host import PluginHost

HANDSHAKE = {"WAYPOINT_PLUGIN": handshake.WAYPOINT.cookie_value, "PLUGIN_PROTOCOL_VERSIONS": "1"}


def told(host: PluginHost, path: Path) -> Any:
    """Let the plugin tell what kind of process it is."""
    host.invoke("platform", "Deploy", Image(image="tell", tag=str(path)))
    return json.loads(path.read_text())


def test_the_plugin_is_as_if_the_host_had_started_it(
    warm: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Arguments, environment, working directory, umask, time zone and host are those of the start."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    mask = os.umask(0o027)
    try:
        with warm.host([*WARM, "one", "two \udcff"], AWS_SECRET_ACCESS_KEY="s3cret", TZ="XYZ-3", ODD="\udcfe") as host:
            assert is_front(host.plugin.pid)
            facts = told(host, tmp_path / "facts")
    finally:
        os.umask(mask)
    assert facts["argv"] == [WARM[1], "one", "two \udcff"]
    assert facts["cwd"] == str(tmp_path / "here")
    assert facts["umask"] == 0o027
    assert facts["zone"] == "XYZ"
    assert facts["host"] == os.getpid()
    expected = warm.environ(AWS_SECRET_ACCESS_KEY="s3cret", TZ="XYZ-3", ODD="\udcfe", **HANDSHAKE)
    given = {
        name: value for name, value in facts["environ"].items() if name not in {"PLUGIN_MIN_PORT", "PLUGIN_MAX_PORT"}
    }
    assert given == expected


def test_the_plugin_has_no_descriptors_of_others(warm: Runtime, tmp_path: Path) -> None:
    """A plugin holds its own descriptors, and those that the host gave it: none of the standby or of another plugin."""
    with warm.host() as first, warm.host() as second:
        one = told(first, tmp_path / "1")["descriptors"].values()
        two = told(second, tmp_path / "2")["descriptors"].values()
    assert not [name for name in (*one, *two) if "standby" in name]
    assert len(one) == len(two)
    assert not {name for name in two if name.startswith(("socket:", "pipe:"))} & set(one)


def test_streams_are_the_hosts(warm: Runtime) -> None:
    """The handshake comes first on the host's stdout, the log on its stderr, and stdin is the host's."""
    environ = warm.environ(**HANDSHAKE)
    pipe = subprocess.PIPE
    with subprocess.Popen(WARM, env=environ, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        line = process.stdout.readline()
        (plugin,) = warm.plugins()
        theirs = os.readlink(f"/proc/{plugin}/fd/0")
        ours = os.readlink(f"/proc/self/fd/{process.stdin.fileno()}")
        process.terminate()
        rest, log = process.communicate(timeout=10)
    assert line.startswith(b"1|1|unix|")
    assert (rest, log) == (b"", b"")
    assert theirs == ours
    assert process.returncode == 0


def test_what_is_printed_and_logged_arrives(warm: Runtime) -> None:
    """Prints of the component, and of programs that it runs, reach the host by its streams, the log by stderr."""
    with warm.host() as host:
        host.invoke("platform", "Deploy", Image(image="print", tag="x"))
        assert is_front(host.plugin.pid)
    assert host.printed == {"stdout": b"out x\nchild x\n", "stderr": b"err x\n"}
    assert any('"@message": "deploying"' in line for line in host.plugin.log)


def test_nothing_is_kept_between_starts(warm: Runtime, tmp_path: Path) -> None:
    """Each start is a fresh process of the same standby, which has nothing of an earlier one."""
    token = os.urandom(16).hex()
    with warm.host(TOKEN=token) as host:
        first = told(host, tmp_path / "1")
    with warm.host() as host:
        second = told(host, tmp_path / "2")
    (standby,) = warm.standbys()
    assert first["pid"] != second["pid"]
    assert first["parent"] == second["parent"] == standby
    assert "TOKEN" not in second["environ"]
    memory = Path(f"/proc/{standby}/mem")
    with memory.open("rb", 0) as file:
        for line in Path(f"/proc/{standby}/maps").read_text().splitlines():
            span, rights, *_ = line.split()
            if not rights.startswith("rw") or "[v" in line:
                continue
            begin, end = (int(part, 16) for part in span.split("-"))
            file.seek(begin)
            assert token.encode() not in file.read(end - begin), line


def test_a_standby_holds_nothing_of_its_starter(warm: Runtime) -> None:
    """It has its own session, no directory, no descriptor of others, and no variable that it does not need."""
    (standby,) = warm.standbys()
    assert os.getsid(standby) != os.getsid(0)
    assert os.getpgid(standby) != os.getpgid(0)
    assert waited(warm.forked)
    for pid in (standby, *warm.forked()):
        links = {number: os.readlink(f"/proc/{pid}/fd/{number}") for number in os.listdir(f"/proc/{pid}/fd")}
        assert os.readlink(f"/proc/{pid}/cwd") == "/"
        assert {links.pop(number) for number in ("0", "1", "2")} == {"/dev/null"}
        assert not [name for name in links.values() if name.startswith(("pipe:", "/dev/pts", "/dev/tty"))]
        sockets = [name for name in links.values() if name.startswith("socket:")]
        assert len(sockets) == (2 if pid == standby else 1)  # where fronts come, and between the two
    variables = {part.partition(b"=")[0].decode() for part in warm.processes()[standby].split(b"\0")}
    assert "PATH" in os.environ
    assert "PATH" not in variables


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGKILL, signal.SIGSEGV])
def test_a_plugin_that_is_killed(warm: Runtime, number: signal.Signals) -> None:
    """The host sees what it started end by the signal that killed the plugin."""
    with warm.host() as host:
        (plugin,) = warm.plugins()
        os.kill(plugin, number)
        assert waited(lambda: host.plugin.exit_code is not None)
        assert host.plugin.exit_code == -number


def test_a_plugin_that_cannot_serve(warm: Runtime) -> None:
    """A plugin that ends before its handshake ends with its own exit code and reason."""
    environ = warm.environ(**HANDSHAKE, PLUGIN_UNIX_SOCKET_DIR="/none")
    finished = subprocess.run(WARM, env=environ, capture_output=True, text=True, check=False)
    assert finished.returncode == 1
    assert finished.stdout.startswith("warm.py: no directory for sockets can be made in /none")
    assert "no directory for sockets can be made in /none" in finished.stderr


def test_killing_the_front_kills_the_plugin(warm: Runtime) -> None:
    """SIGKILL to what the host started ends the plugin at once, and the host's pipes with it; the standby stays."""
    host = warm.host()
    (standby,) = warm.standbys()
    future = host.begin("platform", "Deploy", Image(image="wait", tag=str(warm.path / "made")))
    assert waited((warm.path / "made").exists)
    begun = time.monotonic()
    os.kill(host.plugin.pid, signal.SIGKILL)
    with pytest.raises(grpc.RpcError):
        future.result(5)
    assert waited(lambda: not warm.plugins())
    assert time.monotonic() - begun < 1
    host.close()
    assert host.plugin.exit_code == -signal.SIGKILL
    assert warm.standbys() == [standby]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_are_passed_on(warm: Runtime, number: signal.Signals) -> None:
    """SIGTERM ends the plugin and SIGINT cancels its calls, which undo what they made."""
    made = warm.path / "made"
    with warm.host() as host:
        future = host.begin("platform", "Deploy", Image(image="wait", tag=str(made)))
        assert waited(made.exists)
        os.kill(host.plugin.pid, number)
        with pytest.raises(grpc.RpcError):
            future.result(5)
        assert waited(lambda: not made.exists())
        if number == signal.SIGTERM:
            assert waited(lambda: host.plugin.exit_code == 0)
        else:
            assert host.plugin.exit_code is None


HOST = """
import sys, time
from waypaas_sdk.testing.host import PluginHost
from waypaas_sdk.gen.docker.docker_pb2 import Image
host = PluginHost(sys.argv[2:])
future = host.begin("platform", "Deploy", Image(image="wait", tag=sys.argv[1]))
print(host.plugin.pid, flush=True)
time.sleep(60)
"""


def test_the_death_of_the_host(warm: Runtime) -> None:
    """When the host is killed, calls undo what they made, and front and plugin end."""
    made = warm.path / "made"
    command = [sys.executable, "-c", HOST, str(made), *WARM]
    with subprocess.Popen(command, env=warm.environ(), stdout=subprocess.PIPE, text=True) as host:
        assert host.stdout is not None
        front = int(host.stdout.readline())
        assert is_front(front)
        assert waited(made.exists)
        host.kill()
    assert waited(lambda: not made.exists())
    assert waited(warm.is_quiet)


def test_the_death_of_the_standby(warm: Runtime) -> None:
    """When the standby is killed under a plugin, the host sees the plugin end, and nothing is left running."""
    with warm.host() as host:
        (standby,) = warm.standbys()
        os.kill(standby, signal.SIGKILL)
        assert waited(lambda: host.plugin.exit_code == 1)
        assert waited(lambda: not warm.processes())
    assert len(warm.sockets()) == 1  # that of the killed one stays, and does no harm:
    with warm.host() as host:
        assert not is_front(host.plugin.pid)
        assert waited(lambda: len(warm.standbys()) == 1 and warm.sockets())
    with warm.host() as host:
        assert is_front(host.plugin.pid)


def test_many_at_once(warm: Runtime, tmp_path: Path) -> None:
    """Plugins of one standby run beside each other, and end each by itself."""
    hosts = [warm.host() for _ in range(4)]
    assert len(warm.standbys()) == 1
    assert len({told(host, tmp_path / str(number))["pid"] for number, host in enumerate(hosts)}) == 4
    for left, host in reversed(list(enumerate(hosts))):
        host.close()
        assert host.plugin.exit_code == 0
        assert len(warm.plugins()) == left

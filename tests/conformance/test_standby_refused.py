"""When a standby is not used, and when it ends: a start without one is as good, only slower."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from standbys import WARM, Runtime, is_front, waited

PROGRAM = """from waypaas_sdk import standby
standby.enter()
import part
from waypaas_sdk import component, serve
from waypaas_sdk.gen.docker.docker_pb2 import Image
class Hello(component.Platform):
    def deploy(self) -> Image:
        '''Say hello.'''
        return Image(image=part.TEXT)
serve.serve(Hello, ahead=["no.such.module"])
"""


def test_switched_off(warm: Runtime) -> None:
    """With WAYPAAS_STANDBY=off a waiting standby is not used, and none is started."""
    for value in ("off", "0", "False"):
        with warm.host(WAYPAAS_STANDBY=value) as host:
            assert not is_front(host.plugin.pid)
    with warm.host() as host:
        assert is_front(host.plugin.pid)


def test_idle_end(runtime: Runtime) -> None:
    """A standby that nobody asked for WAYPAAS_STANDBY_SECONDS ends, and leaves no process, socket or directory."""
    runtime.warm(WAYPAAS_STANDBY_SECONDS="1")
    with runtime.host(WAYPAAS_STANDBY_SECONDS="1") as host:
        assert is_front(host.plugin.pid)
        time.sleep(1.5)
        assert host.plugin.exit_code is None  # one that has a plugin is not idle
        assert len(runtime.standbys()) == 1
    assert waited(lambda: not runtime.processes(), 5)
    assert not runtime.directory.exists()


@pytest.mark.parametrize(
    "changed", [{"HOME": "/"}, {"PYTHONHASHSEED": "3"}, {"LC_ALL": "C"}, {"WAYPAAS_STANDBY_SECONDS": "59"}]
)
def test_another_environment(warm: Runtime, changed: dict[str, str]) -> None:
    """Where variables that matter to a loaded process differ, its standby is not used."""
    with warm.host(**changed) as host:
        assert not is_front(host.plugin.pid)


@pytest.mark.parametrize("name", ["PYTHONPROFILEIMPORTTIME", "PYTHONDEVMODE", "PYTHONTRACEMALLOC"])
def test_somebody_looks_into_the_process(runtime: Runtime, name: str) -> None:
    """With a variable by which Python is looked into, there is no standby, now or later."""
    with runtime.host(**{name: "1"}) as host:
        assert not is_front(host.plugin.pid)
        time.sleep(0.5)
    assert not runtime.directory.exists()


def test_limits_differ(warm: Runtime) -> None:
    """A start with other limits of the kernel is not served by a process that has ours."""
    command = ["sh", "-c", 'ulimit -S -n 400 && exec "$@"', "sh", *WARM]
    with warm.host(command) as host:
        assert not is_front(host.plugin.pid)


def test_a_changed_program(runtime: Runtime, tmp_path: Path) -> None:
    """A standby whose program or modules have changed is not used any more, and ends with its last plugin."""
    program = tmp_path / "code" / "hello.py"
    program.parent.mkdir()
    program.write_text(PROGRAM)
    part = program.with_name("part.py")
    part.write_text("TEXT = 'old'\n")
    command = [sys.executable, "-B", str(program)]
    runtime.warm(command)
    (old,) = runtime.standbys()
    with runtime.host(command) as running:
        assert is_front(running.plugin.pid)
        part.write_text("TEXT = 'newer'\n")
        with runtime.host(command) as host:
            assert not is_front(host.plugin.pid)
            assert waited(runtime.sockets)
        with runtime.host(command) as host:
            assert is_front(host.plugin.pid)
            assert b"newer" in host.invoke("platform", "Deploy").result.value
        assert b"old" in running.invoke("platform", "Deploy").result.value
    assert waited(lambda: old not in runtime.standbys())
    program.write_text(PROGRAM + "# changed")
    with runtime.host(command) as host:
        assert not is_front(host.plugin.pid)


def test_another_program(warm: Runtime, tmp_path: Path) -> None:
    """A copy of the program elsewhere has a standby of its own; a link to the program shares it."""
    here = Path(WARM[1]).parent
    for name in ("warm.py", "everything.py"):
        shutil.copy(here / name, tmp_path / name)
    with warm.host([WARM[0], str(tmp_path / "warm.py")]) as host:
        assert not is_front(host.plugin.pid)
    (tmp_path / "link.py").symlink_to(WARM[1])
    with warm.host([WARM[0], str(tmp_path / "link.py")]) as host:
        assert is_front(host.plugin.pid)


@pytest.mark.parametrize("how", ["open to the group", "a link", "of another user", "in a directory that all may write"])
def test_an_unsafe_directory(runtime: Runtime, tmp_path: Path, how: str) -> None:
    """A directory that another user could have made, or can enter, is not used for anything."""
    runtime.warm()
    if how == "open to the group":
        runtime.directory.chmod(0o750)
    elif how == "a link":
        runtime.directory.rename(tmp_path / "elsewhere")
        runtime.directory.symlink_to(tmp_path / "elsewhere")
    elif how == "of another user":
        _as_root()
        os.chown(runtime.directory, 12345, 12345)
    else:
        runtime.path.chmod(0o777)
    with runtime.host() as host:
        assert not is_front(host.plugin.pid)
        time.sleep(0.5)
        assert len(runtime.standbys()) == 1
    runtime.path.chmod(0o700)


def test_a_relative_runtime_directory(warm: Runtime) -> None:
    """XDG_RUNTIME_DIR must be absolute, as its specification says."""
    with warm.host(XDG_RUNTIME_DIR="run") as host:
        assert not is_front(host.plugin.pid)


def test_a_standby_that_hangs(warm: Runtime) -> None:
    """A standby that does not answer is left alone after a second, and no later start waits for it."""
    (hanging,) = warm.standbys()
    os.kill(hanging, signal.SIGSTOP)
    with warm.host() as host:
        assert not is_front(host.plugin.pid)
    assert warm.sockets() == []
    with warm.host() as host:
        assert not is_front(host.plugin.pid)
    os.kill(hanging, signal.SIGCONT)
    assert waited(lambda: hanging not in warm.processes()), "it sees that it was left alone"
    with warm.host() as host:
        assert not is_front(host.plugin.pid)
        assert waited(warm.sockets)
    with warm.host() as host:
        assert is_front(host.plugin.pid)


def test_run_by_hand(runtime: Runtime) -> None:
    """Started by hand it neither uses nor starts one."""
    finished = subprocess.run(WARM, env=runtime.environ(), capture_output=True, text=True, check=False)
    assert "is a plugin of HashiCorp Waypoint" in finished.stderr
    assert not runtime.directory.exists()


INTRUDER = """
import os, socket, sys
from waypaas_sdk.standby import talk
os.setgroups([])
os.setgid(12345)
os.setuid(12345)
connection = socket.socket(socket.AF_UNIX)
connection.settimeout(5)
try:
    connection.connect(sys.argv[1])
    talk.send(connection, b"let me in")
    print(talk.receive(connection))
except OSError as error:
    print(type(error).__name__)
"""

IMPOSTOR = """
import os, socket, sys
os.setgroups([])
os.setgid(12345)
os.setuid(12345)
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
print("listening", flush=True)
connection, _ = listener.accept()
print(len(connection.recv(100)), flush=True)
"""


def _as_root() -> None:
    if os.getuid() != 0:
        pytest.skip("needs two users: run as root")


def _connect_as_another(path: Path) -> str:
    done = subprocess.run([sys.executable, "-c", INTRUDER, path], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_another_user_cannot_use_a_standby(warm: Runtime) -> None:
    """The directory keeps another user out; even without it, the standby talks to its own user only."""
    _as_root()
    (name,) = warm.sockets()
    path = warm.directory / name
    assert _connect_as_another(path) == "PermissionError"
    for parent in [warm.directory, *warm.directory.parents][:-2]:
        parent.chmod(stat.S_IMODE(parent.stat().st_mode) | 0o711)
    path.chmod(0o777)
    assert _connect_as_another(path) in {"TalkError", "ConnectionResetError", "BrokenPipeError"}
    assert warm.plugins() == []
    warm.directory.chmod(0o700)
    with warm.host() as host:
        assert is_front(host.plugin.pid)


def test_a_front_does_not_trust_another_user(warm: Runtime) -> None:
    """A socket at which another user listens gets nothing of a start, not even what the front is."""
    _as_root()
    (name,) = warm.sockets()
    theirs = Path(tempfile.mkdtemp())
    os.chown(theirs, 12345, 12345)
    try:
        command = [sys.executable, "-c", IMPOSTOR, theirs / "s"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as impostor:
            assert impostor.stdout is not None
            assert impostor.stdout.readline() == "listening\n"
            (theirs / "s").rename(warm.directory / name)
            with warm.host() as host:
                assert not is_front(host.plugin.pid)
            assert impostor.stdout.readline() == "0\n"
    finally:
        shutil.rmtree(theirs)


def test_a_soak(warm: Runtime) -> None:
    """Forty starts by one standby leave that standby and its socket, and no other process or file."""
    (standby,) = warm.standbys()
    sockets = warm.path / "sockets"
    sockets.mkdir()
    assert waited(warm.forked)
    descriptors = len(os.listdir(f"/proc/{standby}/fd"))
    for _ in range(40):
        with warm.host(PLUGIN_UNIX_SOCKET_DIR=str(sockets)) as host:
            assert is_front(host.plugin.pid)
    assert warm.standbys() == [standby]
    assert waited(lambda: warm.is_quiet() and len(warm.forked()) == 1)
    assert len(os.listdir(f"/proc/{standby}/fd")) == descriptors
    assert len(list(warm.directory.iterdir())) == 2
    assert list(sockets.iterdir()) == []

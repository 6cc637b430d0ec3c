"""What a front looks at before it asks a standby, and what the two say."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waypaas_sdk import standby
from waypaas_sdk.standby import identity, place, talk, waiting

if TYPE_CHECKING:
    from collections.abc import Iterator

DEAR = {"collections", "contextlib", "enum", "functools", "importlib.util", "re", "signal", "socket", "typing"}
"""Modules of Python that take longer to load than a front may."""


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Give two connected sockets."""
    one, other = socket.socketpair()
    with one, other:
        one.settimeout(5)
        other.settimeout(5)
        yield one, other


def test_a_front_loads_next_to_nothing() -> None:
    """Up to the point where it asks for a standby, a plugin process has loaded nothing dear, and no grpc."""
    code = (
        "import sys; before = set(sys.modules); from team_k8s import main; from waypaas_sdk import standby; "
        "from waypaas_sdk.standby import front; print(*(set(sys.modules) - before))"
    )
    loaded = set(_python(code, WAYPOINT_PLUGIN="x").split())
    assert "waypaas_sdk.standby.front" in loaded
    assert not loaded & DEAR
    assert len(loaded) <= 12


def _python(code: str, **environ: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environ, capture_output=True, text=True, check=True
    )
    return done.stdout


@given(payload=st.binary(max_size=300_000))
def test_messages(payload: bytes) -> None:
    """A message arrives whole, whatever its length."""
    one, other = socket.socketpair()
    with one, other:
        sender = threading.Thread(target=talk.send, args=(one, payload))
        sender.start()
        assert talk.receive(other) == (payload, [])
        sender.join()


def test_descriptors_arrive(pair: tuple[socket.socket, socket.socket], tmp_path: Path) -> None:
    """Descriptors come with the message, in order, and are not inherited by programs."""
    files = [os.open(tmp_path / name, os.O_CREAT | os.O_RDWR) for name in "abc"]
    talk.send(pair[0], b"x", files)
    payload, received = talk.receive(pair[1])
    names = [Path(os.readlink(f"/proc/self/fd/{number}")).name for number in received]
    assert (payload, names) == (b"x", ["a", "b", "c"])
    assert not any(os.get_inheritable(number) for number in received)
    for number in (*files, *received):
        os.close(number)


def test_a_descriptor_that_is_closed(pair: tuple[socket.socket, socket.socket]) -> None:
    """A front without stdin cannot hand it over, and says nothing at all."""
    with pytest.raises(OSError, match="Bad file descriptor"):
        talk.send(pair[0], b"x", [987])
    pair[1].setblocking(False)  # noqa: FBT003  # its only argument
    with pytest.raises(BlockingIOError):
        pair[1].recv(1)


@pytest.mark.parametrize("said", [b"", b"\0\0", b"\0\0\0\x05abc", b"\xff\xff\xff\xff"])
def test_a_message_that_ends_early(pair: tuple[socket.socket, socket.socket], said: bytes) -> None:
    """A message that breaks off, or claims to be longer than any, is none."""
    pair[0].sendall(said)
    pair[0].close()
    with pytest.raises(talk.TalkError):
        talk.receive(pair[1])


def test_the_right_number_is_waited_for(pair: tuple[socket.socket, socket.socket]) -> None:
    """The news that the plugin has ended is not taken for its process id."""
    talk.send_number(pair[0], talk.ENDED, 256)
    with pytest.raises(talk.TalkError):
        talk.receive_number(pair[1], talk.READY)
    talk.send_number(pair[0], talk.READY, 4_000_000)
    assert talk.receive_number(pair[1], talk.READY) == 4_000_000


def test_the_kernel_tells_the_user(pair: tuple[socket.socket, socket.socket]) -> None:
    """The user at the other end is asked of the kernel."""
    assert talk.peer(pair[0]) == (os.getpid(), os.getuid())
    assert identity.is_peer(pair[0])


def test_the_identity_is_stable() -> None:
    """A process is the same each time it is asked, whatever else it holds."""
    program = [sys.executable, __file__]
    first = identity.own(program)
    assert identity.own([*program]) == first
    assert identity.own([*program[:1], str(Path(__file__).parent)]) != first
    assert identity.name_of(first) != identity.name_of(first + b"x")


def test_only_variables_of_loading_are_shared() -> None:
    """A standby gets what Python and the libraries read while they load, and nothing that may be secret."""
    environ = {"PATH": "x", "AWS_SECRET_ACCESS_KEY": "x", "VAULT_TOKEN": "x", "KUBECONFIG": "x", "WAYPOINT_PLUGIN": "x"}
    shared = {"HOME": "/h", "LANG": "C", "LC_ALL": "C", "LD_LIBRARY_PATH": "/l", "PYTHONPATH": "/p"}
    assert identity.variables(environ | shared) == shared


def test_what_cannot_be_started_again_has_no_standby() -> None:
    """A program that is given on the command line, or is a module, is no file that could be started again."""
    code = "import sys; from waypaas_sdk.standby import identity; print(identity.command())"
    assert _python(code).strip() == "None"


def test_a_program_is_started_again_with_its_flags(tmp_path: Path) -> None:
    """The interpreter's flags are kept, the program's arguments are not."""
    program = tmp_path / "program.py"
    program.write_text("from waypaas_sdk.standby import identity; print(identity.command())")
    (tmp_path / "link.py").symlink_to(program)
    command = [sys.executable, "-B", "-W", "error", "link.py", "one", "-B"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str([sys.executable, "-B", "-W", "error", str(program)])


def test_what_is_loaded_is_watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that is installed is seen; a file that appears elsewhere is not, unless it was loaded."""
    for name in ("checkout", "site-packages"):
        (tmp_path / name).mkdir()
        monkeypatch.syspath_prepend(str(tmp_path / name))
    loaded = identity.Loaded()
    (tmp_path / "checkout" / "new.py").touch()
    assert loaded.unchanged()
    (tmp_path / "site-packages" / "new.py").touch()
    assert not loaded.unchanged()


def test_a_directory_is_made_for_the_user_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is made on request, may be entered by its user only, and goes when it is empty."""
    tmp_path.chmod(0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert place.opened(make=False) is None
    descriptor = place.opened(make=True)
    assert descriptor is not None
    (made,) = tmp_path.iterdir()
    assert made.stat().st_mode & 0o777 == 0o700
    lock = place.locked(descriptor, "x")
    assert lock is not None
    assert place.locked(descriptor, "x") is None
    place.remove(descriptor)
    assert made.exists()
    place.forget(descriptor, "x.lock")
    place.remove(descriptor)
    assert not made.exists()
    assert place.locked(descriptor, "x") is None
    os.close(descriptor)
    os.close(lock)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("", 30.0), ("2.5", 2.5), ("-1", 0.0), ("1e9", 3600.0), ("inf", 3600.0), ("nan", 30.0), ("soon", 30.0)],
)
def test_how_long_a_standby_waits(monkeypatch: pytest.MonkeyPatch, said: str, seconds: float) -> None:
    """The time is between none and an hour; what is no number is as if it were not there."""
    monkeypatch.setenv("WAYPAAS_STANDBY_SECONDS", said)
    assert waiting._idle_seconds() == seconds


def test_elsewhere_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside of a plugin process, and on other systems, entering and preparing do nothing."""
    monkeypatch.delenv("WAYPOINT_PLUGIN", raising=False)
    standby.enter()
    standby.prepare()
    standby.wait()
    assert not standby.is_standby()
    assert standby.host_pid() == os.getppid()

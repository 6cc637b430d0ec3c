"""A process of the same user with other rights, as one in a sandbox: neither a front nor a standby for others."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from standbys import WARM, Runtime, is_front

ASKING = """
import ctypes, os, socket, sys
from waypaas_sdk.standby import identity, talk
told = identity.own([sys.executable, os.path.realpath(sys.argv[2])])
if sys.argv[3] == "fewer":
    ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)
connection = socket.socket(socket.AF_UNIX)
connection.settimeout(5)
connection.connect(sys.argv[1])
try:
    talk.send(connection, told)
    print("a plugin" if talk.receive_number(connection, talk.READY) else "")
except OSError:
    print("nothing")
"""
"""Says that it is what it was before it gave up rights: PR_SET_NO_NEW_PRIVS is 38."""

LISTENING = """
import ctypes, os, socket, sys
if sys.argv[2] == "fewer":
    ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)
listener = socket.socket(socket.AF_UNIX)
os.unlink(sys.argv[1])
listener.bind(sys.argv[1])
listener.listen()
print("listening", flush=True)
connection, _ = listener.accept()
print("something" if connection.recv(100) else "nothing", flush=True)
"""


@pytest.mark.parametrize(("rights", "given"), [("same", "a plugin"), ("fewer", "nothing")])
def test_a_lie_about_rights_gives_no_plugin(warm: Runtime, rights: str, given: str) -> None:
    """Who says of itself what the kernel does not gets no plugin that has more rights than it has."""
    (name,) = warm.sockets()
    command = [sys.executable, "-c", ASKING, str(warm.directory / name), WARM[1], rights]
    done = subprocess.run(command, env=warm.environ(), capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.strip() == given


@pytest.mark.parametrize(("rights", "told"), [("same", "something"), ("fewer", "nothing")])
def test_a_start_tells_nothing_to_other_rights(warm: Runtime, rights: str, told: str) -> None:
    """A front says nothing, not its environment above all, to a listener of its user with other rights."""
    (name,) = warm.sockets()
    command = [sys.executable, "-c", LISTENING, str(warm.directory / name), rights]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as listener:
        assert listener.stdout is not None
        assert listener.stdout.readline() == "listening\n"
        with warm.host() as host:
            assert not is_front(host.plugin.pid)
        assert listener.stdout.readline() == f"{told}\n"

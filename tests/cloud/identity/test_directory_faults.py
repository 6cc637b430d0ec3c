"""Directories that are silent, slow, or hang up: the worker is killed in time, and the process never freezes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from teamconfig.identity import ldapframes
from teamconfig.identity.errors import UnavailableError
from testservers import hostile, slapd
from testservers.certificates import Authority

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from teamconfig.identity.ldapdirectory import LdapDirectory


def failure(directory: LdapDirectory) -> tuple[UnavailableError, float]:
    """Give the error that a sign-in ends in, and how long it took."""
    begun = time.monotonic()
    with pytest.raises(UnavailableError) as caught:
        directory.sign_in("alice", slapd.PASSWORD)
    return caught.value, time.monotonic() - begun


def alive(pid: int) -> bool:
    """Tell whether a process runs."""
    return Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize("tls", ["ldaps", "starttls", "none"])
@pytest.mark.parametrize("mode", ["silent", "silent-after-tls", "drip", "close"])
def test_a_bad_server_is_told_within_five_seconds(
    tmp_path: Path,
    made: Callable[..., LdapDirectory],
    heartbeat: Callable[[], AbstractContextManager[None]],
    record_property: Callable[[str, object], None],
    mode: hostile.Mode,
    tls: str,
) -> None:
    """A directory that is silent, drips bytes, or hangs up is told within 5 s, while other threads run on."""
    authority = Authority(tmp_path / "authority")
    certificate = authority.issue("server") if tls == "ldaps" else None
    with hostile.start(mode, certificate) as server:
        settings = {"host": "localhost", "port": server.port, "tls": tls, "ca": str(authority.file)}
        directory = made(settings)
        with heartbeat():
            err, seconds = failure(directory)
    record_property("failure", (f"ldap {mode} {tls}", seconds, str(err)))
    assert seconds < 5
    assert err.reason in {"directory_timeout", "directory_unreachable", "directory_starttls"}


def test_the_stuck_worker_is_killed_and_replaced(tmp_path: Path, made: Callable[..., LdapDirectory]) -> None:
    """A worker that is stuck is gone within 5 s, and another one stands ready."""
    authority = Authority(tmp_path / "authority")
    with hostile.start("drip", authority.issue("server")) as server:
        directory = made({"host": "localhost", "port": server.port, "tls": "ldaps", "ca": str(authority.file)})
        before = set(directory.processes.pids())
        err, seconds = failure(directory)
        after = set(directory.processes.pids())
    assert err.reason == "directory_timeout"
    assert seconds < 5
    gone = before - after
    assert len(gone) == 1
    assert not any(alive(pid) for pid in gone)
    assert len(after) == len(before)


def test_the_breaker_opens(tmp_path: Path, made: Callable[..., LdapDirectory]) -> None:
    """After three failures the directory is left alone, and callers are told at once how long."""
    authority = Authority(tmp_path / "authority")
    with hostile.start("close") as server:
        directory = made({"host": "localhost", "port": server.port, "tls": "ldaps", "ca": str(authority.file)})
        for _ in range(3):
            assert failure(directory)[0].reason == "directory_unreachable"
        asked = server.connections
        err, seconds = failure(directory)
        assert server.connections == asked
    assert err.reason == "resting"
    assert 0 < err.retry_after <= 30
    assert seconds < 0.1


def test_many_callers_of_a_silent_directory(made: Callable[..., LdapDirectory]) -> None:
    """Callers that queue behind a silent directory are told within 5 s too, each by its own clock."""
    with hostile.start("silent") as server:
        directory = made({"host": "localhost", "port": server.port, "tls": "ldaps"})
        outcomes: list[tuple[UnavailableError, float]] = []
        threads = [threading.Thread(target=lambda: outcomes.append(failure(directory))) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(outcomes) == 6
    assert max(seconds for _, seconds in outcomes) < 5


def test_hanging_up_in_the_middle_of_a_search(
    openldap: slapd.Slapd, made: Callable[..., LdapDirectory], heartbeat: Callable[[], AbstractContextManager[None]]
) -> None:
    """A connection that breaks in the middle of a search's answer is a failure, never a person without groups."""
    with hostile.cutting(openldap.plain) as relay, heartbeat():
        directory = made(openldap.settings("none", port=relay.port))
        err, seconds = failure(directory)
    assert err.reason in {"directory_unreachable", "directory_timeout"}
    assert seconds < 5


def test_a_connection_that_the_server_closed_is_made_again(
    openldap: slapd.Slapd, made: Callable[..., LdapDirectory]
) -> None:
    """A kept connection that was closed meanwhile is no failure: it is made again, unseen."""
    directory = made(openldap.settings("none"))
    principal, before = directory.sign_in("alice", slapd.PASSWORD)
    time.sleep(2 * slapd.IDLE_SECONDS)
    assert directory.membership(principal).groups == before.groups


def test_a_worker_that_dies_is_replaced(openldap: slapd.Slapd, made: Callable[..., LdapDirectory]) -> None:
    """Workers that somebody kills while they are idle cost nothing: others take their place, unseen."""
    directory = made(openldap.settings())
    principal, _ = directory.sign_in("alice", slapd.PASSWORD)
    before = directory.processes.pids()
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    time.sleep(0.2)
    for _ in range(3):
        assert directory.membership(principal).groups
    assert directory.processes.pids() != before


def test_an_orphan_ends_by_its_own_alarm() -> None:
    """A worker that hangs, and that no parent kills, ends by itself a second after the deadline."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONWARNINGS"}
    command = [sys.executable, "-m", "teamconfig.identity.ldapworker"]
    with (
        hostile.start("drip") as server,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=environ) as worker,
    ):
        settings = {"host": "localhost", "port": server.port, "tls": "none"}
        assert worker.stdin is not None
        worker.stdin.write(ldapframes.encode({"word": "settings", "settings": settings, "seconds": 1.0}))
        worker.stdin.write(ldapframes.encode({"word": "probe", "seconds": 1.0}))
        worker.stdin.flush()
        assert worker.wait(10) == -signal.SIGALRM


def test_closing_leaves_no_process(openldap: slapd.Slapd, made: Callable[..., LdapDirectory]) -> None:
    """After closing, no worker runs."""
    directory = made(openldap.settings())
    directory.probe()
    pids = directory.processes.pids()
    directory.close()
    assert len(pids) == 2
    assert not any(alive(pid) for pid in pids)

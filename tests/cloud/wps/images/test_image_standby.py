"""`wps image` by a standby: to whoever runs it, it is as if it had been started plainly."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import imageworld
import moverimages
import pytest
from standbys import Runtime, waited

from waypaas_sdk.standby import front

if TYPE_CHECKING:
    from imageworld import World


def test_a_copy_is_the_same(warm: World) -> None:
    """What is said and what is copied are those of a plain start; the standby stays, and the command is gone."""
    image = moverimages.plain(70)
    warm.push(image)
    assert warm.runtime is not None
    standbys = warm.runtime.standbys()
    plain = warm.done("copy", warm.source, f"{warm.far.host}/{warm.path}", WAYPAAS_STANDBY="off")
    again = warm.done("copy", warm.source, f"{warm.far.host}/{warm.path}", WAYPAAS_STANDBY="off")
    by_standby = warm.done("copy", warm.source, f"{warm.far.host}/{warm.path}")
    assert "copied" in plain
    assert without_times(by_standby) == without_times(again)
    moverimages.assert_complete(warm.far, warm.path, image)
    assert waited(warm.runtime.is_quiet)
    assert warm.runtime.standbys() == standbys


def without_times(text: str) -> list[str]:
    """Give lines without what differs from run to run."""
    return [line.partition(" in ")[0] for line in text.splitlines()]


def test_what_is_wrong_is_told_with_its_code(warm: World) -> None:
    """A command line that is wrong ends with 2, a copy that cannot be with 1; each says why on stderr."""
    for arguments, code, words in (
        (("copy",), 2, "SRC... DST is missing"),
        (("copy", warm.source, "oci:there"), 1, "is not there"),
    ):
        ended = warm.wps(*arguments)
        assert (ended.returncode, ended.stdout) == (code, "" if code == 2 else ended.stdout)
        assert words in ended.stderr
        assert "Traceback" not in ended.stderr


def test_each_command_has_its_own_environment_and_directory(warm: World) -> None:
    """Settings and paths are those of the command, not of the one that the standby came from."""
    image = moverimages.plain(71)
    warm.push(image)
    there = warm.folder / "elsewhere"
    there.mkdir()
    done = subprocess.run(
        [imageworld.PROGRAM, "image", "copy", warm.source, "oci:here"], cwd=there,
        env=warm.environment(HTTP_PROXY="http://user:secret@127.0.0.1:1", NO_PROXY=""), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (there / "here/index.json").exists()
    assert warm.runtime is not None
    for pid in warm.runtime.standbys():
        assert b"secret" not in Path(f"/proc/{pid}/environ").read_bytes()


SHELL = Path(__file__).with_name("jobshell.py")


def at_a_terminal(world: World, *before: str) -> tuple[int, int]:
    """Start a copy that takes some seconds, behind a program if there is one; give its process and the terminal."""
    world.push(moverimages.plain(72, [100_000 + number for number in range(12)]))
    world.proxy.bytes_per_second = 60_000
    pid, terminal = pty.fork()
    if not pid:
        os.chdir(world.folder)
        command = [*before, str(imageworld.PROGRAM), "image", "copy", world.source, f"{world.proxy.host}/{world.path}"]
        os.execve(command[0], command, world.environment(TERM="xterm"))  # noqa: S606  # into the terminal's session
    return pid, terminal


def read(terminal: int, *words: bytes) -> bytes:
    """Read a terminal until it has shown all words, or nobody has it open any more."""
    shown = b""
    with suppress(OSError):
        while not words or not all(word in shown for word in words):
            shown += os.read(terminal, 65536)
    return shown


def test_the_terminal_is_the_commands(each: World) -> None:
    """Each line comes when it is printed, and Ctrl-C ends the copy with 130; Ctrl-Z stops nothing without a shell."""
    pid, terminal = at_a_terminal(each)
    read(terminal, b" to send", b"%")
    os.write(terminal, b"\x1a")
    read(terminal, b"%")
    assert "T" not in {state(one) for one in (pid, *copying(each))}
    os.write(terminal, b"\x03")
    shown = read(terminal)
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 130
    assert b"interrupted: " in shown
    assert b"Traceback" not in shown
    assert each.far.tags(each.path) == {}


def test_a_shell_stops_a_copy_and_lets_it_go_on(each: World) -> None:
    """Ctrl-Z stops the copy before its shell, and `fg` lets it come to its end."""
    pid, terminal = at_a_terminal(each, sys.executable, str(SHELL))
    read(terminal, b" to send", b"%")
    os.write(terminal, b"\x1a")
    assert b"it was stopped" in read(terminal, b"it was stopped")
    assert {state(one) for one in copying(each)} <= {"T"}
    each.proxy.bytes_per_second = 0
    os.write(terminal, b"\n")
    read(terminal, b"copied")
    read(terminal)
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert each.far.tags(each.path) != {}


def copying(world: World) -> list[int]:
    """List the processes that copy for what was started, if they are others."""
    return world.runtime.plugins() if world.runtime is not None else []


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_changes_nothing(each: World, closed: str) -> None:
    """With a closed stream a command does the same; who cannot say that it has copied ends with 1."""
    each.push(moverimages.plain(75))
    command = f"exec {imageworld.PROGRAM} image copy {each.source} oci:there {closed}"
    done = subprocess.run(
        ["sh", "-c", command], cwd=each.folder, env=each.environment(), capture_output=True, check=False
    )
    assert done.returncode == (1 if ">&-" in closed.split() else 0), done.stderr
    assert (b"copied" in done.stdout) == (done.returncode == 0)
    assert b"Traceback" not in done.stderr


def test_streams_are_as_python_opens_them(warm: World) -> None:
    """Text is buffered, and its lines are ended, as the interpreter would in a plain start."""
    command = f"{imageworld.PROGRAM} image inspect oci:nowhere 2>&1; {imageworld.PROGRAM} image copy --help 2>&1"
    for variables in ({}, {"PYTHONUNBUFFERED": "1"}):
        plain, ours = (
            subprocess.run(
                ["sh", "-c", command], cwd=warm.folder, env=warm.environment(**variables, **more), check=True,
                capture_output=True,
            ).stdout
            for more in ({"WAYPAAS_STANDBY": "off"}, {})
        )  # fmt: skip
        assert ours == plain


def test_no_command_is_taken_for_a_standby(warm: World) -> None:
    """The variable that makes a standby changes nothing for a command line."""
    ended = warm.wps("copy", "oci:nowhere:v1", "oci:there", WAYPAAS_STANDBY_ROLE="1")
    assert (ended.returncode, "nowhere" in ended.stderr) == (1, True)


def test_a_standby_holds_no_lock_of_who_started_it(world: World, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A descriptor that a script lets its commands inherit, as of a lock, ends with the script."""
    runtime = Runtime(tmp_path_factory.mktemp("run") / "user")
    world.runtime = runtime
    script = f"exec 9>lock; flock 9; {imageworld.PROGRAM} image copy --help >/dev/null"
    subprocess.run(["sh", "-c", script], cwd=world.folder, env=world.environment(), check=True)
    assert subprocess.run(["flock", "-n", world.folder / "lock", "true"], check=False).returncode == 0
    assert waited(runtime.forked), "no standby came"
    runtime.end()


def test_a_copy_in_the_background_outlives_its_shell(warm: World) -> None:
    """A command that goes on in the background when the shell ends comes to its end."""
    warm.push(moverimages.plain(74, [40_000 + number for number in range(12)]))
    warm.proxy.bytes_per_second = 40_000
    assert warm.runtime is not None
    shell = "import subprocess, sys; subprocess.Popen(sys.argv[1:]); sys.stdin.read()"
    command = [imageworld.PROGRAM, "image", "copy", warm.source, f"{warm.proxy.host}/{warm.path}", "--jobs", "2"]
    with subprocess.Popen(
        [sys.executable, "-c", shell, *command], cwd=warm.folder, env=warm.environment(), stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ):  # fmt: skip
        assert waited(lambda: bool(warm.proxy.received))
        (copying,) = warm.runtime.plugins()
    time.sleep(2 * front.PARENT_CHECK_SECONDS)
    assert warm.runtime.plugins() == [copying], "it ended before anybody could notice, or with the shell"
    assert waited(lambda: warm.far.tags(warm.path) != {})


def state(pid: int) -> str:
    """Give the state of a process; T: it is stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_a_killed_command_copies_no_further(warm: World) -> None:
    """SIGKILL of what the user started ends the process that copies, too, and no tag is set."""
    warm.push(moverimages.plain(73, [100_000 + number for number in range(12)]))
    warm.proxy.bytes_per_second = 60_000
    assert warm.runtime is not None
    with subprocess.Popen(
        [imageworld.PROGRAM, "image", "copy", warm.source, f"{warm.proxy.host}/{warm.path}"], cwd=warm.folder,
        env=warm.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        assert waited(lambda: bool(warm.proxy.received))
        (copying,) = warm.runtime.plugins()
        assert copying != process.pid
        process.send_signal(signal.SIGKILL)
    assert waited(warm.runtime.is_quiet)
    assert warm.far.tags(warm.path) == {}


def private_mib(pid: int) -> float:
    """Give the memory that a process shares with nobody."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Private_Dirty:")) / 1024


def test_the_next_command_has_its_memory_ready_once_nothing_runs(warm: World) -> None:
    """While a copy runs, what waits for the next command takes neither processor nor memory; behind it, it does."""
    assert warm.runtime is not None
    assert waited(warm.runtime.forked)
    warm.push(moverimages.plain(75, [100_000 + number for number in range(12)]))
    warm.proxy.bytes_per_second = 100_000
    with subprocess.Popen(
        [imageworld.PROGRAM, "image", "copy", warm.source, f"{warm.proxy.host}/{warm.path}"], cwd=warm.folder,
        env=warm.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        assert waited(lambda: len(warm.runtime.forked()) > 1)
        time.sleep(0.5)
        (waiting,) = set(warm.runtime.forked()) - set(warm.runtime.plugins())
        assert process.poll() is None
        assert private_mib(waiting) < 5
    assert waited(lambda: private_mib(waiting) > 10), "the kernel is older than 5.14, or nothing was copied"
    assert warm.runtime.forked() == [waiting]

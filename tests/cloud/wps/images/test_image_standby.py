"""`wps image` by a standby: to whoever runs it, it is as if it had been started plainly."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import imageworld
import moverimages
from standbys import waited

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


def test_the_terminal_is_the_commands(warm: World) -> None:
    """At a terminal each line comes when it is printed, Ctrl-Z stops the copy, and Ctrl-C ends it with 130."""
    warm.push(moverimages.plain(72, [100_000 + number for number in range(12)]))
    warm.proxy.bytes_per_second = 60_000
    pid, terminal = pty.fork()
    if not pid:
        os.chdir(warm.folder)
        command = [str(imageworld.PROGRAM), "image", "copy", warm.source, f"{warm.proxy.host}/{warm.path}"]
        os.execve(command[0], command, warm.environment(TERM="xterm"))  # noqa: S606  # into the terminal's session
    shown = b""
    while b" to send" not in shown or b"%" not in shown:
        shown += os.read(terminal, 65536)
    assert warm.runtime is not None
    (copying,) = warm.runtime.plugins()
    os.write(terminal, b"\x1a")
    assert waited(lambda: state(pid) == state(copying) == "T")
    os.kill(pid, signal.SIGCONT)
    assert waited(lambda: state(copying) != "T")
    os.write(terminal, b"\x03")
    try:
        while part := os.read(terminal, 65536):
            shown += part
    except OSError:
        pass  # nobody has the terminal open any more
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 130
    assert b"interrupted: " in shown
    assert b"Traceback" not in shown
    assert warm.far.tags(warm.path) == {}


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

"""How tests run: programs with nothing of the host's secrets, in time, side by side, and to the end of all of them."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from gateworld import deployment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gateserver import Deployment
    from gateworld import World

GOOD = '<testsuite><testcase classname="unit" name="a"/><testcase classname="unit" name="b"/></testsuite>'
BAD = '<testsuite><testcase name="a"/><testcase name="b"><failure message="3 != 4"/></testcase></testsuite>'


def shell(name: str, script: str, **more: Any) -> dict[str, Any]:
    """Make a test that runs a script."""
    return {"name": name, "kind": "command", "command": ["sh", "-c", script], **more}


def waited(condition: Callable[[], bool], seconds: float = 15.0) -> bool:
    """Wait for a condition; tell whether it came."""
    ends = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends:
            return False
        time.sleep(0.05)
    return True


def gone(file: Path) -> bool:
    """Tell whether the process whose id is in a file is gone."""
    try:
        os.kill(int(file.read_text()), 0)
    except ProcessLookupError:
        return True
    return False


def test_a_program_gets_what_it_needs_and_no_secret(world: World, server: Deployment) -> None:
    """Deployment, image and environment are told; of the host's variables only those that hold no credentials."""
    digest = "sha256:" + "cd" * 32
    test = shell("env", "env", environment={"LEVEL": "fast"})
    world.release(test, url=server.url, image=f"shop/web@{digest}")
    (report,) = world.reports()
    values = dict(line.split("=", 1) for line in report["tests"][0]["output"].splitlines())
    assert values["DEPLOYMENT_URL"] == server.url
    assert values["IMAGE_DIGEST"] == digest
    assert (values["PROJECT"], values["APP"], values["ENVIRONMENT"]) == ("shop", "web", "dev")
    assert values["LEVEL"] == "fast"
    assert values["PATH"]
    assert "AWS_SECRET_ACCESS_KEY" not in values
    assert not [name for name in values if name.startswith(("WAYPOINT", "AWS"))]


def test_a_test_ends_in_its_time_with_all_that_it_started(world: World, server: Deployment) -> None:
    """A program that goes on, with children in the background that ignore signals, is gone after its timeout."""
    script = (
        "(trap '' TERM; echo $$ > first; sleep 60) & (sleep 60 & echo $! > second); trap '' TERM; sleep 60; sleep 60"
    )
    begun = time.monotonic()
    refusal = world.refused(shell("hangs", script, timeout="1s"), {"name": "slow", "path": "/hangs", "timeout": "1s"},
                            url=server.url)  # fmt: skip
    assert time.monotonic() - begun < 15
    assert "hangs: it took longer than 1 s" in refusal.error
    assert "it took longer than 1 s: 0 of 1 requests were done" in refusal.text
    for name in ("first", "second"):
        assert waited(lambda name=name: gone(world.app / name)), name  # type: ignore[misc]  # a default binds it


def test_a_cancelled_release_leaves_no_test_behind(world: World, server: Deployment) -> None:
    """When the host calls off, programs and requests end, nothing is released, and no test is tried again."""
    script = "echo $$ > running; sleep 60 & echo $! > child; wait"
    with world.host() as host:
        world.configure(host, shell("long", script, retries=3), {"name": "slow", "path": "/hangs"}, url=server.url)
        call = host.begin("releasemanager", "Release", deployment("7"), *world.given())
        assert waited(lambda: (world.app / "child").exists() and (world.app / "child").read_text() != "")
        call.cancel()
        with pytest.raises(grpc.FutureCancelledError):
            call.result()
        assert waited(lambda: gone(world.app / "running"))
        assert waited(lambda: gone(world.app / "child"))
    assert world.notes == []
    assert world.reports() == []


def test_a_killed_plugin_takes_its_programs_along(world: World) -> None:
    """Even kill -9 of the plugin ends the program of a test that runs."""
    with world.host() as host:
        world.configure(
            host, {"name": "long", "kind": "command", "command": ["sh", "-c", "echo $$ > running; exec sleep 60"]}
        )
        lost = host.begin("releasemanager", "Release", deployment("7"), *world.given())
        assert waited(lambda: (world.app / "running").exists() and (world.app / "running").read_text() != "")
        parent = int((world.app / "running").read_text())
        status = f"/proc/{parent}/status"
        with open(status, encoding="utf-8") as file:
            plugin = next(int(line.split()[1]) for line in file if line.startswith("PPid:"))
        os.kill(plugin, signal.SIGKILL)
        assert waited(lambda: gone(world.app / "running"))
        assert lost.exception() is not None
    assert world.notes == []


def test_reports_of_programs_are_collected(world: World, server: Deployment) -> None:
    """JUnit XML that a program writes becomes cases; a failure in it fails the test whatever the exit code."""
    test = {"name": "unit", "reports": "out/*.xml", "url": server.url}
    good = shell("unit", f"mkdir -p out; echo '{GOOD}' > out/a.xml", reports="out/*.xml")
    assert test["reports"] == good["reports"]
    world.release(good, url=server.url)
    assert [case["name"] for case in world.reports()[0]["tests"][0]["cases"]] == ["unit.a", "unit.b"]
    refusal = world.refused(shell("unit", f"echo '{BAD}' > out/b.xml", reports="out/*.xml"), url=server.url)
    assert "b failed: 3 != 4" in refusal.error


@pytest.mark.parametrize(
    ("test", "said"),
    [
        (shell("a", "true", reports="out/*.xml"), "it wrote no report out/*.xml"),
        (shell("a", "echo '<!DOCTYPE x><testsuites/>' > r.xml", reports="r.xml"), "cannot be read: it has a document"),
        (shell("a", "exit 9"), "sh ended with exit code 9"),
        (shell("a", "kill -9 $$"), "sh was ended by signal 9"),
        (shell("a", "true", directory="missing"), "missing"),
        ({"name": "a", "kind": "command", "command": ["no-such-program"]}, "there is no program no-such-program"),
        ({"name": "a", "kind": "command", "command": ["./no-such"]}, "there is no program ./no-such"),
    ],
)
def test_what_is_wrong_with_a_program_is_told(world: World, test: dict[str, Any], said: str) -> None:
    """Each way in which a program can fail a test is told as itself."""
    refusal = world.refused(test)
    assert said in refusal.error
    assert world.notes == []


def test_an_old_report_says_nothing(world: World, server: Deployment) -> None:
    """A report that an earlier run left is not taken for one of this run."""
    (world.app / "r.xml").write_text(GOOD)
    refusal = world.refused(shell("a", "true", reports="r.xml"), url=server.url)
    assert "it wrote no report r.xml" in refusal.error


def test_a_directory_cannot_lead_out_of_the_app(world: World, tmp_path: Path) -> None:
    """Not even by a link."""
    (world.app / "link").symlink_to(tmp_path)
    refusal = world.refused(shell("a", "touch was-here", directory="link"))
    assert "leads out of the app's directory" in refusal.error
    assert not (tmp_path / "was-here").exists()


def test_much_output_is_cut_to_its_end(world: World) -> None:
    """Megabytes of output do not fill the report, and control characters do not reach the screen."""
    script = "head -c 5000000 /dev/zero | tr '\\0' 'x'; printf '\\nlast\\033]0;title\\007 line\\n'; exit 1"
    refusal = world.refused(shell("loud", script))
    output = world.reports()[0]["tests"][0]["output"]
    assert len(output) <= 64 * 1024
    assert "last\\x1b]0;title\\x07 line" in refusal.text


def test_a_job_runs_by_the_task_launcher_of_a_plugin(world: World, server: Deployment) -> None:
    """The job gets the deployment's address, its log and JUnit XML are collected, and it is removed afterwards."""
    program = world.app / "job"
    program.write_text(f"#!/bin/sh\necho at $DEPLOYMENT_URL $1\necho '{GOOD}'\n")
    program.chmod(0o755)
    job = {"name": "job", "kind": "job", "image": str(program), "command": ["now"]}
    given = {"url": server.url, "launcher": "pylane", "launcher_options": {"file": str(world.lane)}}
    world.release(job, **given)
    found = world.reports()[0]["tests"][0]
    assert found["output"].startswith(f"at {server.url} now\n")
    assert [case["name"] for case in found["cases"]] == ["unit.a", "unit.b"]
    assert [note.split()[0] for note in world.notes] == ["started", "stopped", "version"]


def test_a_failing_and_an_endless_job(world: World, server: Deployment) -> None:
    """The exit code and the time of a job count as those of a program, and what it started is gone."""
    for name, script in (("bad", "echo broken; exit 5"), ("endless", "echo $$ > $HERE/pid; sleep 60")):
        (world.app / name).write_text(f"#!/bin/sh\n{script}\n")
        (world.app / name).chmod(0o755)
    jobs = [{"name": name, "kind": "job", "image": str(world.app / name), "timeout": "8s",
             "environment": {"HERE": str(world.app)}} for name in ("bad", "endless")]  # fmt: skip
    given = {"url": server.url, "launcher": "pylane", "launcher_options": {"file": str(world.lane)}}
    refusal = world.refused(*jobs, **given)
    assert "bad: the job ended with exit code 5" in refusal.error
    assert "  | broken" in refusal.text
    assert "it took longer than 8 s" in refusal.text
    assert waited(lambda: gone(world.app / "pid"))
    assert sorted(note.split()[0] for note in world.notes) == ["started", "started", "stopped", "stopped"]

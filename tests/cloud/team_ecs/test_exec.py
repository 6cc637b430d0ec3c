"""Exec: commands in a task by ECS Exec, run for real by the double of Session Manager, and who may not."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from ecsapp import Args, waited

from testservers.awsanswers import Script
from testservers.awsproxy import Fault
from testservers.ssm import Faults, Ssm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ecsapp import App

ROLE = {"task_role": "payments-web"}


@pytest.fixture(scope="module")
def channel() -> Iterator[Ssm]:
    """Start the far end of exec sessions."""
    started = Ssm()
    yield started
    started.close()


@pytest.fixture
def ssm(channel: Ssm, app: App) -> Ssm:
    """Let ECS answer ExecuteCommand by that far end."""
    channel.reset()
    app.aws.proxy.answers["ecs:ExecuteCommand"] = channel.execute_command
    app.use(ROLE)
    return channel


def begin(app: App, *command: str, tty: bool = False, env: tuple[str, ...] = (), workspace: str = "default") -> Any:
    """Begin a session in a fresh deployment; give its future."""
    return again(app, app.deploy(workspace=workspace), *command, tty=tty, env=env, workspace=workspace)


def again(
    app: App, deployed: Any, *command: str, tty: bool = False, env: tuple[str, ...] = (), workspace: str = "default"
) -> Any:
    """Begin a session; give its future."""
    stream = app.host.plugin.broker.accept([app.host.exec.handler()])
    info = Args.ExecSessionInfo(stream_id=stream, args=command, is_tty=tty, env=env)
    if tty:
        info.term_type = "xterm"
        info.initial_window.height, info.initial_window.width = 40, 100
    return app.host.begin("platform", "Exec", deployed, info, *app.job(workspace))


def refused(running: Any) -> tuple[grpc.StatusCode, str]:
    """Wait for a session that fails; give status and text."""
    with pytest.raises(grpc.RpcError) as caught:
        running.result(60)
    return caught.value.code(), str(caught.value.details())


def test_behaviour_18_exec_with_a_terminal(app: App, ssm: Ssm) -> None:
    """With a terminal the command sees its size, and each new one; its exit code comes back, and no mark is seen."""
    running = begin(app, "sh", tty=True)
    app.host.exec.type(b"stty size\r")
    assert waited(lambda: b"40 100" in app.host.exec.stdout), app.host.exec.stdout
    app.host.exec.resize(50, 120)
    assert waited(lambda: (120, 50) in ssm.sessions[0].sizes)
    app.host.exec.type(b"stty size; exit 9\r")
    assert running.result(60).exit_code == 9
    assert b"50 120" in app.host.exec.stdout
    assert b"\x1e" not in app.host.exec.stdout


def test_behaviour_18_exec_without_a_terminal(app: App, ssm: Ssm) -> None:
    """Without a terminal stdin is passed to its end, unchanged and not shown, and the exit code comes back."""
    running = begin(app, "sh", "-c", "cat; exit 3", env=("A=b c",))
    app.host.exec.type(b"typed\nwithout an end")
    app.host.exec.close_input()
    assert running.result(60).exit_code == 3
    assert app.host.exec.stdout == b"typed\nwithout an end"
    assert ssm.sessions[0].command.startswith("sh -c ")


def test_an_interrupted_command_has_its_exit_code(app: App, ssm: Ssm) -> None:
    """What is typed to interrupt a command interrupts it alone: the session ends with the code of that."""
    running = begin(app, "sleep", "600", tty=True)
    assert waited(lambda: bool(ssm.sessions) and ssm.sessions[0].pid > 0 and _children(ssm.sessions[0].pid))
    app.host.exec.type(b"\x03")
    assert running.result(60).exit_code == 130


def test_arguments_and_variables_reach_the_command_as_they_are(app: App, ssm: Ssm) -> None:
    """Blanks, quotes and dollar signs in arguments and variables are the command's, not the shell's."""
    assert ssm.sessions == []
    running = begin(app, "sh", "-c", 'printf "%s|" "$@" "$A"', "x", "a b", "it's", "$HOME", env=("A=b 'c'",))
    assert running.result(60).exit_code == 0
    assert app.host.exec.stdout == b"a b|it's|$HOME|b 'c'|"


def test_nothing_is_lost_or_doubled(app: App, ssm: Ssm) -> None:
    """Output that comes out of order and twice is shown once and in order; all of it is acknowledged."""
    ssm.faults = Faults(swap=True)
    running = begin(app, "sh", "-c", "seq 1 3000")
    assert running.result(60).exit_code == 0
    assert app.host.exec.stdout == "".join(f"{n}\n" for n in range(1, 3001)).encode()
    assert len(set(ssm.sessions[0].acknowledged)) > 10


def test_input_that_is_not_acknowledged_is_sent_again(app: App, ssm: Ssm) -> None:
    """Input whose first two messages get lost arrives all the same, once and in order."""
    ssm.faults = Faults(deaf=2)
    running = begin(app, "sh", "-c", "head -n 2")
    app.host.exec.type(b"one\n")
    app.host.exec.type(b"two\n")
    assert running.result(60).exit_code == 0
    assert app.host.exec.stdout == b"one\ntwo\n"
    assert ssm.sessions[0].typed == b"one\ntwo\n"


def test_a_container_without_sh(app: App, ssm: Ssm) -> None:
    """Without sh the command runs as it is, once; the user is told that its exit code is not known."""
    ssm.faults = Faults(without_sh=True)
    assert begin(app, "echo", "it ran").result(60).exit_code == 0
    assert app.host.exec.stdout.replace(b"\r", b"") == b"it ran\n"
    assert b"exit code is not known" in app.host.exec.stderr
    assert [session.command for session in ssm.sessions][1:] == ["echo 'it ran'"]


def test_a_cancelled_session_ends_its_command(app: App, ssm: Ssm) -> None:
    """A session that the user leaves is terminated, and its command does not go on."""
    running = begin(app, "sleep", "600")
    assert waited(lambda: bool(ssm.sessions) and ssm.sessions[0].pid > 0)
    pid = ssm.sessions[0].pid
    assert waited(lambda: _children(pid))
    running.cancel()
    assert waited(lambda: ssm.sessions[0].terminated)
    assert waited(lambda: not os.path.exists(f"/proc/{pid}"))


def _children(pid: int) -> bool:
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
        return bool(children.read().strip())


@pytest.mark.parametrize(
    ("faults", "text"),
    [
        (Faults(encrypted=True), "names a key of KMS"),
        (Faults(cut_after=3), "the exec session"),
        (Faults(broken=True), "no message of Session Manager"),
    ],
    ids=["encrypted", "cut", "broken"],
)
def test_sessions_that_break_are_told(app: App, ssm: Ssm, faults: Faults, text: str) -> None:
    """A session that cannot be had, is cut off, or is changed on its way ends with what happened."""
    ssm.faults = faults
    assert text in refused(begin(app, "sh", "-c", "seq 1 2000; sleep 5"))[1]


def test_behaviour_19_nobody_opens_a_shell_in_production(app: App, ssm: Ssm) -> None:
    """In a protected environment exec is off in ECS itself, refused with the rule, and AWS is not asked."""
    deployed = app.deploy(workspace="production")
    asked = next(call for call in app.aws.proxy.calls if call.action == "ecs:CreateService")
    assert asked.parameters["enableExecuteCommand"] is False
    app.aws.proxy.calls.clear()
    code, text = refused(again(app, deployed, "sh", workspace="production"))
    assert code is grpc.StatusCode.PERMISSION_DENIED
    assert "not permitted in production" in text
    assert "protected environment" in text
    assert (app.aws.proxy.actions(), ssm.sessions) == ([], [])


def test_behaviour_19_the_rule_is_that_of_now(app: App, ssm: Ssm) -> None:
    """A standard that denies exec, or all but some programs, holds for what was deployed before; its place is named."""
    deployed = app.deploy()
    app.use(ROLE | {"exec_commands": ["/bin/ls"]})
    code, text = refused(again(app, deployed, "sh"))
    assert code is grpc.StatusCode.PERMISSION_DENIED
    assert "may not run 'sh'" in text
    assert "ecs.exec_commands is /bin/ls, by team" in text
    app.use(ROLE | {"exec": "deny"})
    code, text = refused(again(app, deployed, "/bin/ls"))
    assert (code, "the standard ecs.exec is deny, by team" in text) == (grpc.StatusCode.PERMISSION_DENIED, True)
    assert "team.yaml" in text
    assert ssm.sessions == []


def test_a_deployment_without_exec(app: App, ssm: Ssm) -> None:
    """What was deployed without exec, or whose tasks take no commands yet, says so and what to do."""
    app.use({})
    deployed = app.deploy()
    assert "was deployed without exec" in refused(again(app, deployed, "sh"))[1]
    app.use(ROLE)
    app.aws.proxy.script("", Script(agent="PENDING"))
    deployed = app.deploy(sequence=2)
    assert "agents of Session Manager have not started" in refused(again(app, deployed, "sh"))[1]
    assert ssm.sessions == []


def test_what_aws_refuses_is_told(app: App, ssm: Ssm) -> None:
    """A user without the right to exec reads which action is missing; the session's token is in no text."""
    app.aws.proxy.add(Fault("ecs:ExecuteCommand", code="AccessDeniedException"))
    code, text = refused(begin(app, "sh"))
    assert code is grpc.StatusCode.PERMISSION_DENIED
    assert "ecs:ExecuteCommand" in text
    assert "token-of-the-session" not in text
    assert ssm.sessions == []

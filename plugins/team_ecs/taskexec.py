"""Exec: a command in a running task, by ECS Exec, where the standards permit it.

The rule is that of the environment at the time of the call, not at the time of
the deploy; standards that cannot be read permit nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shlex
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from team_ecs import datachannel, execmarks, messages, ssmmessages
from teamplugin import execrule
from waypaas_sdk.arguments import WindowSize
from waypaas_sdk.errors import CloudError, StateError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from team_ecs.cloud import Cloud
    from team_ecs.gen.team_ecs.v1 import team_ecs_pb2
    from teamconfig.profile import Profile
    from waypaas_sdk.arguments import JobInfo, Source
    from waypaas_sdk.call import Call
    from waypaas_sdk.execsession import ExecSession

SECTION = "ecs"
"""Of the standards, that sessions are judged by."""

AGENT = "ExecuteCommandAgent"
CONNECT_SECONDS = 15.0
END_OF_INPUT = b"\x04"
LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
HANDSHAKE = frozenset({ssmmessages.HANDSHAKE_REQUEST, ssmmessages.HANDSHAKE_COMPLETE})
UNKNOWN_CODE = b"the container has no sh: the command's exit code is not known\n"


def execute(deployment: team_ecs_pb2.Deployment, session: ExecSession, call: Call, job: JobInfo, source: Source) -> int:
    """Run a command in a task of a deployment.

    Args:
        deployment: As stored.
        session: The command, and the user's terminal.
        call: The running call.
        job: Says project, app and workspace.
        source: Where the app is; the standards are found from there.

    Returns:
        The command's exit code; 0 where the container has no sh by which it could be learned.

    Raises:
        PolicyError: The standards of the environment do not permit it, or AWS does not.
        StateError: No task runs, or it was deployed without exec.
        PluginError: The standards cannot be read, or AWS cannot be reached.
    """
    where = source.path if source.path.is_dir() else deployment.source_path
    identity = messages.identity_from_proto(deployment.identity)
    resolved = execrule.resolve(SECTION, identity, job, where, protected=deployment.protected)
    permit(resolved.profile, session.arguments)
    environment = execrule.permitted_environment(resolved.profile, SECTION, session.environment)
    if not deployment.exec_enabled:
        raise StateError(
            f"{deployment.name} was deployed without exec",
            why="ECS switches it on for a whole service, when it is made, and for tasks with a role of their own only",
            fix="set ecs.exec: allow and ecs.task_role, then deploy again",
        )
    cloud = messages.cloud(deployment.place, "exec", deployment.identity, call)
    task = choose(cloud.tasks(deployment.name, "RUNNING"), deployment)
    return _run(cloud, call, session, task, deployment.container, environment)


def permit(profile: Profile, command: Sequence[str]) -> None:
    """Hold a command against the standards. Pure.

    Args:
        profile: The resolved standards of the environment.
        command: Program and arguments.

    Raises:
        PolicyError: It is not permitted; names the rule, whose it is and how to ask.
        StateError: There is no command.
    """
    execrule.permit_session(profile, SECTION)
    if not command:
        raise StateError("the session names no command", fix="write it after `waypoint exec`, as /bin/sh")
    execrule.permit_command(profile, SECTION, command)


def choose(tasks: list[dict[str, Any]], deployment: team_ecs_pb2.Deployment) -> str:
    """Choose the task to run a command in. Pure.

    Args:
        tasks: Of the deployment, as AWS tells them.
        deployment: For the text.

    Returns:
        ARN of the first by its name whose agent is ready.

    Raises:
        StateError: There is none.
    """
    running = sorted((task for task in tasks if task.get("lastStatus") == "RUNNING"), key=lambda task: task["taskArn"])
    ready = [task["taskArn"] for task in running if _has_agent(task)]
    if not ready:
        why = "their agents of Session Manager have not started" if running else "none of its tasks runs"
        raise StateError(
            f"no task of {deployment.name} takes commands",
            why=why,
            fix="see `waypoint status`; the task's role needs ssmmessages:CreateControlChannel, CreateDataChannel, "
            "OpenControlChannel and OpenDataChannel, and its subnets a way to that service",
            where=f"cluster {deployment.place.cluster}",
        )
    return str(ready[0])


def _has_agent(task: Mapping[str, Any]) -> bool:
    agents = [agent for container in task.get("containers", ()) for agent in container.get("managedAgents", ())]
    return any(agent.get("name") == AGENT and agent.get("lastStatus") == "RUNNING" for agent in agents)


def _run(cloud: Cloud, call: Call, session: ExecSession, task: str, container: str, environment: list[str]) -> int:
    """Run the command below a script that tells its exit code; where there is no sh, as it is."""
    nonce = secrets.token_hex(8)
    begin = Begin(cloud, call, session, task, container)
    marked = begin(execmarks.wrapped(session.arguments, environment, nonce, tty=session.is_tty), nonce)
    if marked is not None:
        return marked
    session.write_error(UNKNOWN_CODE)
    return begin(shlex.join(execmarks.direct(session.arguments, environment)), "") or 0


class Begin:
    """Begins sessions in one container for one user.

    Args:
        cloud: Where it is.
        call: The running call; cancelled, it ends the command.
        session: The user.
        task: ARN.
        container: Of the task.
    """

    def __init__(self, cloud: Cloud, call: Call, session: ExecSession, task: str, container: str) -> None:
        self._cloud, self._call, self._session = cloud, call, session
        self._task, self._container = task, container
        self._channel: datachannel.Channel | None = None
        self._ready = threading.Event()
        self._reader: threading.Thread | None = None

    def __call__(self, command: str, nonce: str) -> int | None:
        """Run a command to its end.

        Args:
            command: As ECS takes it.
            nonce: Of its marks; "" without.

        Returns:
            Its exit code, as far as that is told; None where it never began.

        Raises:
            CloudError: The session broke.
            PluginError: AWS refuses.
        """
        import websocket  # noqa: PLC0415  # exec only

        asked = {"cluster": self._cloud.place.cluster, "task": self._task, "container": self._container}
        answer = self._cloud.ask("ecs", "ExecuteCommand", **asked, interactive=True, command=command)
        socket = _connect(str(answer["session"]["streamUrl"]))
        channel = datachannel.Channel(socket)

        def terminate() -> None:
            with contextlib.suppress(websocket.WebSocketException, OSError):
                channel.send(ssmmessages.FLAG, ssmmessages.TERMINATE)
            socket.abort()

        try:
            with self._call.on_cancel(terminate):
                channel.open(str(answer["session"]["tokenValue"]))
                self._channel = channel
                return self._receive(channel, nonce)
        except (websocket.WebSocketException, OSError) as err:
            self._call.check()
            raise CloudError("the exec session broke", fix="try again; the command may have run") from err
        finally:
            with contextlib.suppress(websocket.WebSocketException, OSError):
                socket.close(timeout=1)

    def _receive(self, channel: datachannel.Channel, nonce: str) -> int | None:
        marks = execmarks.Marks(nonce) if nonce else None
        for message in channel.messages():
            if message.kind == ssmmessages.CLOSED:
                return self._closed(marks, message)
            if message.payload_type == ssmmessages.EXIT_CODE:
                return int(message.payload)
            if message.payload_type in HANDSHAKE:
                self._shake_hands(channel, message, told=marks is None)
            else:
                self._show(message, marks)
            if marks and marks.code is not None:
                return marks.code
        return None

    def _shake_hands(self, channel: datachannel.Channel, message: ssmmessages.Message, *, told: bool) -> None:
        """Answer the agent; without marks the command counts as begun when it is satisfied."""
        if message.payload_type == ssmmessages.HANDSHAKE_REQUEST:
            answer = ssmmessages.handshake(ssmmessages.json_of(message.payload))
            channel.send(ssmmessages.HANDSHAKE_RESPONSE, answer)
            return
        if self._session.window is not None:
            self._resize(self._session.window)
        if told:
            self._take_input()

    def _show(self, message: ssmmessages.Message, marks: execmarks.Marks | None) -> None:
        if message.payload_type == ssmmessages.STDERR:
            self._session.write_error(message.payload)
        elif message.payload_type == ssmmessages.OUTPUT:
            self._session.write(marks.feed(message.payload) if marks else message.payload)
            if marks and marks.begun:
                self._take_input()

    def _closed(self, marks: execmarks.Marks | None, message: ssmmessages.Message) -> int | None:
        self._call.check()
        said = str(ssmmessages.json_of(message.payload).get("Output") or "")
        if marks is None and not said:
            return 0
        if marks is not None and not marks.begun:
            return None
        if marks is not None:
            self._session.write(marks.rest())
        raise CloudError("the exec session ended without an exit code", why=said, fix="see whether the task still runs")

    def _take_input(self) -> None:
        """Begin to pass on what the user types, once, and not before something takes it."""
        if self._reader is None:
            self._reader = threading.Thread(target=self._inputs, name="exec-input", daemon=True)
            self._reader.start()

    def _resize(self, size: WindowSize) -> None:
        if self._channel is not None:
            self._channel.send(ssmmessages.SIZE, json.dumps({"cols": size.width, "rows": size.height}).encode())

    def _inputs(self) -> None:
        import websocket  # noqa: PLC0415  # exec only

        line_open = False
        with contextlib.suppress(websocket.WebSocketException, OSError):
            for item in self._session.inputs():
                if self._channel is None:
                    return
                if isinstance(item, WindowSize):
                    self._resize(item)
                elif item is not None:
                    self._channel.send(ssmmessages.OUTPUT, item)
                    line_open = not item.endswith(b"\n")
                elif not self._session.is_tty:
                    # A terminal's sign for the end counts at the beginning of a line only.
                    self._channel.send(ssmmessages.OUTPUT, END_OF_INPUT * (2 if line_open else 1))


def _connect(url: str) -> Any:
    """Open the WebSocket; the token that goes over it is a secret, so it is encrypted."""
    import websocket  # noqa: PLC0415  # exec only

    parts = urlsplit(url)
    if parts.scheme != "wss" and parts.hostname not in LOCAL:
        raise CloudError("AWS names no encrypted address for the exec session", fix="look at AWS_ENDPOINT_URL")
    try:
        authorities = {"ca_certs": bundle} if (bundle := os.environ.get("AWS_CA_BUNDLE")) else {}
        return websocket.create_connection(url, timeout=CONNECT_SECONDS, suppress_origin=True, sslopt=authorities)
    except (websocket.WebSocketException, OSError) as err:
        raise CloudError(
            f"no exec session with {parts.hostname}",
            why=type(err).__name__,
            fix="see whether this machine reaches that address by WebSocket",
        ) from err

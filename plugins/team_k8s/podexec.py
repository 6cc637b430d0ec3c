"""Exec: a command in a running pod, by the API server, where the standards permit it.

The rule is that of the environment at the time of the call, not at the time of
the deploy; standards that cannot be read permit nothing.
"""

from __future__ import annotations

import contextlib
import json
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from team_k8s import messages
from teamplugin import execrule
from waypaas_sdk.arguments import WindowSize
from waypaas_sdk.errors import CloudError, StateError

if TYPE_CHECKING:
    from team_k8s.api import Api
    from team_k8s.gen.team_k8s.v1 import team_k8s_pb2
    from waypaas_sdk.arguments import JobInfo, Source
    from waypaas_sdk.call import Call
    from waypaas_sdk.execsession import ExecSession

SECTION = "kubernetes"
"""Of the standards, that sessions are judged by."""

STDIN, STDOUT, STDERR, ERROR, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255
"""Channels of the protocol: the first byte of each message."""

PROTOCOLS = ["v5.channel.k8s.io", "v4.channel.k8s.io"]
"""The fifth can close stdin; older clusters speak the fourth."""

CONNECT_SECONDS = 15.0


def execute(deployment: team_k8s_pb2.Deployment, session: ExecSession, call: Call, job: JobInfo, source: Source) -> int:
    """Run a command in a pod of a deployment.

    Args:
        deployment: As stored.
        session: The command, and the user's terminal.
        call: The running call.
        job: Says project, app and workspace.
        source: Where the app is; the standards are found from there.

    Returns:
        The command's exit code.

    Raises:
        PolicyError: The standards of the environment do not permit it, or the cluster does not.
        StateError: No pod runs.
        PluginError: The standards cannot be read, or the cluster cannot be reached.
    """
    where = source.path if source.path.is_dir() else deployment.source_path
    identity = messages.identity_from_proto(deployment.identity)
    resolved = execrule.resolve(SECTION, identity, job, where, protected=deployment.protected)
    execrule.permit_session(resolved.profile, SECTION)
    execrule.permit_command(resolved.profile, SECTION, session.arguments)
    environment = execrule.permitted_environment(resolved.profile, SECTION, session.environment)
    cloud = messages.cloud(deployment.cluster, "exec", deployment.identity, call)
    pods = [pod for pod in cloud.list("Pod", messages.selector(deployment)) if _runs(pod)]
    if not pods:
        raise StateError(
            f"no pod of {deployment.name} runs",
            fix="see `waypoint status` for why, or deploy again",
            where=f"namespace {cloud.namespace}",
        )
    pod = min(pods, key=lambda found: str(found["metadata"]["name"]))
    container = pod["spec"]["containers"][0]["name"]
    return _Session(cloud.api, session, call, environment).run(
        f"{cloud.path('Pod', pod['metadata']['name'])}/exec", container
    )


def _runs(pod: dict[str, Any]) -> bool:
    return pod.get("status", {}).get("phase") == "Running" and "deletionTimestamp" not in pod["metadata"]


class _Session:
    """One exec session between a user and a container."""

    def __init__(self, api: Api, session: ExecSession, call: Call, environment: list[str]) -> None:
        self._api, self._session, self._call = api, session, call
        self._environment = environment

    def run(self, path: str, container: str) -> int:
        """Run the command and give its exit code."""
        import websocket  # noqa: PLC0415  # exec only

        socket = self._connect(path, container)
        if self._session.window is not None:
            self._resize(socket, self._session.window)
        threading.Thread(target=self._send_inputs, args=(socket,), name="exec-input", daemon=True).start()
        try:
            with self._call.on_cancel(socket.abort):
                return self._receive(socket)
        except (websocket.WebSocketException, OSError) as err:
            self._call.check()
            raise CloudError("the exec session broke", fix="try again; the command may have run") from err
        finally:
            with contextlib.suppress(websocket.WebSocketException, OSError):
                socket.close(timeout=1)

    def _connect(self, path: str, container: str) -> Any:
        import websocket  # noqa: PLC0415  # exec only

        tty = self._session.is_tty
        command = list(self._session.arguments)
        if self._environment:
            command = ["env", *self._environment, *command]
        query = [("command", part) for part in command]
        query += [("container", container), ("stdin", "true"), ("stdout", "true")]
        query += [("tty", "true")] if tty else [("stderr", "true")]
        server = urlsplit(self._api.access.server)
        scheme = "wss" if server.scheme == "https" else "ws"
        url = f"{scheme}://{server.netloc}{server.path.rstrip('/')}{path}?{urlencode(query)}"
        headers = [f"{name}: {value}" for name, value in self._api.access.headers.items()]
        options: dict[str, Any] = {"context": self._api.access.tls} if self._api.access.tls is not None else {}
        if self._api.access.server_name:
            options["server_hostname"] = self._api.access.server_name
        try:
            socket = websocket.create_connection(
                url,
                timeout=CONNECT_SECONDS,
                header=headers,
                subprotocols=PROTOCOLS,
                sslopt=options,
                suppress_origin=True,
            )
        except websocket.WebSocketBadStatusException as err:
            from team_k8s.api import refusal  # noqa: PLC0415  # on failure only

            raise refusal(
                err.status_code, err.resp_headers or {}, err.resp_body or b"", "open an exec session"
            ) from err
        except (websocket.WebSocketException, OSError) as err:
            raise CloudError(f"no exec session with {self._api.access.server}", why=type(err).__name__) from err
        socket.settimeout(None)
        return socket

    def _resize(self, socket: Any, size: WindowSize) -> None:
        text = json.dumps({"Width": size.width, "Height": size.height})
        socket.send_binary(bytes([RESIZE]) + text.encode())

    def _send_inputs(self, socket: Any) -> None:
        import websocket  # noqa: PLC0415  # exec only

        with contextlib.suppress(websocket.WebSocketException, OSError):
            for item in self._session.inputs():
                if isinstance(item, WindowSize):
                    self._resize(socket, item)
                elif item is not None:
                    socket.send_binary(bytes([STDIN]) + item)
                elif socket.getsubprotocol() == PROTOCOLS[0]:
                    socket.send_binary(bytes([CLOSE, STDIN]))

    def _receive(self, socket: Any) -> int:
        while True:
            frame = socket.recv()
            data = frame.encode() if isinstance(frame, str) else frame
            if not data:
                self._call.check()
                raise CloudError("the exec session ended without an exit code", fix="try again")
            channel, content = data[0], data[1:]
            if channel == STDOUT and content:
                self._session.write(content)
            elif channel == STDERR and content:
                self._session.write_error(content)
            elif channel == ERROR:
                return exit_code(content)


def exit_code(status: bytes) -> int:
    """Read the exit code from the status that ends a session.

    Args:
        status: A Kubernetes Status as JSON.

    Returns:
        The code.

    Raises:
        CloudError: The command could not be run at all.
    """
    try:
        said = json.loads(status)
        if said.get("status") == "Success":
            return 0
        for cause in said.get("details", {}).get("causes") or ():
            if cause.get("reason") == "ExitCode":
                return int(cause["message"])
    except (ValueError, AttributeError, KeyError, TypeError):
        raise CloudError("the exec session ended with what is no status", fix="try again") from None
    raise CloudError("the command could not be run", why=f"the node says: {said.get('message', 'nothing')}")

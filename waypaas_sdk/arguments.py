"""The values that a component's methods may ask for, by annotation.

    def deploy(self, image: docker_pb2.Image, job: JobInfo, ui: TerminalUI) -> Result: ...

Names of parameters are the author's own; the type decides. Besides the types
here: `terminal.TerminalUI`, `logger.Logger`, `call.Call`, `logviewer.LogViewer`,
`execsession.ExecSession`, and any protobuf message class, matched by its full
name (the artifact, the deployment, the release target, access info).
Primitives (`bool`, `int`, `str`) are matched by name and need `Named`.

What each operation may ask for is in `signature.AVAILABLE`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Named:
    """Marks a primitive parameter with the name by which the host supplies it.

    Args:
        name: For instance "HasRegistry", as in `Annotated[bool, Named("HasRegistry")]`.
    """

    name: str


HasRegistry = Annotated[bool, Named("HasRegistry")]
"""Whether the app declares a registry; for `build`."""


@dataclass(frozen=True)
class Source:
    """The app's source on the machine that runs the plugin.

    Args:
        app: Name of the app.
        path: Its directory, absolute.
    """

    app: str
    path: Path


@dataclass(frozen=True)
class JobInfo:
    """The job that a call is part of.

    Args:
        local: Runs on the user's own machine, not on a remote runner.
        workspace: Waypoint workspace, "default" if none was named.
        id: ULID of the job.
        project: Name of the project.
        app: Name of the app.
    """

    local: bool
    workspace: str
    id: str
    project: str
    app: str


@dataclass(frozen=True)
class DataDir:
    """Directories that outlive a call.

    Args:
        cache: May be emptied between calls.
        data: Kept as long as the app.
    """

    cache: Path
    data: Path


@dataclass(frozen=True)
class DeploymentConfig:
    """What a new deployment may need to know of the server.

    Args:
        id: ULID of the deployment, empty for `generation`.
        sequence: Counts the app's deployments over all workspaces from 1; 0 for `generation`.
        server_addr: host:port of the server, empty without one.
        server_tls: The server speaks TLS.
        server_tls_skip_verify: Its certificate is not to be verified.
        entrypoint_invite_token: A credential that lives for years; not shown by repr.
    """

    id: str = ""
    sequence: int = 0
    server_addr: str = ""
    server_tls: bool = False
    server_tls_skip_verify: bool = False
    entrypoint_invite_token: str = field(default="", repr=False)

    def environment(self) -> dict[str, str]:
        """Give the variables that Waypoint's entrypoint reads inside the app's container.

        Returns:
            Values by name. WAYPOINT_CEB_INVITE_TOKEN among them is a secret.

        Source: waypoint-plugin-sdk component/deployment.go, DeploymentConfig.Env.
        """
        env = {"WAYPOINT_DEPLOYMENT_ID": self.id}
        if not self.server_addr:
            return env | {"WAYPOINT_SERVER_DISABLE": "1"}
        env["WAYPOINT_SERVER_ADDR"] = self.server_addr
        if self.server_tls:
            env["WAYPOINT_SERVER_TLS"] = "1"
        if self.server_tls_skip_verify:
            env["WAYPOINT_SERVER_TLS_SKIP_VERIFY"] = "1"
        if self.entrypoint_invite_token:
            env["WAYPOINT_CEB_INVITE_TOKEN"] = self.entrypoint_invite_token
        return env


@dataclass(frozen=True)
class LabelSet:
    """Labels of the app from waypoint.hcl and the command line.

    Args:
        labels: Values by name.
    """

    labels: dict[str, str]


@dataclass(frozen=True)
class TaskLaunchInfo:
    """What a task launcher has to run.

    Args:
        image: Reference of the OCI image.
        environment: Values by name.
        entrypoint: Replaces the image's own, unless empty.
        arguments: Follow the entrypoint.
    """

    image: str
    environment: dict[str, str]
    entrypoint: list[str]
    arguments: list[str]


@dataclass(frozen=True)
class WindowSize:
    """Size of a terminal.

    Args:
        height: Rows.
        width: Columns.
    """

    height: int
    width: int

"""The program waypoint-plugin-team-k8s."""

AHEAD = (
    "team_k8s.deploying",
    "team_k8s.destroying",
    "team_k8s.releasing",
    "team_k8s.status",
    "team_k8s.podlogs",
    "team_k8s.podexec",
    "team_k8s.tasks",
    "team_k8s.messages",
    "team_k8s.api",
    "team_k8s.cloud",
    "team_k8s.kubeconfig",
    "team_k8s.options",
    "team_k8s.taskoptions",
    "http.client",
    "ssl",
    "subprocess",
    "yaml",
)
"""Modules that calls import: a standby has them already."""


def main() -> None:
    """Serve the plugin until the host is done with it."""
    from waypaas_sdk import standby  # noqa: PLC0415  # first of all: see its docstring

    standby.enter()
    from team_k8s.builder import K8sBuilder  # noqa: PLC0415
    from team_k8s.launcher import K8sTaskLauncher  # noqa: PLC0415
    from team_k8s.platform import K8sPlatform  # noqa: PLC0415
    from team_k8s.releaser import K8sReleaseManager  # noqa: PLC0415
    from waypaas_sdk import serve  # noqa: PLC0415

    serve.serve(
        K8sBuilder,
        K8sPlatform,
        K8sReleaseManager,
        K8sTaskLauncher,
        description="runs apps on Kubernetes by the standards of their team",
        ahead=AHEAD,
    )


if __name__ == "__main__":
    main()

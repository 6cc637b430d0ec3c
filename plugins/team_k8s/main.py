"""The program waypoint-plugin-team-k8s."""

from __future__ import annotations


def main() -> None:
    """Serve the plugin until the host is done with it."""
    from waypaas_sdk import startup  # noqa: PLC0415  # first of all: see its docstring

    startup.defer()
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
    )


if __name__ == "__main__":
    main()

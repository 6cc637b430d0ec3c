"""The program waypoint-plugin-team-ecs."""

from __future__ import annotations


def main() -> None:
    """Serve the plugin until the host is done with it."""
    from waypaas_sdk import startup  # noqa: PLC0415  # first of all: see its docstring

    startup.defer()
    from team_ecs.platform import EcsPlatform  # noqa: PLC0415
    from team_ecs.releaser import EcsReleaseManager  # noqa: PLC0415
    from waypaas_sdk import serve  # noqa: PLC0415

    serve.serve(EcsPlatform, EcsReleaseManager, description="runs apps on AWS ECS by the standards of their team")


if __name__ == "__main__":
    main()

"""The program waypoint-plugin-team-ecs."""

AHEAD = (
    "team_ecs.deploying",
    "team_ecs.destroying",
    "team_ecs.releasing",
    "team_ecs.status",
    "team_ecs.tasklogs",
    "team_ecs.taskexec",
    "team_ecs.tasks",
    "team_ecs.options",
    "boto3",
    "botocore.config",
    "ssl",
    "subprocess",
    "yaml",
)
"""Modules that calls import: a standby has them already."""


def main() -> None:
    """Serve the plugin until the host is done with it."""
    from waypaas_sdk import standby  # noqa: PLC0415  # first of all: see its docstring

    standby.enter()
    from team_ecs.launcher import EcsTaskLauncher  # noqa: PLC0415
    from team_ecs.platform import EcsPlatform  # noqa: PLC0415
    from team_ecs.releaser import EcsReleaseManager  # noqa: PLC0415
    from waypaas_sdk import serve  # noqa: PLC0415

    serve.serve(
        EcsPlatform,
        EcsReleaseManager,
        EcsTaskLauncher,
        description="runs apps on AWS ECS by the standards of their team",
        ahead=AHEAD,
    )


if __name__ == "__main__":
    main()

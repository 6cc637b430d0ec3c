"""The program waypoint-plugin-team-ecr."""

AHEAD = (
    "team_ecr.building",
    "team_ecr.pushing",
    "team_ecr.options",
    "team_ecr.moving",
    "imagemover.ecr.registries",
    "ssl",
    "yaml",
)
"""Modules that calls import: a standby has them already."""


def main() -> None:
    """Serve the plugin until the host is done with it."""
    from waypaas_sdk import standby  # noqa: PLC0415  # first of all: see its docstring

    standby.enter()
    from team_ecr.builder import EcrBuilder  # noqa: PLC0415
    from team_ecr.registry import EcrRegistry  # noqa: PLC0415
    from waypaas_sdk import serve  # noqa: PLC0415

    serve.serve(
        EcrBuilder,
        EcrRegistry,
        description="builds images, or brings promoted ones, into the registry of an environment",
        ahead=AHEAD,
    )


if __name__ == "__main__":
    main()

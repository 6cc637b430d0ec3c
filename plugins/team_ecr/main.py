"""The program waypoint-plugin-team-ecr."""

from __future__ import annotations


def main() -> None:
    """Serve the plugin until the host is done with it."""
    from waypaas_sdk import startup  # noqa: PLC0415  # first of all: see its docstring

    startup.defer()
    from team_ecr.builder import EcrBuilder  # noqa: PLC0415
    from team_ecr.registry import EcrRegistry  # noqa: PLC0415
    from waypaas_sdk import serve  # noqa: PLC0415

    serve.serve(
        EcrBuilder,
        EcrRegistry,
        description="builds images, or brings promoted ones, into the registry of an environment",
    )


if __name__ == "__main__":
    main()

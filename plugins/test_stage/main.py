"""The program waypoint-plugin-test."""

AHEAD = ("test_stage.building", "test_stage.gate", "test_stage.options", "test_stage.wrapped", "ssl", "yaml")
"""Modules that calls import: a standby has them already."""


def main() -> None:
    """Serve the plugin until the host is done with it."""
    from waypaas_sdk import standby  # noqa: PLC0415  # first of all: see its docstring

    standby.enter()
    from test_stage import anything  # noqa: PLC0415
    from test_stage.builder import TestBuilder  # noqa: PLC0415
    from test_stage.releaser import TestReleaseManager  # noqa: PLC0415
    from waypaas_sdk import serve  # noqa: PLC0415

    serve.SERVICES.update(anything.SERVICES)
    serve.serve(
        TestBuilder,
        TestReleaseManager,
        description="tests before another plugin builds or releases",
        ahead=AHEAD,
    )


if __name__ == "__main__":
    main()

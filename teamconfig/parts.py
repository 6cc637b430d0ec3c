"""The part of a revision that one app's standards come from. Pure.

What a service hands out must resolve to the same as the whole, and must not
show one team what another one has written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def of_app(files: Mapping[str, bytes], team: str, project: str, app: str) -> dict[str, bytes]:
    """Choose the files of a revision that the standards of one app depend on, in any environment.

    Args:
        files: Content by path within the standards.
        team: That owns the project.
        project: Waypoint's project.
        app: Waypoint's app.

    Returns:
        Those of the company, of the team, and of the app; `reading.tree` takes them.
    """
    home = f"teams/{team}/"
    own = f"{home}apps/{project}/{app}/"
    return {
        path: content
        for path, content in files.items()
        if path == "org.yaml"
        or path.startswith(("environments/", own, f"{home}environments/"))
        or path == f"{home}team.yaml"
    }

"""What is tested: whose it is, and where it is reached."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

VARIABLES = {
    "url": "DEPLOYMENT_URL",
    "deployment_id": "DEPLOYMENT_ID",
    "image": "IMAGE",
    "digest": "IMAGE_DIGEST",
    "project": "PROJECT",
    "app": "APP",
    "environment": "ENVIRONMENT",
    "workspace": "WORKSPACE",
}
"""By field of Target, the variable in which programs find it."""

NOWHERE = 'the deployment has no URL that could be asked: name it by url, or let the test run beside it: kind = "job"'
"""Said where nothing leads from here to the deployment."""


@dataclass(frozen=True)
class Target:
    """What is tested.

    Args:
        source: Directory of the app.
        project: Waypoint's project.
        app: Waypoint's app.
        environment: That the workspace maps to.
        workspace: Waypoint's workspace.
        url: Where the deployment is reached from here; empty for none.
        internal_url: Where it is reached from beside it; empty if that is not known.
        deployment_id: Waypoint's id, or empty.
        image: Reference of its image, or empty.
        digest: Of its image: "sha256:...", or empty.
    """

    source: Path
    project: str
    app: str
    environment: str
    workspace: str
    url: str = ""
    internal_url: str = ""
    deployment_id: str = ""
    image: str = ""
    digest: str = ""

    def variables(self, *, inside: bool = False) -> dict[str, str]:
        """Give the variables for a program.

        Args:
            inside: It runs beside the deployment, and not here.

        Returns:
            Values by name; what is not known is left out.
        """
        values = {VARIABLES[field.name]: getattr(self, field.name) for field in fields(self) if field.name in VARIABLES}
        if inside:
            values["DEPLOYMENT_URL"] = self.internal_url or self.url
        return {name: value for name, value in values.items() if value}

"""The standards of the app at hand, and those of the environment that its image ran in before."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from teamplugin.identity import Identity
from teamplugin.standards import ADVISORY, translated
from waypaas_sdk import errors

if TYPE_CHECKING:
    from pathlib import Path

    from teamconfig.model import Registry
    from teamconfig.profile import Profile
    from teamconfig.stanza import Stanza
    from waypaas_sdk.arguments import JobInfo

JUDGED = "limits are enforced by the team config service at {}, whose credentials reach ECR"
OUTSIDE = "the team config service at {} judges the options; the registry is reached with your own docker credentials"
"""Said of a registry that is not ECR: the service has no credentials of it."""


@dataclass(frozen=True)
class Resolved:
    """The standards of one app in one environment.

    Args:
        profile: The resolved standards.
        previous: Environment that an image has to come from; empty in the first one.
        authority: Address of the service that holds everybody to the standards; empty if none does.
        stanza: Options of waypoint.hcl that they were resolved with.
        note: To be shown to the user, or empty.
        workspace: Waypoint's, that means the environment.
    """

    profile: Profile
    previous: str
    authority: str
    stanza: Stanza
    note: str = ""
    workspace: str = ""

    @property
    def registry(self) -> Registry:
        """The section that this plugin works by."""
        return self.profile.registry

    @property
    def limits(self) -> str:
        """Tell the user who holds everybody to the limits, and whose credentials are used."""
        if not self.authority:
            return ADVISORY
        return (OUTSIDE if self.registry.url else JUDGED).format(self.authority)

    @property
    def identity(self) -> Identity:
        """Whose image it is."""
        profile = self.profile
        return Identity(profile.project, profile.app, self.workspace, profile.environment, profile.team)


def of_job(job: JobInfo, source: Path, options: Any, stage: str) -> Resolved:
    """Resolve the standards for a running job.

    Args:
        job: Says project, app and workspace.
        source: Directory of the app.
        options: The decoded options of waypoint.hcl, or None.
        stage: "build" or "build.registry".

    Returns:
        The standards.

    Raises:
        MissingError: There are none, or none for this project or workspace.
        StateError: They are broken.
        OptionError: An option of waypoint.hcl is not valid.
        PolicyError: A standard forbids an option of waypoint.hcl.
    """
    from teamconfig.stanza import Stanza  # noqa: PLC0415  # YAML is loaded in calls only

    stanza = Stanza.of("registry", options, f"app.{job.app}.{stage}.use")
    return _resolved(job, source, job.workspace, stanza)


def before(job: JobInfo, source: Path, resolved: Resolved) -> Resolved:
    """Resolve the standards of the environment that an image has to come from.

    Args:
        job: Says project and app.
        source: Directory of the app.
        resolved: Of the present environment, which is not the first.

    Returns:
        The standards there, with the same options of waypoint.hcl: the file serves all environments.

    Raises:
        PluginError: As in `of_job`.
    """
    return _resolved(job, source, resolved.previous, resolved.stanza)


def _resolved(job: JobInfo, source: Path, workspace: str, stanza: Stanza) -> Resolved:
    import teamconfig  # noqa: PLC0415  # YAML is loaded in calls only
    from teamconfig import StandardsError  # noqa: PLC0415
    from teamconfig import resolve as resolving  # noqa: PLC0415

    target = (job.project, job.app, workspace)
    try:
        tree = teamconfig.load(source, dict(os.environ), target, [stanza])
        profile = resolving.profile(tree, project=job.project, app=job.app, workspace=workspace, stanzas=[stanza])
    except StandardsError as err:
        raise translated(err) from err
    previous = previous_of(profile.environment, profile.promotion.source or "", tree.org.environments)
    return Resolved(profile, previous, tree.authority, stanza, tree.note or "", workspace)


def previous_of(environment: str, source: str, environments: tuple[str, ...]) -> str:
    """Tell which environment an image has to come from. Pure.

    Args:
        environment: The present one.
        source: By the standard promotion.source; empty: the one before.
        environments: All, in the order of promotion.

    Returns:
        The environment; empty if images are built in this one.

    Raises:
        StateError: The standards name one that is not there, or the present one itself.
    """
    if not source:
        place = environments.index(environment)
        return environments[place - 1] if place else ""
    if source == environment or source not in environments:
        raise errors.StateError(
            f'images for {environment} shall come from "{source}" by the standard promotion.source',
            why=f"the environments are {', '.join(environments)}, and none is its own source",
            fix="ask the platform team to mend promotion.source",
        )
    return source

"""The standards of the app at hand: found, resolved, and their refusals told in the SDK's words."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from teamplugin.identity import Identity
from waypaas_sdk import errors

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from teamconfig.profile import Profile
    from teamconfig.stanza import Stanza
    from waypaas_sdk.arguments import JobInfo

ADVISORY = "limits are advisory: no team config service is configured, standards come from a directory"
"""Said in every output as long as nothing withholds credentials."""

ENFORCED = "limits are enforced by the team config service at {}"


@dataclass(frozen=True)
class Resolved:
    """The standards of one app in one environment.

    Args:
        profile: The resolved standards.
        identity: Whose deployment they are for.
        note: To be shown to the user, or empty.
        authority: Address of the service that holds everybody to the standards; empty if none does.
        stanzas: Options of waypoint.hcl that they were resolved with.
    """

    profile: Profile
    identity: Identity
    note: str
    authority: str = ""
    stanzas: Sequence[Stanza] = ()

    @property
    def limits(self) -> str:
        """Tell the user who holds everybody to the limits."""
        return ENFORCED.format(self.authority) if self.authority else ADVISORY


def resolve(
    section: str, source: Path | str, project: str, app: str, workspace: str, options: Any = None, path: str = ""
) -> Resolved:
    """Find and resolve the standards.

    Args:
        section: Of the standards, that the options of waypoint.hcl are of: "kubernetes", "ecs".
        source: Directory of the app.
        project: Waypoint's project.
        app: Waypoint's app.
        workspace: Waypoint's workspace.
        options: The decoded options of waypoint.hcl, or None.
        path: Of their `use` in waypoint.hcl: "app.web.deploy.use".

    Returns:
        The standards.

    Raises:
        MissingError: There are none, or none for this project or workspace.
        StateError: They are broken.
        OptionError: An option of waypoint.hcl is not valid.
        PolicyError: A standard forbids an option of waypoint.hcl.
    """
    import teamconfig  # noqa: PLC0415  # YAML is loaded in calls only
    from teamconfig import StandardsError  # noqa: PLC0415
    from teamconfig import resolve as resolving  # noqa: PLC0415
    from teamconfig.stanza import Stanza  # noqa: PLC0415

    try:
        stanzas = [Stanza.of(section, options, path)] if options is not None else []
        network = getattr(options, "network", None)
        if network is not None:
            stanzas.append(Stanza.of("network", network, f"{path}.network"))
        tree = teamconfig.load(source, dict(os.environ), (project, app, workspace), stanzas)
        profile = resolving.profile(tree, project=project, app=app, workspace=workspace, stanzas=stanzas)
    except StandardsError as err:
        raise translated(err) from err
    identity = Identity(project, app, workspace, profile.environment, profile.team)
    return Resolved(profile, identity, tree.note or "", tree.authority, stanzas)


def of_job(section: str, job: JobInfo, source: Path, options: Any, stage: str) -> Resolved:
    """Resolve the standards for a running job.

    Args:
        section: As in `resolve`.
        job: Says project, app and workspace.
        source: Directory of the app.
        options: The decoded options.
        stage: "deploy" or "release".

    Returns:
        The standards.

    Raises:
        PluginError: As in `resolve`.
    """
    return resolve(section, source, job.project, job.app, job.workspace, options, f"app.{job.app}.{stage}.use")


def translated(err: Any) -> errors.PluginError:
    """Turn a StandardsError into the SDK's error of its kind, with its text.

    Args:
        err: Carries problems.

    Returns:
        The error to raise.
    """
    return errors.of_kind(err.kind, str(err))

"""How previews begin and end: checked against the quota before and after, ended whole, each step safe to take again."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from teamconfig import errors
from teamconfig.errors import Problem, StandardsError
from wps import ending, moments, terminal
from wps.previews import known, lifetimes, listing, names

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wps.previews.known import Project, Workspace
    from wps.previews.listing import Preview

_SHOWN = 3


@dataclass(frozen=True)
class Wanted:
    """A preview that shall be there.

    Args:
        branch: Of which it is.
        workspace: Waypoint's workspace.
        lifetime_seconds: How long it shall live from now on.
        quota: How many the project may have at once.
    """

    branch: str
    workspace: str
    lifetime_seconds: float
    quota: int


def wanted(project: Project, branch: str, ttl: str | None) -> Wanted:
    """Hold a preview against the standards.

    Args:
        project: Of the app.
        branch: Name of the branch.
        ttl: How long it shall live, as the user wrote it, or None.

    Returns:
        What to do.

    Raises:
        StandardsError: Previews are not enabled, would run in a protected environment or under the name in DNS that
            the environment has, or may not live so long.
    """
    workspace = names.workspace(branch)
    if workspace in project.stages.environments:
        why = f"{workspace} is the name of an environment"
        raise errors.state(f"branch {branch} cannot have a preview", why, "rename the branch", "the branch")
    there = project.selected(workspace)
    standards, environment = there.profile.standards.preview, there.profile.environment
    what = f"{project.stages.project}/{project.stages.app} cannot have a preview of {branch}"
    if not standards.enabled:
        origin = there.profile.provenance["preview.enabled"].winner
        why = f"the standard preview.enabled is false for it in {environment}"
        fix = "ask for preview: {enabled: true} in its standards"
        raise StandardsError([Problem(what, why, fix, origin.where or "preview.enabled", "policy")])
    sharing = project.shares_host(there)
    if sharing:
        why = f"it would answer as {there.release.network.host}, and so take the traffic of {sharing}"
        fix = "have the standards write {preview} into network.host, as {app}{preview}.{environment}.acme.example; or "
        fix += 'write host = "...${workspace.name}..." into the block network of its deploy and release'
        raise StandardsError([Problem(what, why, fix, "network.host", "policy")])
    return Wanted(branch, workspace, lifetimes.wanted(standards, ttl), standards.quota or 1)


def up(project: Project, asked: Wanted) -> Preview:
    """Build, deploy and release the checkout in its preview, and renew its time.

    Args:
        project: Of the app.
        asked: As `wanted` gives it.

    Returns:
        The preview as it is then.

    Raises:
        StandardsError: There are as many as there may be, or a step failed.
    """
    with ending.cleanly():
        waypoint = project.waypoint(asked.workspace)
        with waypoint.alone(project.lock):
            waypoint.ready()
            waypoint.clear()
            before = project.previews()
            own = next((one for one in before if one.workspace == asked.workspace), None)
            _check_branch(own, asked.branch, asked.workspace)
            if own is None:
                before = _with_room(project, waypoint, before, asked)
            ends = time.time() + asked.lifetime_seconds
            waypoint.again("up", *listing.labels(asked.branch, ends, own.first if own is not None else ""))
            after = project.previews()
        made = next((one for one in after if one.workspace == asked.workspace), None)
        if made is None:
            what, why = (
                f"{asked.workspace} is not there",
                "Waypoint does not know what it has deployed, or it was ended",
            )
            raise errors.state(what, why, "run this again", "")
        if own is None and len(listing.older(after, made)) >= asked.quota:
            end(project, made.workspace)
            raise _full(project, [one for one in after if one.workspace != made.workspace], asked)
        return made


def _check_branch(own: Preview | None, branch: str, workspace: str) -> None:
    """Refuse to take over or end the preview of another branch, however unlikely two marks are the same."""
    if own is not None and own.branch and own.branch != branch:
        what = f"branch {branch} cannot have the preview {workspace}"
        raise errors.state(what, f"it is that of branch {own.branch}", "rename the branch", workspace)


def _with_room(project: Project, waypoint: Workspace, found: list[Preview], asked: Wanted) -> list[Preview]:
    """Make room for one more: what is over its time is ended first."""
    for one in listing.over(found, time.time()) if len(found) >= asked.quota else []:
        terminal.note(f"{one.workspace} is over its time: it is ended to make room")
        _ended(project, waypoint, one)
        found = [other for other in found if other.workspace != one.workspace]
    if len(found) >= asked.quota:
        raise _full(project, found, asked)
    return found


def _full(project: Project, found: Sequence[Preview], asked: Wanted) -> StandardsError:
    shown = [f"{one.workspace} (until {moments.at(one.ends)})" for one in found[:_SHOWN]]
    what = f"project {project.stages.project} has {terminal.counted(len(found), 'preview')} already"
    why = f"the standard preview.quota permits {asked.quota} at once; the oldest: {', '.join(shown)}"
    fix = f"end one: wps preview down {found[0].workspace}{project.named}"
    return StandardsError([Problem(what, why, fix, "preview.quota", "policy")])


def end(project: Project, workspace: str, branch: str = "", is_due: Callable[[Preview], bool] = lambda _: True) -> bool:
    """End a preview: destroy everything that it has deployed, in all apps.

    Args:
        project: Of the app.
        workspace: Of the preview.
        branch: Whose preview it has to be; empty for any.
        is_due: Asked once nobody else is at work on it: it may have been renewed.

    Returns:
        Whether there was one, and it was ended.

    Raises:
        StandardsError: It is an environment, a step failed, or something of it is left; run it again, what is gone
            already stays gone.
    """
    names.check_workspace(workspace, "the preview")
    if workspace in project.stages.environments:
        what, why = f"{workspace} is no preview", "it is one of the company's environments"
        raise errors.state(what, why, "write a name that `wps preview list` shows", "the preview")
    with ending.cleanly():
        waypoint = project.waypoint(workspace)
        with waypoint.alone(project.lock):
            waypoint.ready()
            found = next((one for one in project.previews() if one.workspace == workspace), None)
            _check_branch(found if branch else None, branch, workspace)
            if found is None or not is_due(found):
                return False
            _ended(project, waypoint, found)
        return True


def _ended(project: Project, waypoint: Workspace, preview: Preview) -> None:
    """End a preview under the lock that `waypoint` holds."""
    for app in preview.apps:
        own = waypoint.beside(preview.workspace, app)
        own.clear()
        own.again("destroy", "-auto-approve")
    left = known.apps_of(project.previews(), preview.workspace)
    if left:
        what = f"{preview.workspace} still has deployments of {', '.join(left)}"
        why = "another run deploys into it right now, or Waypoint did not destroy them"
        fix = f"run again: wps preview down {preview.workspace}{project.named}"
        raise errors.state(what, why, fix, preview.workspace)


@dataclass(frozen=True)
class Due:
    """A preview that a sweep ends.

    Args:
        preview: Which.
        why: For people.
    """

    preview: Preview
    why: str


def due(found: Sequence[Preview], now: float, branches: set[str] | None) -> list[Due]:
    """Choose what a sweep ends. Pure.

    Args:
        found: Previews of the project.
        now: In seconds since 1970.
        branches: That the remote has; None where nobody asked. A preview without a branch only ends by its time.

    Returns:
        Those, the oldest first.
    """
    made = []
    for one in found:
        if one.ends <= now:
            made.append(Due(one, f"its time was over {moments.span(now - one.ends)} ago"))
        elif branches is not None and one.branch and one.branch not in branches:
            made.append(Due(one, f"branch {one.branch} is gone"))
    return made


def sweep(project: Project, listed: Sequence[Due]) -> list[tuple[Due, StandardsError]]:
    """End previews, each whatever becomes of the others.

    Args:
        project: Of the app.
        listed: As `due` chooses them.

    Returns:
        Those that could not be ended, with the error.
    """
    failed = []
    for one in listed:
        terminal.note(f"{one.preview.workspace} is ended: {one.why}")
        try:
            end(project, one.preview.workspace, is_due=partial(_is_as_listed, one.preview))
        except StandardsError as err:
            failed.append((one, err))
    return failed


def _is_as_listed(listed: Preview, now: Preview) -> bool:
    """Tell whether a preview was not renewed since it was listed."""
    return now.ends <= listed.ends

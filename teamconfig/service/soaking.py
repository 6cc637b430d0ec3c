"""Whether an image ran where a promotion takes it from, and for how long: by what the service has seen itself.

A release stands in the database when the service has seen it run. How long it
ran is told by what came after it, or by another look.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc

from teamconfig import resolve, units
from teamconfig.service.refusal import refuse
from teamconfig.state import releases

if TYPE_CHECKING:
    from collections.abc import Sequence

    from teamconfig.profile import Profile
    from teamconfig.service.call import Call
    from teamconfig.state.releases import Release
    from teamconfig.tree import Tree

_RELEASES = 500
"""As many are looked at, the newest first."""


def source_of(profile: Profile, tree: Tree) -> str:
    """Name the environment that an image has to come from. Pure.

    Args:
        profile: The standards of where it shall go.
        tree: The standards.

    Returns:
        Its name; empty where an image comes from nowhere.
    """
    names = tree.org.environments
    place = names.index(profile.environment)
    return profile.promotion.source or (names[place - 1] if place else "")


async def ran_before(call: Call, profile: Profile, tree: Tree, digest: str, *, soaks: bool = True) -> bool:
    """Tell whether an image ran in the environment that it has to come from.

    Args:
        call: The call.
        profile: The standards of where it shall go.
        tree: The standards.
        digest: Of the image.
        soaks: Whether it has to have run as long as the standards want; somebody may have waived that.

    Returns:
        Whether it did; True where it comes from nowhere.

    Raises:
        Refusal: It did, but not for as long as the standards want.
    """
    source = source_of(profile, tree)
    if not source:
        return True
    found = await call.core.read(lambda tx: releases.find(tx, profile.project, profile.app, source, digest))
    if found is None:
        return False
    soak = units.parse_duration(profile.promotion.soak or "0s").total_seconds()
    if soak and soaks:
        await _insist(call, profile, tree, source, digest, soak)
    return True


async def _insist(call: Call, profile: Profile, tree: Tree, source: str, digest: str, soak: float) -> None:
    history = await call.core.read(
        lambda tx: releases.history(tx, profile.project, profile.app, source, limit=_RELEASES)
    )
    now = call.core.now()
    if seconds(history, digest, 0.0) >= soak:
        return
    left = soak - seconds(history, digest, now)
    why, fix = (
        f"the standard promotion.soak is {profile.promotion.soak}, of which {left:.0f} s are left",
        "try again then",
    )
    if left <= 0:
        if await runs_now(call, tree, (profile.project, profile.app, source), digest):
            return
        why = f"the standard promotion.soak is {profile.promotion.soak}, and it is not seen to run there any more"
        fix = f"deploy it to {source} again, and let it run"
    raise refuse(
        "soaking", f"the image has not run long enough in {source}", why, fix, grpc.StatusCode.FAILED_PRECONDITION
    )


async def runs_now(call: Call, tree: Tree, place: tuple[str, str, str], digest: str) -> bool:
    """Look whether an image runs, by the service's own eyes, on whatever platform.

    Args:
        call: The call.
        tree: The standards.
        place: Project, app, environment.
        digest: Of the image.

    Returns:
        Whether it does.
    """
    project, app, environment = place
    profile = resolve.profile(tree, project=project, app=app, workspace=environment)
    return any([await issuer.runs(profile, digest) for issuer in set(call.core.issuers.values())])


def seconds(history: Sequence[Release], digest: str, now: float) -> float:
    """Tell for how long an image ran, at its longest. Pure.

    Args:
        history: Releases of an app in an environment, newest first.
        digest: Of the image.
        now: Until when the newest release runs, seconds since 1970; 0 where nobody has looked.

    Returns:
        From when it was seen first until another image was seen in its stead.
    """
    longest, end = 0.0, now
    for release in history:
        if release.draft.digest == digest:
            longest = max(longest, end - release.created)
        else:
            end = release.created
    return longest

"""What `wps create` takes along when an app moves from one platform to the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from teamconfig import StandardsError, errors
from wps import appfile, creation, parity
from wps.sizing import PLATFORMS

if TYPE_CHECKING:
    from wps.appfile import AppFile
    from wps.creation import Wishes


def options(file: AppFile | None, wishes: Wishes) -> dict[str, Any]:
    """Say what an app has set for one platform in the words of the other one, where it moves there.

    Args:
        file: The file that is there, or None.
        wishes: What is asked of the app.

    Returns:
        Options by name, nested; empty where it stays, or is new.

    Raises:
        StandardsError: Something set has no counterpart (kind option); each problem names the closest way.
    """
    plugin = creation.deployed_by(file, wishes.app)
    section = next((each.section for each in PLATFORMS.values() if each.plugin == plugin), "")
    if file is None or section in {"", wishes.platform.section}:
        return {}
    found = appfile.options(file, wishes.app, "")
    made: dict[str, Any] = {}
    problems = [
        errors.Problem(
            f"{one} is worked out when Waypoint runs, and not carried over", "its value is not known here",
            "write it by hand after the move, and remove it now", str(file.path), "option",
        )
        for one in found.undecided
    ]  # fmt: skip
    for stanza in found.stanzas:
        if stanza.section == section:
            values, more = parity.converted(section, stanza.values, stanza.path, found.lines)
            made, problems = made | values, problems + more
        elif stanza.section == "network":
            what, why = "the block network is not carried over", "it may be right for one platform only"
            fix = "set it in the standards of the team, and remove it"
            problems.append(errors.Problem(what, why, fix, found.lines.get(stanza.path, stanza.path), "option"))
    block = file.root.find("app", wishes.app)
    release = block.find("release") if block is not None else None
    use = release.find("use", plugin) if release is not None else None
    if use is not None:
        what, why = f"the release uses {plugin}", "it would look for the deployment on the other platform"
        fix = "remove it: a release without a stanza is like the deploy"
        problems.append(errors.Problem(what, why, fix, f"{file.path}:{use.line}", "option"))
    if problems:
        raise StandardsError(problems, f"{len(problems)} options cannot move to {wishes.platform.words}")
    return made

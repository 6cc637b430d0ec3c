"""What a waypoint.hcl sets, held against the standards as `wps explain` and a deploy do."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import teamconfig
from teamconfig import StandardsError
from wps import appfile, positions, selection
from wps.checks.finding import fail, ok, warn

if TYPE_CHECKING:
    from wps.appfile import AppFile
    from wps.checks.finding import Finding


def check(file: AppFile) -> list[Finding]:
    """Resolve each app of a file in the environment that counts here.

    Args:
        file: The waypoint.hcl.

    Returns:
        A finding for each app that is permitted, and one for each thing that is not; none for a project that no team
        has, which is a finding already.
    """
    workspace = os.environ.get(selection.VARIABLE) or "default"
    return [found for app in file.apps for found in _app(file, app, workspace)] if file.project else []


def _app(file: AppFile, app: str, workspace: str) -> list[Finding]:
    check = f"app {app}"
    lines: dict[str, str] = {}
    try:
        found = appfile.options(file, app, workspace)
        lines.update(found.lines)
        start = file.path.absolute().parent
        tree = teamconfig.load(start, os.environ, (file.project, app, workspace), found.stanzas)
        if file.project not in tree.owners:
            return []
        profile, _ = selection.profiles(tree, file.project, app, workspace, found)
    except StandardsError as err:
        return [
            fail(check, f"{one.what}: {one.why}" if one.why else one.what, _mended(one.fix, one.where))
            for one in positions.located(err, lines).problems
        ]
    notes = [warn(check, text, "see to that") for text in found.notes]
    return [*notes, ok(check, f"the standards permit in {profile.environment} what {file.path} sets")]


def _mended(fix: str, where: str) -> str:
    return f"{fix}, at {where}" if where else fix

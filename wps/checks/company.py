"""Where the standards come from: files, or a team config service with a session that is good."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from teamconfig import StandardsError, gitremote, source
from wps import connection, locks, moments, projects, repository
from wps.checks.finding import fail, ok, refused, warn

if TYPE_CHECKING:
    from pathlib import Path

    from teamconfig.settings import Settings
    from wps.appfile import AppFile
    from wps.checks.finding import Finding

_SKEW_WARN, _SKEW_FAIL = 5.0, 120.0
_SOON_SECONDS = 1800
_NO_MATCH = "is not tied to this repository"


def files(named: Settings, file: AppFile | None) -> list[Finding]:
    """Look at standards without a service.

    Args:
        named: Where they are.
        file: The waypoint.hcl, or None.

    Returns:
        The findings.
    """
    try:
        tree = source.read(named.standards, named.base, os.environ)
    except StandardsError as err:
        return [refused("standards", err)]
    found = [ok("standards", f"{tree.revision} of {tree.org.name}, named by {named.where}; limits are advisory")]
    if tree.note:
        found = [warn("standards", tree.note, "see to the network")]
    if file is not None and file.project:
        try:
            team = tree.team_of(file.project).name
            found.append(ok("project", f"{file.project} belongs to team {team}"))
        except StandardsError as err:
            found.append(refused("project", err))
    return found


def service(named: Settings, file: AppFile | None, folder: Path) -> list[Finding]:
    """Look at a team config service, and at the session there.

    Args:
        named: Where it is.
        file: The waypoint.hcl, or None.
        folder: Directory of the app.

    Returns:
        The findings.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415  # 60 ms

    from teamconfig.client.channel import Channel  # noqa: PLC0415  # as grpc
    from teamconfig.client.vault import Vault  # noqa: PLC0415

    vault = Vault(named.service, os.environ)
    found: list[Finding] = []
    channel = None
    try:
        channel = Channel(named, Ed25519PrivateKey.generate().private_bytes_raw())
        offered = channel.call("Sessions/GetSignIn", connection.message("sessions_pb2.GetSignInRequest"))
        found.append(ok("service", f"{named.service} of {offered.organization}, named by {named.where}"))
        found.append(_keys(vault, offered))
        found.append(_clock(channel.clock_offset))
        reachable = True
    except StandardsError as err:
        found.append(refused("service", err))
        reachable = False
    finally:
        if channel is not None:
            channel.close()
    session = _session(vault)
    more = _signed_in(named, file, folder) if reachable and session.state != "fail" else []
    judged = [session] if not any(one.check == session.check for one in more) else []  # what the service says, counts
    return [*found, *judged, _keyring(vault), *more]


def _keys(vault: Any, offered: Any) -> Finding:
    try:
        known, _ = vault.trusted()
    except StandardsError as err:
        return refused("signing key", err)
    keys = {one.hex() for one in offered.signing_keys}
    if known and not keys <= set(known):
        fix = "ask the platform team; if they changed it, run `wps init --trust-new-key`"
        return fail("signing key", "the service shows another one than before", fix)
    return ok("signing key", "the one that is known" if known else "none is known yet: `wps init` keeps it")


def _clock(offset: float) -> Finding:
    text = f"{abs(offset):.0f} s {'behind' if offset > 0 else 'ahead of'} the service's"
    if abs(offset) > _SKEW_FAIL:
        return fail("clock", f"it is {text}", "set the clock of this machine")
    if abs(offset) > _SKEW_WARN:
        return warn("clock", f"it is {text}", "set the clock of this machine")
    return ok("clock", "it goes with the service's")


def _session(vault: Any) -> Finding:
    try:
        kept = vault.load()
    except StandardsError as err:
        return refused("session", err)
    if kept is None:
        return fail("session", "you are not signed in", "run `wps init`")
    left = kept.refresh_expires - time.time()
    if left <= 0:
        return fail("session", f"it ended {moments.at(kept.refresh_expires)}", "run `wps init`")
    text = f"{kept.name or kept.principal}, good for {moments.span(left)}"
    return warn("session", text, "run `wps init` soon") if left < _SOON_SECONDS else ok("session", text)


def _keyring(vault: Any) -> Finding:
    if vault.keyring():
        return ok("keyring", "it keeps the session")
    if vault.fallback:
        return warn("keyring", vault.fallback, "set one up, or set WAYPAAS_KEYRING=off if that will do")
    return ok("keyring", "none is used: a file that only you can read keeps the session")


def _signed_in(named: Settings, file: AppFile | None, folder: Path) -> list[Finding]:
    """Look at what only the service can tell to who is signed in."""
    try:
        with connection.signed_in(named) as signed:
            reply = signed.call("Sessions/WhoAmI", connection.message("sessions_pb2.WhoAmIRequest"))
            names = [team.team for team in reply.teams] + list(reply.organization_roles)
            found = [
                ok("team", ", ".join(names))
                if names
                else warn("team", "you are in none", "ask the platform team which group makes you a member")
            ]
            found.append(_locks(locks.own(signed, reply)))
            if file is not None and file.project:
                found.append(_project(projects.everything(signed), file.project, folder))
    except StandardsError as err:
        return [refused("session", err)]
    return found


def _locks(held: list[Any]) -> Finding:
    """Tell what is locked of the user's own: it takes rights away, whatever the roles say."""
    if not held:
        return ok("locks", "you, this device, your teams and projects are not locked")
    return fail("locks", "; ".join(locks.told(one) for one in held), "ask who locked it: wps unlock takes it away")


def _project(known: list[Any], project: str, folder: Path) -> Finding:
    """Compare the remote that the service knows with that of the repository."""
    one = next((each for each in known if each.project == project), None)
    if one is None:
        return fail("project", f"none of your teams has {project}", "run `wps create`, or ask for a role in its team")
    if not one.remote:
        return warn("project", f"{project} of team {one.team} {_NO_MATCH}", "run `wps create`")
    try:
        here = str(gitremote.normalise(repository.origin(folder)))
    except StandardsError as err:
        return refused("project", err)
    if here != one.remote:
        fix = "use that repository, or ask the platform team to move the project"
        return fail("project", f"{project} is tied to {one.remote}, and this is {here}", fix)
    return ok("project", f"{project} of team {one.team}, tied to {here}")

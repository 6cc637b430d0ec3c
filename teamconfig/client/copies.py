"""Signed standards of apps, as this machine keeps them for when the team config service is away.

What may be done without the service is decided in one place, `Copies.offline`:
never production, never a credential.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from teamconfig import bundle, errors, reading
from teamconfig.client import ages
from teamconfig.client.vault import write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from teamconfig.client.errors import UnreachableError
    from teamconfig.client.vault import Session, Vault
    from teamconfig.tree import Tree


class About(NamedTuple):
    """Whose standards they are.

    Args:
        project: Waypoint's project.
        app: Waypoint's app.
        workspace: Waypoint's workspace.
    """

    project: str
    app: str
    workspace: str


class Copies:
    """Copies of one service's standards.

    Args:
        vault: Of the service; they are in its directory.
        address: Of the service.
        now: Tells the service's time, seconds since 1970.
    """

    def __init__(self, vault: Vault, address: str, now: Callable[[], float]) -> None:
        self._vault = vault
        self._address = address
        self._now = now

    def take(self, text: str, session: Session, about: About) -> Tree:
        """Read what the service has just sent, and keep it.

        Args:
            text: The signed standards.
            session: Of the user.
            about: That they have to be about.

        Returns:
            The standards.

        Raises:
            StandardsError: They are not what they have to be, or cannot be kept.
        """
        place = self._place(about)
        found, tree = self._read(text, session, about, str(place))
        self._keep(place, text, found.serial)
        return tree

    def offline(self, away: UnreachableError, session: Session, about: About) -> Tree:
        """Use the kept copy: signed, for this user and app, not too old, not for a protected environment.

        Args:
            away: Why the service does not answer.
            session: Of the user.
            about: Whose standards are wanted.

        Returns:
            The standards; `note` tells their age.

        Raises:
            StandardsError: There is no copy, or it may not be used.
        """
        place = self._place(about)
        if not os.path.exists(place):
            told, (project, app, workspace) = away.problems[0], about
            why = f"{told.why}; no copy of the standards of {project}/{app} in workspace {workspace} is kept here"
            away.problems = (replace(told, why=why),)
            raise away
        with open(place, encoding="utf-8", errors="replace") as file:  # the cache is read as anybody's text
            text = file.read(bundle.MAX_BYTES + 1)
        found, tree = self._read(text, session, about, str(place))
        if found.protected or found.environment in tree.org.protected:
            problem = errors.Problem(
                f"nothing is done in {found.environment} while the team config service is away",
                f"{away.problems[0].what}: {away.problems[0].why}",
                "wait until it is back: wps status --wait",
                "",
                "policy",
            )
            raise errors.StandardsError([problem]) from away
        age = max(0, int(self._now()) - found.issued_at)
        note = (
            f"{away.problems[0].what}: {away.problems[0].why}. Using the standards of team {found.team}, revision "
            f"{found.revision}, from {ages.age(age)} ago (good until {ages.moment(found.not_after, self._now())}). "
            "Production and new credentials are refused until it is back: wps status --wait"
        )
        return replace(tree, note=note, offline=True)

    def _place(self, about: About) -> Path:
        return self._vault.directory / f"{bundle_name(*about)}.jws"

    def _read(self, text: str, session: Session, about: About, where: str) -> tuple[bundle.Bundle, Tree]:
        keys = [bytes.fromhex(key) for key in session.signing_keys]
        found = bundle.read(text, keys, where)
        tree = reading.tree(found.files, revision=found.revision, origin=self._address)
        environment = tree.environment_of(about.workspace)
        wanted = {
            "principal": session.principal, "project": about.project, "app": about.app, "environment": environment,
        }  # fmt: skip
        bundle.check(found, wanted, self._now(), session.serial, where)
        return found, replace(tree.with_projects({about.project: found.team}), authority=self._address)

    def _keep(self, place: Path, text: str, serial: int) -> None:
        try:
            write(place, text.encode())
            with self._vault.locked():
                kept = self._vault.load()
                if kept is not None and serial > kept.serial:
                    self._vault.update(serial=serial)
        except OSError as err:
            why = (err.strerror or "the operating system refuses").lower()
            raise errors.state(f"{place} cannot be written", why, "see to that", str(place)) from err


def bundle_name(project: str, app: str, workspace: str) -> str:
    """Name the file of a kept profile; any three names give one, and never a path.

    Args:
        project: Waypoint's project.
        app: Waypoint's app.
        workspace: Waypoint's workspace.

    Returns:
        32 hex digits.
    """
    import hashlib  # noqa: PLC0415  # with a service only

    return hashlib.sha256(f"{project}\0{app}\0{workspace}".encode()).hexdigest()[:32]

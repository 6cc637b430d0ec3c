"""The environments of an app in the order of promotion: their standards, and where each takes its releases from."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import teamconfig
from teamconfig import errors
from teamconfig.errors import Problem, StandardsError
from wps import selection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from teamconfig.profile import Profile
    from teamconfig.releases.record import Record
    from wps.appfile import AppFile
    from wps.selection import Choice, Selected

WORKSPACE = "default"
"""Waypoint's workspace of the first environment; every other has the workspace of its own name."""


@dataclass
class Stages:
    """An app in all its environments; standards are read when they are asked for.

    Args:
        choice: What the user named; its `env` does not count.
        project: Waypoint's project.
        app: Waypoint's app.
        environments: In the order of promotion.
        file: Its waypoint.hcl.
    """

    choice: Choice
    project: str
    app: str
    environments: tuple[str, ...]
    file: AppFile
    _selected: dict[str, Selected] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)

    @property
    def folder(self) -> Path:
        """Directory of waypoint.hcl."""
        return self.file.path.absolute().parent

    @property
    def file_hash(self) -> str:
        """SHA-256 in hex of waypoint.hcl."""
        return hashlib.sha256(self.file.path.read_bytes()).hexdigest()

    @property
    def first(self) -> str:
        """The environment in which images are built."""
        return self.environments[0]

    def workspace(self, environment: str) -> str:
        """Name Waypoint's workspace of an environment.

        Args:
            environment: One of the company's.

        Returns:
            Its name, or "default" for the first.
        """
        return WORKSPACE if environment == self.first else environment

    def selected(self, environment: str) -> Selected:
        """Resolve the standards in an environment.

        Args:
            environment: One of the company's.

        Returns:
            The app there.

        Raises:
            StandardsError: What is set breaks the standards.
        """
        if environment not in self._selected:
            choice = replace(self.choice, env=self.workspace(environment))
            told = io.StringIO()
            try:
                with contextlib.redirect_stderr(told):
                    self._selected[environment] = selection.select(choice)
            finally:
                self._tell(told.getvalue().splitlines())
        return self._selected[environment]

    def _tell(self, lines: list[str]) -> None:
        """Tell notes once, however many environments they are about."""
        for line in lines:
            if line not in self._told:
                self._told.add(line)
                print(line, file=sys.stderr)

    def profile(self, environment: str) -> Profile:
        """Resolve the standards in an environment.

        Args:
            environment: One of the company's.

        Returns:
            Its profile.

        Raises:
            StandardsError: What is set breaks the standards.
        """
        return self.selected(environment).profile

    def source(self, environment: str) -> str:
        """Tell where releases for an environment come from.

        Args:
            environment: One of the company's.

        Returns:
            An environment; empty for one in which images are built.

        Raises:
            StandardsError: promotion.source names one that is not there, or the environment itself (kind state).
        """
        named = self.profile(environment).promotion.source or ""
        if not named:
            place = self.environments.index(environment)
            return self.environments[place - 1] if place else ""
        if named == environment or named not in self.environments:
            what = f'releases for {environment} shall come from "{named}" by the standard promotion.source'
            why = f"the environments are {', '.join(self.environments)}, and none is its own source"
            origin = self.profile(environment).provenance["promotion.source"].winner
            raise errors.state(what, why, "ask the platform team to mend promotion.source", origin.where)
        return named

    def check(self, environment: str, where: str) -> str:
        """Refuse an environment that is not there.

        Args:
            environment: As the user wrote it.
            where: Where they did: "the argument --to".

        Returns:
            The environment.

        Raises:
            StandardsError: There is none of this name (kind option).
        """
        if environment in self.environments:
            return environment
        why = f"the environments are {', '.join(self.environments)}"
        fix = f"write {selection.meant(environment, self.environments)}"
        raise StandardsError([Problem(f"unknown environment {environment}", why, fix, where, "option")])


def find(choice: Choice) -> Stages:
    """Find the app that the user chose.

    Args:
        choice: What the user named.

    Returns:
        The app in all its environments.

    Raises:
        StandardsError: There are no standards, or nothing says which app, or it has no waypoint.hcl here (missing).
    """
    told = io.StringIO()
    try:
        with contextlib.redirect_stderr(told):
            selected = selection.select(replace(choice, env=WORKSPACE))
    finally:
        print(told.getvalue(), end="", file=sys.stderr)
    profile = selected.profile
    if selected.file is None:
        what, why = "there is no waypoint.hcl of the app here", "a release is made of it"
        raise errors.missing(what, why, "go to the directory of the app, or give --file", str(Path.cwd()))
    start = selected.file.path.absolute().parent
    tree = teamconfig.load(start, os.environ, (profile.project, profile.app, WORKSPACE), selected.stanzas)
    found = Stages(choice, profile.project, profile.app, tree.org.environments, selected.file)
    found._selected[found.first] = selected  # noqa: SLF001  # its own kind
    found._told.update(told.getvalue().splitlines())  # noqa: SLF001  # as above
    return found


def due(stages: Stages, latest: Mapping[str, Record | None]) -> str:
    """Choose where to promote to if nobody says it: to where the newest release is still to go.

    What an environment was rolled back to is no new release.

    Args:
        stages: The app.
        latest: Newest record by environment.

    Returns:
        An environment; empty if each has what the one before it has.

    Raises:
        StandardsError: promotion.source is wrong.
    """
    behind = []
    for environment in stages.environments:
        source = stages.source(environment)
        given, own = latest.get(source) if source else None, latest.get(environment)
        if given is not None and given.kind != "rollback" and (own is None or own.digest != given.digest):
            behind.append((given.made_at, environment))
    return max(behind, key=lambda one: one[0])[1] if behind else ""

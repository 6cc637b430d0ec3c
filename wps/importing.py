"""`wps import waypoint`: rewrite a waypoint.hcl that uses the builtin `kubernetes` into the short form."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import teamconfig
from teamconfig import StandardsError, errors, resolve
from wps import appfile, terminal
from wps.migration import rewrite

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from teamconfig.tree import Tree
    from wps.migration.rewrite import Rewritten


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line.

    Args:
        commands: Where commands are added.
    """
    parser = commands.add_parser("import", help="rewrite a file of Waypoint's own plugins for ours", allow_abbrev=False)
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    waypoint = actions.add_parser(
        "waypoint", help="from Waypoint's builtin kubernetes", allow_abbrev=False,
        description='Print a waypoint.hcl that uses the builtin "kubernetes" with "team-k8s" instead. Everything else '
        "in it stays as it is; options that the standards give anyway are left out. Exit code 1 if an option could not "
        "be mapped.",
    )  # fmt: skip
    waypoint.add_argument("file", metavar="FILE", type=Path, help="the waypoint.hcl")
    waypoint.add_argument("--write", action="store_true", help="replace the file instead of printing")
    waypoint.add_argument("--force", action="store_true", help="write even if an option could not be mapped")
    waypoint.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Import.

    Args:
        arguments: What `add` declares.

    Returns:
        0 if everything was mapped, 1 otherwise.

    Raises:
        StandardsError: The file cannot be read or written (kind missing), or is not valid HCL (option).
    """
    path: Path = arguments.file
    project = appfile.read(path, "name a waypoint.hcl that is there").project
    text = path.read_bytes().decode()  # as it is: appfile's reading translates the ends of lines
    standards = _Standards(path, project)
    done = rewrite.file(text, str(path), standards.of)
    if not done.uses and not done.problems:
        terminal.note(f'{path} has no use "kubernetes" to import')
    _tell(done, standards)
    if arguments.write and (not done.problems or arguments.force):
        if done.text != text:
            _replace(path, done.text)
        terminal.line(f"{path}: {terminal.counted(_lines(text), 'line')} became {_lines(done.text)}")
    elif arguments.write:
        terminal.error(f"{path} is not written, since not everything could be mapped\n  mend that, or add --force")
    else:
        sys.stdout.buffer.write(done.text.encode())  # byte for byte, whatever the terminal's encoding is
    return 1 if done.problems else 0


def _lines(text: str) -> int:
    return len(text.splitlines())


class _Standards:
    """The standards of the apps in a file, as far as they can be found; says once why they cannot."""

    def __init__(self, path: Path, project: str) -> None:
        self.project = project
        self.tree: Tree | None = None
        self.said: set[str] = set()
        try:
            self.tree = teamconfig.load(path.absolute().parent, os.environ)
        except StandardsError as err:
            self._missing(err)
        if self.tree is not None and self.tree.note:
            terminal.note(self.tree.note)

    def of(self, app: str, workspace: str | None) -> list[Mapping[str, Any]]:
        """Resolve an app in the environment of a workspace, or in every environment."""
        if self.tree is None:
            return []
        places = self.tree.org.environments if workspace is None else (workspace,)
        try:
            return [
                resolve.profile(self.tree, project=self.project, app=app, workspace=place).values for place in places
            ]
        except StandardsError as err:
            self._missing(err)
            return []

    def where(self) -> str:
        """Name the standards."""
        return self.tree.revision if self.tree is not None else ""

    def _missing(self, err: StandardsError) -> None:
        what = err.problems[0].what
        if what not in self.said:
            terminal.note(f"{what}: no option is left out, though the standards may give some")
        self.said.add(what)


def _tell(done: Rewritten, standards: _Standards) -> None:
    """Say on stderr what was left out, and what could not be mapped."""
    for option, line in done.left_out:
        terminal.note(f"{option} of line {line} is left out: the standards {standards.where()} give the same")
    for problem in done.problems:
        terminal.error(str(problem))


def _replace(path: Path, text: str) -> None:
    """Replace a file as a whole, so that no reader ever sees half of it; a link stays one."""
    target = path.resolve()
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        with contextlib.ExitStack() as undo:
            undo.callback(Path(name).unlink, missing_ok=True)
            with os.fdopen(handle, "wb") as file:
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(target.stat().st_mode & 0o7777)
            Path(name).replace(target)
    except OSError as err:
        why = (err.strerror or "the operating system refuses").lower()
        fix = "make it and its directory writable, or leave --write out and redirect the output"
        raise errors.missing(f"{path} cannot be written", why, fix, str(path)) from err

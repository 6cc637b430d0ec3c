"""`wps import waypoint`: rewrite a waypoint.hcl that uses the builtin `kubernetes` into the short form."""

from __future__ import annotations

import os
from pathlib import Path  # noqa: TC003  # Typer reads annotations
from typing import TYPE_CHECKING, Annotated, Any

import typer

import teamconfig
from teamconfig import StandardsError, resolve
from wps import appfile, commands, terminal, writing
from wps.migration import rewrite

if TYPE_CHECKING:
    from collections.abc import Mapping

    from teamconfig.tree import Tree
    from wps.migration.rewrite import Rewritten


app = commands.app("Rewrite a waypoint.hcl that uses Waypoint's own plugins for ours.")


@app.command(
    "waypoint",
    help='Print a waypoint.hcl that uses the builtin "kubernetes" with "team-k8s" instead. Everything else in it stays '
    "as it is; options that the standards give anyway are left out. Exit code 1 if an option could not be mapped.",
    short_help="from Waypoint's builtin kubernetes",
)
def run(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="the waypoint.hcl")],
    *,
    write: Annotated[bool, typer.Option("--write", help="replace the file instead of printing")] = False,
    force: Annotated[bool, typer.Option("--force", help="write even if an option could not be mapped")] = False,
    as_json: terminal.Json = False,
) -> int:
    """Import.

    Args:
        file: The waypoint.hcl.
        write: Whether to replace it.
        force: Whether to write even if an option could not be mapped.
        as_json: Whether to print JSON.

    Returns:
        0 if everything was mapped, 1 otherwise.

    Raises:
        StandardsError: The file cannot be read or written (kind missing), or is not valid HCL (option).
    """
    project = appfile.read(file, "name a waypoint.hcl that is there").project
    text = file.read_bytes().decode()  # as it is: appfile's reading translates the ends of lines
    standards = _Standards(file, project)
    done = rewrite.file(text, str(file), standards.of)
    if not done.uses and not done.problems:
        terminal.note(f'{file} has no use "kubernetes" to import')
    written = write and (not done.problems or force)
    if written and done.text != text:
        writing.replace(file, done.text)
    if as_json:
        terminal.document(_data(file, done, text, written=written))
    else:
        _tell(done, standards)
        if not write:
            terminal.raw(done.text)  # byte for byte, whatever the terminal's encoding is
        elif written:
            terminal.line(f"{file}: {terminal.counted(_lines(text), 'line')} became {_lines(done.text)}")
        else:
            text = f"{file} is not written, since not everything could be mapped\n  mend that, or add --force"
            terminal.error(text)
    return 1 if done.problems else 0


def _data(file: Path, done: Rewritten, text: str, *, written: bool) -> dict[str, Any]:
    """Give what happened as data."""
    return {
        "file": str(file),
        "written": written,
        "lines": {"before": _lines(text), "after": _lines(done.text)},
        "left_out": [{"option": option, "line": line} for option, line in done.left_out],
        "problems": [terminal.problem(problem) for problem in done.problems],
        "text": done.text,
    }


def _lines(text: str) -> int:
    return len(text.splitlines())


class _Standards:
    """The standards of the apps in a file, as far as they can be found; says once why they cannot.

    A service gives those of one app at a time; what it gives for the first environment holds those of all.
    """

    def __init__(self, path: Path, project: str) -> None:
        self.start = path.absolute().parent
        self.project = project
        self.trees: dict[str, Tree | None] = {}
        self.said: set[str] = set()

    def of(self, app: str, workspace: str | None) -> list[Mapping[str, Any]]:
        """Resolve an app in the environment of a workspace, or in every environment."""
        tree = self._tree(app)
        if tree is None:
            return []
        places = tree.org.environments if workspace is None else (workspace,)
        try:
            return [resolve.profile(tree, project=self.project, app=app, workspace=place).values for place in places]
        except StandardsError as err:
            self._missing(err)
            return []

    def where(self) -> str:
        """Name the standards."""
        return next((tree.revision for tree in self.trees.values() if tree is not None), "")

    def _tree(self, app: str) -> Tree | None:
        whole = next((tree for tree in self.trees.values() if tree is not None and not tree.authority), None)
        if whole is not None:
            return whole
        if app not in self.trees:
            self.trees[app] = self._load(app)
        return self.trees[app]

    def _load(self, app: str) -> Tree | None:
        try:
            tree = teamconfig.load(self.start, os.environ, (self.project, app, "default"))
        except StandardsError as err:
            self._missing(err)
            return None
        if tree.note:
            self._say(tree.note)
        return tree

    def _missing(self, err: StandardsError) -> None:
        problem = err.problems[0]
        todo = "" if problem.kind == "missing" else f"; {problem.fix}"
        self._say(f"{problem.what}: no option is left out, though the standards may give some{todo}")

    def _say(self, text: str) -> None:
        if text not in self.said:
            terminal.note(text)
        self.said.add(text)


def _tell(done: Rewritten, standards: _Standards) -> None:
    """Say on stderr what was left out, and what could not be mapped."""
    for option, line in done.left_out:
        terminal.note(f"{option} of line {line} is left out: the standards {standards.where()} give the same")
    for problem in done.problems:
        terminal.error(str(problem))

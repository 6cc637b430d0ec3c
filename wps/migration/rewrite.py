"""Rewrite a waypoint.hcl from the builtin `kubernetes` to `team-k8s`. Pure: a text, and what the standards give.

Owns which parts of the text change. Everything outside of these stays as it is, byte for byte.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from teamconfig.errors import Problem
from wps import hclfile
from wps.migration import settling, translate, usetext
from wps.migration.translate import Entry
from wps.migration.useitems import Item, comments, gather

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from wps.hclfile import Block

    Given = Callable[[str, str | None], Sequence[Mapping[str, Any]]]

_Scope = tuple[str, str]
_EVERYWHERE: _Scope = ("", "")
_BUILTIN, _OURS = "kubernetes", "team-k8s"
_SCOPES = ("workspace", "label")


@dataclass(slots=True)
class Rewritten:
    """What became of a file.

    Args:
        text: The new file.
        uses: How many `use "kubernetes"` were rewritten.
        left_out: Options that the standards give anyway, each with its line.
        problems: Options that could not be mapped.
    """

    text: str
    uses: int = 0
    left_out: list[tuple[str, int]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def file(text: str, path: str, given: Given) -> Rewritten:
    """Rewrite a file.

    Args:
        text: Its content.
        path: Its name, for errors.
        given: Resolved standards of an app: of the environment of a workspace, or of each environment for None; none
            if they are not known.

    Returns:
        The new content, and what to tell the user.

    Raises:
        StandardsError: It is not valid HCL (kind option).
    """
    work = _Work(text, path, given)
    for app in hclfile.parse(text, path).blocks:
        if app.type == "app" and app.labels:
            work.app(app)
    for start, end, new in sorted(work.edits, reverse=True):
        text = text[:start] + new + text[end:]
    work.result.text = text
    return work.result


def _uses(stage: Block) -> dict[_Scope, Block]:
    """Find the `use` of a stage, and those of its workspaces and labels, by scope."""
    found: dict[_Scope, Block] = {}
    for block in stage.blocks:
        if block.type == "use" and block.labels:
            found.setdefault(_EVERYWHERE, block)
        inner = block.find("use") if block.type in _SCOPES and block.labels else None
        if inner is not None and inner.labels:
            found.setdefault((block.type, block.labels[0]), inner)
    return found


def _only_uses(stage: Block) -> bool:
    """Tell whether nothing but `use` stands in a stage, so that it can go once its options are elsewhere."""
    scopes = [block for block in stage.blocks if block.type in _SCOPES]
    bare = all(block.type == "use" and not scope.attributes for scope in scopes for block in scope.blocks)
    return bare and not stage.attributes and all(block.type in ("use", *_SCOPES) for block in stage.blocks)


class _Work:
    """Collects the changes to one file."""

    def __init__(self, text: str, path: str, given: Given) -> None:
        self.text, self.path, self.given = text, path, given
        self.edits: list[tuple[int, int, str]] = []
        self.result = Rewritten(text)

    def app(self, app: Block) -> None:
        """Rewrite the stages of an app."""
        deploy, release = app.find("deploy"), app.find("release")
        deploys = {} if deploy is None else _uses(deploy)
        releases = {} if release is None else _uses(release)
        ours = {scope: use for scope, use in deploys.items() if use.labels[0] == _BUILTIN}
        labels = {use.labels[0] for use in releases.values()}
        if release is None or not labels or not (ours or _BUILTIN in labels):
            self._stage(app, ours, {}, ())
        elif labels == {_BUILTIN} and releases.keys() <= ours.keys() == deploys.keys() and _only_uses(release):
            self._stage(app, ours, releases, self._left_behind(release, releases))
            self.edits.append((*_lines_of(self.text, release), ""))
        else:
            self._stage(app, ours, {}, ())
            if labels <= {_BUILTIN, _OURS} and ours:
                self._release(app, ours, releases)
            else:
                self._leave(release, labels, deployed=bool(ours))

    def _stage(
        self, app: Block, deploys: Mapping[_Scope, Block], releases: Mapping[_Scope, Block], rest: tuple[str, ...]
    ) -> None:
        """Rewrite each `use` of a deploy stanza, with the options of the release that belongs to it."""
        for scope, use in deploys.items():
            entries = translate.options("platform", gather(use, self.text))
            release = releases.get(scope) or releases.get(_EVERYWHERE)
            if release is not None:
                entries += _released(release, self.text, entries)
            entries += [Entry(Item("", "", None, use.line, comments=rest))] if rest else []
            rest = ()
            self._use(app, scope, use, entries)

    def _release(self, app: Block, deploys: Mapping[_Scope, Block], releases: Mapping[_Scope, Block]) -> None:
        """Rewrite a release stanza where it is, since more than options stands in it."""
        for scope, use in releases.items():
            if use.labels[0] != _BUILTIN:
                continue
            deploy = deploys.get(scope) or next(iter(deploys.values()))
            beside = translate.options("platform", gather(deploy, self.text))
            own_port = [entry for entry in beside if entry.path in ((), translate.PORT)]
            self._use(app, scope, use, _released(use, self.text, own_port))

    def _use(self, app: Block, scope: _Scope, use: Block, entries: Sequence[Entry]) -> None:
        """Replace one `use`, and note what was left out or not mapped."""
        profiles = self.given(app.labels[0], scope[1] if scope[0] == "workspace" else None)
        settled = settling.complete(settling.unique(entries))
        kept = settling.without_given(settled, profiles)
        self.result.uses += 1
        self.result.left_out += settling.left_out(settled, kept)
        for entry in kept:
            if entry.refused is not None:
                what = f"option {entry.item.option} is not mapped"
                where = f"{self.path}:{entry.item.line}"
                self.result.problems.append(Problem(what, *entry.refused, where, "option"))
        start, end = use.span[0], use.span[3]
        new = usetext.use(kept, _indent(self.text, start))
        if "\r\n" in self.text:
            new = new.replace("\r\n", "\n").replace("\n", "\r\n")
        self.edits.append((start, end, new))

    def _leave(self, release: Block, labels: set[str], *, deployed: bool) -> None:
        """Leave a release stanza that does not fit its deploy stanza, with a comment before it."""
        if deployed:
            why = f"{', '.join(sorted(labels - {_OURS}))} cannot release what team-k8s deploys"
            fix = "remove the stanza, since team-k8s releases by itself, or write its options by hand"
        else:
            why, fix = "the app does not deploy by kubernetes", 'deploy by use "team-k8s" too, and import again'
        where = f"{self.path}:{release.line}"
        self.result.problems.append(Problem("stanza release is not mapped", why, fix, where, "option"))
        start = release.span[0]
        newline = "\r\n" if "\r\n" in self.text else "\n"
        self.edits.append((start, start, f"# not mapped: release, {why}{newline}{_indent(self.text, start)}"))

    def _left_behind(self, stage: Block, uses: Mapping[_Scope, Block]) -> tuple[str, ...]:
        """List the comments of a stanza that stand outside of its `use` blocks."""
        cursor = stage.span[1]
        found: list[str] = []
        for use in uses.values():
            found += comments(self.text[cursor : use.span[0]])
            cursor = use.span[3]
        return (*found, *comments(self.text[cursor : stage.span[2]]))


def _released(use: Block, text: str, beside: Sequence[Entry]) -> list[Entry]:
    """Translate the options of a releaser."""
    entries = translate.options("releaser", gather(use, text), beside)
    ingress = use.find("ingress", "http")
    if ingress is None:
        return entries
    item = Item("ingress.http", "", None, ingress.line)
    if all(entry.path != translate.HOST for entry in entries):
        why = "team-k8s makes an ingress for a host only"
        entries.append(Entry(item, refused=(why, 'write network { host = "..." }, or a host into the standards')))
    encrypted = ingress.find("tls") is not None
    entries.append(Entry(item, translate.TLS, str(encrypted).lower(), encrypted, implied=encrypted))
    return entries


def _indent(text: str, at: int) -> str:
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _lines_of(text: str, block: Block) -> tuple[int, int]:
    """Say what to cut so that a block is gone: its lines and a blank one before, if nothing else stands on them."""
    start, end = block.span[0], block.span[3]
    first, last = text.rfind("\n", 0, start) + 1, text.find("\n", end) + 1
    if text[first:start].strip() or not last or text[end:last].strip():
        return start, len(text) - len(text[end:].lstrip(" \t"))
    before = text.rfind("\n", 0, max(first - 1, 0)) + 1
    return (before if not text[before:first].strip() else first), last

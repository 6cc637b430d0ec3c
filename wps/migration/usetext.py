"""Entries as the text of a `use "team-k8s"`: blocks nested, comments kept, equal signs aligned."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wps.migration.translate import Entry

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_STEP = "  "


@dataclass(slots=True)
class _Node:
    """A block: what stands in it, in order; blocks by name too."""

    parts: list[tuple[str, Entry | _Node]] = field(default_factory=list)
    blocks: dict[str, _Node] = field(default_factory=dict)

    def block(self, name: str) -> _Node:
        """Find a block, made where it first is needed."""
        if name not in self.blocks:
            self.blocks[name] = _Node()
            self.parts.append((name, self.blocks[name]))
        return self.blocks[name]


def use(entries: Sequence[Entry], indent: str) -> str:
    """Write the stanza.

    Args:
        entries: What stands in it; those with neither path nor comment nor refusal leave nothing.
        indent: White space before its line.

    Returns:
        HCL from `use` to its closing brace, lines apart by a newline alone.
    """
    root = _Node()
    for entry in entries:
        names = entry.path[1:] if entry.path[:1] == ("kubernetes",) else entry.path
        node = root
        for name in names[:-1]:
            node = node.block(name)
        node.parts.append((names[-1] if names else "", entry))
    lines = list(_lines(root, indent + _STEP))
    return "\n".join(['use "team-k8s" {', *lines, indent + "}"]) if lines else 'use "team-k8s" {}'


def _lines(node: _Node, indent: str) -> Iterator[str]:
    run: list[tuple[str, str]] = []
    for name, part in node.parts:
        if isinstance(part, _Node):
            yield from _aligned(run, indent)
            run = []
            yield from _block(name.partition("[")[0], part, indent)
            continue
        comments = list(_comments(part, indent, with_trailing=not name or _long(part)))
        if comments or (name and _long(part)):
            yield from _aligned(run, indent)
            run = []
            yield from comments
        if name and _long(part):
            yield f"{indent}{name} = {_reindented(part.text, indent)}"
        elif name:
            run.append((name, f"{part.text} {part.item.trailing}" if part.item.trailing else part.text))
    yield from _aligned(run, indent)


def _block(name: str, node: _Node, indent: str) -> Iterator[str]:
    """Write a block; one with a single option and no comment on one line, which HCL permits."""
    inner = list(_lines(node, indent + _STEP))
    _, part = node.parts[0]
    if len(inner) == 1 and isinstance(part, Entry) and not part.item.trailing:
        yield f"{indent}{name} {{ {inner[0].strip()} }}"
    else:
        yield from (f"{indent}{name} {{", *inner, indent + "}")


def _long(entry: Entry) -> bool:
    return "\n" in entry.text or "\n" in entry.item.trailing


def _aligned(run: Sequence[tuple[str, str]], indent: str) -> Iterator[str]:
    width = max((len(name) for name, _ in run), default=0)
    for name, text in run:
        yield f"{indent}{name:<{width}} = {text}"


def _comments(entry: Entry, indent: str, *, with_trailing: bool) -> Iterator[str]:
    """Write the comments before an entry, and what could not be mapped as one."""
    for comment in entry.item.comments:
        yield indent + comment
    if with_trailing and entry.item.trailing:
        yield indent + entry.item.trailing
    if entry.refused is not None:
        item = entry.item
        first, *others = (f"{item.option} = {item.text}" if item.text else item.option).split("\n")
        yield f"{indent}# not mapped: {first.rstrip()}"
        for line in others:
            yield f"{indent}# {line}".rstrip()


def _reindented(text: str, indent: str) -> str:
    """Move the later lines of a value so that its closing bracket stands below its name."""
    first, *others = text.split("\n")
    if "<<" in text or not others:
        return text
    closing = others[-1][: len(others[-1]) - len(others[-1].lstrip(" \t"))]
    if not all(line.startswith(closing) or not line.strip() for line in others):
        return text
    return "\n".join([first, *(indent + line[len(closing) :] if line.strip() else "" for line in others)])

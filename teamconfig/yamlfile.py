"""YAML with line numbers, read without trust: no tags, no merge keys, no duplicate keys, bounded size and aliases.

Only the composer of PyYAML runs; no Python object is ever constructed from a
tag. Scalars stay text until `document` knows from the schema what they must be,
so `no`, `1.10` and `0x1` mean what was typed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from teamconfig.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES = 1 << 20
MAX_NODES = 50_000
MAX_DEPTH = 40
_MAX_NESTING_SIGNS = 2_000

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULL = "tag:yaml.org,2002:null"


@dataclass(frozen=True, slots=True)
class Node:
    """A value in a file.

    Args:
        value: Text of a scalar, list of nodes, dict of nodes by text, or None for null.
        line: From 1.
        plain: Whether a scalar stands without quotes.
        key_lines: Line of each key of a dict.
    """

    value: str | list[Node] | dict[str, Node] | None
    line: int
    plain: bool = False
    key_lines: dict[str, int] | None = None

    def items(self) -> Iterator[tuple[str, Node, int]]:
        """Go through a dict: key, node, line of the key. Anything else has none."""
        if isinstance(self.value, dict):
            lines = self.key_lines or {}
            for name, node in self.value.items():
                yield name, node, lines.get(name, node.line)


def read(content: bytes, path: str) -> tuple[Node | None, list[Problem]]:
    """Read one file.

    Args:
        content: What is in it.
        path: Its path within the standards, for the problems.

    Returns:
        The root, None where there is nothing or nothing can be read, and all problems.
    """
    if len(content) > MAX_BYTES:
        why = f"a file of standards is at most {MAX_BYTES // 1024} KiB, this one has {len(content) // 1024}"
        return None, [Problem(f"{path} is too large", why, "split it by team and app", path)]
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as err:
        line = content[: err.start].count(b"\n") + 1
        return None, [Problem(f"{path} is not UTF-8", "YAML is text", "save it as UTF-8", f"{path}:{line}")]
    if text.count("[") + text.count("{") > _MAX_NESTING_SIGNS and _nesting(text) > MAX_DEPTH * 4:
        return None, [_too_deep(path, 1)]
    try:
        root = yaml.compose(text, Loader=_Loader)
    except (yaml.YAMLError, RecursionError) as err:
        return None, [_syntax(err, path, text)]
    if root is None:
        return None, []
    reader = _Reader(path)
    node = reader.node(root, 0)
    return node, reader.problems


def _nesting(text: str) -> int:
    """Bound the depth of flow collections from above, cheaply; signs in texts and comments count too."""
    deepest = depth = 0
    for sign in text:
        if sign in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif sign in "]}":
            depth = max(0, depth - 1)
    return deepest


def _syntax(err: Exception, path: str, text: str) -> Problem:
    mark = getattr(err, "problem_mark", None) or getattr(err, "context_mark", None)
    where = f"{path}:{mark.line + 1}" if mark is not None else path
    what = f"{path} is not valid YAML"
    lines = text.splitlines()
    line = lines[mark.line] if mark is not None and mark.line < len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return Problem(what, "the line begins with a tab", "indent it with spaces", where)
    why = getattr(err, "problem", None) or str(err).partition("\n")[0]
    return Problem(what, why, "mend the syntax; look at the indentation, and at quotes around texts with # or :", where)


def _too_deep(path: str, line: int) -> Problem:
    why = f"standards are nested at most {MAX_DEPTH} levels deep"
    return Problem(f"{path} is nested too deep", why, "remove the nesting", f"{path}:{line}")


class _StopError(Exception):
    """The file is a bomb; nothing more is read of it."""


class _Reader:
    """Turns PyYAML's nodes into ours, and counts them, as aliases may repeat a node."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.problems: list[Problem] = []
        self._count = 0

    def node(self, node: yaml.Node, depth: int) -> Node | None:
        """Convert the root.

        Args:
            node: The root.
            depth: 0.

        Returns:
            Our node, or None if it was too much.
        """
        try:
            return self._convert(node, depth)
        except _StopError:
            return None

    def _refuse(self, what: str, why: str, fix: str, line: int) -> None:
        self.problems.append(Problem(what, why, fix, f"{self.path}:{line}"))

    def _convert(self, node: yaml.Node, depth: int) -> Node:
        self._count += 1
        line = node.start_mark.line + 1
        if self._count > MAX_NODES:
            why = f"a file holds at most {MAX_NODES} values, each alias counted anew"
            what = f"{self.path} is too large once its aliases are expanded"
            self._refuse(what, why, "write less with aliases", line)
            raise _StopError
        if depth > MAX_DEPTH:
            self.problems.append(_too_deep(self.path, line))
            raise _StopError
        if not node.tag.startswith("tag:yaml.org,2002:") or node.tag.startswith("tag:yaml.org,2002:python"):
            self._refuse(f"tag {node.tag} is not allowed", "standards are plain YAML", "remove the tag", line)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, depth, line)
        if isinstance(node, yaml.SequenceNode):
            return Node([self._convert(item, depth + 1) for item in node.value], line)
        style = getattr(node, "style", None)
        if node.tag == _NULL and not style:
            return Node(None, line)
        return Node(str(node.value), line, plain=not style)

    def _mapping(self, node: yaml.MappingNode, depth: int, line: int) -> Node:
        found: dict[str, Node] = {}
        lines: dict[str, int] = {}
        for name_node, value in node.value:
            at = name_node.start_mark.line + 1
            if not isinstance(name_node, yaml.ScalarNode):
                self._refuse("a key is a list or map", "keys are names", "write a name", at)
                continue
            name = str(name_node.value)
            if name == "<<" and not name_node.style:
                self._refuse("merge key << is not read", "layers merge by themselves", "write the keys out", at)
            elif name in found:
                why = f"it stands on line {lines[name]} already, and only one can count"
                self._refuse(f"key {name} stands twice", why, "keep one of them", at)
            else:
                lines[name] = at
                found[name] = self._convert(value, depth + 1)
        return Node(found, line, key_lines=lines)

"""The little of HCL that waypoint.hcl needs: blocks and attributes with literal values, each with its line.

Waypoint itself evaluates the file when it runs. What needs that (variables,
functions, templates) is kept as `Undecided`, never guessed. Why not a library:
docs/design/0002-standards.md.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from typing import Any

from teamconfig import errors

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?")
COMMENT = re.compile(r"/\*.*?\*/|(?:#|//)[^\n]*", re.DOTALL)
_SPACE = re.compile(rf"(?:[ \t\r]|{COMMENT.pattern})*", re.DOTALL)
_WIDE_SPACE = re.compile(rf"(?:\s|{COMMENT.pattern})*", re.DOTALL)
_HEREDOC = re.compile(r"<<(-?)([A-Za-z_][A-Za-z0-9_-]*)\r?\n")
_ESCAPE = re.compile(r'\\(n|r|t|"|\\|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8})')
_SIGNS = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_SURROGATES = range(0xD800, 0xE000)
_WORDS = {"true": True, "false": False, "null": None}
_MAX_DEPTH = 60


@dataclass(frozen=True, slots=True)
class Undecided:
    """A value that only Waypoint can work out, when it runs.

    Args:
        text: The expression as written.
    """

    text: str


@dataclass(slots=True)
class Block:
    """A block, or the file itself.

    Args:
        type: Its first word; empty for the file.
        labels: The texts behind it.
        line: From 1.
        attributes: Values by name.
        lines: Line of each attribute.
        spans: Where each attribute's name begins, and its value begins and ends, in the text.
        blocks: Blocks within, in order.
        span: Where it begins, its content begins and ends, and it ends.
    """

    type: str
    labels: tuple[str, ...]
    line: int
    attributes: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    spans: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)
    span: tuple[int, int, int, int] = (0, 0, 0, 0)

    def find(self, kind: str, label: str | None = None) -> Block | None:
        """Find the first block of a type, and with a label if one is given."""
        for block in self.blocks:
            if block.type == kind and (label is None or block.labels[:1] == (label,)):
                return block
        return None


def parse(text: str, path: str) -> Block:
    """Read a file.

    Args:
        text: Its content.
        path: Its name, for errors.

    Returns:
        The file as a block.

    Raises:
        StandardsError: It is not valid HCL (kind option).
    """
    return _Parser(text, path).file()


class _Parser:
    """Reads from left to right; `at` is the place."""

    def __init__(self, text: str, path: str) -> None:
        self.text = text
        self.path = path
        self.at = 0

    def file(self) -> Block:
        """Read everything."""
        root = Block("", (), 1)
        self._body(root, 0)
        if self.at < len(self.text):
            raise self._wrong("a name was expected", "close every { with one }, and begin lines with a name")
        return root

    def _line(self) -> int:
        return self.text.count("\n", 0, self.at) + 1

    def _wrong(self, why: str, fix: str) -> errors.StandardsError:
        seen = self.text[self.at : self.at + 20].partition("\n")[0] or "the end"
        what = f"{self.path} is not valid HCL near {seen!r}"
        return errors.StandardsError([errors.Problem(what, why, fix, f"{self.path}:{self._line()}", "option")])

    def _skip(self, pattern: re.Pattern[str] = _WIDE_SPACE) -> str:
        """Pass over white space and comments; give the next sign, empty at the end."""
        found = pattern.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.text[self.at : self.at + 1]

    def _body(self, block: Block, depth: int) -> None:
        if depth > _MAX_DEPTH:
            raise self._wrong("blocks are nested too deep", "remove the nesting")
        while self._skip() not in ("", "}"):
            line, start = self._line(), self.at
            name = _NAME.match(self.text, self.at)
            if name is None:
                raise self._wrong("a name was expected", "begin the line with the name of an option or block")
            self.at = name.end()
            if self._skip(_SPACE) == "=" and self.text[self.at : self.at + 2] != "==":
                self.at += 1
                if name[0] in block.attributes:
                    raise self._wrong(f"{name[0]} stands twice", "keep one of them")
                self._skip(_SPACE)
                block.lines[name[0]], begin = line, self.at
                block.attributes[name[0]] = self._value(depth)
                block.spans[name[0]] = (start, begin, begin + len(self.text[begin : self.at].rstrip()))
                if self._skip(_SPACE) not in ("\n", "}", ""):
                    raise self._wrong("the line goes on after the value", "begin a new line")
            else:
                block.blocks.append(self._block(name[0], line, start, depth))

    def _block(self, kind: str, line: int, start: int, depth: int) -> Block:
        labels = []
        while self._skip(_SPACE) != "{":
            word = _NAME.match(self.text, self.at)
            if self.text[self.at : self.at + 1] == '"':
                label = self._string()
                labels.append(label if isinstance(label, str) else label.text)
            elif word is not None:
                labels.append(word[0])
                self.at = word.end()
            else:
                raise self._wrong(f"= or {{ was expected after {kind}", f"write {kind} = ..., or {kind} {{ ... }}")
        block = Block(kind, tuple(labels), line)
        self.at = begin = self.at + 1
        self._body(block, depth + 1)
        if self._skip() != "}":
            raise self._wrong(f"{kind} of line {line} is not closed", "add }")
        self.at += 1
        block.span = (start, begin, self.at - 1, self.at)
        return block

    def _value(self, depth: int) -> Any:
        """Read an expression: its value if it is a literal, all of its text otherwise."""
        start = self.at
        value = self._literal(depth)
        end = self.at
        if value is not _NONE and self._skip(_SPACE) in ("\n", ",", "]", "}", ""):
            self.at = end
            return value
        self.at = start
        self._pass_over()
        text = self.text[start : self.at].strip()
        if not text:
            raise self._wrong("a value was expected", "write one behind =")
        return Undecided(text)

    def _literal(self, depth: int) -> Any:
        """Read a literal; _NONE if there is something else."""
        sign = self.text[self.at : self.at + 1]
        if sign == '"':
            return self._string()
        if sign == "<":
            return self._heredoc()
        if sign in ("[", "{"):
            if depth > _MAX_DEPTH:
                raise self._wrong("values are nested too deep", "remove the nesting")
            return self._list(depth + 1) if sign == "[" else self._map(depth + 1)
        for pattern, make in ((_NUMBER, _number), (_NAME, lambda word: _WORDS.get(word, _NONE))):
            found = pattern.match(self.text, self.at)
            if found is not None:
                self.at = found.end()
                return make(found[0])
        return _NONE

    def _string(self) -> str | Undecided:
        start = self.at
        self._pass_string()
        raw = self.text[start + 1 : self.at - 1]
        if re.search(r"(?<!\$)\$\{|(?<!%)%\{", raw):
            return Undecided(self.text[start : self.at])
        text = _ESCAPE.sub(self._sign, raw)
        return text.replace("$${", "${").replace("%%{", "%{")

    def _sign(self, found: re.Match[str]) -> str:
        r"""Give what an escape stands for; HCL refuses \ud800, half a sign, and what is behind the last one."""
        known = _SIGNS.get(found[1])
        if known is not None:
            return known
        code = int(found[1][1:], 16)
        if code > sys.maxunicode or code in _SURROGATES:
            raise self._wrong(f"no sign has the number {found[1][1:]}", "write the sign itself")
        return chr(code)

    def _pass_string(self) -> None:
        """Go behind a quoted text, with the templates in it."""
        self.at += 1
        while self.at < len(self.text):
            two = self.text[self.at : self.at + 2]
            if two[:1] == '"':
                self.at += 1
                return
            if two[:1] == "\n":
                break
            if two in ("${", "%{") and self.text[self.at - 1] != two[0]:
                self.at += 2
                self._pass_over(closing="}")
                self.at += 1
            else:
                self.at += 2 if two[:1] == "\\" else 1
        raise self._wrong('a text is not closed by "', 'add "')

    def _pass_over(self, closing: str = "") -> None:
        """Go to the end of an expression: the closing sign, or the first one that ends it outside of brackets."""
        open_signs: list[str] = []
        while self.at < len(self.text):
            sign = self.text[self.at]
            if sign == '"':
                self._pass_string()
                continue
            if sign in "#/" and (comment := COMMENT.match(self.text, self.at)):
                if not (open_signs or closing or comment[0].startswith("/*")):
                    return
                self.at = comment.end()
                continue
            if not open_signs and (sign == closing if closing else sign in "\n,]}"):
                return
            if sign in "([{":
                open_signs.append(sign)
            elif sign in ")]}" and open_signs:
                open_signs.pop()
            self.at += 1
        if closing or open_signs:
            raise self._wrong("brackets are not closed", "close each bracket")

    def _heredoc(self) -> str | Undecided | object:
        found = _HEREDOC.match(self.text, self.at)
        if found is None:
            return _NONE
        end = re.compile(rf"^[ \t]*{re.escape(found[2])}[ \t\r]*$", re.MULTILINE).search(self.text, found.end())
        if end is None:
            raise self._wrong(f"the text up to {found[2]} does not end", f"add a line {found[2]}")
        body = self.text[found.end() : end.start()]
        self.at = end.end()
        if found[1]:
            rows = body.splitlines(keepends=True)
            margin = min((len(row) - len(row.lstrip(" \t")) for row in rows if row.strip()), default=0)
            body = "".join(row[margin:] for row in rows)
        return Undecided(body) if "${" in body or "%{" in body else body

    def _list(self, depth: int) -> Any:
        self.at += 1
        items: list[Any] = []
        while self._skip() != "]":
            if self.text.startswith("for", self.at) and not items:
                return _NONE
            items.append(self._value(depth))
            if self._skip() == ",":
                self.at += 1
            elif self.text[self.at : self.at + 1] != "]":
                raise self._wrong("a list goes on without a comma", "put , between values and ] at the end")
        self.at += 1
        return items

    def _map(self, depth: int) -> Any:
        self.at += 1
        found: dict[str, Any] = {}
        while (sign := self._skip()) != "}":
            word = _NAME.match(self.text, self.at)
            if sign == '"':
                name = self._string()
            elif word is not None and word[0] != "for":
                name, self.at = word[0], word.end()
            else:
                return _NONE
            if self._skip(_SPACE) not in ("=", ":") or not isinstance(name, str):
                return _NONE
            self.at += 1
            self._skip(_SPACE)
            found[name] = self._value(depth)
            if self._skip(_SPACE) in (",", "\n"):
                self.at += 1
        self.at += 1
        return found


_NONE = object()
"""Not a literal; not None, which HCL has as null."""


def _number(text: str) -> int | float:
    return int(text) if re.fullmatch(r"-?[0-9]{1,4000}", text) else float(text)  # Python reads no longer int

"""Docstrings: on every public name, and on every test."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NEXT_SENTENCE = re.compile(r"[.!?]\s+[A-Z]")
ROOMS = ("waypaas_sdk/", "teamconfig/", "imagemover/", "teamplugin/", "teamtests/", "wps/", "plugins/")


def definitions(parent: ast.AST, prefix: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Give classes, functions and methods with their names, those under `if` and `try` too, not those in functions."""
    for node in ast.iter_child_nodes(parent):
        if isinstance(node, ast.ClassDef):
            yield prefix + node.name, node
            yield from definitions(node, f"{prefix}{node.name}.")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + node.name, node
        elif isinstance(node, ast.stmt | ast.ExceptHandler):
            yield from definitions(node, prefix)


def docstring(node: ast.AST) -> str:
    """Give a docstring, empty if there is none."""
    return ast.get_docstring(node) or ""  # type: ignore[arg-type]  # only nodes that can have one come here


def is_public(name: str) -> bool:
    """Tell whether no part of a dotted name begins with an underscore."""
    return not any(part.startswith("_") for part in name.split("."))


def is_overload(node: ast.AST) -> bool:
    """Tell whether a function is but one more signature of the one that follows, which has the docstring."""
    return any(isinstance(one, ast.Name) and one.id == "overload" for one in getattr(node, "decorator_list", ()))


def written(tracked: dict[str, Path], generated: frozenset[str], *rooms: str) -> Iterator[tuple[str, ast.Module]]:
    """Give the Python files of some rooms that somebody wrote, parsed."""
    for name, path in tracked.items():
        if name.startswith(rooms) and name.endswith(".py") and name not in generated:
            yield name, ast.parse(path.read_bytes())


@pytest.mark.parametrize("room", ROOMS)
def test_public_names_are_documented(tracked: dict[str, Path], generated: frozenset[str], room: str) -> None:
    """Every module, and every public class, function and method in it, has a docstring whose summary ends with "."."""
    found, wrong = 0, []
    for file, tree in written(tracked, generated, room):
        for name, node in [("module", tree), *definitions(tree)]:
            if is_public(name) and not is_overload(node):
                found += 1
                if not docstring(node).partition("\n\n")[0].endswith("."):
                    wrong.append(f"{file}:{getattr(node, 'lineno', 1)} {name}")
    assert wrong == []
    assert found > 0


def test_tests_say_what_they_hold(tracked: dict[str, Path], generated: frozenset[str]) -> None:
    """Every test function says in one sentence which behaviour it holds, and every module of tests what it is about."""
    found, wrong = 0, []
    for file, tree in written(tracked, generated, "tests/"):
        if not docstring(tree):
            wrong.append(f"{file}:1 module")
        for name, node in definitions(tree):
            if name.rpartition(".")[2].startswith("test_"):
                found += 1
                text = docstring(node)
                if not text.endswith(".") or "\n\n" in text or NEXT_SENTENCE.search(text):
                    wrong.append(f"{file}:{getattr(node, 'lineno', 1)} {name}: {text!r}")
    assert wrong == []
    assert found > 0

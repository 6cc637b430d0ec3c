"""Change authorization in every small way there is, and see that its unit tests notice each change.

uv run tools/mutate_policy.py [--show] [--jobs N]

Prints killed/total and every survivor; exits 1 if there is one. Each mutant runs
in a process of its own, forked from one that has the libraries loaded, with the
changed module in the place of the true one; no file is written.
"""

from __future__ import annotations

import argparse
import ast
import copy
import gc
import importlib.abc
import importlib.util
import io
import os
import signal
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

import _pytest.fixtures
import pytest

from teamconfig import reading
from teamconfig.identity import principal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent
MODULES = ("table", "authorize", "standing", "question")
TESTS = ("test_authorize.py", "test_standing.py", "test_question.py", "test_matrix.py")
"""The quick ones first: most mutants die by them."""
DEADLINE_SECONDS = 120
LOADED = (pytest, _pytest.fixtures, reading, principal)
"""Loaded once, before the forks: what the tests need, and none of what is changed."""

_SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.Sub: ast.BitOr, ast.Add: ast.Sub,
}  # fmt: skip
_OTHER_CALLS = {"max": "min", "min": "max", "any": "all", "all": "any"}


def changes(node: ast.AST) -> Iterator[tuple[str, Callable[[], None]]]:
    """Give the small changes of one node.

    Args:
        node: Part of a module; the changes work on it in place.

    Yields:
        What the change is, and the function that makes it.
    """
    yield from _operators(node)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "not removed", lambda: _become(node, ast.UnaryOp(ast.Not(), ast.UnaryOp(ast.Not(), node.operand)))
    if isinstance(node, ast.IfExp | ast.If):
        yield "condition negated", lambda: setattr(node, "test", ast.UnaryOp(ast.Not(), node.test))
    if isinstance(node, ast.comprehension):
        for index in range(len(node.ifs)):
            yield "filter removed", lambda index=index: node.ifs.pop(index)  # type: ignore[misc]
    if isinstance(node, ast.Constant):
        for value in _others(node.value):
            yield f"{node.value!r} became {value!r}", lambda value=value: setattr(node, "value", value)  # type: ignore[misc]
    if isinstance(node, ast.Return) and not (isinstance(node.value, ast.Constant) and node.value.value is None):
        yield "returns None", lambda: setattr(node, "value", ast.Constant(None))
    yield from _removals(node)


def _operators(node: ast.AST) -> Iterator[tuple[str, Callable[[], None]]]:
    if isinstance(node, ast.Compare):
        for index, op in enumerate(node.ops):
            other = _SWAPPED[type(op)]
            yield f"{type(op).__name__} became {other.__name__}", lambda i=index, o=other: node.ops.__setitem__(i, o())  # type: ignore[misc]
    if isinstance(node, ast.BoolOp | ast.BinOp):
        other = _SWAPPED[type(node.op)]
        yield f"{type(node.op).__name__} became {other.__name__}", lambda: setattr(node, "op", other())
    if isinstance(node, ast.BoolOp):
        for index in range(len(node.values)):
            yield f"operand {index} removed", lambda index=index: node.values.pop(index)  # type: ignore[misc]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _OTHER_CALLS:
        name, function = node.func, _OTHER_CALLS[node.func.id]
        yield f"{name.id} became {function}", lambda: setattr(name, "id", function)


def _removals(node: ast.AST) -> Iterator[tuple[str, Callable[[], None]]]:
    if isinstance(node, ast.Tuple | ast.Set | ast.List) and isinstance(getattr(node, "ctx", None), ast.Load | None):
        for index in range(len(node.elts)):
            what = f"{ast.unparse(node.elts[index])[:40]} removed"
            yield what, lambda index=index: node.elts.pop(index)  # type: ignore[misc]
    if isinstance(node, ast.Dict):
        for index in range(len(node.values)):
            what = f"entry {ast.unparse(node.values[index])[:40]} removed"
            yield what, lambda index=index: (node.keys.pop(index), node.values.pop(index))  # type: ignore[misc]
    if isinstance(node, ast.Call):
        for index, keyword in enumerate(node.keywords):
            yield f"argument {keyword.arg} removed", lambda index=index: node.keywords.pop(index)  # type: ignore[misc]


def _others(value: object) -> tuple[object, ...]:
    if isinstance(value, bool):
        return (not value,)
    if isinstance(value, int):
        return (value + 1, value - 1)
    return (f"{value}x",) if isinstance(value, str) else ()


def _become(node: ast.AST, other: ast.AST) -> None:
    """Turn `not x` into `not not x`."""
    assert isinstance(node, ast.UnaryOp)  # noqa: S101  # for mypy
    assert isinstance(other, ast.UnaryOp)  # noqa: S101
    node.operand = other.operand


def places(tree: ast.Module) -> list[ast.AST]:
    """Give the nodes that may be changed: none of annotations, docstrings, decorators, imports for types.

    Args:
        tree: A module.

    Returns:
        The nodes, in the order of the text.
    """
    found: list[ast.AST] = []

    def walk(node: ast.AST) -> None:
        found.append(node)
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list", "type_params"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST) and not _is_text(child):
                    walk(child)

    walk(tree)
    return found


def _is_text(node: ast.AST) -> bool:
    docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    types = isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    alias = isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript)
    return docstring or types or alias


def mutants(source: str) -> Iterator[tuple[str, ast.Module]]:
    """Give every mutant of a module.

    Args:
        source: Its text.

    Yields:
        "line 12: Eq became NotEq", and the module.
    """
    whole = ast.parse(source)
    for number, place in enumerate(places(whole)):
        line = getattr(place, "lineno", 0)
        for index, (what, _) in enumerate(list(changes(place))):
            mutant = copy.deepcopy(whole)
            _, change = list(changes(places(mutant)[number]))[index]
            change()
            yield f"line {line}: {what}", ast.fix_missing_locations(mutant)


class Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Serves a mutant in the place of its module.

    Args:
        name: The module.
        tree: The mutant.
        path: File of the true one, for tracebacks.
    """

    def __init__(self, name: str, tree: ast.Module, path: Path) -> None:
        self._name = name
        self._tree = tree
        self._path = path

    def find_spec(self, fullname: str, _path: object, _target: object = None) -> ModuleSpec | None:
        """Find the one module.

        Args:
            fullname: What is imported.

        Returns:
            Its spec, or None for others.
        """
        return importlib.util.spec_from_loader(fullname, self) if fullname == self._name else None

    def exec_module(self, module: ModuleType) -> None:
        """Run the mutant.

        Args:
            module: The empty module.
        """
        exec(compile(self._tree, str(self._path), "exec"), module.__dict__)  # noqa: S102  # our own code, changed


def start(name: str, tree: ast.Module) -> int:
    """Run the tests on a mutant, in a child.

    Args:
        name: "authorize", ...
        tree: The mutant.

    Returns:
        The child's process id; it exits with pytest's code.
    """
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        signal.alarm(DEADLINE_SECONDS)
        path = ROOT / "teamconfig" / "policy" / f"{name}.py"
        sys.meta_path.insert(0, Changed(f"teamconfig.policy.{name}", tree, path))
        code = run()
    finally:
        os._exit(code)


def survivors(wanted: Sequence[tuple[str, str, ast.Module]], jobs: int) -> Iterator[tuple[int, bool]]:
    """Run the tests on all mutants.

    Args:
        wanted: Module, change, mutant.
        jobs: Children at once.

    Yields:
        Index of a mutant, and whether all tests passed with it; as they end.
    """
    running: dict[int, int] = {}
    left = list(range(len(wanted)))
    while left or running:
        while left and len(running) < jobs:
            index = left.pop(0)
            running[start(wanted[index][0], wanted[index][2])] = index
        child, status = os.wait()
        yield running.pop(child), os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0


def run() -> int:
    """Run the tests in this process.

    Returns:
        pytest's exit code.
    """
    files = [str(ROOT / "tests" / "unit" / "policy" / name) for name in TESTS]
    options = ["-x", "-q", "-W", "error", "-c", os.devnull, f"--rootdir={ROOT}", "--import-mode=importlib"]
    quick = [
        "--tb=no",
        "--assert=plain",
        *(f"-pno:{name}" for name in ("cacheprovider", "unraisableexception", "logging")),
    ]
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        return int(pytest.main([*options, *quick, *files]))


def main(arguments: Sequence[str]) -> int:
    """Try every mutant.

    Args:
        arguments: Of the command line.

    Returns:
        Exit code: 1 if a mutant survived, or the tests fail without one.
    """
    parser = argparse.ArgumentParser(description="Mutation tests of teamconfig/policy.")
    parser.add_argument("--show", action="store_true", help="print every mutant, not the survivors only")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at once")
    parser.add_argument("--only", choices=MODULES, help="mutate one module")
    options = parser.parse_args(arguments)
    os.chdir(ROOT)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    sys.path.insert(0, str(ROOT))
    if not next(survivors([("none", "", ast.parse(""))], 1))[1]:
        print("the tests fail without any mutant; see to them first: pytest tests/unit/policy")
        return 1
    with redirect_stdout(io.StringIO()):
        pytest.main(["--help", "-c", os.devnull])  # loads what each child would load
    gc.collect()
    gc.freeze()  # the children share the memory
    started = time.monotonic()
    wanted = [
        (name, what, mutant)
        for name in MODULES
        if options.only in (None, name)
        for what, mutant in mutants((ROOT / "teamconfig" / "policy" / f"{name}.py").read_text())
    ]
    alive = 0
    for index, survived in survivors(wanted, options.jobs):
        alive += survived
        if survived or options.show:
            name, what, _ = wanted[index]
            print(f"{'SURVIVED' if survived else 'killed  '} teamconfig/policy/{name}.py {what}", flush=True)
    seconds = time.monotonic() - started
    print(f"{len(wanted) - alive}/{len(wanted)} mutants killed in {seconds:.0f} s")
    return 1 if alive or not wanted else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

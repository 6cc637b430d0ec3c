"""The commands that our Markdown shows are those that there are."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import typer

from wps import commands

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Shown = Callable[[str], list[tuple[str, str, bool]]]

ASSIGNMENT = re.compile(r"([A-Z]+)=(.*)")
PLACEHOLDER = re.compile(r"[A-Z]+")


@pytest.fixture(scope="module")
def makefile(root: Path) -> str:
    """Give the text of the Makefile."""
    return (root / "Makefile").read_text()


@pytest.fixture(scope="module")
def targets(makefile: str) -> set[str]:
    """Give the Makefile's phony targets."""
    return {name for line in re.findall(r"^\.PHONY:(.*)$", makefile, re.MULTILINE) for name in line.split()}


def words(command: str) -> list[str]:
    """Split a command as a shell would, without its comment and without the program."""
    return shlex.split(command, comments=True)[1:]


def command_of(arguments: list[str]) -> tuple[Any, list[str]]:
    """Give the command of wps that words name as far as they name one, and the words behind."""
    node: Any = commands.root()
    while arguments and hasattr(node, "get_command") and (found := node.get_command(None, arguments[0])) is not None:
        node, arguments = found, arguments[1:]
    return node, arguments


def is_name(arguments: list[str]) -> bool:
    """Tell whether words do no more than name a command of wps: `wps standards check`."""
    return not command_of(arguments)[1]


def test_every_target_is_in_the_help(root: Path, targets: set[str]) -> None:
    """`make`, alone or with help, lists each phony target, once and with a description, and nothing else."""
    for arguments in ([], ["help"]):
        command = ["make", "--no-print-directory", *arguments]
        text = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
        listed = [re.split(r"\s{2,}|\s", line, maxsplit=1) for line in text.splitlines()]
        assert sorted(name for name, _ in listed) == sorted(targets)
        assert all(description.strip() for _, description in listed)


def test_every_target_is_phony_or_a_file(makefile: str, targets: set[str]) -> None:
    """A target that makes no file of its name is declared phony, and a phony target has a rule."""
    rules = set(re.findall(r"^([a-z][a-z0-9-]*):(?!=)", makefile, re.MULTILINE))
    assert rules == targets


def test_make_commands(root: Path, makefile: str, targets: set[str], shown: Shown) -> None:
    """Every `make` that Markdown shows names targets and variables of the Makefile, and paths that exist."""
    found, wrong = shown("make"), []
    for file, command, _ in found:
        for word in words(command):
            assignment = ASSIGNMENT.fullmatch(word)
            if assignment is None:
                good = word in targets
            else:
                name, value = assignment.groups()
                good = f"$({name})" in makefile and (PLACEHOLDER.fullmatch(value) or (root / value).exists())
            if not good:
                wrong.append(f"{file}: {command}: {word}")
    assert wrong == []
    assert {file for file, *_ in found} >= {"README.md", "CONTRIBUTING.md"}


def test_wps_commands(root: Path, shown: Shown) -> None:
    """Every `wps` that Markdown shows is a command line that wps understands, with files that exist."""
    found, wrong = shown("wps"), []
    for file, command, in_block in found:
        arguments = words(command)
        if arguments == ["--version"] or (is_name(arguments) and not in_block):
            continue
        node, rest = command_of(arguments)
        try:
            parsed = node.make_context("wps", list(rest)).params
        except typer.Exit:  # --help
            continue
        except typer.TyperException as err:
            wrong.append(f"{file}: {command}: {err.format_message()}")
            continue
        if hasattr(node, "get_command"):  # the program alone, or options before a command
            wrong.append(f"{file}: {command}: no command of wps")
        paths = [str(value) for name, value in parsed.items() if name in {"file", "address"} and value]
        wrong += [
            f"{file}: {command}: there is no {path}"
            for path in paths
            if "/" in path and "+" not in path and not (root / path).exists()
        ]
    assert wrong == []
    assert "README.md" in {file for file, *_ in found}


def test_test_bed_commands(root: Path, shown: Shown) -> None:
    """Every command of the test bed that Markdown shows is one that it knows, down to its choices."""
    found, wrong = shown("python3 -m testbed"), []
    for file, command, _ in found:
        arguments = words(command)[2:]
        if "exec" in arguments:  # what follows is for another program
            arguments = arguments[: arguments.index("exec") + 1]
        # With --help nothing runs, but what stands before it is checked.
        asked = [sys.executable, "-m", "testbed", *arguments, "--help"]
        done = subprocess.run(asked, cwd=root, capture_output=True, text=True, check=False)
        if done.returncode:
            wrong.append(f"{file}: {command}: {done.stderr}")
    assert wrong == []
    assert "testbed/README.md" in {file for file, *_ in found}

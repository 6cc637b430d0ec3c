"""Files of a standards directory that are no layer: those that were meant to be one are mistakes. Pure.

A repository may hold other files beside the standards, so only what looks like
one of ours is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from teamconfig.errors import Problem
from teamconfig.keys import nearest

if TYPE_CHECKING:
    from collections.abc import Collection

ROOT_FILES = ("org.yaml", "policy-tests.yaml")
DIRECTORIES = ("environments", "teams")
_FILES = ("team.yaml", "app.yaml", "org.yaml")


def problem(path: str, environments: Collection[str]) -> Problem | None:
    """Judge a file that no layer is read from.

    Args:
        path: Within the standards.
        environments: Of the company; empty if org.yaml cannot be read.

    Returns:
        What is wrong with its name, or None for a file that has nothing to do with the standards.
    """
    top, *below = path.split("/")
    if not below:
        fix = _in_root(top, environments)
    elif top in DIRECTORIES:
        fix = _below(below[-1])
    else:
        close = nearest(top, DIRECTORIES)
        fix = f"rename {top} to {close}" if close else ""
    return Problem(f"{path} is not read", "no layer has a file of that name", fix, path) if fix else None


def environment(path: str, name: str, environments: Collection[str]) -> Problem:
    """Refuse the file of an environment that there is not.

    Args:
        path: Within the standards.
        name: Of the environment.
        environments: Of the company, at least one.

    Returns:
        The problem.
    """
    part = [one for one in environments if one.startswith(name) or name.startswith(one)]
    close = nearest(name, environments) or (part[0] if part else None)
    known = ", ".join(environments)
    fix = f"rename it to {close}.yaml" if close else f"use one of {known}, or add it to org.environments"
    return Problem(f"unknown environment {name}", f"org.environments has {known}", fix, path)


def _in_root(file: str, environments: Collection[str]) -> str:
    if file in ROOT_FILES:
        return ""
    close = nearest(file, (*ROOT_FILES, *(f"{one}.yaml" for one in environments)))
    if close is None:
        return ""
    return f"rename it to {close}" if close in ROOT_FILES else f"move it to environments/{close}"


def _below(file: str) -> str:
    if file.endswith(".yml"):
        return f"rename it to {file.removesuffix('.yml')}.yaml"
    if not file.endswith(".yaml"):
        return ""
    close = nearest(file, _FILES)
    return f"rename it to {close}" if close else "move it where docs/standards.md says"

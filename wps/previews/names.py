"""Names of previews: which workspace a branch has, and which branches can have one. Pure."""

from __future__ import annotations

import hashlib
import re

from teamconfig.errors import Problem, StandardsError
from teamconfig.tree import PREVIEW

LONGEST_BYTES = 250
"""Of a branch: Waypoint keeps labels of at most 255."""

_SHOWN_SIGNS = 200
_SLUG_SIGNS = 32
_MARK_SIGNS = 8
_MARKED = re.compile(r"(^|-)[0-9a-f]{8}$")
"""What looks like our own marked form gets a mark too, so that no branch can be taken for another."""

_BAD = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|^-|^/|/$|^\.|\.lock$|@\{")


def workspace(branch: str) -> str:
    """Name the workspace of a branch's preview.

    Args:
        branch: Name of the branch, as `check` lets it pass.

    Returns:
        "preview-" and the branch itself where that is a plain name of at most 32 signs, else what is left of it and
        eight digits that mark the whole: two branches never share a workspace.
    """
    slug = re.sub(r"[^a-z0-9]+", "-", branch.lower()).strip("-")
    if slug == branch and len(slug) <= _SLUG_SIGNS and not _MARKED.search(slug):
        return f"{PREVIEW}{slug}"
    mark = hashlib.sha256(branch.encode("utf-8", "surrogateescape")).hexdigest()[:_MARK_SIGNS]
    short = slug[: _SLUG_SIGNS - _MARK_SIGNS - 1].rstrip("-")
    return f"{PREVIEW}{short}-{mark}" if short else f"{PREVIEW}{mark}"


def check(branch: str, where: str) -> str:
    """Refuse what is no name of a branch.

    Args:
        branch: As the user wrote it.
        where: Where they did: "the argument --branch".

    Returns:
        The branch.

    Raises:
        StandardsError: It is none (kind option).
    """
    size = len(branch.encode("utf-8", "surrogateescape"))
    if 0 < size <= LONGEST_BYTES and branch.isprintable() and not _BAD.search(branch):
        return branch
    why = f"git has no such names, or it is longer than {LONGEST_BYTES} bytes"
    fix = "write the name of the branch, as `git branch` shows it"
    raise StandardsError([Problem(f"{branch[:_SHOWN_SIGNS]!r} is no name of a branch", why, fix, where, "option")])


def check_workspace(name: str, where: str) -> str:
    """Refuse what is no workspace of a preview.

    Args:
        name: As the user wrote it.
        where: Where they did.

    Returns:
        The workspace.

    Raises:
        StandardsError: It is none (kind option): no other workspace is ever ended as a preview.
    """
    if re.fullmatch(rf"{PREVIEW}[a-zA-Z0-9-]{{1,200}}", name):
        return name
    why = f"the workspace of a preview begins with {PREVIEW}, and has letters, digits and -"
    fix = "write a name that `wps preview list` shows, or give --branch"
    raise StandardsError([Problem(f"{name[:_SHOWN_SIGNS]!r} is no preview", why, fix, where, "option")])

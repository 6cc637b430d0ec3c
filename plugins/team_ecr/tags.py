"""Which tags an image gets, by the standards and the git commit. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from waypaas_sdk.errors import OptionError, StateError

if TYPE_CHECKING:
    from team_ecr.commits import Commit
    from teamconfig.model import Registry

LATEST = "latest"

RELEASES = "release-"
"""Begins a second tag of what was promoted: clean-up rules leave it alone, whatever is built later."""

LONGEST = 128
"""Characters of a tag."""


def of_build(standards: Registry, commit: Commit | None) -> tuple[str, ...]:
    """Choose the tags of what is built now.

    Args:
        standards: Its `tag`, if it has one, and whether tags may move.
        commit: What is checked out; None if it is not known.

    Returns:
        One or two tags; the first is the one to deploy by. `latest` never stands alone.

    Raises:
        StateError: No tag is set, and no commit is known.
        OptionError: The tag is latest, and tags may not move.
    """
    if standards.tag and standards.tag != LATEST:
        return (standards.tag,)
    if standards.tag == LATEST and standards.immutable:
        raise OptionError(
            "tag latest cannot be used",
            why="it has to move with each build, and by the standard registry.immutable no tag moves",
            fix="leave tag out: the git commit is the tag",
        )
    if commit is None:
        raise StateError(
            "no tag for the image is known",
            why="the app's directory is in no git checkout with a commit, and no tag is set",
            fix='commit the source, or set an option, as tag = "v1"',
        )
    return (commit.tag, LATEST) if standards.tag else (commit.tag,)


def of_promoted(standards: Registry, found: str, digest: str) -> tuple[str, ...]:
    """Choose the tags of what is brought from another environment.

    Args:
        standards: Of the environment that it is brought to.
        found: Tag that it was found by; empty if by its digest.
        digest: Its own.

    Returns:
        Two tags: the one to deploy by, and one that keeps it from being cleaned up.
    """
    tag = found or (standards.tag or "")
    if not tag or tag == LATEST:
        tag = f"digest-{digest.partition(':')[2][:12]}"
    return (tag, f"{RELEASES}{tag}"[:LONGEST])


def of_source(standards: Registry, commit: Commit | None) -> str:
    """Choose the tag by which an image is looked up in the environment before.

    Args:
        standards: Of that environment.
        commit: What is checked out; its changes do not count, for they were never built there.

    Returns:
        The tag.

    Raises:
        StateError: No tag is set, and no commit is known.
    """
    if standards.tag and standards.tag != LATEST:
        return standards.tag
    if commit is None:
        raise StateError(
            "no image to bring is known",
            why="the app's directory is in no git checkout with a commit, and neither tag nor digest is set",
            fix='set an option, as digest = "sha256:..." or tag = "v1"',
        )
    return commit.clean_tag

"""Which image is brought into a later environment.

Owns the order of what may name it. The release record will be the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from team_ecr import tags
from waypaas_sdk.errors import MissingError, OptionError

if TYPE_CHECKING:
    from imagemover.repository import Repository
    from team_ecr.commits import Commit
    from team_ecr.standards import Resolved


@dataclass(frozen=True)
class Choice:
    """An image that is wanted.

    Args:
        name: Its digest or tag.
        why: What named it, for people: "by the git commit 0123456789ab".
        tag: Of it, empty where only its digest is known.
    """

    name: str
    why: str
    tag: str = ""


@dataclass(frozen=True)
class Found:
    """An image that was found.

    Args:
        repository: Where.
        digest: Of its manifest.
    """

    repository: Repository
    digest: str


def recorded(_resolved: Resolved) -> Choice | None:
    """Ask the release record which image may come into an environment.

    This is the place where it is asked, before anything else, once there is one.

    Args:
        _resolved: The standards of the environment.

    Returns:
        The choice; None as long as no record is kept.
    """
    return None


def choose(options: Any, resolved: Resolved, before: Resolved, commit: Commit | None) -> Choice:
    """Choose the image.

    Args:
        options: Of waypoint.hcl, or None; `digest` is looked at.
        resolved: The standards of the environment that it is brought to.
        before: The standards of the environment that it comes from.
        commit: What is checked out; None if that is not known.

    Returns:
        The choice.

    Raises:
        OptionError: The digest is none.
        StateError: Nothing names an image.
    """
    found = recorded(resolved)
    if found is not None:
        return found
    digest = getattr(options, "digest", None)
    if digest:
        return _by_digest(digest)
    tag = tags.of_source(before.registry, commit)
    if tag == before.registry.tag:
        return Choice(tag, f"by the tag {tag}", tag)
    beside = ", without the changes that are not committed" if commit is not None and commit.changes else ""
    return Choice(tag, f"by the git commit {tag}{beside}", tag)


def _by_digest(digest: str) -> Choice:
    from team_ecr.options import DIGEST  # noqa: PLC0415  # beside a plugin's start

    if not DIGEST.fits(digest):
        raise OptionError(
            f'option digest = "{digest}" is not valid',
            why=f"it is {DIGEST.words}",
            fix="copy it from the output of the build, or leave it out",
            where="build.use.digest",
        )
    return Choice(digest, "by the option digest")


def find(choice: Choice, source: Repository, own: Repository, environments: tuple[str, str]) -> Found:
    """Look where the image is: in the environment before, else in this one's own registry.

    Args:
        choice: The image.
        source: Repository of the environment before.
        own: Repository of this environment.
        environments: Names of both, the one before first.

    Returns:
        Where it is.

    Raises:
        MissingError: It is in neither.
        ImageError: A registry does not say.
    """
    for repository in (source, own):
        digest = repository.resolve(choice.name)
        if digest is not None:
            return Found(repository, digest)
    before, here = environments
    looked = source.name if source.name == own.name else f"{source.name}, and not in {own.name} of {here} either"
    what = f"image {choice.name} ({choice.why})"
    raise MissingError(
        f"{what} has not run in {before}: it is not there to be brought to {here}",
        why=f"it was looked for in {looked}",
        fix=f"build and deploy it in {before} first, or check out the commit that ran there; "
        'or set an option, as digest = "sha256:..."',
    )

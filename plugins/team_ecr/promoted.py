"""Which image is brought into a later environment.

Owns the order of what may name it: the ledger of releases, the option digest, the tag of the git commit.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from team_ecr import tags
from teamplugin.standards import translated
from waypaas_sdk.errors import MissingError, OptionError, PolicyError

if TYPE_CHECKING:
    from imagemover.repository import Repository
    from team_ecr.commits import Commit
    from team_ecr.standards import Resolved
    from teamconfig.releases.ledger import Ledger
    from teamconfig.settings import Settings


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


def recorded(resolved: Resolved, start: Path) -> Choice | None:
    """Ask the ledger of releases which image may come into an environment.

    A promotion or rollback that runs decides; else the newest release record of the environment before does.

    Args:
        resolved: The standards of the environment.
        start: Directory of the app.

    Returns:
        The choice; None where nothing is recorded.

    Raises:
        PolicyError: The image is rejected, or the environment is held.
        PluginError: The ledger cannot be used.
    """
    from teamconfig import StandardsError, settings  # noqa: PLC0415  # beside a plugin's start

    environ = dict(os.environ)
    try:
        found = settings.find(start, environ)
    except StandardsError:
        return None  # no standards are named here: the app is elsewhere
    try:
        if not found.service and not _is_kept(found, environ):
            return None
        from teamconfig.releases import opening  # noqa: PLC0415  # only where records are kept

        with opening.opened(start, environ) as ledger:
            return _of_ledger(ledger, resolved)
    except StandardsError as err:
        raise translated(err) from err


def _is_kept(found: Settings, environ: dict[str, str]) -> bool:
    """Tell whether this machine has ever recorded a release of these standards."""
    from teamconfig.releases import embedded  # noqa: PLC0415  # without a service only

    return (embedded.directory(found.base, environ) / "releases.db").exists()


def _of_ledger(ledger: Ledger, resolved: Resolved) -> Choice | None:
    profile = resolved.profile
    place = (profile.project, profile.app, profile.environment)
    running = ledger.promotion(*place)
    if running is not None and not running.ended:
        digest, why = running.wanted.digest, f"by the {running.wanted.kind} of {running.by_name or running.by}"
    else:
        newest = ledger.latest(profile.project, profile.app, resolved.previous)
        if newest is None:
            return None
        digest, why = newest.digest, f"by release record {newest.id[:12]} of {resolved.previous}"
    _check(ledger, resolved, digest)
    return Choice(digest, why)


def _check(ledger: Ledger, resolved: Resolved, digest: str) -> None:
    """Refuse what must not come here."""
    profile = resolved.profile
    rejection = ledger.rejection(profile.project, digest)
    if rejection is not None:
        raise PolicyError(
            f"image {digest} is rejected",
            why=f"{rejection.by_name or rejection.by}: {rejection.reason}",
            fix=f"bring another image; who knows that it is good runs: wps reject {digest} --lift",
        )
    hold = ledger.held(profile.project, profile.app, profile.environment)
    if hold is not None and hold.digest != digest:
        raise PolicyError(
            f"{profile.environment} is held",
            why=f"{hold.by_name or hold.by}: {hold.reason}",
            fix=f"when it may go on, run: wps promote --to {profile.environment} --lift-hold",
        )


def choose(
    options: Any, resolved: Resolved, before: Resolved, commit: Commit | None, start: Path | None = None
) -> Choice:
    """Choose the image.

    Args:
        options: Of waypoint.hcl, or None; `digest` is looked at.
        resolved: The standards of the environment that it is brought to.
        before: The standards of the environment that it comes from.
        commit: What is checked out; None if that is not known.
        start: Directory of the app; the present one if left out.

    Returns:
        The choice.

    Raises:
        PolicyError: The image is rejected, or the environment is held.
        OptionError: The digest is none.
        StateError: Nothing names an image.
    """
    found = recorded(resolved, start or Path.cwd())
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

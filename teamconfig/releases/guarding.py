"""Rejections, holds and waivers: what is kept of them, and where they stand in the way. For any ledger.

Owns the rules, not who may: that is the policy's, or nobody's in an embedded ledger.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from teamconfig import errors
from teamconfig.errors import Problem
from teamconfig.releases.against import Hold, Rejection
from teamconfig.releases.errors import LedgerError, refused
from teamconfig.releases.record import TEST, WAIVABLE, Waiver, is_digest, is_waivable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from teamconfig.releases.record import Waivable
    from teamconfig.releases.store import Store

WAIVER_SECONDS = (60, 7 * 24 * 3600)
"""A waiver counts for at least and at most so long."""

_LONGEST = 500
_MOST_WORDS = 20


@dataclass(frozen=True, slots=True)
class By:
    """Who does something to a ledger, and when.

    Args:
        key: "issuer|subject".
        name: For people.
        now: By the ledger's clock, seconds since 1970.
        is_job: Whether it is a CI job, and no person.
    """

    key: str
    name: str
    now: int
    is_job: bool = False

    @property
    def maker(self) -> str:
        """Whose own waivers do not count: the key of a person; empty for a job, which gives none."""
        return "" if self.is_job else self.key


def insist(store: Store, project: str, app: str, environment: str, digest: str) -> None:
    """Refuse an image that is rejected, or an environment that is held for another one.

    Args:
        store: Reads.
        project: Waypoint's project.
        app: Waypoint's app.
        environment: Where it shall go.
        digest: Of the image; empty if nobody can tell.

    Raises:
        LedgerError: "digest_rejected" or "environment_held"; says who did it, when and why.
    """
    rejection = rejected(store, project, digest)
    if rejection is not None:
        raise told_rejected(rejection)
    hold = store.hold(project, app, environment)
    if hold is not None and (not digest or hold.digest != digest):
        raise told_held(hold, digest)


def rejected(store: Store, project: str, digest: str) -> Rejection | None:
    """Find what keeps an image from a project.

    Args:
        store: Reads.
        project: Waypoint's project.
        digest: Of the image; empty if nobody can tell.

    Returns:
        The rejection of the whole company first; None if there is none.
    """
    found = store.rejections(project, digest) if digest else []
    return min(found, key=lambda one: one.project, default=None)


def told_rejected(rejection: Rejection) -> LedgerError:
    """Build the refusal of an image that is rejected.

    Args:
        rejection: Of it.

    Returns:
        The error, to be raised by the caller.
    """
    who, where = rejection.by_name or rejection.by, rejection.project or "all projects"
    return refused(
        "digest_rejected",
        f"image {rejection.digest[:19]} is rejected",
        f"{who} rejected it for {where} at {_at(rejection.at)}: {rejection.reason}",
        "release another image, or have somebody else take the rejection back: wps reject --lift",
        kind="policy",
    )


def told_held(hold: Hold, digest: str) -> LedgerError:
    """Build the refusal of an environment that is held.

    Args:
        hold: Of it.
        digest: Of the image that shall go there.

    Returns:
        The error, to be raised by the caller.
    """
    only = f"it takes {hold.digest[:19]} only" if hold.digest else "it takes no image"
    return refused(
        "environment_held",
        f"{hold.environment} of {hold.project}/{hold.app} is held, {digest[:19] or 'an unnamed image'} cannot go there",
        f"{hold.by_name or hold.by} holds it since {_at(hold.at)}: {hold.reason}; {only}",
        "lift the hold first: wps promote --lift-hold",
        kind="policy",
    )


def reject(store: Store, digest: str, reason: str, project: str, by: By) -> Rejection:
    """Keep a rejection; see `Ledger.reject`.

    Args:
        store: Writes.
        digest: Of the image.
        reason: Why.
        project: Where it counts; empty for everywhere.
        by: Who.

    Returns:
        The rejection, or the one that is there.

    Raises:
        StandardsError: The digest is none, or there is no reason (kind option).
    """
    _check(digest, reason)
    store.put_rejection(
        Rejection(digest=digest, project=project, reason=reason, by=by.key, by_name=by.name, at=by.now)
    )  # fmt: skip
    return next(one for one in store.rejections(project, digest) if one.project == project)


def unreject(store: Store, digest: str, project: str) -> Rejection:
    """Take a rejection back; see `Ledger.unreject`.

    Args:
        store: Writes.
        digest: Of the image.
        project: Where it counts; empty for everywhere.

    Returns:
        The rejection that was there.

    Raises:
        LedgerError: "rejection_unknown".
    """
    found = next((one for one in store.rejections(project, digest) if digest and one.project == project), None)
    if found is None:
        where = project or "all projects"
        raise refused("rejection_unknown", f"image {digest[:19]} is not rejected for {where}", "nobody has rejected it",
                      "see what is: wps reject", kind="missing")  # fmt: skip
    store.drop_rejection(project, digest)
    return found


def hold(store: Store, project: str, app: str, environment: str, reason: str, digest: str, by: By) -> Hold:
    """Hold an environment; see `Ledger.hold`.

    Args:
        store: Writes.
        project: Waypoint's project.
        app: Waypoint's app.
        environment: Which.
        reason: Why.
        digest: The one image that may go there; empty for none.
        by: Who.

    Returns:
        The hold.

    Raises:
        StandardsError: The digest is none, or there is no reason (kind option).
    """
    _check(digest or "sha256:" + 64 * "0", reason)
    made = Hold(
        project=project, app=app, environment=environment, digest=digest, reason=reason, by=by.key, by_name=by.name,
        at=by.now,
    )  # fmt: skip
    store.put_hold(made)
    return made


def lift(store: Store, project: str, app: str, environment: str) -> Hold:
    """Lift a hold; see `Ledger.lift`.

    Args:
        store: Writes.
        project: Waypoint's project.
        app: Waypoint's app.
        environment: Which.

    Returns:
        The hold that was there.

    Raises:
        LedgerError: "not_held".
    """
    found = store.hold(project, app, environment)
    if found is None:
        raise refused("not_held", f"{environment} of {project}/{app} is not held", "nobody holds it", "nothing to do",
                      kind="missing")  # fmt: skip
    store.drop_hold(project, app, environment)
    return found


def waive(
    store: Store,
    place: tuple[str, str, str],
    digest: str,
    waives: Sequence[Waivable],
    reason: str,
    seconds: int,
    by: By,
) -> Waiver:
    """Keep a waiver; see `Ledger.waive`.

    Args:
        store: Writes.
        place: Project, app, environment.
        digest: Of the image.
        waives: Words, each as in `record.is_waivable`.
        reason: Why.
        seconds: How long it counts.
        by: Who.

    Returns:
        The waiver.

    Raises:
        StandardsError: It waives nothing that can be waived, has no reason, or counts too long (kind option).
    """
    _check(digest, reason)
    if not 0 < len(waives) <= _MOST_WORDS or not all(is_waivable(word) for word in waives):
        raise _option("waives", f"one can waive {', '.join(WAIVABLE)} and {TEST}NAME", "name one of these")
    least, most = WAIVER_SECONDS
    if not least <= seconds <= most:
        raise _option("seconds", f"a waiver counts for {least} to {most} seconds", "name a time between")
    made = Waiver(
        id=secrets.token_hex(16), project=place[0], app=place[1], environment=place[2], digest=digest,
        waives=tuple(dict.fromkeys(waives)), reason=reason, expires=by.now + seconds, made_by=by.key,
        made_by_name=by.name, made_at=by.now,
    )  # fmt: skip
    store.add_waiver(made)
    return made


def counting(waivers: Sequence[Waiver], maker: str) -> tuple[Waiver, ...]:
    """Leave out waivers that somebody has given, or may have given, to themselves. Pure.

    Who is known by another provider may be the same person with two names, as with approvals.

    Args:
        waivers: That hold now.
        maker: "issuer|subject" of the person who promotes; empty for a job, which cannot give any.

    Returns:
        Those that count for them.
    """
    if not maker:
        return tuple(waivers)
    issuer = maker.partition("|")[0]
    return tuple(one for one in waivers if one.made_by != maker and one.made_by.partition("|")[0] == issuer)


def _check(digest: str, reason: str) -> None:
    if not is_digest(digest):
        raise _option("digest", "it is not sha256: and 64 hex digits", "copy it from `wps releases`")
    if not reason.strip() or len(reason) > _LONGEST or not reason.isprintable():
        raise _option("reason", f"others have to understand it: 1 to {_LONGEST} printable signs", "say why")


def _option(name: str, why: str, fix: str) -> errors.StandardsError:
    return errors.StandardsError([Problem(f"{name} is not allowed", why, fix, name, "option")])


def _at(seconds: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds))

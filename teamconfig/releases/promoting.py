"""Promotions as claims: one at a time in an environment, resumed where it was broken off. For any ledger.

Owns the rules. Who may promote is the policy's; what a step does is the caller's.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from teamconfig import errors
from teamconfig.errors import Problem
from teamconfig.releases import guarding, recording
from teamconfig.releases.errors import LedgerError, PromotionBusyError, refused
from teamconfig.releases.promotion import LONGEST_SECONDS, Promotion, Step

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from teamconfig.releases.guarding import By
    from teamconfig.releases.promotion import Wanted
    from teamconfig.releases.record import Draft, Record
    from teamconfig.releases.recording import Witness
    from teamconfig.releases.store import Store

SECONDS = (5, 900)
"""A claim holds for at least and at most so long."""

_KINDS = ("promote", "rollback")
_MOST_STEPS = 50
_NAME = 40
_RESULT = 4000
_OWNER = 300


def begin(store: Store, wanted: Wanted, owner: str, seconds: int, instead_of: str, by: By) -> Promotion:
    """Claim an environment; see `Ledger.begin`.

    Args:
        store: Writes, and is the only one that does until its transaction ends.
        wanted: What is to be done.
        owner: The caller's process.
        seconds: How long a claim holds.
        instead_of: A process of the caller's that is gone.
        by: Who.

    Returns:
        The promotion, new or resumed.

    Raises:
        PromotionBusyError: Somebody else has the claim.
        LedgerError: As `Ledger.begin` says.
        StandardsError: What is asked for is not to be understood (kind option).
    """
    _check(wanted, owner, seconds)
    place = wanted.project, wanted.app, wanted.environment
    rejection = guarding.rejected(store, wanted.project, wanted.digest)
    if rejection is not None:
        raise guarding.told_rejected(rejection)
    if wanted.kind != "rollback":
        guarding.insist(store, *place, wanted.digest)
    recording.check_parent(store, wanted.kind, wanted.parent, place, wanted.digest)
    found = store.open_promotion(*place)
    if found is not None:
        own = found.by == by.key and found.owner in {owner, instead_of}
        if not own and by.now < found.expires:
            raise busy(found)
        if found.wanted == wanted and by.now < found.ends:
            # What somebody else says that they have done is done again: a step names what is released.
            steps = found.steps if found.by == by.key else ()
            made = replace(found, owner=owner, by=by.key, by_name=by.name, steps=steps)
            return _hold(store, made, seconds, by)
        if found.by == by.key or wanted.kind == "rollback":
            _give_up(store, found, seconds)
        else:  # who may promote need not have the right to lift a hold
            _close(store, found, seconds)
    displaced = None
    if wanted.kind == "rollback":
        displaced = store.hold(*place)
        guarding.hold(store, *place, f"rolled back to {wanted.digest[:19]}", wanted.digest, by)
    made = Promotion(
        id=secrets.token_hex(16), wanted=wanted, owner=owner, by=by.key, by_name=by.name, begun=by.now,
        expires=by.now + seconds, displaced=displaced,
    )  # fmt: skip
    return _put(store, made, seconds)


def busy(promotion: Promotion) -> PromotionBusyError:
    """Build the refusal of who comes second.

    Args:
        promotion: Of who was first.

    Returns:
        The error, to be raised by the caller.
    """
    wanted, until = promotion.wanted, time.strftime("%H:%M:%S UTC", time.gmtime(promotion.expires))
    done = ", ".join(one.name for one in promotion.steps) or "nothing"
    problem = Problem(
        f"{promotion.by_name or promotion.by} is promoting into {wanted.environment} of {wanted.project}/{wanted.app}",
        f"a {wanted.kind} of {wanted.digest[:19]} runs in process {promotion.owner}; done so far: {done}",
        f"wait for it; if that process is gone, the environment is free at {until}, in any case at {_ends(promotion)}",
        "",
        "policy",
    )
    return PromotionBusyError([problem], promotion)


def step(store: Store, promotion_id: str, owner: str, name: str, result: str, by: By) -> Promotion:
    """Note that a step is done; see `Ledger.step`.

    Args:
        store: Writes.
        promotion_id: Of the promotion.
        owner: Who has the claim.
        name: Of the step; empty to hold the claim only.
        result: What later steps need.
        by: Who.

    Returns:
        The promotion.

    Raises:
        LedgerError: As `Ledger.step` says.
        StandardsError: The step is none that is taken (kind option).
    """
    found, seconds = held(store, promotion_id, owner, by)
    if found.ended:
        raise _ended(found)
    if by.now >= found.ends:
        raise _overdue(found)
    steps = found.steps
    if name and found.done(name) is None:
        if len(name) > _NAME or not name.isprintable() or len(result) > _RESULT or len(steps) >= _MOST_STEPS:
            why = f"a promotion has at most {_MOST_STEPS} steps, a name {_NAME} signs, a result {_RESULT}"
            raise _option("step", why, "keep it shorter")
        steps = (*steps, Step(name, result, by.now))
    return _hold(store, replace(found, steps=steps), seconds, by)


def finish(
    store: Store,
    promotion_id: str,
    owner: str,
    draft: Draft,
    by: By,
    signer: Ed25519PrivateKey,
    witness: Witness = recording.NOTHING,
) -> Record:
    """End a promotion by its record; see `Ledger.finish`.

    Args:
        store: Writes, and is the only one that does until its transaction ends.
        promotion_id: Of the promotion.
        owner: Who has the claim.
        draft: Of the record.
        by: Who.
        signer: Of the ledger.
        witness: What the ledger knows of it.

    Returns:
        The record.

    Raises:
        LedgerError: As `Ledger.finish` says.
        StandardsError: The draft is none that is taken (kind option).
    """
    found, seconds = held(store, promotion_id, owner, by)
    if found.ended == "abandoned":
        raise _ended(found)
    of = found.wanted
    asked = of.project, of.app, of.environment, of.digest, of.kind, of.parent
    if asked != (draft.project, draft.app, draft.environment, draft.digest, draft.kind, draft.parent):
        why = "it is of another app, environment, image, kind or parent"
        what = f"promotion {found.id} cannot end with this record"
        raise refused("promotion_mismatch", what, why, "record what was promoted")
    made = recording.record(store, draft, found.id, by, signer, witness)
    store.put_promotion(replace(found, record=made.id, ended="finished"), seconds)
    return made


def abandon(store: Store, promotion_id: str, owner: str, by: By) -> Promotion:
    """Give a promotion up; see `Ledger.abandon`.

    Args:
        store: Writes.
        promotion_id: Of the promotion.
        owner: Who has the claim.
        by: Who.

    Returns:
        The promotion.

    Raises:
        LedgerError: "promotion_unknown" or "promotion_lost".
    """
    found, seconds = held(store, promotion_id, owner, by)
    return found if found.ended else _give_up(store, found, seconds)


def held(store: Store, promotion_id: str, owner: str, by: By) -> tuple[Promotion, int]:
    """Find a promotion of which somebody has the claim.

    Args:
        store: Reads.
        promotion_id: Of the promotion.
        owner: Their process.
        by: Who.

    Returns:
        The promotion, and for how many seconds a step holds the claim.

    Raises:
        LedgerError: "promotion_unknown" or "promotion_lost".
    """
    kept = store.promotion(promotion_id)
    if kept is None:
        raise refused("promotion_unknown", f"there is no promotion {promotion_id[:64]}", "none has this id",
                      "run `wps promote` again", kind="missing")  # fmt: skip
    if kept[0].owner != owner or kept[0].by != by.key:
        who = kept[0].by_name or kept[0].by
        raise refused("promotion_lost", f"promotion {promotion_id} is not yours any more",
                      f"the claim has expired, and {who} has taken over in process {kept[0].owner}",
                      "leave it to them")  # fmt: skip
    return kept


def _put(store: Store, promotion: Promotion, seconds: int) -> Promotion:
    store.put_promotion(promotion, seconds)
    return promotion


def _hold(store: Store, promotion: Promotion, seconds: int, by: By) -> Promotion:
    """Hold a claim for as long again, but not beyond the promotion's own end."""
    return _put(store, replace(promotion, expires=min(by.now + seconds, promotion.ends)), seconds)


def _give_up(store: Store, promotion: Promotion, seconds: int) -> Promotion:
    """End a promotion without a record; the hold of a rollback goes with it, and what it displaced comes back."""
    wanted = promotion.wanted
    place = wanted.project, wanted.app, wanted.environment
    hold = store.hold(*place) if wanted.kind == "rollback" else None
    if hold is not None and (hold.digest, hold.at) == (wanted.digest, promotion.begun):
        if promotion.displaced is None:
            store.drop_hold(*place)
        else:
            store.put_hold(promotion.displaced)
    return _close(store, promotion, seconds)


def _close(store: Store, promotion: Promotion, seconds: int) -> Promotion:
    """End a promotion without a record, and leave the environment as it is."""
    return _put(store, replace(promotion, ended="abandoned"), seconds)


def _overdue(promotion: Promotion) -> LedgerError:
    return refused(
        "promotion_overdue", f"promotion {promotion.id} has taken too long",
        f"a promotion takes at most {LONGEST_SECONDS // 3600} hours, and this one ended at {_ends(promotion)}",
        "run `wps promote` again",
    )  # fmt: skip


def _ends(promotion: Promotion) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(promotion.ends))


def _ended(promotion: Promotion) -> LedgerError:
    why = f"it ended with record {promotion.record[:12]}" if promotion.record else "it was given up"
    return refused("promotion_ended", f"promotion {promotion.id} has ended", why, "run `wps promote` again")


def _check(wanted: Wanted, owner: str, seconds: int) -> None:
    least, most = SECONDS
    if wanted.kind not in _KINDS:
        raise _option("kind", f"a promotion is one of {', '.join(_KINDS)}", "name one of these")
    if not owner or len(owner) > _OWNER or not owner.isprintable():
        raise _option("owner", f"it names a process in 1 to {_OWNER} printable signs", "see releases/owner.py")
    if not least <= seconds <= most:
        raise _option("seconds", f"a claim holds for {least} to {most} seconds", "name a time between")


def _option(name: str, why: str, fix: str) -> errors.StandardsError:
    return errors.StandardsError([Problem(f"{name} is not allowed", why, fix, name, "option")])

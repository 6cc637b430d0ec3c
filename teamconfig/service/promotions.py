"""Handlers of waypaas.v1.Releases: promotions, and what speaks against one: rejections, holds, waivers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import grpc

from teamconfig.gen.waypaas.v1 import releases_pb2
from teamconfig.policy.words import Action
from teamconfig.releases import guarding, promoting, wire
from teamconfig.releases.promotion import Wanted
from teamconfig.service.gating import came_before, reading, trusted
from teamconfig.service.refusal import refuse
from teamconfig.service.releases import about_project, aimed, by, noted, permit_rollback, sees, to_proto, witness_of
from teamconfig.service.standards import resolved
from teamconfig.state import ledgers

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from teamconfig.releases.against import Hold, Rejection
    from teamconfig.releases.promotion import Promotion
    from teamconfig.releases.record import Record, Waivable, Waiver
    from teamconfig.releases.store import Store
    from teamconfig.service.call import Call

T = TypeVar("T")


async def reject(call: Call, request: releases_pb2.RejectRequest) -> releases_pb2.Rejection:
    """Refuse an image from now on."""
    about_project(call, request.project)
    call.permit(Action.REJECT, call.core.tree)
    who = by(call)

    def change(store: Store, _tx: Connection) -> Rejection:
        return guarding.reject(store, request.digest, request.reason, request.project, who)

    return wire.rejection_to_proto(await _commit(call, change, digest=request.digest[:80], why=request.reason[:500]))


async def unreject(call: Call, request: releases_pb2.UnrejectRequest) -> releases_pb2.UnrejectReply:
    """Take back what somebody else has rejected."""
    about_project(call, request.project)
    caller = call.known()
    found = await reading(call, lambda store: store.rejections(request.project, request.digest or "none"))
    held = next((one for one in found if one.project == request.project), None)
    another = held is None or held.by != caller.principal.key
    call.permit(Action.UNREJECT, call.core.tree, requested_by_another=another)
    if held is not None and not held.by.startswith(f"{caller.principal.issuer}|"):
        raise refuse(
            "other_issuer", "the rejection cannot be taken back",
            "you signed in by another provider than who rejected, so that you might be one person with two names",
            "ask somebody who signs in by the same provider",
        )  # fmt: skip

    def change(store: Store, _tx: Connection) -> Rejection:
        return guarding.unreject(store, request.digest, request.project)

    await _commit(call, change, digest=request.digest[:80])
    return releases_pb2.UnrejectReply()


async def list_rejections(
    call: Call, request: releases_pb2.ListRejectionsRequest
) -> releases_pb2.ListRejectionsReply:  # fmt: skip
    """List what is rejected; what counts everywhere is for everybody to know."""
    about_project(call, request.project)
    if request.project:
        call.permit(Action.READ, call.core.tree)
    call.action = Action.READ
    found = await reading(call, lambda store: store.rejections(request.project, request.digest))
    return releases_pb2.ListRejectionsReply(rejections=[wire.rejection_to_proto(one) for one in found])


async def put_hold(call: Call, request: releases_pb2.PutHoldRequest) -> releases_pb2.Hold:
    """Hold an environment."""
    _, place = await aimed(call, request.target, Action.HOLD)
    who = by(call)

    def change(store: Store, _tx: Connection) -> Hold:
        return guarding.hold(store, *place, request.reason, request.digest, who)

    return wire.hold_to_proto(await _commit(call, change, digest=request.digest[:80], why=request.reason[:500]))


async def lift_hold(call: Call, request: releases_pb2.LiftHoldRequest) -> releases_pb2.LiftHoldReply:
    """Lift a hold."""
    _, place = await aimed(call, request.target, Action.HOLD)

    def change(store: Store, _tx: Connection) -> Hold:
        return guarding.lift(store, *place)

    await _commit(call, change, lifted=True)
    return releases_pb2.LiftHoldReply()


async def waive(call: Call, request: releases_pb2.WaiveRequest) -> releases_pb2.Waiver:
    """Spare an image something on its way into an environment."""
    _, place = await aimed(call, request.target, Action.WAIVE)
    who, words = by(call), _words(request)

    def change(store: Store, _tx: Connection) -> Waiver:
        return guarding.waive(store, place, request.digest, words, request.reason, request.seconds, who)

    made = await _commit(call, change, digest=request.digest[:80], why=request.reason[:500], waives=list(words)[:5])
    return wire.waiver_to_proto(made)


async def list_waivers(call: Call, request: releases_pb2.ListWaiversRequest) -> releases_pb2.ListWaiversReply:
    """List waivers that count now for who asks."""
    _, place = await aimed(call, request.target, Action.READ)
    who = by(call)
    found = await reading(
        call, lambda store: guarding.counting(store.waivers(*place, request.digest, who.now), who.maker)
    )
    return releases_pb2.ListWaiversReply(waivers=[wire.waiver_to_proto(one) for one in found])


async def get_place(call: Call, request: releases_pb2.GetPlaceRequest) -> releases_pb2.Place:
    """Tell what keeps an environment."""
    _, place = await aimed(call, request.target, Action.READ)
    hold, promotion = await reading(call, lambda store: (store.hold(*place), store.open_promotion(*place)))
    return releases_pb2.Place(
        hold=wire.hold_to_proto(hold) if hold is not None else None,
        promotion=wire.promotion_to_proto(promotion) if promotion is not None else None,
    )


async def begin_promotion(call: Call, request: releases_pb2.BeginPromotionRequest) -> releases_pb2.Promotion:
    """Claim an environment, or resume what was broken off."""
    tree, place = await aimed(call, request.target, Action.RECORD)
    wanted = Wanted(
        project=place[0], app=place[1], environment=place[2], digest=request.digest, kind=request.kind,
        parent=request.parent,
    )  # fmt: skip
    call.details |= {"digest": request.digest[:80], "kind": request.kind[:20]}
    permit_rollback(call, tree, request.kind)
    who = by(call)
    if request.kind == "promote":
        seen = await came_before(call, resolved(call, tree, b""), tree, request.digest, b"", [who.maker])
        if not seen:
            raise refuse(
                "digest_unseen", f"the image cannot go into {place[2]}",
                "it has not run in the environment before", "deploy it there first, then promote that digest",
                grpc.StatusCode.PERMISSION_DENIED,
            )  # fmt: skip

    def change(store: Store, _tx: Connection) -> Promotion:
        return promoting.begin(store, wanted, request.owner, request.seconds, request.instead_of, who)

    made = await _commit(call, change, owner=request.owner[:300])
    return wire.promotion_to_proto(made)


async def step_promotion(call: Call, request: releases_pb2.StepPromotionRequest) -> releases_pb2.Promotion:
    """Note that a step is done."""
    await _aimed_at(call, request.id)
    who = by(call)

    def change(store: Store, _tx: Connection) -> Promotion:
        return promoting.step(store, request.id, request.owner, request.name, request.result, who)

    return wire.promotion_to_proto(await _commit(call, change, promotion=request.id[:64], step=request.name[:40]))


async def finish_promotion(call: Call, request: releases_pb2.FinishPromotionRequest) -> releases_pb2.ReleaseRecord:
    """End a promotion by its record."""
    found = await _aimed_at(call, request.id)
    draft = wire.draft_from_proto(request.draft, call.core.tree.environment_of(request.draft.target.workspace))
    who = by(call)
    seen = draft.digest == found.wanted.digest and await sees(call, draft)

    def change(store: Store, tx: Connection) -> Record:
        promoting.held(store, request.id, request.owner, who)
        witness = witness_of(store, tx, call, draft, request.id, seen=seen)
        return promoting.finish(store, request.id, request.owner, draft, who, call.core.key, witness)

    call.details["promotion"] = request.id[:64]
    return to_proto(call, await call.commit(ledgers.changing(trusted(call), change), note=noted))


async def abandon_promotion(
    call: Call, request: releases_pb2.AbandonPromotionRequest
) -> releases_pb2.AbandonPromotionReply:  # fmt: skip
    """Give a promotion up."""
    await _aimed_at(call, request.id)
    who = by(call)

    def change(store: Store, _tx: Connection) -> Promotion:
        return promoting.abandon(store, request.id, request.owner, who)

    await _commit(call, change, promotion=request.id[:64], why=request.reason[:500])
    return releases_pb2.AbandonPromotionReply()


async def _aimed_at(call: Call, promotion_id: str) -> Promotion:
    """Find a promotion, and insist on the right to go on with it."""
    call.action = Action.RECORD
    kept = await reading(call, lambda store: store.promotion(promotion_id))
    if kept is None:
        raise refuse("promotion_unknown", f"there is no promotion {promotion_id[:64]}", "none has this id",
                     "run `wps promote` again", grpc.StatusCode.NOT_FOUND)  # fmt: skip
    wanted = kept[0].wanted
    await aimed(call, wire.target(wanted.project, wanted.app, wanted.environment), Action.RECORD)
    return kept[0]


async def _commit(call: Call, change: Callable[[Store, Connection], T], **details: Any) -> T:
    """Make a change with its audit row."""
    call.details |= details
    return await call.commit(ledgers.changing(trusted(call), change))


def _words(request: releases_pb2.WaiveRequest) -> list[Waivable]:
    return list(request.waives)

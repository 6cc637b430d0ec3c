"""A deploy into a protected environment goes on: what one grant has let begin, it lets end.

A release takes several credentials: to deploy, to give it the traffic, to try again what has failed, new ones where it
takes long, and, once it is recorded, to remove what it has replaced. Owns for how long a redeemed grant speaks for
them, and for whom.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from teamconfig.policy.words import Action, EnvironmentKind
from teamconfig.releases import guarding, promoting
from teamconfig.service.gating import came_before, reading
from teamconfig.service.granted import approvals_needed, as_approved, refuse_locked, right_to
from teamconfig.service.refusal import Refusal
from teamconfig.service.standards import resolved
from teamconfig.state import grants, redeemers

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from teamconfig.gen.waypaas.v1 import rights_pb2
    from teamconfig.profile import Profile
    from teamconfig.releases.promotion import Promotion
    from teamconfig.releases.record import Record
    from teamconfig.releases.store import Store
    from teamconfig.service.call import Call
    from teamconfig.state.grants import Grant
    from teamconfig.tree import Tree

OPEN_SECONDS = 30 * 60
"""From its redemption on. Its record ends the deploy before; until then nothing that it replaces may be removed."""


async def begun(
    call: Call, request: rights_pb2.IssueCredentialsRequest, action: Action, tree: Tree
) -> tuple[Profile, Grant] | None:
    """Find the grant by which the caller has begun to deploy this image, and hold it to what a redeem is held to.

    The caller is who has used it, be it who asked for it or a job that it was handed to, and nobody else. To destroy,
    the image is the one that serves by it, the machine is the one that has used the grant, as one of a job is every
    job's of its ref, and somebody has approved: what removes from production takes a second person, whatever the
    standards want of a release.

    Args:
        call: The call; what it is about is known, and who calls was read anew.
        request: Names the digest.
        action: That is asked for.
        tree: The standards.

    Returns:
        The standards of the target, with the options of waypoint.hcl, and the grant; None if there is no such grant,
        it is over, or its release is recorded already.

    Raises:
        Refusal: There is one, and it would not be redeemed any more; or it is for other options of waypoint.hcl.
    """
    about = call.about
    place = about.project, about.app, about.environment
    if action not in (Action.DEPLOY, Action.DESTROY) or not request.digest:
        return None

    def query(tx: Connection) -> tuple[Grant | None, dict[str, frozenset[str]]]:
        grant = grants.redeemed(tx, *place, request.digest)
        return grant, redeemers.of(tx, grant.id) if grant is not None else {}

    found, users = await call.core.read(query)
    if found is None or found.redeemed_at is None or found.wanted.action != Action.DEPLOY:
        return None
    is_theirs = call.known().principal.key in (users or {found.requester.key})
    if not is_theirs or call.core.now() >= found.redeemed_at + OPEN_SECONDS:
        return None
    call.details["grant"] = found.id
    if action is Action.DESTROY:
        devices = frozenset[str]().union(*users.values())
        return await _replaced(call, found, devices, tree)
    recorded = await reading(call, lambda store: store.of_digest(*place, request.digest))
    if recorded is not None and recorded.grant == found.id:
        return None
    refuse_locked(call, found)
    as_before = as_approved(call, request.stanzas, found) if request.stanzas else None
    profile = as_before or resolved(call, tree, b"")  # a release without options of its own asks for nothing new
    given, needs = len(found.approvers), approvals_needed(found.requester, profile, tree)
    call.permit(Action.REDEEM, tree, noted=action, digest_seen=True, approvals=given, approvals_wanted=needs)
    seen = await came_before(call, profile, tree, request.digest, request.stanzas, found.makers)
    right = right_to(action, call.known().principal, EnvironmentKind.PRODUCTION)
    call.permit(right, tree, noted=action, digest_seen=seen, approvals=given, approvals_wanted=needs)
    return profile, found


async def _replaced(call: Call, found: Grant, devices: frozenset[str], tree: Tree) -> tuple[Profile, Grant] | None:
    """Let go what a release has replaced that serves by this grant, while nothing else happens in its environment."""
    place = found.wanted.project, found.wanted.app, found.wanted.environment
    digest, now = found.wanted.digest, call.core.now()

    def query(store: Store) -> tuple[Record | None, Promotion | None]:
        guarding.insist(store, *place, digest)
        return store.newest(*place), store.open_promotion(*place)

    serving, begun = await reading(call, query)
    if serving is None or serving.grant != found.id or not serving.witnessed or call.device_key.hex() not in devices:
        return None
    if begun is not None and now < begun.expires:
        error = promoting.busy(begun)
        raise Refusal(error.problems, error.reason)
    refuse_locked(call, found)
    profile = resolved(call, tree, b"")
    given, needs = len(found.approvers), max(approvals_needed(found.requester, profile, tree), 1)
    call.permit(Action.REDEEM, tree, noted=Action.DESTROY, digest_seen=True, approvals=given, approvals_wanted=needs)
    return profile, found

"""Handlers of waypaas.v1.Releases: records; and what its other handlers share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from teamconfig.gen.waypaas.v1 import releases_pb2
from teamconfig.policy import standing
from teamconfig.policy.question import environment_kind
from teamconfig.policy.words import Action, EnvironmentKind
from teamconfig.releases import recording, statement, wire
from teamconfig.releases.errors import refused
from teamconfig.releases.guarding import By
from teamconfig.releases.recording import Witness
from teamconfig.service.gating import reading, trusted
from teamconfig.service.ongoing import OPEN_SECONDS
from teamconfig.service.rights import reread_for
from teamconfig.service.soaking import runs_now
from teamconfig.state import grants, ledgers, releases

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from teamconfig.gen.waypaas.v1.common_pb2 import Target
    from teamconfig.releases.record import Draft, Record
    from teamconfig.releases.store import Store
    from teamconfig.service.call import Call
    from teamconfig.tree import Tree

Place = tuple[str, str, str]
"""Project, app, environment."""


async def put_record(call: Call, request: releases_pb2.PutRecordRequest) -> releases_pb2.ReleaseRecord:
    """Keep a release that came there by itself."""
    tree, place = await aimed(call, request.draft.target, Action.RECORD)
    draft = wire.draft_from_proto(request.draft, place[2])
    permit_rollback(call, tree, draft.kind)
    seen = await sees(call, draft)

    def change(store: Store, tx: Connection) -> Record:
        witness = witness_of(store, tx, call, draft, request.key, seen=seen)
        return recording.record(store, draft, request.key, by(call), call.core.key, witness)

    return to_proto(call, await call.commit(ledgers.changing(trusted(call), change), note=noted))


async def list_records(call: Call, request: releases_pb2.ListRecordsRequest) -> releases_pb2.ListRecordsReply:
    """List the records of an environment, newest first."""
    _, place = await aimed(call, request.target, Action.READ)
    found = await reading(call, lambda store: store.history(*place, request.limit or 20))
    return releases_pb2.ListRecordsReply(records=envelopes_of(call, found))


async def get_record(call: Call, request: releases_pb2.GetRecordRequest) -> releases_pb2.ReleaseRecord:
    """Find a record by its id."""
    call.action = Action.READ
    found = await reading(call, lambda store: recording.get(store, request.id))
    await aimed(call, wire.target(found.project, found.app, found.environment), Action.READ)
    return to_proto(call, found)


async def list_running(call: Call, request: releases_pb2.ListRunningRequest) -> releases_pb2.ListRecordsReply:
    """List environments whose newest record is of an image, of the caller's teams."""
    tree, caller = call.core.tree, call.known()
    call.action = Action.READ
    visible = {one.name for one in standing.memberships(tree, caller.standing)}
    found = await reading(call, lambda store: store.running(request.digest, request.project))
    shown = [
        one for one in found if caller.standing.organization or tree.owners.get(one.project) in visible
    ]  # fmt: skip
    return releases_pb2.ListRecordsReply(records=envelopes_of(call, shown))


async def aimed(call: Call, target: Target, action: Action) -> tuple[Tree, Place]:
    """Find out what a call is about, and insist on the right.

    Args:
        call: The call.
        target: As the caller names it.
        action: What they want to do there.

    Returns:
        The standards; project, app and environment.

    Raises:
        StandardsError: There is no such project or environment (kind missing).
        Refusal: They may not.
    """
    tree = call.core.tree
    project, app, _, environment = call.aim(target, tree)
    await reread_for(call, tree)
    call.permit(action, tree)
    return tree, (project, app, environment)


def about_project(call: Call, project: str, app: str = "") -> None:
    """Note that a call is about a project, in no environment.

    Args:
        call: The call.
        project: Waypoint's project; empty for all.
        app: Waypoint's app, if it is about one.

    Raises:
        StandardsError: No team has the project (kind missing).
    """
    call.about.project, call.about.app = project, app
    if project:
        call.about.team = call.core.tree.team_of(project).name


def by(call: Call) -> By:
    """Say who calls, and when, for the ledger.

    Args:
        call: Of somebody who is signed in.

    Returns:
        Who and when.
    """
    principal = call.known().principal
    return By(principal.key, principal.name, int(call.core.now()), is_job=principal.kind == "workload")


def permit_rollback(call: Call, tree: Tree, kind: str) -> None:
    """Insist on the right to hold an environment: a rollback does, and takes the place of another hold.

    Args:
        call: The call; its right to record was asked for already.
        tree: The standards.
        kind: Of the release.

    Raises:
        Refusal: It is a rollback, and the caller may not hold the environment.
    """
    if kind == "rollback":
        call.permit(Action.HOLD, tree)


def witness_of(store: Store, tx: Connection, call: Call, draft: Draft, key: str, *, seen: bool) -> Witness:
    """Say what the service itself knows of a release; in a protected environment the caller has to have used a grant.

    A grant that somebody else has used does not count. One that the caller has used for a promotion that failed counts
    for the next one, for as long as it gives credentials.

    Args:
        store: Of the transaction.
        tx: Transaction of the writer.
        call: The call.
        draft: What the maker says.
        key: The maker's key, a promotion's id where it ends one; empty for none.
        seen: Whether somebody has just seen it run.

    Returns:
        What is known.

    Raises:
        LedgerError: "grant_needed".
    """
    place = draft.project, draft.app, draft.environment
    if key and store.by_key(*place, key) is not None:
        return recording.NOTHING  # it is recorded already, and stays as it was
    kept = store.promotion(key) if key else None
    since = float(kept[0].begun) - OPEN_SECONDS if kept is not None else 0.0
    grant = grants.redeemed(tx, *place, draft.digest, by=call.known().principal, since=since)
    before = store.of_digest(*place, draft.digest)
    if grant is not None and before is not None and before.grant == grant.id:
        grant = None  # one grant, one release
    if grant is None and environment_kind(call.core.tree, draft.environment) is EnvironmentKind.PRODUCTION:
        raise refused(
            "grant_needed", f"a release into {draft.environment} cannot be recorded without a grant",
            "you have used no grant for this image there since its last record", "deploy it by a grant: wps promote",
            kind="policy",
        )  # fmt: skip
    approvers = tuple(person.key for person in grant.approvers) if grant is not None else ()
    return Witness(seen, grant.id if grant is not None else "", approvers)


async def sees(call: Call, draft: Draft) -> bool:
    """Tell whether the service has seen the image run as the newest there, or sees it now.

    Args:
        call: The call.
        draft: What the maker says.

    Returns:
        Whether it did.
    """
    place = draft.project, draft.app, draft.environment
    found = await call.core.read(lambda tx: releases.history(tx, *place, limit=1))
    if found and found[0].draft.digest == draft.digest:
        return True
    return await runs_now(call, call.core.tree, place, draft.digest)


def noted(record: Record) -> dict[str, object]:
    """Give what the audit shall know of a record.

    Args:
        record: Made or found.

    Returns:
        Details.
    """
    return {
        "record": record.id, "number": record.number, "digest": record.digest, "kind": record.kind,
        "witnessed": record.witnessed, "grant": record.grant, "waivers": [one.id for one in record.waivers],
    }  # fmt: skip


def to_proto(call: Call, record: Record) -> releases_pb2.ReleaseRecord:
    """Write a record, signed by the present key: the very signature that is kept, unless the key was replaced since.

    Args:
        call: Any.
        record: As the store read it, and so signed by the present key, or by a replaced one in its time.

    Returns:
        Its envelope.
    """
    content = statement.payload(record)
    return releases_pb2.ReleaseRecord(envelope=statement.seal(statement.STATEMENT, content, call.core.key))


def envelopes_of(call: Call, records: Iterable[Record]) -> list[releases_pb2.ReleaseRecord]:
    """Write several records."""
    return [to_proto(call, one) for one in records]

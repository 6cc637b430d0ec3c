"""Handler of waypaas.v1.Releases/GetChain: everything that proves an app's releases, a page at a time."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from teamconfig.gen.waypaas.v1 import releases_pb2
from teamconfig.policy.words import Action
from teamconfig.releases import chain as chains
from teamconfig.releases import wire
from teamconfig.releases.errors import LedgerError
from teamconfig.service.gating import trusted
from teamconfig.service.refusal import Refusal, malformed
from teamconfig.service.releases import about_project
from teamconfig.state import chainpages, ledgers
from teamconfig.state.chainpages import Place

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from teamconfig.releases.evidence import Evidence
    from teamconfig.releases.record import Record
    from teamconfig.releases.store import Store
    from teamconfig.service.call import Call

MOST_RECORDS = 500
"""Of a page."""

PAGE_BYTES = 4 * 1024 * 1024
"""A page ends before it is longer, but has one record at least."""

MOST_PLACES = 100
"""Environments that a page may go on in; each costs a statement."""

_NAME = 200
_NUMBERS = range(1, 2**31)

Signed = tuple["Record", str]
"""A record and its envelope."""


async def get_chain(call: Call, request: releases_pb2.GetChainRequest) -> releases_pb2.ReleaseChain:
    """Give everything that proves an app's releases; records that come while somebody turns pages are left out."""
    project, app = request.project, request.app
    about_project(call, project, app)
    call.permit(Action.READ, call.core.tree)
    limit = min(max(request.limit or MOST_RECORDS, 1), MOST_RECORDS)
    before = _place(request.after) if request.after else None
    known = trusted(call)

    def query(tx: Connection) -> releases_pb2.ReleaseChain:
        store = ledgers.store(tx, known)
        place = chainpages.start(tx, project, app)
        head = ""
        if before is not None:
            if not chainpages.is_within(before, place):
                raise _no_next()
            place = before
        else:
            head = _head(call, project, app, chainpages.newest(tx, store, project, app, place))
        following = chainpages.page(tx, store, project, app, place, limit)
        page, found = _fitting(store, project, app, following)
        made = _reply(page, found, head)
        end = chainpages.after(place, page[-1][0]) if page else None
        made.next = json.dumps(asdict(end), sort_keys=True) if end is not None else ""
        return made

    try:
        return await call.core.read(query)
    except LedgerError as err:
        raise Refusal(err.problems, err.reason) from err


def _fitting(store: Store, project: str, app: str, found: Iterable[Signed]) -> tuple[list[Signed], list[Evidence]]:
    """Take records, with their evidence, for as long as they fit into an answer."""
    page: list[Signed] = []
    evidence: dict[str, Evidence] = {}
    size = 0
    for record, envelope in found:
        more = store.evidence_by_id(project, app, [name for name in record.evidence if name not in evidence])
        size += len(envelope) + sum(wire.evidence_to_proto(one).ByteSize() for one in more)
        if page and size > PAGE_BYTES:
            break
        page.append((record, envelope))
        evidence |= {one.id: one for one in more}
    return page, list(evidence.values())


def _head(call: Call, project: str, app: str, ends: Iterable[Signed]) -> str:
    core = call.core
    return chains.link(project, app, ends, (), core.key, int(core.now()), core.retired).head


def _reply(page: Iterable[Signed], evidence: Iterable[Evidence], head: str) -> releases_pb2.ReleaseChain:
    return releases_pb2.ReleaseChain(
        records=[releases_pb2.ReleaseRecord(envelope=envelope) for _, envelope in page],
        evidence=[wire.evidence_to_proto(one) for one in evidence],
        head=head,
    )


def _place(text: str) -> Place:
    """Read what the page before ended with; whether the app has such records is the database's to say."""
    try:
        found: dict[str, Any] = json.loads(text)
        newest = {str(name): int(number) for name, number in found["newest"].items()}
        environment, number = str(found["environment"]), int(found["number"])
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, OverflowError) as err:
        raise _no_next() from err
    if len(newest) > MOST_PLACES or not all(one in _NUMBERS for one in (number, *newest.values())):
        raise _no_next()
    if not all(len(name) <= _NAME and name.isprintable() for name in (environment, *newest)):
        raise _no_next()
    return Place(newest, environment, number)


def _no_next() -> Refusal:
    return malformed("after is not the `next` of another answer")

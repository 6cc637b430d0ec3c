"""The records of an app a page at a time: by environment and number, up to those that were newest at the first page.

Owns the statements. A record is read by the ledger's store, which checks its signature.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from teamconfig.state.tables import RELEASE_RECORDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from teamconfig.releases.record import Record
    from teamconfig.releases.store import Store


@dataclass(frozen=True, slots=True)
class Place:
    """How far somebody is with the records of an app.

    Args:
        newest: By environment, the number of the record that is the last to be given.
        environment: Of the last record that was given; empty before the first.
        number: Of the last record that was given.
    """

    newest: Mapping[str, int]
    environment: str = ""
    number: int = 0


def start(tx: Connection, project: str, app: str) -> Place:
    """Begin with the records that an app has now.

    Args:
        tx: Any connection.
        project: Waypoint's project.
        app: Waypoint's app.

    Returns:
        The place before the first record.
    """
    of = RELEASE_RECORDS.c
    newest = select(of.environment, func.max(of.number)).where((of.project == project) & (of.app == app))
    return Place({row[0]: row[1] for row in tx.execute(newest.group_by(of.environment))})


def is_within(place: Place, there: Place) -> bool:
    """Tell whether a place is one that turning an app's pages may lead to.

    Args:
        place: From anywhere.
        there: The app's start now.

    Returns:
        Whether it is at a record, and ends at records, that the app has.
    """
    return place.environment in place.newest and all(
        number <= there.newest.get(name, 0) for name, number in place.newest.items()
    )


def newest(tx: Connection, store: Store, project: str, app: str, place: Place) -> list[tuple[Record, str]]:
    """Give the record at the end of each environment, with its envelope.

    Args:
        tx: Any connection.
        store: Reads what was signed.
        project: Waypoint's project.
        app: Waypoint's app.
        place: Names the ends.

    Returns:
        Records and envelopes.

    Raises:
        LedgerError: "record_tampered".
    """
    ends = [Place({name: number}, name, number - 1) for name, number in place.newest.items()]
    return [one for end in ends for one in page(tx, store, project, app, end, 1)]


def page(tx: Connection, store: Store, project: str, app: str, place: Place, limit: int) -> list[tuple[Record, str]]:
    """Give the records that follow.

    Args:
        tx: Any connection.
        store: Reads what was signed.
        project: Waypoint's project.
        app: Waypoint's app.
        place: Where the page before ended.
        limit: At most so many.

    Returns:
        Records with their envelopes; fewer than `limit` at the end.

    Raises:
        LedgerError: "record_tampered".
    """
    of = RELEASE_RECORDS.c
    found: list[tuple[Record, str]] = []
    for name in sorted(one for one in place.newest if one >= place.environment):
        after = place.number if name == place.environment else 0
        wanted = (of.project == project) & (of.app == app) & (of.environment == name)
        wanted &= (of.number > after) & (of.number <= place.newest[name])
        rows = select(of.id, of.envelope).where(wanted).order_by(of.number).limit(limit - len(found))
        found += [(store.read(*row), str(row[1])) for row in tx.execute(rows)]
        if len(found) >= limit:
            break
    return found


def after(place: Place, record: Record) -> Place | None:
    """Give the place behind a record.

    Args:
        place: Where the page began.
        record: The last of the page.

    Returns:
        Where the next page begins; None if this was the last record of all.
    """
    last = max(place.newest)
    if (record.environment, record.number) == (last, place.newest[last]):
        return None
    return replace(place, environment=record.environment, number=record.number)

"""Releases: which image is in which environment, and what proves that it may go on.

Owns the statements over `releases`. A release is written once and never
changed. Knows no clock: times come from the caller, in seconds since 1970.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from teamconfig.state.tables import RELEASES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement, Connection, RowMapping


@dataclass(frozen=True, slots=True)
class Draft:
    """A release as it is to be recorded.

    Args:
        project: Of the target.
        app: Of the target.
        environment: Where it went.
        digest: "sha256:" and 64 hex digits.
        revision: Of the standards that it was made by.
        file_hash: SHA-256 in hex of waypoint.hcl.
        evidence: JSON values: results of tests and the like.
        signature: Of the release record, as its maker signed it; empty if nobody did.
        parent: Id of the release that it was promoted from; empty if there is none.
    """

    project: str
    app: str
    environment: str
    digest: str
    revision: str
    file_hash: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    signature: str = ""
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Release:
    """A release that was recorded.

    Args:
        id: 32 hex digits.
        draft: What it is.
        created: Seconds since 1970.
    """

    id: str
    draft: Draft
    created: float


def record(tx: Connection, draft: Draft, *, now: float) -> Release:
    """Record a release.

    Args:
        tx: Transaction of the writer.
        draft: What it is.
        now: Seconds since 1970.

    Returns:
        The release.
    """
    release = Release(secrets.token_hex(16), draft, now)
    tx.execute(
        insert(RELEASES),
        {
            "id": release.id,
            "project": draft.project,
            "app": draft.app,
            "environment": draft.environment,
            "digest": draft.digest,
            "revision": draft.revision,
            "file_hash": draft.file_hash,
            "evidence": json.dumps(dict(draft.evidence), sort_keys=True),
            "signature": draft.signature,
            "parent": draft.parent,
            "created": now,
        },
    )
    return release


def get(tx: Connection, release_id: str) -> Release | None:
    """Find a release.

    Args:
        tx: Any connection.
        release_id: 32 hex digits.

    Returns:
        The release, or None.
    """
    return next(iter(_all(tx, RELEASES.c.id == release_id, limit=1)), None)


def find(tx: Connection, project: str, app: str, environment: str, digest: str) -> Release | None:
    """Find the newest release of an image in an environment: a promotion asks for it in the environment before.

    Args:
        tx: Any connection.
        project: Of the target.
        app: Of the target.
        environment: Where.
        digest: Of the image.

    Returns:
        The release, or None if the image was never there.
    """
    place = _place(project, app, environment) & (RELEASES.c.digest == digest)
    return next(iter(_all(tx, place, limit=1)), None)


def history(tx: Connection, project: str, app: str, environment: str, *, limit: int = 20) -> list[Release]:
    """List what was released in an environment.

    Args:
        tx: Any connection.
        project: Of the target.
        app: Of the target.
        environment: Where.
        limit: At most so many.

    Returns:
        Releases, newest first.
    """
    return _all(tx, _place(project, app, environment), limit=limit)


def _place(project: str, app: str, environment: str) -> ColumnElement[bool]:
    return (RELEASES.c.project == project) & (RELEASES.c.app == app) & (RELEASES.c.environment == environment)


def _all(tx: Connection, condition: ColumnElement[bool], *, limit: int) -> list[Release]:
    newest = RELEASES.c.created.desc(), RELEASES.c.id.desc()
    rows = tx.execute(select(RELEASES).where(condition).order_by(*newest).limit(limit))
    return [_from_row(row) for row in rows.mappings()]


def _from_row(row: RowMapping) -> Release:
    draft = Draft(
        project=row["project"],
        app=row["app"],
        environment=row["environment"],
        digest=row["digest"],
        revision=row["revision"],
        file_hash=row["file_hash"],
        evidence=json.loads(row["evidence"]),
        signature=row["signature"],
        parent=row["parent"],
    )
    return Release(row["id"], draft, row["created"])

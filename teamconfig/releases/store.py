"""Where a ledger's rows are: plain SQL that SQLite and PostgreSQL both take, over whatever runs it.

Owns the statements and the embedded ledger's tables; the service's are made by
its migrations. Decides nothing. A record is read from what was signed, and only
if the signature is right: a row that somebody has changed is no record.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from teamconfig.releases import evidence as evidences
from teamconfig.releases import promotion as promotions
from teamconfig.releases import record as records
from teamconfig.releases import statement
from teamconfig.releases.against import Hold, Rejection
from teamconfig.releases.errors import LedgerError, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from teamconfig.releases.chain import RetiredKey
    from teamconfig.releases.evidence import Evidence
    from teamconfig.releases.promotion import Promotion
    from teamconfig.releases.record import Record, Waiver

    Execute = Callable[[str, Mapping[str, Any]], Sequence[Sequence[Any]]]
    """Runs a statement with its values by name (":name"), and gives its rows."""

    Keys = Mapping[str, bytes | RetiredKey]
    """Public keys, by id; a retired one is good for records of its time."""

TABLES = """
CREATE TABLE IF NOT EXISTS release_records (
    id TEXT PRIMARY KEY, project TEXT NOT NULL, app TEXT NOT NULL, environment TEXT NOT NULL, number INTEGER NOT NULL,
    digest TEXT NOT NULL, maker_key TEXT NOT NULL, envelope TEXT NOT NULL,
    UNIQUE (project, app, environment, number), UNIQUE (project, app, environment, maker_key));
CREATE TABLE IF NOT EXISTS release_evidence (
    id TEXT PRIMARY KEY, project TEXT NOT NULL, app TEXT NOT NULL, environment TEXT NOT NULL, digest TEXT NOT NULL,
    ended REAL NOT NULL, content TEXT NOT NULL, maker TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS release_evidence_of ON release_evidence (project, app, digest);
CREATE TABLE IF NOT EXISTS release_rejections (
    digest TEXT NOT NULL, project TEXT NOT NULL, content TEXT NOT NULL, PRIMARY KEY (digest, project));
CREATE TABLE IF NOT EXISTS release_holds (
    project TEXT NOT NULL, app TEXT NOT NULL, environment TEXT NOT NULL, content TEXT NOT NULL,
    PRIMARY KEY (project, app, environment));
CREATE TABLE IF NOT EXISTS release_waivers (
    id TEXT PRIMARY KEY, project TEXT NOT NULL, app TEXT NOT NULL, environment TEXT NOT NULL, digest TEXT NOT NULL,
    expires INTEGER NOT NULL, content TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS release_promotions (
    id TEXT PRIMARY KEY, project TEXT NOT NULL, app TEXT NOT NULL, environment TEXT NOT NULL, ended TEXT NOT NULL,
    seconds INTEGER NOT NULL, content TEXT NOT NULL);
"""
"""Of the embedded ledger."""

_PLACE = " WHERE project = :project AND app = :app AND environment = :environment"
_RECORDS = "SELECT id, envelope FROM release_records"
_GAPS = "SELECT coalesce(max(number), 0) - count(*) FROM release_records"
_HOLDS = "SELECT content FROM release_holds"
_WAIVERS = "SELECT content FROM release_waivers"
_MOST = 500
MOST_EVIDENCE = 200
"""Of one image by one maker that is looked at, the newest: nobody pushes out what somebody else has handed in."""


class Store:
    """Reads and writes rows; one transaction's, or a connection's that reads.

    Args:
        execute: Runs a statement.
        keys: That records are to be signed by.
    """

    def __init__(self, execute: Execute, keys: Keys) -> None:
        self._run = execute
        self._retired = {name: one for name, one in keys.items() if not isinstance(one, bytes)}
        self._keys = {name: one if isinstance(one, bytes) else one.key for name, one in keys.items()}

    def add_record(self, record: Record, envelope: str, maker_key: str) -> None:
        """Add a record, under its maker's key or its own id."""
        values = {"id": record.id, "number": record.number, "digest": record.digest, "envelope": envelope}
        self._execute(
            "INSERT INTO release_records (id, project, app, environment, number, digest, maker_key, envelope)"
            " VALUES (:id, :project, :app, :environment, :number, :digest, :maker_key, :envelope)",
            {**values, **_place(record), "maker_key": maker_key or record.id},
        )

    def newest(self, project: str, app: str, environment: str) -> Record | None:
        """Give the newest record of an environment."""
        return next(iter(self.history(project, app, environment, 1)), None)

    def history(self, project: str, app: str, environment: str, limit: int) -> tuple[Record, ...]:
        """List records of an environment, newest first."""
        text = _RECORDS + _PLACE + " ORDER BY number DESC LIMIT :most"
        place = {"project": project, "app": app, "environment": environment}
        return self._records(text, {**place, "most": max(1, min(limit, _MOST))})

    def of_digest(self, project: str, app: str, environment: str, digest: str) -> Record | None:
        """Give the newest record of an image in an environment."""
        text = _RECORDS + _PLACE + " AND digest = :digest ORDER BY number DESC LIMIT 1"
        place = {"project": project, "app": app, "environment": environment, "digest": digest}
        return next(iter(self._records(text, place)), None)

    def by_id(self, start: str) -> tuple[Record, ...]:
        """Find at most two records whose ids begin with some hex digits."""
        text = "SELECT id, envelope FROM release_records WHERE id >= :start AND id < :end ORDER BY id LIMIT 2"
        return self._records(text, {"start": start, "end": start + "g"})

    def by_key(self, project: str, app: str, environment: str, maker_key: str) -> Record | None:
        """Find a record by its maker's key."""
        text = _RECORDS + _PLACE + " AND maker_key = :maker_key"
        place = {"project": project, "app": app, "environment": environment, "maker_key": maker_key}
        return next(iter(self._records(text, place)), None)

    def running(self, digest: str, project: str) -> tuple[Record, ...]:
        """List environments whose newest record is of an image."""
        text = (
            "SELECT id, envelope FROM release_records r WHERE digest = :digest"
            " AND (:project = '' OR project = :project)"
            " AND number = (SELECT max(number) FROM release_records m WHERE m.project = r.project AND m.app = r.app"
            " AND m.environment = r.environment) ORDER BY project, app, environment LIMIT 500"
        )
        return self._records(text, {"digest": digest, "project": project})

    def gaps(self, project: str, app: str, environment: str) -> int:
        """Count records of an environment that are missing."""
        place = {"project": project, "app": app, "environment": environment}
        return int(self._execute(_GAPS + _PLACE, place)[0][0])

    def envelopes(self, project: str, app: str) -> list[tuple[Record, str]]:
        """List all records of an app with what was signed."""
        text = "SELECT id, envelope FROM release_records WHERE project = :project AND app = :app"
        rows = self._execute(text, {"project": project, "app": app})
        return [(self.read(*row), row[1]) for row in rows]

    def add_evidence(self, evidence: Evidence) -> None:
        """Keep evidence; the very same is kept once."""
        self._execute(
            "INSERT INTO release_evidence (id, project, app, environment, digest, ended, content, maker)"
            " VALUES (:id, :project, :app, :environment, :digest, :ended, :content, :maker)"
            " ON CONFLICT (id) DO NOTHING",
            {
                "id": evidence.id,
                **_place(evidence),
                "digest": evidence.key.digest,
                "ended": evidence.ended,
                "content": json.dumps(evidences.to_json(evidence), sort_keys=True),
                "maker": evidence.made_by,
            },
        )

    def evidence(self, project: str, app: str, digest: str, environment: str = "") -> tuple[Evidence, ...]:
        """List evidence of an image, newest first; of each maker the newest."""
        text = (
            "SELECT id, content FROM (SELECT id, content, ended,"
            " ROW_NUMBER() OVER (PARTITION BY maker ORDER BY ended DESC, id) AS place FROM release_evidence"
            " WHERE project = :project AND app = :app AND digest = :digest"
            " AND (:environment = '' OR environment = :environment)) AS found"
            " WHERE place <= :most ORDER BY ended DESC, id"
        )
        of = {"project": project, "app": app, "digest": digest, "environment": environment}
        rows = self._execute(text, {**of, "most": MOST_EVIDENCE})
        return tuple(evidences.from_json(row[0], json.loads(row[1])) for row in rows)

    def evidence_by_id(self, project: str, app: str, names: Sequence[str]) -> list[Evidence]:
        """Find evidence by ids."""
        text = "SELECT id, content FROM release_evidence WHERE id = :id AND project = :project AND app = :app"
        rows = [
            row
            for name in dict.fromkeys(names)
            for row in self._execute(text, {"id": name, "project": project, "app": app})
        ]
        return [evidences.from_json(row[0], json.loads(row[1])) for row in rows]

    def put_rejection(self, one: Rejection) -> None:
        """Keep a rejection."""
        self._execute(
            "INSERT INTO release_rejections (digest, project, content) VALUES (:digest, :project, :content)"
            " ON CONFLICT (digest, project) DO NOTHING",
            {"digest": one.digest, "project": one.project, "content": json.dumps(asdict(one))},
        )

    def rejections(self, project: str, digest: str = "") -> list[Rejection]:
        """List rejections everywhere and in a project, of one image or of all."""
        text = (
            "SELECT content FROM release_rejections WHERE project IN ('', :project)"
            " AND (:digest = '' OR digest = :digest)"
        )
        rows = self._execute(text, {"project": project, "digest": digest})
        return sorted((Rejection(**json.loads(row[0])) for row in rows), key=lambda one: (-one.at, one.digest))

    def drop_rejection(self, project: str, digest: str) -> None:
        """Take a rejection back."""
        text = "DELETE FROM release_rejections WHERE project = :project AND digest = :digest"
        self._execute(text, {"project": project, "digest": digest})

    def put_hold(self, hold: Hold) -> None:
        """Keep a hold, instead of one that is there."""
        self._execute(
            "INSERT INTO release_holds (project, app, environment, content)"
            " VALUES (:project, :app, :environment, :content)"
            " ON CONFLICT (project, app, environment) DO UPDATE SET content = excluded.content",
            {**_place(hold), "content": json.dumps(asdict(hold))},
        )

    def hold(self, project: str, app: str, environment: str) -> Hold | None:
        """Find the hold of an environment."""
        rows = self._execute(_HOLDS + _PLACE, {"project": project, "app": app, "environment": environment})
        return Hold(**json.loads(rows[0][0])) if rows else None

    def drop_hold(self, project: str, app: str, environment: str) -> None:
        """Lift a hold."""
        text = "DELETE FROM release_holds WHERE project = :project AND app = :app AND environment = :environment"
        self._execute(text, {"project": project, "app": app, "environment": environment})

    def add_waiver(self, waiver: Waiver) -> None:
        """Keep a waiver."""
        self._execute(
            "INSERT INTO release_waivers (id, project, app, environment, digest, expires, content)"
            " VALUES (:id, :project, :app, :environment, :digest, :expires, :content)",
            {
                "id": waiver.id,
                **_place(waiver),
                "digest": waiver.digest,
                "expires": waiver.expires,
                "content": json.dumps(asdict(waiver)),
            },
        )

    def waivers(self, project: str, app: str, environment: str, digest: str, now: float) -> tuple[Waiver, ...]:
        """List waivers that count now."""
        text = _WAIVERS + _PLACE + " AND digest = :digest AND expires > :now ORDER BY id"
        place = {"project": project, "app": app, "environment": environment, "digest": digest}
        rows = self._execute(text, {**place, "now": int(now)})
        return tuple(records.waiver_from_json(json.loads(row[0])) for row in rows)

    def put_promotion(self, promotion: Promotion, seconds: int) -> None:
        """Keep a promotion, instead of what was known of it."""
        self._execute(
            "INSERT INTO release_promotions (id, project, app, environment, ended, seconds, content)"
            " VALUES (:id, :project, :app, :environment, :ended, :seconds, :content)"
            " ON CONFLICT (id) DO UPDATE SET ended = excluded.ended, seconds = excluded.seconds,"
            " content = excluded.content",
            {
                "id": promotion.id,
                **_place(promotion.wanted),
                "ended": promotion.ended,
                "seconds": seconds,
                "content": json.dumps(asdict(promotion)),
            },
        )

    def promotion(self, promotion_id: str) -> tuple[Promotion, int] | None:
        """Find a promotion, and for how many seconds a step holds its claim."""
        rows = self._execute("SELECT content, seconds FROM release_promotions WHERE id = :id", {"id": promotion_id})
        return (promotions.from_json(json.loads(rows[0][0])), int(rows[0][1])) if rows else None

    def open_promotion(self, project: str, app: str, environment: str) -> Promotion | None:
        """Find the promotion of an environment that has not ended."""
        text = (
            "SELECT content FROM release_promotions"
            " WHERE project = :project AND app = :app AND environment = :environment AND ended = ''"
        )
        rows = self._execute(text, {"project": project, "app": app, "environment": environment})
        return promotions.from_json(json.loads(rows[0][0])) if rows else None

    def _execute(self, text: str, values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        if any(isinstance(value, str) and "\0" in value for value in values.values()):
            why = "it holds a sign that no database keeps"
            raise refused("text_not_allowed", "a text cannot be kept", why, "write it anew", kind="option")
        return self._run(text, values)

    def _records(self, text: str, values: Mapping[str, Any]) -> tuple[Record, ...]:
        return tuple(self.read(*row) for row in self._execute(text, values))

    def read(self, name: str, envelope: str) -> Record:
        """Read a record from its row; one that is not signed as it has to be is refused."""
        try:
            found = statement.read(statement.unseal(envelope, statement.STATEMENT, self._keys))
        except ValueError as err:
            raise _tampered(name, str(err)) from err
        if found.id != name:
            raise _tampered(name, f"it holds record {found.id[:12]}")
        old = self._retired.get(statement.signer(envelope)) if self._retired else None
        if old is not None and not old.covers(found.made_at):
            raise _tampered(name, "the key that signed it was replaced, and it is not of that key's time")
        return found


def _place(what: Any) -> dict[str, str]:
    return {"project": what.project, "app": what.app, "environment": what.environment}


def _tampered(name: str, why: str) -> LedgerError:
    fix = "tell who answers for security: it was changed where it is kept"
    return refused("record_tampered", f"release record {name[:12]} is not what was signed", why, fix)

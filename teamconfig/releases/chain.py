"""The records of an app as a chain that anybody can check, without a network and without who wrote it.

Owns what is checked: signatures, ids, each environment's order without gaps,
the record that a promotion came from, the evidence, and the head that names
the newest records. Pure: no clock, no I/O. An old chain with its old head is
whole, too: the head says of when it is.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from teamconfig.errors import Problem
from teamconfig.releases import evidence as evidences
from teamconfig.releases import statement
from teamconfig.releases.errors import VerificationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from teamconfig.releases.evidence import Evidence
    from teamconfig.releases.record import Record

HEAD = "application/vnd.waypaas.head+json"
"""Type of a head's payload."""


@dataclass(frozen=True, slots=True)
class RetiredKey:
    """A key that has signed records, and was replaced. The head vouches for it.

    Args:
        key: Ed25519 public key, 32 bytes.
        since: When it signed first, seconds since 1970.
        until: When it was replaced: what was made later, it has not signed.
    """

    key: bytes
    since: int
    until: int

    def covers(self, at: float) -> bool:
        """Tell whether the key counted at a time, seconds since 1970."""
        return self.since <= at <= self.until


@dataclass(frozen=True, slots=True)
class Chain:
    """Everything that proves an app's releases.

    Args:
        project: Waypoint's project.
        app: Waypoint's app.
        records: DSSE envelopes, by environment and number.
        evidence: Evidence that the records name.
        head: DSSE envelope that names the newest record of each environment.
    """

    project: str
    app: str
    records: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    head: str


@dataclass(frozen=True, slots=True)
class Verified:
    """A chain that is whole.

    Args:
        records: All records, by environment and number.
        as_of: When the head was signed, seconds since 1970: nothing is known of later.
    """

    records: tuple[Record, ...]
    as_of: int


def link(
    project: str,
    app: str,
    envelopes: Iterable[tuple[Record, str]],
    evidence: Iterable[Evidence],
    key: Ed25519PrivateKey,
    now: int,
    retired: Iterable[RetiredKey] = (),
) -> Chain:
    """Put a chain together, and sign its head.

    Args:
        project: Waypoint's project.
        app: Waypoint's app.
        envelopes: All records of the app with their envelopes, in any order.
        evidence: That they name.
        key: Of the ledger.
        now: Seconds since 1970.
        retired: Keys that some of the records are signed by.

    Returns:
        The chain.
    """
    ordered = sorted(envelopes, key=lambda one: (one[0].environment, one[0].number))
    newest = {found.environment: found.id for found, _ in ordered}
    head: dict[str, Any] = {"project": project, "app": app, "newest": newest, "at": now}
    older = [{"key": one.key.hex(), "since": one.since, "until": one.until} for one in retired]
    if older:
        head["retired"] = older
    return Chain(
        project,
        app,
        tuple(text for _, text in ordered),
        tuple(sorted(evidence, key=lambda one: one.id)),
        statement.seal(HEAD, statement.canonical(head), key),
    )


def to_text(chain: Chain) -> str:
    """Write a chain as one JSON text, for a file."""
    content = {
        "project": chain.project,
        "app": chain.app,
        "records": [json.loads(one) for one in chain.records],
        "evidence": {one.id: evidences.to_json(one) for one in chain.evidence},
        "head": json.loads(chain.head),
    }
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=True) + "\n"


def from_text(text: str) -> Chain:
    """Read what `to_text` writes; whether it is true is `verify`'s to say.

    Args:
        text: From anywhere.

    Returns:
        The chain.

    Raises:
        VerificationError: It is no such text.
    """
    try:
        found: Any = json.loads(text)
        if set(found) != {"project", "app", "records", "evidence", "head"}:
            raise ValueError("it has other parts than a chain")  # noqa: TRY301  # told below, with the others
        return Chain(
            str(found["project"]),
            str(found["app"]),
            tuple(statement.canonical(one).decode() for one in found["records"]),
            tuple(evidences.from_json(name, one) for name, one in found["evidence"].items()),
            statement.canonical(found["head"]).decode(),
        )
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as err:
        fix = "export it again: wps verify --export"
        raise VerificationError([Problem("the records cannot be read", str(err), fix, "", "state")]) from err


def verify(chain: Chain, keys: Mapping[str, bytes]) -> Verified:
    """Check a chain. Pure, and offline.

    Args:
        chain: From anywhere.
        keys: Ed25519 public keys that are trusted, by id; from the user's own machine, not from the chain. What a
            head that is signed by one of them names as retired is good for records of its time.

    Returns:
        The records.

    Raises:
        VerificationError: Something was changed, left out, added or put into another order; says each thing.
    """
    problems: list[Problem] = []
    newest, as_of, retired = _head(chain, keys, problems)
    records = _records(chain, keys, retired, problems)
    _check_order(chain, records, newest, problems)
    _check_parents(records, problems)
    _check_evidence(chain, records, problems)
    if problems:
        raise VerificationError(problems)
    return Verified(tuple(records), as_of)


def _records(
    chain: Chain, keys: Mapping[str, bytes], retired: Mapping[str, RetiredKey], problems: list[Problem]
) -> list[Record]:
    found = []
    known = {**{name: one.key for name, one in retired.items()}, **keys}
    for place, envelope in enumerate(chain.records, 1):
        try:
            one = statement.read(statement.unseal(envelope, statement.STATEMENT, known))
        except ValueError as err:
            problems.append(_problem(f"record {place} of {len(chain.records)} is not what was signed", str(err)))
            continue
        found.append(one)
        name = statement.signer(envelope)
        old = retired.get(name) if name not in keys else None
        if old is not None and not old.covers(one.made_at):
            why = f"the key {name[:16]} was replaced, and the record is not of its time"
            problems.append(_problem(f"{_name(one)} is signed by a key that did not count then", why))
    return found


def _head(
    chain: Chain, keys: Mapping[str, bytes], problems: list[Problem]
) -> tuple[Mapping[str, str], int, Mapping[str, RetiredKey]]:
    try:
        found = json.loads(statement.unseal(chain.head, HEAD, keys))
        newest, at = dict(found["newest"]), int(found["at"])
        older = [(bytes.fromhex(one["key"]), one["since"], one["until"]) for one in found.get("retired", [])]
        if (found["project"], found["app"]) != (chain.project, chain.app):
            raise ValueError("it is of another app")  # noqa: TRY301  # told below, with the others
    except (KeyError, TypeError, ValueError) as err:
        problems.append(_problem("the head is not what was signed", str(err)))
        return {}, 0, {}
    return newest, at, {statement.key_id(key): RetiredKey(key, int(since), int(until)) for key, since, until in older}


def _check_order(chain: Chain, records: list[Record], newest: Mapping[str, str], problems: list[Problem]) -> None:
    last: dict[str, Record] = {}
    places = [(one.environment, one.number) for one in records]
    if places != sorted(set(places)):
        problems.append(_problem("the records are in another order than they were made in", "one was moved or doubled"))
    for one in records:
        before = last.get(one.environment)
        if (one.project, one.app) != (chain.project, chain.app):
            problems.append(_problem(f"{_name(one)} is not of this app", f"it is of {one.project}/{one.app}"))
        if (one.number, one.previous) != ((before.number + 1, before.id) if before else (1, "")):
            problems.append(_problem(f"{_name(one)} does not follow the one before it", "one between them is missing"))
        last[one.environment] = one
    if {name: one.id for name, one in last.items()} != dict(newest):
        problems.append(_problem("the newest records are not those of the signed head", "some are missing, or added"))


def _check_parents(records: list[Record], problems: list[Problem]) -> None:
    known = {one.id: one for one in records}
    for one in records:
        if one.kind == "deploy":
            continue
        parent = known.get(one.parent)
        if parent is None:
            problems.append(
                _problem(f"{_name(one)} comes from a record that is not here", f"it names {one.parent[:12]}")
            )
        elif parent.digest != one.digest:
            problems.append(_problem(f"{_name(one)} is of another image than {_name(parent)}, which it comes from", ""))


def _check_evidence(chain: Chain, records: list[Record], problems: list[Problem]) -> None:
    known = {one.id: one for one in chain.evidence}
    named = {name for one in records for name in one.evidence}
    problems.extend(
        _problem(f"evidence {one.id[:12]} ({one.test}) is not what was kept", "it was changed")
        for one in chain.evidence
        if evidences.id_of(one) != one.id
    )
    if set(known) != named or len(known) != len(chain.evidence):
        problems.append(_problem("the evidence is not that of the records", "some is missing, doubled, or added"))
    problems.extend(
        _problem(f"{_name(record)} goes on evidence of another image", f"it names {name[:12]}")
        for record in records
        for name in record.evidence
        if name in known and known[name].key.digest != record.digest
    )


def _name(record: Record) -> str:
    return f"record {record.id[:12]} ({record.environment} {record.number})"


def _problem(what: str, why: str) -> Problem:
    fix = "get the records anew from the ledger; if they stay so, tell who answers for security"
    return Problem(what, why, fix, "", "policy")

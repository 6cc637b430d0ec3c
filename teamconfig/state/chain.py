"""The audit's chain: each row carries a keyed hash over itself and the row before it.

Pure: values in, values out. Owns the canonical form of a row, its hash, and
what makes a chain whole. Knows no database and no file. Who can write the
database but lacks the key cannot change, drop, move or add a row unnoticed; who
cuts rows off the end is found by a checkpoint, which is kept elsewhere.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

GENESIS = "0" * 64
"""What the first row names as the row before it."""

KEY_BYTES = 32
"""The shortest key."""

TEXT_LIMIT = 1000
"""Letters of a text in a row; longer ones are cut, and end with "..."."""

DETAILS_LIMIT = 16384
"""Letters of a row's details."""

_VERSION = b"waypaas audit 1\n"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the audit.

    Args:
        sequence: 1, 2, 3 ... without a gap.
        time_ms: Milliseconds since 1970.
        issuer: Of who called.
        subject: Of who called.
        name: Of who called, for people.
        kind: "person" or "workload".
        action: What they wanted.
        project: What it was about.
        app: What it was about.
        workspace: What it was about.
        team: Whose project it is.
        environment: What the workspace means.
        outcome: "allowed", "denied", "failed" or "expired".
        reason: Why, one word.
        request_id: Of the call.
        revision: Of the standards that it was decided by.
        details: Canonical JSON of an object.
        epoch: Number of the writer that wrote it.
        previous: Hash of the row before, in hex.
        mac: HMAC-SHA-256 of all of the above, in hex.
    """

    sequence: int
    time_ms: int
    issuer: str
    subject: str
    name: str
    kind: str
    action: str
    project: str
    app: str
    workspace: str
    team: str
    environment: str
    outcome: str
    reason: str
    request_id: str
    revision: str
    details: str
    epoch: int
    previous: str
    mac: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is known of a row elsewhere, so that it cannot be cut off.

    Args:
        sequence: Of the row.
        mac: Of the row, in hex.
        time_ms: Of the row.
        epoch: Of the row.
    """

    sequence: int
    mac: str
    time_ms: int
    epoch: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a chain is whole.

    Args:
        intact: It is.
        rows: How many rows were looked at.
        checkpoints: How many checkpoints they were compared with.
        problem: The first thing wrong; empty if nothing is.
        at: Sequence of the row where it is wrong; 0 if it is about no row.
    """

    intact: bool
    rows: int
    checkpoints: int
    problem: str = ""
    at: int = 0


def canonical(value: Any) -> str:
    """Write a JSON value in the one way that it is hashed: sorted keys, no spaces, ASCII.

    Args:
        value: What JSON can say; no NaN, no infinity.

    Returns:
        The text.

    Raises:
        TypeError: JSON has no such value.
        ValueError: A number is not finite.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def clean(text: str) -> str:
    """Make a text one that every database keeps as it is: no NUL, no half characters, not too long.

    Args:
        text: Any text.

    Returns:
        The text; what cannot be kept is replaced by U+FFFD.
    """
    if len(text) > TEXT_LIMIT:
        text = text[: TEXT_LIMIT - 3] + "..."
    if text.isascii() and "\0" not in text:
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "\ufffd")


def seal(values: dict[str, Any], key: bytes, *, sequence: int, epoch: int, previous: str) -> Row:
    """Make a row that follows another.

    Args:
        values: The row's fields but those that are given here, and `mac`.
        key: At least 32 bytes.
        sequence: One more than the row before has.
        epoch: Number of the writer.
        previous: `mac` of the row before, or GENESIS.

    Returns:
        The row, with its hash.
    """
    body = {**values, "sequence": sequence, "epoch": epoch, "previous": previous}
    return Row(**body, mac=_mac(body, key))


def verify(
    rows: Iterable[Row], key: bytes, checkpoints: Iterable[Checkpoint], *, without_checkpoints: bool = False
) -> Verdict:
    """Check that a chain is whole, from its first row to the last that a checkpoint knows, and on to its end.

    Args:
        rows: All rows by sequence. They may be newer than the checkpoints, never older.
        key: Of the chain.
        checkpoints: In any order.
        without_checkpoints: Accept that there is none: rows that were cut off the end are then not found.

    Returns:
        Whether it is whole, with the first thing wrong.
    """
    known: dict[int, set[str]] = {}
    for checkpoint in checkpoints:
        known.setdefault(checkpoint.sequence, set()).add(checkpoint.mac)
    count, previous = 0, GENESIS
    for row in rows:
        problem = _wrong(row, count + 1, previous, key) or _unlike(row, known)
        if problem:
            return Verdict(intact=False, rows=count, checkpoints=len(known), problem=problem, at=count + 1)
        count, previous = row.sequence, row.mac
    newest = max(known, default=0)
    if newest > count:
        problem = f"rows {count + 1} to {newest} are missing: a checkpoint saw row {newest}"
        return Verdict(intact=False, rows=count, checkpoints=len(known), problem=problem, at=count + 1)
    if min(known, default=1) < 1:
        problem = "a checkpoint names a row that cannot be"
        return Verdict(intact=False, rows=count, checkpoints=len(known), problem=problem)
    if not known and not without_checkpoints:
        problem = "there is no checkpoint to compare with: rows cut off the end would not be found"
        return Verdict(intact=False, rows=count, checkpoints=0, problem=problem)
    return Verdict(intact=True, rows=count, checkpoints=len(known))


def _wrong(row: Row, sequence: int, previous: str, key: bytes) -> str:
    """Say what is wrong with a row after the one before it; empty if nothing is."""
    if row.sequence != sequence:
        return f"row {sequence} is missing: row {row.sequence} stands in its place"
    if row.previous != previous:
        return f"row {sequence} does not follow row {sequence - 1}: one of them was put in or taken out"
    body = asdict(row)
    del body["mac"]
    if not hmac.compare_digest(_mac(body, key).encode(), row.mac.encode()):
        return f"row {sequence} was changed, or written with another key"
    return ""


def _unlike(row: Row, known: dict[int, set[str]]) -> str:
    if known.get(row.sequence, {row.mac}) != {row.mac}:
        return f"row {row.sequence} is not the one that a checkpoint saw: the rows up to it were cut off and replaced"
    return ""


def _mac(body: dict[str, Any], key: bytes) -> str:
    return hmac.digest(key, _VERSION + canonical(body).encode(), "sha256").hex()

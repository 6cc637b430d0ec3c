"""A release record: one image in one environment, by which standards, on what evidence, on whose word.

Owns the values and their JSON. Knows no storage, no signature, no clock.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

from teamconfig import errors
from teamconfig.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

Kind = Literal["deploy", "promote", "rollback"]
KINDS: tuple[Kind, ...] = ("deploy", "promote", "rollback")
"""deploy: built or fetched for this environment; promote: as it ran elsewhere; rollback: as it ran here before."""

Waivable = str
"""A word of what a waiver spares, see `is_waivable`."""

WAIVABLE = ("evidence", "soak")
"""What somebody with the right to waive can spare a promotion; never that the image ran before, never approvals."""

TEST = "test:"
"""Before the name of a test: that one alone can be waived, too."""

MOST_EVIDENCE = 100
"""A record names at most so many results of tests."""

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_HASH = re.compile(r"[0-9a-f]{64}")
_LONGEST = 500
_TYPES: dict[str, type] = {"int": int, "bool": bool}


@dataclass(frozen=True, kw_only=True)
class Waiver:
    """Leave to go on without something that the standards want, for one image in one environment.

    Args:
        id: 32 hex digits.
        project: Of the target.
        app: Of the target.
        environment: Of the target.
        digest: Of the image.
        waives: What it spares: words of `WAIVABLE`, or `TEST` and the name of a test.
        reason: Why, for people; never empty.
        expires: From then on it is worth nothing; seconds since 1970.
        made_by: "issuer|subject" of who gave it.
        made_by_name: For people.
        made_at: Seconds since 1970.
    """

    id: str
    project: str
    app: str
    environment: str
    digest: str
    waives: tuple[Waivable, ...]
    reason: str
    expires: int
    made_by: str
    made_by_name: str
    made_at: int


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What whoever makes a release says of it.

    Args:
        project: Waypoint's project.
        app: Waypoint's app.
        environment: Where it went; the name of an environment, not of a workspace.
        digest: "sha256:" and 64 hex digits.
        image: Reference of the image there, for people and machines that pull it.
        profile_revision: Revision of the standards that it was made by.
        profile_hash: `Profile.digest()` of the environment, with the options of waypoint.hcl.
        app_file_hash: SHA-256 in hex of waypoint.hcl.
        deployment: Name of the deployment on its platform; empty if it is not known.
        url: Where it answers; empty if nowhere.
        evidence: Ids of the evidence that it goes on.
        parent: Id of the record that it was promoted from, or rolled back to; empty for a deploy.
        kind: How it came there.
    """

    project: str
    app: str
    environment: str
    digest: str
    image: str
    profile_revision: str
    profile_hash: str
    app_file_hash: str
    deployment: str = ""
    url: str = ""
    evidence: tuple[str, ...] = ()
    parent: str = ""
    kind: Kind = "deploy"


@dataclass(frozen=True, kw_only=True)
class Record(Draft):
    """A release as the ledger keeps it: what its maker said, and what the ledger adds and signs.

    Args:
        id: SHA-256 in hex of the signed statement, so that a link to a record is a proof of it.
        number: Its place in the environment's chain, from 1.
        previous: Id of the record before it in the same environment; empty for the first.
        made_by: "issuer|subject" of who made it; in an embedded ledger the user's name on the machine.
        made_by_name: For people.
        made_at: By the ledger's clock, seconds since 1970.
        witnessed: Whether the ledger itself saw the image run there. An embedded ledger sees nothing.
        grant: Id of the grant that was redeemed for it; empty where none was needed.
        approvers: "issuer|subject" of those who approved the grant.
        waivers: What was spared, and on whose word: those that counted when it was made.
    """

    id: str
    number: int
    previous: str
    made_by: str
    made_by_name: str
    made_at: int
    witnessed: bool = False
    grant: str = ""
    approvers: tuple[str, ...] = ()
    waivers: tuple[Waiver, ...] = ()


def is_waivable(word: str) -> bool:
    """Tell whether somebody with the right to waive can spare this."""
    return word in WAIVABLE or (word.startswith(TEST) and len(word) > len(TEST) and _plain(word))


def spares(words: Container[str], test: str) -> bool:
    """Tell whether waivers of these words spare a test."""
    return "evidence" in words or f"{TEST}{test}" in words


def draft_of(record: Record) -> Draft:
    """Give what the maker of a record said.

    Args:
        record: Any.

    Returns:
        The draft.
    """
    return Draft(**{one.name: getattr(record, one.name) for one in fields(Draft)})


def to_json(record: Record) -> dict[str, Any]:
    """Write a record as JSON values.

    Args:
        record: Any.

    Returns:
        By field; `id` is left out, as it is the hash of the rest.
    """
    found = asdict(record)
    del found["id"]
    return found


def from_json(record_id: str, content: Mapping[str, Any]) -> Record:
    """Read what `to_json` writes; nothing missing, nothing more, every value of its kind.

    Args:
        record_id: Of the record.
        content: JSON values.

    Returns:
        The record.

    Raises:
        ValueError: It is no record.
    """
    rest = {name: value for name, value in content.items() if name != "waivers"}
    given = tuple(waiver_from_json(one) for one in content["waivers"])
    return Record(id=record_id, waivers=given, **_typed(Record, rest, leave=("id", "waivers")))


def waiver_from_json(content: Mapping[str, Any]) -> Waiver:
    """Read a waiver from JSON values, as `dataclasses.asdict` writes them.

    Args:
        content: JSON values.

    Returns:
        The waiver.

    Raises:
        ValueError: It is no waiver.
    """
    return Waiver(**_typed(Waiver, content))


def check(draft: Draft) -> None:
    """Refuse a draft that no ledger takes.

    Args:
        draft: Any.

    Raises:
        StandardsError: A field is not what it has to be (kind option); says each.
    """
    good = {
        "project": bool(draft.project),
        "app": bool(draft.app),
        "environment": bool(draft.environment),
        "digest": is_digest(draft.digest),
        "image": draft.image.partition("@")[2] in {"", draft.digest},  # what is pulled by it is what was recorded
        "profile_hash": is_digest(draft.profile_hash),
        "app_file_hash": is_hash(draft.app_file_hash),
        "kind": draft.kind in KINDS,
        "parent": is_hash(draft.parent) if draft.kind in {"promote", "rollback"} else not draft.parent,
        "evidence": len(draft.evidence) <= MOST_EVIDENCE and all(is_hash(one) for one in draft.evidence),
    }
    wrong = [name for name, fine in good.items() if not fine]
    wrong += [
        one.name
        for one in fields(draft)
        if isinstance(getattr(draft, one.name), str) and not _plain(getattr(draft, one.name)) and one.name not in wrong
    ]
    if wrong:
        why = "a record is signed and kept: it takes digests, hashes and short printable texts"
        raise errors.StandardsError(
            [
                Problem(f"{name} of the release record is not allowed", why, f"see {name} in docs/releases.md", name,
                        "option")
                for name in wrong
            ]
        )  # fmt: skip


def is_digest(text: str) -> bool:
    """Tell whether a text is "sha256:" and 64 hex digits."""
    return _DIGEST.fullmatch(text) is not None


def is_hash(text: str) -> bool:
    """Tell whether a text is 64 hex digits."""
    return _HASH.fullmatch(text) is not None


def _plain(text: str) -> bool:
    return len(text) <= _LONGEST and (not text or text.isprintable())


def _typed(kind: Any, content: Mapping[str, Any], leave: tuple[str, ...] = ()) -> dict[str, Any]:
    """Read the fields of a dataclass: texts, whole numbers, truths, and lists of texts."""
    known = {one.name: str(one.type) for one in fields(kind) if one.name not in leave}
    if set(content) != set(known):
        raise ValueError(f"it has other fields than a {kind.__name__.lower()}")
    values = {}
    for name, annotation in known.items():
        value: Any = content[name]
        if annotation.startswith("tuple"):
            good = isinstance(value, (list, tuple)) and all(isinstance(one, str) for one in value)
            value = tuple(value) if good else value
        else:
            good = type(value) is _TYPES.get(annotation, str)
        if not good:
            raise ValueError(f"{name} is not of its kind")
        values[name] = value
    return values

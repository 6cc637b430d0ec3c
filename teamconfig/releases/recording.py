"""Keeping records: what the ledger adds to a draft, how it is chained and signed. For any ledger.

Owns the rules of a record beside its form: its parent, its evidence, its key. Who may record is the policy's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from teamconfig import errors
from teamconfig.errors import Problem
from teamconfig.releases import guarding, statement
from teamconfig.releases import record as records
from teamconfig.releases.errors import refused
from teamconfig.releases.record import Draft, Record

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from teamconfig.releases.guarding import By
    from teamconfig.releases.store import Store

_KEY = re.compile(r"[A-Za-z0-9._:-]{0,64}")
_SHORTEST = 8


@dataclass(frozen=True, slots=True)
class Witness:
    """What the ledger itself knows of a release.

    Args:
        seen: Whether it saw the image run there.
        grant: Id of the grant that was redeemed for it; empty for none.
        approvers: "issuer|subject" of those who approved it.
    """

    seen: bool = False
    grant: str = ""
    approvers: tuple[str, ...] = ()


NOTHING = Witness()
"""What an embedded ledger knows."""


def record(
    store: Store, draft: Draft, maker_key: str, by: By, signer: Ed25519PrivateKey, witness: Witness = NOTHING
) -> Record:
    """Keep a release; see `Ledger.record`.

    Args:
        store: Writes, and is the only one that does until its transaction ends.
        draft: What the maker says.
        maker_key: The maker's name for it; empty for none.
        by: Who makes it.
        signer: Of the ledger.
        witness: What the ledger knows of it.

    Returns:
        The record, new or as it was.

    Raises:
        LedgerError: As `Ledger.record` says.
        StandardsError: The draft is none that is taken (kind option).
    """
    records.check(draft)
    if not _KEY.fullmatch(maker_key):
        why = "it has at most 64 letters, digits, '.', '_', ':' and '-'"
        raise errors.StandardsError([Problem("key is not allowed", why, "choose another", "key", "option")])
    before = store.by_key(draft.project, draft.app, draft.environment, maker_key) if maker_key else None
    if before is not None:
        if records.draft_of(before) != draft:
            why = f"record {before.id[:12]} of the same key says something else"
            raise refused("key_mismatch", f"{maker_key} cannot be recorded again", why, "choose another key")
        return before
    check_parent(store, draft.kind, draft.parent, (draft.project, draft.app, draft.environment), draft.digest)
    _check_evidence(store, draft)
    place = draft.project, draft.app, draft.environment
    last = store.newest(*place)
    made = Record(
        **{one.name: getattr(draft, one.name) for one in fields(Draft)},
        id="",
        number=last.number + 1 if last else 1,
        previous=last.id if last else "",
        made_by=by.key,
        made_by_name=by.name,
        made_at=by.now,
        witnessed=witness.seen,
        grant=witness.grant,
        approvers=witness.approvers,
        waivers=guarding.counting(store.waivers(*place, draft.digest, by.now), by.maker),
    )
    content = statement.payload(made)
    made = replace(made, id=statement.id_of(content))
    store.add_record(made, statement.seal(statement.STATEMENT, content, signer), maker_key)
    if made.kind == "rollback":
        guarding.hold(store, *place, f"rolled back to {made.digest[:19]}", made.digest, by)
    return made


def get(store: Store, start: str) -> Record:
    """Find a record; see `Ledger.get`.

    Args:
        store: Reads.
        start: Its id, or the first digits of it.

    Returns:
        The record.

    Raises:
        LedgerError: "record_unknown" or "record_ambiguous".
    """
    found = store.by_id(start) if len(start) >= _SHORTEST and re.fullmatch("[0-9a-f]+", start) else ()
    if not found:
        why = f"no record's id begins so; at least {_SHORTEST} digits are needed"
        raise refused("record_unknown", f"there is no release record {start[:64]}", why, "see them: wps releases",
                      kind="missing")  # fmt: skip
    if len(found) > 1:
        raise refused("record_ambiguous", f"{start} is not clear", "several records' ids begin so", "write more digits")
    return found[0]


def check_parent(store: Store, kind: str, parent: str, place: tuple[str, str, str], digest: str) -> None:
    """Insist that what a release comes from is there, and is the same image of the same app.

    Args:
        store: Reads.
        kind: Of the release.
        parent: Id of the record; empty for a deploy.
        place: Project, app, environment of the release.
        digest: Of its image.

    Raises:
        LedgerError: "parent_unknown" or "parent_mismatch".
    """
    if kind == "deploy":
        return
    found = store.by_id(parent) if records.is_hash(parent) else ()
    if not found:
        raise refused("parent_unknown", f"a {kind} has to come from a release record", f"there is none {parent[:12]}",
                      "see them: wps releases", kind="missing")  # fmt: skip
    of = found[0]
    here = of.environment == place[2]
    if (of.project, of.app, of.digest) != (*place[:2], digest) or here != (kind == "rollback"):
        where = "before in the same environment" if kind == "rollback" else "in another environment"
        why = f"a {kind} takes the same image of the same app from {where}; {parent[:12]} is {of.digest[:19]} of "
        why += f"{of.project}/{of.app} in {of.environment}"
        raise refused(
            "parent_mismatch", f"the {kind} cannot come from record {parent[:12]}", why, "name another record"
        )


def _check_evidence(store: Store, draft: Draft) -> None:
    found = store.evidence_by_id(draft.project, draft.app, draft.evidence)
    fitting = {one.id for one in found if one.key.digest == draft.digest}
    lost = [name for name in draft.evidence if name not in fitting]
    if lost or len(set(draft.evidence)) != len(draft.evidence):
        names = ", ".join(name[:12] for name in lost)
        why = f"the ledger has no evidence {names} of this image" if lost else "it names the same evidence twice"
        raise refused("evidence_unknown", "the evidence of the release is not kept", why, "hand in the evidence first")

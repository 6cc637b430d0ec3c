"""Records, evidence and chains for tests, by values."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from teamconfig.releases import chain as chains
from teamconfig.releases import evidence as evidences
from teamconfig.releases import statement
from teamconfig.releases.evidence import Counts, Finding, Key
from teamconfig.releases.record import Draft, Record, draft_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from teamconfig.releases.chain import Chain
    from teamconfig.releases.evidence import Evidence

SIGNER = Ed25519PrivateKey.from_private_bytes(b"s" * 32)
STRANGER = Ed25519PrivateKey.from_private_bytes(b"x" * 32)
NOW = 1_800_000_000
HASH = hashlib.sha256(b"profile").hexdigest()


def trusted(key: Ed25519PrivateKey = SIGNER) -> Mapping[str, bytes]:
    """Give a key as one that is trusted."""
    public = key.public_key().public_bytes_raw()
    return {statement.key_id(public): public}


def digest(name: str = "image") -> str:
    """Give the digest of an image."""
    return "sha256:" + hashlib.sha256(name.encode()).hexdigest()


def draft(**changes: Any) -> Draft:
    """Give a draft of a deploy into dev."""
    of = changes.get("digest", digest())
    values: dict[str, Any] = {
        "project": "shop", "app": "web", "environment": "dev", "digest": of, "image": f"r.example/web@{of}",
        "profile_revision": "rev1", "profile_hash": f"sha256:{HASH}", "app_file_hash": HASH, "deployment": "web-1",
        "url": "https://web.dev.example",
    }  # fmt: skip
    return Draft(**{**values, **changes})


def finding(**changes: Any) -> Finding:
    """Give a test that passed in dev, a minute ago."""
    values: dict[str, Any] = {
        "project": "shop", "app": "web", "environment": "dev", "test": "smoke",
        "key": Key(digest(), HASH, f"sha256:{HASH}"), "outcome": "passed", "counts": Counts(passed=3),
        "started": NOW - 90.0, "ended": NOW - 60.0, "results": {"cases": ["a", "ü"]},
    }  # fmt: skip
    return Finding(**{**values, **changes})


def evidence(**changes: Any) -> Evidence:
    """Give evidence of a finding."""
    return evidences.keep(finding(**changes), made_by="i|s", made_by_name="Sam", made_at=NOW)


def recorded(of: Draft, number: int, previous: str, **changes: Any) -> tuple[Record, str]:
    """Give a signed record and its envelope, by hand and not by the code that keeps them."""
    made = Record(
        **{one: getattr(of, one) for one in Draft.__dataclass_fields__},
        id="", number=number, previous=previous, made_by="i|s", made_by_name="Sam", made_at=NOW + number, **changes,
    )  # fmt: skip
    content = statement.payload(made)
    return replace(made, id=statement.id_of(content)), statement.seal(statement.STATEMENT, content, SIGNER)


def chain(count: int = 3) -> Chain:
    """Give a chain: releases in dev with evidence, the first two promoted to staging, one rolled back there."""
    proof = [evidence(key=Key(digest(f"image {one}"), HASH, f"sha256:{HASH}")) for one in range(count)]
    found: list[tuple[Record, str]] = []
    before = ""
    for one in range(count):
        made = recorded(draft(digest=digest(f"image {one}"), evidence=(proof[one].id,)), one + 1, before)
        before = made[0].id
        found.append(made)
    before = ""
    for number, parent in enumerate(found[:2], 1):
        of = replace(draft_of(parent[0]), environment="staging", kind="promote", parent=parent[0].id)
        made = recorded(of, number, before)
        before = made[0].id
        found.append(made)
    back = replace(draft_of(found[count][0]), kind="rollback", parent=found[count][0].id)
    found.append(recorded(back, 3, before))
    return chains.link("shop", "web", found, proof, SIGNER, NOW + 100)

"""record and statement: one form for the same record, every field in it, and nothing else read."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
from typing import Any

import pytest

from teamconfig.errors import StandardsError
from teamconfig.releases import record, statement
from teamconfig.releases.record import Draft, Record, Waiver
from tests.unit.releases import made

WAIVER = Waiver(
    id="a" * 32, project="shop", app="web", environment="dev", digest=made.digest(), waives=("soak",), reason="fire",
    expires=made.NOW + 60, made_by="i|sec", made_by_name="Sec", made_at=made.NOW,
)  # fmt: skip


def test_a_record_goes_through_its_statement_unchanged() -> None:
    """What is read from the signed bytes is the record, waivers and approvers included, with the bytes' hash as id."""
    found, envelope = made.recorded(
        made.draft(), 1, "", waivers=(WAIVER,), approvers=("i|b",), grant="g", witnessed=True
    )
    content = statement.unseal(envelope, statement.STATEMENT, made.trusted())
    assert statement.read(content) == found
    assert found.id == hashlib.sha256(content).hexdigest()
    assert statement.payload(found) == content


def test_the_statement_is_in_totos() -> None:
    """Others' tools read it: an in-toto Statement v1 whose subject is the image, in DSSE's envelope."""
    found, envelope = made.recorded(made.draft(), 1, "")
    outer = json.loads(envelope)
    inner = json.loads(base64.b64decode(outer["payload"]))
    assert outer.keys() == {"payloadType", "payload", "signatures"}
    assert outer["payloadType"] == "application/vnd.in-toto+json"
    assert inner["_type"] == "https://in-toto.io/Statement/v1"
    assert inner["subject"] == [{"name": found.image, "digest": {"sha256": found.digest.removeprefix("sha256:")}}]
    assert inner["predicateType"] == statement.PREDICATE
    signature = base64.b64decode(outer["signatures"][0]["sig"])
    payload = base64.b64decode(outer["payload"])
    made.SIGNER.public_key().verify(
        signature, b"DSSEv1 28 application/vnd.in-toto+json " + str(len(payload)).encode() + b" " + payload
    )


def test_every_field_is_signed() -> None:
    """Two records that differ in any one field have other bytes, and so another id."""
    found, _ = made.recorded(made.draft(), 1, "")
    for field in dataclasses.fields(Record):
        if field.name == "id":
            continue
        value = getattr(found, field.name)
        other: Any = {str: "zz", int: 7, bool: True, tuple: (WAIVER,) if field.name == "waivers" else ("zz",)}[
            type(value)
        ]
        assert statement.payload(dataclasses.replace(found, **{field.name: other})) != statement.payload(found), field


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one.pop("number"),
        lambda one: one.update(number="1"),
        lambda one: one.update(number=True),
        lambda one: one.update(extra=1),
        lambda one: one.update(evidence="abc"),
        lambda one: one.update(evidence=[1]),
        lambda one: one.update(waivers=[{}]),
        lambda one: one.update(witnessed=0),
        lambda one: one.update(project=None),
    ],
)
def test_other_predicates_are_not_read(change: object) -> None:
    """A field that is missing, too many, or of another kind is refused, signed or not."""
    found, _ = made.recorded(made.draft(), 1, "")
    inner = json.loads(statement.payload(found))
    change(inner["predicate"])  # type: ignore[operator]  # one of the lambdas
    with pytest.raises(ValueError, match=r"\w"):
        statement.read(statement.canonical(inner))


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"null", b'{"predicate": {}}', b"\xff", b"[" * 9000])
def test_other_bytes_are_not_read(content: bytes) -> None:
    """Whatever else was signed is no record."""
    with pytest.raises(ValueError, match=r"\w"):
        statement.read(content)


def test_spaces_are_not_read() -> None:
    """The same JSON in another form has another hash, and is refused, so that a record has one id."""
    found, _ = made.recorded(made.draft(), 1, "")
    with pytest.raises(ValueError, match="in the form that is signed"):
        statement.read(statement.payload(found) + b" ")


def test_an_envelope_is_of_one_type() -> None:
    """A signature over one type of bytes does not count for another."""
    text = statement.seal("application/other", b"{}", made.SIGNER)
    assert statement.unseal(text, "application/other", made.trusted()) == b"{}"
    with pytest.raises(ValueError, match="no DSSE envelope of"):
        statement.unseal(text, statement.STATEMENT, made.trusted())
    relabelled = text.replace("application/other", statement.STATEMENT)
    with pytest.raises(ValueError, match="signature"):
        statement.unseal(relabelled, statement.STATEMENT, made.trusted())


def test_an_envelope_of_a_stranger_is_refused() -> None:
    """A signature of a key that is not trusted is refused, and the key is named."""
    text = statement.seal(statement.STATEMENT, b"{}", made.STRANGER)
    with pytest.raises(ValueError, match="not one that is trusted"):
        statement.unseal(text, statement.STATEMENT, made.trusted())


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"signatures": []}', "x" * (statement.MAX_BYTES + 1), "[" * 9000])
def test_what_is_no_envelope_is_told(text: str) -> None:
    """Any other text is refused, and is no traceback."""
    with pytest.raises(ValueError, match="envelope"):
        statement.unseal(text, statement.STATEMENT, made.trusted())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("project", ""), ("app", ""), ("environment", ""), ("digest", "sha256:ab"), ("profile_hash", made.HASH),
        ("app_file_hash", "sha256:" + made.HASH), ("kind", "copy"), ("parent", made.HASH), ("evidence", ("ab",)),
        ("evidence", (made.HASH,) * 101), ("deployment", "a\nb"), ("image", "x" * 501), ("url", "\x1b[31m"),
        ("image", f"r.example/web@{made.digest('another')}"),
    ],
)  # fmt: skip
def test_a_draft_is_checked(name: str, value: object) -> None:
    """A field that is not what it has to be is named, and the draft is refused."""
    bad: Draft = made.draft(**{name: value})
    with pytest.raises(StandardsError) as caught:
        record.check(bad)
    assert caught.value.problems[0].where == name
    assert caught.value.kind == "option"


def test_a_promotion_names_its_parent() -> None:
    """A promotion or rollback without a parent is refused; with one it is fine."""
    for kind in ("promote", "rollback"):
        with pytest.raises(StandardsError, match="parent"):
            record.check(made.draft(kind=kind))
        record.check(made.draft(kind=kind, parent=made.HASH))
    record.check(made.draft())

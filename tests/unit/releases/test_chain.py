"""chain: a whole one verifies offline, and nothing can be changed, dropped, added or moved unnoticed."""

from __future__ import annotations

import base64
import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from teamconfig.releases import chain as chains
from teamconfig.releases import statement
from teamconfig.releases.errors import VerificationError
from tests.unit.releases import made

WHOLE = made.chain()
TEXT = chains.to_text(WHOLE)


def refused(text: str) -> str:
    """Give what is said of a chain that does not verify."""
    with pytest.raises(VerificationError) as caught:
        chains.verify(chains.from_text(text), made.trusted())
    return str(caught.value)


def test_a_whole_chain_verifies() -> None:
    """All records come out, by environment and number, with the time of the head, also by way of a file."""
    found = chains.verify(chains.from_text(TEXT), made.trusted())
    assert [(one.environment, one.number) for one in found.records] == [
        ("dev", 1), ("dev", 2), ("dev", 3), ("staging", 1), ("staging", 2), ("staging", 3)
    ]  # fmt: skip
    assert found.as_of == made.NOW + 100
    assert chains.from_text(TEXT) == WHOLE
    assert found.records[3].parent == found.records[0].id


def test_nothing_verifies_by_another_key() -> None:
    """A key that the user does not trust proves nothing, however right the signatures are."""
    with pytest.raises(VerificationError, match="record 1 of 6 is not what was signed"):
        chains.verify(WHOLE, made.trusted(made.STRANGER))
    with pytest.raises(VerificationError):
        chains.verify(WHOLE, {})


def leaves(content: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """List the paths of all leaves of JSON values."""
    if isinstance(content, dict):
        return [leaf for key, value in content.items() for leaf in leaves(value, (*path, key))]
    if isinstance(content, list):
        return [leaf for place, value in enumerate(content) for leaf in leaves(value, (*path, place))]
    return [path]


def changed(value: Any) -> Any:
    """Give another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    return f"{value[:-1]}{'0' if value[-1:] != '0' else '1'}" if value else "x"


def put(content: Any, path: tuple[Any, ...], value: Any) -> None:
    """Put a value at a path."""
    for key in path[:-1]:
        content = content[key]
    content[path[-1]] = value


def test_every_changed_leaf_is_noticed() -> None:
    """Any single value of the file that is another one: of an envelope, of evidence, of the head."""
    content = json.loads(TEXT)
    for path in leaves(content):
        bad = json.loads(TEXT)
        value = content
        for key in path:
            value = value[key]
        put(bad, path, changed(value))
        assert refused(json.dumps(bad)), path


def test_every_changed_field_of_a_record_is_noticed() -> None:
    """Any field of what was signed, changed inside the envelope with the old signature."""
    for place, envelope in enumerate(json.loads(TEXT)["records"]):
        signed = json.loads(base64.b64decode(envelope["payload"]))
        for path in leaves(signed):
            bad, record = json.loads(TEXT), json.loads(json.dumps(signed))
            value = signed
            for key in path:
                value = value[key]
            put(record, path, changed(value))
            bad["records"][place]["payload"] = base64.b64encode(statement.canonical(record)).decode()
            assert "its signature is not of what it says" in refused(json.dumps(bad)), path


def test_any_dropped_records_are_noticed() -> None:
    """Whichever records are left out, the newest ones or all of them too: every way there is."""
    for bits in range(2 ** len(WHOLE.records) - 1):
        kept = tuple(one for place, one in enumerate(WHOLE.records) if bits >> place & 1)
        with pytest.raises(VerificationError):
            chains.verify(dataclasses.replace(WHOLE, records=kept), made.trusted())


@settings(max_examples=60, deadline=None)
@given(st.permutations(WHOLE.records) | st.lists(st.sampled_from(WHOLE.records), min_size=6, max_size=8))
def test_moved_or_doubled_records_are_noticed(records: list[str]) -> None:
    """The same records in another order, or some of them twice."""
    if tuple(records) != WHOLE.records:
        with pytest.raises(VerificationError):
            chains.verify(dataclasses.replace(WHOLE, records=tuple(records)), made.trusted())


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(TEXT) - 1), st.characters(min_codepoint=32, max_codepoint=126))
def test_any_flipped_letter_of_the_file_is_noticed(place: int, letter: str) -> None:
    """One letter of the file that is another: refused, unless the JSON says the very same."""
    text = TEXT[:place] + letter + TEXT[place + 1 :]
    try:
        found = chains.from_text(text)
    except VerificationError:
        return
    if found != WHOLE:
        with pytest.raises(VerificationError):
            chains.verify(found, made.trusted())


def test_dropped_evidence_is_noticed() -> None:
    """Evidence that a record names has to be there, once, and none beside."""
    for evidence in (WHOLE.evidence[1:], (*WHOLE.evidence, WHOLE.evidence[0]), (*WHOLE.evidence, made.evidence())):
        with pytest.raises(VerificationError, match="evidence"):
            chains.verify(dataclasses.replace(WHOLE, evidence=evidence), made.trusted())


def test_signed_records_that_do_not_fit_are_noticed() -> None:
    """What a ledger with a bug, or with a stolen key and no care, signs: gaps, other images, parents that are not."""
    first, _ = base = made.recorded(made.draft(), 1, "")
    cases = {
        "does not follow": [base, made.recorded(made.draft(), 3, first.id)],
        "does not follow the": [base, made.recorded(made.draft(), 2, "0" * 64)],
        "not of this app": [made.recorded(made.draft(app="api"), 1, "")],
        "comes from a record that is not here": [
            made.recorded(made.draft(environment="staging", kind="promote", parent="1" * 64), 1, "")
        ],
        "of another image": [
            base,
            made.recorded(
                made.draft(environment="staging", digest=made.digest("b"), kind="promote", parent=first.id), 1, ""
            ),
        ],
    }
    for told, found in cases.items():
        with pytest.raises(VerificationError) as caught:
            chains.verify(chains.link("shop", "web", found, [], made.SIGNER, made.NOW), made.trusted())
        assert told in str(caught.value)


def test_environments_stand_in_order() -> None:
    """One chain has one form: the environments by name, so that the same records are not two different files."""
    moved = dataclasses.replace(WHOLE, records=(*WHOLE.records[3:], *WHOLE.records[:3]))
    with pytest.raises(VerificationError, match="in another order"):
        chains.verify(moved, made.trusted())


def test_evidence_of_another_image_is_noticed() -> None:
    """A record that goes on a test of another image does not verify, though both are signed and there."""
    proof = made.evidence()
    found = [made.recorded(made.draft(digest=made.digest("b"), evidence=(proof.id,)), 1, "")]
    with pytest.raises(VerificationError, match="evidence of another image"):
        chains.verify(chains.link("shop", "web", found, [proof], made.SIGNER, made.NOW), made.trusted())


def test_another_apps_head_is_noticed() -> None:
    """A head is of one app, so that an app without records cannot be passed off by another's."""
    empty = chains.link("shop", "api", [], [], made.SIGNER, made.NOW)
    assert chains.verify(empty, made.trusted()).records == ()
    with pytest.raises(VerificationError, match="of another app"):
        chains.verify(dataclasses.replace(empty, app="web"), made.trusted())


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", "[" * 5000, '{"project": 1}', TEXT[:-10]])
def test_what_is_no_chain_is_told(text: str) -> None:
    """Any other text is an error that says so, never a traceback."""
    with pytest.raises(VerificationError, match="cannot be read"):
        chains.from_text(text)

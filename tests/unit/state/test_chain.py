"""The audit's chain as values: whatever is done to it is found, and nothing else is."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from teamconfig.identity.principal import Principal
from teamconfig.state.chain import GENESIS, TEXT_LIMIT, Checkpoint, Row, clean, seal, verify
from teamconfig.state.events import Event, to_values

KEY = b"k" * 32
OTHER_KEY = b"o" * 32
TEXTS = st.text(st.characters(codec=None), max_size=12)


def chain(texts: list[str], key: bytes = KEY) -> list[Row]:
    """Make a chain with one row per text."""
    rows: list[Row] = []
    previous = GENESIS
    for sequence, text in enumerate(texts, 1):
        event = Event(time=float(sequence), principal=Principal("issuer", text), action="read", outcome="allowed")
        rows.append(seal(to_values(event), key, sequence=sequence, epoch=1, previous=previous))
        previous = rows[-1].mac
    return rows


def checkpoint(row: Row) -> Checkpoint:
    """Make the checkpoint of a row."""
    return Checkpoint(row.sequence, row.mac, row.time_ms, row.epoch)


CHAINS = st.lists(TEXTS, min_size=1, max_size=12).map(chain)


@given(CHAINS, st.data())
def test_a_whole_chain_is_intact(rows: list[Row], data: st.DataObject) -> None:
    """A chain that nobody touched is intact with any of its rows as checkpoints."""
    seen = data.draw(st.lists(st.sampled_from(rows), min_size=1))
    verdict = verify(rows, KEY, map(checkpoint, seen))
    assert (verdict.intact, verdict.rows, verdict.problem) == (True, len(rows), "")


@given(CHAINS, st.data())
def test_an_edited_row_is_found(rows: list[Row], data: st.DataObject) -> None:
    """A change of any field of any row is found at that row or the next."""
    place = data.draw(st.integers(0, len(rows) - 1))
    name = data.draw(st.sampled_from([field.name for field in fields(Row)]))
    before: Any = getattr(rows[place], name)
    after = before + 1 if isinstance(before, int) else data.draw(st.text(max_size=70))
    assume(after != before)
    edited = [*rows[:place], replace(rows[place], **{name: after}), *rows[place + 1 :]]
    verdict = verify(edited, KEY, [checkpoint(rows[-1])])
    assert not verdict.intact
    assert verdict.at == place + 1


@given(CHAINS, st.data())
def test_a_dropped_row_is_found(rows: list[Row], data: st.DataObject) -> None:
    """A row taken out, the last one too, is found at its place."""
    place = data.draw(st.integers(0, len(rows) - 1))
    verdict = verify(rows[:place] + rows[place + 1 :], KEY, [checkpoint(rows[-1])])
    assert not verdict.intact
    assert verdict.at == place + 1


@given(CHAINS, st.data())
def test_swapped_rows_are_found(rows: list[Row], data: st.DataObject) -> None:
    """Two rows that change places are found, renumbered or not."""
    assume(len(rows) > 1)
    first = data.draw(st.integers(0, len(rows) - 2))
    second = data.draw(st.integers(first + 1, len(rows) - 1))
    swapped = list(rows)
    swapped[first], swapped[second] = rows[second], rows[first]
    if data.draw(st.booleans()):
        swapped = [replace(row, sequence=number) for number, row in enumerate(swapped, 1)]
    assert not verify(swapped, KEY, [checkpoint(rows[-1])]).intact


@given(CHAINS, st.data(), st.sampled_from([KEY, OTHER_KEY]))
def test_an_inserted_row_is_found(rows: list[Row], data: st.DataObject, key: bytes) -> None:
    """A row put in is found, though it is sealed and all after it are renumbered."""
    place = data.draw(st.integers(0, len(rows) - 1))
    previous = rows[place - 1].mac if place else GENESIS
    values = to_values(Event(time=0.0, principal=Principal("issuer", "x"), action="new", outcome="denied"))
    new = seal(values, key, sequence=place + 1, epoch=1, previous=previous)
    tail = [replace(row, sequence=row.sequence + 1) for row in rows[place:]]
    assert not verify([*rows[:place], new, *tail], KEY, [checkpoint(rows[-1])]).intact


@given(CHAINS, st.data())
def test_a_cut_end_is_found_by_a_checkpoint(rows: list[Row], data: st.DataObject) -> None:
    """Rows cut off the end are found when a checkpoint saw one of them."""
    left = data.draw(st.integers(0, len(rows) - 1))
    seen = data.draw(st.sampled_from(rows[left:]))
    verdict = verify(rows[:left], KEY, [checkpoint(seen)])
    assert not verdict.intact
    assert verdict.at == left + 1


@given(CHAINS, st.data())
def test_a_replaced_end_is_found_by_a_checkpoint(rows: list[Row], data: st.DataObject) -> None:
    """Rows cut off and replaced by others with the right key are found when a checkpoint saw one of them."""
    left = data.draw(st.integers(0, len(rows) - 1))
    texts = [row.subject for row in rows[:left]] + [row.subject + "x" for row in rows[left:]] + ["y"]
    replaced = chain(texts)
    assume(replaced[:left] == rows[:left])
    seen = data.draw(st.sampled_from(rows[left:]))
    assert verify(replaced, KEY, [], without_checkpoints=True).intact
    verdict = verify(replaced, KEY, [checkpoint(seen)])
    assert not verdict.intact
    assert verdict.at == seen.sequence


@given(CHAINS)
def test_another_key_is_found(rows: list[Row]) -> None:
    """A chain that was written anew with another key is found at its first row."""
    forged = chain([row.subject for row in rows], OTHER_KEY)
    assert verify(forged, KEY, [], without_checkpoints=True).at == 1


@pytest.mark.parametrize("count", [0, 3])
def test_checkpoints_are_demanded(count: int) -> None:
    """Without a checkpoint a chain is not called intact, unless one says that there need be none."""
    rows = chain(["a"] * count)
    assert not verify(rows, KEY, []).intact
    assert "checkpoint" in verify(rows, KEY, []).problem
    assert verify(rows, KEY, [], without_checkpoints=True).intact


@given(st.text(st.characters(codec=None), max_size=TEXT_LIMIT + 50))
def test_every_text_can_be_kept(text: str) -> None:
    """Whatever a caller sends becomes a text that UTF-8 and PostgreSQL can keep, and good ones stay as they are."""
    kept = clean(text)
    assert kept.encode().decode() == kept
    assert "\0" not in kept
    assert len(kept) <= TEXT_LIMIT
    if "\0" not in text and len(text) <= TEXT_LIMIT and text.encode("utf-8", "ignore").decode() == text:
        assert kept == text


@pytest.mark.parametrize(
    ("details", "time"), [({"a": float("nan")}, 1.0), ({"a": "x" * 20000}, 1.0), ({"a": object()}, 1.0), ({}, -1.0)]
)
def test_what_cannot_be_hashed_is_no_event(details: dict[str, Any], time: float) -> None:
    """Details that JSON cannot say, or that are too long, and times out of bounds are refused."""
    event = Event(time=time, principal=Principal("i", "s"), action="read", outcome="allowed", details=details)
    with pytest.raises((ValueError, TypeError)):
        to_values(event)

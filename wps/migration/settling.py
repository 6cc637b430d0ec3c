"""Which translated entries are written: none twice, none incomplete, none that the standards give anyway. Pure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from wps.migration import values
from wps.migration.translate import Entry
from wps.migration.useitems import Item, undecided

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from wps.migration.translate import Path

    Profiles = Sequence[Mapping[str, Any]]

_REQUEST: Path = ("kubernetes", "memory_request")
_LIMIT: Path = ("kubernetes", "memory")


def unique(entries: Iterable[Entry]) -> list[Entry]:
    """Refuse what would set an option a second time; the same once more is no harm.

    Args:
        entries: In order.

    Returns:
        As many entries, of which no two have a path in common.
    """
    held: dict[Path, Entry] = {}
    found = []
    for entry in entries:
        first = held.setdefault(entry.path, entry)
        if not entry.path or first is entry:
            found.append(entry)
        elif first.text == entry.text or entry.implied:
            found.append(_nothing(entry))
        else:
            name = ".".join(entry.path[1:] if entry.path[0] == "kubernetes" else entry.path)
            why = f"{first.item.option} of line {first.item.line} sets {name} already"
            found.append(dataclasses.replace(_nothing(entry), refused=(why, "keep one of them")))
    return found


def _nothing(entry: Entry) -> Entry:
    return Entry(entry.item)


def complete(entries: Sequence[Entry]) -> list[Entry]:
    """Refuse blocks of lists that lack what they cannot be without.

    Args:
        entries: In order.

    Returns:
        The entries, and one that is refused for each name that is missing.
    """
    missing = []
    for (section, slot), parts in _blocks(entries).items():
        known = values.spec((section, slot))
        for name in getattr(known.block, "required", ()) if known is not None else ():
            if all(part.path[2] != name for part in parts):
                item = Item("pod.sidecar" if slot.startswith("sidecars") else "ports", "", None, parts[0].item.line)
                why = f"each of {slot.partition('[')[0]} has a {name}"
                missing.append(Entry(item, refused=(why, f"write {name} = ... into it")))
    return [*entries, *missing]


def _blocks(entries: Iterable[Entry]) -> dict[tuple[str, str], list[Entry]]:
    """Put together what belongs to one block of a list, by section and numbered name."""
    found: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        if len(entry.path) > 1 and "[" in entry.path[1]:
            found.setdefault((entry.path[0], entry.path[1]), []).append(entry)
    return found


def without_given(entries: Sequence[Entry], profiles: Profiles) -> list[Entry]:
    """Leave out what the standards give anyway.

    Args:
        entries: In order.
        profiles: Resolved values of each environment in which the file is used; none if they are not known.

    Returns:
        The entries; of those left out their comments remain.
    """
    lists = _given_lists(entries, profiles)
    memory = next((entry.value for entry in entries if entry.path == _LIMIT), None)
    kept = []
    for entry in entries:
        implied = entry.implied and not _contradicted(entry, profiles)
        in_list = len(entry.path) > 1 and entry.path[1].partition("[")[0] in lists
        whole = entry.path == _REQUEST and entry.value == memory and _never(_REQUEST, profiles)
        given = bool(entry.path) and "[" not in entry.path[1] and values.given(entry.path, entry.value, profiles)
        kept.append(_nothing(entry) if implied or in_list or whole or given else entry)
    return kept


def _never(path: Path, profiles: Profiles) -> bool:
    return bool(profiles) and all(profile.get(".".join(path)) is None for profile in profiles)


def _contradicted(entry: Entry, profiles: Profiles) -> bool:
    """Tell whether standards are known that say something else than what is implied."""
    held = [profile.get(".".join(entry.path)) for profile in profiles]
    return any(value is not None and value != entry.value for value in held)


def _given_lists(entries: Sequence[Entry], profiles: Profiles) -> set[str]:
    """Find the lists of blocks that the standards give as a whole."""
    lists: dict[str, list[dict[str, Any]]] = {}
    for (_, slot), parts in _blocks(entries).items():
        lists.setdefault(slot.partition("[")[0], []).append(_nested(parts))
    return {
        name
        for name, blocks in lists.items()
        if profiles and not undecided(blocks) and all(p.get(f"kubernetes.{name}") == blocks for p in profiles)
    }


def _nested(parts: Iterable[Entry]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in parts:
        if part.implied:
            continue
        inner = found
        for name in part.path[2:-1]:
            inner = inner.setdefault(name, {})
        known = values.spec(part.path)
        inner[part.path[-1]] = values.plain(known, part.value) if known is not None else part.value
    return found


def left_out(before: Iterable[Entry], after: Iterable[Entry]) -> list[tuple[str, int]]:
    """List the options of which nothing was kept though they had a counterpart.

    Args:
        before: What `without_given` got.
        after: What it returned.

    Returns:
        Option and line, in order.
    """
    kept = {_option(entry) for entry in after if entry.path or entry.refused}
    had = dict.fromkeys(_option(entry) for entry in before if entry.path and entry.item.text and not entry.implied)
    return [option for option in had if option not in kept]


def _option(entry: Entry) -> tuple[str, int]:
    return entry.item.option, entry.item.line

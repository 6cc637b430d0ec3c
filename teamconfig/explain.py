"""Provenance told to people, as text and as JSON: which value, from which layer, over which others, who may change it.

Pure: takes profiles, gives rows and lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from teamconfig import schema
from teamconfig.errors import Problem, StandardsError
from teamconfig.keys import format_key, nearest, parse_key
from teamconfig.stanza import literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from teamconfig.profile import Candidate, Profile, Provenance
    from teamconfig.rules import Rule


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Args:
        key: Key path.
        value: The value that holds.
        layer: Layer that set it.
        where: `file:line`, the path in waypoint.hcl, or empty for the plugin layer.
    """

    key: str
    value: str
    layer: str
    where: str


def rows(profile: Profile, below: str = "") -> Iterator[Row]:
    """List what holds.

    Args:
        profile: A profile.
        below: Section, block or map to list; empty for everything.

    Yields:
        Rows in the order of the model.
    """
    for name in _ordered(profile):
        if not below or name == below or name.startswith((f"{below}.", f"{below}[")):
            winner = profile.provenance[name].winner
            yield Row(name, shown(winner.value), winner.layer, winner.where)


def _ordered(profile: Profile) -> list[str]:
    """Sort the leaves as the model declares them, entries of maps by name."""
    place = {key: number for number, (key, _) in enumerate(schema.leaves())}

    def rank(name: str) -> tuple[int, str]:
        key = profile.provenance[name].key
        return place.get(key, place.get(key[:-1], len(place))), name

    return sorted(profile.provenance, key=rank)


def shown(value: Any) -> str:
    """Write a value for a table or a sentence.

    Args:
        value: Value of a leaf.

    Returns:
        Text as it is, anything else as HCL writes it.
    """
    return value if isinstance(value, str) and value else literal(value)


def key(profile: Profile, text: str) -> tuple[str, ...]:
    """Find the leaves that a key names.

    Args:
        profile: A profile.
        text: Key path; of a leaf, or of a section, block or map. The section may be left out if only one has it.

    Returns:
        Names of the leaves that are set; empty if the key exists and nothing sets it.

    Raises:
        StandardsError: There is no such key (kind missing); names the nearest.
    """
    path = parse_key(text) or (text,)
    known = path[0] in schema.names_at(()) and (len(path) == 1 or schema.find(path) is not None)
    if not known:
        sections = [section for section in schema.names_at(()) if schema.find((section, *path)) is not None]
        if not sections:
            raise _unknown(text)
        path = (sections[0], *path)
    name = format_key(path)
    return tuple(row.key for row in rows(profile, name))


def full_key(text: str) -> str:
    """Complete a key from which the section was left out.

    Args:
        text: A key that `key` accepts.

    Returns:
        The key path with its section.
    """
    path = parse_key(text) or (text,)
    if path[0] in schema.names_at(()):
        return format_key(path)
    return format_key((next(s for s in schema.names_at(()) if schema.find((s, *path)) is not None), *path))


def _unknown(text: str) -> StandardsError:
    every = [format_key(leaf) for leaf, _ in schema.leaves()]
    short = {name.rpartition(".")[2]: name for name in reversed(every)}
    by_end = short.get(nearest(text, short) or "") if "." not in text else None
    close = by_end or nearest(text, every)
    fix = f"ask for {close}" if close else "run `wps explain` for all keys"
    return StandardsError([Problem(f"unknown key {text}", "standards have no such key", fix, "", "missing")])


def lines(origin: Provenance, *, rank_width: int = 0) -> Iterator[str]:
    """Tell all about one leaf.

    Args:
        origin: Its provenance.
        rank_width: Least width of the column of layers.

    Yields:
        Lines: the winner, the losers, the rules, who may change it.
    """
    width = max(rank_width, *(len(one.layer) for one in (origin.winner, *origin.losers)))
    values = max(len(shown(one.value)) for one in (origin.winner, *origin.losers))
    yield format_key(origin.key)
    yield f"  {shown(origin.winner.value):<{values}}  {origin.winner.layer:<{width}}  {origin.winner.place}".rstrip()
    for loser in origin.losers:
        yield f"  {shown(loser.value):<{values}}  {loser.layer:<{width}}  {loser.place}  (overridden)".rstrip()
    for rule in origin.rules:
        yield f"  rule: {rule.text}, by {rule.layer} ({rule.where}): {rule.reason}"
        if rule.contact:
            yield f"    owner {rule.owner}; to change it, ask {rule.contact}"
    yield f"  may change it: {origin.may_change}"


def unset(text: str) -> Iterator[str]:
    """Tell about a key that nothing sets.

    Args:
        text: Key path of a leaf.

    Yields:
        Lines: that it is unset, what happens then, and what it does.
    """
    spec = schema.find(parse_key(text) or ())
    yield text
    yield f"  unset{f': {spec.default}' if spec is not None and spec.default else ''}"
    if spec is not None:
        yield f"  {spec.doc}"


def as_json(profile: Profile, names: tuple[str, ...] | None = None) -> dict[str, Any]:
    """Give a profile with its provenance as plain data.

    Args:
        profile: A profile.
        names: Leaves to give; all if left out.

    Returns:
        Data for `json.dumps`: identity, revision, digest, and each leaf with winner, losers and rules.
    """
    wanted = tuple(_ordered(profile)) if names is None else names
    return {
        "project": profile.project,
        "app": profile.app,
        "team": profile.team,
        "environment": profile.environment,
        "protected": profile.protected,
        "revision": profile.revision,
        "digest": profile.digest(),
        "values": {name: _origin(profile.provenance[name]) for name in wanted},
    }


def _origin(origin: Provenance) -> dict[str, Any]:
    return {
        **_candidate(origin.winner),
        "losers": [_candidate(loser) for loser in origin.losers],
        "rules": [_rule(rule) for rule in origin.rules],
        "may_change": origin.may_change,
    }


def _candidate(candidate: Candidate) -> dict[str, Any]:
    return {
        "value": candidate.value,
        "layer": candidate.rank.title,
        "from": candidate.layer,
        "where": candidate.where,
        "revision": candidate.revision,
    }


def _rule(rule: Rule) -> dict[str, Any]:
    facts = {
        "locked": rule.locked or None,
        "min": rule.least,
        "max": rule.most,
        "allowed": list(rule.allowed) if rule.allowed is not None else None,
        "reason": rule.reason,
        "owner": rule.owner,
        "ask": rule.contact,
        "layer": rule.layer,
        "where": rule.where,
    }
    return {name: fact for name, fact in facts.items() if fact is not None}

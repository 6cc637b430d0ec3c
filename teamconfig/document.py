"""One file of standards: its two sections `standards` and `rules`, checked against the schema into a layer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from teamconfig import kinds, schema, templates
from teamconfig.errors import Problem
from teamconfig.keys import format_key, nearest, parse_key
from teamconfig.layers import Layer, Leaf
from teamconfig.model import SECTIONS
from teamconfig.rules import Rule
from teamconfig.stanza import texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from teamconfig.keys import Key
    from teamconfig.ranks import Rank
    from teamconfig.schema import Spec
    from teamconfig.yamlfile import Node

_LISTED = 12
_INT = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?[0-9]+(?:\.[0-9]+)?")
_RULE_KEYS = ("min", "max", "allowed", "locked", "reason", "owner", "ask")
_ABSENT = object()


class Checker:
    """Collects the problems of one file, each with its line.

    Args:
        path: Path of the file within the standards.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.problems: list[Problem] = []

    def refuse(self, what: str, why: str, fix: str, line: int) -> None:
        """Note a problem.

        Args:
            what: As in Problem.
            why: As in Problem.
            fix: As in Problem.
            line: Line of the file.
        """
        self.problems.append(Problem(what, why, fix, f"{self.path}:{line}"))

    def unknown(self, name: str, known: tuple[str, ...], holder: str, line: int) -> None:
        """Note a key that does not exist, with the one it was meant to be.

        Args:
            name: As written.
            known: Keys that exist there.
            holder: What has these keys: "kubernetes.probe".
            line: Line of the key.
        """
        close = nearest(name, known)
        more = ", ..." if len(known) > _LISTED else ""
        fix = f"write {close}" if close else f"use one of {', '.join(known[:_LISTED])}{more}"
        self.refuse(f"unknown key {name}", f"{holder} has no such key", fix, line)

    def mapping(self, node: Node | None, holder: str) -> Node | None:
        """Insist on a map of keys.

        Args:
            node: What stands there.
            holder: What it is, for the problem.

        Returns:
            The node if it is a map, None otherwise; nothing at all is no problem.
        """
        if node is None or node.value is None:
            return None
        if isinstance(node.value, dict):
            return node
        self.refuse(f"{holder} is not a map of keys", "it holds keys and values", "indent keys below it", node.line)
        return None

    def scalar(self, kind: str, node: Node, name: str, example: str) -> Any:
        """Read one value as its kind wants it.

        Args:
            kind: Kind of the key.
            node: The value.
            name: Key, for the problem.
            example: A good value, for the problem.

        Returns:
            Text, int, float or bool; `_ABSENT` if it is none, after noting the problem.
        """
        text = node.value
        if isinstance(text, str):
            if kind in ("string", "enum", "memory", "cpu", "duration"):
                return text
            if kind == "bool" and node.plain and text in ("true", "false"):
                return text == "true"
            if kind == "int" and node.plain and _INT.fullmatch(text):
                return int(text)
            if kind == "float" and node.plain and _FLOAT.fullmatch(text):
                return float(text)
        shown = f'"{text}"' if isinstance(text, str) and not node.plain else text if isinstance(text, str) else "..."
        shown = "nothing" if text is None else shown
        self.refuse(
            f"{name}: {shown} is not allowed",
            f"{name.rpartition('.')[2]} is {kinds.WANTED[kind]}",
            f"write {name.rpartition('.')[2]}: {example}" if example else "write a value, or remove the key",
            node.line,
        )
        return _ABSENT

    def texts(self, node: Node, name: str) -> tuple[str, ...]:
        """Read a list of texts.

        Args:
            node: What stands there.
            name: Key, for the problem.

        Returns:
            The texts that are there.
        """
        if not isinstance(node.value, list):
            self.refuse(f"{name} is not a list", f"{name} is a list of texts", f"write {name}: [...]", node.line)
            return ()
        found = [self.scalar("string", item, name, "") for item in node.value]
        return tuple(item for item in found if item is not _ABSENT)

    def text(self, node: Node, name: str, example: str = "") -> str:
        """Read one text.

        Args:
            node: What stands there.
            name: Key, for the problem.
            example: A good value, for the problem.

        Returns:
            The text, empty if it is none.
        """
        found = self.scalar("string", node, name, example)
        return found if isinstance(found, str) else ""


def layer(checker: Checker, root: Node | None, rank: Rank, name: str, header: str = "") -> Layer:
    """Check one file and make its layer.

    Args:
        checker: For the problems.
        root: The file.
        rank: Which layer the file is.
        name: Whose it is, for people.
        header: One more top-level key that this file has: "org" or "team".

    Returns:
        The layer with every valid value and rule.
    """
    leaves: dict[Key, Leaf] = {}
    found_rules: dict[Key, Rule] = {}
    result = Layer(rank, name, checker.path, leaves, found_rules)
    known = (*((header,) if header else ()), "standards", "rules")
    root = checker.mapping(root, checker.path)
    if root is None:
        return result
    for key, node, line in root.items():
        if key == "standards":
            _standards(checker, node, leaves)
        elif key == "rules":
            _rules(checker, node, result, found_rules)
        elif key not in known:
            checker.unknown(key, known, checker.path, line)
    return result


def _standards(checker: Checker, node: Node, leaves: dict[Key, Leaf]) -> None:
    sections = checker.mapping(node, "standards")
    for name, section, line in sections.items() if sections is not None else ():
        if name not in SECTIONS:
            checker.unknown(name, tuple(SECTIONS), "standards", line)
        else:
            _block(checker, section, (name,), SECTIONS[name], leaves)


def _block(checker: Checker, node: Node, prefix: Key, block: type, leaves: dict[Key, Leaf]) -> None:
    known = schema.specs(block)
    inner = checker.mapping(node, format_key(prefix))
    for name, value, line in inner.items() if inner is not None else ():
        spec = known.get(name)
        key = (*prefix, name)
        if spec is None:
            checker.unknown(name, tuple(known), format_key(prefix), line)
        elif spec.kind == "block" and spec.block is not None:
            _block(checker, value, key, spec.block, leaves)
        elif spec.kind == "map":
            _map(checker, value, key, spec, leaves)
        else:
            found = _value(checker, spec, value, key)
            if found is not _ABSENT:
                leaves[key] = Leaf(found, value.line)


def _map(checker: Checker, node: Node, key: Key, spec: Spec, leaves: dict[Key, Leaf]) -> None:
    entries = checker.mapping(node, format_key(key))
    for name, value, line in entries.items() if entries is not None else ():
        entry = (*key, name)
        found = checker.scalar("string", value, format_key(entry), "")
        fine = isinstance(found, str) and _fits(checker, spec, {name: found}, format_key(entry), line)
        if fine and _template(checker, spec, found, format_key(entry), line):
            leaves[entry] = Leaf(found, line)


def _fits(checker: Checker, spec: Spec, value: Any, name: str, line: int) -> bool:
    """Check a value as a whole; note why it does not fit."""
    try:
        kinds.check(spec, value)
    except kinds.RefusedError as err:
        checker.refuse(f"{name} is not allowed", err.why, kinds.advice(spec, err, err.example), line)
        return False
    return True


def _value(checker: Checker, spec: Spec, node: Node, key: Key) -> Any:
    """Read and check one leaf; _ABSENT if it is not valid."""
    name = format_key(key)
    found = _plain(checker, spec, node, name)
    if found is _ABSENT:
        return found
    if spec.kind in ("blocks", "block", "map"):
        return found if _fits(checker, spec, found, name, node.line) else _ABSENT
    try:
        kinds.check(spec, found)
    except kinds.RefusedError as err:
        shown = str(found).lower() if isinstance(found, bool) else found
        fix = kinds.advice(spec, err, f"{spec.name}: {err.example}")
        checker.refuse(f"{name}: {shown} is not allowed", err.why, fix, node.line)
        return _ABSENT
    fine = all(_template(checker, spec, text, name, node.line) for text in texts(found))
    return found if fine else _ABSENT


def _template(checker: Checker, spec: Spec, text: str, name: str, line: int) -> bool:
    word = templates.unknown(text, spec)
    if word is None:
        return True
    why = f"{{{word}}} stands for nothing"
    checker.refuse(f"{name}: {text} is not allowed", why, templates.advice(spec), line)
    return False


def _plain(checker: Checker, spec: Spec, node: Node, name: str) -> Any:
    """Turn a node into plain Python by the kind of its key."""
    if spec.kind == "block":
        return _item(checker, spec, node, name)
    if spec.kind == "map":
        entries = checker.mapping(node, name)
        nodes = entries.items() if entries is not None else ()
        texts_by_key = {key: checker.scalar("string", value, f"{name}.{key}", "") for key, value, _ in nodes}
        return _ABSENT if _ABSENT in texts_by_key.values() else texts_by_key
    if spec.kind not in ("list", "blocks"):
        return checker.scalar(spec.kind, node, name, spec.example)
    if not isinstance(node.value, list):
        fix = f"write {spec.name}: {spec.example or '[...]'}"
        checker.refuse(f"{name} is not a list", f"{spec.name} is {kinds.WANTED[spec.kind]}", fix, node.line)
        return _ABSENT
    if spec.kind == "list":
        items = [checker.scalar("string", item, name, "") for item in node.value]
        return _ABSENT if _ABSENT in items else items
    before = len(checker.problems)
    blocks = [_item(checker, spec, item, name) for item in node.value]
    return blocks if len(checker.problems) == before else _ABSENT


def _item(checker: Checker, spec: Spec, node: Node, name: str) -> dict[str, Any]:
    """Read one block of a list of blocks, or a block in one."""
    known: Mapping[str, Spec] = schema.specs(spec.block) if spec.block is not None else {}
    item = checker.mapping(node, name)
    found = {}
    for part, value, line in item.items() if item is not None else ():
        inner = known.get(part)
        if inner is None:
            checker.unknown(part, tuple(known), name, line)
        else:
            found[part] = _value(checker, inner, value, (*name.split("."), part))
    return found


def _rules(checker: Checker, node: Node, layer: Layer, found: dict[Key, Rule]) -> None:
    entries = checker.mapping(node, "rules")
    for text, value, line in entries.items() if entries is not None else ():
        key = parse_key(text)
        if key is None or (schema.find(key) is None and key not in {(section,) for section in SECTIONS}):
            _unknown_rule_key(checker, text, key, line)
            continue
        entry = checker.mapping(value, f"rule {text}")
        if entry is not None:
            rule = _rule(checker, entry, key, layer, line)
            if rule is not None:
                found[key] = rule


def _unknown_rule_key(checker: Checker, text: str, key: Key | None, line: int) -> None:
    every = [format_key(leaf) for leaf, _ in schema.leaves()]
    close = nearest(text, every)
    fix = f"write {close}" if close else "see docs/standards.md for all keys"
    why = "standards have no such key" if key is not None else "it is not a key path"
    checker.refuse(f"rule for unknown key {text}", why, fix, line)


def _rule(checker: Checker, node: Node, key: Key, layer: Layer, line: int) -> Rule | None:
    """Read one rule; None if it says nothing that can be held."""
    name = format_key(key)
    before = len(checker.problems)
    facts: dict[str, Any] = {}
    spec = schema.find(key)
    for fact, value, at in node.items():
        if fact not in _RULE_KEYS:
            checker.unknown(fact, _RULE_KEYS, f"rule {name}", at)
        elif fact == "locked":
            if checker.scalar("bool", value, f"rule {name}.locked", "true") is False:
                checker.refuse(f"rule {name} says locked: false", "no rule can be lifted", "remove locked", at)
            facts["locked"] = True
        elif fact in ("min", "max", "allowed"):
            facts |= _bound(checker, spec, key, fact, value)
        else:
            facts[fact] = checker.text(value, f"rule {name}.{fact}")
    if len(checker.problems) == before:
        _check_rule(checker, spec, name, facts, line)
    if len(checker.problems) > before:
        return None
    return Rule(key=key, rank=layer.rank, layer=layer.title, where=f"{checker.path}:{line}", **facts)


def _check_rule(checker: Checker, spec: Spec | None, name: str, facts: dict[str, Any], line: int) -> None:
    """Look at a rule as a whole: that it limits something, permits something, and says why."""
    if not facts.keys() & {"least", "most", "allowed", "locked"}:
        checker.refuse(f"rule {name} limits nothing", "a rule has min, max, allowed or locked", "add one", line)
    for fact in ("reason", "owner"):
        if not facts.get(fact):
            why = "whoever runs into the rule must learn why it is so, and whom to ask"
            checker.refuse(f"rule {name} has no {fact}", why, f"add {fact}: ...", line)
    both = spec is not None and "least" in facts and "most" in facts
    if both and spec is not None and kinds.measure(spec, facts["least"]) > kinds.measure(spec, facts["most"]):
        why = f"min {facts['least']} is more than max {facts['most']}"
        checker.refuse(f"rule {name} permits nothing", why, "swap or correct them", line)


def _bound(checker: Checker, spec: Spec | None, key: Key, fact: str, node: Node) -> dict[str, Any]:
    """Read min, max or allowed, each as a value of the key itself."""
    name = format_key(key)
    entry = spec is not None and spec.kind == "map" and key[-1] != spec.name
    if spec is None or spec.kind in ("block", "blocks") or (spec.kind == "map" and not entry):
        why = "only a single value has bounds"
        checker.refuse(f"rule {name} has {fact}", why, "use locked, or name a key", node.line)
        return {}
    if fact != "allowed":
        if not kinds.ordered(spec):
            why = f"{spec.name} is {kinds.WANTED['string' if entry else spec.kind]}, which has no order"
            checker.refuse(f"rule {name} has {fact}", why, "use allowed", node.line)
            return {}
        value = _value(checker, spec, node, key)
        return {} if value is _ABSENT else {{"min": "least", "max": "most"}[fact]: value}
    if not isinstance(node.value, list):
        checker.refuse(f"rule {name}.allowed is not a list", "it lists all that may be used", "write [...]", node.line)
        return {}
    if spec.kind == "list" or entry:
        return {"allowed": checker.texts(node, f"rule {name}.allowed")}
    values = tuple(_value(checker, spec, item, key) for item in node.value)
    return {"allowed": tuple(value for value in values if value is not _ABSENT)}

"""From the options of the builtin `kubernetes` to ours, by the table of `builtin`. Pure."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from teamconfig.keys import nearest
from wps.hclfile import Undecided
from wps.migration import builtin, values
from wps.migration.useitems import Item, written

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wps.migration.builtin import Row

Path = tuple[str, ...]
"""Section and names; a block of a list has its number: ("kubernetes", "sidecars[0]", "image")."""

PORT: Path = ("kubernetes", "port")
HOST: Path = ("network", "host")
TLS: Path = ("network", "tls", "enabled")
_SERVICE: Path = ("kubernetes", "service")
_DEFAULT_PORT, _PORT_NAME = "3000", "http"
"""What the builtin's own port is and is called if nothing is said."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One option of ours, or one of the builtin's that became nothing.

    Args:
        item: What it was.
        path: What it is; empty if it became nothing, and only its comments remain.
        text: Its expression.
        value: What that means, or `Undecided`.
        implied: Whether it is written only where standards are known to say something else.
        refused: Why it could not be mapped, and what to do; None if it was.
    """

    item: Item
    path: Path = ()
    text: str = ""
    value: Any = None
    implied: bool = False
    refused: tuple[str, str] | None = None


def options(component: str, items: Sequence[Item], beside: Sequence[Entry] = ()) -> list[Entry]:
    """Translate the options of one `use`.

    Args:
        component: "platform" or "releaser".
        items: Its options.
        beside: For the releaser, the entries of its platform, which know the app's ports.

    Returns:
        Entries in the order of the items.
    """
    expanded = [part for item in items for part in _expanded(item)]
    work = _Translator(component, expanded, beside)
    for item in expanded:
        work.item(item)
    return work.entries


def _expanded(item: Item) -> list[Item]:
    """Take the map `resources` apart."""
    if not item.option.endswith("resources") or not isinstance(item.value, dict):
        return [item]
    parts = [
        dataclasses.replace(item, option=f"{item.option}.{name}", text=written(value), value=value)
        for name, value in item.value.items()
    ]
    return [item if place == 0 else _bare(item) for place, item in enumerate(parts)] or [_comments_of(item)]


def _bare(item: Item) -> Item:
    return dataclasses.replace(item, comments=(), trailing="")


def _comments_of(item: Item) -> Item:
    return dataclasses.replace(item, option="")


def _path(key: str, number: int | str = 0) -> Path:
    return tuple(key.replace("[]", f"[{number}]").split("."))


class _Translator:
    """Goes through the options of one `use`."""

    def __init__(self, component: str, items: Sequence[Item], beside: Sequence[Entry]) -> None:
        self.component = component
        self.set = {(item.option, item.numbers[0]): item for item in items if item.value not in (None, 0, "0")}
        self.ports = _ports(beside) if component == "releaser" else {}
        self.entries: list[Entry] = []

    def item(self, item: Item) -> None:
        """Translate one option."""
        row = builtin.find(self.component, item.option)
        if not item.option or (item.value is None and row is not None):
            self.entries.append(Entry(item))  # null is as if it were not there
        elif row is None:
            close = nearest(item.option, (row.option for row in builtin.TABLES[self.component]))
            fix = f"write {close} and import again, or remove it" if close else "remove it"
            self._refuse(item, "the builtin has no such option", fix)
        elif row.how == "none":
            self._refuse(item, row.difference, row.fix)
        else:
            _HOW[row.how](self, row, item)

    def _refuse(self, item: Item, why: str, fix: str) -> None:
        self.entries.append(Entry(item, refused=(why, fix)))

    def _add(self, item: Item, paths: Sequence[Path], text: str, value: Any, *, implied: bool = False) -> None:
        """Add an entry for each path; comments stay with the first."""
        for place, path in enumerate(paths):
            refusal = values.refusal(path, value)
            if refusal is not None:
                self._refuse(item, *refusal)
                return
            self.entries.append(Entry(item if place == 0 else _bare(item), path, text, value, implied))

    def same(self, row: Row, item: Item) -> None:
        self._add(item, [_path(key, item.numbers[0]) for key in row.keys], item.text, item.value)

    def drop(self, row: Row, item: Item) -> None:
        del row
        self.entries.append(Entry(item))

    def seconds(self, row: Row, item: Item) -> None:
        undecided = isinstance(item.value, Undecided)
        text = f'"${{{item.text}}}s"' if undecided else f'"{item.value}s"'
        value = Undecided(text) if undecided else f"{item.value}s"
        self._add(item, [_path(key, item.numbers[0]) for key in row.keys], text, value)

    def asked(self, row: Row, item: Item) -> None:
        """A path is asked by HTTP, whatever the standards ask by."""
        self.same(row, item)
        if self.entries[-1].path:
            kinds = [(*_path(key, item.numbers[0])[:-1], "kind") for key in row.keys]
            self._add(_bare(item), kinds, '"http"', "http", implied=True)

    def first(self, row: Row, item: Item) -> None:
        """The first port is the app's, later ones stand in blocks."""
        number = item.numbers[1]
        if number and len(row.keys) == 1:
            self._refuse(item, "a sidecar has one port", "remove it, or let the app's container listen on it")
            return
        key = row.keys[min(number, 1)]
        if key:
            block = item.numbers[0] if "sidecars" in key else number - 1
            protocol = row.option.endswith("protocol") and isinstance(item.value, str)
            text, value = (item.text.upper(), item.value.upper()) if protocol else (item.text, item.value)
            self._add(item, [_path(key, block)], text, value)
        elif row.option.endswith("protocol") and str(item.value).upper() != "TCP":
            self._refuse(item, row.difference, "write a TCP port before it, or remove it")
        else:
            self.entries.append(Entry(item))

    def limit(self, row: Row, item: Item) -> None:
        """A limit without request is the request too, as Kubernetes has it."""
        self.same(row, item)
        if (item.option.replace("limit", "request"), item.numbers[0]) not in self.set:
            self._add(_bare(item), [("kubernetes", "cpu")], item.text, item.value)

    def request(self, row: Row, item: Item) -> None:
        """A request without limit is the limit too, since no app runs without one."""
        limit = self.set.get((item.option.replace("request", "limit"), item.numbers[0]))
        first, *others = [_path(key, item.numbers[0]) for key in row.keys]
        if limit is None:
            self._add(item, others or [first], item.text, item.value)
        elif others:
            self._add(item, [first], item.text, item.value)
        elif limit.text == item.text:
            self.entries.append(Entry(item))
        else:
            self._refuse(item, "a sidecar's memory is set aside up to its limit", "remove it: the limit holds")

    def resources(self, row: Row, item: Item) -> None:
        del row
        self._refuse(item, "only Waypoint can work out which resources are in it", "write cpu and memory by themselves")

    def scratch(self, row: Row, item: Item) -> None:
        if not isinstance(item.value, list):
            self._refuse(item, "only Waypoint can work out how many paths are in it", "write a volumes block for each")
            return
        for number, path in enumerate(item.value):
            self._add(item if number == 0 else _bare(item), [_path(row.keys[0], number)], written(path), path)

    def balancer(self, row: Row, item: Item) -> None:
        paths = [_path(key) for key in row.keys]
        if isinstance(item.value, Undecided):
            asked = item.text if re.fullmatch(r"[\w.]+", item.text) else f"({item.text})"
            text = f'{asked} ? "LoadBalancer" : "ClusterIP"'
            self._add(item, paths, text, Undecided(text))
        elif item.value in (True, "true"):
            self._add(item, paths, '"LoadBalancer"', "LoadBalancer")
        elif ("node_port", 0) in self.set:
            self.entries.append(Entry(item))
        else:
            self._add(item, paths, '"ClusterIP"', "ClusterIP")

    def node_port(self, row: Row, item: Item) -> None:
        del row
        balancer = self.set.get(("load_balancer", 0))
        if item.value in (0, "0"):
            self.entries.append(Entry(item))
        elif balancer is not None and balancer.value not in (False, "false"):
            self._refuse(item, "a Service of type LoadBalancer takes the node port that it gets", "remove it")
        else:
            self._add(item, [(*_SERVICE, "node_port")], item.text, item.value)
            self._add(_bare(item), [(*_SERVICE, "type")], '"NodePort"', "NodePort")

    def default(self, row: Row, item: Item) -> None:
        if item.value in (False, "false"):
            self.entries.append(Entry(item))
        else:
            self._refuse(item, row.difference, row.fix)

    def hosts(self, row: Row, item: Item) -> None:
        host = self.set.get(("ingress.http.host", 0))
        if host is not None and item.value == [host.value]:
            self.entries.append(Entry(item))
        else:
            self._refuse(item, f"the certificate is {row.difference}'s", row.fix)

    def service_ports(self, row: Row, item: Item) -> None:
        """One port of the Service leads to the app's own, each other one stands beside the port it leads to."""
        if not isinstance(item.value, list) or not all(isinstance(one, dict) for one in item.value):
            self._refuse(item, "only Waypoint can work out which ports are in it", "write service { port = ... }")
            return
        for number, one in enumerate(item.value):
            self._service_port(row, item if number == 0 else _bare(item), one, number)

    def _service_port(self, row: Row, item: Item, one: dict[str, Any], number: int) -> None:
        target, port = str(one.get("target_port") or _PORT_NAME), _number(one.get("port", 80))
        slot = self.ports.get(target)
        own = slot == ""
        if own:
            self._add(item, [(*_SERVICE, "port")], written(port), port)
        elif slot is not None:
            self._add(item, [("kubernetes", slot, "service_port")], written(port), port)
        elif target.isdigit():
            new = f"ports[service {number}]"
            named = one.get("name") or f"port-{target}"
            for name, value in (("name", named), ("port", int(target)), ("service_port", port)):
                self._add(item if name == "name" else _bare(item), [("kubernetes", new, name)], written(value), value)
        else:
            fix = 'write ports { name = "..." port = ... service_port = ... }'
            self._refuse(item, f"no port is called {target}", fix)
        node_port = _number(one.get("node_port", 0))
        if node_port and own:
            self.node_port(row, dataclasses.replace(_bare(item), text=written(node_port), value=node_port))
        elif node_port:
            self._refuse(_bare(item), "only the app's own port has a node port that it chooses", "remove node_port")


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def _ports(beside: Sequence[Entry]) -> dict[str, str]:
    """Say where each port of the app stands, by name and number: "" for its own, "ports[0]" for another one."""
    held = {entry.path: entry for entry in beside if entry.path}
    found = {
        str(entry.value): path[1]
        for path, entry in held.items()
        if path[1].startswith("ports[") and path[2] in ("name", "port")
    }
    names = [entry.item.value for entry in beside if entry.item.option == "pod.container.port.name" and not entry.path]
    own = str(held[PORT].value) if PORT in held else _DEFAULT_PORT
    return found | dict.fromkeys([_PORT_NAME, own, *map(str, names)], "")


_HOW: dict[str, Callable[[_Translator, Row, Item], None]] = {
    "same": _Translator.same,
    "drop": _Translator.drop,
    "seconds": _Translator.seconds,
    "path": _Translator.asked,
    "first": _Translator.first,
    "limit": _Translator.limit,
    "request": _Translator.request,
    "resources": _Translator.resources,
    "scratch": _Translator.scratch,
    "balancer": _Translator.balancer,
    "node_port": _Translator.node_port,
    "default": _Translator.default,
    "hosts": _Translator.hosts,
    "ports": _Translator.service_ports,
}

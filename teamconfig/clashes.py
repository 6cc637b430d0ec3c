"""What two keys of section `kubernetes` both want: a name, a port, a variable, a path. One would lose silently."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from teamconfig.errors import Problem
from teamconfig.ranks import Rank

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from teamconfig.keys import Key
    from teamconfig.layers import Layer

OBSERVED = {"LOG_FORMAT": "log_format", "LOG_LEVEL": "log_level", "OTEL_EXPORTER_OTLP_ENDPOINT": "otlp_endpoint"}
"""Variables that section `observability` gives to an app, and their keys there."""

Claim = tuple[str, str, Any]
"""Key of section `kubernetes`, what of it, for people, and what it wants."""


def problems(winners: Mapping[Key, Any], stacks: Mapping[Key, list[Layer]], app: str) -> list[Problem]:
    """Find what is wanted twice.

    Args:
        winners: Values by leaf.
        stacks: Layers that set a leaf, lowest first.
        app: Name of the app, which its container has.

    Returns:
        One problem for each second claim, told where the higher layer made it.
    """
    found = []
    for kind, claims in (
        ("container", _containers(winners, app)),
        ("port", _ports(winners)),
        ("port name", _port_names(winners)),
        ("port of the Service", _service_ports(winners)),
        ("variable", _variables(winners)),
        ("path", _paths(winners)),
    ):
        held: dict[Any, Claim] = {}
        for claim in claims:
            other = held.setdefault(claim[2], claim)
            if other is not claim:
                found.append(_problem(kind, claim, other, stacks))
    return found + _unlike(winners, stacks)


def _problem(kind: str, claim: Claim, other: Claim, stacks: Mapping[Key, list[Layer]]) -> Problem:
    key, what, wanted = claim
    blamed = max((name for name in (key, other[0]) if _key(stacks, name)), key=lambda name: _top(stacks, name)[1].rank)
    path, top = _top(stacks, blamed)
    shown = wanted[0] if isinstance(wanted, tuple) else wanted
    kind_of = "option" if top.rank is Rank.FILE else "policy"
    why = f"{other[1]} has it already"
    return Problem(f"{what} wants the {kind} {shown}", why, "give one of them another", top.where(path), kind_of)  # type: ignore[arg-type]


def _key(stacks: Mapping[Key, list[Layer]], name: str) -> bool:
    return any(".".join(key) == name or ".".join(key[:2]) == name for key in stacks)


def _top(stacks: Mapping[Key, list[Layer]], name: str) -> tuple[Key, Layer]:
    """Find the highest layer that sets a key, or an entry of it."""
    found = [(key, stack[-1]) for key, stack in stacks.items() if name in {".".join(key), ".".join(key[:2])}]
    return max(found, key=lambda item: item[1].rank)


def _containers(winners: Mapping[Key, Any], app: str) -> Iterator[Claim]:
    yield "kubernetes.port", "the app", app
    for key in ("sidecars", "init"):
        for item in winners.get(("kubernetes", key), ()):
            yield f"kubernetes.{key}", f"one of kubernetes.{key}", item.get("name")


def _ports(winners: Mapping[Key, Any]) -> Iterator[Claim]:
    port = winners.get(("kubernetes", "port"))
    if port:
        yield "kubernetes.port", "the app (kubernetes.port)", (port, "TCP")
    for item in winners.get(("kubernetes", "ports"), ()):
        yield "kubernetes.ports", "one of kubernetes.ports", (item.get("port"), item.get("protocol") or "TCP")


def _port_names(winners: Mapping[Key, Any]) -> Iterator[Claim]:
    if winners.get(("kubernetes", "port")):
        yield "kubernetes.port", "the app (kubernetes.port)", "http"
    for item in winners.get(("kubernetes", "ports"), ()):
        yield "kubernetes.ports", "one of kubernetes.ports", item.get("name")


def _service_ports(winners: Mapping[Key, Any]) -> Iterator[Claim]:
    yield "kubernetes.service", "the app (kubernetes.service.port)", winners.get(("kubernetes", "service", "port"))
    for item in winners.get(("kubernetes", "ports"), ()):
        if item.get("service_port"):
            yield "kubernetes.ports", "one of kubernetes.ports", item["service_port"]


def _variables(winners: Mapping[Key, Any]) -> Iterator[Claim]:
    if winners.get(("kubernetes", "port")):
        yield "kubernetes.port", "the app's port (kubernetes.port)", "PORT"
    for variable, name in OBSERVED.items():
        if winners.get(("observability", name)):
            yield f"observability.{name}", f"observability.{name}", variable
    for key in ("env", "config_env", "secret_env"):
        for path in winners:
            if path[:2] == ("kubernetes", key):
                yield f"kubernetes.{key}", f"kubernetes.{key}", path[2]


def _paths(winners: Mapping[Key, Any]) -> Iterator[Claim]:
    for path in winners:
        if path[:2] == ("kubernetes", "files"):
            yield "kubernetes.files", "kubernetes.files", path[2]
    for item in winners.get(("kubernetes", "volumes"), ()):
        yield "kubernetes.volumes", "one of kubernetes.volumes", item.get("path")


def _unlike(winners: Mapping[Key, Any], stacks: Mapping[Key, list[Layer]]) -> list[Problem]:
    """Find a user 0 that must not be root: the node would refuse to start it."""
    user = ("kubernetes", "security", "run_as_user")
    if winners.get(user) != 0 or not winners.get(("kubernetes", "security", "run_as_non_root")):
        return []
    top = stacks[user][-1]
    kind = "option" if top.rank is Rank.FILE else "policy"
    what, why = "run_as_user = 0 cannot start", "run_as_non_root forbids user 0"
    return [Problem(what, why, "choose another user, or set run_as_non_root to false", top.where(user), kind)]  # type: ignore[arg-type]

"""Strategies for sections of the standards, made of the model: every key, with values that its facts permit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from teamconfig import schema, units
from teamconfig.model import Kubernetes, Network
from teamconfig.model import shapes as s

if TYPE_CHECKING:
    from teamconfig.model.shapes import Shape
    from teamconfig.schema import Spec

NOT_HERE = {"kubeconfig", "context", "namespace", "console_url"}
"""Keys that say where the cluster is, or that no manifest shows."""

FEW = 3
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20)


def shaped(shape: Shape) -> st.SearchStrategy[str]:
    """Make texts of a shape."""
    hosts = st.ip_addresses().map(lambda address: f"{address}/{address.max_prefixlen}")
    networks = st.sampled_from(["10.0.0.0/8", "192.0.2.0/24", "2001:db8::/32", "0.0.0.0/0"]) | hosts
    if shape is s.NETWORK:
        return networks
    if shape is s.PEER:
        return st.sampled_from(["any", "namespace", "namespace/x", "app/web"]) | networks.map("cidr/{}".format)
    return st.from_regex(shape.pattern, fullmatch=True).filter(shape.fits)


def value(spec: Spec) -> st.SearchStrategy[Any]:
    """Make values of a key."""
    if spec.block is not None:
        inner = block(spec.block)
        return inner if spec.kind == "block" else st.lists(inner, max_size=FEW)
    if spec.choices:
        return st.sampled_from(spec.choices)
    if spec.kind in {"int", "memory", "cpu", "duration"}:
        return amount(spec)
    text = shaped(spec.shape) if spec.shape is not None else TEXT
    keys = shaped(spec.key_shape) if spec.key_shape is not None else TEXT
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "bool": st.booleans(),
        "list": st.lists(text, max_size=FEW),
        "map": st.dictionaries(keys, text, max_size=FEW),
    }
    return kinds.get(spec.kind, text)


def amount(spec: Spec) -> st.SearchStrategy[Any]:
    """Make numbers, amounts and durations within the bounds of a key."""
    least, most = spec.bounds or (None, None)
    if spec.kind == "int":
        return st.integers(least, most)
    if spec.kind == "memory":
        low, high = units.parse_memory(least or "1Mi"), units.parse_memory(most or "1Ti")
        return st.integers(low >> 20, high >> 20).map("{}Mi".format)
    if spec.kind == "cpu":
        return st.integers(units.parse_cpu(least or "1m"), units.parse_cpu(most or "8")).map("{}m".format)
    low_s, high_s = (int(units.parse_duration(bound).total_seconds()) for bound in (least or "0s", most or "1h"))
    return st.integers(low_s, high_s).map("{}s".format)


def block(kind: type) -> st.SearchStrategy[dict[str, Any]]:
    """Make blocks: what a block cannot be without, and of the rest anything."""
    specs = {name: spec for name, spec in schema.specs(kind).items() if name not in NOT_HERE}
    required = set(getattr(kind, "required", ()))
    return st.fixed_dictionaries(
        {name: value(spec) for name, spec in specs.items() if name in required},
        optional={name: value(spec) for name, spec in specs.items() if name not in required},
    )


SECTION_KUBERNETES = block(Kubernetes)
SECTION_NETWORK = block(Network)

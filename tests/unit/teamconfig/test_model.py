"""The declarations of the model fit together."""

from __future__ import annotations

import dataclasses
import typing

import pytest

from teamconfig import kinds, schema
from teamconfig.model import SECTIONS, Standards

_HINTS = {
    "string": str | None, "enum": str | None, "memory": str | None, "cpu": str | None, "duration": str | None,
    "int": int | None, "float": float | None, "bool": bool | None, "list": list[str] | None,
    "map": dict[str, str] | None,
}  # fmt: skip


def _blocks() -> list[type]:
    found = list(SECTIONS.values())
    for block in found:
        found += [spec.block for spec in schema.specs(block).values() if spec.block and spec.block not in found]
    return found


@pytest.mark.parametrize("block", _blocks(), ids=lambda block: block.__name__)
def test_annotation_agrees_with_kind(block: type) -> None:
    """Each field is annotated with the type that its kind has, so that a plugin can use the class as HCL options."""
    hints = typing.get_type_hints(block)
    for field in dataclasses.fields(block):
        kind = field.metadata["kind"]
        if kind in _HINTS:
            assert hints[field.name] == _HINTS[kind], field.name
        else:
            assert dataclasses.is_dataclass(schema.specs(block)[field.name].block), field.name


@pytest.mark.parametrize("block", _blocks(), ids=lambda block: block.__name__)
def test_nothing_is_set_by_construction(block: type) -> None:
    """An instance made without arguments has nothing set, so None always means that no one said anything."""
    assert all(not value for value in dataclasses.asdict(block()).values())


def test_every_key_tells_all_about_itself() -> None:
    """Each key has a doc that ends as a sentence, an example or choices, and says what happens when it is unset."""
    for key, spec in schema.leaves():
        assert spec.doc.endswith("."), key
        assert spec.kind == "blocks" or spec.example or spec.choices, key


def test_presets_and_examples_are_valid() -> None:
    """The defaults of the lowest layer, and the examples of the documentation, pass the checks of the model."""
    for key, value in schema.presets().items():
        spec = schema.find(key)
        assert spec is not None
        kinds.check(spec, value)
    for key, spec in schema.leaves():
        if spec.kind in {"string", "enum", "memory", "cpu", "duration"}:
            kinds.check(spec, spec.example)
        if spec.kind == "int":
            assert spec.example.isdigit(), key
            kinds.check(spec, int(spec.example))


def test_sections_are_the_fields_of_standards() -> None:
    """The sections by name and the fields of Standards are the same."""
    assert list(SECTIONS) == [field.name for field in dataclasses.fields(Standards)]


def test_defaults_are_fit_for_production() -> None:
    """An app whose standards say nothing gets probes, a memory limit, two replicas and a restricted context."""
    presets = schema.presets()
    assert presets["kubernetes", "replicas"] == 2
    assert presets["kubernetes", "memory"] == "256Mi"
    for probe in ("startup", "readiness", "liveness"):
        assert presets["kubernetes", "probe", probe, "period"]
    assert presets["kubernetes", "security", "run_as_non_root"] is True
    assert presets["kubernetes", "security", "allow_privilege_escalation"] is False
    assert presets["kubernetes", "security", "drop_capabilities"] == ["ALL"]
    assert presets["kubernetes", "security", "seccomp"] == "RuntimeDefault"
    assert presets["kubernetes", "entrypoint_env"] is False

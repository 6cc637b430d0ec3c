"""JSON Schema (draft 2020-12) of the YAML files, made of the model, so that editors complete and check standards.

Editors check types, units and names; layers, rules and what fits together are
checked by `wps standards check` only.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from teamconfig import bindings, schema
from teamconfig.model import SECTIONS

if TYPE_CHECKING:
    from teamconfig.schema import Spec

_PATTERNS = {
    "memory": r"^[0-9]+(\.[0-9]+)?(Ki|Mi|Gi|Ti|Pi|k|M|G|T|P)?$",
    "cpu": r"^([0-9]+m|[0-9]+(\.[0-9]{1,3})?)$",
    "duration": r"^([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$",
}
_TYPES = {"int": "integer", "float": "number", "bool": "boolean"}
_TEXT = {"type": ["string", "number", "boolean"]}


def document() -> dict[str, Any]:
    """Describe a file of standards; one schema serves every layer.

    Returns:
        The schema, as data for `json.dumps`.
    """
    sections = {name: {"$ref": f"#/$defs/{block.__name__}"} for name, block in SECTIONS.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Waypaas standards",
        "description": "A file of standards: values by section, and rules by key path.",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "org": _ORG,
            "team": _TEAM,
            "standards": {"type": "object", "additionalProperties": False, "properties": sections},
            "rules": {
                "type": "object",
                "description": "Limits for all later layers, by key path.",
                "propertyNames": {"pattern": f"^({'|'.join(SECTIONS)})([.\\[].*)?$"},
                "additionalProperties": _RULE,
            },
        },
        "$defs": {block.__name__: _block(block) for block in _blocks()},
    }


def _texts(description: str) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "string"}, "description": description}


def _text(description: str) -> dict[str, Any]:
    return {"type": "string", "description": description}


def _roles(description: str, known: tuple[str, ...]) -> dict[str, Any]:
    groups = {"type": "array", "items": {"type": "string"}, "minItems": 1}
    return {
        "type": "object",
        "additionalProperties": False,
        "description": description,
        "properties": dict.fromkeys(known, groups),
    }


_ORG = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "environments"],
    "description": "The company; in org.yaml only.",
    "properties": {
        "name": _text("Name of the company."),
        "contact": _text("Whom to ask about the standards."),
        "environments": {
            **_texts("In the order of promotion; Waypoint's workspace `default` is the first."),
            "minItems": 1,
            "uniqueItems": True,
        },
        "protected": _texts("Environments in which nobody may open a shell; `production` and `prod` always are."),
        "workspaces": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "Environment by Waypoint workspace; a name that ends in * matches every one that begins so.",
        },
        "roles": _roles("Ids of identity groups by role in the company.", bindings.ORGANIZATION_ROLES),
    },
}
_TEAM = {
    "type": "object",
    "additionalProperties": False,
    "description": "The team; in team.yaml only.",
    "properties": {
        "name": _text("Name of the directory, or left out."),
        "owner": _text("Whom to ask about the team's standards."),
        "projects": _texts("Waypoint projects that belong to the team."),
        "roles": _roles("Ids of identity groups by role in the team.", bindings.TEAM_ROLES),
        "workloads": {
            "type": "array",
            "description": "CI jobs that work for the team, in role ci.",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["issuer", "repository", "refs"],
                "properties": {
                    "issuer": _text(f"{', '.join(bindings.ISSUERS)}, or the URL that the jobs' tokens name."),
                    "repository": _text("As the issuer names it: acme/shop."),
                    "repository_id": {
                        "type": ["string", "number"],
                        "description": "The issuer's id of it, which no other gets when the name is given away.",
                    },
                    "refs": {
                        **_texts("Git refs that they run for, as refs/heads/main; * at the end for all that begin so."),
                        "minItems": 1,
                    },
                    "events": {
                        "type": "array",
                        "items": {"type": "string", "not": {"enum": sorted(bindings.OUTSIDE_EVENTS)}},
                        "minItems": 1,
                        "description": f"What may start them; {', '.join(bindings.EVENTS)} where it is left out.",
                    },
                    "protected": {
                        "type": "boolean",
                        "description": "Nobody can push to these refs without review; what goes beyond dev needs it.",
                    },
                    "projects": {
                        **_texts("Projects that they may work on; all of the team's otherwise."),
                        "minItems": 1,
                    },
                },
            },
        },
    },
}
_BOUND = {"type": ["string", "number"]}
_RULE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["reason", "owner"],
    "anyOf": [{"required": [limit]} for limit in ("min", "max", "allowed", "locked")],
    "properties": {
        "min": {**_BOUND, "description": "Least value."},
        "max": {**_BOUND, "description": "Greatest value."},
        "allowed": {"type": "array", "items": _TEXT, "description": "All that may be used."},
        "locked": {"const": True, "description": "Later layers may not give another value."},
        "reason": _text("Why, for whoever runs into the rule."),
        "owner": _text("Who decides."),
        "ask": _text("How to ask for a change; the owner where it is left out."),
    },
}


@functools.cache
def _blocks() -> tuple[type, ...]:
    """Collect the classes of all sections and of the blocks in them."""
    found: dict[str, type] = {}

    def walk(block: type) -> None:
        found[block.__name__] = block
        for spec in schema.specs(block).values():
            if spec.block is not None:
                walk(spec.block)

    for block in SECTIONS.values():
        walk(block)
    return tuple(found.values())


def _block(block: type) -> dict[str, Any]:
    return {
        "type": "object",
        "description": (block.__doc__ or "").partition("\n")[0],
        "additionalProperties": False,
        "properties": {name: _key(spec) for name, spec in schema.specs(block).items()},
    }


def _key(spec: Spec) -> dict[str, Any]:
    """Describe one key, for the machine and in words."""
    words = [spec.doc]
    if spec.unit:
        words.append(f"Unit: {spec.unit}.")
    if spec.bounds:
        words.append(f"From {spec.bounds[0]} to {spec.bounds[1]}.")
    if spec.default:
        words.append(f"Default: {spec.default}.")
    described: dict[str, Any] = {"description": " ".join(words), **_type(spec)}
    if spec.preset is not None and spec.kind != "block":
        described["default"] = spec.preset
    return described


def _type(spec: Spec) -> dict[str, Any]:
    """Describe what a value looks like."""
    reference = {"$ref": f"#/$defs/{spec.block.__name__}"} if spec.block is not None else {}
    text: dict[str, Any] = {**_TEXT, **({"examples": [spec.example]} if spec.example else {})}
    limits = zip(("minimum", "maximum"), spec.bounds or (), strict=False)
    number = {name: limit for name, limit in limits if isinstance(limit, (int, float))}
    if spec.kind in _PATTERNS:
        return {**text, "type": ["string", "number"], "pattern": _PATTERNS[spec.kind]}
    if spec.kind in _TYPES:
        return {"type": _TYPES[spec.kind], **number}
    if spec.shape is not None and not spec.template:
        text = {**text, "pattern": f"^({spec.shape.pattern})$"}
    keys = {"propertyNames": {"pattern": f"^({spec.key_shape.pattern})$"}} if spec.key_shape is not None else {}
    item = {name: fact for name, fact in text.items() if name != "examples"}
    shapes: dict[str, dict[str, Any]] = {
        "block": reference,
        "blocks": {"type": "array", "items": reference},
        "list": {"type": "array", "items": item},
        "map": {"type": "object", "additionalProperties": item, **keys},
        "enum": {"enum": list(spec.choices)},
    }
    return shapes.get(spec.kind, text)

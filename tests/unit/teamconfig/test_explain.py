"""Explanations, checks of everything, and the JSON Schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from teamconfig import StandardsError, checking, explain, jsonschema, resolve, schema
from teamconfig.model import SECTIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from teamconfig.profile import Profile
    from teamconfig.tree import Tree

RULE = "rules:\n  kubernetes.memory: {max: 1Gi, reason: quota, owner: leads, ask: '#payments'}\n"


def _profile(tree: Tree) -> Profile:
    return resolve.profile(tree, project="shop", app="web", workspace="production")


def test_behaviour_06_one_key_tells_winner_losers_rule_and_who_may_change_it(tree: Callable[..., Tree]) -> None:
    """Wps explain KEY shows value, layer, place and revision, what was overridden, the rule, and whom to ask."""
    made = tree(org="standards: {kubernetes: {memory: 512Mi}}\n", team=RULE)
    assert list(explain.lines(_profile(made).provenance["kubernetes.memory"])) == [
        "kubernetes.memory",
        '  512Mi  org "acme"  org.yaml:2@dir:test',
        "  256Mi  plugin        (overridden)",
        '  rule: at most 1Gi, by team "payments" (teams/payments/team.yaml:3): quota',
        "    owner leads; to change it, ask #payments",
        (
            "  may change it: the app's developers in waypoint.hcl, team payments (#payments) in teams/payments/; "
            "at most 1Gi (more: ask #payments)"
        ),
    ]


def test_a_locked_key_may_be_changed_by_its_owner_only(tree: Callable[..., Tree]) -> None:
    """Who may change a locked key is the rule's owner, at the rule's place; what is built in, nobody."""
    made = tree(org="rules:\n  kubernetes.replicas: {locked: true, reason: r, owner: platform}\n")
    profile = _profile(made)
    assert profile.provenance["kubernetes.replicas"].may_change == "only platform, at org.yaml:3"
    assert profile.provenance["kubernetes.exec"].may_change == "nobody: the limit is built in"


def test_keys_are_found_short_and_by_block(tree: Callable[..., Tree]) -> None:
    """A key may be named without its section, and a block or map names all below it."""
    profile = _profile(tree())
    assert explain.key(profile, "memory") == ("kubernetes.memory",)
    assert explain.key(profile, "ecs.memory") == ("ecs.memory",)
    assert "kubernetes.probe.liveness.period" in explain.key(profile, "probe")
    assert explain.key(profile, "kubernetes.context") == ()
    assert list(explain.unset("kubernetes.context"))[1] == "  unset: the current one"


@pytest.mark.parametrize(
    ("key", "nearest"), [("kubernetes.memroy", "kubernetes.memory"), ("memroy", "kubernetes.memory")]
)
def test_an_unknown_key_names_the_nearest(tree: Callable[..., Tree], key: str, nearest: str) -> None:
    """A mistyped key is told with the one that was meant."""
    with pytest.raises(StandardsError) as caught:
        explain.key(_profile(tree()), key)
    assert str(caught.value) == f"unknown key {key}\n  standards have no such key\n  ask for {nearest}"


def test_json_carries_the_same_facts(tree: Callable[..., Tree]) -> None:
    """The JSON of a profile has for each leaf the value, its layer, place, losers and rules."""
    data = json.loads(json.dumps(explain.as_json(_profile(tree(team=RULE)))))
    assert set(data["values"]) == set(_profile(tree(team=RULE)).values)
    memory = data["values"]["kubernetes.memory"]
    assert (memory["value"], memory["layer"], memory["losers"]) == ("256Mi", "plugin", [])
    assert memory["rules"] == [
        {
            "max": "1Gi", "reason": "quota", "owner": "leads", "ask": "#payments", "layer": 'team "payments"',
            "where": "teams/payments/team.yaml:3",
        }
    ]  # fmt: skip


def test_check_resolves_every_app_in_every_environment(tree: Callable[..., Tree]) -> None:
    """A value that breaks a rule in one environment is found without anyone deploying there, and told once."""
    made = tree(
        org_env="rules:\n  kubernetes.replicas: {min: 3, reason: zones, owner: platform}\n",
        team="standards: {kubernetes: {replicas: 2}}\n",
        app="",
    )
    report = checking.check(made)
    assert (report.teams, report.apps, report.profiles) == (1, 1, 6)
    [(problem, places)] = report.problems
    assert problem.what == "kubernetes.replicas: 2 is not allowed"
    assert problem.where == "teams/payments/team.yaml:2"
    assert places == ("shop/web in production", "shop in production")


def test_schema_describes_every_key() -> None:
    """The JSON Schema has every section and key of the model, each described, and refuses others."""
    found = jsonschema.document()
    json.dumps(found)
    assert list(found["properties"]["standards"]["properties"]) == list(SECTIONS)
    for block in SECTIONS.values():
        described = found["$defs"][block.__name__]
        assert described["additionalProperties"] is False
        assert list(described["properties"]) == list(schema.specs(block))
        assert all(key["description"] for key in described["properties"].values())
    memory = found["$defs"]["Kubernetes"]["properties"]["memory"]
    assert memory["default"] == "256Mi"
    assert "Mi" in memory["pattern"]
    assert found["$defs"]["Kubernetes"]["properties"]["replicas"]["maximum"] == 5000

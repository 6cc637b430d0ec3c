"""What differs between two environments, and what of it the standards declare."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from teamconfig import reading, resolve
from teamconfig.stanza import Stanza
from wps.promotion import differing

if TYPE_CHECKING:
    from teamconfig.tree import Tree

ORG = {"org": {"name": "acme", "contact": "#platform", "environments": ["dev", "staging", "production"]}}
TEAM = {"team": {"projects": ["shop"], "owner": "#payments"}}
BASE = "teams/payments"
COMMON = ("org.yaml", f"{BASE}/team.yaml", f"{BASE}/apps/shop/web/app.yaml")
ONE = ("environments/{}.yaml", f"{BASE}/environments/{{}}.yaml", f"{BASE}/apps/shop/web/environments/{{}}.yaml")

BUILT_IN = {"ecs.exec", "kubernetes.exec"}
"""Nobody opens a shell in production, whatever the standards say."""

sizes = st.sampled_from(["256Mi", "512Mi", "1Gi"])
words = st.sampled_from(["a", "b", "c"])
options = st.fixed_dictionaries(
    {}, optional={"memory": sizes, "replicas": st.integers(1, 9), "env": st.dictionaries(words, words, max_size=2)}
)
standards = st.fixed_dictionaries(
    {},
    optional={
        "kubernetes": options,
        "network": st.fixed_dictionaries(
            {"host": st.sampled_from(["x.test", "{app}.{environment}.test", "{app}.test"])}
        ),
        "observability": st.fixed_dictionaries({"labels": st.dictionaries(words, words, max_size=2)}),
        "tests": st.fixed_dictionaries({"required": st.lists(words, max_size=2, unique=True)}),
    },
)
companies = st.fixed_dictionaries(
    {
        **dict.fromkeys(COMMON, standards),
        **{name.format(env): standards for name in ONE for env in ("dev", "staging", "production")},
    }
)


def tree(files: dict[str, Any]) -> Tree:
    """Build a company of standards by file."""
    heads = {"org.yaml": ORG, f"{BASE}/team.yaml": TEAM}
    texts = {name: json.dumps({**heads.get(name, {}), "standards": body}).encode() for name, body in files.items()}
    return reading.tree(texts, revision="dir:test", origin="test")


def compared(
    made: Tree, staging: dict[str, Any], production: dict[str, Any], own: str = "use"
) -> tuple[differing.Difference, ...]:
    """Compare staging with production, each with options of waypoint.hcl; `own` names those of production."""
    first, second = (
        resolve.profile(
            made,
            project="shop",
            app="web",
            workspace=env,
            stanzas=[Stanza("kubernetes", given, f"app.web.deploy.{use}")],
        )
        for env, given, use in (("staging", staging, "use"), ("production", production, own))
    )
    found = differing.differences(first, second)
    changes = {k for k in {*first.values, *second.values} if first.values.get(k) != second.values.get(k)}
    assert {one.key for one in found} == changes
    return found


def keys(body: dict[str, Any]) -> set[str]:
    """List the leaves of a layer."""
    found = {f"kubernetes.{name}" for name in body.get("kubernetes", {}) if name != "env"}
    found |= {f"kubernetes.env.{name}" for name in body.get("kubernetes", {}).get("env", {})}
    found |= {f"observability.labels.{name}" for name in body.get("observability", {}).get("labels", {})}
    found |= {f"{section}.{name}" for section in ("network", "tests") for name in body.get(section, {})}
    return found


@settings(max_examples=1000, deadline=None)
@given(files=companies, given_options=options)
def test_only_declared_keys_differ_between_staging_and_production(
    files: dict[str, Any], given_options: dict[str, Any]
) -> None:
    """With one waypoint.hcl, production minus staging differs in keys of environment layers and {environment} only."""
    found = compared(tree(files), given_options, given_options)
    declared = {key for name in ONE for env in ("staging", "production") for key in keys(files[name.format(env)])} | {
        "network.host",
        *BUILT_IN,
    }
    assert {one.key for one in found} <= declared
    assert differing.undeclared(found) == ()


@settings(max_examples=200, deadline=None)
@given(files=companies, first=options, second=options)
def test_what_waypoint_hcl_sets_in_one_workspace_is_not_declared(
    files: dict[str, Any], first: dict[str, Any], second: dict[str, Any]
) -> None:
    """Each key that differs and that waypoint.hcl sets in either workspace is undeclared, and no other is."""
    found = compared(tree(files), first, second, "workspace.production.use")
    of_file = keys({"kubernetes": first}) | keys({"kubernetes": second})
    assert {one.key for one in differing.undeclared(found)} == {one.key for one in found if one.key in of_file}


def test_the_line_that_makes_a_difference_is_named() -> None:
    """A difference names the environment's file and line, and values of both sides."""
    made = tree(
        {"environments/production.yaml": {"kubernetes": {"replicas": 6}}, "org.yaml": {}, f"{BASE}/team.yaml": {}}
    )
    (one,) = (one for one in compared(made, {}, {}) if one.key not in BUILT_IN)
    assert (one.key, one.before, one.after, one.is_declared) == ("kubernetes.replicas", 2, 6, True)
    assert (one.where, one.layer) == ("environments/production.yaml:1", 'org environment "production"')
    assert one.to_json()["declared"] is True


def test_built_in_limits_of_production_are_declared() -> None:
    """What the built-in limits of protected environments change is declared by them."""
    found = compared(tree({"org.yaml": {}, f"{BASE}/team.yaml": {}}), {}, {})
    assert {(one.key, one.after, one.is_declared) for one in found} == {(key, "deny", True) for key in BUILT_IN}

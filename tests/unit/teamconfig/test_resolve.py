"""resolve.profile: order of layers, rules, provenance, errors (behaviour 6 of facts/waypoint.md, section 4)."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teamconfig import StandardsError, builtin, kinds, resolve, schema, stanza
from teamconfig.keys import format_key
from teamconfig.layers import Layer, Leaf
from teamconfig.model import Kubernetes
from teamconfig.ranks import Rank
from teamconfig.rules import Rule
from teamconfig.stanza import Stanza
from teamconfig.tree import App, Org, Team, Tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from teamconfig.profile import Profile

MEMORY = "standards: {{kubernetes: {{memory: {}}}}}\n"
PARTS = ("org", "org_env", "team", "team_env", "app", "app_env")


def _profile(tree: Tree, options: dict[str, Any] | None = None, workspace: str = "production") -> Profile:
    stanzas = [Stanza("kubernetes", options or {}, "app.web.deploy.use")]
    return resolve.profile(tree, project="shop", app="web", workspace=workspace, stanzas=stanzas)


def _refused(tree: Tree, options: dict[str, Any] | None = None, workspace: str = "production") -> StandardsError:
    with pytest.raises(StandardsError) as caught:
        _profile(tree, options, workspace)
    return caught.value


def test_behaviour_06_later_layers_win_in_the_order_of_the_design(tree: Callable[..., Tree]) -> None:
    """Plugin < org < org environment < team < team environment < app < app environment < waypoint.hcl."""
    sizes = {part: f"{number + 1}Gi" for number, part in enumerate(PARTS)}
    for number, part in enumerate(PARTS):
        below = {name: MEMORY.format(sizes[name]) for name in PARTS[: number + 1]}
        assert _profile(tree(**below)).kubernetes.memory == sizes[part]
    everything = tree(**{name: MEMORY.format(sizes[name]) for name in PARTS})
    profile = _profile(everything, {"memory": "9Gi"})
    assert profile.kubernetes.memory == "9Gi"
    origin = profile.provenance["kubernetes.memory"]
    assert origin.winner.rank is Rank.FILE
    assert origin.winner.where == "app.web.deploy.use.memory"
    assert [loser.value for loser in origin.losers] == ["6Gi", "5Gi", "4Gi", "3Gi", "2Gi", "1Gi", "256Mi"]
    assert [loser.rank for loser in origin.losers] == sorted(Rank)[-2::-1]


def test_a_layer_of_another_environment_or_app_is_not_read(tree: Callable[..., Tree]) -> None:
    """What is said of production is not true of dev, and what is said of web is not true of another app."""
    made = tree(team_env=MEMORY.format("1Gi"), app=MEMORY.format("2Gi"))
    assert _profile(made, workspace="default").kubernetes.memory == "2Gi"
    other = resolve.profile(made, project="shop", app="worker", workspace="production")
    assert other.kubernetes.memory == "1Gi"


def test_blocks_and_maps_merge_and_lists_replace(tree: Callable[..., Tree]) -> None:
    """Two layers that set different keys of a block or map both count; of two lists the later one holds."""
    made = tree(
        org="standards: {kubernetes: {env: {A: org, B: org}, probe: {readiness: {path: /a, kind: http}},"
        " exec_commands: [sh, ls]}}",
        team="standards: {kubernetes: {env: {B: team}, probe: {readiness: {path: /b}}, exec_commands: [ls]}}",
    )
    found = _profile(made).kubernetes
    assert found.env == {"A": "org", "B": "team"}
    assert found.probe is not None
    assert found.probe.readiness is not None
    assert (found.probe.readiness.path, found.probe.readiness.kind) == ("/b", "http")
    assert found.exec_commands == ["ls"]


def test_where_is_file_line_and_revision(tree: Callable[..., Tree]) -> None:
    """The winner of a leaf is told with file, line and revision."""
    made = tree(org="standards:\n  kubernetes:\n    memory: 1Gi\n")
    assert _profile(made).provenance["kubernetes.memory"].winner.place == "org.yaml:4@dir:test"


def test_option_above_a_bound_names_rule_owner_and_how_to_ask(tree: Callable[..., Tree]) -> None:
    """An option outside its bound is refused in four lines: what, whose rule and why, what to write, where."""
    made = tree(team="rules:\n  kubernetes.memory: {max: 1Gi, reason: quota, owner: leads, ask: '#payments'}\n")
    error = _refused(made, {"memory": "2Gi"})
    assert str(error) == (
        'option memory = "2Gi" is not allowed\n'
        '  team "payments" permits at most 1Gi: quota (teams/payments/team.yaml:3)\n'
        '  write memory = "1Gi", or ask #payments\n'
        "  at app.web.deploy.use.memory"
    )
    assert error.kind == "policy"
    assert _profile(made, {"memory": "1024Mi"}).kubernetes.memory == "1024Mi"


def test_option_on_a_locked_key_is_refused(tree: Callable[..., Tree]) -> None:
    """A locked key keeps its value; an option that repeats it is no conflict."""
    made = tree(
        org="standards: {kubernetes: {replicas: 3}}\nrules:\n"
        "  kubernetes.replicas: {locked: true, reason: sized, owner: platform}\n"
    )
    assert str(_refused(made, {"replicas": 4})) == (
        "option replicas = 4 is not allowed\n"
        '  org "acme" locks it to 3: sized (org.yaml:4)\n'
        "  remove it, or ask platform\n"
        "  at app.web.deploy.use.replicas"
    )
    assert _profile(made, {"replicas": 3}).kubernetes.replicas == 3


def test_a_locked_map_takes_no_new_entry(tree: Callable[..., Tree]) -> None:
    """A lock on a map or block holds everything below it, also what is not set yet."""
    made = tree(
        org="standards: {kubernetes: {labels: {a: b}}}\nrules:\n"
        "  kubernetes.labels: {locked: true, reason: costs, owner: platform}\n"
    )
    error = _refused(made, {"labels": {"c.d/e": "f"}})
    assert str(error).splitlines()[0] == 'option labels["c.d/e"] = "f" is not allowed'
    assert str(error).splitlines()[1] == '  org "acme" locks it, unset: costs (org.yaml:4)'
    assert error.problems[0].where == 'app.web.deploy.use.labels["c.d/e"]'


def test_a_team_cannot_loosen_the_org(tree: Callable[..., Tree]) -> None:
    """A team's rule that permits more than the org's is refused, as it would promise what does not hold."""
    made = tree(
        org="rules:\n  kubernetes.memory: {max: 1Gi, reason: nodes, owner: platform}\n",
        team="rules:\n  kubernetes.memory: {max: 2Gi, reason: ours, owner: us}\n",
    )
    assert str(_refused(made)) == (
        "rule kubernetes.memory max: 2Gi has no effect\n"
        '  org "acme" permits only at most 1Gi: nodes (org.yaml:3)\n'
        "  tighten or remove it, or ask platform\n"
        "  at teams/payments/team.yaml:3"
    )


def test_a_looser_rule_than_that_of_one_environment_is_fine(tree: Callable[..., Tree]) -> None:
    """The org may be tighter in production than a team is everywhere; the tightest holds."""
    made = tree(
        org_env="rules:\n  kubernetes.memory: {max: 512Mi, reason: nodes, owner: platform}\n",
        team="rules:\n  kubernetes.memory: {max: 1Gi, reason: ours, owner: us}\n",
    )
    assert _profile(made, {"memory": "1Gi"}, "dev").kubernetes.memory == "1Gi"
    assert "permits at most 512Mi" in str(_refused(made, {"memory": "1Gi"}))


def test_a_rule_that_the_default_breaks_is_told_to_its_author(tree: Callable[..., Tree]) -> None:
    """A rule that excludes the value from below is an error of the rule's file, never a silent other value."""
    made = tree(org="rules:\n  kubernetes.replicas: {min: 3, reason: zones, owner: platform}\n")
    error = _refused(made)
    assert error.problems[0].where == "org.yaml:3"
    assert error.problems[0].fix == "set kubernetes.replicas: 3 beside the rule"
    assert _profile(made, {"replicas": 3}).kubernetes.replicas == 3


def test_all_problems_come_at_once(tree: Callable[..., Tree]) -> None:
    """Invalid, unknown, unfitting and forbidden options are reported in one error, each with its path."""
    made = tree(team="rules:\n  kubernetes.replicas: {max: 5, reason: quota, owner: leads}\n")
    options = {
        "memmory": "1Gi", "cpu": "2GB", "replicas": 9, "probe": {"readiness": {"period": 5}}, "exec": "deni",
        "memory_request": "9Gi",
    }  # fmt: skip
    error = _refused(made, options, "dev")
    assert {problem.where.removeprefix("app.web.deploy.use.") for problem in error.problems} == {
        "memmory", "cpu", "replicas", "probe.readiness.period", "exec", "memory_request",
    }  # fmt: skip
    assert error.kind == "option"
    assert str(error).startswith("6 problems with shop/web in dev\n")
    assert 'option exec = "deni" is not valid\n  exec is one of allow, deny\n  write exec = "deny"' in str(error)


def test_request_above_limit_names_both(tree: Callable[..., Tree]) -> None:
    """Values that do not fit together are refused, and the other one's layer is told."""
    made = tree(team=MEMORY.format("1Gi"))
    assert str(_refused(made, {"memory_request": "2Gi"})) == (
        "kubernetes.memory_request = 2Gi is more than kubernetes.memory = 1Gi\n"
        '  memory comes from team "payments" (teams/payments/team.yaml:2)\n'
        "  set memory_request to at most 1Gi, or raise memory\n"
        "  at app.web.deploy.use.memory_request"
    )


def test_no_standard_allows_a_shell_in_production(tree: Callable[..., Tree]) -> None:
    """Exec is denied in a protected environment by default, and no layer can allow it (behaviour 19)."""
    assert _profile(tree()).kubernetes.exec == "deny"
    assert _profile(tree(), workspace="dev").kubernetes.exec == "allow"
    for part in PARTS:
        error = _refused(tree(**{part: "standards: {kubernetes: {exec: allow}}\n"}))
        assert "nobody opens a shell in a protected environment" in str(error)
    assert "remove it" in str(_refused(tree(), {"exec": "allow"}))


def test_words_in_braces_are_filled_in(tree: Callable[..., Tree]) -> None:
    """{team} and the like are filled in where a key permits it, and left alone where it does not."""
    made = tree(org='standards: {kubernetes: {namespace: "{team}-{environment}", env: {RAW: "{team}"}}}\n')
    found = _profile(made).kubernetes
    assert found.namespace == "payments-production"
    assert found.env == {"RAW": "{team}"}


@pytest.mark.parametrize(
    ("workspace", "host"),
    [
        ("default", "web.dev.acme.example"),
        ("staging", "web.staging.acme.example"),
        ("preview-login", "web-login.dev.acme.example"),
        ("preview-Log_In!", "web-32f47b79.dev.acme.example"),
    ],
)
def test_a_preview_has_a_host_of_its_own(tree: Callable[..., Tree], workspace: str, host: str) -> None:
    """{preview} is what tells a preview's host from that of its environment, and nothing in an environment itself."""
    made = tree(org='standards: {network: {host: "{app}{preview}.{environment}.acme.example"}}\n')
    assert _profile(made, workspace=workspace).network.host == host


def test_nothing_but_a_host_is_named_by_a_preview(tree: Callable[..., Tree]) -> None:
    """Who deploys a preview chooses its name, so it names no namespace."""
    with pytest.raises(StandardsError, match="preview"):
        tree(org='standards: {kubernetes: {namespace: "{team}{preview}"}}\n')


def test_unknown_project_and_workspace_name_the_nearest(tree: Callable[..., Tree]) -> None:
    """A project of no team, or a workspace that stands for no environment, is an error of kind missing."""
    with pytest.raises(StandardsError) as caught:
        resolve.profile(tree(), project="shopp", app="web")
    assert caught.value.kind == "missing"
    assert str(caught.value) == (
        'project "shopp" belongs to no team\n'
        '  no team.yaml of "acme" lists it under team.projects (revision dir:test)\n'
        '  write project = "shop" if you meant that one, or ask #platform to add it to teams/<team>/team.yaml\n'
        "  at project in waypoint.hcl"
    )
    with pytest.raises(StandardsError, match='workspace "prodction" stands for no environment') as caught:
        resolve.profile(tree(), project="shop", app="web", workspace="prodction")
    assert "use workspace production" in str(caught.value)


def test_options_of_a_plugin_become_a_stanza(tree: Callable[..., Tree]) -> None:
    """A plugin hands over its options, an instance of a subclass of the section; what is unset stays unset."""

    @dataclasses.dataclass(kw_only=True)
    class Options(Kubernetes):
        extra: str = "not a standard"

    made = tree(team=MEMORY.format("1Gi"))
    options = Options(replicas=4, env={}, ports=[])
    profile = resolve.profile(
        made, project="shop", app="web", stanzas=[Stanza.of("kubernetes", options, "app.web.deploy.use")]
    )
    assert (profile.kubernetes.replicas, profile.kubernetes.memory) == (4, "1Gi")
    assert Stanza.of("kubernetes", None, "x").values == {}


def test_digest_is_of_what_holds_not_of_where_it_came_from(tree: Callable[..., Tree]) -> None:
    """The digest changes with a value and not with the layer or revision that it comes from."""
    in_org, in_team = tree(org=MEMORY.format("1Gi")), tree(team=MEMORY.format("1Gi"))
    assert _profile(in_org).digest() == _profile(in_team).digest()
    assert _profile(in_org).digest() != _profile(tree()).digest()
    assert _profile(in_org).digest().startswith("sha256:")


_VALUES = {
    "int": (st.integers(1, 3), st.integers(4, 6), st.integers(7, 9)),
    "memory": tuple(st.integers(low, low + 9).map(lambda n: f"{n}Mi") for low in (5, 15, 25)),
    "cpu": tuple(st.integers(low, low + 900).map(lambda n: f"{n}m") for low in (1, 1000, 2000)),
    "duration": tuple(st.integers(low, low + 90).map(lambda n: f"{n}s") for low in (1, 100, 200)),
}
"""Low, middle and high values of each kind: rules are mostly wide, so that many drawn layers obey them."""
_KEYS = [
    (key, spec)
    for key, spec in schema.leaves()
    if key[0] == "kubernetes" and key[1:] in {("replicas",), ("memory",), ("cpu",), ("termination_grace",)}
]


def _value(draw: st.DrawFn, kind: str) -> Any:
    return draw(_VALUES[kind][draw(st.sampled_from([1, 1, 1, 1, 1, 1, 0, 2]))])


@st.composite
def _layers(draw: st.DrawFn) -> list[Layer]:
    """Draw a layer of each rank with values and rules of any tightness."""
    drawn = []
    for rank in list(Rank)[1:7]:
        leaves, found = {}, {}
        for key, spec in _KEYS:
            if rank is Rank.ORG or draw(st.booleans()):
                leaves[key] = Leaf(_value(draw, spec.kind), 1)
            kind = draw(st.sampled_from(["", *[""] * 20, "least", "most", "locked", "allowed"]))
            limit: dict[str, Any] = {}
            if kind == "least":
                limit = {"least": draw(_VALUES[spec.kind][0])}
            elif kind == "most":
                limit = {"most": draw(_VALUES[spec.kind][2])}
            elif kind == "locked":
                limit = {"locked": True}
            elif kind == "allowed":
                limit = {"allowed": (_value(draw, spec.kind), _value(draw, spec.kind))}
            if limit:
                found[key] = Rule(key=key, rank=rank, layer=rank.title, where="f:1", reason="r", owner="o", **limit)
        drawn.append(Layer(rank, "x", f"{rank.name}.yaml", leaves, found))
    return drawn


def _tree(drawn: list[Layer]) -> Tree:
    org, org_env, team, team_env, app, app_env = drawn
    apps = {("shop", "web"): App(app, {"dev": app_env})}
    payments = Team("payments", ("shop",), {}, "o", team, {"dev": team_env}, apps)
    return Tree("r", "o", Org("acme", ("dev",)), org, {"dev": org_env}, {"payments": payments}, {"shop": "payments"})


_OPTIONS = st.fixed_dictionaries({}, optional={key[1]: _VALUES[spec.kind][1] for key, spec in _KEYS})


def _holds(rule: Rule, spec: schema.Spec, value: Any, held: Any) -> bool:
    """Decide anew, apart from the code under test, whether a value obeys a rule; `held` is what a lock keeps."""
    number = kinds.measure(spec, value)
    return (
        (rule.least is None or number >= kinds.measure(spec, rule.least))
        and (rule.most is None or number <= kinds.measure(spec, rule.most))
        and (rule.allowed is None or number in [kinds.measure(spec, one) for one in rule.allowed])
        and (not rule.locked or number == kinds.measure(spec, held))
    )


def _looser(earlier: Rule, later: Rule, spec: schema.Spec) -> bool:
    """Decide anew whether the later rule promises what an earlier one that always applies forbids."""
    environments = {Rank.ORG_ENVIRONMENT, Rank.TEAM_ENVIRONMENT, Rank.APP_ENVIRONMENT}
    if earlier.rank in environments and later.rank not in environments:
        return False

    def number(value: Any) -> float:
        return kinds.measure(spec, value)

    if None not in (earlier.most, later.most) and number(later.most) > number(earlier.most):
        return True
    if None not in (earlier.least, later.least) and number(later.least) < number(earlier.least):
        return True
    if earlier.allowed is None or later.allowed is None:
        return False
    return not {number(one) for one in later.allowed} <= {number(one) for one in earlier.allowed}


@given(_layers(), _OPTIONS)
def test_behaviour_06_resolve_is_total_deterministic_and_never_breaks_a_rule(
    drawn: list[Layer], options: dict[str, Any]
) -> None:
    """Any layers give the same profile each time, or the same problems; it is refused exactly if a rule is broken."""
    made, stanzas = _tree(drawn), [Stanza("kubernetes", options, "use")]
    results: list[Any] = []
    for _ in range(2):
        try:
            profile = resolve.profile(made, project="shop", app="web", stanzas=stanzas)
            results.append((profile.standards, profile.digest(), dict(profile.provenance), profile.values))
        except StandardsError as err:
            results.append(str(err))
    assert results[0] == results[1]
    refused = isinstance(results[0], str)
    obeyed = True
    for key, spec in _KEYS:
        layers = [layer for layer in drawn if key in layer.leaves]
        winner = options.get(key[1], layers[-1].leaves[key].value)
        found = [layer.rules[key] for layer in drawn if key in layer.rules]
        for place, rule in enumerate(found):
            assert rule.rank is not None
            held = [layer.leaves[key].value for layer in layers if layer.rank <= rule.rank][-1]
            obeyed = obeyed and _holds(rule, spec, winner, held)
            obeyed = obeyed and not any(_looser(earlier, rule, spec) for earlier in found[:place])
        assert refused or results[0][3][format_key(key)] == winner
    assert refused is not obeyed


@given(_layers(), _OPTIONS)
def test_behaviour_06_provenance_is_complete_and_in_order(drawn: list[Layer], options: dict[str, Any]) -> None:
    """Each leaf has one winner, of the highest layer that sets it, and as losers all lower ones, highest first."""
    free = [dataclasses.replace(layer, rules={}) for layer in drawn]
    try:
        profile = resolve.profile(
            _tree(free), project="shop", app="web", stanzas=[Stanza("kubernetes", options, "use")]
        )
    except StandardsError as err:  # values that do not fit together are drawn too
        assert all("is more than" in problem.what or "is less than" in problem.what for problem in err.problems)  # noqa: PT017
        return
    top, _ = stanza.layer([Stanza("kubernetes", options, "use")])
    layers = [builtin.layer(protected=False), *free, top]
    keys = {key for layer in layers for key in layer.leaves}
    assert set(profile.provenance) == {format_key(key) for key in keys} == set(profile.values)
    for key in keys:
        setters = [layer.rank for layer in layers if key in layer.leaves]
        origin = profile.provenance[format_key(key)]
        assert [origin.winner.rank, *(loser.rank for loser in origin.losers)] == sorted(setters, reverse=True)
        assert origin.winner.value == profile.values[format_key(key)]
        assert origin.may_change
        assert origin.winner.where or origin.winner.rank is Rank.PLUGIN


def test_winner_removed_yields_the_first_loser(tree: Callable[..., Tree]) -> None:
    """Taking the winner's line away gives the value that was told as the first loser."""
    parts = {name: MEMORY.format(f"{number + 1}Gi") for number, name in enumerate(PARTS)}
    for name in reversed(PARTS):
        origin = _profile(tree(**parts)).provenance["kubernetes.memory"]
        del parts[name]
        assert _profile(tree(**parts)).kubernetes.memory == origin.losers[0].value

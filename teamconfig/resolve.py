"""Resolve standards: from a revision and one app's options to the profile that holds.

Pure: no files, no clock, no randomness; the same arguments give the same
profile. Total: every call returns a profile or raises a StandardsError that
lists every problem.

Later layers win: plugin < org < org environment < team < team environment <
app < app environment < waypoint.hcl. Blocks and maps merge leaf by leaf, lists
replace. Rules of every layer bind the value that wins; none can be loosened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from teamconfig import builtin, consistency, kinds, rules, schema, stanza, templates, totals
from teamconfig.errors import Problem, StandardsError
from teamconfig.keys import format_key
from teamconfig.model import SECTIONS, Standards
from teamconfig.origins import Origins
from teamconfig.profile import Profile
from teamconfig.ranks import Rank

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from teamconfig.keys import Key
    from teamconfig.layers import Layer
    from teamconfig.rules import Rule
    from teamconfig.schema import Spec
    from teamconfig.stanza import Stanza
    from teamconfig.tree import Tree


def profile(
    tree: Tree, *, project: str, app: str, workspace: str = "default", stanzas: Iterable[Stanza] = ()
) -> Profile:
    """Resolve the standards of one app.

    Args:
        tree: A revision of the standards.
        project: Waypoint's project; decides the team.
        app: Waypoint's app.
        workspace: Waypoint's workspace; decides the environment. The name of an environment is one too.
        stanzas: The app's options in waypoint.hcl, one stanza for each section that has any.

    Returns:
        The profile, every value of which satisfies every rule.

    Raises:
        StandardsError: The project or workspace is unknown (kind missing), an option is not valid (option), or a
            value breaks a rule (policy); carries all problems.
    """
    team = tree.team_of(project)
    environment = tree.environment_of(workspace)
    protected = environment in tree.org.protected
    top, problems = stanza.layer(stanzas)
    layers = [builtin.layer(protected=protected), *tree.layers(team, project, app, environment), top]
    stacks = _stack(layers)
    bound = tuple(rule for layer in layers for rule in layer.rules.values())
    words = {
        "org": tree.org.name, "team": team.name, "project": project, "app": app, "environment": environment,
        "preview": tree.mark_of(workspace),
    }  # fmt: skip
    winners = {key: _fill(key, stack[-1].leaves[key].value, words) for key, stack in stacks.items()}
    problems += _loosened(bound)
    problems += _breaches(bound, stacks, winners)
    problems += _broken_locks(bound, stacks, words)
    problems += totals.problems(bound, winners, stacks)
    problems += consistency.problems(winners, stacks, app)
    if problems:
        raise StandardsError(problems, f"{len(problems)} problems with {project}/{app} in {environment}")
    values = {format_key(key): value for key, value in winners.items()}
    return Profile(
        project=project,
        app=app,
        team=team.name,
        environment=environment,
        protected=protected,
        revision=tree.revision,
        standards=_typed(winners),
        values=values,
        provenance=Origins(stacks, values, bound, team, tree.revision),
    )


def _stack(layers: Iterable[Layer]) -> dict[Key, list[Layer]]:
    """List for each leaf the layers that set it, lowest first."""
    stacks: dict[Key, list[Layer]] = {}
    for layer in layers:
        for key in layer.leaves:
            if key in stacks:
                stacks[key].append(layer)
            else:
                stacks[key] = [layer]
    return stacks


def _fill(key: Key, value: Any, words: Mapping[str, str]) -> Any:
    """Fill in {team} and the like, where the key permits them."""
    if not isinstance(value, str) or "{" not in value:
        return value
    spec = schema.find(key)
    return templates.fill(value, words) if spec is not None and spec.template else value


def _breaches(bound: Sequence[Rule], stacks: Mapping[Key, list[Layer]], winners: Mapping[Key, Any]) -> list[Problem]:
    """Hold every value that wins against every rule on it; of several limits one way, the tightest is told."""
    found: dict[tuple[Key, str, bool], tuple[Rule, rules.Breach]] = {}
    for rule in bound:
        spec = schema.find(rule.key)
        bounds = rule.least is not None or rule.most is not None or rule.allowed is not None
        if bounds and spec is not None and rule.key in winners:
            broken = rules.breach(rule, spec, winners[rule.key])
            if broken is None:
                continue
            top = stacks[rule.key][-1]
            spot = rule.key, broken.bound, rule.rank is not None and top.rank < rule.rank
            if spot not in found or rules.tighter(rule, found[spot][0], spec, broken.bound):
                found[spot] = rule, broken
    return [_bound_problem(rule, rule.key, stacks[rule.key], broken) for rule, broken in found.values()]


def _broken_locks(bound: Sequence[Rule], stacks: Mapping[Key, list[Layer]], words: Mapping[str, str]) -> list[Problem]:
    """Find the leaves below a lock that have another value than the one at the layer of the lock."""
    found: dict[Key, Problem] = {}
    for rule in bound:
        if not rule.locked:
            continue
        depth = len(rule.key)
        for key in [rule.key] if rule.key in stacks else [key for key in stacks if key[:depth] == rule.key]:
            problem = _lock_problem(rule, key, stacks[key], words)
            if problem is not None:
                found[key] = problem  # of two locks the later one tells more: the first may be the built-in one
    return list(found.values())


def _lock_problem(rule: Rule, key: Key, stack: Sequence[Layer], words: Mapping[str, str]) -> Problem | None:
    """Compare the value that wins with the one at the layer of the lock."""
    top, spec = stack[-1], schema.find(key)
    if rule.rank is None or spec is None or top.rank <= rule.rank:
        return None
    held = [_fill(key, layer.leaves[key].value, words) for layer in stack if layer.rank <= rule.rank]
    if held and kinds.same(_scalar(spec, key), held[-1], _fill(key, top.leaves[key].value, words)):
        return None
    word = f"locks it to {_written(top, held[-1])}" if held else "locks it, unset"
    return Problem(
        f"{_subject(key, top)} is not allowed",
        f"{rule.layer} {word}: {rule.reason} ({rule.where})",
        f"remove it, or ask {rule.contact}" if rule.contact else "remove it",
        top.where(key),
        "policy",
    )


def _scalar(spec: Spec, key: Key) -> Spec:
    """Give the spec to compare one leaf by; entries of a map are texts."""
    return _ENTRY if spec.kind == "map" and key[-1] != spec.name else spec


_ENTRY = schema.Spec(name="", kind="string", doc="")


def _bound_problem(rule: Rule, key: Key, stack: Sequence[Layer], broken: rules.Breach) -> Problem:
    """Describe a value outside the bounds of a rule."""
    top = stack[-1]
    why = f"{rule.layer} permits {broken.permits}: {rule.reason} ({rule.where})"
    if rule.rank is not None and top.rank < rule.rank:
        what = f"{format_key(key)} has no value that its rule permits"
        why = f"{why}, and {top.title} sets {_written(top, top.leaves[key].value)}"
        fix = f"set {format_key(key)}: {broken.example} beside the rule"
        return Problem(what, why, fix, rule.where, "policy")
    write = f"write {_assignment(key, top, broken.example)}" if broken.example is not None else "remove it"
    fix = f"{write}, or ask {rule.contact}"
    return Problem(f"{_subject(key, top)} is not allowed", why, fix, top.where(key), "policy")


def _subject(key: Key, layer: Layer) -> str:
    """Say what was set, as its author wrote it."""
    value = layer.leaves[key].value
    if layer.rank is Rank.FILE:
        spec = schema.find(key)
        entry = spec is not None and spec.kind == "map"
        name = format_key(key[-2:]) if entry else key[-1]
        return f"option {name} = {stanza.literal(value)}"
    return f"{format_key(key)}: {_written(layer, value)}"


def _written(layer: Layer, value: Any) -> str:
    """Write a value as the layer's file does."""
    if layer.rank is Rank.FILE or isinstance(value, (bool, list, dict)):
        return stanza.literal(value)
    return str(value)


def _assignment(key: Key, layer: Layer, value: Any) -> str:
    sign = " = " if layer.rank is Rank.FILE else ": "
    return f"{key[-1]}{sign}{_written(layer, value)}"


def _loosened(bound: Sequence[Rule]) -> list[Problem]:
    """Find rules that permit what an earlier rule forbids wherever they apply, and so promise too much."""
    by_key: dict[Key, list[Rule]] = {}
    for rule in bound:
        by_key.setdefault(rule.key, []).append(rule)
    found = []
    for key, same_key in by_key.items():
        if len(same_key) == 1:
            continue
        spec = schema.find(key)
        for place, later in enumerate(same_key):
            for earlier in same_key[:place]:
                part = rules.loosened(earlier, later, spec) if spec is not None and _always(earlier, later) else None
                if part is not None:
                    found.append(
                        Problem(
                            f"rule {format_key(key)} {part} has no effect",
                            f"{earlier.layer} permits only {earlier.text}: {earlier.reason} ({earlier.where})",
                            f"tighten or remove it, or ask {earlier.contact}",
                            later.where,
                            "policy",
                        )
                    )
    return found


def _always(earlier: Rule, later: Rule) -> bool:
    """Whether the earlier rule holds wherever the later one does; one of an environment may be tighter."""
    if earlier.rank is None or later.rank is None:
        return False
    return later.rank.in_one_environment or not earlier.rank.in_one_environment


def _typed(winners: Mapping[Key, Any]) -> Standards:
    """Build the sections of the values that are set."""
    nested: dict[str, Any] = {}
    for key, value in winners.items():
        inner = nested
        for part in key[:-1]:
            inner = inner.setdefault(part, {})
        inner[key[-1]] = value
    return Standards(**{name: _block(block, nested[name]) for name, block in SECTIONS.items() if name in nested})


def _block(block: type, values: Mapping[str, Any]) -> Any:
    known = schema.specs(block)
    arguments = {}
    for name, value in values.items():
        spec = known[name]
        if spec.block is None:
            arguments[name] = list(value) if spec.kind == "list" else value
        elif spec.kind == "block":
            arguments[name] = _block(spec.block, value)
        else:
            arguments[name] = [_block(spec.block, item) for item in value]
    return block(**arguments)

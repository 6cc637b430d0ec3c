"""Who may change what in the standards: rules for taking a new revision, given who signed it.

Pure. Knows signers by name; that the signatures are good is the caller's matter.
The first revision that a service takes is not judged: there is nobody yet who could sign for it.

- The roles of the company, leads, jobs of protected refs, the protection of environments, fewer approvals, a project
  from one team to another: two signers of role security.
- All else in org.yaml and environments/: two signers with a role in the company.
- A team's own roles and limits, if they widen: not one signer of that team alone.
- What else a team says, and what takes rights from it: any signer.

Who signed a commit has signed what it holds, not what others put on top of it. So a signer counts for a change only by
a commit whose own standards hold it, and which had not yet been so where that commit parted from what is served.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from teamconfig import rules, schema
from teamconfig.errors import Problem
from teamconfig.keys import format_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from teamconfig.bindings import Workload
    from teamconfig.keys import Key
    from teamconfig.layers import Layer
    from teamconfig.rules import Rule
    from teamconfig.tree import Team, Tree

_APPROVALS = ("promotion", "approvals")
_TWO = 2


@dataclass(frozen=True, slots=True)
class Signer:
    """Somebody who may sign.

    Args:
        teams: Teams that they are in, in any role.
        organization: Their roles in the company.
    """

    teams: frozenset[str] = frozenset()
    organization: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Signed:
    """A commit between what is served and what is to be served.

    Args:
        name: Of its signer, somebody whose key is an allowed one.
        signer: What they are, by what is served.
        base: Standards at the commit where it parted from what is served; the served ones for all that came after them.
        tree: Standards at the commit itself.
    """

    name: str
    signer: Signer
    base: Tree
    tree: Tree


_SECURITY = "security"
_COMPANY = "company"
_SECOND = "second"


@dataclass(frozen=True, slots=True)
class _Change:
    """Something that not everybody may change alone: what, whose ("" for the company's), where, what it needs.

    `becomes` is what it is afterwards: two changes are the same if they are equal in all of it.
    """

    what: str
    team: str
    where: str
    needs: str
    becomes: object = None


def check(old: Tree, new: Tree, signed: Iterable[Signed], *, fast_forward: bool) -> list[Problem]:
    """Judge a revision by the one that is served.

    Args:
        old: What is served; its standing decides who the signers are.
        new: What is to be served.
        signed: The commits between the two, the newest first; only as many are taken as it needs.
        fast_forward: Whether the new revision has the old one among its ancestors.

    Returns:
        Everything that forbids it; none for the revision that is served already.
    """
    if new.revision == old.revision:
        return []
    found = []
    if not fast_forward:
        why = f"{old.revision}, which is served, is not among its ancestors; old rights could come back"
        found.append(Problem("the new revision is not a fast-forward", why, "revert by a new commit", new.revision))
    changes = list(_widened(old, new))
    names: list[dict[str, Signer]] = [{} for _ in changes]
    anybody = False
    for commit in signed:
        anybody = True
        for place in _held(commit, changes):
            names[place][commit.name] = commit.signer
        if all(_enough(change, signers) for change, signers in zip(changes, names, strict=True)):
            break
    if not anybody:
        why = "somebody has to answer for each revision"
        found.append(Problem("nobody signed the new revision", why, "sign its commits (git commit -S)", new.revision))
    missing = [change for change, signers in zip(changes, names, strict=True) if not _enough(change, signers)]
    return found + [_problem(change) for change in missing]


def _held(commit: Signed, changes: list[_Change]) -> list[int]:
    """Find the changes that a signer saw: places in the list."""
    if not changes:
        return []
    seen = list(_widened(commit.base, commit.tree))
    return [place for place, change in enumerate(changes) if change in seen]


def _enough(change: _Change, signers: Mapping[str, Signer]) -> bool:
    """Tell whether those who signed may make a change."""
    if change.needs == _SECURITY:
        return sum("security" in signer.organization for signer in signers.values()) >= _TWO
    if change.needs == _COMPANY:
        return sum(bool(signer.organization) for signer in signers.values()) >= _TWO
    return len(signers) >= _TWO or any(change.team not in signer.teams for signer in signers.values())


def _problem(change: _Change) -> Problem:
    if change.needs == _SECURITY:
        why = "rights in production, the roles of the company and four eyes need two signers of role security"
    elif change.needs == _COMPANY:
        why = "what holds for the company needs two signers of role platform-admin or security"
    else:
        why = f"nobody in team {change.team} widens its roles or limits alone"
    fix = "have another of them sign a commit on top of it"
    return Problem(change.what, why, fix, change.where, "policy")


def _widened(old: Tree, new: Tree) -> Iterator[_Change]:
    yield from _company(old, new)
    for name, team in new.teams.items():
        before = old.teams.get(name)
        yield from _roles(name, before, team)
        yield from _workloads(name, before, team)
        for project in team.projects:
            owner = old.owners.get(project, name)
            if owner != name:
                place = f"teams/{name}/team.yaml"
                yield _Change(f"team {name} takes project {project} from team {owner}", name, place, _SECURITY)
        if before is not None:
            yield from _limits(name, before, team)
            yield from _four_eyes(old, new, before, team)


def _company(old: Tree, new: Tree) -> Iterator[_Change]:
    """Find what changes of the company's: roles, environments, and what its layers say."""
    for role in sorted({*old.org.roles, *new.org.roles}):
        if set(old.org.roles.get(role, ())) != set(new.org.roles.get(role, ())):
            becomes = frozenset(new.org.roles.get(role, ()))
            yield _Change(f"org.roles.{role} changes", "", "org.yaml", _SECURITY, becomes)
    if old.org.protected - new.org.protected or old.org.environments != new.org.environments:
        shape = (new.org.environments, new.org.protected)
        yield _Change("org.environments or org.protected changes", "", "org.yaml", _SECURITY, shape)
    rest = [(org.name, org.contact, dict(org.workspaces), org.protected) for org in (old.org, new.org)]
    if rest[0] != rest[1] or _said(old.layer) != _said(new.layer):
        yield _Change("org.yaml changes", "", "org.yaml", _COMPANY, (rest[1], _said(new.layer)))
    for environment in sorted({*old.environments, *new.environments}):
        said = _said(new.environments.get(environment))
        if _said(old.environments.get(environment)) != said:
            path = f"environments/{environment}.yaml"
            yield _Change(f"{path} changes", "", path, _COMPANY, said)


def _said(layer: Layer | None) -> tuple[object, object]:
    """Give what a layer says, wherever it stands in its file."""
    if layer is None:
        return {}, {}
    values = {key: leaf.value for key, leaf in layer.leaves.items()}
    return values, {key: replace(rule, where="") for key, rule in layer.rules.items()}


def _roles(name: str, before: Team | None, team: Team) -> Iterator[_Change]:
    for role, groups in team.roles.items():
        known = before.roles.get(role, ()) if before is not None else ()
        added = [group for group in groups if group not in known]
        if added:
            what = f"team.roles.{role} of team {name} gains {', '.join(added)}"
            yield _Change(what, name, f"teams/{name}/team.yaml", _SECURITY if role == "lead" else _SECOND)


def _workloads(name: str, before: Team | None, team: Team) -> Iterator[_Change]:
    known = before.workloads if before is not None else ()
    for job in team.workloads:
        if not any(_covers(other, job) for other in known):
            what = f"team.workloads of team {name} gains a job of {job.repository}"
            yield _Change(what, name, f"teams/{name}/team.yaml", _SECURITY if job.protected else _SECOND, job)


def _covers(known: Workload, job: Workload) -> bool:
    """Tell whether a job may nothing that a known one may not."""
    fewer = not known.projects or (job.projects and set(job.projects) <= set(known.projects))
    same = (known.issuer, known.repository) == (job.issuer, job.repository) and set(job.refs) <= set(known.refs)
    pinned = known.repository_id in ("", job.repository_id)
    within = pinned and set(job.events) <= set(known.events)
    return bool(same and fewer and within and (known.protected or not job.protected))


def _limits(name: str, before: Team, team: Team) -> Iterator[_Change]:
    """Find rules of a team that were lifted or loosened, and locked values that changed."""
    present = {layer.path: layer for layer in _layers(team)}
    for layer in _layers(before):
        later = present.get(layer.path)
        for rule in layer.rules.values():
            kept = later.rules.get(rule.key) if later is not None else None
            moved = rule.locked and _locked(layer, rule) != _locked(later, rule)
            if moved or _looser(rule, kept):
                what = f"the rule on {format_key(rule.key)} is loosened ({rule.text} before)"
                four_eyes = rule.key in (_APPROVALS, _APPROVALS[:1])
                becomes = (replace(kept, where="") if kept is not None else None, _locked(later, rule))
                yield _Change(what, name, layer.path, _SECURITY if four_eyes else _SECOND, becomes)


def _locked(layer: Layer | None, rule: Rule) -> dict[Key, object]:
    """Give the values that a lock of the layer holds."""
    leaves = layer.leaves.items() if layer is not None else ()
    return {key: leaf.value for key, leaf in leaves if key[: len(rule.key)] == rule.key}


def _looser(before: Rule, after: Rule | None) -> bool:
    if after is None or (before.locked and not after.locked):
        return True
    for bound in ("least", "most", "allowed"):
        if getattr(before, bound) is not None and getattr(after, bound) is None:
            return True
    spec = schema.find(before.key)
    return spec is not None and rules.loosened(before, after, spec) is not None


def _layers(team: Team) -> list[Layer]:
    """Give every layer of a team."""
    apps = [layer for app in team.apps.values() for layer in (app.layer, *app.environments.values())]
    return [team.layer, *team.environments.values(), *(layer for layer in apps if layer is not None)]


def _four_eyes(old: Tree, new: Tree, before: Team, team: Team) -> Iterator[_Change]:
    """Find apps whose promotion takes fewer approvals than before."""
    every = {*team.apps, *before.apps, *((project, "") for project in team.projects)}
    for environment in sorted(old.org.protected):
        for project, app in sorted(every):
            was = _approvals(old, before, project, app, environment)
            now = _approvals(new, team, project, app, environment)
            if now < was:
                of = f"{project}/{app}" if app else project
                what = f"promoting {of} into {environment} takes {now} approvals instead of {was}"
                yield _Change(what, team.name, f"teams/{team.name}", _SECURITY)


def _approvals(tree: Tree, team: Team, project: str, app: str, environment: str) -> int:
    found = 0
    for layer in tree.layers(team, project, app, environment):
        leaf = layer.leaves.get(_APPROVALS)
        found = int(leaf.value) if leaf is not None else found
    return found

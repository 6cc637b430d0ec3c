"""Handlers of waypaas.v1.Standards: profiles, explaining, projects, status."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import grpc

from teamconfig import bundle, errors, explain, gitremote, parts, resolve
from teamconfig.gen.waypaas.v1 import standards_pb2
from teamconfig.policy import authorize, question, right, standing
from teamconfig.policy.question import FAVOURABLE, environment_kind
from teamconfig.policy.words import Action, EnvironmentKind
from teamconfig.service import kept
from teamconfig.service.refusal import malformed, problem_to_proto, refuse
from teamconfig.stanza import Stanza
from teamconfig.state import projects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from teamconfig.profile import Profile
    from teamconfig.service.call import Call
    from teamconfig.service.revisions import Revision
    from teamconfig.state.projects import Registration
    from teamconfig.tree import Tree

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_PAGE = 200
_STANZAS = 16
OF_APPS = frozenset({"kubernetes", "ecs", "network", "registry", "observability"})
"""Sections that a waypoint.hcl may deviate from; how a release is promoted and tested is not for who asks for it."""


async def resolve_profile(call: Call, request: standards_pb2.ResolveRequest) -> standards_pb2.SignedProfile:
    """Give the standards of an app, signed."""
    revision, tree = call.core.served
    project, app, team, environment = call.aim(request.target, tree)
    call.permit(Action.READ, tree)
    profile = resolved(call, tree, request.stanzas)
    now = int(call.core.now())
    protected = environment_kind(tree, environment) is EnvironmentKind.PRODUCTION
    text = bundle.sign(
        bundle.Bundle(
            principal=call.known().principal.key,
            project=project,
            app=app,
            environment=environment,
            protected=protected,
            team=team,
            revision=revision.name,
            serial=revision.serial,
            issued_at=now,
            not_after=now + call.core.config.profile_seconds,
            files=_files(call, revision, team),
        ),
        call.core.key,
    )
    call.details["profile"] = _digest(call, tree, profile, request.stanzas)
    return standards_pb2.SignedProfile(bundle=text)


async def explain_profile(call: Call, request: standards_pb2.ExplainRequest) -> standards_pb2.ExplainReply:
    """Tell every value of an app with where it came from."""
    tree = call.core.tree
    _, _, team, environment = call.aim(request.target, tree)
    call.permit(Action.READ, tree)
    profile = resolved(call, tree, request.stanzas)
    names = explain.key(profile, request.key) if request.key else None
    document = json.dumps(explain.as_json(profile, names), ensure_ascii=False).encode()
    return standards_pb2.ExplainReply(
        team=team, environment=environment, revision=profile.revision, document=document
    )  # fmt: skip


async def explain_right(call: Call, request: standards_pb2.ExplainRightRequest) -> standards_pb2.ExplainRightReply:
    """Tell whether one may do something, step by step."""
    tree = call.core.tree
    if request.target.project:
        call.aim(request.target, tree)
    elif request.target.workspace:
        call.about.environment = tree.environment_of(request.target.workspace)
    asked = question.about(
        tree,
        request.action,
        call.known().standing,
        project=call.about.project,
        environment=call.about.environment,
        session=call.session_state(request.action),
        facts=FAVOURABLE.wanting(_approvals(call, tree)),
    )
    decision = authorize.decide(asked)
    told = right.explain(tree, asked, decision)
    call.action = "explain-right"
    call.details["asked"] = request.action[:40]
    return standards_pb2.ExplainRightReply(allowed=told.allowed, steps=told.steps, text=told.text)


def _approvals(call: Call, tree: Tree) -> int:
    """Tell how many approvals a release of the app takes there; 0 where no app is named: they may differ."""
    if not call.about.app or not call.about.environment:
        return 0
    return resolved(call, tree, b"").promotion.approvals or 0


async def register_project(call: Call, request: standards_pb2.RegisterProjectRequest) -> standards_pb2.Project:
    """Tie a project to a team and a remote."""
    tree, caller = call.core.tree, call.known()
    name, remote = request.project, request.remote
    if not _NAME.fullmatch(name):
        why = "a project's name has small letters, digits and dashes, at most 40"
        what, where = f"project {name[:60]!r} is not allowed", "project in waypoint.hcl"
        raise errors.StandardsError([errors.Problem(what, why, "choose another name", where, "option")])
    if remote and not gitremote.is_form(remote):
        raise malformed("remote is not host/path in its one form, as `wps create` sends it")
    call.about.project = name
    team = request.team or tree.owners.get(name, "")
    if not team:
        own = sorted(one.name for one in standing.memberships(tree, caller.standing))
        if len(own) != 1:
            why = f"you are in {', '.join(own)}" if own else "you are in no team"
            fix = f"add --team {own[0]}, or another of them" if own else "ask the platform team to add you to a team"
            raise refuse("team_unclear", f"whose project {name} is, is not clear", why, fix,
                         grpc.StatusCode.FAILED_PRECONDITION)  # fmt: skip
        team = own[0]
    call.about.team = team
    call.permit(Action.REGISTER, tree, team=team)
    if tree.owners.get(name, team) != team:
        raise refuse("project_taken", f"project {name} cannot be registered for team {team}",
                     "another team has a project of this name", "choose another name, or ask the platform team",
                     grpc.StatusCode.FAILED_PRECONDITION)  # fmt: skip
    now = call.core.now()

    def change(tx: Connection) -> Registration:
        return projects.register(tx, name, team=team, remote=remote, by=caller.principal, now=now)

    made = await call.commit(change, note=lambda one: {"created": one.created, "remote": remote})
    await call.core.refresh_facts()
    return standards_pb2.Project(project=name, team=made.project.team, remote=made.project.remote, created=made.created)


async def list_projects(call: Call, request: standards_pb2.ListProjectsRequest) -> standards_pb2.ListProjectsReply:
    """List the projects of the caller's teams, those of team.yaml and the registered ones."""
    tree, caller = call.core.tree, call.known()
    call.action = Action.READ
    visible = {one.name for one in standing.memberships(tree, caller.standing)}
    if caller.standing.organization:
        visible = set(tree.teams)
    wanted = visible & {request.team} if request.team else visible
    size = min(max(request.page_size, 0) or _PAGE, _PAGE)
    remotes = await call.core.read(
        lambda tx: {one.name: one.remote for one in projects.page(tx, teams=wanted, limit=10_000)}
    )
    names = sorted(name for name, team in tree.owners.items() if team in wanted and name > request.page_token)
    shown = names[:size]
    return standards_pb2.ListProjectsReply(
        projects=[
            standards_pb2.Project(project=name, team=tree.owners[name], remote=remotes.get(name, "")) for name in shown
        ],
        next_page_token=shown[-1] if len(names) > size else "",
    )


async def get_status(call: Call, request: standards_pb2.GetStatusRequest) -> standards_pb2.Status:
    """Tell which revision is served, and what is not well."""
    del request
    from teamconfig.service.health import parts_of  # noqa: PLC0415  # health needs the core, as we do
    from teamconfig.service.version import VERSION  # noqa: PLC0415

    call.action = "status"
    core = call.core
    current, refused = core.revisions.current, core.revisions.refused
    return standards_pb2.Status(
        version=VERSION,
        organization=current.tree.org.name if current else "",
        revision=current.name if current else "",
        revision_since=int(current.since) if current else 0,
        refused_revision=refused.name if refused else "",
        problems=[problem_to_proto(problem) for problem in refused.problems[:20]] if refused else [],
        parts=parts_of(core),
        environments=current.tree.org.environments if current else [],
    )


def resolved(call: Call, tree: Tree, stanzas: bytes) -> Profile:
    """Resolve the standards of what a call is about.

    Args:
        call: Its `about` is known.
        tree: The standards.
        stanzas: Options of waypoint.hcl, as JSON; empty for none.

    Returns:
        The profile.

    Raises:
        StandardsError: An option is not permitted.
        Refusal: The options cannot be read.
    """
    about = call.about
    project, app, environment = about.project, about.app, about.environment
    if stanzas or len(app) > kept.LONGEST_NAME:
        return resolve.profile(
            tree, project=project, app=app, workspace=environment, stanzas=read_stanzas(stanzas)
        )  # fmt: skip
    return call.core.of_tree.get(
        tree,
        ("profile", project, app, environment),
        lambda: resolve.profile(tree, project=project, app=app, workspace=environment),
    )


def _digest(call: Call, tree: Tree, profile: Profile, stanzas: bytes) -> str:
    if stanzas or len(profile.app) > kept.LONGEST_NAME:
        return profile.digest()
    key = "digest", profile.project, profile.app, profile.environment
    return call.core.of_tree.get(tree, key, profile.digest)


def _files(call: Call, revision: Revision, team: str) -> Mapping[str, bytes]:
    """Choose an app's files; a revision has those of all teams."""
    project, app = call.about.project, call.about.app
    if len(app) > kept.LONGEST_NAME:
        return parts.of_app(revision.files, team, project, app)
    key = team, project, app
    return call.core.of_revision.get(revision, key, lambda: parts.of_app(revision.files, team, project, app))


def read_stanzas(content: bytes) -> list[Stanza]:
    """Read the options of a waypoint.hcl from a request.

    Args:
        content: JSON of a list of objects {section, path, values}; empty for none.

    Returns:
        The stanzas.

    Raises:
        Refusal: It is no such JSON.
    """
    if not content:
        return []
    try:
        found: Any = json.loads(content)
        json.dumps(found, ensure_ascii=False).encode()  # refuses lone surrogates, which no answer could quote
        made = [Stanza(str(one["section"]), dict(one["values"]), str(one["path"])) for one in found]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as err:
        raise malformed("stanzas is not JSON of a list of {section, path, values}") from err
    if len(made) > _STANZAS:
        raise malformed(f"stanzas has more than {_STANZAS} entries")
    odd = sorted({stanza.section for stanza in made} - OF_APPS)
    if odd:
        raise malformed(
            f"stanzas names section {odd[0][:40]!r}, which no app sets: they are {', '.join(sorted(OF_APPS))}"
        )
    return made

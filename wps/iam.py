"""`wps iam`: the least policy at AWS of a role that deploys an app, reads of it, opens shells, or pushes images."""

from __future__ import annotations

import enum
import os
from typing import TYPE_CHECKING, Annotated

import typer

from teamconfig import errors
from wps import commands, selection, terminal

if TYPE_CHECKING:
    from teamconfig.credentials.scope import Scope
    from teamconfig.profile import Profile

app = commands.app()


class Role(enum.StrEnum):
    """What a role is for."""

    DEPLOYER = "deployer"
    READER = "reader"
    SHELL = "shell"
    PUSHER = "pusher"


@app.command(
    help="Print the policy that a role at AWS needs for the app of this directory, by team-ecs and team-ecr: no action "
    "more than the plugins call, each bound to cluster, names, or the tag of team and environment. Nobody is asked, "
    "and nothing is made; give it to the role with your own tool for AWS. deployer: deploy, release, destroy, status, "
    "logs; reader: status and logs; shell: these and exec, never in a protected environment; pusher: bring images "
    "into the app's repository and its replicas, and make them as the standards say."
)
def run(
    *,
    role: Annotated[Role, typer.Option(metavar="ROLE", help="deployer, reader, shell or pusher")] = Role.DEPLOYER,
    env: selection.Env = None,
    project: selection.Project = None,
    app_name: selection.App = None,
    file: selection.File = None,
    account: Annotated[
        str | None, typer.Option(metavar="ID", help="AWS account, if the standards name none: twelve digits")
    ] = None,
    partition: Annotated[str, typer.Option(metavar="P", help="aws, aws-cn or aws-us-gov")] = "aws",
) -> int:
    """Print it.

    Args:
        role: What the role is for.
        env: As in `selection.Choice`.
        project: As in `selection.Choice`.
        app_name: As in `selection.Choice`.
        file: As in `selection.Choice`.
        account: Where the standards name none.
        partition: Of AWS.

    Returns:
        The exit code.

    Raises:
        StandardsError: There are no standards, they leave out what the policy is bound to, or it may not be.
    """
    from teamconfig.credentials import rolepolicy  # noqa: PLC0415  # only who asks for a policy pays for it

    profile = selection.select(selection.Choice(env, project, app_name, file)).profile
    if role is Role.SHELL and profile.protected:
        what, why = f"there is no role for shells in {profile.environment}", "the environment is protected"
        raise errors.StandardsError(
            [errors.Problem(what, why, "ask for --role reader", "the argument --role", "policy")]
        )
    purposes = rolepolicy.ROLES[role.value]
    if role is Role.PUSHER:
        scope = images_of(profile, account, partition)
        document, what = rolepolicy.build(scope, purposes), f"images of {scope.repositories[0]}"
    else:
        balancer = profile.ecs.load_balancer
        listener = balancer.listener_arn if balancer is not None else None
        zone = balancer.hosted_zone if balancer is not None else None
        scope = scope_of(profile, account, partition)
        document = rolepolicy.build(scope, purposes, [listener] if listener else [], [zone] if zone else [])
        what = f"roles and logs of {profile.app}"
    terminal.note(f"for team {profile.team} in {profile.environment}, with the {what}")
    terminal.document(document)
    return 0


def scope_of(profile: Profile, account: str | None = None, partition: str = "aws") -> Scope:
    """Say what a role is bound to.

    Args:
        profile: The resolved standards.
        account: Of AWS, where they name none.
        partition: Of AWS.

    Returns:
        The scope.

    Raises:
        StandardsError: Account, region or cluster are not known, or are none.
    """
    from teamconfig.credentials.errors import CredentialsError  # noqa: PLC0415  # as in `run`
    from teamconfig.credentials.names import ActionClass  # noqa: PLC0415
    from teamconfig.credentials.scope import Scope  # noqa: PLC0415

    wanted = profile.ecs
    region = wanted.region or os.environ.get("AWS_REGION") or ""
    known = {"account": wanted.account or account or "", "region": region, "cluster": wanted.cluster or ""}
    problems = [_unset(f"ecs.{name}") for name, value in known.items() if not value]
    if problems:
        raise errors.StandardsError(problems)
    try:
        return Scope(
            action=ActionClass.DEPLOY,
            team=profile.team,
            environment=profile.environment,
            protected=profile.protected,
            log_groups=(wanted.log_group,) if wanted.log_group else (),
            roles=tuple(_named(role) for role in (wanted.execution_role, wanted.task_role) if role),
            partition=partition,
            account=known["account"],
            region=known["region"],
            cluster=known["cluster"],
        )
    except CredentialsError as err:
        raise errors.StandardsError([err.problem]) from err


def images_of(profile: Profile, account: str | None = None, partition: str = "aws") -> Scope:
    """Say what a role for images is bound to.

    Args:
        profile: The resolved standards.
        account: Of AWS, where they name none.
        partition: Of AWS.

    Returns:
        The scope.

    Raises:
        StandardsError: The images are not at ECR, or account or region are not known, or are none.
    """
    from teamconfig.credentials import scope  # noqa: PLC0415  # as in `run`
    from teamconfig.credentials.errors import CredentialsError  # noqa: PLC0415
    from teamconfig.credentials.names import ActionClass  # noqa: PLC0415

    account = profile.registry.account or account
    if not account and not profile.registry.url:
        raise errors.StandardsError([_unset("registry.account")])
    try:
        return scope.of_registry(profile, ActionClass.BUILD, account or "", partition)
    except CredentialsError as err:
        raise errors.StandardsError([err.problem]) from err


def _unset(name: str) -> errors.Problem:
    fix = "set it in the standards" + (", or add --account ID" if name.endswith(".account") else "")
    return errors.Problem(f"{name} is not set", "the policy is bound to it", fix, name, "missing")


def _named(role: str) -> str:
    """Give a role's path and name, however the standards write it."""
    return role.partition(":role/")[2] if role.startswith("arn:") else role

"""`wps plan`: what a deploy and its release would change on the cluster."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wps import appfile, commands, selection, terminal

if TYPE_CHECKING:
    from team_k8s.kubeconfig import Access
    from team_k8s.order import Manifest
    from team_k8s.preview import Change
    from wps.appfile import AppFile
    from wps.selection import Selected

app = commands.app()

CHANGES = 2
"""Exit code when something would change."""

SIGNS = {"create": "+", "change": "~", "delete": "-", "none": " "}


@app.command(
    help="Compare what a deploy and its release would apply with the deployment that serves now. Nothing is changed. "
    "Exit code 0: no change; 2: changes; 1: it cannot be told."
)
def run(
    *,
    env: selection.Env = None,
    project: selection.Project = None,
    app_name: selection.App = None,
    file: selection.File = None,
    image: Annotated[
        str | None, typer.Option(metavar="REF", help="image to deploy; that of waypoint.hcl, else the one that runs")
    ] = None,
    as_json: terminal.Json = False,
) -> int:
    """Plan.

    Args:
        env: As in `selection.Choice`.
        project: As in `selection.Choice`.
        app_name: As in `selection.Choice`.
        file: As in `selection.Choice`.
        image: Image to deploy, or None.
        as_json: Whether to print JSON.

    Returns:
        The exit code.

    Raises:
        StandardsError: There are no standards, or what is set breaks them.
        PluginError: The cluster cannot be asked, or refuses a manifest.
    """
    from team_k8s import preview  # noqa: PLC0415  # `wps explain` needs no cluster
    from team_k8s.api import Api  # noqa: PLC0415
    from team_k8s.authority import ClusterRights  # noqa: PLC0415
    from team_k8s.cloud import Cloud  # noqa: PLC0415
    from teamplugin.authority import used  # noqa: PLC0415
    from teamplugin.standards import Resolved  # noqa: PLC0415
    from waypaas_sdk.errors import PolicyError  # noqa: PLC0415

    selected = selection.select(selection.Choice(env, project, app_name, file))
    profile = selected.profile
    identity = preview.identity_of(profile, selected.workspace)
    if selected.authority and profile.protected:
        raise PolicyError(
            f"wps plan does not compare with {profile.environment}",
            why="it asks the cluster what an apply would do, which takes the right to apply, and that takes a grant",
            fix=f"read what would be applied: wps render --env {profile.environment}; or plan against the environment "
            "that a release comes from",
            where=f"the argument --env {env}" if env else f"the environment variable {selection.VARIABLE}",
        )
    rights = ClusterRights.of(Resolved(profile, identity, "", selected.authority, selected.stanzas), "deploy")
    with used(rights):
        access = rights.access() if rights is not None else _reached(selected, file)
        cloud = Cloud(Api(access, notify=terminal.note))
        live = preview.live(cloud, identity)
        wanted_image = image_of(image, selected.file, profile.app) or (live.image if live else "")
        sequence, deployment_id = (live.sequence, live.id) if live else (1, "planned")
        planned = manifests(selected, wanted_image or "none:none", sequence, deployment_id)
        changes = preview.changes(cloud, identity, planned)
    if as_json:
        found = [{"action": c.action, "kind": c.kind, "name": c.name, "fields": c.lines} for c in changes]
        terminal.document({"namespace": cloud.namespace, "changes": found})
    else:
        against = f"against {live.name}" if live else "nothing is deployed yet"
        where = f"cluster {access.context or access.server}, namespace {cloud.namespace}"
        terminal.heading(f"{profile.project}/{profile.app} in {profile.environment}, {where}: {against}")
        _show(changes)
    return CHANGES if any(change.action != "none" for change in changes) else 0


def manifests(selected: Selected, image: str, sequence: int, deployment_id: str) -> list[Manifest]:
    """Plan what a deploy applies, and what its release does by options of its own.

    Args:
        selected: The app.
        image: Reference with tag or digest.
        sequence: Waypoint's count.
        deployment_id: Waypoint's id of the deployment.

    Returns:
        Manifests in order.

    Raises:
        OptionError: The standards ask for what their ingress class cannot do.
    """
    from team_k8s import exposure, preview  # noqa: PLC0415  # `wps explain` needs no plugin
    from team_k8s.cloud import FRONTS  # noqa: PLC0415

    profile, release = selected.profile, selected.release
    identity = preview.identity_of(profile, selected.workspace)
    planned = preview.manifests(profile, identity, image, sequence, deployment_id)
    if release is profile:
        return planned
    name = next(manifest["metadata"]["name"] for manifest in planned if manifest["kind"] == "Deployment")
    port, labels = profile.kubernetes.port or 0, release.observability.labels or {}
    target = exposure.Target(identity, name, deployment_id, port, release.kubernetes, release.network, labels)
    deploy = [manifest for manifest in planned if manifest["kind"] not in ("Service", *FRONTS)]
    return [*deploy, *exposure.manifests(target)]


def own_access(selected: Selected, file: Path | None) -> Access:
    """Reach the cluster by the user's own credentials.

    Args:
        selected: The app.
        file: Its waypoint.hcl as the user named it, or None.

    Returns:
        The access.

    Raises:
        PluginError: There are none, or they came with the app.
    """
    from team_k8s import kubeconfig  # noqa: PLC0415  # `wps explain` needs no cluster

    wanted = selected.profile.kubernetes
    if wanted.kubeconfig:
        _refuse_planted(Path(wanted.kubeconfig).expanduser(), _repository(selected, file))
    return kubeconfig.load(wanted.kubeconfig or "", wanted.context or "", wanted.namespace or "")


def _reached(selected: Selected, file: Path | None) -> Access:
    """Reach the cluster, or say what can be done without one."""
    from waypaas_sdk.errors import MissingError  # noqa: PLC0415  # `wps explain` needs it not

    try:
        return own_access(selected, file)
    except MissingError as err:
        fix = f"{err.fix}; `wps render` shows what a deploy applies, and needs no cluster"
        where = err.where or selected.profile.kubernetes.kubeconfig or "KUBECONFIG, or ~/.kube/config"
        raise MissingError(err.what, why=err.why, fix=fix, where=where) from err


def _repository(selected: Selected, file: Path | None) -> Path:
    """Give a file in the repository of the app."""
    return selected.file.path if selected.file else file or Path(appfile.NAME)


def _refuse_planted(kubeconfig: Path, file: Path) -> None:
    """Refuse a kubeconfig that came with the app: it can name programs to run, and a look must run nothing of it."""
    from waypaas_sdk.errors import PolicyError  # noqa: PLC0415  # `wps explain` needs it not

    directory = file.absolute().parent
    root = next((folder for folder in (directory, *directory.parents) if (folder / ".git").exists()), directory)
    if (Path.cwd() / kubeconfig).resolve().is_relative_to(root.resolve()):
        raise PolicyError(
            f"the kubeconfig {kubeconfig} lies in the repository of the app",
            why="it could name programs to run, and `wps plan` runs nothing that comes with an app",
            fix="set KUBECONFIG to a file of your own, and remove the option kubeconfig",
            where=str(file),
        )


def image_of(given: str | None, file: AppFile | None, app: str) -> str:
    """Say which image would be deployed.

    Args:
        given: By the user, or None.
        file: The waypoint.hcl, or None.
        app: Name of the app.

    Returns:
        A reference; empty where only a build would tell.
    """
    block = file.root.find("app", app) if file is not None else None
    build = block.find("build") if block is not None else None
    use = build.find("use", "team-k8s") if build is not None else None
    named = use.attributes.get("image") if use is not None else None
    return given or (named if isinstance(named, str) else "")


def _show(changes: list[Change]) -> None:
    for change in changes:
        verb = "stays as it is" if change.action == "none" else f"{change.action}"
        terminal.line(f"{SIGNS[change.action]} {change.kind} {change.name}: {verb}")
        for sign, path, value in change.lines:
            terminal.line(f"    {sign} {path}: {value}")
    counted = [f"{sum(c.action == action for c in changes)} to {action}" for action in ("create", "change", "delete")]
    terminal.line(", ".join(counted))

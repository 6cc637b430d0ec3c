"""Pushes what was built: to the environment's registry and its replicas, under the tags of the standards."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from team_ecr import commits, images, lending, moving, origins, places, preparing, replicating, standards, tags
from waypaas_sdk.gen.docker.docker_pb2 import AccessInfo
from waypaas_sdk.result import Result

if TYPE_CHECKING:
    from imagemover.places import Source as Readable
    from imagemover.repository import Repository
    from team_ecr.moving import Mover
    from team_ecr.standards import Resolved
    from waypaas_sdk.arguments import JobInfo, Source
    from waypaas_sdk.call import Call
    from waypaas_sdk.gen.docker.docker_pb2 import Image
    from waypaas_sdk.terminal import TerminalUI


def push(options: Any, image: Image, source: Source, job: JobInfo, ui: TerminalUI, call: Call) -> Result:
    """Push a builder's image.

    Args:
        options: Of waypoint.hcl, or None.
        image: Says where it is.
        source: The app's.
        job: Says project, app and workspace.
        ui: Is told what is sent.
        call: Ends it when cancelled.

    Returns:
        The image in the registry, by tag and digest.

    Raises:
        PluginError: The standards, the registry or the image do not permit it.
    """
    resolved = standards.of_job(job, source.path, options, "build.registry")
    introduce(resolved, ui)
    origin = origins.of_image(image)
    with moving.opened(call, ui) as mover:
        lending.lend(mover, resolved)
        return deliver(origin, mover, resolved, source, ui, image.architecture)


def deliver(
    origin: origins.Origin, mover: Mover, resolved: Resolved, source: Source, ui: TerminalUI, architecture: str = ""
) -> Result:
    """Bring an image that was built now to where the standards say.

    Args:
        origin: Where it is.
        mover: Reaches registries.
        resolved: The standards.
        source: The app's.
        ui: Is told what is sent.
        architecture: As the builder said.

    Returns:
        The image in the registry, by tag and digest.

    Raises:
        PluginError: No tag is known.
        ImageError: It did not arrive everywhere.
    """
    wanted = build_tags(resolved, source, ui)
    mover.repository(places.of(resolved.registry))  # first: an image that is there already is read by its credential
    with origins.opened(origin, mover) as (readable, name):
        return arrive(readable, name, mover, resolved, ui, wanted, architecture=architecture)


def arrive(
    readable: Readable,
    name: str,
    mover: Mover,
    resolved: Resolved,
    ui: TerminalUI,
    wanted: tuple[str, ...],
    *,
    digest: str = "",
    architecture: str = "",
) -> Result:
    """Copy an image to the environment's registry and its replicas, and say where it is.

    Args:
        readable: Where it is.
        name: Its tag or digest there.
        mover: Reaches registries.
        resolved: The standards.
        ui: Is told what is sent.
        wanted: The tags, that to deploy by first.
        digest: That it must have; empty: any.
        architecture: As the builder said.

    Returns:
        The image in the registry, by tag and digest.

    Raises:
        ImageError: It did not arrive everywhere.
    """
    place = places.of(resolved.registry)
    own = mover.repository(place)
    sent, awaited = replicating.split(mover, resolved.registry, place)
    preparing.prepare(mover, [own, *sent], resolved, ui)
    move = not resolved.registry.immutable
    found = mover.send(readable, name, [own, *sent], wanted, digest=digest, move_tags=move)
    replicating.wait(mover, own, awaited, found, ui)
    image = images.pushed(own.name, wanted[0], found, architecture)
    ui.output(f"Image {images.text(image)}", style="success")
    data: dict[str, Any] = {"digest": found, "reference": f"{own.name}@{found}"}
    if sent or awaited:
        data["replicas"] = [one.name for one in (*sent, *awaited)]  # Waypoint 0.11.4 panics at an empty list
    return Result(image, template_data=data)


def access(options: Any, source: Source, job: JobInfo, ui: TerminalUI, call: Call) -> AccessInfo:
    """Give a builder the right to push by itself.

    Args:
        options: Of waypoint.hcl, or None.
        source: The app's.
        job: Says project, app and workspace.
        ui: Is told what was created.
        call: Ends it when cancelled.

    Returns:
        Where it may push, with a credential that lives as long as the registry's passwords do.

    Raises:
        PluginError: The standards or the registry do not permit it.
    """
    resolved = standards.of_job(job, source.path, options, "build.registry")
    with moving.opened(call, ui) as mover:
        lending.lend(mover, resolved)
        return access_to(mover, resolved, source, ui)


def access_to(mover: Mover, resolved: Resolved, source: Source, ui: TerminalUI) -> AccessInfo:
    """Give a builder the right to push where the standards say.

    Args:
        mover: Reaches registries.
        resolved: The standards.
        source: The app's.
        ui: Is told what was created.

    Returns:
        As in `access`.

    Raises:
        PluginError: No tag is known.
        ImageError: The registry does not permit it.
    """
    repository = mover.repository(places.of(resolved.registry))
    preparing.prepare(mover, [repository], resolved, ui)
    tag = build_tags(resolved, source, ui)[0]
    return _with_credential(mover, repository, tag)


def _with_credential(mover: Mover, repository: Repository, tag: str) -> AccessInfo:
    plain = repository.registry.root.scheme == "http"
    given = AccessInfo(image=repository.name, tag=tag, insecure=plain)
    credential = mover.credential(repository)
    if credential is None:
        return given
    if credential.identity_token or credential.bearer:
        header = {"identitytoken": credential.identity_token, "registrytoken": credential.bearer}
        given.header = base64.urlsafe_b64encode(json.dumps(header).encode()).decode()
    else:
        given.user_pass.username, given.user_pass.password = credential.username, credential.password
    return given


def build_tags(resolved: Resolved, source: Source, ui: TerminalUI) -> tuple[str, ...]:
    """Choose the tags of what is built now, and say what they leave out.

    Args:
        resolved: The standards.
        source: The app's.
        ui: Is told that there are changes.

    Returns:
        The tags, that to deploy by first.

    Raises:
        PluginError: No tag is known.
    """
    commit = commits.read(source.path)
    wanted = tags.of_build(resolved.registry, commit)
    if commit is not None and commit.changes and wanted[0] == commit.tag:
        ui.output(f"The checkout has changes that are not committed: the tag is {commit.tag}", style="warning")
    return wanted


def introduce(resolved: Resolved, ui: TerminalUI) -> None:
    """Say whose standards hold.

    Args:
        resolved: The standards.
        ui: Is told.
    """
    profile = resolved.profile
    ui.output(f"Environment {profile.environment} by the standards of team {profile.team} ({resolved.limits})")
    if resolved.note:
        ui.output(resolved.note, style="warning")

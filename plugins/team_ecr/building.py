"""Makes the image in the first environment, and brings it into every later one."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from team_ecr import commits, lending, moving, origins, places, promoted, pushing, standards, tags, wrapping
from waypaas_sdk.result import Result

if TYPE_CHECKING:
    from team_ecr.moving import Mover
    from team_ecr.standards import Resolved
    from waypaas_sdk.arguments import DataDir, JobInfo, LabelSet, Source
    from waypaas_sdk.call import Call
    from waypaas_sdk.logger import Logger
    from waypaas_sdk.terminal import TerminalUI


@dataclass(frozen=True)
class Given:
    """What Waypoint gave to the call, to be handed on to another builder.

    Args:
        source: The app's.
        job: Says project, app and workspace.
        ui: The user's terminal.
        logger: The host's log.
        labels: Of the app.
        directory: That outlives the call.
        call: Ends everything when cancelled.
    """

    source: Source
    job: JobInfo
    ui: TerminalUI
    logger: Logger
    labels: LabelSet
    directory: DataDir
    call: Call


def build(options: Any, given: Given, *, has_registry: bool = False, on_demand: bool = False) -> Result:
    """Build or bring the image.

    Args:
        options: Of waypoint.hcl, or None.
        given: To the call.
        has_registry: A registry stanza will push what is built.
        on_demand: This is an on-demand runner: builders have no Docker and push by themselves.

    Returns:
        The image; in the environment's registry, unless a registry stanza will push it.

    Raises:
        PluginError: The standards, a registry or the other builder do not permit it.
    """
    resolved = standards.of_job(given.job, given.source.path, options, "build")
    pushing.introduce(resolved, given.ui)
    with moving.opened(given.call, given.ui) as mover:
        if resolved.previous:
            return _brought(options, given, resolved, mover)
        if getattr(options, "digest", None):
            text = f"The option digest is not looked at: in {resolved.profile.environment} images are built"
            given.ui.output(text, style="warning")
        lending.lend(mover, resolved)
        return _built(given, resolved, mover, has_registry=has_registry, on_demand=on_demand)


def _built(given: Given, resolved: Resolved, mover: Mover, *, has_registry: bool, on_demand: bool) -> Result:
    registry = resolved.registry
    builder, wishes = registry.builder or wrapping.NOTHING, registry.builder_options or {}
    labels: dict[str, str] = {}
    architecture = ""
    if builder == wrapping.NOTHING:
        origin = wrapping.named(given, wishes)
    else:
        access = pushing.access_to(mover, resolved, given.source, given.ui) if on_demand else None
        image, labels = wrapping.built(given, builder, wishes, access)
        origin, architecture = origins.of_image(image), image.architecture
    unpushed = origin.image()
    if has_registry and unpushed is not None:
        unpushed.architecture = architecture
        return Result(unpushed, labels=labels)
    return replace(pushing.deliver(origin, mover, resolved, given.source, given.ui, architecture), labels=labels)


def _brought(options: Any, given: Given, resolved: Resolved, mover: Mover) -> Result:
    before = standards.before(given.job, given.source.path, resolved)
    choice = promoted.choose(options, resolved, before, commits.read(given.source.path), given.source.path)
    with ExitStack() as closing:
        source, own = (
            closing.enter_context(lending.reading(mover, one, given.call, given.ui)).repository(places.of(one.registry))
            for one in (before, resolved)
        )
        found = promoted.find(choice, source, own, (resolved.previous, resolved.profile.environment))
        here = f"{resolved.profile.environment}: it has left the source"
        where = resolved.previous if found.repository is source else here
        given.ui.output(f"Image {found.repository.name}@{found.digest} {choice.why}, in the registry of {where}")
        wanted = tags.of_promoted(resolved.registry, choice.tag, found.digest)
        lending.lend(mover, resolved, found.digest)
        return pushing.arrive(found.repository, found.digest, mover, resolved, given.ui, wanted, digest=found.digest)

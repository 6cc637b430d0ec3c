"""The gate of a release: tests of a deployment without traffic, then the release by another plugin."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from teamplugin import standards
from teamtests import jobtest, keeping, session, ways
from teamtests.target import Target
from test_stage import wrapped
from test_stage.gen.test_stage.v1 import test_stage_pb2
from waypaas_sdk import delegate
from waypaas_sdk.result import Result

if TYPE_CHECKING:
    from collections.abc import Iterator

    from teamplugin.standards import Resolved
    from waypaas_sdk.arguments import DataDir, JobInfo, LabelSet, Source
    from waypaas_sdk.call import Call
    from waypaas_sdk.gen.opaqueany.any_pb2 import Any as OpaqueAny
    from waypaas_sdk.logger import Logger
    from waypaas_sdk.terminal import TerminalUI

STAYS = "the traffic stays where it is"


@dataclass(frozen=True)
class Given:
    """What Waypoint gave to the call, to be handed on to another plugin.

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

    @property
    def values(self) -> tuple[object, ...]:
        """What another plugin may ask for."""
        return (self.source, self.job, self.ui, self.logger, self.labels, self.directory)

    def show(self, text: str, style: str = "") -> None:
        """Show a line.

        Args:
            text: The line.
            style: As of the terminal.
        """
        self.ui.output(text, style)


def resolve(given: Given, stage: str) -> Resolved:
    """Resolve the standards, and tell who holds everybody to them.

    Args:
        given: To the call.
        stage: "build" or "release".

    Returns:
        The standards.

    Raises:
        PluginError: As in `standards.of_job`.
    """
    resolved = standards.of_job("tests", given.job, given.source.path, None, stage)
    if resolved.note:
        given.ui.output(resolved.note, style="warning")
    return resolved


def target(resolved: Resolved, given: Given) -> Target:
    """Say whose tests these are.

    Args:
        resolved: The standards.
        given: To the call.

    Returns:
        A target that is reached nowhere yet.
    """
    whose = resolved.identity
    return Target(given.source.path, whose.project, whose.app, whose.environment, whose.workspace)


def release(options: Any, deployment: OpaqueAny, given: Given) -> Result:
    """Test a deployment, then let another plugin release it.

    Args:
        options: Of waypoint.hcl, or None.
        deployment: Of any platform.
        given: To the call.

    Returns:
        The release.

    Raises:
        StateError: A test failed; the traffic stays where it is.
        PluginError: The standards forbid it, there is no plugin that releases, or that one failed.
    """
    where = f"app.{given.job.app}.release.use"
    resolved = resolve(given, "release")
    plugin = getattr(options, "then", None) or wrapped.releaser(deployment, where)
    wishes = dict(getattr(options, "options", None) or {})
    with delegate.launch(plugin, given.call, given.source.path) as other:
        wrapped.checked(other)
        other.configure(wrapped.KIND, wishes, wrapped.WHERE)
        own, launchers = getattr(options, "test", None) or [], _launchers(options, plugin, given)
        stage = session.Session(resolved.profile.tests, own, "release", where, given.show, launchers)
        with (
            _reached(options, resolved, deployment, given, asks=stage.asks) as (found, profile_hash),
            keeping.opened(resolved.profile.tests, profile_hash, given.source.path, given.show) as keeper,
        ):
            stage = session.with_keeper(stage, keeper)
            kept = session.run(stage, found, given.call)
            session.gate(kept, STAYS, stage, found)
        given.show(f"{'All tests hold' if not kept.report.failed else 'Tests failed'}; releasing with {plugin}")
        reply = wrapped.release(other, deployment, given.values)
    data, resources = wrapped.made(reply)
    message = test_stage_pb2.Release(
        plugin=plugin,
        options=wishes,
        release=reply.result,
        url=reply.release.url,
        report=kept.directory,
        passed=len(kept.report.outcomes) - len(kept.report.failed),
        flaky=kept.report.flaky,
        digest=found.digest,
    )
    return Result(message, url=reply.release.url, resources=resources, template_data=data | {"report": kept.directory})


def _launchers(options: Any, plugin: str, given: Given) -> dict[str, Any]:
    name = getattr(options, "launcher", None) or plugin
    wishes = dict(getattr(options, "launcher_options", None) or {})
    return {"job": jobtest.Launcher(name, wishes, given.logger, os.environ).run}


@contextmanager
def _reached(
    options: Any, resolved: Resolved, deployment: OpaqueAny, given: Given, *, asks: bool
) -> Iterator[tuple[Target, str]]:
    """Open the way to the deployment that the standard `tests.reach` wants, for the length of a block.

    Gives the target, and the digest of the profile that it was deployed by: evidence counts for that.
    """
    found = target(resolved, given)
    known = {name: getattr(options, name, None) or "" for name in ("url", "image")}
    found = session.with_way(found, known)
    reach, where = resolved.profile.tests.reach or "auto", f"app.{given.job.app}.release.use"
    with ways.opened(found, deployment, reach, given.call, where, asks=asks) as (reached, way):
        yield reached, os.environ.get(keeping.PROFILE) or way.get("profile_digest") or resolved.profile.digest()

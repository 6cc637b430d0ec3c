"""Tests of the source, then the build by another plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from teamtests import session
from test_stage import gate
from test_stage.gen.test_stage.v1.test_stage_pb2 import Built
from waypaas_sdk import delegate
from waypaas_sdk.errors import OptionError, StateError
from waypaas_sdk.result import Result

if TYPE_CHECKING:
    from test_stage.gate import Given
    from waypaas_sdk.gen.docker.docker_pb2 import AccessInfo

KIND = "builder"


def build(options: Any, given: Given, *, has_registry: bool, access: AccessInfo | None = None) -> Result:
    """Test the source, then let another plugin build it.

    Args:
        options: Of waypoint.hcl, or None.
        given: To the call.
        has_registry: A registry stanza will push what is built.
        access: Where the other builder may push by itself, on an on-demand runner; None: it builds on this machine.

    Returns:
        What the other plugin made, as a Built.

    Raises:
        StateError: A test failed; nothing is built.
        PluginError: The standards forbid it, there is no such builder, or it failed.
    """
    where = f"app.{given.job.app}.build.use"
    plugin = getattr(options, "then", None)
    if not plugin:
        raise OptionError("nothing says who builds after the tests", fix='write then = "docker"', where=where)
    resolved = gate.resolve(given, "build")
    wishes = dict(getattr(options, "options", None) or {})
    with delegate.launch(plugin, given.call, given.source.path) as other:
        if not other.implements(KIND, "Build"):
            raise StateError(f'plugin "{plugin}" builds nothing', fix='name another one: then = "..."', where=where)
        other.configure(KIND, wishes, "build.use.options")
        own = getattr(options, "test", None) or []
        stage = session.Session(resolved.profile.tests, own, "build", where, given.show)
        target = gate.target(resolved, given)
        kept = session.run(stage, target, given.call)
        session.gate(kept, "nothing is built", stage, target)
        given.ui.output(f"All tests hold; building with {plugin}")
        rpc = "BuildODR" if access is not None and other.implements(KIND, "BuildODR") else "Build"
        made = other.invoke(KIND, rpc, *given.values, access, HasRegistry=has_registry)
    built = Built(artifact=made.result, json=made.result_json, template_data=made.template_data)
    return Result(built, labels=dict(made.labels))

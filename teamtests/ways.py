"""How the tests of a stage reach a deployment that has no traffic yet: by its URL, or by its platform's plugin.

Owns what the standard `tests.reach` means. The way itself is `reaching`'s.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from teamtests import reaching, session
from waypaas_sdk.errors import StateError
from waypaas_sdk.wire import anys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from teamtests.target import Target
    from waypaas_sdk.call import Call
    from waypaas_sdk.gen.opaqueany.any_pb2 import Any as OpaqueAny


def unreachable(plugin: str, reach: str) -> str:
    """Tell why tests cannot ask a deployment of which no URL is known. Pure but for a look at what is installed.

    Args:
        plugin: Of the platform, as after `use`.
        reach: The standard `tests.reach`.

    Returns:
        The reason; empty if they can, or if only the deployment itself will tell.
    """
    opens = reaching.opens(plugin)
    if reach == "url" and (opens or reaching.is_ours(plugin)):
        return "the standard tests.reach is url, and no URL of the deployment is known"
    if opens or (reach != "forward" and not reaching.is_ours(plugin)):
        return ""
    return f'no way leads from here to a deployment of "{plugin}" that has no traffic yet'


@contextmanager
def opened(
    target: Target, deployment: OpaqueAny, reach: str, call: Call, where: str, *, asks: bool = True
) -> Iterator[tuple[Target, dict[str, str]]]:
    """Open the way to a deployment that the standard `tests.reach` wants, for the length of a block.

    Args:
        target: What is tested; with the URL that waypoint.hcl names, if it does.
        deployment: Of any platform.
        reach: The standard.
        call: Ours; its cancellation closes the way.
        where: Path of the `use` in waypoint.hcl.
        asks: Whether a test cannot do without; else what cannot be opened is left, where the standard is auto.

    Yields:
        The target with how it is reached, and what its platform's plugin knows of it.

    Raises:
        StateError: A way is wanted, and there is none.
        CancelledError: Our call was cancelled.
    """
    can = reaching.offered(deployment)
    if reach == "forward" and not can:
        raise StateError(
            f"no way can be opened to a {anys.name(deployment)}",
            why="the standard tests.reach is forward, and the plugin of its platform opens none",
            fix='write reach = "url", and url = "http://..."; or let the test run beside it: kind = "job"',
            where=where,
        )
    if can and (reach == "forward" or (reach == "auto" and not target.url)):
        with ExitStack() as stack:
            try:
                way = stack.enter_context(reaching.opened(deployment, call))
            except StateError:  # credentials of the service hold no right to forward a port
                if asks or reach == "forward":
                    raise
                way = reaching.facts(deployment, call)
            yield session.with_way(replace(target, url="") if reach == "forward" else target, way), way
        return
    facts = reaching.facts(deployment, call) if can else {}
    yield session.with_way(target, facts), facts

"""The standards of a company's teams: read from YAML, resolved for one app in one environment, and explained.

Knows nothing of Waypoint, gRPC or clouds. `load` finds and reads the standards,
`resolve.profile` resolves them, `explain` tells where a value came from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from teamconfig.errors import Problem, StandardsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from teamconfig.stanza import Stanza
    from teamconfig.tree import Tree

__all__ = ["Problem", "StandardsError", "load"]


def load(
    start: Path | str,
    environ: Mapping[str, str],
    target: tuple[str, str, str] | None = None,
    stanzas: Sequence[Stanza] = (),
) -> Tree:
    """Find and read the standards; see `source.load`.

    Args:
        start: Directory of the app, from which .waypaas.toml is looked up.
        environ: The process's environment.
        target: Project, app and workspace that they are wanted for; a service gives no others.
        stanzas: Options of waypoint.hcl, which a service judges too.

    Returns:
        The tree; show its `note` to the user if it has one.

    Raises:
        StandardsError: No standards are named, or they cannot be read (kind missing), or are wrong (state).
    """
    from teamconfig import source  # noqa: PLC0415  # YAML is loaded by who reads standards, not by who reads the model

    return source.load(start, environ, target, stanzas)

"""Opens the ledger of releases for a stage of tests: that of the service, or the user's own."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from teamtests.evidence import Keeper

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from teamconfig.model import Tests
    from teamtests.session import Show


PROFILE = "WAYPAAS_PROFILE_HASH"
"""Set by `wps promote` for the plugins of its Waypoint: evidence counts for the profile that the record will name.

A plugin knows the options of its own stanza alone.
"""


@contextmanager
def opened(standards: Tests, profile_hash: str, source: Path, show: Show) -> Iterator[Keeper | None]:
    """Open the ledger for the length of a block.

    Args:
        standards: Section `tests` of the profile.
        profile_hash: `Profile.digest()` of the app in the environment.
        source: Directory of the app.
        show: Told when there is none.

    Yields:
        What keeps evidence; None where no ledger can be opened: tests run all the same, and nothing is kept of them.
    """
    from teamconfig import StandardsError, units  # noqa: PLC0415  # beside the start

    with ExitStack() as closing:
        keeper = None
        try:
            from teamconfig.releases import opening  # noqa: PLC0415  # needs cryptography

            ledger = closing.enter_context(opening.opened(source, os.environ))
            age = units.parse_duration(standards.evidence_max_age or "168h")
            keeper = Keeper(ledger, profile_hash, age)
        except (StandardsError, ImportError) as err:
            show(f"No evidence is kept or reused: {err}", "warning")
        yield keeper

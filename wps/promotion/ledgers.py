"""The app that the user chose, and the ledger of its releases: what every command about releases begins with."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from teamconfig.releases import opening
from wps import appfile
from wps.promotion import stages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from teamconfig.releases.ledger import Ledger
    from wps.promotion.stages import Stages
    from wps.selection import Choice


@contextmanager
def of(choice: Choice) -> Iterator[tuple[Stages, Ledger]]:
    """Open the ledger of an app.

    Args:
        choice: What the user named.

    Yields:
        The app in all its environments, and the ledger.

    Raises:
        StandardsError: There are no standards, or nothing says which app, or the ledger cannot be used.
    """
    found = stages.find(choice)
    with opening.opened(found.folder, os.environ) as ledger:
        yield found, ledger


@contextmanager
def here() -> Iterator[Ledger]:
    """Open the ledger of this directory, whatever app it is asked about.

    Yields:
        The ledger.

    Raises:
        StandardsError: There are no standards, or the ledger cannot be used.
    """
    start = Path.cwd()
    file = appfile.search(start)
    with opening.opened(file.absolute().parent if file is not None else start, os.environ) as ledger:
        yield ledger

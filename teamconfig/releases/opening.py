"""The ledger that counts in a checkout: the service's if one is configured, else a file of the user's."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from teamconfig import settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from teamconfig.releases.ledger import Ledger


@contextlib.contextmanager
def opened(start: Path | str, environ: Mapping[str, str]) -> Iterator[Ledger]:
    """Open the ledger of a checkout, and close it behind.

    Nothing falls back: where a service is configured and away, its ledger raises, and no file is written instead.

    Args:
        start: Directory of the app, from which .waypaas.toml is looked up.
        environ: The process's environment.

    Yields:
        The ledger; show its `about` to the user if it is `advisory`.

    Raises:
        StandardsError: No standards are named (kind missing), or the ledger cannot be used.
        SignInError: The service is not signed in at.
    """
    ledger = of_settings(settings.find(Path(start), environ), environ)
    try:
        yield ledger
    finally:
        ledger.close()


def of_settings(found: settings.Settings, environ: Mapping[str, str]) -> Ledger:
    """Give the ledger of settings that were found; the caller closes it.

    Args:
        found: What names a service or standards.
        environ: The process's environment.

    Returns:
        The ledger.

    Raises:
        StandardsError: It cannot be used.
    """
    if found.service:
        from teamconfig.client.releases import ServiceLedger  # noqa: PLC0415  # grpc: only with a service
        from teamconfig.client.service import Service  # noqa: PLC0415  # as above

        return ServiceLedger(Service(found, environ))
    from teamconfig.releases import embedded  # noqa: PLC0415  # sqlite3 and cryptography: only without one

    return embedded.EmbeddedLedger(embedded.directory(found.base, environ))

"""Who has used a grant: the holders of the credentials that were given for it. Owns no table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from teamconfig.state.tables import LEASES

if TYPE_CHECKING:
    from sqlalchemy import Connection


def of(tx: Connection, grant_id: str) -> dict[str, frozenset[str]]:
    """List who has used a grant, and on which devices.

    Args:
        tx: Any connection.
        grant_id: Of the grant.

    Returns:
        Public keys of devices, in hex, by "issuer|subject" of who has used them; nobody if it was not used.
    """
    query = select(LEASES.c.principal_key, LEASES.c.device_key).where(LEASES.c.grant_id == grant_id)
    found: dict[str, frozenset[str]] = {}
    for person, device in tx.execute(query):
        found[str(person)] = found.get(str(person), frozenset()) | {str(device)}
    return found

"""Who has used a grant: the holders of the credentials that were given for it. Owns no table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from teamconfig.state.tables import LEASES

if TYPE_CHECKING:
    from sqlalchemy import Connection


def of(tx: Connection, grant_id: str) -> frozenset[str]:
    """List who has used a grant.

    Args:
        tx: Any connection.
        grant_id: Of the grant.

    Returns:
        "issuer|subject" of each; nobody if it was not used.
    """
    found = select(LEASES.c.principal_key).where(LEASES.c.grant_id == grant_id)
    return frozenset(str(key) for key in tx.execute(found).scalars())


def devices(tx: Connection, grant_id: str) -> frozenset[str]:
    """List the devices that have used a grant.

    Args:
        tx: Any connection.
        grant_id: Of the grant.

    Returns:
        Their public keys in hex; none if it was not used.
    """
    found = select(LEASES.c.device_key).where(LEASES.c.grant_id == grant_id)
    return frozenset(str(key) for key in tx.execute(found).scalars())

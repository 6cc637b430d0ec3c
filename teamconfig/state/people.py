"""A principal as columns, and back.

Owns the five columns by which every table names somebody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from teamconfig.identity.principal import Principal

if TYPE_CHECKING:
    from sqlalchemy import RowMapping


def to_columns(prefix: str, principal: Principal) -> dict[str, str]:
    """Give the columns of a principal.

    Args:
        prefix: What the columns' names begin with, "principal" for example.
        principal: Whom they name.

    Returns:
        Values by column.
    """
    return {
        f"{prefix}_key": principal.key,
        f"{prefix}_issuer": principal.issuer,
        f"{prefix}_subject": principal.subject,
        f"{prefix}_name": principal.name,
        f"{prefix}_kind": principal.kind,
    }


def from_columns(prefix: str, row: RowMapping) -> Principal:
    """Give the principal that columns name.

    Args:
        prefix: What the columns' names begin with.
        row: A row that has them.

    Returns:
        The principal.
    """
    return Principal(
        issuer=row[f"{prefix}_issuer"],
        subject=row[f"{prefix}_subject"],
        name=row[f"{prefix}_name"],
        kind=row[f"{prefix}_kind"],
    )

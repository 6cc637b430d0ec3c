"""Who handed evidence in, as a column: what one has handed in pushes out nothing of another's.

Evidence of before stays under an empty name, so that nothing new pushes it out either.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0003"
down_revision = "r0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("release_evidence", sa.Column("maker", sa.Text(), nullable=False, server_default=""))

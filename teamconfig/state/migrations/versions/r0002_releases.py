"""Release records, evidence, rejections, holds, waivers, promotions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "r0002"
down_revision = "r0001"
branch_labels = None
depends_on = None

_PLACE = ("project", "app", "environment")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "release_records",
        sa.Column("id", sa.String(length=64), nullable=False),
        *_place(),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("maker_key", sa.Text(), nullable=False),
        sa.Column("envelope", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release_records")),
        sa.UniqueConstraint(*_PLACE, "number", name=op.f("uq_release_records_project_app_environment_number")),
        sa.UniqueConstraint(*_PLACE, "maker_key", name=op.f("uq_release_records_project_app_environment_maker_key")),
    )
    op.create_index(op.f("ix_release_records_digest"), "release_records", ["digest"], unique=False)
    op.create_table(
        "release_evidence",
        sa.Column("id", sa.String(length=64), nullable=False),
        *_place(),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("ended", sa.Double(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release_evidence")),
    )
    name = op.f("ix_release_evidence_project_app_digest")
    op.create_index(name, "release_evidence", ["project", "app", "digest"], unique=False)
    op.create_table(
        "release_rejections",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", "project", name=op.f("pk_release_rejections")),
    )
    op.create_table(
        "release_holds",
        *_place(),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(*_PLACE, name=op.f("pk_release_holds")),
    )
    _waivers()
    _promotions()


def _waivers() -> None:
    op.create_table(
        "release_waivers",
        sa.Column("id", sa.String(length=32), nullable=False),
        *_place(),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release_waivers")),
    )
    name = op.f("ix_release_waivers_project_app_environment_digest")
    op.create_index(name, "release_waivers", [*_PLACE, "digest"], unique=False)


def _promotions() -> None:
    op.create_table(
        "release_promotions",
        sa.Column("id", sa.String(length=32), nullable=False),
        *_place(),
        sa.Column("ended", sa.String(length=16), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release_promotions")),
    )
    name = op.f("ix_release_promotions_project_app_environment_ended")
    op.create_index(name, "release_promotions", [*_PLACE, "ended"], unique=False)


def _place() -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in _PLACE]

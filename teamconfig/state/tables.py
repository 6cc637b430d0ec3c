"""The tables as SQLAlchemy sees them; the migrations make them.

Owns columns and their names. Owns no statement. Times are seconds since 1970
but for the audit, which counts milliseconds in whole numbers. Hashes and keys
are hex. JSON is text, so that both databases keep every byte of it.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""All tables of the state."""

_ROW_NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""SQLite makes a column of exactly the type INTEGER the row's own number, without an index beside the table."""


def _who(prefix: str) -> list[Column[str]]:
    """Give the columns that name a principal."""
    return [
        Column(f"{prefix}_key", Text, nullable=False),
        Column(f"{prefix}_issuer", Text, nullable=False),
        Column(f"{prefix}_subject", Text, nullable=False),
        Column(f"{prefix}_name", Text, nullable=False),
        Column(f"{prefix}_kind", String(16), nullable=False),
    ]


SESSIONS = Table(
    "sessions",
    METADATA,
    Column("id", String(32), primary_key=True),
    *_who("principal"),
    Column("provider", Text, nullable=False),
    Column("device_key", String(64), nullable=False),
    Column("device_name", Text, nullable=False),
    Column("access_hash", String(64), nullable=False, unique=True),
    Column("refresh_hash", String(64), nullable=False, unique=True),
    Column("generation", Integer, nullable=False),
    Column("access_expires", Double, nullable=False),
    Column("refresh_expires", Double, nullable=False),
    Column("groups", Text, nullable=False),
    Column("groups_read", Double, nullable=False),
    Column("claims", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("disabled", Integer, nullable=False),
    Column("created", Double, nullable=False),
    Column("closed_at", Double),
    Index(None, "principal_key"),
    Index(None, "refresh_expires"),
)

SPENT_TOKENS = Table(
    "spent_tokens",
    METADATA,
    Column("refresh_hash", String(64), primary_key=True),
    Column("session", String(32), ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("generation", Integer, nullable=False),
    Index(None, "session"),
)

SPENT_PROOFS = Table(
    "spent_proofs",
    METADATA,
    Column("proof", String(128), primary_key=True),
    Column("expires", Double, nullable=False),
    Index(None, "expires"),
)
"""ID tokens that have opened or renewed a session: each does so once, at whatever replica."""

GRANTS = Table(
    "grants",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("jti", String(32), nullable=False, unique=True),
    *_who("requester"),
    Column("project", Text, nullable=False),
    Column("app", Text, nullable=False),
    Column("workspace", Text, nullable=False),
    Column("team", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("plan_hash", Text, nullable=False),
    Column("revision", Text, nullable=False),
    Column("stanzas_hash", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("approvals_wanted", Integer, nullable=False),
    Column("idempotency_key", Text, nullable=False),
    Column("created", Double, nullable=False),
    Column("expires", Double, nullable=False),
    Column("redeemed_at", Double),
    UniqueConstraint("requester_key", "idempotency_key"),
)

APPROVALS = Table(
    "approvals",
    METADATA,
    Column("grant_id", String(32), ForeignKey("grants.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    *_who("principal"),
    Column("created", Double, nullable=False),
    UniqueConstraint("grant_id", "principal_key"),
)

LEASES = Table(
    "leases",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("grant_id", String(32), ForeignKey("grants.id")),
    *_who("principal"),
    Column("device_key", String(64), nullable=False),
    Column("project", Text, nullable=False),
    Column("app", Text, nullable=False),
    Column("team", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("platform", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("created", Double, nullable=False),
    Column("expires", Double, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("retry_at", Double, nullable=False),
    Column("handle", Text, nullable=False),
    Index(None, "state", "expires"),
)

LOCKS = Table(
    "locks",
    METADATA,
    Column("kind", String(16), primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("until", Double),
    *_who("by"),
    Column("created", Double, nullable=False),
)

PROJECTS = Table(
    "projects",
    METADATA,
    Column("project", Text, primary_key=True),
    Column("team", Text, nullable=False),
    Column("remote", Text, nullable=False),
    *_who("by"),
    Column("created", Double, nullable=False),
    Index(None, "team"),
)

RELEASES = Table(
    "releases",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("project", Text, nullable=False),
    Column("app", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("revision", Text, nullable=False),
    Column("file_hash", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("signature", Text, nullable=False),
    Column("parent", Text, nullable=False),
    Column("created", Double, nullable=False),
    Index(None, "project", "app", "environment", "created"),
)

RELEASE_RECORDS = Table(
    "release_records",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("project", Text, nullable=False),
    Column("app", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("digest", Text, nullable=False),
    Column("maker_key", Text, nullable=False),
    Column("envelope", Text, nullable=False),
    UniqueConstraint("project", "app", "environment", "number"),
    UniqueConstraint("project", "app", "environment", "maker_key"),
    Index(None, "digest"),
)
"""What was signed; `releases` has what the service has seen run. The statements are `teamconfig.releases.store`'s."""

RELEASE_EVIDENCE = Table(
    "release_evidence",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("project", Text, nullable=False),
    Column("app", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("ended", Double, nullable=False),
    Column("content", Text, nullable=False),
    Column("maker", Text, nullable=False, server_default=""),
    Index(None, "project", "app", "digest"),
)

RELEASE_REJECTIONS = Table(
    "release_rejections",
    METADATA,
    Column("digest", Text, primary_key=True),
    Column("project", Text, primary_key=True),
    Column("content", Text, nullable=False),
)

RELEASE_HOLDS = Table(
    "release_holds",
    METADATA,
    Column("project", Text, primary_key=True),
    Column("app", Text, primary_key=True),
    Column("environment", Text, primary_key=True),
    Column("content", Text, nullable=False),
)

RELEASE_WAIVERS = Table(
    "release_waivers",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("project", Text, nullable=False),
    Column("app", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("content", Text, nullable=False),
    Index(None, "project", "app", "environment", "digest"),
)

RELEASE_PROMOTIONS = Table(
    "release_promotions",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("project", Text, nullable=False),
    Column("app", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("ended", String(16), nullable=False),
    Column("seconds", Integer, nullable=False),
    Column("content", Text, nullable=False),
    Index(None, "project", "app", "environment", "ended"),
)

AUDIT = Table(
    "audit",
    METADATA,
    Column("sequence", _ROW_NUMBER, primary_key=True, autoincrement=False),
    Column("time_ms", BigInteger, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("action", Text, nullable=False),
    Column("project", Text, nullable=False),
    Column("app", Text, nullable=False),
    Column("workspace", Text, nullable=False),
    Column("team", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("revision", Text, nullable=False),
    Column("details", Text, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("mac", String(64), nullable=False),
    Index(None, "team", "sequence"),
    Index(None, "issuer", "subject", "sequence"),
)

META = Table(
    "meta",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

"""The words of authorization: roles, actions, kinds of environment.

The names are part of the contract: they stand in team.yaml, in grants, in the
audit and in `wps explain --can`.
"""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a principal is in a team, or in the company."""

    VIEWER = "viewer"
    DEVELOPER = "developer"
    LEAD = "lead"
    CI = "ci"
    PLATFORM_ADMIN = "platform-admin"
    SECURITY = "security"


TEAM_ROLES = (Role.VIEWER, Role.DEVELOPER, Role.LEAD)
"""Roles that a team.yaml binds to groups."""

ORGANIZATION_ROLES = (Role.PLATFORM_ADMIN, Role.SECURITY)
"""Roles that org.yaml binds to groups."""


class Action(StrEnum):
    """What somebody may want to do."""

    WHOAMI = "whoami"
    READ = "read"
    """Profile, status, plan."""
    LOGS = "logs"
    BUILD = "build"
    """Build, test, push into the registry of the first environment."""
    DEPLOY = "deploy"
    PROMOTE = "promote"
    """Bring a release into an environment, release it, take it back."""
    APPROVE = "approve"
    REDEEM = "redeem"
    """Use a grant."""
    EXEC = "exec"
    DESTROY = "destroy"
    RECORD = "record"
    """Keep release records and evidence, and claim an environment for a promotion."""
    REJECT = "reject"
    """Refuse an image from now on, everywhere at once."""
    UNREJECT = "unreject"
    """Take back what somebody else has rejected."""
    HOLD = "hold"
    """Hold an environment, and lift a hold."""
    WAIVE = "waive"
    """Spare an image tests or time that the standards want, on its way into an environment."""
    REGISTER = "register"
    """Tie a project to a team."""
    LOCK = "lock"
    LOCK_SELF = "lock-self"
    AUDIT_OWN = "audit-own"
    """Read the audit of one's own actions."""
    AUDIT_READ = "audit-read"
    AUDIT_VERIFY = "audit-verify"
    CONFIGURE = "configure"
    """Change standards: never by a call, only by review in git."""


class EnvironmentKind(StrEnum):
    """What sort of environment it is: rights go by this, not by the company's names."""

    DEV = "dev"
    """The first of the company's."""
    STAGE = "stage"
    """Neither the first nor protected."""
    PRODUCTION = "production"
    """Protected: nobody may open a shell there."""
    UNKNOWN = "unknown"
    NONE = "none"
    """The action is about no environment."""


class SessionState(StrEnum):
    """How good a proof the caller's session is."""

    FRESH = "fresh"
    STALE_GROUPS = "stale_groups"
    """It holds, but the groups are older than they may be."""
    EXPIRED = "expired"
    REVOKED = "revoked"
    LOCKED = "locked"
    """The user, team, project or device is shut out."""


class ServiceMode(StrEnum):
    """Whether everything is there that a right can be decided by."""

    NORMAL = "normal"
    DEGRADED = "degraded"
    """Without the service: standards come from a cache, and new credentials from nowhere."""


class Reason(StrEnum):
    """Why something is allowed or not; for programs, and the key of the text for people."""

    ALLOWED = "allowed"
    SESSION_EXPIRED = "session_expired"
    SESSION_REVOKED = "session_revoked"
    SESSION_LOCKED = "session_locked"
    SESSION_UNKNOWN = "session_unknown"
    ACCOUNT_DISABLED = "account_disabled"
    UNKNOWN_ACTION = "unknown_action"
    UNKNOWN_ENVIRONMENT = "unknown_environment"
    CONFIG_BY_REVIEW = "config_by_review"
    EXEC_IN_PRODUCTION = "exec_in_production"
    SELF_APPROVAL = "self_approval"
    DEGRADED = "degraded"
    STALE_GROUPS = "stale_groups"
    NO_RULE = "no_rule"
    """Nobody may: the action means nothing there, as approving in dev."""
    NO_ROLE = "no_role"
    LOGS_CLOSED = "logs_closed"
    REF_UNPROTECTED = "ref_unprotected"
    DIGEST_UNSEEN = "digest_unseen"
    APPROVAL_MISSING = "approval_missing"
    """All else holds: it may be asked for, and waits for somebody else."""

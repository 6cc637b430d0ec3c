"""Names of what stands for a team in an environment at Kubernetes and AWS. Pure.

Stable: the same words give the same name. Injective: other words give another
name, as parts are joined by a dot, which no part has, and what does not fit is
shortened with a hash of the whole.
"""

from __future__ import annotations

import hashlib
import re
from enum import StrEnum

from teamconfig.credentials.errors import PolicyError

RIGHTS_NAMESPACE = "waypaas-rights"
"""Holds the service accounts and the leases, apart from the pods of any team."""

TEAM_LABEL = "waypaas.dev/team"
ENVIRONMENT_LABEL = "waypaas.dev/environment"
PROTECTED_LABEL = "waypaas.dev/protected"
LEASE_LABEL = "waypaas.dev/lease"
CLASS_LABEL = "waypaas.dev/action-class"
EXPIRES_ANNOTATION = "waypaas.dev/expires"
"""When a lease is over, seconds since 1970."""

MANAGED = {"app.kubernetes.io/managed-by": "waypaas"}
"""Label of all that is ours."""

_MAX_LABEL = 63
_MAX_AWS = 64
_HASHED = re.compile(r"-[0-9a-f]{10}$")
"""What looks like our own shortened form gets a hash too."""


class ActionClass(StrEnum):
    """Actions that need the same rights at a cloud."""

    READ = "read"
    """Status and logs."""
    DEPLOY = "deploy"
    """Deploy, release, destroy."""
    EXEC = "exec"
    """Open a shell; never in a protected environment."""
    WITNESS = "witness"
    """See that an image runs; the service's own, at AWS, for no action of anybody."""
    BUILD = "build"
    """Push images into one repository; at ECR only."""
    PULL = "pull"
    """Pull images from one repository; at ECR only."""


_KUBERNETES = {
    "read": ActionClass.READ,
    "logs": ActionClass.READ,
    "deploy": ActionClass.DEPLOY,
    "promote": ActionClass.DEPLOY,
    "destroy": ActionClass.DEPLOY,
    "exec": ActionClass.EXEC,
}
_ECR = {
    "read": ActionClass.PULL,
    "build": ActionClass.BUILD,
    "deploy": ActionClass.BUILD,
    "promote": ActionClass.BUILD,
}
_CLASSES = {"kubernetes": _KUBERNETES, "aws": _KUBERNETES, "ecr": _ECR}


def action_class(action: str, platform: str, *, protected: bool) -> ActionClass:
    """Tell which rights an action needs.

    Args:
        action: Word of `policy.words.Action`: "deploy", "logs", ...
        platform: "kubernetes", "aws", or "ecr" for image repositories alone.
        protected: Whether it is for a protected environment.

    Returns:
        The class.

    Raises:
        PolicyError: The action needs no credentials there, or may never have them.
    """
    known = _CLASSES.get(platform, {})
    found = known.get(action)
    if found is None:
        why = f"an action of this name needs none at platform {platform!r}"
        fix = f"ask for one of {', '.join(known or _KUBERNETES)}"
        raise PolicyError(f"there are no credentials for action {action!r}", why, fix, f"platform {platform}")
    if found is ActionClass.EXEC and protected:
        why = "the environment is protected, and nothing opens a shell there: not a role, not a line of YAML"
        fix = "read the logs, or open the shell in an environment that is not protected"
        raise PolicyError("exec is not possible here", why, fix, f"platform {platform}")
    return found


def part(text: str) -> str:
    """Make a text fit for a part of a name: lower case letters, digits, dashes, at most 63.

    Args:
        text: Anything: the name of a team, an environment, a lease.

    Returns:
        The text itself where it fits, else a shortened form with a hash of the whole.
    """
    name = re.sub(r"[^a-z0-9-]+", "-", text.lower()).strip("-")
    if name == text and 0 < len(name) <= _MAX_LABEL and not _HASHED.search(name):
        return name
    return _shortened(name, text, _MAX_LABEL)


def _shortened(name: str, whole: str, longest: int) -> str:
    mark = hashlib.sha256(whole.encode()).hexdigest()[:10]
    return f"{name[: longest - 11].rstrip('-.') or 'x'}-{mark}"


def namespace(team: str, environment: str) -> str:
    """Name the namespace of a team in an environment, where the standards name none.

    Args:
        team: Of the standards.
        environment: Of the company.

    Returns:
        As "payments-dev". Not injective, as people read and type it: `rbac` refuses two for one.
    """
    return part(f"{team}-{environment}")


def service_account(team: str, environment: str, action: ActionClass) -> str:
    """Name a service account in the namespace of rights.

    Args:
        team: Of the standards.
        environment: Of the company.
        action: Whose rights it has.

    Returns:
        As "payments.production.deploy".
    """
    return f"{part(team)}.{part(environment)}.{action}"


def role(action: ActionClass) -> str:
    """Name the Role in a team's namespace: "waypaas-deploy"."""
    return f"waypaas-{action}"


def lease(lease_id: str) -> str:
    """Name the Secret whose removal ends a token: "lease-" and the lease's id."""
    return f"lease-{part(lease_id)}"


def aws_role(team: str, environment: str) -> str:
    """Name the IAM role of a team in an environment.

    Args:
        team: Of the standards.
        environment: Of the company.

    Returns:
        As "waypaas.payments.production", at most 64 characters.
    """
    return _aws("waypaas", part(team), part(environment))


def session(team: str, environment: str, lease_id: str) -> str:
    """Name a session at STS, as CloudTrail shows it.

    Args:
        team: Of the standards.
        environment: Of the company.
        lease_id: Of the lease.

    Returns:
        2 to 64 characters of [a-z0-9.-].
    """
    return _aws(part(team), part(environment), part(lease_id))


def source_identity(principal: str) -> str:
    """Name a principal at STS, so that a lock can find all its sessions.

    Args:
        principal: Its key, "issuer|subject".

    Returns:
        "principal-" and 40 hex digits of a SHA-256, as a subject has signs that STS refuses.
    """
    return f"principal-{hashlib.sha256(principal.encode()).hexdigest()[:40]}"


def _aws(*parts: str) -> str:
    whole = ".".join(parts)
    if len(whole) <= _MAX_AWS:
        return whole
    return _shortened(whole, whole, _MAX_AWS)

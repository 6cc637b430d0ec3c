"""Names and tags of what team-ecs makes. Pure."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from teamplugin.identity import Identity

MAX_NAME = 32
"""Characters of a target group's name; services have the same name."""

MAX_TAG_VALUE = 256
MARK_DIGITS = 8

OWNER_TAG = "waypaas:owner"
"""TEAM/ENVIRONMENT: by it the service's session policy tells whose a resource is."""

OWNER_KEYS = (OWNER_TAG, "waypaas:project", "waypaas:app", "waypaas:workspace")
DEPLOYMENT_TAG = "waypaas:deployment"
KIND_TAG = "waypaas:kind"
DOOR_TAG = "waypaas:door"
"""Of a target group: ARN of the listener or network load balancer that leads to it."""

RECORD_TAG = "waypaas:record"
"""Of the app's rule: ZONE/HOST of its record in Route 53."""

STATE_TAG = "waypaas:state"
DEPLOYING, DEPLOYED = "deploying", "deployed"
"""Values of STATE_TAG, of a service: whether its deploy has come to its end."""

PREVIEW, TRAFFIC = "preview", "traffic"
"""Values of KIND_TAG: what a listener rule is for."""


def mark(identity: Identity) -> str:
    """Give the digits that no other app and workspace has."""
    whole = f"{identity.project}\0{identity.app}\0{identity.workspace}"
    return hashlib.sha256(whole.encode()).hexdigest()[:MARK_DIGITS]


def family(identity: Identity) -> str:
    """Name the family of an app's task definitions in a workspace; the same each time."""
    return _named(identity.app, f"-{mark(identity)}")


def service(identity: Identity, sequence: int) -> str:
    """Name the service and the target group of one deploy; at most MAX_NAME characters."""
    return _named(identity.app, f"-{mark(identity)}-v{sequence}")


def is_ours(name: str, identity: Identity) -> bool:
    """Tell whether a service or target group may be of an app in a workspace; its tags decide."""
    return re.fullmatch(rf"[a-z0-9-]*{mark(identity)}(-v[0-9]+)?", name) is not None


def container(app: str) -> str:
    """Name the app's container."""
    return re.sub(r"[^a-z0-9-]+", "-", app.lower()).strip("-")[:MAX_NAME].rstrip("-") or "app"


def _named(app: str, suffix: str) -> str:
    word = re.sub(r"[^a-z0-9]+", "-", app.lower()).strip("-")
    # AWS refuses target groups whose names begin with internal-.
    if not word or word == "internal" or word.startswith("internal-"):
        word = f"x-{word}" if word else "x"
    return word[: MAX_NAME - len(suffix)].rstrip("-") + suffix


def tag_value(text: str) -> str:
    """Make a text fit for a tag's value; as it is where it fits, else with a hash of the whole."""
    value = re.sub(r"[^\w\s+\-=.:/@]", "_", text)
    if value == text and len(text) <= MAX_TAG_VALUE:
        return text
    return f"{value[: MAX_TAG_VALUE - 9]}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def owner(identity: Identity) -> dict[str, str]:
    """Give the tags that say whose a resource is; nothing without them is ever touched."""
    return {
        OWNER_TAG: tag_value(f"{identity.team}/{identity.environment}"),
        "waypaas:project": tag_value(identity.project),
        "waypaas:app": tag_value(identity.app),
        "waypaas:workspace": tag_value(identity.workspace),
    }


def has(found: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """Tell whether a resource has all of some tags."""
    return all(found.get(key) == value for key, value in wanted.items())


def read(tags: Iterable[Mapping[str, Any]] | None) -> dict[str, str]:
    """Read tags as either of AWS's two spellings writes them."""
    return {str(tag.get("key", tag.get("Key", ""))): str(tag.get("value", tag.get("Value", ""))) for tag in tags or ()}

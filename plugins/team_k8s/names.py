"""Names and labels of what team-k8s makes. Pure.

The builtin plugin's own (deployment, service, `app`, `name`, `id`) are kept, so
that what selects by them goes on working.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from teamplugin.identity import Identity

MAX_NAME = 63
"""Characters of a DNS label, which names of Services and values of labels have to be."""

HASHED = re.compile(r"-[0-9a-f]{8}$")
"""What looks like our own shortened form gets a hash too, so that nothing can be taken for another."""

FIELD_MANAGER = "waypaas"
"""Under which our server-side apply owns fields."""

ID_LABEL = "waypoint.hashicorp.com/id"
FRONTS_ANNOTATION = "waypaas.dev/fronts"
"""Of a Service: the kinds of objects that lead the world to it."""


def dns_label(text: str) -> str:
    """Make a text fit for a name: lower case, dashes, at most MAX_NAME characters, never ambiguous.

    Args:
        text: Anything.

    Returns:
        The text itself where it fits, else a shortened form with a hash of the whole.
    """
    name = re.sub(r"[^a-z0-9-]+", "-", text.lower()).strip("-")
    if name == text.lower() and 0 < len(name) <= MAX_NAME and not HASHED.search(name):
        return name
    mark = hashlib.sha256(text.encode()).hexdigest()[:8]
    return f"{name[: MAX_NAME - 9].rstrip('-') or 'x'}-{mark}"


def label_value(text: str) -> str:
    """Make a text fit for a label's value; as it is where it fits."""
    if re.fullmatch(r"([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?", text) and not HASHED.search(text):
        return text
    return dns_label(text)


def deployment(app: str, sequence: int) -> str:
    """Name the Kubernetes Deployment of one deploy, as the builtin does."""
    return dns_label(f"{app}-v{sequence}")


def service(app: str, workspace: str) -> str:
    """Name the Service of an app in a workspace, as the builtin does."""
    return dns_label(app if workspace == "default" else f"{app}-{workspace}")


def owner(identity: Identity) -> dict[str, str]:
    """Give the labels that say whose an object is; nothing without them is ever touched."""
    return {
        "app.kubernetes.io/managed-by": "waypaas",
        "waypaas.dev/project": label_value(identity.project),
        "waypaas.dev/app": label_value(identity.app),
        "waypaas.dev/workspace": label_value(identity.workspace),
    }


def common(identity: Identity) -> dict[str, str]:
    """Give the labels that every object of an app has."""
    return owner(identity) | {
        "app.kubernetes.io/name": label_value(identity.app),
        "app.kubernetes.io/part-of": label_value(identity.project),
        "waypaas.dev/environment": label_value(identity.environment),
        "waypaas.dev/team": label_value(identity.team),
    }


def selector(name: str, deployment_id: str) -> dict[str, str]:
    """Give the labels by which Deployment, Service and we find the pods of one deployment."""
    return {"name": name, ID_LABEL: deployment_id}


def selector_text(labels: dict[str, str]) -> str:
    """Write labels as a query's labelSelector."""
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))

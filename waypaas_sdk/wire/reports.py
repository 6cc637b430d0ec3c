"""Resources and status reports to and from their messages."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from google.protobuf.timestamp_pb2 import Timestamp

from waypaas_sdk.gen.hashicorp.waypoint.sdk import resources_pb2
from waypaas_sdk.health import Health, ResourceStatus, StatusReport
from waypaas_sdk.plaintext import clean
from waypaas_sdk.resources import Category
from waypaas_sdk.wire import anys

if TYPE_CHECKING:
    from collections.abc import Iterable

    from waypaas_sdk.resources import Resource


def declared(resources: Iterable[Resource]) -> resources_pb2.DeclaredResources:
    """Tell what was made.

    Args:
        resources: In order.

    Returns:
        Never absent in a reply: the host reads it unseen.
    """
    message = resources_pb2.DeclaredResources()
    for resource in resources:
        message.resources.add(
            name=resource.name,
            type=resource.type,
            platform=resource.platform,
            state=anys.pack_state(resource.state),
            state_json=json.dumps(dict(resource.state), sort_keys=True),
            category_display_hint=int(resource.category),
        )
    return message


def destroyed(resources: Iterable[Resource]) -> resources_pb2.DestroyedResources:
    """Tell what is gone.

    Args:
        resources: In order.

    Returns:
        Never absent in a reply: the host reads it unseen.
    """
    message = resources_pb2.DestroyedResources()
    for resource in resources:
        message.destroyed_resources.add(
            name=resource.name,
            type=resource.type,
            platform=resource.platform,
            state=anys.pack_state(resource.state),
            state_json=json.dumps(dict(resource.state), sort_keys=True),
        )
    return message


def to_proto(report: StatusReport) -> resources_pb2.StatusReport:
    """Encode a report, with the present time as that of its making.

    Args:
        report: As the component gave it.

    Returns:
        The message; each resource refers to the declared one that it belongs to.
    """
    message = resources_pb2.StatusReport(
        health=int(report.health),  # type: ignore[arg-type]  # an enum's number
        health_message=clean(report.message),
        generated_time=Timestamp(seconds=int(time.time())),
    )
    for part in report.resources:
        entry: Any = message.resources.add(
            id=part.id or part.name,
            declared_resource=resources_pb2.Ref.DeclaredResource(name=part.declared or part.name),
            parent_resource_id=part.parent,
            name=part.name,
            platform=part.platform,
            type=part.type,
            platform_url=part.url,
            category_display_hint=int(part.category),
            state_json=json.dumps(dict(part.state), sort_keys=True),
            health=int(part.health),
            health_message=clean(part.message),
        )
        if part.created is not None:
            entry.created_time.FromDatetime(part.created)
    return message


def from_proto(message: resources_pb2.StatusReport) -> StatusReport:
    """Decode the report of another plugin.

    Args:
        message: As it came.

    Returns:
        The report.
    """
    return StatusReport(
        health=Health(message.health),
        message=message.health_message,
        resources=[_part(entry) for entry in message.resources],
    )


def _part(entry: Any) -> ResourceStatus:  # a nested generated class
    from datetime import UTC  # noqa: PLC0415  # rarely needed

    created = entry.created_time.ToDatetime(tzinfo=UTC) if entry.HasField("created_time") else None
    return ResourceStatus(
        name=entry.name,
        type=entry.type,
        platform=entry.platform,
        health=Health(entry.health),
        message=entry.health_message,
        id=entry.id,
        parent=entry.parent_resource_id,
        declared=entry.declared_resource.name,
        url=entry.platform_url,
        category=Category(entry.category_display_hint),
        created=created,
        state=json.loads(entry.state_json) if entry.state_json else {},
    )

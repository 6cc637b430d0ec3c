"""The app's record in Route 53: an alias of its host that leads to the load balancer.

Records have no tags. A TXT record beside it says whose it is, and a record
without one is never touched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from team_ecs import names
from waypaas_sdk.errors import MissingError, StateError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from team_ecs.cloud import Cloud
    from team_ecs.order import Request
    from teamplugin.identity import Identity

PREFIX = "_waypaas."
NOTE_SECONDS = 300
LOOKED_AT = "20"
"""Records that are read from the one on that is looked for: all types of one name."""

ROUTES = frozenset({"A", "AAAA", "CNAME"})


def note(whose: Identity) -> str:
    """Write whose a record is, as the TXT record has it. Pure."""
    return _text(names.owner(whose))


def _text(tags: Mapping[str, str]) -> str:
    words = " ".join(f"{key.partition(':')[2]}={tags.get(key, '')}" for key in names.OWNER_KEYS)
    return f'"waypaas {words}"'


def alias(host: str, zone: str, address: str) -> Request:
    """Plan the record that leads to a load balancer. Pure.

    Args:
        host: Of the app.
        zone: Hosted zone of the load balancer's name.
        address: The load balancer's name.

    Returns:
        A ResourceRecordSet.
    """
    target = {"HostedZoneId": zone, "DNSName": address, "EvaluateTargetHealth": False}
    return {"Name": host, "Type": "A", "AliasTarget": target}


def lead(cloud: Cloud, whose: Identity, hosted_zone: str, host: str, target: tuple[str, str]) -> None:
    """Let a host lead to a load balancer.

    Args:
        cloud: Its credentials are used.
        whose: The app's.
        hosted_zone: That the record is in.
        host: Of the app.
        target: Hosted zone of the load balancer's name, and that name.

    Raises:
        StateError: The record is somebody else's, and leads elsewhere.
        PluginError: AWS refuses.
    """
    wanted = alias(host, *target)
    there = _records(cloud, hosted_zone, host)
    routes = [record for record in there if record["Type"] in ROUTES]
    if any(_leads(record, wanted) for record in routes):
        return
    if routes and not _noted(cloud, hosted_zone, host, whose):
        raise StateError(
            f"{host} is a record of somebody else",
            why=f"it is of type {routes[0]['Type']}, and no TXT record {PREFIX}{host} says that it is this app's",
            fix="remove it, choose another network.host, or unset ecs.load_balancer.hosted_zone",
            where=f"hosted zone {hosted_zone}",
        )
    text = {"Name": PREFIX + host, "Type": "TXT", "TTL": NOTE_SECONDS, "ResourceRecords": [{"Value": note(whose)}]}
    stale = [record for record in routes if record["Type"] != "A"]
    _change(cloud, hosted_zone, [("DELETE", record) for record in stale] + [("UPSERT", text), ("UPSERT", wanted)])


def remove_noted(cloud: Cloud, tags: Mapping[str, str]) -> None:
    """Remove the record that the tags of an app's rule name, if it still is the app's.

    Args:
        cloud: Its credentials are used.
        tags: Of the rule; without a record nothing is done.

    Raises:
        PluginError: It is left.
    """
    hosted_zone, _, host = tags.get(names.RECORD_TAG, "").partition("/")
    if not hosted_zone:
        return
    try:
        texts = [record for record in _records(cloud, hosted_zone, PREFIX + host) if _says(record, tags)]
        if texts:
            routes = [record for record in _records(cloud, hosted_zone, host) if record["Type"] == "A"]
            _change(cloud, hosted_zone, [("DELETE", record) for record in (*routes, *texts)])
    except MissingError:
        return  # the zone is gone


def _says(record: Mapping[str, Any], tags: Mapping[str, str]) -> bool:
    """Tell whether a TXT record says the owner that a rule's tags say."""
    return any(value.get("Value") == _text(tags) for value in record.get("ResourceRecords", ()))


def _noted(cloud: Cloud, hosted_zone: str, host: str, whose: Identity) -> bool:
    return any(_says(record, names.owner(whose)) for record in _records(cloud, hosted_zone, PREFIX + host))


def _leads(record: Mapping[str, Any], wanted: Request) -> bool:
    there = record.get("AliasTarget", {})
    address = str(there.get("DNSName", "")).rstrip(".").removeprefix("dualstack.")
    return record["Type"] == "A" and address.lower() == str(wanted["AliasTarget"]["DNSName"]).rstrip(".").lower()


def _records(cloud: Cloud, hosted_zone: str, name: str) -> list[dict[str, Any]]:
    asked = {"HostedZoneId": hosted_zone, "StartRecordName": name, "MaxItems": LOOKED_AT}
    answer = cloud.ask("route53", "ListResourceRecordSets", **asked)
    there = answer.get("ResourceRecordSets", ())
    return [record for record in there if str(record["Name"]).rstrip(".").lower() == name.rstrip(".").lower()]


def _change(cloud: Cloud, hosted_zone: str, changes: list[tuple[str, Any]]) -> None:
    batch = {"Changes": [{"Action": action, "ResourceRecordSet": record} for action, record in changes]}
    cloud.ask("route53", "ChangeResourceRecordSets", HostedZoneId=hosted_zone, ChangeBatch=batch)

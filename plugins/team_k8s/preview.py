"""What a deploy and release would change on the cluster, by the API server's own judgement.

Each manifest is applied as a dry run; what the server answers is compared with
what it has. So its defaults are on both sides, and only real changes are left.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from team_k8s import exposure, names, plan
from team_k8s.cloud import COMPANIONS, FRONTS
from team_k8s.order import Order
from teamplugin.identity import Identity
from waypaas_sdk.errors import MissingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from team_k8s.cloud import Cloud
    from team_k8s.order import Manifest
    from teamconfig.profile import Profile

OURS_TO_IGNORE = ("managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink")
"""Fields of metadata that change with every write."""

ANNOTATIONS_TO_IGNORE = ("deployment.kubernetes.io/revision",)


@dataclass(frozen=True)
class Change:
    """What would become of one object.

    Args:
        action: "create", "change", "delete" or "none".
        kind: Of the object.
        name: Of the object.
        lines: One per field that changes: ("+", path, value), ("-", path, value).
    """

    action: str
    kind: str
    name: str
    lines: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Live:
    """The deployment that serves now.

    Args:
        name: Of its Kubernetes Deployment.
        id: Its ULID from Waypoint.
        sequence: Waypoint's count.
        image: That it runs.
    """

    name: str
    id: str
    sequence: int
    image: str


def identity_of(profile: Profile, workspace: str) -> Identity:
    """Say whose deployments a profile is about."""
    return Identity(profile.project, profile.app, workspace, profile.environment, profile.team)


def live(cloud: Cloud, identity: Identity) -> Live | None:
    """Find the deployment that has the traffic, or without a Service the newest one.

    Args:
        cloud: Where the app is.
        identity: Whose it is.

    Returns:
        None if nothing of the app is deployed.

    Raises:
        PluginError: The cluster cannot be asked.
    """
    service = cloud.find("Service", names.service(identity.app, identity.workspace))
    served = (service or {}).get("spec", {}).get("selector", {}).get(names.ID_LABEL, "")
    found = cloud.list("Deployment", names.owner(identity))
    found.sort(key=lambda item: (item["metadata"]["labels"].get(names.ID_LABEL) == served, _sequence(item)))
    if not found:
        return None
    newest = found[-1]["metadata"]
    image = found[-1]["spec"]["template"]["spec"]["containers"][0]["image"]
    return Live(newest["name"], newest["labels"][names.ID_LABEL], _sequence(found[-1]), image)


def _sequence(deployment: Mapping[str, Any]) -> int:
    number = str(deployment["metadata"]["name"]).rpartition("-v")[2]
    return int(number) if number.isdigit() else 0


def manifests(profile: Profile, identity: Identity, image: str, sequence: int, deployment_id: str) -> list[Manifest]:
    """Plan what a deploy and its release apply, as they do.

    Args:
        profile: The resolved standards.
        identity: Whose deployment it is.
        image: Reference with tag or digest.
        sequence: Waypoint's count.
        deployment_id: ULID from Waypoint.

    Returns:
        Manifests in order.

    Raises:
        OptionError: The standards ask for what their ingress class cannot do.
    """
    labels = profile.observability.labels or {}
    order = Order(
        identity=identity,
        standards=profile.kubernetes,
        image=image,
        deployment_id=deployment_id,
        sequence=sequence,
        environment={"WAYPOINT_DEPLOYMENT_ID": deployment_id},
        labels=labels,
        variables=plan.observed(profile.observability),
        revision=profile.revision,
    )
    target = exposure.Target(
        identity, order.name, deployment_id, order.port, profile.kubernetes, profile.network, labels
    )
    return [*plan.manifests(order), *exposure.manifests(target)]


def changes(cloud: Cloud, identity: Identity, planned: list[Manifest]) -> list[Change]:
    """Compare what is planned with what is there.

    Args:
        cloud: Where it would be applied.
        identity: Whose it is.
        planned: By `manifests`, with name and id of the live deployment where there is one.

    Returns:
        One change for each planned object, and one for each that would go.

    Raises:
        PluginError: The cluster cannot be asked, or refuses a manifest.
    """
    autoscaled = any(manifest["kind"] == "HorizontalPodAutoscaler" for manifest in planned)
    found = [_change(cloud, manifest, keep_replicas=autoscaled) for manifest in planned]
    kinds = {manifest["kind"] for manifest in planned}
    deployed = next(m["metadata"]["name"] for m in planned if m["kind"] == "Deployment")
    for kind in (*COMPANIONS, *FRONTS):
        if kind in kinds:
            continue
        name = deployed if kind in COMPANIONS else names.service(identity.app, identity.workspace)
        found += [Change("delete", kind, name)] if _is_ours(cloud.find(kind, name), identity) else []
    return found


def _is_ours(found: Mapping[str, Any] | None, identity: Identity) -> bool:
    labels = (found or {}).get("metadata", {}).get("labels") or {}
    return names.owner(identity).items() <= labels.items()


def _change(cloud: Cloud, manifest: Manifest, *, keep_replicas: bool) -> Change:
    kind, name = manifest["kind"], manifest["metadata"]["name"]
    before = cloud.find(kind, name)
    if keep_replicas and kind == "Deployment" and before is not None:
        replicas = before["spec"].get("replicas")  # the autoscaler's, not ours to change
        manifest = manifest | {"spec": manifest["spec"] | {"replicas": replicas}}
    try:
        after = cloud.apply(manifest, dry_run=True)
    except MissingError:
        if before is not None or kind not in FRONTS:
            raise
        raise MissingError(
            f"the cluster knows no {kind}", fix="install the Gateway API, or remove the standard network.gateway"
        ) from None
    old, new = dict(_leaves(_essence(before))) if before else {}, dict(_leaves(_essence(after)))
    lines = []
    for path in sorted(old.keys() | new.keys()):
        if old.get(path) != new.get(path):
            lines += [("-", path, old[path])] if path in old else []
            lines += [("+", path, new[path])] if path in new else []
    return Change("create" if before is None else "change" if lines else "none", kind, name, lines if before else [])


def _essence(found: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what changes without anybody's will."""
    metadata = {key: value for key, value in found["metadata"].items() if key not in OURS_TO_IGNORE}
    annotations = metadata.get("annotations") or {}
    metadata["annotations"] = {k: v for k, v in annotations.items() if k not in ANNOTATIONS_TO_IGNORE}
    return {key: value for key, value in found.items() if key != "status"} | {"metadata": metadata}


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Give every leaf with its path; items of lists go by their name where they have one."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value:
        for number, inner in enumerate(value):
            mark = inner.get("name", number) if isinstance(inner, dict) else number
            yield from _leaves(inner, f"{path}[{mark}]")
    else:
        yield path, str(value)

"""Deploy: resolve the standards, plan, apply, wait; undo on failure."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from team_k8s import kubeconfig, messages, names, plan, rollout
from team_k8s.api import Api
from team_k8s.authority import ClusterRights
from team_k8s.cloud import COMPANIONS, Cloud
from team_k8s.gen.team_k8s.v1 import team_k8s_pb2
from team_k8s.guardian import guarded
from team_k8s.order import Order, image_reference
from teamconfig import units
from teamplugin import standards
from teamplugin.authority import used
from waypaas_sdk.errors import MissingError, PluginError, StateError
from waypaas_sdk.resources import Category, Creation, Resource
from waypaas_sdk.result import Result

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from waypaas_sdk.arguments import DeploymentConfig, JobInfo, Source
    from waypaas_sdk.call import Call
    from waypaas_sdk.gen.docker.docker_pb2 import Image
    from waypaas_sdk.logger import Logger
    from waypaas_sdk.terminal import TerminalUI

PLATFORM = "kubernetes"
CATEGORIES = {
    "Deployment": Category.INSTANCE_MANAGER,
    "HorizontalPodAutoscaler": Category.POLICY,
    "NetworkPolicy": Category.POLICY,
    "PodDisruptionBudget": Category.POLICY,
}
NO_EXEC = {"WAYPOINT_CEB_DISABLE_EXEC": "1"}
"""Closes the other door for a shell: Waypoint's entrypoint, should the image have it."""

METRICS = "/apis/metrics.k8s.io/v1beta1"
ABANDONED_SECONDS = 120.0
"""How much longer than its own timeout a deploy must be silent to count as abandoned."""

REVISION_ANNOTATION = "deployment.kubernetes.io/revision"
FIRST_REVISION = "1"


def deploy(
    options: Any,
    image: Image,
    config: DeploymentConfig,
    job: JobInfo,
    source: Source,
    ui: TerminalUI,
    call: Call,
    logger: Logger,
) -> Result:
    """Deploy an image by the standards of its team.

    Args:
        options: Of waypoint.hcl, decoded; None where nothing was configured.
        image: The artifact.
        config: Waypoint's facts about the new deployment.
        job: Says project, app and workspace.
        source: Where the app is.
        ui: The user's terminal.
        call: The running call.
        logger: The host's log.

    Returns:
        The deployment.

    Raises:
        PluginError: It did not succeed; then nothing of it remains.
    """
    with ui.step_group() as steps:
        with steps.add(f"Standards for {job.project}/{job.app}") as step:
            resolved = standards.of_job("kubernetes", job, source.path, options, "deploy")
            order = make_order(resolved, image, config)
            manifests = plan.manifests(order)
            step.update(_summary(resolved))
            if resolved.note:
                step.output(f"{resolved.note}\n")
            step.output(f"{resolved.limits}\n")
        with steps.add("Kubernetes cluster") as step:
            rights = ClusterRights.of(resolved, "deploy", order.image)
            access = rights.access() if rights is not None else _own_access(order)
            cloud = Cloud(Api(access, call, step.update))
            _refuse_foreign(cloud, order.name, manifests)
            _sweep(cloud, order, logger)
            scales = not plan.autoscaled(order.standards) or _has_metrics(cloud)
            step.update(f"Kubernetes cluster {access.context or access.server}, namespace {access.namespace}")
        with used(rights), steps.add(f"Deployment {order.name}") as step:
            cloud.api.notify = step.update
            creation = _make(cloud, order, manifests, step.update)
            step.update(f"Deployment {order.name}: all {plan.replicas(order.standards)} replicas are ready")
            if not scales:
                step.output(
                    "the cluster has no metrics API (metrics-server): the autoscaler will not change replicas\n"
                )
                step.status("warn")
    return Result(
        message(resolved, order, manifests, access, source),
        resources=creation.resources,
        template_data={"image": order.image},
    )


def _own_access(order: Order) -> kubeconfig.Access:
    wanted = order.standards
    return kubeconfig.load(wanted.kubeconfig or "", wanted.context or "", wanted.namespace or "")


def make_order(resolved: standards.Resolved, image: Image, config: DeploymentConfig) -> Order:
    """Collect what is to be deployed.

    Args:
        resolved: The standards.
        image: The artifact.
        config: Waypoint's facts about the new deployment.

    Returns:
        What `plan` needs.
    """
    wanted = resolved.profile.kubernetes
    environment = {"WAYPOINT_DEPLOYMENT_ID": config.id}
    if wanted.entrypoint_env:
        environment = config.environment()
    if resolved.profile.protected or wanted.exec != "allow":
        environment |= NO_EXEC
    return Order(
        identity=resolved.identity,
        standards=wanted,
        image=image_reference(image.image, image.tag),
        deployment_id=config.id,
        sequence=config.sequence,
        environment=environment,
        labels=resolved.profile.observability.labels or {},
        variables=plan.observed(resolved.profile.observability),
        revision=resolved.profile.revision,
    )


def _summary(resolved: standards.Resolved) -> str:
    identity, wanted = resolved.identity, resolved.profile.kubernetes
    return (
        f"Standards of team {identity.team} for {identity.environment} ({resolved.profile.revision}): "
        f"{plan.replicas(wanted)} replicas, memory {wanted.memory}, cpu {wanted.cpu}"
    )


def _has_metrics(cloud: Cloud) -> bool:
    """Tell whether an autoscaler could see how busy pods are; where nobody says, it is taken for granted."""
    try:
        cloud.api.request("GET", METRICS, what="read the metrics API", patience=0.0)
    except MissingError:
        return False
    except PluginError:
        return True
    return True


def _refuse_foreign(cloud: Cloud, name: str, manifests: Sequence[Mapping[str, Any]]) -> None:
    """Refuse a name that something else has: it would be overwritten, and on failure removed."""
    for manifest in manifests:
        kind = manifest["kind"]
        found = cloud.find(kind, name)
        if found is None:
            continue
        owner = found["metadata"].get("labels", {}).get("waypaas.dev/project", "")
        raise StateError(
            f"a {kind} {name} exists already in namespace {cloud.namespace}",
            why=f"it is of project {owner}" if owner else "it was not made by team-k8s",
            fix=f"set the standard kubernetes.namespace to one of its own, or remove that {kind}",
        )


def _make(cloud: Cloud, order: Order, manifests: Sequence[Mapping[str, Any]], tell: Any) -> Creation:
    """Apply everything and wait for the pods; undo it all on failure, and even if this process is killed."""
    labels = names.selector(order.name, order.deployment_id)
    access = cloud.api.access
    seconds = units.parse_duration(order.standards.rollout_timeout or "10m").total_seconds()
    kinds = [manifest["kind"] for manifest in manifests]
    with (
        guarded(order.name, kinds, labels, messages.cluster(access), messages.identity_to_proto(order.identity)),
        Creation() as creation,
    ):
        for manifest in manifests:
            kind = manifest["kind"]
            state = {"namespace": cloud.namespace, "kind": kind}
            resource = Resource(order.name, kind, PLATFORM, CATEGORIES[kind], state)
            creation.made(resource, undo=partial(_undo, cloud, kind, order.name, labels))
            applied = cloud.apply(manifest)
            if kind == "Deployment":
                deployment = applied
        rollout.wait(cloud, deployment, labels, seconds, lambda text: tell(f"Deployment {order.name}: {text}"))
    return creation


def _undo(cloud: Cloud, kind: str, name: str, labels: dict[str, str]) -> None:
    """Remove an object with a connection that the call's cancellation does not reach."""
    cloud.api.notify(f"Deployment {name} failed, removing its {kind}")
    Cloud(Api(cloud.api.access, notify=cloud.api.notify)).remove(kind, name, labels, at_once=True)


def _sweep(cloud: Cloud, order: Order, logger: Logger) -> None:
    """Remove what deploys of this app left that never got ready: their machine died with their guardian."""
    from datetime import UTC, datetime  # noqa: PLC0415  # rarely needed before

    try:
        for found in cloud.list("Deployment", names.owner(order.identity)):
            name = found["metadata"]["name"]
            if name == order.name or not is_abandoned(found, datetime.now(UTC)):
                continue
            logger.info("removing an abandoned deploy", deployment=name)
            labels = found["spec"]["selector"]["matchLabels"]
            for kind in (*COMPANIONS, "Deployment"):
                Cloud(cloud.api.again()).remove(kind, name, labels, at_once=True)
    except PluginError as error:
        logger.warning("abandoned deploys could not be removed", error=str(error))


def is_abandoned(deployment: Mapping[str, Any], now: datetime) -> bool:
    """Judge whether a deploy was cut off so long ago that nobody waits for it any more. Pure.

    A rollout that was complete once never exceeds its deadline later, unless
    somebody changes its template: then it has another revision.

    Args:
        deployment: As the API server has it.
        now: With time zone.

    Returns:
        False for a deploy whose pods were all ready once, and for one that may still run.
    """
    about = deployment["metadata"]
    if about.get("annotations", {}).get(REVISION_ANNOTATION) != FIRST_REVISION:
        return False
    conditions = deployment.get("status", {}).get("conditions", ())
    if not any(each.get("reason") == "ProgressDeadlineExceeded" for each in conditions):
        return False
    age = (now - now.fromisoformat(about["creationTimestamp"])).total_seconds()
    return bool(age > deployment["spec"]["progressDeadlineSeconds"] + ABANDONED_SECONDS)


def message(
    resolved: standards.Resolved,
    order: Order,
    manifests: Sequence[Mapping[str, Any]],
    access: kubeconfig.Access,
    source: Source,
) -> team_k8s_pb2.Deployment:
    """Write down all that later operations need.

    Args:
        resolved: The standards.
        order: What was deployed.
        manifests: Its objects.
        access: How the cluster was reached.
        source: Where the app is.

    Returns:
        What Waypoint keeps.
    """
    wanted = order.standards
    return team_k8s_pb2.Deployment(
        id=order.deployment_id,
        name=order.name,
        sequence=order.sequence,
        cluster=messages.cluster(access),
        identity=messages.identity_to_proto(order.identity),
        port=order.port,
        companions=[manifest["kind"] for manifest in manifests if manifest["kind"] != "Deployment"],
        source_path=str(source.path),
        log_tail_lines=(wanted.logs.tail_lines if wanted.logs else None) or 0,
        profile_revision=resolved.profile.revision,
        profile_digest=resolved.profile.digest(),
        image=order.image,
        console_url=wanted.console_url or "",
        protected=resolved.profile.protected,
    )

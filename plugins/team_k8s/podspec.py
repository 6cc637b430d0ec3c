"""The pod of a deploy: containers, environment, volumes, probes, security, scheduling. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from team_k8s import names
from teamconfig import totals, units

if TYPE_CHECKING:
    from collections.abc import Mapping

    from team_k8s.order import Manifest, Order
    from teamconfig.model import Kubernetes
    from teamconfig.model.containers import Init, Probe, Sidecar, Volume
    from teamconfig.model.kubernetes import Security

PORT_NAME = "http"
"""Of the app's own port, as the builtin has it; Services may name it."""

TOPOLOGY = {"zone": "topology.kubernetes.io/zone", "node": "kubernetes.io/hostname"}
"""Labels of nodes by the words that the standards have for them."""

TOKEN_SECONDS = 3600
"""How long a projected service account token lives; the kubelet renews it."""


def pod(order: Order) -> Manifest:
    """Plan the pod's spec.

    Args:
        order: What is to be deployed.

    Returns:
        The spec, which passes the restricted Pod Security Standard unless the standards say otherwise.
    """
    standards = order.standards
    volumes, mounts = _volumes(standards)
    app = container(order, mounts)
    spec: Manifest = {
        "containers": [app],
        "securityContext": pod_security(standards.security),
        "terminationGracePeriodSeconds": int(
            units.parse_duration(standards.termination_grace or "30s").total_seconds()
        ),
        # A shell's environment of 8 variables per Service of the namespace, which nobody reads.
        "enableServiceLinks": False,
    }
    before = [_sidecar(order, extra, mounts) for extra in standards.sidecars]
    before += [_init(standards, step, app) for step in standards.init]
    optional: Manifest = {
        "initContainers": before,
        "volumes": volumes,
        "nodeSelector": dict(standards.node_selector or {}),
        "tolerations": _tolerations(standards),
        "priorityClassName": standards.priority_class,
        "topologySpreadConstraints": _spread(order),
    }
    spec |= {name: value for name, value in optional.items() if value}
    if standards.service_account:
        spec["serviceAccountName"] = standards.service_account
    else:
        spec["automountServiceAccountToken"] = False
    if standards.image_pull_secret:
        spec["imagePullSecrets"] = [{"name": standards.image_pull_secret}]
    return spec


def container(order: Order, mounts: list[Manifest]) -> Manifest:
    """Plan the app's container.

    Args:
        order: What is to be deployed.
        mounts: Of the pod's volumes.

    Returns:
        The container.
    """
    standards = order.standards
    planned: Manifest = {
        "name": names.dns_label(order.identity.app),
        "image": order.image,
        "imagePullPolicy": standards.image_pull_policy or pull_policy(order.image),
        "env": environment(order),
        "resources": resources(standards),
        "securityContext": container_security(standards.security),
    }
    optional: Manifest = {
        "command": list(standards.command or ()),
        "args": list(standards.args or ()),
        "envFrom": [_source(reference) for reference in standards.env_from or ()],
        "ports": _ports(order),
        "volumeMounts": mounts,
    }
    planned |= {name: value for name, value in optional.items() if value}
    for field_name, declared in _probes(standards).items():
        planned_probe = probe(declared, order.port, only_one_success=field_name != "readinessProbe")
        if planned_probe is not None:
            planned[field_name] = planned_probe
    return planned


def pull_policy(reference: str) -> str:
    """Choose when the image is pulled, as the builtin does.

    Args:
        reference: Of the image.

    Returns:
        "Always" for latest, which may change; "IfNotPresent" otherwise.
    """
    last = reference.rpartition("/")[2]
    tag = last.rpartition(":")[2] if ":" in last else "latest"
    return "Always" if tag == "latest" and "@" not in last else "IfNotPresent"


def environment(order: Order) -> list[Manifest]:
    """Plan the environment: observability's variables, those of the standards, references, Waypoint's, PORT.

    Args:
        order: What is to be deployed.

    Returns:
        Entries with unique names, sorted as they were added; the last one of a name holds.
    """
    standards = order.standards
    plain = {name: {"value": value} for name, value in {**order.variables, **(standards.env or {})}.items()}
    referred = _references(standards.config_env, "configMapKeyRef") | _references(standards.secret_env, "secretKeyRef")
    waypoint = {name: {"value": value} for name, value in order.environment.items()}
    merged = plain | referred | waypoint
    if order.port:
        merged["PORT"] = {"value": str(order.port)}
    return [{"name": name, **entry} for name, entry in merged.items()]


def _references(written: Mapping[str, str] | None, field_name: str) -> Manifest:
    """Plan variables that are read from another object: NAME/KEY by variable."""
    planned = {}
    for variable, reference in (written or {}).items():
        name, _, key = reference.partition("/")
        planned[variable] = {"valueFrom": {field_name: {"name": name, "key": key}}}
    return planned


def _source(reference: str) -> Manifest:
    kind, _, name = reference.partition("/")
    return {{"secret": "secretRef", "configmap": "configMapRef"}[kind]: {"name": name}}


def resources(standards: Kubernetes) -> Manifest:
    """Plan requests and limits."""
    request = {"cpu": standards.cpu, "memory": standards.memory_request or standards.memory}
    limit = {"cpu": standards.cpu_limit, "memory": standards.memory}
    planned = {
        "requests": {name: value.strip() for name, value in request.items() if value},
        "limits": {name: value.strip() for name, value in limit.items() if value},
    }
    return {name: values for name, values in planned.items() if values}


def _ports(order: Order) -> list[Manifest]:
    ports: list[Manifest] = []
    if order.port:
        ports.append({"name": PORT_NAME, "containerPort": order.port, "protocol": "TCP"})
    return ports + [
        {"name": extra.name, "containerPort": extra.port, "protocol": extra.protocol or "TCP"}
        for extra in order.standards.ports
    ]


def _probes(standards: Kubernetes) -> dict[str, Probe]:
    block = standards.probe
    if block is None:
        return {}
    declared = {
        "startupProbe": block.startup,
        "readinessProbe": block.readiness,
        "livenessProbe": block.liveness,
    }
    return {name: found for name, found in declared.items() if found is not None}


def probe(declared: Probe, port: int, *, only_one_success: bool) -> Manifest | None:
    """Plan one probe.

    Args:
        declared: By the standards.
        port: That the app listens on, 0 for a worker.
        only_one_success: Kubernetes takes no more than one success for this probe.

    Returns:
        The probe; None where it is switched off, or has nothing to ask.
    """
    kind = declared.effective_kind()
    asked = declared.port or port
    if kind == "none" or (kind == "exec" and not declared.command) or (kind != "exec" and not asked):
        return None
    how: dict[str, Manifest] = {
        "http": {"httpGet": {"path": declared.path or "/", "port": asked}},
        "tcp": {"tcpSocket": {"port": asked}},
        "grpc": {"grpc": {"port": asked}},
        "exec": {"exec": {"command": list(declared.command or ())}},
    }
    timing = {
        "initialDelaySeconds": _seconds(declared.initial_delay),
        "periodSeconds": _seconds(declared.period),
        "timeoutSeconds": _seconds(declared.timeout),
        "failureThreshold": declared.failure_threshold,
        "successThreshold": 1 if only_one_success and declared.success_threshold else declared.success_threshold,
    }
    return how[kind] | {name: value for name, value in timing.items() if value}


def _seconds(duration: str | None) -> int | None:
    return None if duration is None else max(0, round(units.parse_duration(duration).total_seconds()))


def _sidecar(order: Order, extra: Sidecar, mounts: list[Manifest]) -> Manifest:
    """Plan a sidecar as Kubernetes has them: an init container that goes on running."""
    cpu, memory = extra.cpu or totals.SIDECAR["cpu"], extra.memory or totals.SIDECAR["memory"]
    shared = set(extra.volumes or ())
    env = {name: {"value": value} for name, value in (extra.env or {}).items()}
    env |= _references(extra.secret_env, "secretKeyRef")
    env |= {name: {"value": value} for name, value in order.environment.items() if name.startswith("WAYPOINT_CEB_DIS")}
    planned: Manifest = {
        "name": extra.name,
        "image": extra.image,
        "imagePullPolicy": pull_policy(extra.image or ""),
        "restartPolicy": "Always",
        "resources": {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory}},
        "securityContext": container_security(order.standards.security),
    }
    optional: Manifest = {
        "command": list(extra.command or ()),
        "args": list(extra.args or ()),
        "env": [{"name": name, **entry} for name, entry in env.items()],
        "ports": [{"containerPort": extra.port, "protocol": "TCP"}] if extra.port else [],
        "volumeMounts": [mount for mount in mounts if mount["mountPath"] in shared],
    }
    if extra.probe is not None:
        optional["startupProbe"] = probe(extra.probe, extra.port or 0, only_one_success=True)
        optional["readinessProbe"] = probe(extra.probe, extra.port or 0, only_one_success=False)
    return planned | {name: value for name, value in optional.items() if value}


def _init(standards: Kubernetes, step: Init, app: Manifest) -> Manifest:
    """Plan an init container: the app's image, environment, volumes and limits, another program."""
    image = step.image or app["image"]
    planned: Manifest = {
        "name": step.name,
        "image": image,
        "imagePullPolicy": pull_policy(image) if step.image else app["imagePullPolicy"],
        "command": list(step.command or ()),
        "resources": app["resources"],
        "securityContext": container_security(standards.security),
    }
    optional: Manifest = {"args": list(step.args or ())}
    optional |= {name: app.get(name) for name in ("env", "envFrom", "volumeMounts")}
    return planned | {name: value for name, value in optional.items() if value}


def _volumes(standards: Kubernetes) -> tuple[list[Manifest], list[Manifest]]:
    """Plan the pod's volumes and the app's mounts of them; each object is one volume however often it is mounted."""
    volumes: dict[str, Manifest] = {}
    mounts: list[Manifest] = []
    if standards.security and standards.security.read_only_root_filesystem:
        volumes["tmp"] = {"emptyDir": {}}
        mounts.append({"name": "tmp", "mountPath": "/tmp"})  # noqa: S108  # inside the container
    for path, reference in (standards.files or {}).items():
        kind, name, *key = reference.split("/", 2)
        volume = names.dns_label(f"{kind}-{name}")
        volumes[volume] = {"secret": {"secretName": name}} if kind == "secret" else {"configMap": {"name": name}}
        mounts.append({"name": volume, "mountPath": path, "readOnly": True, **({"subPath": key[0]} if key else {})})
    for number, declared in enumerate(standards.volumes):
        volume = names.dns_label(f"claim-{declared.claim}" if declared.claim else f"volume-{number}")
        volumes[volume] = _volume(declared)
        read_only = bool(declared.read_only or declared.projected)
        mounts.append({"name": volume, "mountPath": declared.path} | ({"readOnly": True} if read_only else {}))
    unique = {mount["mountPath"]: mount for mount in mounts}  # Kubernetes refuses a path twice; the last one holds
    return [{"name": name, **volume} for name, volume in volumes.items()], list(unique.values())


def _volume(declared: Volume) -> Manifest:
    if declared.claim:
        return {"persistentVolumeClaim": {"claimName": declared.claim}}
    if declared.projected:
        return {"projected": {"sources": [_projection(source) for source in dict.fromkeys(declared.projected)]}}
    empty: Manifest = {"medium": "Memory"} if declared.memory else {}
    return {"emptyDir": empty | ({"sizeLimit": declared.size} if declared.size else {})}


def _projection(source: str) -> Manifest:
    kind, _, name = source.partition("/")
    if kind == "token":
        return {"serviceAccountToken": {"audience": name, "expirationSeconds": TOKEN_SECONDS, "path": "token"}}
    if kind in {"labels", "annotations"}:
        return {"downwardAPI": {"items": [{"path": kind, "fieldRef": {"fieldPath": f"metadata.{kind}"}}]}}
    return {{"secret": "secret", "configmap": "configMap"}[kind]: {"name": name}}


def _tolerations(standards: Kubernetes) -> list[Manifest]:
    planned = []
    for taint in standards.tolerations:
        entry = {"key": taint.key, "value": taint.value, "effect": taint.effect}
        how = {"operator": "Equal" if taint.value else "Exists"}
        planned.append(how | {name: value for name, value in entry.items() if value})
    return planned


def _spread(order: Order) -> list[Manifest]:
    selector = {"matchLabels": names.selector(order.name, order.deployment_id)}
    unique: dict[tuple[str, str], Manifest] = {}
    for rule in order.standards.spread:
        over = TOPOLOGY.get(rule.over or "", rule.over or "")
        how = "DoNotSchedule" if rule.strict else "ScheduleAnyway"
        unique[over, how] = {
            "maxSkew": rule.max_skew or 1,
            "topologyKey": over,
            "whenUnsatisfiable": how,
            "labelSelector": selector,
        }
    return list(unique.values())


def pod_security(security: Security | None) -> Manifest:
    """Plan the security context of a pod."""
    if security is None:
        return {}
    planned = {
        "runAsNonRoot": security.run_as_non_root,
        "runAsUser": security.run_as_user,
        "runAsGroup": security.run_as_group,
        "fsGroup": security.fs_group,
        "seccompProfile": {"type": security.seccomp} if security.seccomp else None,
    }
    return {name: value for name, value in planned.items() if value is not None}


def container_security(security: Security | None) -> Manifest:
    """Plan the security context of a container; sidecars and init containers have the app's."""
    if security is None:
        return {}
    capabilities: Manifest = {}
    if security.drop_capabilities:
        capabilities["drop"] = list(security.drop_capabilities)
    if security.add_capabilities:
        capabilities["add"] = list(security.add_capabilities)
    planned = {
        "allowPrivilegeEscalation": security.allow_privilege_escalation,
        "readOnlyRootFilesystem": security.read_only_root_filesystem,
        "capabilities": capabilities or None,
    }
    return {name: value for name, value in planned.items() if value is not None}

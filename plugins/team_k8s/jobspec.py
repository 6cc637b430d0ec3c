"""The Job of a task, and the Secret with its environment. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from team_k8s.podspec import container_security, pod_security, pull_policy
from teamconfig import units
from waypaas_sdk.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from team_k8s.order import Manifest
    from team_k8s.taskoptions import TaskOptions
    from waypaas_sdk.arguments import TaskLaunchInfo

VARIABLE = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")
LABELS = {"app.kubernetes.io/managed-by": "waypaas", "app.kubernetes.io/component": "task"}
CONTAINER = "task"


def secret(name: str, environment: Mapping[str, str]) -> Manifest:
    """Plan the Secret with the task's environment.

    Args:
        name: Of the task.
        environment: Values by name.

    Returns:
        The manifest.

    Raises:
        OptionError: A name is no name of an environment variable.
    """
    wrong = [variable for variable in environment if not VARIABLE.fullmatch(variable)]
    if wrong:
        raise OptionError(f"the task's environment has names that Kubernetes refuses: {', '.join(sorted(wrong))}")
    metadata = {"name": name, "labels": LABELS}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": dict(environment)}


def job(name: str, task: TaskLaunchInfo, options: TaskOptions) -> Manifest:
    """Plan the Job.

    Args:
        name: Of the task.
        task: What to run.
        options: Of the runner profile.

    Returns:
        The manifest: one pod, tried once.
    """
    container: Manifest = {
        "name": CONTAINER,
        "image": task.image,
        "imagePullPolicy": options.image_pull_policy or pull_policy(task.image),
        "envFrom": [{"secretRef": {"name": name}}],
    }
    limits = {"cpu": options.cpu_limit, "memory": options.memory, "ephemeral-storage": options.ephemeral_storage}
    requests = limits | {"cpu": options.cpu}
    resources = {
        kind: {resource: amount for resource, amount in amounts.items() if amount}
        for kind, amounts in {"limits": limits, "requests": requests}.items()
    }
    optional: Manifest = {
        "command": list(task.entrypoint),
        "args": list(task.arguments),
        "resources": {kind: amounts for kind, amounts in resources.items() if amounts},
        "securityContext": container_security(options.security),
    }
    spec: Manifest = {
        "restartPolicy": "Never",
        "containers": [container | {field: value for field, value in optional.items() if value}],
        "securityContext": pod_security(options.security),
    }
    if options.service_account:
        spec["serviceAccountName"] = options.service_account
    if options.image_pull_secret:
        spec["imagePullSecrets"] = [{"name": options.image_pull_secret}]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "labels": LABELS},
        "spec": {
            "parallelism": 1,
            "completions": 1,
            "backoffLimit": 0,
            "ttlSecondsAfterFinished": int(units.parse_duration(options.ttl or "10m").total_seconds()),
            "template": {"metadata": {"labels": LABELS}, "spec": spec},
        },
    }

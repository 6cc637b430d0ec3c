"""The options of the task launcher, which a runner profile sets."""

from __future__ import annotations

from dataclasses import dataclass

from teamconfig.model import shapes
from teamconfig.model.kubernetes import Security
from teamconfig.model.option import option


@dataclass(kw_only=True)
class TaskOptions:
    """Where and how tasks run."""

    kubeconfig: str | None = option(
        "string", "Path of the kubeconfig file.", example="~/.kube/acme",
        default="inside a cluster its service account, otherwise KUBECONFIG or ~/.kube/config",
    )  # fmt: skip
    context: str | None = option("string", "Context of the kubeconfig file.", default="the current one")
    namespace: str | None = option(
        "string", "Namespace; must exist.", default="that of the context", example="waypoint", shape=shapes.LABEL
    )
    service_account: str | None = option(
        "string", "Service account of the pod.", default="the namespace's default", example="runner", shape=shapes.NAME
    )
    image_pull_secret: str | None = option(
        "string", "Secret with the registry's credentials.", default="none", example="registry", shape=shapes.NAME
    )
    image_pull_policy: str | None = option(
        "enum", "When a node pulls the image.", choices=("Always", "IfNotPresent", "Never"),
        default="Always for latest, which may change, else IfNotPresent",
    )  # fmt: skip
    cpu: str | None = option("cpu", "CPU that is set aside (request).", default="none", bounds=("1m", "512"))
    cpu_limit: str | None = option("cpu", "CPU above which the task is slowed down.", default="none")
    memory: str | None = option(
        "memory", "Memory above which the task is killed, and set aside for it.", default="none", bounds=("4Mi", "16Ti")
    )
    ephemeral_storage: str | None = option(
        "memory", "Disk above which the task is evicted, and set aside for it.", default="none", example="10Gi"
    )
    security: Security | None = option("block", "Security context of pod and container; nothing is preset here.")
    startup_timeout: str | None = option(
        "duration", "How long the pod may take to start.", default="2m", bounds=("1s", "1h"), example="2m"
    )
    ttl: str | None = option(
        "duration", "How long a task that has ended is kept.", default="10m", bounds=("0s", "720h"), example="10m"
    )

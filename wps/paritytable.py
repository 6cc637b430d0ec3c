"""Which standard of one platform means which of the other, and the closest way where none does. Pure data."""

from __future__ import annotations

PAIRS = {
    "replicas": "count",
    "port": "port",
    "cpu": "cpu",
    "memory": "memory",
    "command": "command",
    "args": "args",
    "env": "env",
    "entrypoint_env": "entrypoint_env",
    "probe.readiness.path": "health_check.path",
    "probe.readiness.period": "health_check.period",
    "probe.readiness.timeout": "health_check.timeout",
    "probe.readiness.success_threshold": "health_check.healthy_threshold",
    "probe.readiness.failure_threshold": "health_check.unhealthy_threshold",
    "autoscale.min_replicas": "autoscale.min_count",
    "autoscale.max_replicas": "autoscale.max_count",
    "autoscale.cpu_percent": "autoscale.cpu_percent",
    "autoscale.memory_percent": "autoscale.memory_percent",
    "sidecars.name": "sidecars.name",
    "sidecars.image": "sidecars.image",
    "sidecars.args": "sidecars.command",
    "sidecars.port": "sidecars.port",
    "sidecars.env": "sidecars.env",
    "labels": "tags",
    "rollout_timeout": "rollout_timeout",
    "termination_grace": "termination_grace",
    "exec": "exec",
    "exec_commands": "exec_commands",
}
"""Key of section `ecs` by that of section `kubernetes`; a value means the same under both."""

UNDERSTOOD = {
    ("kubernetes", "probe.readiness.kind"): "http",
    ("ecs", "health_check.protocol"): "HTTP",
    ("ecs", "health_check.codes"): "200-399",
    ("ecs", "sidecars.essential"): True,
}
"""Values that say what the other platform does anyhow."""

_BY_HTTP = "a load balancer asks the app's own port by HTTP: ecs.health_check.path"
_REPLACED = "ECS replaces a task that its load balancer finds unwell: ecs.health_check"
_IN_IMAGE = "write it into the image: USER, and files that it may not write"
_LISTENER = "a listener rule of a load balancer takes its place: ecs.load_balancer"
_SECRETS = "ecs.secrets, by ARN of Secrets Manager or Parameter Store"
_WHOLE_TASK = "what a task has is for all of its containers: ecs.cpu and ecs.memory"
_PLACED = "AWS spreads tasks over the zones of ecs.subnets; ecs.launch_type chooses the machines"
_GROUPS = "ecs.security_groups"

KUBERNETES_ONLY = {
    "kubeconfig": "ecs.cluster, ecs.region and ecs.account say where",
    "context": "ecs.cluster, ecs.region and ecs.account say where",
    "namespace": "ecs.cluster says where, and tags say whose: ecs.tags",
    "ports": "a task is reached at one port; give a further one to an app of its own, or to a sidecar",
    "cpu_limit": "a task never gets more than ecs.cpu",
    "memory_request": "a task gets ecs.memory, neither less nor more",
    "probe.startup": "ecs.health_check.grace, which is the time that a start may take",
    "probe.readiness.kind": _BY_HTTP,
    "probe.readiness.port": _BY_HTTP,
    "probe.readiness.command": _BY_HTTP,
    "probe.readiness.initial_delay": "ecs.health_check.grace",
    "probe.liveness": _REPLACED,
    "security": _IN_IMAGE,
    "service": _LISTENER,
    "service_account": "ecs.task_role",
    "image_pull_secret": "ecs.execution_role pulls from ECR; copy other images there with `wps image copy`",
    "image_pull_policy": "ECS pulls for each task; deploy an image by its digest",
    "secret_env": _SECRETS,
    "config_env": "ecs.env, or ecs.secrets of a parameter of Parameter Store",
    "env_from": _SECRETS,
    "files": "have the app read ecs.secrets, or mount a file system: ecs.volumes",
    "volumes": "ecs.volumes, which are file systems of EFS",
    "sidecars.command": "have the image start it; ecs.sidecars.command gives its arguments",
    "sidecars.secret_env": "ecs.sidecars.secrets",
    "sidecars.cpu": _WHOLE_TASK,
    "sidecars.memory": _WHOLE_TASK,
    "sidecars.probe": "set ecs.sidecars.essential: the task ends with it",
    "sidecars.volumes": "ecs.volumes are the app's own; have the sidecar's image bring what it needs",
    "init": "have the image's entrypoint do it, or run it before the deploy",
    "disruption": "AWS moves tasks one after the other, and starts the new one first",
    "spread": _PLACED,
    "node_selector": "ecs.architecture and ecs.launch_type",
    "tolerations": _PLACED,
    "priority_class": "ecs.capacity_provider",
    "network_policy": _GROUPS,
    "annotations": "ecs.tags",
    "wait_reachable": "a deploy waits until all targets are healthy: ecs.rollout_timeout",
    "reachable": "a deploy waits until all targets are healthy: ecs.rollout_timeout",
    "logs": "`waypoint logs` shows the last hour of ecs.log_group",
    "console_url": "`waypoint status` links to AWS's console",
}
"""The closest way on ECS; a key stands for all within."""

ECS_ONLY = {
    "region": "kubernetes.context",
    "account": "kubernetes.context",
    "cluster": "kubernetes.context and kubernetes.namespace",
    "launch_type": "kubernetes.node_selector and kubernetes.tolerations",
    "capacity_provider": "kubernetes.node_selector and kubernetes.tolerations",
    "architecture": 'kubernetes.node_selector, as {"kubernetes.io/arch": "arm64"}',
    "subnets": "kubernetes.node_selector",
    "subnet_tags": "kubernetes.node_selector",
    "security_groups": "kubernetes.network_policy",
    "security_group_tags": "kubernetes.network_policy",
    "open_to_world": "kubernetes.network_policy",
    "assign_public_ip": "kubernetes.service.type",
    "execution_role": "kubernetes.image_pull_secret",
    "task_role": "kubernetes.service_account",
    "platform_version": "the nodes are the cluster's",
    "secrets": "kubernetes.secret_env",
    "sidecars.secrets": "kubernetes.sidecars.secret_env",
    "sidecars.essential": "Kubernetes starts a sidecar again that has ended",
    "volumes": "kubernetes.volumes of a claim",
    "firelens": "the cluster collects logs",
    "log_group": "the cluster keeps logs: kubernetes.logs",
    "health_check.protocol": "kubernetes.probe.readiness.kind",
    "health_check.codes": "a probe by HTTP passes on 200 to 399; answer so where the app is well",
    "health_check.grace": "kubernetes.probe.startup",
    "load_balancer": "network and kubernetes.service",
    "canary": "a release leads all requests at once; release the earlier deployment to go back",
    "autoscale.requests_per_task": "kubernetes.autoscale.cpu_percent",
}
"""The closest way on Kubernetes; a key stands for all within."""

SHARED = {
    "network.host": ("", ""),
    "network.path": ("", ""),
    "network.path_type": ("", ""),
    "network.allowed_cidrs": ("only classes that hold clients to networks: nginx, alb", "at most 5 with host and path"),
    "network.ingress_class": ("", "refused: ecs.load_balancer.listener_arn takes its place"),
    "network.gateway": ("", "refused: ecs.load_balancer.listener_arn takes its place"),
    "network.annotations": ("", "refused: attributes of the load balancer are its owner's to set"),
    "network.tls.enabled": ("", "the listener speaks HTTPS, or the deploy is refused"),
    "network.tls.secret": ("", "refused: the listener has the certificate, from ACM"),
    "network.tls.issuer": ("", "refused: let ACM issue the certificate of the listener"),
    "network.tls.certificate_arn": ("only the class alb reads it", "refused: add it to the listener once"),
    "observability.labels": ("labels of every object", "tags of every resource"),
    "observability.log_format": ("", ""),
    "observability.log_level": ("", ""),
    "observability.otlp_endpoint": ("", ""),
    "observability.metrics": ("not applied yet", "not applied yet"),
}
"""Sections that both platforms read: what each does with a key, empty for the same on both."""

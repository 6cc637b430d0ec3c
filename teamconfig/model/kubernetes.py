"""Section `kubernetes`: how an app runs on Kubernetes. Also the HCL options of the plugin team-k8s."""

from __future__ import annotations

from dataclasses import dataclass

from teamconfig.model import shapes
from teamconfig.model.containers import Init, Port, Probes, Sidecar, Volume
from teamconfig.model.option import option
from teamconfig.model.scheduling import Autoscale, Disruption, NetworkPolicy, Spread, Toleration


@dataclass(kw_only=True)
class Security:
    """Security context. The defaults pass the `restricted` Pod Security Standard."""

    run_as_non_root: bool | None = option("bool", "Refuse to start as user 0.", preset=True)
    run_as_user: int | None = option(
        "int", "User id of the process.", bounds=(0, 2**31 - 1), default="the image's user", example="10001"
    )
    run_as_group: int | None = option(
        "int", "Group id of the process.", bounds=(0, 2**31 - 1), default="the image's group", example="10001"
    )
    fs_group: int | None = option(
        "int", "Group that owns mounted volumes.", bounds=(0, 2**31 - 1), default="none", example="10001"
    )
    read_only_root_filesystem: bool | None = option(
        "bool", "Forbid writes to the image's files; /tmp stays writable.", preset=False
    )
    allow_privilege_escalation: bool | None = option("bool", "Let setuid programs gain rights.", preset=False)
    seccomp: str | None = option(
        "enum", "Filter of system calls.", choices=("RuntimeDefault", "Unconfined"), preset="RuntimeDefault"
    )
    drop_capabilities: list[str] | None = option(
        "list", "Linux capabilities to take away.", preset=["ALL"], default='["ALL"]', example='["ALL"]',
        shape=shapes.CAPABILITY,
    )  # fmt: skip
    add_capabilities: list[str] | None = option(
        "list", "Linux capabilities to give; `restricted` permits only NET_BIND_SERVICE.", default="none",
        example='["NET_BIND_SERVICE"]', shape=shapes.CAPABILITY,
    )  # fmt: skip


@dataclass(kw_only=True)
class Service:
    """The Service that a release points at a deployment."""

    type: str | None = option(
        "enum", "Who can reach it.", choices=("ClusterIP", "LoadBalancer", "NodePort"), preset="ClusterIP"
    )
    port: int | None = option("int", "Port of the Service.", bounds=(1, 65535), preset=80)
    node_port: int | None = option(
        "int", "Port on each node, for NodePort.", bounds=(1, 65535), default="Kubernetes chooses", example="30080"
    )
    annotations: dict[str, str] | None = option(
        "map",
        "Annotations of the Service.",
        example='{"service.beta.kubernetes.io/aws-load-balancer-internal": "true"}',
        key_shape=shapes.LABEL_KEY,
    )


@dataclass(kw_only=True)
class Logs:
    """What `waypoint logs` shows."""

    tail_lines: int | None = option(
        "int", "Lines of each pod to begin with.", unit="lines", bounds=(0, 100000), preset=200
    )


@dataclass(kw_only=True)
class Kubernetes:
    """How an app runs on Kubernetes."""

    kubeconfig: str | None = option(
        "string", "Path of the kubeconfig file.", example="~/.kube/acme",
        default="inside a cluster its service account, otherwise KUBECONFIG or ~/.kube/config",
    )  # fmt: skip
    context: str | None = option(
        "string", "Context of the kubeconfig file.", default="the current one", example="acme-dev", template=True
    )
    namespace: str | None = option(
        "string", "Namespace; must exist.", default="that of the context", example="payments-dev", template=True,
        shape=shapes.LABEL,
    )  # fmt: skip
    replicas: int | None = option("int", "Pods that run; a rollout waits for all.", bounds=(0, 5000), preset=2)
    port: int | None = option(
        "int", "Port the app listens on, also given to it as PORT. 0 is a worker without port.", bounds=(0, 65535),
        preset=3000,
    )  # fmt: skip
    ports: list[Port] = option("blocks", "More ports of the container.")
    cpu: str | None = option("cpu", "CPU that is set aside (request).", preset="100m", bounds=("1m", "512"))
    cpu_limit: str | None = option(
        "cpu", "CPU above which the app is slowed down.", default="none: spare CPU is used", bounds=("1m", "512")
    )
    memory: str | None = option(
        "memory", "Memory above which the app is killed (limit), and set aside for it (request).", preset="256Mi",
        bounds=("4Mi", "16Ti"),
    )  # fmt: skip
    memory_request: str | None = option(
        "memory", "Memory that is set aside, if less than `memory`.", default="memory", bounds=("1Mi", "16Ti"),
        example="256Mi",
    )  # fmt: skip
    probe: Probes | None = option("block", "Startup, readiness and liveness probes.")
    autoscale: Autoscale | None = option("block", "Autoscaling between two numbers of replicas.")
    security: Security | None = option("block", "Security context of pod and container.")
    service: Service | None = option("block", "The Service in front of the app.")
    service_account: str | None = option(
        "string", "Service account of the pods; must exist.", default="the namespace's default", example="web",
        template=True, shape=shapes.NAME,
    )  # fmt: skip
    image_pull_secret: str | None = option(
        "string", "Secret with the registry's credentials; must exist.", default="none", example="registry",
        shape=shapes.NAME,
    )  # fmt: skip
    image_pull_policy: str | None = option(
        "enum", "When a node pulls the image.", choices=("Always", "IfNotPresent", "Never"),
        default="Always for latest, which may change, else IfNotPresent",
    )  # fmt: skip
    command: list[str] | None = option(
        "list", "Program, instead of the image's entrypoint.", default="the image's", example='["/app"]'
    )
    args: list[str] | None = option("list", "Its arguments.", default="the image's", example='["serve"]')
    env: dict[str, str] | None = option(
        "map", "Environment variables. Not for secrets: everyone who reads the standards sees them.",
        example='{"LOG_LEVEL": "info"}', key_shape=shapes.ENV_NAME,
    )  # fmt: skip
    secret_env: dict[str, str] | None = option(
        "map", "Environment variables from Secrets of the namespace, as NAME/KEY.",
        example='{"DATABASE_URL": "database/url"}', shape=shapes.KEY_REFERENCE, key_shape=shapes.ENV_NAME,
    )  # fmt: skip
    config_env: dict[str, str] | None = option(
        "map", "Environment variables from ConfigMaps of the namespace, as NAME/KEY.",
        example='{"FLAGS": "features/flags"}', shape=shapes.KEY_REFERENCE, key_shape=shapes.ENV_NAME,
    )  # fmt: skip
    env_from: list[str] | None = option(
        "list", "Secrets and ConfigMaps all of whose keys become variables.", example='["secret/web", "configmap/web"]',
        shape=shapes.SOURCE,
    )  # fmt: skip
    files: dict[str, str] | None = option(
        "map", "Files, or directories where no key is named, from Secrets and ConfigMaps.",
        example='{"/etc/web/tls": "secret/web-tls", "/etc/web/flags.json": "configmap/web/flags.json"}',
        shape=shapes.FILE_SOURCE, key_shape=shapes.PATH,
    )  # fmt: skip
    volumes: list[Volume] = option("blocks", "Scratch space, claims and projected objects.")
    sidecars: list[Sidecar] = option("blocks", "Containers beside the app's.")
    init: list[Init] = option("blocks", "Containers that run to their end before the app starts, in order.")
    disruption: Disruption | None = option("block", "How many pods a drained node may take at once.")
    spread: list[Spread] = option("blocks", "Over what the pods are spread.")
    node_selector: dict[str, str] | None = option(
        "map", "Labels that a node must have.", example='{"kubernetes.io/arch": "arm64"}',
        shape=shapes.LABEL_VALUE, key_shape=shapes.LABEL_KEY,
    )  # fmt: skip
    tolerations: list[Toleration] = option("blocks", "Taints of nodes that do not keep the pods away.")
    priority_class: str | None = option(
        "string", "PriorityClass; must exist.", default="the cluster's", example="business", shape=shapes.NAME
    )
    network_policy: NetworkPolicy | None = option("block", "Who may reach the pods, and where they may go.")
    labels: dict[str, str] | None = option(
        "map", "Labels of every object.", example='{"cost-center": "1234"}', template=True,
        shape=shapes.LABEL_VALUE, key_shape=shapes.LABEL_KEY,
    )  # fmt: skip
    annotations: dict[str, str] | None = option(
        "map", "Annotations of the pods.", example='{"prometheus.io/scrape": "true"}', template=True,
        key_shape=shapes.ANNOTATION_KEY,
    )  # fmt: skip
    rollout_timeout: str | None = option(
        "duration", "How long all replicas may take to become ready.", preset="10m", bounds=("1s", "24h")
    )
    termination_grace: str | None = option(
        "duration", "Time between SIGTERM and SIGKILL.", preset="30s", bounds=("0s", "1h")
    )
    wait_reachable: str | None = option(
        "duration", "How long a release waits until the app can be reached; 0s does not wait.", preset="2m",
        bounds=("0s", "1h"),
    )  # fmt: skip
    reachable: str | None = option(
        "enum", "What a release waits for: an address that the cluster gives, or an answer from it.",
        choices=("address", "answer"), preset="address",
    )  # fmt: skip
    exec: str | None = option(
        "enum", "Whether `waypoint exec` may open a shell. Always deny in a protected environment.",
        choices=("allow", "deny"), preset="allow",
    )  # fmt: skip
    exec_commands: list[str] | None = option(
        "list", "The only programs that exec may start.", default="any", example='["/bin/sh", "ls"]'
    )
    entrypoint_env: bool | None = option(
        "bool", "Give pods Waypoint's entrypoint variables and invite token.", preset=False
    )
    logs: Logs | None = option("block", "What `waypoint logs` shows.")
    console_url: str | None = option(
        "string", "Link to an object in your console, shown by `waypoint status`; {kind}, {plural}, {namespace} and "
        "{name} are filled in.", default="the API server's address of the object",
        example="https://console.acme.example/{namespace}/{plural}/{name}",
    )  # fmt: skip

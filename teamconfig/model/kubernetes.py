"""Section `kubernetes`: how an app runs on Kubernetes. Also the HCL options of the plugin team-k8s."""

from __future__ import annotations

from dataclasses import dataclass

from teamconfig.model.option import option


@dataclass(kw_only=True)
class Probe:
    """How Kubernetes asks a container whether it is well."""

    kind: str | None = option(
        "enum",
        "How to ask. http passes on 200 to 399.",
        choices=("http", "tcp", "grpc", "exec", "none"),
        default="http if path is set, exec if command is set, otherwise tcp",
    )
    path: str | None = option("string", "Path of the HTTP request, with its slash.", example="/healthz")
    port: int | None = option("int", "Port to ask.", bounds=(1, 65535), default="the app's port", example="8080")
    command: list[str] | None = option(
        "list", "Command to run in the container; exit code 0 is well.", example='["/bin/check", "--quick"]'
    )
    initial_delay: str | None = option("duration", "How long to wait before the first probe.", preset="0s")
    period: str | None = option("duration", "How often to ask.", bounds=("1s", "1h"))
    timeout: str | None = option("duration", "How long an answer may take.", preset="2s", bounds=("1s", "10m"))
    failure_threshold: int | None = option(
        "int", "Failures in a row until the container counts as unwell.", bounds=(1, 1000), example="3"
    )
    success_threshold: int | None = option(
        "int", "Successes in a row until it counts as well; only readiness may have more than 1.", bounds=(1, 100),
        default="1", example="1",
    )  # fmt: skip

    def effective_kind(self) -> str:
        """Tell how to ask, also where `kind` is unset.

        Returns:
            One of http, tcp, grpc, exec, none.
        """
        return self.kind or ("http" if self.path else "exec" if self.command else "tcp")


@dataclass(kw_only=True)
class Probes:
    """The three probes of the app's container. A worker without port has none unless it sets a command."""

    startup: Probe | None = option(
        "block", "Holds the other two back until the app is up; kills it if it never is.",
        preset={"period": "2s", "failure_threshold": 60},
    )  # fmt: skip
    readiness: Probe | None = option(
        "block", "Takes the pod out of the Service while it fails.", preset={"period": "5s", "failure_threshold": 3}
    )
    liveness: Probe | None = option(
        "block", "Restarts the container when it fails.", preset={"period": "10s", "failure_threshold": 6}
    )


@dataclass(kw_only=True)
class Autoscale:
    """A HorizontalPodAutoscaler, made as soon as `max_replicas` is set."""

    min_replicas: int | None = option("int", "Fewest replicas.", bounds=(1, 5000), default="replicas", example="2")
    max_replicas: int | None = option(
        "int", "Most replicas. Setting it turns autoscaling on.", bounds=(1, 5000), example="10"
    )
    cpu_percent: int | None = option(
        "int", "Average CPU use to hold, in percent of the request.", unit="percent", bounds=(1, 1000),
        default="75 if memory_percent is unset too", example="75",
    )  # fmt: skip
    memory_percent: int | None = option(
        "int", "Average memory use to hold, in percent of the request.", unit="percent", bounds=(1, 1000), example="80"
    )


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
        "list", "Linux capabilities to take away.", preset=["ALL"], default='["ALL"]', example='["ALL"]'
    )
    add_capabilities: list[str] | None = option(
        "list", "Linux capabilities to give; `restricted` permits only NET_BIND_SERVICE.", default="none",
        example='["NET_BIND_SERVICE"]',
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
    )


@dataclass(kw_only=True)
class Port:
    """One more port of the app's container."""

    name: str | None = option("string", "Name, at most 15 characters.", example="metrics")
    port: int | None = option("int", "Number.", bounds=(1, 65535), example="9090")
    protocol: str | None = option("enum", "Protocol.", choices=("TCP", "UDP"), default="TCP")


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
        "string", "Namespace; must exist.", default="that of the context", example="payments-dev", template=True
    )
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
        template=True,
    )  # fmt: skip
    image_pull_secret: str | None = option(
        "string", "Secret with the registry's credentials; must exist.", default="none", example="registry"
    )
    env: dict[str, str] | None = option(
        "map", "Environment variables. Not for secrets: everyone who reads the standards sees them.",
        example='{"LOG_LEVEL": "info"}',
    )  # fmt: skip
    labels: dict[str, str] | None = option(
        "map", "Labels of every object.", example='{"cost-center": "1234"}', template=True
    )
    annotations: dict[str, str] | None = option(
        "map", "Annotations of the pods.", example='{"prometheus.io/scrape": "true"}', template=True
    )
    rollout_timeout: str | None = option(
        "duration", "How long all replicas may take to become ready.", preset="10m", bounds=("1s", "24h")
    )
    termination_grace: str | None = option(
        "duration", "Time between SIGTERM and SIGKILL.", preset="30s", bounds=("0s", "1h")
    )
    wait_reachable: str | None = option(
        "duration", "How long a release waits until its address answers; 0s does not wait.", preset="2m",
        bounds=("0s", "1h"),
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

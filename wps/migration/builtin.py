"""What becomes of each option of Waypoint's builtin plugin `kubernetes`: a table, and how to look things up in it.

Owns the correspondence only. `translate` applies it to a stanza, and
docs/migrating-from-builtin.md shows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

How = Literal[
    "same", "seconds", "first", "request", "limit", "path", "resources", "scratch", "balancer", "node_port", "ports",
    "hosts", "default", "drop", "none",
]  # fmt: skip
"""How a value is carried over; `translate` has a function for each but these: drop needs nothing, none has nothing."""


@dataclass(frozen=True, slots=True)
class Row:
    """One option of the builtin.

    Args:
        option: Its path within the `use`; a label of a block is a part of it: "ingress.http.host".
        keys: Key paths of ours that it becomes; `[]` stands for one block of a list. Empty where there is none.
        difference: What is not as it was, as one short phrase; empty if nothing.
        how: How the value is carried over. For `first`, the first key is for the first block and the others for later
            ones; for `request`, the last key is for a request without limit.
        fix: What a reader can do about an option that has no counterpart.
    """

    option: str
    keys: tuple[str, ...] = ()
    difference: str = ""
    how: How = "same"
    fix: str = "remove it, or ask your platform team"


def _container(prefix: str, ours: str) -> tuple[Row, ...]:
    """Give what the app's container, written inside or outside of pod.container, and a sidecar have in common."""
    probes = ("kubernetes.probe.readiness.", "kubernetes.probe.liveness.") if ours == "kubernetes." else ()
    asked = probes or (f"{ours}probe.",)
    ignored = "" if prefix else "the builtin ignores it here"

    def probe(name: str) -> tuple[str, ...]:
        return tuple(f"{key}{name}" for key in asked)

    return (
        Row(f"{prefix}static_environment", (f"{ours}env",)),
        Row(f"{prefix}probe_path", probe("path"), "each probe has its own path", "path"),
        Row(f"{prefix}probe.initial_delay", probe("initial_delay"), ignored or "a duration, as 5s", "seconds"),
        Row(f"{prefix}probe.timeout", probe("timeout"), ignored or "a duration, as 5s", "seconds"),
        Row(f"{prefix}probe.failure_threshold", probe("failure_threshold"), ignored),
        *_resources(prefix, ours),
    )


def _resources(prefix: str, ours: str) -> tuple[Row, ...]:
    only_app = ours == "kubernetes."
    request = (f"{ours}memory_request", f"{ours}memory") if only_app else (f"{ours}memory",)
    no_limit = "a sidecar has no CPU limit"
    rows = [Row(f"{prefix}resources", (), "only cpu and memory", "resources")]
    for cpu_request, cpu_limit, memory_request, memory_limit in (
        ("cpu.request", "cpu.limit", "memory.request", "memory.limit"),
        ("resources.requests_cpu", "resources.limits_cpu", "resources.requests_memory", "resources.limits_memory"),
    ):
        rows += [
            Row(f"{prefix}{cpu_request}", (f"{ours}cpu",)),
            Row(f"{prefix}{cpu_limit}", (f"{ours}cpu_limit",), "alone it is the request too", "limit")
            if only_app
            else Row(f"{prefix}{cpu_limit}", (), no_limit, "none", "remove it: spare CPU is used"),
            Row(f"{prefix}{memory_request}", request, "alone it is the limit too", "request"),
            Row(f"{prefix}{memory_limit}", (f"{ours}memory",), "alone it is the request too"),
        ]
    return tuple(rows)


def _ports(prefix: str, number: tuple[str, ...], later: str) -> tuple[Row, ...]:
    def key(name: str) -> tuple[str, ...]:
        return ("", f"{later}{name}") if later else ("",)

    host = "pods have no ports of their node"
    fix = "reach the app by its Service, and remove it"
    return (
        Row(f"{prefix}name", key("name"), "the first port is always called http" if later else "no name", "first"),
        Row(f"{prefix}port", number, "" if later else "one port", "first"),
        Row(f"{prefix}host_port", (), host, "none", fix),
        Row(f"{prefix}host_ip", (), host, "none", fix),
        Row(f"{prefix}protocol", key("protocol"), "the first port is TCP" if later else "TCP only", "first"),
    )


_CLUSTER = (
    Row("kubeconfig", ("kubernetes.kubeconfig",)),
    Row("context", ("kubernetes.context",)),
    Row("namespace", ("kubernetes.namespace",)),
)

PLATFORM = (
    *_CLUSTER,
    Row("replicas", ("kubernetes.replicas",), "a rollout waits for all of them, not for one"),
    Row("autoscale.min_replicas", ("kubernetes.autoscale.min_replicas",)),
    Row("autoscale.max_replicas", ("kubernetes.autoscale.max_replicas",)),
    Row("autoscale.cpu_percent", ("kubernetes.autoscale.cpu_percent",), "75 if left out, not 0"),
    Row("image_secret", ("kubernetes.image_pull_secret",), "another name"),
    Row("service_account", ("kubernetes.service_account",), "must exist, is not created"),
    Row("annotations", ("kubernetes.annotations",), "of pods only, not of the default releaser's Service"),
    Row("labels", ("kubernetes.labels",), "on every object, not on pods only"),
    Row("service_port", ("kubernetes.port",), "0 is a worker without port"),
    Row("ports", (), "the builtin refuses it too", "none", "write port = ... and ports { ... } blocks"),
    Row("scratch_path", ("kubernetes.volumes[].path",), "a block for each path", "scratch"),
    *_container("", "kubernetes."),
    Row("pod.security_context.run_as_user", ("kubernetes.security.run_as_user",), "each is optional"),
    Row("pod.security_context.run_as_group", ("kubernetes.security.run_as_group",), "the builtin ignores it"),
    Row("pod.security_context.run_as_non_root", ("kubernetes.security.run_as_non_root",), "true if left out"),
    Row("pod.security_context.fs_group", ("kubernetes.security.fs_group",), "each is optional"),
    Row("pod.container.name", (), "it is the app's name, as in the builtin", "drop"),
    *_ports("pod.container.port.", ("kubernetes.port", "kubernetes.ports[].port"), "kubernetes.ports[]."),
    Row("pod.container.command", ("kubernetes.command",)),
    Row("pod.container.args", ("kubernetes.args",)),
    *_container("pod.container.", "kubernetes."),
    Row("pod.sidecar.image", ("kubernetes.sidecars[].image",)),
    Row("pod.sidecar.container.name", ("kubernetes.sidecars[].name",), "required"),
    *_ports("pod.sidecar.container.port.", ("kubernetes.sidecars[].port",), ""),
    Row("pod.sidecar.container.command", ("kubernetes.sidecars[].command",)),
    Row("pod.sidecar.container.args", ("kubernetes.sidecars[].args",)),
    *_container("pod.sidecar.container.", "kubernetes.sidecars[]."),
)
"""Every option of the platform."""

RELEASER = (
    *_CLUSTER,
    Row("annotations", ("kubernetes.service.annotations",), "of the Service"),
    Row("load_balancer", ("kubernetes.service.type",), "LoadBalancer or ClusterIP", "balancer"),
    Row("port", ("kubernetes.service.port",)),
    Row("node_port", ("kubernetes.service.node_port", "kubernetes.service.type"), "with type NodePort", "node_port"),
    Row("ports", ("kubernetes.service.port", "kubernetes.ports[].service_port"), "beside each port", "ports"),
    Row("ingress.http.host", ("network.host",), "without it there is no ingress"),
    Row("ingress.http.path", ("network.path",)),
    Row("ingress.http.path_type", ("network.path_type",), "Prefix or Exact"),
    Row(
        "ingress.http.default", (), "no ingress takes what belongs to no host", "default",
        "name a host, or make the default backend beside Waypoint",
    ),
    Row("ingress.http.annotations", ("network.annotations",)),
    Row("ingress.http.tls.hosts", (), "always the host itself", "hosts", "write an app or an ingress for other hosts"),
    Row("ingress.http.tls.secret_name", ("network.tls.secret",), "TLS is on unless tls { enabled = false }"),
)  # fmt: skip
"""Every option of the releaser; all are written in the deploy stanza, since team-k8s brings its releaser."""

TABLES = {"platform": PLATFORM, "releaser": RELEASER}
_BY_OPTION = {name: {row.option: row for row in rows} for name, rows in TABLES.items()}


def find(component: str, option: str) -> Row | None:
    """Look up an option.

    Args:
        component: "platform" or "releaser".
        option: Its path, as in `Row`.

    Returns:
        Its row, or None if the builtin has no such option.
    """
    return _BY_OPTION[component].get(option)


_NO_KEY = {
    "resources": "key by key, see the rows after it",
    "drop": "not needed",
    "hosts": "not needed",
    "first": "not needed",
}
"""What stands in the table where an option has no key of its own and still gets lost nowhere."""


def markdown() -> Iterator[str]:
    """Write the table for people.

    Yields:
        Lines of Markdown, one section for each component.
    """
    for component, rows in TABLES.items():
        yield f"### {component}"
        yield ""
        yield "| builtin `kubernetes` | `team-k8s` and standards | difference |"
        yield "|---|---|---|"
        for row in rows:
            keys = ", ".join(f"`{key}`" for key in row.keys if key)
            yield f"| `{row.option}` | {keys or _NO_KEY.get(row.how, 'none')} | {row.difference or 'none'} |"
        yield ""

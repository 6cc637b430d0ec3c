"""The table of what becomes of the builtin kubernetes."""

from __future__ import annotations

import pytest

from wps.migration import builtin, values

CONTAINER = [
    "static_environment", "probe_path", "probe.initial_delay", "probe.timeout", "probe.failure_threshold", "resources",
    "cpu.request", "cpu.limit", "memory.request", "memory.limit", "resources.requests_cpu", "resources.limits_cpu",
    "resources.requests_memory", "resources.limits_memory",
]  # fmt: skip
"""What the builtin takes for any container, and the keys of its map of resources that have a counterpart."""

IN_POD = ["name", "command", "args", *(f"port.{name}" for name in ("name", "port", "host_port", "host_ip", "protocol"))]

PLATFORM = [
    "kubeconfig", "context", "namespace", "replicas", "image_secret", "service_account", "annotations", "labels",
    "service_port", "ports", "scratch_path", "autoscale.min_replicas", "autoscale.max_replicas",
    "autoscale.cpu_percent", "pod.sidecar.image", "pod.security_context.run_as_user",
    "pod.security_context.run_as_group", "pod.security_context.run_as_non_root", "pod.security_context.fs_group",
    *CONTAINER,
    *(f"{where}.{name}" for where in ("pod.container", "pod.sidecar.container") for name in (*IN_POD, *CONTAINER)),
]  # fmt: skip
RELEASER = [
    "kubeconfig", "context", "namespace", "annotations", "load_balancer", "port", "ports", "node_port",
    "ingress.http.host", "ingress.http.path", "ingress.http.path_type", "ingress.http.default",
    "ingress.http.annotations", "ingress.http.tls.hosts", "ingress.http.tls.secret_name",
]  # fmt: skip
"""Every option of the builtin in Waypoint 0.11.4."""


@pytest.mark.parametrize(("component", "options"), [("platform", PLATFORM), ("releaser", RELEASER)])
def test_the_table_has_every_option_of_the_builtin(component: str, options: list[str]) -> None:
    """Each option that Waypoint 0.11.4 has stands in the table once, and no other."""
    assert sorted(row.option for row in builtin.TABLES[component]) == sorted(options)


def test_the_table_names_keys_that_there_are() -> None:
    """Each key of ours in the table is one of the model, and an option without any says why and what to do."""
    rows = [*builtin.PLATFORM, *builtin.RELEASER]
    keys = [key for row in rows for key in row.keys if key]
    assert [key for key in keys if values.spec(key.split(".")) is None] == []
    assert [row.option for row in rows if not row.keys and not (row.difference and row.fix)] == []
    assert [row.option for row in rows if len(row.difference) > 60] == []

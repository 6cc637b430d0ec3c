"""From standards to manifests: what any standards have in common, and what each of them does."""

from __future__ import annotations

import copy
import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from team_k8s import builder, exposure, names, plan, podspec
from team_k8s.order import Order, image_reference
from teamconfig import units
from teamconfig.errors import StandardsError
from teamconfig.model import Observability

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from teamconfig.model import Kubernetes

    MakeOrder = Callable[..., Order]
    MakeTarget = Callable[..., exposure.Target]
    Standards = Callable[..., Kubernetes]

WORDS = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)
KEYS = WORDS | st.sampled_from(
    ["name", "app", "version", names.ID_LABEL, "waypoint.hashicorp.com/version", "app.kubernetes.io/name", "PORT"]
)
MAPS = st.dictionaries(KEYS, WORDS, max_size=4)
MEMORY = st.integers(4, 4096).map(lambda number: f"{number}Mi")
CPU = st.integers(1, 4000).map(lambda number: f"{number}m")
DURATIONS = st.integers(1, 600).map(lambda number: f"{number}s")
PROBES = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.sampled_from(["http", "tcp", "grpc", "exec", "none"]),
        "path": st.just("/healthz"),
        "port": st.integers(1, 65535),
        "command": st.just(["/bin/check"]),
        "initial_delay": DURATIONS,
        "period": DURATIONS,
        "failure_threshold": st.integers(1, 9),
    },
)
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "replicas": st.integers(0, 20),
        "port": st.integers(0, 65535),
        "ports": st.lists(st.fixed_dictionaries({"name": WORDS, "port": st.integers(1, 65535)}), max_size=2),
        "cpu": CPU,
        "cpu_limit": CPU,
        "memory": MEMORY,
        "memory_request": MEMORY,
        "probe": st.fixed_dictionaries({}, optional={"startup": PROBES, "readiness": PROBES, "liveness": PROBES}),
        "autoscale": st.fixed_dictionaries(
            {},
            optional={
                "min_replicas": st.integers(1, 10),
                "max_replicas": st.integers(1, 20),
                "memory_percent": st.integers(1, 100),
            },
        ),
        "security": st.fixed_dictionaries({}, optional={"read_only_root_filesystem": st.booleans()}),
        "env": MAPS,
        "labels": MAPS,
        "annotations": MAPS,
        "service_account": WORDS,
        "image_pull_secret": WORDS,
        "rollout_timeout": DURATIONS,
    },
)


def ordered(make_order: MakeOrder, options: dict[str, Any]) -> Order | None:
    """Order a deploy, or give None where the resolver refuses the options."""
    try:
        return make_order(**options)
    except StandardsError:
        return None


def leaves(value: Any) -> Iterator[Any]:
    """Go through all values in a manifest."""
    if isinstance(value, dict):
        for item in value.values():
            yield from leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def container(order: Order) -> dict[str, Any]:
    """Give the app's container as it is planned."""
    (found,) = plan.deployment(order)["spec"]["template"]["spec"]["containers"]
    return dict(found)


@given(OPTIONS)
def test_any_standards(make_order: MakeOrder, options: dict[str, Any]) -> None:
    """Whatever the resolver permits becomes manifests that fit together."""
    order = ordered(make_order, options)
    if order is None:
        return
    before = copy.deepcopy(order)
    planned = plan.manifests(order)
    assert planned == plan.manifests(before), "a plan of the same order is the same"
    assert order == before, "planning changes nothing of what it is given"
    assert json.loads(json.dumps(planned)) == planned, "a manifest is JSON"
    assert None not in list(leaves(planned)), "null in an applied manifest would take a field away from others"

    spec = planned[0]["spec"]
    template = spec["template"]["metadata"]["labels"]
    select = spec["selector"]["matchLabels"]
    assert select.items() <= template.items(), "the API server refuses a selector that its own pods do not match"
    assert select == names.selector(order.name, order.deployment_id)
    assert names.owner(order.identity).items() <= planned[0]["metadata"]["labels"].items(), "destroy finds it"

    variables = [entry["name"] for entry in spec["template"]["spec"]["containers"][0]["env"]]
    assert len(variables) == len(set(variables)), "a variable that is there twice is a lottery"

    by_kind = {manifest["kind"]: manifest for manifest in planned}
    spec = by_kind["Deployment"]["spec"]
    if "HorizontalPodAutoscaler" in by_kind:
        bounds = by_kind["HorizontalPodAutoscaler"]["spec"]
        assert bounds["minReplicas"] <= spec["replicas"] <= bounds["maxReplicas"], "a rollout waits for these replicas"
        assert bounds["metrics"], "an autoscaler without metrics is refused"


@given(OPTIONS)
def test_requests_never_exceed_limits(make_order: MakeOrder, options: dict[str, Any]) -> None:
    """Whatever the resolver permits, a container asks for no more than it may use."""
    order = ordered(make_order, options)
    if order is None:
        return
    planned = podspec.resources(order.standards)
    limits = planned.get("limits", {})
    for name, parse in {"cpu": units.parse_cpu, "memory": units.parse_memory}.items():
        if name in limits and name in planned["requests"]:
            assert parse(planned["requests"][name]) <= parse(limits[name])


@given(OPTIONS)
def test_behaviour_11_a_worker_has_no_port(make_order: MakeOrder, options: dict[str, Any]) -> None:
    """An app without port gets no PORT, no port "http", and no probe that would ask one."""
    order = ordered(make_order, options | {"port": 0, "env": {}, "ports": []})
    if order is None:
        return
    planned = container(order)
    assert "ports" not in planned
    assert "PORT" not in [entry["name"] for entry in planned["env"]]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        how = planned.get(probe, {})
        assert all(how[kind]["port"] for kind in ("httpGet", "tcpSocket", "grpc") if kind in how)


def test_three_probes(make_order: MakeOrder) -> None:
    """Each probe has its own way of asking and its own timing."""
    probe = {
        "startup": {"kind": "grpc", "port": 9000, "period": "1s"},
        "readiness": {"path": "/ready", "initial_delay": "3s", "success_threshold": 2},
        "liveness": {"command": ["/bin/check", "--quick"], "timeout": "5s", "failure_threshold": 9},
    }
    planned = container(make_order(port=8080, probe=probe))
    assert planned["startupProbe"] == {
        "grpc": {"port": 9000}, "periodSeconds": 1, "timeoutSeconds": 2, "failureThreshold": 60,
    }  # fmt: skip
    assert planned["readinessProbe"] == {
        "httpGet": {"path": "/ready", "port": 8080}, "initialDelaySeconds": 3, "periodSeconds": 5,
        "timeoutSeconds": 2, "failureThreshold": 3, "successThreshold": 2,
    }  # fmt: skip
    assert planned["livenessProbe"] == {
        "exec": {"command": ["/bin/check", "--quick"]}, "periodSeconds": 10, "timeoutSeconds": 5,
        "failureThreshold": 9,
    }  # fmt: skip


def test_a_probe_can_be_switched_off(make_order: MakeOrder) -> None:
    """Kind none leaves a probe out, and the others in."""
    planned = container(make_order(probe={"liveness": {"kind": "none"}}))
    assert "livenessProbe" not in planned
    assert "readinessProbe" in planned


def test_waypoint_wins_over_the_standards(make_order: MakeOrder) -> None:
    """Of a variable that is set twice, Waypoint's value holds, and PORT is the port that is asked."""
    order = make_order(port=8080, env={"WAYPOINT_DEPLOYMENT_ID": "mine", "A": "1"})
    variables = {entry["name"]: entry["value"] for entry in podspec.environment(order)}
    assert variables == {"PORT": "8080", "WAYPOINT_DEPLOYMENT_ID": "01HDEPLOYMENT", "A": "1"}


def test_labels_are_on_every_object(make_order: MakeOrder, make_target: MakeTarget) -> None:
    """The labels of both sections of the standards are on every object that is made, as their documentation says."""
    order = make_order(replicas=1, autoscale={"max_replicas": 3}, labels={"cost-center": "4711"})
    deployment, autoscaler = plan.manifests(order)[:2]
    service = exposure.service(make_target(order))
    template = deployment["spec"]["template"]
    for labelled in (deployment, template, autoscaler, service):
        assert {"cost-center": "4711", "tier": "gold"}.items() <= labelled["metadata"]["labels"].items()


def test_labels_do_not_steal_objects(make_order: MakeOrder, make_target: MakeTarget) -> None:
    """Labels of the standards cannot make an object look like another app's."""
    order = make_order(labels={"waypaas.dev/project": "other", "name": "other"}, autoscale={"max_replicas": 3})
    service = exposure.service(make_target(order))
    for manifest in (*plan.manifests(order), service):
        assert names.owner(order.identity).items() <= manifest["metadata"]["labels"].items()


@pytest.mark.parametrize(
    ("replicas", "autoscale", "first"),
    [
        (2, {}, 2),
        (0, {}, 0),
        (0, {"max_replicas": 5}, 1),
        (1, {"min_replicas": 3, "max_replicas": 5}, 3),
        (9, {"min_replicas": 3, "max_replicas": 5}, 5),
    ],
)
def test_first_replicas(make_order: MakeOrder, replicas: int, autoscale: dict[str, int], first: int) -> None:
    """A Deployment begins with the wanted replicas, or the nearest number that its autoscaler would keep."""
    order = make_order(replicas=replicas, autoscale=autoscale)
    assert plan.deployment(order)["spec"]["replicas"] == first


def test_behaviour_12_autoscaler(make_order: MakeOrder) -> None:
    """The autoscaler is of autoscaling/v2, scales this very Deployment, and holds what the standards say."""
    scale = {"min_replicas": 2, "max_replicas": 5, "cpu_percent": 60, "memory_percent": 80}
    order = make_order(autoscale=scale)
    planned = plan.autoscaler(order)
    assert planned is not None
    assert planned["apiVersion"] == "autoscaling/v2"
    assert planned["spec"]["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web-v7"}
    assert (planned["spec"]["minReplicas"], planned["spec"]["maxReplicas"]) == (2, 5)
    held = {m["resource"]["name"]: m["resource"]["target"]["averageUtilization"] for m in planned["spec"]["metrics"]}
    assert held == {"cpu": 60, "memory": 80}


@pytest.mark.parametrize(
    ("scale", "held"), [({}, {"cpu": 75}), ({"memory_percent": 80}, {"memory": 80}), ({"cpu_percent": 5}, {"cpu": 5})]
)
def test_autoscaler_default_metric(make_order: MakeOrder, scale: dict[str, int], held: dict[str, int]) -> None:
    """CPU is held at 75 % where the standards name no metric, and only there."""
    metrics = plan.autoscaler(make_order(autoscale={"max_replicas": 5, **scale}))["spec"]["metrics"]
    assert {m["resource"]["name"]: m["resource"]["target"]["averageUtilization"] for m in metrics} == held


def test_no_autoscaler_unasked(make_order: MakeOrder) -> None:
    """Without max_replicas there is no autoscaler."""
    order = make_order(autoscale={"min_replicas": 2})
    assert "HorizontalPodAutoscaler" not in [manifest["kind"] for manifest in plan.manifests(order)]
    assert plan.autoscaler(order) is None


def test_the_deploy_knows_its_standards(make_order: MakeOrder) -> None:
    """Deployment and pods carry the revision of the standards that they were made by."""
    planned = plan.deployment(make_order(annotations={"prometheus.io/scrape": "true"}))
    assert planned["metadata"]["annotations"]["waypaas.dev/profile-revision"] == "dir:test"
    assert planned["spec"]["template"]["metadata"]["annotations"] == {
        "prometheus.io/scrape": "true",
        "waypaas.dev/profile-revision": "dir:test",
    }


def test_a_read_only_root_keeps_tmp(make_order: MakeOrder) -> None:
    """Where the image's files are read only, /tmp is a volume that can be written."""
    order = make_order(security={"read_only_root_filesystem": True})
    (volume,) = podspec.pod(order)["volumes"]
    (mount,) = container(order)["volumeMounts"]
    assert mount == {"name": volume["name"], "mountPath": "/tmp"}  # noqa: S108  # inside the container
    assert volume["emptyDir"] == {}


def test_what_is_projected_twice_is_there_once(make_order: MakeOrder) -> None:
    """The API refuses a volume with the same file twice; to name a source twice means no more than once."""
    order = make_order(volumes=[{"path": "/info", "projected": ["labels", "labels", "annotations"]}])
    volumes = [one["projected"]["sources"] for one in podspec.pod(order)["volumes"] if "projected" in one]
    assert [[item["path"] for source in sources for item in source["downwardAPI"]["items"]] for sources in volumes] == [
        ["labels", "annotations"]
    ]


def test_names_of_the_cluster(make_order: MakeOrder) -> None:
    """Service account and pull secret are the ones that the standards name."""
    planned = podspec.pod(make_order(service_account="web", image_pull_secret="registry"))
    assert planned["serviceAccountName"] == "web"
    assert planned["imagePullSecrets"] == [{"name": "registry"}]


@pytest.mark.parametrize(
    ("options", "planned"),
    [
        ({"memory": "1Gi"}, {"requests": {"cpu": "100m", "memory": "1Gi"}, "limits": {"memory": "1Gi"}}),
        (
            {"memory": "1Gi", "memory_request": "512Mi", "cpu": "1", "cpu_limit": "2"},
            {"requests": {"cpu": "1", "memory": "512Mi"}, "limits": {"cpu": "2", "memory": "1Gi"}},
        ),
    ],
)
def test_resources(standards: Standards, options: dict[str, str], planned: dict[str, Any]) -> None:
    """Memory is set aside in full unless less is asked for, and CPU is not limited unless it is asked for."""
    assert podspec.resources(standards(**options)) == planned


def test_more_ports(make_order: MakeOrder) -> None:
    """The app's own port is the first and is called http; others follow with their protocol."""
    ports = [{"name": "metrics", "port": 9090}, {"name": "dns", "port": 53, "protocol": "UDP"}]
    assert container(make_order(port=8080, ports=ports))["ports"] == [
        {"name": "http", "containerPort": 8080, "protocol": "TCP"},
        {"name": "metrics", "containerPort": 9090, "protocol": "TCP"},
        {"name": "dns", "containerPort": 53, "protocol": "UDP"},
    ]


DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("image", "tag", "reference", "policy"),
    [
        ("web", "v1", "web:v1", "IfNotPresent"),
        ("web", "latest", "web:latest", "Always"),
        ("web", "", "web:latest", "Always"),
        ("registry:5000/web", "v1", "registry:5000/web:v1", "IfNotPresent"),
        ("registry:5000/web", "", "registry:5000/web:latest", "Always"),
        ("web", DIGEST, f"web@{DIGEST}", "IfNotPresent"),
        (f"web@{DIGEST}", "", f"web@{DIGEST}", "IfNotPresent"),
        (f"web@{DIGEST}", "v1", f"web@{DIGEST}", "IfNotPresent"),
    ],
)
def test_references(image: str, tag: str, reference: str, policy: str) -> None:
    """An image and its tag become one reference, which is pulled each time only if its tag may move."""
    assert image_reference(image, tag) == reference
    assert podspec.pull_policy(reference) == policy


@pytest.mark.parametrize("reference", ["registry:5000/web", "web"])
def test_no_tag_is_latest(reference: str) -> None:
    """A reference without tag means latest, and a registry's port is no tag."""
    assert podspec.pull_policy(reference) == "Always"


@given(
    st.from_regex(r"([a-z]{1,6}(:[0-9]{2,4})?/)?[a-z]{1,8}", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9_]{1,9}", fullmatch=True),
)
def test_what_the_builder_splits_is_joined(image: str, tag: str) -> None:
    """The reference in waypoint.hcl's build stanza is the one that is deployed."""
    assert image_reference(*builder.split(f"{image}:{tag}")) == f"{image}:{tag}"
    assert image_reference(*builder.split(f"{image}@{DIGEST}")) == f"{image}@{DIGEST}"


def test_another_deploy_shares_nothing(make_order: MakeOrder) -> None:
    """Two deploys of one app select different pods, so that the old one is not touched by the new."""
    order = make_order()
    later = dataclasses.replace(order, sequence=8, deployment_id="01HLATER")
    one, other = plan.deployment(order), plan.deployment(later)
    assert one["metadata"]["name"] != other["metadata"]["name"]
    labels = other["spec"]["template"]["metadata"]["labels"]
    assert all(labels[key] != value for key, value in one["spec"]["selector"]["matchLabels"].items())


def test_the_app_is_told_how_it_is_observed(make_order: MakeOrder) -> None:
    """The section observability reaches the app as its documentation says, and the app's own `env` goes before it."""
    told = plan.observed(Observability(log_format="json", log_level="info", otlp_endpoint="http://otel.obs:4317"))
    order = dataclasses.replace(make_order(env={"LOG_LEVEL": "debug"}), variables=told)
    variables = {entry["name"]: entry["value"] for entry in podspec.environment(order)}
    assert variables["LOG_FORMAT"] == "json"
    assert variables["LOG_LEVEL"] == "debug"
    assert variables["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://otel.obs:4317"
    assert plan.observed(Observability()) == {}

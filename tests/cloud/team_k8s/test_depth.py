"""What teams ask of Kubernetes beside a plain Deployment, on a real API server and a real node."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from app import waited

if TYPE_CHECKING:
    from app import App


def secret(name: str, **values: str) -> dict[str, Any]:
    """Make a Secret."""
    data = {key.replace("_", "."): base64.b64encode(value.encode()).decode() for key, value in values.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data}


def config_map(name: str, **values: str) -> dict[str, Any]:
    """Make a ConfigMap."""
    data = {key.replace("_", "."): value for key, value in values.items()}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def inside(app: App, *command: str) -> str:
    """Run a command in the pod of web-v1."""
    target = ["-n", app.namespace, "deploy/web-v1", "-c", "web", "--"]
    return app.bed.kubectl("exec", *target, *command)


def test_behaviour_13_secrets_and_configuration_by_reference(real_app: App) -> None:
    """Variables and files come from Secrets and ConfigMaps; their values are in no manifest and no reply."""
    real_app.apply(secret("database", url="postgres://hunter2"))
    real_app.apply(secret("web-tls", tls_key="hunter2-key"))
    real_app.apply(config_map("features", flags="blue", flags_json='{"a": 1}'))
    real_app.apply(config_map("common", COLOUR="green"))
    deployed = real_app.deploy(
        "registry.test/hello:v1",
        replicas=1,
        secret_env={"DATABASE_URL": "database/url"},
        config_env={"FLAGS": "features/flags"},
        env_from=["configmap/common"],
        files={"/etc/tls": "secret/web-tls", "/www/flags.json": "configmap/features/flags.json"},
    )
    assert inside(real_app, "sh", "-c", "echo $DATABASE_URL $FLAGS $COLOUR").split() == [
        "postgres://hunter2",
        "blue",
        "green",
    ]
    assert inside(real_app, "cat", "/etc/tls/tls.key") == "hunter2-key"
    assert inside(real_app, "cat", "/www/flags.json", "/www/healthz") == '{"a": 1}ok\n', "beside the image's own files"
    assert b"hunter2" not in deployed.SerializeToString()
    assert "hunter2" not in str(real_app.get("deployment", "web-v1"))
    assert "hunter2" not in str(real_app.status(deployed))
    assert "hunter2" not in real_app.host.ui.text


def test_behaviour_11_sidecars_and_steps_before_the_app(real_app: App) -> None:
    """Init containers run first, with the app's volumes; a sidecar without port starts before the app."""
    real_app.deploy(
        "registry.test/hello:v1",
        replicas=1,
        volumes=[{"path": "/data", "size": "16Mi"}],
        init=[{"name": "migrate", "command": ["sh", "-c", "echo migrated on $PORT > /data/log"]}],
        sidecars=[
            {
                "name": "helper",
                "image": "registry.test/hello:v2",
                "command": ["sh", "-c", "while :; do echo beside > /data/helper; sleep 1; done"],
                "volumes": ["/data"],
            }
        ],
    )
    assert inside(real_app, "cat", "/data/log") == "migrated on 8080\n"
    assert waited(lambda: "helper" in inside(real_app, "ls", "/data"))
    spec = real_app.get("deployment", "web-v1")["spec"]["template"]["spec"]
    assert [(c["name"], c.get("restartPolicy")) for c in spec["initContainers"]] == [
        ("helper", "Always"),
        ("migrate", None),
    ]


def test_behaviour_11_a_worker(real_app: App) -> None:
    """A worker without any port deploys, is released without Service, and may have a probe by command."""
    deployed = real_app.deploy(
        "registry.test/hello:v1",
        replicas=1,
        port=0,
        command=["sh", "-c", "echo working; while :; do sleep 1; done"],
        probe={"readiness": {"kind": "exec", "command": ["true"]}},
    )
    release = real_app.release(deployed)
    assert release.service == ""
    assert not any(name.startswith(("service", "ingress")) for name in real_app.objects())
    real_app.destroy(release)
    real_app.destroy(deployed)
    assert real_app.objects() == []


def test_behaviour_12_the_autoscaler_owns_the_replicas(app: App) -> None:
    """Replicas are the autoscaler's from then on, the budget is there, and a cluster without metrics is told of."""
    deployed = app.deploy("registry.test/any:1", replicas=2, autoscale={"min_replicas": 2, "max_replicas": 4})
    assert {"horizontalpodautoscaler.autoscaling/web-v1", "poddisruptionbudget.policy/web-v1"} <= set(app.objects())
    assert "no metrics API" in app.host.ui.text
    app.bed.kubectl("delete", "hpa", "web-v1", "-n", app.namespace)
    app.destroy(deployed)
    assert app.objects() == []


def test_network_policy(app: App) -> None:
    """A NetworkPolicy by standard selects the deploy's pods, and goes with them."""
    policy = {"enabled": True, "allow_from": ["namespace/ingress", "app/shop"], "allow_to": ["cidr/10.0.0.0/8"]}
    deployed = app.deploy("registry.test/any:1", network_policy=policy)
    spec = app.get("networkpolicy", "web-v1")["spec"]
    assert spec["podSelector"]["matchLabels"]["name"] == "web-v1"
    assert sorted(spec["policyTypes"]) == ["Egress", "Ingress"]
    app.destroy(deployed)
    assert app.objects() == []


def test_where_pods_may_run(app: App) -> None:
    """Node selector, tolerations, spread and priority are held by the scheduler."""
    app.deploy(
        "registry.test/any:1",
        replicas=3,
        node_selector={"kubernetes.io/os": "linux"},
        tolerations=[{"key": "dedicated", "value": "payments", "effect": "NoSchedule"}],
        spread=[{"over": "node", "strict": True}],
    )
    pods = app.bed.kubectl("get", "pods", "-n", app.namespace, "-o", "jsonpath={.items[*].spec.nodeName}").split()
    assert sorted(pods) == ["fake-0", "fake-1", "fake-2"]


def curl(app: App, host: str, path: str = "/") -> str:
    """Ask the ingress as a browser would."""
    return app.bed.inside("curl", "-sS", "-m", "5", "-H", f"Host: {host}", f"http://{app.bed.ingress}{path}").strip()


def test_behaviour_16_ingress_serves(real_app: App) -> None:
    """A release with a host is reached by it, at the URL that it names; without host the Ingress goes again."""
    host = f"{real_app.namespace}.test"
    deployed = real_app.deploy("registry.test/hello:v1", replicas=1)
    network = {"host": host, "tls": {"enabled": False}}
    release = real_app.release(deployed, network=network)
    assert release.url == f"http://{host}"
    assert waited(lambda: curl(real_app, host) == "hello from v1")
    assert real_app.status(release).health == 2  # READY
    assert len(real_app.status(release).resources) == 2

    second = real_app.deploy("registry.test/hello:v2", 2, replicas=1)
    route = real_app.release(second, network=network | {"gateway": {"name": "testbed"}})
    assert "ingress.networking.k8s.io/web" not in real_app.objects()
    assert waited(lambda: curl(real_app, host) == "hello from v2")
    assert sorted(real_app.destroy(route)) == ["HTTPRoute/web", "Service/web"]


def test_behaviour_16_ingress_class_that_does_not_exist(app: App) -> None:
    """An ingress class that nobody serves is named at once; the traffic stays where it was."""
    first, second = app.deploy("registry.test/any:1"), app.deploy("registry.test/any:1", 2)
    app.release(first)
    with pytest.raises(grpc.RpcError, match="there is no ingress class nobody") as caught:
        app.release(second, network={"host": "web.test", "ingress_class": "nobody"})
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND
    assert app.served_by() == "web-v1"


def test_behaviour_16_gateway_that_does_not_exist(app: App) -> None:
    """A route that no Gateway takes ends the wait with what was still missing."""
    deployed = app.deploy("registry.test/any:1")
    network = {"host": "web.test", "gateway": {"name": "nobody"}}
    with pytest.raises(grpc.RpcError, match="no Gateway has looked at it yet"):
        app.release(deployed, network=network, wait_reachable="2s")


def test_load_balancer_without_address(app: App) -> None:
    """A load balancer that never gets an address ends the wait, and says that the Service serves all the same."""
    deployed = app.deploy("registry.test/any:1")
    with pytest.raises(grpc.RpcError, match="does send its traffic to web-v1"):
        app.release(deployed, network={"host": ""}, service={"type": "LoadBalancer"}, wait_reachable="2s")

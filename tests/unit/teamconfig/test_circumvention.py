"""Ways around a rule that somebody tried: each is refused, and told where it was written."""

from __future__ import annotations

from typing import Any

import pytest

from teamconfig import StandardsError, reading, resolve
from teamconfig.stanza import Stanza

ORG = b"""
org: {name: acme, contact: '#platform', environments: [dev, production]}
standards:
  observability: {log_format: json}
rules:
  kubernetes.memory: {max: 1Gi, reason: small nodes, owner: platform}
  kubernetes.cpu: {max: 2, reason: small nodes, owner: platform}
  kubernetes.replicas: {max: 4, reason: small cluster, owner: platform}
"""
TEAM = b"team: {projects: [shop], owner: '#payments'}\n"
TREE = reading.tree({"org.yaml": ORG, "teams/payments/team.yaml": TEAM}, revision="dir:test", origin="test")


def refusal(**options: Any) -> StandardsError:
    """Resolve options of waypoint.hcl that must be refused."""
    with pytest.raises(StandardsError) as caught:
        resolve.profile(TREE, project="shop", app="web", stanzas=[Stanza("kubernetes", options, "app.web.deploy.use")])
    return caught.value


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"sidecars": [{"name": "x", "image": "i:1", "memory": "1Gi"}]},
            "memory of app and sidecars = 256Mi + 1Gi is not allowed",
        ),
        (
            {"memory": "960Mi", "sidecars": [{"name": "x", "image": "i:1"}, {"name": "y", "image": "i:1"}]},
            "memory of app and sidecars = 960Mi + 64Mi + 64Mi is not allowed",
        ),
        (
            {"sidecars": [{"name": "x", "image": "i:1", "cpu": "2"}]},
            "cpu of app and sidecars = 100m + 2 is not allowed",
        ),
        ({"autoscale": {"max_replicas": 5}}, "autoscale.max_replicas = 5 is not allowed"),
    ],
)
def test_a_rule_holds_for_all_that_takes_of_it(options: dict[str, Any], said: str) -> None:
    """What an app may have at most, its sidecars and its autoscaler take part of."""
    error = refusal(**options)
    assert error.kind == "policy"
    assert said in str(error)
    assert "at most" in str(error)
    assert "org.yaml:" in str(error)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"env": {"A": "1"}, "secret_env": {"A": "x/y"}}, "kubernetes.secret_env wants the variable A"),
        ({"env": {"PORT": "1"}}, "kubernetes.env wants the variable PORT"),
        ({"env": {"LOG_FORMAT": "text"}}, "kubernetes.env wants the variable LOG_FORMAT"),
        (
            {"files": {"/etc/ca": "secret/ca"}, "volumes": [{"path": "/etc/ca"}]},
            "one of kubernetes.volumes wants the path /etc/ca",
        ),
        ({"sidecars": [{"name": "web", "image": "i:1"}]}, "one of kubernetes.sidecars wants the container web"),
        ({"ports": [{"name": "metrics", "port": 3000}]}, "one of kubernetes.ports wants the port 3000"),
        ({"ports": [{"name": "http", "port": 9090}]}, "one of kubernetes.ports wants the port name http"),
        (
            {"ports": [{"name": "metrics", "port": 9090, "service_port": 80}]},
            "one of kubernetes.ports wants the port of the Service 80",
        ),
        ({"security": {"run_as_user": 0}}, "run_as_user = 0 cannot start"),
    ],
)
def test_nothing_is_wanted_twice(options: dict[str, Any], said: str) -> None:
    """What two keys want is refused, as one of them would lose silently, whichever of them is locked."""
    assert said in str(refusal(**options))


@pytest.mark.parametrize(
    "options",
    [
        {"files": {"/etc//ca": "secret/ca"}},
        {"files": {"/etc/./ca": "secret/ca"}},
        {"files": {"/etc/x/../ca": "secret/ca"}},
        {"files": {"/etc/ca/": "secret/ca"}},
        {"env": {"WAYPOINT_CEB_DISABLE_EXEC": "0"}},
        {"secret_env": {"WAYPOINT_SERVER_ADDR": "a/b"}},
        {"namespace": "victim/deployments/web-v1?x={"},
        {"service_account": "x{"},
        {"labels": {"a": "{" + "x" * 100}},
        {"annotations": {"container.apparmor.security.beta.kubernetes.io/web": "unconfined"}},
        {"annotations": {"seccomp.security.alpha.kubernetes.io/pod": "unconfined"}},
    ],
)
def test_no_other_spelling_passes(options: dict[str, Any]) -> None:
    """Paths have one spelling, Waypoint's own variables are Waypoint's, and an open brace hides nothing."""
    refusal(**options)

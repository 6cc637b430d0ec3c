"""What ECS cannot do is told before any call, with the closest way, and never dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from team_ecs import refusals
from waypaas_sdk.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from teamconfig.profile import Profile


def refused(profile: Profile, labels: dict[str, str] | None = None) -> str:
    """Give the text of the refusal."""
    with pytest.raises(OptionError) as caught:
        refusals.check(profile.ecs, profile.network, labels or {})
    return str(caught.value)


def test_the_team_s_standards_pass(make_profile: Callable[..., Profile]) -> None:
    """Standards that name cluster, network, role and listener are enough."""
    for workspace in ("default", "production"):
        profile = make_profile(workspace)
        refusals.check(profile.ecs, profile.network, profile.observability.labels or {})


@pytest.mark.parametrize(
    ("ecs", "text"),
    [
        ({"cluster": ""}, "ecs.cluster is not set"),
        ({"subnets": []}, "ecs.subnets is not set"),
        ({"security_groups": []}, "ecs.security_groups is not set"),
        ({"execution_role": ""}, "ecs.execution_role is not set"),
        ({"load_balancer": {"listener_arn": ""}}, "port = 0 is a worker"),
        (
            {"cpu": "16", "memory": "120Gi", "port": 0, "autoscale": {"max_count": 2, "requests_per_task": 9}},
            "cpu_percent",
        ),
        ({"launch_type": "EC2", "assign_public_ip": True}, "NAT gateway"),
        ({"health_check": {"period": "5s", "timeout": "5s"}}, "not shorter than period"),
        ({"tags": {"aws:x": "1"}}, "the tag aws:x cannot be set"),
        ({"tags": {"Waypaas:owner": "1"}}, "the tag Waypaas:owner cannot be set"),
        ({"tags": {f"t{n}": "1" for n in range(44)}}, "44 fit"),
    ],
)
def test_standards_that_ecs_cannot_hold(make_profile: Callable[..., Profile], ecs: dict[str, Any], text: str) -> None:
    """Each standard that is missing or does not fit ECS is refused with what to do."""
    assert text in refused(make_profile(**ecs))


@pytest.mark.parametrize(
    ("network", "key"),
    [
        ({"ingress_class": "nginx"}, "network.ingress_class"),
        ({"gateway": {"name": "public"}}, "network.gateway"),
        ({"annotations": {"a.b/c": "d"}}, "network.annotations"),
        ({"tls": {"secret": "web-tls"}}, "network.tls.secret"),
        ({"tls": {"issuer": "letsencrypt"}}, "network.tls.issuer"),
        ({"tls": {"certificate_arn": "arn:aws:acm:eu-west-1:1:certificate/1"}}, "network.tls.certificate_arn"),
    ],
)
def test_what_is_of_kubernetes(make_profile: Callable[..., Profile], network: dict[str, Any], key: str) -> None:
    """A key of the network that only Kubernetes has is named with what takes its place; a worker has no network."""
    assert f"{key} is nothing that ECS can do" in refused(make_profile(network=network))
    worker = make_profile(network=network, port=0)
    refusals.check(worker.ecs, worker.network, {})


NET = {"network_arn": "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/net/shared/1"}
CERTIFIED = NET | {"certificate_arn": "arn:aws:acm:eu-west-1:111122223333:certificate/1"}
EFS = {"name": "up", "file_system": "fs-0a1b2c3d", "mount_path": "/up"}


@pytest.mark.parametrize(
    ("ecs", "network", "text"),
    [
        ({"load_balancer": CERTIFIED, "canary": {"steps": ["10"]}}, {}, "release all at once"),
        ({"load_balancer": CERTIFIED | {"priority": 5}}, {}, "use listen_port"),
        ({"load_balancer": CERTIFIED}, {"path": "/api"}, "network.path is nothing that a network load balancer"),
        ({"load_balancer": CERTIFIED}, {"allowed_cidrs": ["10.0.0.0/8"]}, "in the load balancer's security group"),
        ({"load_balancer": NET}, {}, "set ecs.load_balancer.certificate_arn"),
        (
            {"load_balancer": CERTIFIED, "autoscale": {"max_count": 2, "requests_per_task": 9}},
            {},
            "ecs.autoscale.requests_per_task is nothing that a network load balancer can do",
        ),
        ({"load_balancer": {"listen_port": 443}}, {}, "ecs.load_balancer.listen_port is for a network load balancer"),
        ({"health_check": {"protocol": "TCP"}}, {}, "ecs.health_check.protocol is for a network load balancer"),
        ({"load_balancer": {"own": "network"}}, {}, "the app's own load balancer has no security groups"),
        (
            {"load_balancer": {"own": "application", "security_groups": ["sg-1"]}},
            {},
            "the app's own load balancer has no certificate",
        ),
        ({"load_balancer": {"hosted_zone": "Z012"}}, {"host": "*.acme.example"}, "a record in Route 53 needs a host"),
    ],
)
def test_what_a_load_balancer_cannot_do(
    make_profile: Callable[..., Profile], ecs: dict[str, Any], network: dict[str, Any], text: str
) -> None:
    """What the kind of load balancer has no way for is refused with the closest one; a worker has no load balancer."""
    assert text in refused(make_profile(network=network, **ecs))
    if "autoscale" not in ecs:
        worker = make_profile(network=network, port=0, **ecs)
        refusals.check(worker.ecs, worker.network, {})


@pytest.mark.parametrize(
    ("ecs", "text"),
    [
        ({"volumes": [EFS | {"iam": True}]}, "iam needs a role of the task"),
        ({"volumes": [EFS | {"access_point": "fsap-0a1b2c3d", "root_directory": "/x"}]}, "exclude each other"),
        ({"capacity_provider": "spot", "launch_type": "FARGATE_SPOT"}, "FARGATE_SPOT exclude each other"),
        ({"firelens": {"options": {"Name": "http"}}}, "firelens has no image"),
        ({"firelens": {"image": "i"}, "sidecars": [{"name": "log-router", "image": "i"}]}, "named log-router"),
    ],
)
def test_parts_that_do_not_fit(make_profile: Callable[..., Profile], ecs: dict[str, Any], text: str) -> None:
    """Volumes, providers and log routers that ECS would refuse, or that would do nothing, are refused before."""
    assert text in refused(make_profile(**ecs))


def test_all_problems_at_once(make_profile: Callable[..., Profile]) -> None:
    """All that is wrong is told in one go."""
    text = refused(make_profile(cluster="", subnets=[], network={"ingress_class": "nginx"}))
    assert text.startswith("3 options are not valid")


@pytest.mark.parametrize("value", ["hunter2", "arn:aws:s3:::bucket/key", "arn:x"])
def test_behaviour_13_a_secret_in_the_standards_is_not_shown(make_profile: Callable[..., Profile], value: str) -> None:
    """A value that is no reference may be the secret itself: it is refused without being repeated."""
    text = refused(make_profile(secrets={"DB": value}))
    assert "ecs.secrets.DB" in text
    assert value not in text
    assert value not in refused(make_profile(firelens={"image": "i", "secrets": {"KEY": value}}))
    assert value not in refused(make_profile(sidecars=[{"name": "p", "image": "i", "secrets": {"DB": value}}]))

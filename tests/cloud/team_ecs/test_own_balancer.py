"""A load balancer of the app's own: made by its first deploy, kept by the next ones, gone with the workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc
import pytest
from ecsapp import waited
from test_kill import at

from testservers.awsanswers import Script
from testservers.awsproxy import Fault

if TYPE_CHECKING:
    from ecsapp import App

NAME = "web-152b26f8"
PLAIN = {"tls": {"enabled": False}}


def use(app: App, kind: str = "application", **more: Any) -> None:
    """Let the app have a load balancer of its own, without TLS, and no host."""
    own = {"own": kind, "security_groups": app.platform.security_groups}
    app.use({"load_balancer": own | more}, PLAIN)


def own(app: App) -> list[dict[str, Any]]:
    """Give the app's own load balancer, if it is there."""
    found = app.aws.client("elbv2").describe_load_balancers()["LoadBalancers"]
    return [each for each in found if each["LoadBalancerName"] == NAME]


def test_behaviour_22_a_load_balancer_of_its_own(app: App) -> None:
    """The first deploy makes it, internal and answering nobody; the next ones use it; the workspace takes it along."""
    use(app)
    first = app.deploy()
    (made,) = own(app)
    assert (made["Scheme"], made["Type"], made["SecurityGroups"]) == (
        "internal",
        "application",
        app.platform.security_groups,
    )
    listener = app.aws.client("elbv2").describe_listeners(ListenerArns=[first.place.listener_arn])["Listeners"][0]
    assert (listener["Protocol"], listener["Port"]) == ("HTTP", 80)
    assert listener["DefaultActions"][0]["FixedResponseConfig"]["StatusCode"] == "404"
    second = app.deploy(sequence=2)
    released = app.release(second)
    assert second.place.listener_arn == first.place.listener_arn
    assert released.url == f"http://{made['DNSName']}"
    assert app.rules() == []
    app.destroy(released)
    app.destroy(first)
    assert [each["LoadBalancerArn"] for each in own(app)] == [made["LoadBalancerArn"]]
    app.destroy_workspace(second)
    assert own(app) == []
    assert app.left() == []


def test_a_network_load_balancer_of_its_own(app: App) -> None:
    """A network load balancer of the app's own gets listeners as a shared one does, and goes with the workspace."""
    use(app, "network")
    released = app.release(app.deploy())
    (made,) = own(app)
    assert made["Type"] == "network"
    assert released.url == f"tcp://{made['DNSName']}:3000"
    app.destroy_workspace(released)
    assert own(app) == []
    assert app.left() == []


def test_behaviour_10_a_first_deploy_that_fails_takes_it_along(app: App) -> None:
    """Where the deploy that made it fails, it goes too; where a later one fails, it stays."""
    use(app)
    app.aws.proxy.add(Fault("ecs:CreateService", code="InvalidParameterException"))
    app.refused()
    assert own(app) == []
    assert app.left() == []
    app.deploy(sequence=2)
    app.aws.proxy.add(Fault("ecs:CreateService", code="InvalidParameterException"))
    app.refused(sequence=3)
    assert len(own(app)) == 1


@pytest.mark.parametrize(
    "step", ["elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:CreateListener", "ecs:CreateService"]
)
def test_behaviour_10_a_first_deploy_that_is_killed_takes_it_along(app: App, step: str) -> None:
    """Killed at any step, the deploy that made it leaves neither it nor anything else."""
    use(app)
    app.aws.proxy.script("", Script(initial_looks=-1))
    at(app, step, app.host.plugin.kill)
    with pytest.raises(grpc.RpcError):
        app.begin().result(60)
    assert waited(lambda: "elasticloadbalancing:DeleteLoadBalancer" in app.aws.proxy.actions(), 90)
    assert waited(lambda: own(app) == [] and app.left() == [], 90), (own(app), app.left())


def test_behaviour_22_an_internal_one_is_not_open_to_the_world(app: App) -> None:
    """An internal load balancer with a security group for the whole internet is refused, and nothing is made."""
    ec2 = app.aws.client("ec2")
    vpc = ec2.describe_subnets(SubnetIds=app.platform.subnets)["Subnets"][0]["VpcId"]
    group = ec2.create_security_group(GroupName="wide", Description="wide", VpcId=vpc)["GroupId"]
    permission = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    use(app, security_groups=[group])
    assert f"security group {group} lets in the whole internet" in app.refused()
    assert own(app) == []
    use(app, security_groups=[group], internal=False)
    app.deploy()
    assert own(app)[0]["Scheme"] == "internet-facing"


def test_one_of_somebody_else_stays(app: App) -> None:
    """A load balancer that only has the name is refused and left alone."""
    elb = app.aws.client("elbv2")
    elb.create_load_balancer(Name=NAME, Subnets=app.platform.subnets, Scheme="internal")
    use(app)
    assert f"load balancer {NAME} is of somebody else" in app.refused()
    assert len(own(app)) == 1

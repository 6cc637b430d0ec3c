"""What a killed release and a lost machine leave, and what makes it good; networks that are looked up."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from ecsapp import waited

from testservers.awsproxy import Fault

if TYPE_CHECKING:
    from ecsapp import App

CANARY = {"canary": {"steps": ["10"], "bake": "10m"}}


def shares(app: App) -> list[str]:
    """Give the names of the target groups that share the app's traffic."""
    (rule,) = [each for each in app.rules() if each["Conditions"][0]["Field"] == "host-header"]
    return sorted(each["TargetGroupArn"].split("/")[1] for each in rule["Actions"][0]["ForwardConfig"]["TargetGroups"])


def test_behaviour_10_a_killed_canary_goes_back(app: App) -> None:
    """Killed while two deployments share the traffic, a release gives all of it back to the one that had it."""
    first, second = app.deploy(), app.deploy(sequence=2)
    app.release(first)
    app.use(CANARY)
    app.host.configure("releasemanager", {})
    running = app.host.begin("releasemanager", "Release", second, *app.job("default"))
    assert waited(lambda: shares(app) == [first.name, second.name])
    app.host.plugin.kill()
    assert running.exception(60) is not None
    assert waited(lambda: shares(app) == [first.name], 60)


def test_traffic_that_was_left_shared_out(app: App) -> None:
    """Traffic that a lost machine left shared out is one deployment's by the next release."""
    first, second = app.deploy(), app.deploy(sequence=2)
    app.release(first)
    (rule,) = [each for each in app.rules() if each["Conditions"][0]["Field"] == "host-header"]
    groups = [{"TargetGroupArn": each.target_group_arn, "Weight": 50} for each in (first, second)]
    action = {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}
    app.aws.client("elbv2").modify_rule(RuleArn=rule["RuleArn"], Actions=[action])
    app.release(second)
    assert shares(app) == [second.name]


def lose(app: App, began: int) -> str:
    """Leave what a machine leaves that is lost in the middle of deploy 1, which began then; give its id."""
    deployed = app.deploy()
    id_ = f"{_ulid(began)}0000000000000001"
    tags = {"waypaas:state": "deploying", "waypaas:deployment": id_}
    ecs, elb = app.aws.client("ecs"), app.aws.client("elbv2")
    (service,) = ecs.describe_services(cluster=app.platform.cluster, services=[deployed.name])["services"]
    lower = [{"key": key, "value": value} for key, value in tags.items()]
    for arn in (service["serviceArn"], deployed.task_definition_arn):
        ecs.tag_resource(resourceArn=arn, tags=lower)
    parts = [deployed.target_group_arn, *(rule["RuleArn"] for rule in app.rules())]
    elb.add_tags(ResourceArns=parts, Tags=[{"Key": "waypaas:deployment", "Value": id_}])
    return id_


def _ulid(seconds: int) -> str:
    signs, value = "0123456789ABCDEFGHJKMNPQRSTVWXYZ", seconds * 1000
    return "".join(signs[value >> (5 * place) & 31] for place in reversed(range(10)))


def test_behaviour_23_a_lost_machine_is_swept_up_after(app: App) -> None:
    """What a deploy left whose machine was lost, and its guardian with it, goes with the next deploy; no other does."""
    lost = lose(app, int(time.time()) - 86400)
    assert len(app.left(lost)) == 4
    second = app.deploy(sequence=2)
    assert app.left(lost) == []
    assert len(app.left(second.id)) == 4
    assert "which a deploy left that was cut off" in app.host.ui.text
    third = app.deploy(sequence=3)
    assert (len(app.left(second.id)), len(app.left(third.id))) == (4, 4)


@pytest.mark.parametrize("why", ["young", "serving", "throttled"])
def test_behaviour_23_what_may_still_live_is_not_swept(app: App, why: str) -> None:
    """A deploy that may still run is left alone, so is what has traffic; and a sweep that fails fails no deploy."""
    lost = lose(app, int(time.time()) - (60 if why == "young" else 86400))
    if why == "serving":
        (rule,) = app.rules()
        condition = {"Field": "host-header", "HostHeaderConfig": {"Values": ["web.dev.acme.example"]}}
        owner = app.aws.client("elbv2").describe_tags(ResourceArns=[rule["RuleArn"]])["TagDescriptions"][0]["Tags"]
        tags = [tag for tag in owner if tag["Key"] not in {"waypaas:kind", "waypaas:deployment"}]
        app.aws.client("elbv2").create_rule(
            ListenerArn=app.platform.listener_arn,
            Priority=1000,
            Conditions=[condition],
            Actions=rule["Actions"],
            Tags=[*tags, {"Key": "waypaas:kind", "Value": "traffic"}],
        )
    if why == "throttled":
        app.aws.proxy.add(Fault("elasticloadbalancing:DescribeTags", code="AccessDenied", status=403))
    app.deploy(sequence=2)
    assert len(app.left(lost)) == 4


def test_behaviour_22_networks_by_their_tags(app: App) -> None:
    """Subnets and security groups are found by their tags, in the load balancer's network only, page by page."""
    ec2, platform = app.aws.client("ec2"), app.platform
    other = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    elsewhere = ec2.create_subnet(VpcId=other, CidrBlock="10.1.0.0/24")["Subnet"]["SubnetId"]
    ec2.create_tags(Resources=[*platform.subnets, elsewhere], Tags=[{"Key": "tier", "Value": "private"}])
    ec2.create_tags(Resources=platform.security_groups, Tags=[{"Key": "role", "Value": "dev-tasks"}])
    nobody: dict[str, Any] = {"subnets": [], "security_groups": []}
    app.use(nobody | {"subnet_tags": {"tier": "private"}, "security_group_tags": {"role": "{environment}-tasks"}})
    app.deploy()
    asked = next(call for call in app.aws.proxy.calls if call.action == "ecs:CreateService")
    network = asked.parameters["networkConfiguration"]["awsvpcConfiguration"]
    assert network["subnets"] == sorted(platform.subnets)
    assert network["securityGroups"] == platform.security_groups


@pytest.mark.parametrize(
    ("ecs", "text"),
    [
        ({"subnet_tags": {"tier": "moon"}}, "nothing with the tags tier=moon"),
        ({"subnet_tags": {"tier": "private"}, "port": 0}, "are of 2 networks"),
    ],
    ids=["none", "two"],
)
def test_networks_that_are_not_found(app: App, ecs: dict[str, Any], text: str) -> None:
    """Tags that nothing has, or that name subnets of two networks, end the deploy before anything is made."""
    ec2 = app.aws.client("ec2")
    other = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    elsewhere = ec2.create_subnet(VpcId=other, CidrBlock="10.1.0.0/24")["Subnet"]["SubnetId"]
    ec2.create_tags(Resources=[*app.platform.subnets, elsewhere], Tags=[{"Key": "tier", "Value": "private"}])
    app.use({"subnets": []} | ecs)
    assert text in app.refused()
    assert app.left() == []


@pytest.mark.parametrize("network", [{"CidrIp": "0.0.0.0/0"}, {"CidrIpv6": "::/0"}], ids=["v4", "v6"])
def test_behaviour_22_nothing_is_open_to_the_world_unasked(app: App, network: dict[str, str]) -> None:
    """A security group that lets in the whole internet is refused before anything is made, unless permitted."""
    key = "IpRanges" if "CidrIp" in network else "Ipv6Ranges"
    permission = {"IpProtocol": "tcp", "FromPort": 3000, "ToPort": 3000, key: [network]}
    (group,) = app.platform.security_groups
    app.aws.client("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    text = app.refused()
    assert f"security group {group} lets in the whole internet" in text
    assert "ecs.open_to_world" in text
    assert app.left() == []
    app.use({"open_to_world": True})
    app.deploy()

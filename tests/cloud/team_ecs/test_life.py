"""Deploy, release, status and destroy on moto, through the real plugin process."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from testservers.awsanswers import Script
from waypaas_sdk.gen.hashicorp.waypoint.sdk import resources_pb2

if TYPE_CHECKING:
    from ecsapp import App

Health = resources_pb2.StatusReport.Health


def test_behaviour_20_a_deploy_waits_for_steady_state_and_healthy_targets(app: App) -> None:
    """A deploy ends when all tasks run and all targets are healthy, and says meanwhile what it waits for."""
    app.aws.proxy.script("", Script(pending_looks=2, initial_looks=2))
    deployed = app.deploy()
    assert app.aws.proxy.actions().count("elasticloadbalancing:DescribeTargetHealth") == 3
    assert "0 of 2 tasks run" in app.host.ui.text
    assert "all 2 tasks run, 0 are healthy behind the load balancer" in app.host.ui.text
    service = app.aws.client("ecs").describe_services(cluster="payments-dev", services=[deployed.name])["services"][0]
    assert service["status"] == "ACTIVE"
    (request,) = [call.parameters for call in app.aws.proxy.calls if call.action == "ecs:CreateService"]
    assert request["deploymentConfiguration"]["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
    assert request["propagateTags"] == "SERVICE"


def test_behaviour_20_the_load_balancer_knows_the_target_group_before_the_service(app: App) -> None:
    """ECS takes a target group only if a rule leads to it, so the deployment's own rule is made before its service."""
    app.deploy()
    actions = app.aws.proxy.actions()
    assert actions.index("elasticloadbalancing:CreateRule") < actions.index("ecs:CreateService")


def test_behaviour_21_everything_says_whose_it_is(app: App) -> None:
    """Service, tasks, task definition, target group and rule have the tags of owner, app, workspace and deployment."""
    app.use({"autoscale": {"max_count": 4}})
    deployed = app.deploy()
    assert len(deployed.name) <= 32
    assert {name.partition("/")[0] for name in app.left(deployed.id)} == {
        "Service", "TaskDefinition", "TargetGroup", "ListenerRule", "ScalableTarget",
    }  # fmt: skip
    tags = {tags["waypaas:owner"] for _, tags in app._everything()}
    assert tags == {"payments/dev"}


def test_behaviour_14_release_and_roll_back(app: App) -> None:
    """A release leads all traffic of the app's rule to one deployment; releasing the older one leads it back."""
    first, second = app.deploy(), app.deploy("registry.test/web:v2", 2)
    assert app.release(first).url == "https://web.dev.acme.example"
    (before,) = [rule for rule in app.rules() if rule["Priority"] == "1000"]
    app.release(second)
    assert app.served_by() == second.name
    app.release(first)
    assert app.served_by() == first.name
    (after,) = [rule for rule in app.rules() if rule["Priority"] == "1000"]
    assert after == before


def test_behaviour_15_an_old_release_does_not_take_the_rule_along(app: App) -> None:
    """Destroying the older release and its deployment, as prune does, leaves the live rule and its target group."""
    first, second = app.deploy(), app.deploy("registry.test/web:v2", 2)
    old, live = app.release(first), app.release(second)
    assert app.destroy(old) == []
    assert app.destroy(first) == ["ListenerRule", "Service", "TargetGroup", "TaskDefinition"]
    assert app.served_by() == second.name
    assert app.status(live).health == Health.READY
    assert app.left(first.id) == []


def test_behaviour_22_the_shared_listener_stays_as_it_was(app: App) -> None:
    """Default action, certificates, port and protocol are the same after deploy, release and destroy."""
    elb = app.aws.client("elbv2")
    listeners = elb.describe_listeners(ListenerArns=[app.platform.listener_arn])["Listeners"]
    deployed = app.deploy()
    released = app.release(deployed)
    assert elb.describe_listeners(ListenerArns=[app.platform.listener_arn])["Listeners"] == listeners
    app.destroy(released)
    app.destroy(deployed)
    app.destroy_workspace(deployed)
    assert elb.describe_listeners(ListenerArns=[app.platform.listener_arn])["Listeners"] == listeners
    assert app.rules() == []
    changed = {
        "ModifyListener",
        "CreateListener",
        "DeleteListener",
        "AuthorizeSecurityGroupIngress",
        "CreateSecurityGroup",
    }
    assert not changed & {action.partition(":")[2] for action in app.aws.proxy.actions()}


def test_behaviour_17_health_follows_the_cloud(app: App) -> None:
    """READY with all tasks healthy, PARTIAL with some, MISSING when somebody else has removed the service."""
    deployed = app.deploy()
    report = app.status(deployed)
    assert (report.health, report.health_message) == (Health.READY, "all 2 tasks run and are healthy")
    assert report.HasField("generated_time")
    assert [part.type for part in report.resources] == ["Service", "Task", "Task"]
    assert all(part.declared_resource.name == deployed.name for part in report.resources)
    assert all(part.platform_url.startswith("https://eu-west-1.console.aws") for part in report.resources)
    app.aws.proxy.script("", Script(pending_looks=0, initial_looks=0, running=1))
    assert app.status(deployed).health == Health.PARTIAL
    app.aws.proxy.script("", Script(pending_looks=-1))
    assert app.status(deployed).health == Health.ALIVE
    app.aws.client("ecs").delete_service(cluster="payments-dev", service=deployed.name, force=True)
    assert app.status(deployed).health == Health.MISSING


def test_behaviour_23_destroy_twice(app: App) -> None:
    """After destroy nothing of the app is left; destroying again, in any order, changes nothing and does not fail."""
    app.use({"autoscale": {"max_count": 4}})
    deployed = app.deploy()
    released = app.release(deployed)
    assert app.destroy(released) == ["ListenerRule"]
    app.destroy(deployed)
    assert app.left() == []
    app.destroy(deployed)
    app.destroy(released)
    app.destroy_workspace(deployed)
    app.destroy_workspace(released)


def test_a_worker_has_neither_target_group_nor_rule(app: App) -> None:
    """With port = 0 only task definition and service are made, and its release directs nothing."""
    app.use({"port": 0, "load_balancer": {}})
    deployed = app.deploy()
    assert {name.partition("/")[0] for name in app.left()} == {"Service", "TaskDefinition"}
    assert app.release(deployed).url == ""
    assert app.destroy(deployed) == ["Service", "TaskDefinition"]


def test_the_calls_of_a_deploy_are_those_of_the_document(app: App) -> None:
    """A deploy that is well at the first look makes just the calls that docs/ecs-testing.md counts."""
    app.aws.proxy.script("", Script(pending_looks=0, initial_looks=0))
    app.deploy()
    described = {"DescribeTargetGroups", "DescribeListeners", "DescribeLoadBalancers", "DescribeRules"}
    made = {"CreateTargetGroup", "ModifyTargetGroupAttributes", "CreateRule", "DescribeTargetHealth"}
    expected = {f"elasticloadbalancing:{operation}": 1 for operation in described | made}
    expected |= {"ecs:RegisterTaskDefinition": 1, "ecs:CreateService": 1, "ecs:DescribeServices": 2}
    expected |= {"ecs:TagResource": 1, "ec2:DescribeSecurityGroups": 1}
    assert Counter(app.aws.proxy.actions()) == expected | {"sts:GetCallerIdentity": 1}

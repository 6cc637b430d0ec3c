"""Network load balancers, records in Route 53, and a load balancer that the standards change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ecsapp import NETWORK

from testservers.awsproxy import Fault
from waypaas_sdk.gen.hashicorp.waypoint.sdk import resources_pb2

if TYPE_CHECKING:
    from ecsapp import App

Health = resources_pb2.StatusReport.Health


@pytest.fixture
def balancer(app: App) -> str:
    """Give a network load balancer, and an app whose standards name it; its ARN."""
    elb = app.aws.client("elbv2")
    made = elb.create_load_balancer(Name="net", Subnets=app.platform.subnets, Scheme="internal", Type="network")
    arn = str(made["LoadBalancers"][0]["LoadBalancerArn"])
    use(app, arn)
    return arn


def use(app: App, arn: str, **more: Any) -> None:
    """Set standards for a network load balancer."""
    app.use({"load_balancer": {"network_arn": arn, **more}}, {"tls": {"enabled": False}})


def listeners(app: App, arn: str) -> dict[int, str]:
    """Give what each port of a network load balancer leads to: names of target groups."""
    found = app.aws.client("elbv2").describe_listeners(LoadBalancerArn=arn)["Listeners"]
    return {each["Port"]: each["DefaultActions"][0]["TargetGroupArn"].split("/")[1] for each in found}


@pytest.fixture
def zone(app: App) -> str:
    """Give a hosted zone, and an app whose standards name it; its id."""
    made = app.aws.client("route53").create_hosted_zone(Name="acme.example", CallerReference="1")
    found = str(made["HostedZone"]["Id"]).rpartition("/")[2]
    app.use({"load_balancer": {"listener_arn": app.platform.listener_arn, "hosted_zone": found}})
    return found


def records(app: App, zone: str) -> dict[tuple[str, str], Any]:
    """Give the records of a hosted zone, without its own."""
    found = app.aws.client("route53").list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    return {
        (each["Name"].rstrip("."), each["Type"]): each.get("AliasTarget", {}).get("DNSName", "").rstrip(".")
        for each in found
        if each["Type"] not in {"NS", "SOA"}
    }


def test_behaviour_14_a_network_load_balancer(app: App, balancer: str) -> None:
    """A release gives the app's own port to a deployment, an older one gets it back, and others keep their ports."""
    elb = app.aws.client("elbv2")
    theirs = elb.create_target_group(Name="theirs", Protocol="TCP", Port=1, VpcId=_vpc(app, balancer))["TargetGroups"]
    action = {"Type": "forward", "TargetGroupArn": theirs[0]["TargetGroupArn"]}
    elb.create_listener(LoadBalancerArn=balancer, Protocol="TCP", Port=22, DefaultActions=[action])
    first = app.deploy()
    assert listeners(app, balancer) == {22: "theirs", 49152: first.name}
    released = app.release(first)
    second = app.deploy(sequence=2)
    later = app.release(second)
    everyone = {22: "theirs", 49152: first.name, 49153: second.name}
    assert listeners(app, balancer) == everyone | {3000: second.name}
    assert released.url.startswith("tcp://net-")
    assert released.url.endswith(":3000")
    assert app.status(later).health == Health.READY
    app.release(first)
    assert listeners(app, balancer) == everyone | {3000: first.name}
    assert app.destroy(later) == []
    assert listeners(app, balancer)[3000] == first.name
    for deployed in (second, first):
        assert "Listener" in app.destroy(deployed)
    assert listeners(app, balancer) == {22: "theirs"}
    assert app.left() == []


def test_an_application_load_balancer_is_no_network_one(app: App) -> None:
    """An application load balancer as network_arn is refused with the key that is meant; nothing is made."""
    shared = app.aws.client("elbv2").describe_load_balancers(Names=["shared"])["LoadBalancers"][0]
    use(app, shared["LoadBalancerArn"])
    assert "name its listener as listener_arn" in app.refused()
    assert app.left() == []


def _vpc(app: App, balancer: str) -> str:
    told = app.aws.client("elbv2").describe_load_balancers(LoadBalancerArns=[balancer])
    return str(told["LoadBalancers"][0]["VpcId"])


def test_behaviour_16_tls_on_a_network_load_balancer(app: App, balancer: str) -> None:
    """With a certificate the app's listener ends TLS, by versions 1.2 and 1.3 only, and the URL says so."""
    certificate = app.aws.client("acm").request_certificate(DomainName="*.acme.example")["CertificateArn"]
    use(app, balancer, listen_port=443, certificate_arn=certificate)
    released = app.release(app.deploy())
    (listener,) = [
        each
        for each in app.aws.client("elbv2").describe_listeners(LoadBalancerArn=balancer)["Listeners"]
        if each["Port"] == 443
    ]
    assert (listener["Protocol"], listener["SslPolicy"]) == ("TLS", "ELBSecurityPolicy-TLS13-1-2-2021-06")
    assert released.url.startswith("https://net-")
    app.destroy_workspace(released)
    assert app.left() == []
    assert listeners(app, balancer) == {}


def test_behaviour_22_a_port_of_somebody_else_stays(app: App, balancer: str) -> None:
    """Where another listener has the app's port the release is refused, and that listener is as it was."""
    deployed = app.deploy()
    action = {"Type": "forward", "TargetGroupArn": deployed.target_group_arn}
    app.aws.client("elbv2").create_listener(
        LoadBalancerArn=balancer, Protocol="TCP", Port=3000, DefaultActions=[action]
    )
    assert "port 3000 of the network load balancer is not of this app" in app.not_released(deployed)


def test_behaviour_16_a_record_leads_to_the_load_balancer(app: App, zone: str) -> None:
    """The first release makes the host's record and says whose it is; it follows the host, and goes with the rule."""
    deployed = app.deploy()
    released = app.release(deployed)
    assert released.url == "https://web.dev.acme.example"
    assert records(app, zone) == {
        ("web.dev.acme.example", "A"): app.platform.address,
        ("_waypaas.web.dev.acme.example", "TXT"): "",
    }
    lb = {"listener_arn": app.platform.listener_arn, "hosted_zone": zone}
    app.use({"load_balancer": lb}, {"host": "shop.acme.example"})
    app.release(deployed)
    assert set(records(app, zone)) == {("shop.acme.example", "A"), ("_waypaas.shop.acme.example", "TXT")}
    app.destroy_workspace(deployed)
    assert records(app, zone) == {}
    assert app.left() == []


def test_behaviour_22_a_record_of_somebody_else_stays(app: App, zone: str) -> None:
    """A record that is not noted as the app's is neither changed nor removed, and the release says so."""
    theirs = {"Name": "web.dev.acme.example", "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": "old.example"}]}
    app.aws.client("route53").change_resource_record_sets(
        HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": theirs}]}
    )
    deployed = app.deploy()
    assert "web.dev.acme.example is a record of somebody else" in app.not_released(deployed)
    assert [rule["Conditions"][0]["Field"] for rule in app.rules()] == ["http-header"]
    app.destroy_workspace(deployed)
    assert set(records(app, zone)) == {("web.dev.acme.example", "CNAME")}


def test_behaviour_15_a_changed_listener_leaves_no_rule(app: App) -> None:
    """After the standards name another listener, the release removes the app's rule of the old one, and no other."""
    first = app.deploy()
    app.release(first)
    other = app.platform.plain_listener_arn
    app.use({"load_balancer": {"listener_arn": other}}, NETWORK | {"tls": {"enabled": False}})
    second = app.deploy(sequence=2)
    app.release(second)
    assert [rule["Conditions"][0]["Field"] for rule in app.rules()] == ["http-header"]
    (rule,) = [each for each in _rules(app, other) if each["Conditions"][0]["Field"] == "host-header"]
    (group,) = rule["Actions"][0]["ForwardConfig"]["TargetGroups"]
    assert group["TargetGroupArn"] == second.target_group_arn
    app.destroy_workspace(second)
    assert app.left() == []
    assert _rules(app, other) == []


def test_an_old_rule_that_cannot_be_removed_is_told(app: App) -> None:
    """A release that may not remove the rule of the old listener has shifted the traffic, and says what is left."""
    app.release(app.deploy())
    app.use({"load_balancer": {"listener_arn": app.platform.plain_listener_arn}}, NETWORK | {"tls": {"enabled": False}})
    second = app.deploy(sequence=2)
    app.aws.proxy.add(Fault("elasticloadbalancing:DeleteRule", code="AccessDenied", status=403))
    app.release(second)
    assert "the rule of the listener that the app was on before is left: AWS does not permit" in app.host.ui.text
    app.destroy_workspace(second)
    assert app.left() == []


def _rules(app: App, listener: str) -> list[dict[str, Any]]:
    found = app.aws.client("elbv2").describe_rules(ListenerArn=listener)["Rules"]
    return [rule for rule in found if not rule["IsDefault"]]

"""AWS on loopback: moto as a process of its own, the proxy before it, and what a platform team would have made there.

    with aws.start(directory) as cloud:
        cloud.platform()            # VPC, subnets, load balancer, cluster, roles

moto proves wiring, not limits: docs/ecs-testing.md lists what it does not show.
"""

from __future__ import annotations

import http.client
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3  # type: ignore[import-untyped]  # publishes no types

from testservers import installing
from testservers.awsproxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Iterator

START_SECONDS = 90.0
REGION = "eu-west-1"
ACCOUNT = "123456789012"
"""Moto's."""


@dataclass(frozen=True)
class Platform:
    """What a platform team has made, by the words of the standards.

    Args:
        cluster: Name of the ECS cluster.
        subnets: Of the tasks.
        security_groups: Of the tasks.
        listener_arn: Of the internal load balancer, HTTPS.
        plain_listener_arn: Of the same, HTTP.
        public_listener_arn: Of a load balancer that faces the internet.
        address: Of the internal load balancer in DNS.
    """

    cluster: str
    subnets: list[str]
    security_groups: list[str]
    listener_arn: str
    plain_listener_arn: str
    public_listener_arn: str
    address: str

    def standards(self) -> dict[str, Any]:
        """Give the section `ecs` of standards for it."""
        return {
            "region": REGION,
            "cluster": self.cluster,
            "subnets": self.subnets,
            "security_groups": self.security_groups,
            "execution_role": "execution",
            "load_balancer": {"listener_arn": self.listener_arn},
        }


class Aws:
    """A running moto, behind its proxy.

    Args:
        port: Of moto.
        proxy: Before it.
    """

    def __init__(self, port: int, proxy: Proxy) -> None:
        self.port, self.proxy = port, proxy
        self._session = boto3.session.Session(
            aws_access_key_id="AKIATEST",
            aws_secret_access_key="canary-of-the-key",  # noqa: S106  # moto takes any
            region_name=REGION,
        )
        self._clients: dict[str, Any] = {}

    def environ(self) -> dict[str, str]:
        """Give the variables by which AWS's SDK finds the proxy."""
        return {
            "AWS_ENDPOINT_URL": self.proxy.url,
            "AWS_ACCESS_KEY_ID": "AKIATEST",
            "AWS_SECRET_ACCESS_KEY": "canary-of-the-key",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/nonexistent",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
        }

    def client(self, service: str) -> Any:
        """Give a client of moto itself, past the proxy."""
        if service not in self._clients:
            url = f"http://127.0.0.1:{self.port}"
            self._clients[service] = self._session.client(service, endpoint_url=url)
        return self._clients[service]

    def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            client.close()

    def reset(self) -> None:
        """Begin with an empty account, a proxy that does nothing, and no calls."""
        self.proxy.mend()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("POST", "/moto-api/reset")
        connection.getresponse().read()
        connection.close()

    def platform(self, cluster: str = "payments-dev") -> Platform:
        """Make what apps share: network, load balancers, cluster."""
        ec2, elb = self.client("ec2"), self.client("elbv2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})  # moto runs no task without
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"][
                "SubnetId"
            ]
            for n, zone in enumerate("ab")
        ]
        group = ec2.create_security_group(GroupName="tasks", Description="tasks", VpcId=vpc)["GroupId"]
        self.client("ecs").create_cluster(clusterName=cluster)
        internal = elb.create_load_balancer(Name="shared", Subnets=subnets, Scheme="internal")["LoadBalancers"][0]
        public = elb.create_load_balancer(Name="public", Subnets=subnets, Scheme="internet-facing")["LoadBalancers"][0]
        certificate = self.client("acm").request_certificate(DomainName="*.acme.example")["CertificateArn"]
        made = Platform(
            cluster,
            subnets,
            [group],
            listener_arn=_listener(elb, internal, "HTTPS", 443, certificate),
            plain_listener_arn=_listener(elb, internal, "HTTP", 80),
            public_listener_arn=_listener(elb, public, "HTTPS", 443, certificate),
            address=internal["DNSName"],
        )
        self.proxy.calls.clear()
        return made


def _listener(elb: Any, balancer: dict[str, Any], protocol: str, port: int, certificate: str = "") -> str:
    default = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404", "MessageBody": "nobody"}}
    request = {"Certificates": [{"CertificateArn": certificate}]} if certificate else {}
    made = elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"], Protocol=protocol, Port=port, DefaultActions=[default], **request
    )
    return str(made["Listeners"][0]["ListenerArn"])


@contextmanager
def start(directory: Path) -> Iterator[Aws]:
    """Start moto and the proxy, and end both with the block.

    Args:
        directory: Gets moto's log.

    Yields:
        The account.

    Raises:
        ServerError: Moto cannot be started; the text says why.
    """
    port = installing.free_port()
    command = [Path(sys.executable).parent / "moto_server", "-H", "127.0.0.1", "-p", port]
    with installing.Program("moto", command, directory / "moto.log") as moto:
        moto.wait_until(lambda: installing.listens(port), START_SECONDS)
        proxy = Proxy(port)
        account = Aws(port, proxy)
        try:
            yield account
        finally:
            account.close()
            proxy.close()

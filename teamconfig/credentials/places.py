"""Where credentials come from, as the service knows it: clusters and accounts. Plain values.

Owns neither how they are reached (`cluster`, `aws`) nor how service.yaml names
them (`config`), so that a service without a cloud loads no client of one.
"""

from __future__ import annotations

from dataclasses import dataclass

from teamconfig.credentials import names


@dataclass(frozen=True, slots=True)
class Cluster:
    """A Kubernetes cluster.

    Args:
        name: Of its own, for people.
        environments: That live there; empty for all.
        kubeconfig: Path of the file by which the service reaches it; empty if it runs in it.
        context: Of that file; empty for the current one.
        server: URL that clients are given; empty for the one that the service uses.
        certificate_authority: PEM that clients are given; empty for the one that the service uses.
    """

    name: str
    environments: tuple[str, ...] = ()
    kubeconfig: str = ""
    context: str = ""
    server: str = ""
    certificate_authority: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """An AWS account.

    Args:
        name: Of its own, for people.
        id: Twelve digits.
        environments: Whose credentials come from here; empty for all.
        role: Path and name of the role of a team in an environment, with {team} and {environment}; by default
            `names.aws_role`.
        external_id: What the roles' trust asks for, with {team} and {environment}; empty for nothing.
        sts_region: Region of the STS endpoint.
        sts_endpoint: URL of a VPC endpoint; empty for the public one.
        profile: Of the service's AWS configuration; empty for the usual chain.
        partition: "aws", "aws-cn" or "aws-us-gov".
    """

    name: str
    id: str
    environments: tuple[str, ...] = ()
    role: str = ""
    external_id: str = "waypaas:{team}"
    sts_region: str = "us-east-1"
    sts_endpoint: str = ""
    profile: str = ""
    partition: str = "aws"

    def role_arn(self, team: str, environment: str) -> str:
        """Name the role of a team in an environment."""
        name = self.role.format(team=team, environment=environment) if self.role else names.aws_role(team, environment)
        return f"arn:{self.partition}:iam::{self.id}:role/{name}"

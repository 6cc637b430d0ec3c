"""A cluster of ECS at moto whose services have tasks, tagged as team-ecs tags them.

moto runs no task of a service: the proxy before it lists them, and tells here
what they run, out of the task definition that moto keeps. Where a registry has
resolved a tag, `pulled` has its digest, as AWS tells it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from team_ecs import names
from teamconfig.credentials import runningtasks
from teamconfig.credentials.names import ActionClass
from teamconfig.credentials.places import Account
from teamconfig.credentials.scope import Scope
from teamplugin.identity import Identity
from testservers.aws import ACCOUNT, REGION
from testservers.awsanswers import Script

if TYPE_CHECKING:
    from testservers.aws import Aws

TEAM, PROJECT, APP = "payments", "shop", "web"
DIGEST, OTHER = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
IMAGE = f"registry.test/web@{DIGEST}"


class Place:
    """The cluster, for which the account was emptied.

    Args:
        aws: The account.
        cluster: Its name; it has to be there.
    """

    def __init__(self, aws: Aws, cluster: str) -> None:
        self.aws, self.cluster = aws, cluster
        self.pulled: dict[str, str] = {}
        self._ecs = aws.client("ecs")
        aws.proxy.answers["ecs:DescribeTasks"] = self._told
        aws.proxy.script("", Script(pending_looks=0))

    def run(
        self, image: str, app: str = APP, workspace: str = "default", environment: str = "dev", *,
        project: str = PROJECT, sequence: int = 1, count: int = 1, beside: str = "",
    ) -> str:  # fmt: skip
        """Run an image as a deploy leaves it.

        Args:
            image: Its reference.
            app: Waypoint's app.
            workspace: Waypoint's workspace.
            environment: That it maps to.
            project: Waypoint's project.
            sequence: Number of the deploy.
            count: Of tasks.
            beside: Image of a sidecar.

        Returns:
            Name of the service.
        """
        identity = Identity(project, app, workspace, environment, TEAM)
        containers = [{"name": "beside", "image": beside}] if beside else []
        containers.append({"name": names.container(app), "image": image})
        made = self._ecs.register_task_definition(
            family=names.family(identity), containerDefinitions=[{**each, "memory": 64} for each in containers]
        )
        name = names.service(identity, sequence)
        self._ecs.create_service(
            cluster=self.cluster, serviceName=name, desiredCount=count,
            taskDefinition=made["taskDefinition"]["taskDefinitionArn"],
            tags=[{"key": key, "value": value} for key, value in names.owner(identity).items()],
        )  # fmt: skip
        return name

    def remove(self, service: str) -> None:
        """Let a service run no more."""
        self._ecs.delete_service(cluster=self.cluster, service=service, force=True)

    def account(self) -> Account:
        """Give the account as service.yaml has it."""
        return Account("dev", ACCOUNT, sts_endpoint=self.aws.proxy.url, sts_region=REGION)

    def seen(self, digest: str = DIGEST, environment: str = "dev", project: str = PROJECT, app: str = APP) -> bool:
        """Look whether an app runs an image."""
        return runningtasks.seen(
            self.account(), scope(self.cluster, environment), project=project, app=app, digest=digest
        )

    def _told(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Answer DescribeTasks."""
        return {"tasks": [self._task(arn) for arn in parameters["tasks"]], "failures": []}

    def _task(self, arn: str) -> dict[str, Any]:
        state, _, service = arn.rpartition("/")[2].split("-", 2)
        found = self._ecs.describe_services(cluster=self.cluster, services=[service])["services"][0]
        planned = self._ecs.describe_task_definition(taskDefinition=found["taskDefinition"])["taskDefinition"]
        containers = [
            {"name": each["name"], "image": each["image"], "lastStatus": state.upper()}
            | ({"imageDigest": self.pulled[each["image"]]} if each["image"] in self.pulled else {})
            for each in planned["containerDefinitions"]
        ]
        states = {"lastStatus": state.upper(), "desiredStatus": state.upper(), "healthStatus": "UNKNOWN"}
        return {"taskArn": arn, "group": f"service:{service}", "containers": containers, **states}


def scope(cluster: str = "main", environment: str = "dev") -> Scope:
    """Give what a look is for."""
    return Scope(
        ActionClass.WITNESS, TEAM, environment, protected=False, account=ACCOUNT, region=REGION, cluster=cluster
    )

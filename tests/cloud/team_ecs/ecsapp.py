"""An app on moto, driven through the real plugin process as Waypoint's core does it."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from team_ecs.gen.team_ecs.v1.team_ecs_pb2 import Deployment, Release
from waypaas_sdk.gen.docker.docker_pb2 import Image
from waypaas_sdk.gen.hashicorp.waypoint.sdk import arguments_pb2, resources_pb2
from waypaas_sdk.testing.host import PluginHost
from waypaas_sdk.wire import anys

if TYPE_CHECKING:
    from collections.abc import Callable

    from testservers.aws import Aws, Platform

Args = arguments_pb2.Args
ORG = "org: {name: acme, contact: '#platform', environments: [dev, production], protected: [production]}\n"
NETWORK = {"host": "{app}.{environment}.acme.example"}


def waited(condition: Callable[[], bool], seconds: float = 30.0) -> bool:
    """Wait for a condition; tell whether it came."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


class App:
    """The app `web` of the project `shop`.

    Args:
        aws: The account.
        platform: What is there already.
        directory: Gets the app and its standards.
        environ: Of the plugin; that of a user with credentials of AWS if None.
    """

    def __init__(self, aws: Aws, platform: Platform, directory: Path, environ: dict[str, str] | None = None) -> None:
        self.aws, self.platform, self.path = aws, platform, directory / "app"
        self.path.mkdir()
        self._standards = directory / "standards"
        (self._standards / "teams" / "payments").mkdir(parents=True)
        (self._standards / "org.yaml").write_text(ORG)
        self.use({})
        (self.path / ".waypaas.toml").write_text(f'standards = "{self._standards}"\n')
        command = [str(Path(sys.executable).parent / "waypoint-plugin-team-ecs")]
        self.host = PluginHost(command, environ=os.environ | (environ or aws.environ()))

    def use(self, ecs: dict[str, Any], network: dict[str, Any] | None = None, **sections: Any) -> None:
        """Set the team's standards, over those of the platform."""
        standards = {"ecs": self.platform.standards() | {"count": 2} | ecs, "network": network or NETWORK, **sections}
        team = {"team": {"projects": ["shop"], "owner": "#payments"}, "standards": standards}
        (self._standards / "teams" / "payments" / "team.yaml").write_text(json.dumps(team))

    def job(self, workspace: str) -> list[Any]:
        """Give what the host supplies of project, app and place."""
        return [
            Args.Source(app="web", path=str(self.path)),
            Args.JobInfo(local=True, project="shop", app="web", workspace=workspace),
        ]

    def begin(self, image: str = "registry.test/web:v1", sequence: int = 1, workspace: str = "default") -> Any:
        """Begin a deploy; give its future."""
        self.host.configure("platform", {})
        name, _, tag = image.rpartition(":")
        config = Args.DeploymentConfig(id=f"01HZXW5VE4M2Q6S8T0V2X4{sequence:04}", sequence=sequence)
        return self.host.begin("platform", "Deploy", Image(image=name, tag=tag), config, *self.job(workspace))

    def deploy(self, image: str = "registry.test/web:v1", sequence: int = 1, workspace: str = "default") -> Deployment:
        """Deploy to the end."""
        return anys.unpack(self.begin(image, sequence, workspace).result(120).result, Deployment)

    def refused(self, sequence: int = 1) -> str:
        """Deploy what fails; give the text that the user reads."""
        with pytest.raises(grpc.RpcError) as caught:
            self.begin(sequence=sequence).result(120)
        return str(caught.value.details())

    def release(self, deployment: Deployment, workspace: str = "default") -> Release:
        """Release a deployment."""
        self.host.configure("releasemanager", {})
        reply = self.host.invoke("releasemanager", "Release", deployment, *self.job(workspace))
        return anys.unpack(reply.result, Release)

    def not_released(self, deployment: Deployment) -> str:
        """Release what cannot be; give the text that the user reads."""
        with pytest.raises(grpc.RpcError) as caught:
            self.release(deployment)
        return str(caught.value.details())

    def status(self, of: Deployment | Release) -> resources_pb2.StatusReport:
        """Ask for the status."""
        kind = "platform" if isinstance(of, Deployment) else "releasemanager"
        told: resources_pb2.StatusReport = self.host.invoke(
            kind, "Status", of, resources_pb2.StatusReport(), *self.job("default")
        )
        return told

    def destroy(self, of: Deployment | Release) -> list[str]:
        """Destroy; give the kinds of what is gone."""
        kind = "platform" if isinstance(of, Deployment) else "releasemanager"
        reply = self.host.invoke(kind, "Destroy", of, *self.job("default"), seconds=120.0)
        return sorted(gone.type for gone in reply.destroyed_resources.destroyed_resources)

    def destroy_workspace(self, of: Deployment | Release) -> None:
        """Destroy what is left."""
        kind = "platform" if isinstance(of, Deployment) else "releasemanager"
        self.host.invoke(kind, "DestroyWorkspace", of, *self.job("default"), seconds=120.0)

    def rules(self) -> list[dict[str, Any]]:
        """Give the rules of the shared listener, as they are at AWS, without the default one."""
        found = self.aws.client("elbv2").describe_rules(ListenerArn=self.platform.listener_arn)["Rules"]
        return [rule for rule in found if not rule["IsDefault"]]

    def served_by(self) -> str:
        """Give the name of the target group that has the app's traffic."""
        (rule,) = [each for each in self.rules() if each["Conditions"][0]["Field"] == "host-header"]
        (group,) = rule["Actions"][0]["ForwardConfig"]["TargetGroups"]
        return str(group["TargetGroupArn"]).split("/")[1]

    def left(self, deployment_id: str = "") -> list[str]:
        """Give all that exists and is the app's, or one deployment's, looked up at AWS itself by its tags."""
        return sorted(
            name for name, tags in self._everything() if tags.get("waypaas:app") == "web"
            and deployment_id in tags.get("waypaas:deployment", "")
        )  # fmt: skip

    def _everything(self) -> list[tuple[str, dict[str, str]]]:
        ecs, elb, scaling = (self.aws.client(name) for name in ("ecs", "elbv2", "application-autoscaling"))
        found: list[tuple[str, dict[str, str]]] = []
        for arn in ecs.list_services(cluster=self.platform.cluster)["serviceArns"]:
            (service,) = ecs.describe_services(cluster=self.platform.cluster, services=[arn], include=["TAGS"])[
                "services"
            ]
            if service["status"] != "INACTIVE":
                found.append((f"Service/{service['serviceName']}", _read(service["tags"])))
        for arn in ecs.list_task_definitions()["taskDefinitionArns"]:
            tags = ecs.describe_task_definition(taskDefinition=arn, include=["TAGS"])["tags"]
            found.append((f"TaskDefinition/{arn.rpartition('/')[2]}", _read(tags)))
        groups = {
            each["TargetGroupArn"]: each["TargetGroupName"] for each in elb.describe_target_groups()["TargetGroups"]
        }
        rules = {rule["RuleArn"]: rule["Priority"] for rule in self.rules()}
        for arn, name in (groups | rules).items():
            tags = elb.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"]
            found.append((f"{'TargetGroup' if arn in groups else 'ListenerRule'}/{name}", _read(tags)))
        for target in scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]:
            # moto keeps no tags of them; by its name one belongs to its service.
            name = target["ResourceId"].rpartition("/")[2]
            of = [tags for known, tags in found if known.endswith(f"/{name}")] or [{"waypaas:app": "web"}]
            found.append((f"ScalableTarget/{name}", of[0]))
        return found


def _read(tags: list[dict[str, str]]) -> dict[str, str]:
    return {tag.get("key", tag.get("Key", "")): tag.get("value", tag.get("Value", "")) for tag in tags}

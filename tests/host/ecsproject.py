"""A project of a developer whose app goes to AWS ECS, in an account on loopback."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import build
from project import Project

if TYPE_CHECKING:
    from typing import Protocol

    class Account(Protocol):
        """An account of AWS, whoever plays it."""

        def environ(self) -> dict[str, str]:
            """Give the variables by which AWS's SDK finds it."""

        def client(self, service: str) -> Any:
            """Give a client of it."""

    class Place(Protocol):
        """What a platform team has made in it."""

        cluster: str
        listener_arn: str

        def standards(self) -> dict[str, Any]:
            """Give the section `ecs` of standards for it."""


FILE = """\
project = "{project}"

app "web" {{
  build {{
    use "team-k8s" {{ image = "{image}" }}
  }}
  deploy {{
    use "team-ecs" {{}}
  }}
}}
"""
ORG = "org: {name: acme, contact: '#platform', environments: [dev, production], protected: [production]}\n"
LOG_GROUP = "/ecs/payments/web"


class EcsProject(Project):
    """A project with a home, plugins and standards of its own; no server of Waypoint knows it.

    Args:
        directory: Gets everything.
        aws: The account.
        platform: What its platform team has made.
        echo: Show commands and their output while they run.
        project: Waypoint's name of it.
        image: That is deployed.
        host: Of the app, as a standard.
    """

    def __init__(
        self,
        directory: Path,
        aws: Account,
        platform: Place,
        *,
        echo: bool = False,
        project: str = "shop",
        image: str = "registry.test/web:v1",
        host: str = "{app}.{environment}.acme.example",
    ) -> None:
        self.aws, self.platform, self._name, self._host = aws, platform, project, host
        self.app = directory / "app"
        self.file = self.app / "waypoint.hcl"
        self._echo = echo
        self._team = directory / "standards" / "teams" / "payments" / "team.yaml"
        self._team.parent.mkdir(parents=True)
        (directory / "standards" / "org.yaml").write_text(ORG)
        plugins = self.app / ".waypoint" / "plugins"
        plugins.mkdir(parents=True)
        for name in ("team-ecs", "team-k8s"):
            program = Path(sys.executable).parent / f"waypoint-plugin-{name}"
            (plugins / program.name).symlink_to(program)
        (self.app / ".waypaas.toml").write_text(f'standards = "{directory / "standards"}"\n')
        self.file.write_text(FILE.format(project=project, image=image))
        self.standards()
        home = directory / "home"
        self.environ = aws.environ() | {
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "XDG_DATA_HOME": str(home / ".local/share"),
            "XDG_CACHE_HOME": str(home / ".cache"),
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "WAYPAAS_"))}
        self.environ = kept | self.environ
        self.waypoint_binary = build.waypoint()

    def make_log_group(self) -> None:
        """Make the log group of the standards, as a platform team has."""
        self.aws.client("logs").create_log_group(logGroupName=LOG_GROUP)

    def standards(self, **ecs: Any) -> None:
        """Write the team's standards, over those of the platform."""
        sections = {
            "ecs": self.platform.standards() | {"count": 2} | ecs,
            "network": {"host": self._host},
        }
        team = {"team": {"projects": [self._name], "owner": "#payments"}, "standards": sections}
        self._team.write_text(json.dumps(team, indent=2))

    def write_log(self, service: str, *lines: str) -> None:
        """Write lines as a task of a service does."""
        logs = self.aws.client("logs")
        stream = {"logGroupName": LOG_GROUP, "logStreamName": f"{service}/web/0a1b2c3d4e5f"}
        logs.create_log_stream(**stream)
        now = int(time.time() * 1000)
        events = [{"timestamp": now + number, "message": line} for number, line in enumerate(lines)]
        logs.put_log_events(**stream, logEvents=events)

    def services(self) -> list[str]:
        """Give the names of the services that are there, at AWS itself."""
        ecs, cluster = self.aws.client("ecs"), self.platform.cluster
        arns = ecs.list_services(cluster=cluster)["serviceArns"]
        found = ecs.describe_services(cluster=cluster, services=arns)["services"] if arns else []
        return sorted(each["serviceName"] for each in found if each["status"] == "ACTIVE")

    def served_by(self) -> dict[str, int]:
        """Give the share of the app's requests by name of the target group, at AWS itself."""
        rules = self.aws.client("elbv2").describe_rules(ListenerArn=self.platform.listener_arn)["Rules"]
        (rule,) = [each for each in rules if any(one["Field"] == "host-header" for one in each["Conditions"])]
        groups = rule["Actions"][0]["ForwardConfig"]["TargetGroups"]
        return {group["TargetGroupArn"].split("/")[1]: group["Weight"] for group in groups}

    def left(self) -> list[str]:
        """Give all that is there beside what the platform team of an empty account has made, at AWS itself."""
        elb, ecs = self.aws.client("elbv2"), self.aws.client("ecs")
        rules = elb.describe_rules(ListenerArn=self.platform.listener_arn)["Rules"]
        found = [f"rule {rule['Priority']}" for rule in rules if not rule["IsDefault"]]
        found += [f"target group {each['TargetGroupName']}" for each in elb.describe_target_groups()["TargetGroups"]]
        found += [f"service {name}" for name in self.services()]
        found += [f"task definition {arn}" for arn in ecs.list_task_definitions(status="ACTIVE")["taskDefinitionArns"]]
        scaling = self.aws.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="ecs")
        return found + [f"scalable target {each['ResourceId']}" for each in scaling["ScalableTargets"]]

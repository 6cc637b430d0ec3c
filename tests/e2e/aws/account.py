"""What moto cannot show: an app's life in a real account of AWS. `make e2e-aws FILE=account.yaml` runs it.

Never run by the tests, as it needs an account, costs a little money for the
minutes that its tasks run, and is only as good as what FILE says:

    ecs:                        # section `ecs` of standards: what the platform team has made
      region: eu-west-1
      cluster: dev
      subnets: [subnet-0a1b]
      security_groups: [sg-0a1b]
      execution_role: execution
      log_group: /ecs/e2e
      load_balancer: {listener_arn: "arn:aws:elasticloadbalancing:..."}
      health_check: {path: /}
      port: 80
    host: e2e.acme.example      # of the app's rule; nobody else's
    images: [registry/app:v1, registry/app:v2]

The credentials are those of the environment, as the AWS SDK finds them. Each
run has a project of its own, e2e-XXXXXX; whatever happens, it is destroyed in
the end, and what remains with its tags is listed and fails the run.
"""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import yaml

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "host")]

from ecsproject import EcsProject  # noqa: E402  # tests/host/ecsproject.py

NEEDED = ("region", "cluster", "subnets", "security_groups", "execution_role", "log_group", "load_balancer")
PROJECT_TAG = "waypaas:project"


class Account:
    """The account of the credentials in the environment.

    Args:
        region: Of AWS.
    """

    def __init__(self, region: str) -> None:
        self._session = boto3.session.Session(region_name=region)

    def environ(self) -> dict[str, str]:
        """Give the variables by which AWS's SDK finds it: those that are there."""
        return {name: value for name, value in os.environ.items() if name.startswith("AWS_")}

    def client(self, service: str) -> Any:
        """Give a client of it."""
        return self._session.client(service)


@dataclass
class Place:
    """What the platform team has made.

    Args:
        ecs: Section `ecs` of standards.
    """

    ecs: dict[str, Any]

    @property
    def cluster(self) -> str:
        """Name of the cluster."""
        return str(self.ecs["cluster"])

    @property
    def listener_arn(self) -> str:
        """Listener that rules are made on."""
        return str(self.ecs["load_balancer"]["listener_arn"])

    def standards(self) -> dict[str, Any]:
        """Give the section `ecs`."""
        return self.ecs


def say(text: str) -> None:
    """Tell how far it is."""
    sys.stdout.write(f"\n== {text}\n")
    sys.stdout.flush()


def tagged(shop: EcsProject, project: str) -> list[str]:
    """Find all that has the project's tag, at AWS itself."""
    ecs, elb, cluster = shop.aws.client("ecs"), shop.aws.client("elbv2"), shop.platform.cluster
    found: dict[str, list[dict[str, str]]] = {}
    for page in ecs.get_paginator("list_services").paginate(cluster=cluster, PaginationConfig={"PageSize": 10}):
        if page["serviceArns"]:
            told = ecs.describe_services(cluster=cluster, services=page["serviceArns"], include=["TAGS"])["services"]
            found |= {one["serviceArn"]: one.get("tags", []) for one in told if one["status"] == "ACTIVE"}
    for page in ecs.get_paginator("list_task_definitions").paginate(status="ACTIVE"):
        for arn in page["taskDefinitionArns"]:
            if ":task-definition/web-" in arn:
                found[arn] = ecs.describe_task_definition(taskDefinition=arn, include=["TAGS"]).get("tags", [])
    rules = elb.describe_rules(ListenerArn=shop.platform.listener_arn)["Rules"]
    arns = [rule["RuleArn"] for rule in rules if not rule["IsDefault"]]
    for page in elb.get_paginator("describe_target_groups").paginate():
        arns += [each["TargetGroupArn"] for each in page["TargetGroups"]]
    for start in range(0, len(arns), 20):
        told = elb.describe_tags(ResourceArns=arns[start : start + 20])["TagDescriptions"]
        found |= {each["ResourceArn"]: each["Tags"] for each in told}
    ours = [{"key": PROJECT_TAG, "value": project}, {"Key": PROJECT_TAG, "Value": project}]
    return sorted(arn for arn, tags in found.items() if any(tag in tags for tag in ours))


def succeed(shop: EcsProject, *arguments: str) -> str:
    """Run a command of Waypoint that has to succeed; give its output."""
    finished = shop.waypoint(*arguments)
    if finished.code != 0:
        raise SystemExit(f"e2e-aws: waypoint {' '.join(arguments)} failed")
    return finished.output


def life(shop: EcsProject, images: list[str]) -> None:
    """Deploy both images, go back, and look; every step has to succeed."""
    succeed(shop, "init")
    say("first deployment")
    succeed(shop, "up", "-plain")
    first = set(shop.services())
    succeed(shop, "status")
    if len(images) > 1:
        say("second deployment, and back to the first")
        shop.change(images[0], images[1])
        succeed(shop, "up", "-plain", "-prune=false")
        succeed(shop, "release", "-plain", "-deployment", "1", "-prune=false")
        served = set(shop.served_by())
        if not served <= first:
            raise SystemExit(f"e2e-aws: the rule leads to {', '.join(served)} after the way back")


def read(path: str) -> dict[str, Any]:
    """Read FILE, and say all that is missing in it."""
    given = yaml.safe_load(Path(path).read_text()) if Path(path).is_file() else None
    if not isinstance(given, dict):
        raise SystemExit(f"e2e-aws: {path or 'FILE'} is no YAML file; its form is told in {Path(__file__).name}")
    missing = [f"ecs.{name}" for name in NEEDED if not given.get("ecs", {}).get(name)]
    missing += [name for name in ("host", "images") if not given.get(name)]
    if missing:
        raise SystemExit(f"e2e-aws: {path} does not say {', '.join(missing)}")
    return given


def main() -> None:
    """Run it all, and clean up."""
    given = read(sys.argv[1] if len(sys.argv) > 1 else "")
    account = Account(given["ecs"]["region"])
    identity = account.client("sts").get_caller_identity()
    project = f"e2e-{secrets.token_hex(3)}"
    say(f"project {project} in account {identity['Account']}, cluster {given['ecs']['cluster']}, as {identity['Arn']}")
    with tempfile.TemporaryDirectory(prefix="waypaas-e2e-") as scratch:
        shop = EcsProject(
            Path(scratch), account, Place(given["ecs"]), echo=True, project=project, image=given["images"][0],
            host=given["host"],
        )  # fmt: skip
        before = account.client("elbv2").describe_listeners(ListenerArns=[shop.platform.listener_arn])["Listeners"]
        try:
            life(shop, given["images"])
        finally:
            say("destroy")
            shop.waypoint("destroy", "-auto-approve")
            left = tagged(shop, project)
            if left:
                sys.stdout.write("e2e-aws: this remains, remove it by hand:\n  " + "\n  ".join(left) + "\n")
        after = account.client("elbv2").describe_listeners(ListenerArns=[shop.platform.listener_arn])["Listeners"]
        if left or after != before:
            raise SystemExit("e2e-aws: not clean" if left else "e2e-aws: the shared listener has changed")
    say("nothing remains, and the shared listener is as it was")


if __name__ == "__main__":
    main()

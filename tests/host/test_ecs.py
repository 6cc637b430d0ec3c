"""An app on AWS ECS through Waypoint's own Go code, and through the real command line; AWS is moto on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ecsproject import EcsProject
from wphost import Host

from testservers import aws as server
from testservers.awsanswers import Script

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testservers.aws import Aws

E2E = Path(__file__).resolve().parents[1] / "e2e" / "aws" / "account.py"


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """Start moto and the proxy before it."""
    with server.start(tmp_path_factory.mktemp("moto")) as started:
        yield started


@pytest.fixture
def shop(account: Aws, tmp_path: Path) -> EcsProject:
    """Give a project in an empty account."""
    account.reset()
    made = EcsProject(tmp_path, account, account.platform())
    made.make_log_group()
    return made


def test_life_of_an_app_on_ecs(shop: EcsProject) -> None:
    """HCL with `use "team-ecs" {}` is deployed, released, looked at, its log read, and destroyed without a rest."""
    host = Host(shop)
    assert host("init").result == {"event": "result", "Builder": "team-k8s", "Platform": "team-ecs"}
    assert host("build").code == 0

    deployed = host("deploy")
    assert deployed.result["sequence"] == 1
    (service,) = shop.services()
    assert set(deployed.result["declared"]) == {service}
    assert f"Service {service}: all 2 tasks run and are healthy" in deployed.ui

    released = host("release")
    assert released.result["url"] == "https://web.dev.acme.example"
    assert shop.served_by() == {service: 1}
    state = json.loads(host.state.read_text())
    kinds = [state[kind][0]["Message"]["type_url"].rpartition("/")[2] for kind in ("Deployments", "Releases")]
    assert kinds == ["team_ecs.v1.Deployment", "team_ecs.v1.Release"]

    looked = json.dumps(host("status").result)
    assert "all 2 tasks run and are healthy" in looked
    shop.write_log(service, "first", "second")
    assert host("logs", "5s").lines == ["first", "second"]

    assert host("destroy").code == 0
    assert shop.left() == []


def test_behaviour_19_exec_in_production_is_refused_through_the_host(shop: EcsProject) -> None:
    """In a protected environment exec is denied and the rule is named, although deploying there works."""
    host = Host(shop)
    assert host("-workspace", "production", "build").code == 0
    assert host("-workspace", "production", "deploy").code == 0
    refused = host("-workspace", "production", "exec", "id")
    assert refused.code == 1
    assert refused.error["code"] == "PermissionDenied"
    assert "waypoint exec is not permitted in production" in refused.error["text"]
    assert "protected environment" in refused.error["text"]
    assert "ecs:ExecuteCommand" not in shop.aws.proxy.actions()
    assert host("-workspace", "production", "destroy").code == 0
    assert shop.left() == []


def test_behaviour_14_a_canary_and_the_way_back_through_the_host(shop: EcsProject) -> None:
    """A second deployment gets the traffic by steps; releasing the first one leads it back, and both are destroyed."""
    host = Host(shop)
    shop.standards(canary={"steps": ["20"], "bake": "2s"})
    for operation in ("build", "deploy", "release", "deploy", "release"):
        done = host(operation)
        assert done.code == 0, done.error
    first, second = shop.services()
    assert "f the traffic for 2 s" in done.ui
    assert shop.served_by() == {second: 1}
    assert host("-deployment", "1", "release").code == 0
    assert shop.served_by() == {first: 1}
    assert host("destroy").code == 0
    assert shop.left() == []


def test_behaviour_20_a_failed_deploy_is_told_by_the_host(shop: EcsProject) -> None:
    """An image that cannot be pulled ends the deploy in the host with the plugin's own words, and nothing is left."""
    host = Host(shop)
    stopped = {"stoppedReason": "CannotPullContainerError: registry.test/web:v1: not found"}
    shop.aws.proxy.script("", Script(pending_looks=-1, stopped=[{**stopped, "containers": [{"name": "web"}]}]))
    assert host("build").code == 0
    failed = host("deploy")
    assert failed.code == 1
    assert failed.error["code"] == "FailedPrecondition"
    assert "the image cannot be pulled" in failed.error["text"]
    assert shop.left() == []


@pytest.mark.flaky(reruns=1, only_rerun="HostHungError")
def test_the_real_command_line(shop: EcsProject) -> None:
    """`waypoint init`, `up` and `destroy` of the real 0.11.4 deploy to ECS, show the URL, and leave nothing."""
    for command in (("init",), ("up", "-plain")):
        finished = shop.waypoint(*command)
        assert finished.code == 0, finished.output
    assert "https://web.dev.acme.example" in finished.output
    finished = shop.waypoint("destroy", "-auto-approve")
    assert finished.code == 0, finished.output
    assert shop.left() == []


@pytest.mark.flaky(reruns=1, only_rerun="HostHungError")
def test_the_run_against_an_account(account: Aws, tmp_path: Path) -> None:
    """`make e2e-aws` deploys twice, goes back, and leaves nothing; at moto it proves the script."""
    account.reset()
    platform = account.platform()
    ecs = platform.standards() | {"log_group": "/ecs/e2e", "count": 1}
    images = ["registry.test/web:v1", "registry.test/web:v2"]
    (tmp_path / "account.yaml").write_text(json.dumps({"ecs": ecs, "host": "e2e.acme.example", "images": images}))
    done = subprocess.run(
        [sys.executable, E2E, tmp_path / "account.yaml"], env=os.environ | account.environ(), capture_output=True,
        text=True, check=False, timeout=250,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing remains, and the shared listener is as it was" in done.stdout
    assert account.client("elbv2").describe_target_groups()["TargetGroups"] == []


def test_the_run_against_an_account_says_what_it_needs(tmp_path: Path) -> None:
    """Without a file, or with one that leaves things out, `make e2e-aws` says what is missing, and asks nobody."""
    (tmp_path / "account.yaml").write_text("ecs: {region: eu-west-1}\n")
    told = [
        subprocess.run([sys.executable, E2E, *more], capture_output=True, text=True, check=False)
        for more in ([], [tmp_path / "account.yaml"])
    ]
    assert [done.returncode for done in told] == [1, 1]
    assert "is no YAML file" in told[0].stderr
    assert "does not say ecs.cluster, ecs.subnets" in told[1].stderr

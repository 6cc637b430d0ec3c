"""Which service of ECS counts as an image that runs in an environment: asked of moto, by names of the plugin."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from team_ecs import names as plugin
from teamconfig import reading, resolve
from teamconfig.credentials import names, operations, runningtasks
from teamconfig.credentials.config import Clouds
from teamconfig.credentials.names import ActionClass
from teamconfig.credentials.operations import Purpose
from teamconfig.service.accounts import AwsIssuer
from teamplugin.identity import Identity
from tests.cloud.credentials.ecsplace import APP, DIGEST, IMAGE, OTHER, PROJECT, TEAM, scope
from testservers.aws import ACCOUNT, REGION
from testservers.awsanswers import Script
from testservers.awsproxy import Fault

if TYPE_CHECKING:
    from tests.cloud.credentials.ecsplace import Place

ORG = f"""
org: {{name: acme, environments: [dev, production]}}
standards: {{ecs: {{cluster: main, region: {REGION}}}}}
"""


def test_what_a_service_of_the_app_runs_is_seen(place: Place) -> None:
    """The image of a running task counts, by the digest that is asked for and by no other."""
    place.run(IMAGE)
    assert place.seen()
    assert not place.seen(OTHER)


def test_an_image_is_known_by_the_digest_that_was_pulled(place: Place) -> None:
    """What a tag meant when it was pulled counts, whatever the reference says."""
    place.run("registry.test/web:v1")
    assert not place.seen()
    place.pulled["registry.test/web:v1"] = DIGEST
    assert place.seen()


def test_what_another_runs_is_not_seen(place: Place) -> None:
    """Of one cluster only the services of team, environment, project and app count."""
    place.run(IMAGE)
    assert not place.seen(environment="production")
    assert not place.seen(project="till")
    assert not place.seen(app="webhook")
    place.run(IMAGE, "webhook")
    assert place.seen(app="webhook")


@pytest.mark.parametrize("workspace", ["preview-login", "preview-"])
def test_a_preview_is_no_release_of_its_environment(place: Place, workspace: str) -> None:
    """A preview has the owner of its environment, and does not count; beside it the environment's own does."""
    place.run(IMAGE, workspace=workspace)
    assert not place.seen()
    place.run(f"registry.test/web@{OTHER}", workspace="dev")
    assert not place.seen()
    assert place.seen(OTHER)


def test_an_environment_that_is_named_like_a_preview_counts(place: Place) -> None:
    """In the environment preview-eu the workspace of that name is its own."""
    place.run(IMAGE, workspace="preview-eu", environment="preview-eu")
    assert place.seen(environment="preview-eu")


def test_an_image_without_a_task_does_not_count(place: Place) -> None:
    """Neither tasks that have never run nor those of a removed service count."""
    service = place.run(IMAGE)
    place.aws.proxy.script("", Script(pending_looks=-1, stopped=[{}]))
    assert not place.seen()
    place.aws.proxy.script("", Script(pending_looks=0))
    assert place.seen()
    place.remove(service)
    assert not place.seen()


def test_an_image_beside_the_app_does_not_count(place: Place) -> None:
    """The image of a sidecar did not run as the app, though it is the first container."""
    place.run(f"registry.test/web@{OTHER}", beside=IMAGE)
    assert not place.seen()
    assert place.seen(OTHER)


def test_every_page_is_read(place: Place) -> None:
    """The service and the task that count are found on the last pages, and others of the cluster are not described."""
    for number in range(1, 14):
        place.run(f"registry.test/web@{OTHER}", sequence=number, workspace="preview-many")
        place.run(IMAGE, "search", sequence=number)
    last = place.run(IMAGE, workspace="staging", count=5)
    told = place.aws.proxy.answers["ecs:DescribeTasks"]

    def only_the_last(parameters: dict[str, Any]) -> dict[str, Any]:
        tasks = told(parameters)["tasks"]
        return {"tasks": [each for each in tasks if each["taskArn"].endswith(f"running-4-{last}")], "failures": []}

    place.aws.proxy.answers["ecs:DescribeTasks"], place.aws.proxy.page_size = only_the_last, 2
    assert place.seen()
    called = place.aws.proxy.actions()
    assert called.count("ecs:ListServices") == 14
    assert called.count("ecs:DescribeServices") == 2
    assert called.count("ecs:ListTasks") == 3


def test_a_look_has_the_least_rights(place: Place) -> None:
    """The service looks in its own name, by a session that allows what it calls and nothing else."""
    place.run(IMAGE)
    assert place.seen()
    assumed, *asked = place.aws.proxy.calls
    policy = json.loads(assumed.parameters["Policy"][0])
    allowed = [each for each in policy["Statement"] if each["Effect"] == "Allow"]
    actions = {
        action
        for each in allowed
        for action in ([each["Action"]] if isinstance(each["Action"], str) else each["Action"])
    }
    assert actions == {each.action for each in asked} == operations.needed(Purpose.WITNESS)
    assert assumed.parameters["SourceIdentity"] == [names.source_identity(runningtasks.PRINCIPAL)]
    assert assumed.parameters["RoleArn"] == [f"arn:aws:iam::{ACCOUNT}:role/waypaas.payments.dev"]


def test_nobody_can_ask_for_the_rights_of_a_look() -> None:
    """No action of anybody has the class that looks."""
    every = {*names._KUBERNETES.values(), *names._ECR.values()}
    assert ActionClass.WITNESS not in every


def issuer_sees(place: Place, org: str = ORG) -> bool:
    """Ask as the service does, by the standards."""
    files = {"org.yaml": org, f"teams/{TEAM}/team.yaml": f"team: {{projects: [{PROJECT}]}}\n"}
    tree = reading.tree({name: text.encode() for name, text in files.items()}, revision="dir:test", origin="test")
    profile = resolve.profile(tree, project=PROJECT, app=APP, workspace="dev")
    return asyncio.run(AwsIssuer(Clouds((), (place.account(),))).runs(profile, DIGEST))


def test_the_service_finds_account_and_cluster_by_the_standards(place: Place) -> None:
    """Where the standards name no cluster, nobody is asked; what cannot be asked was not seen to run."""
    place.run(IMAGE)
    assert issuer_sees(place)
    place.aws.proxy.add(Fault("sts:AssumeRole", code="AccessDenied", status=403))
    assert not issuer_sees(place)
    place.aws.proxy.add(Fault("ecs:ListTasks", code="AccessDenied", status=403))
    assert not issuer_sees(place)
    before = len(place.aws.proxy.calls)
    assert not issuer_sees(place, ORG.replace("cluster: main, ", ""))
    assert not issuer_sees(place, ORG.replace("cluster: main", "cluster: main, account: '999988887777'"))
    assert len(place.aws.proxy.calls) == before


RUNNING: dict[str, Any] = {"lastStatus": "RUNNING", "containers": [{"name": "web", "image": IMAGE}]}


@pytest.mark.parametrize(
    ("change", "counts"),
    [
        ({}, True), ({"healthStatus": "HEALTHY", "desiredStatus": "RUNNING"}, True),
        ({"healthStatus": "UNKNOWN"}, True), ({"healthStatus": "UNHEALTHY"}, False),
        ({"desiredStatus": "STOPPED"}, False), ({"lastStatus": "PENDING"}, False), ({"lastStatus": "STOPPED"}, False),
        ({"containers": []}, False), ({"containers": None}, False),
        ({"containers": [{"name": "web", "image": "web:v1", "imageDigest": DIGEST}]}, True),
        ({"containers": [{"name": "web", "image": DIGEST}]}, False),
        ({"containers": [{"name": "web"}]}, False),
    ],
)  # fmt: skip
def test_a_task_counts_that_runs_and_is_not_unhealthy(change: dict[str, Any], counts: bool) -> None:  # noqa: FBT001
    """A task that starts, ends or fails its health check proves nothing; no digest is nobody's."""
    assert runningtasks.runs({**RUNNING, **change}, "web", DIGEST) is counts
    assert not runningtasks.runs({**RUNNING, **change}, "web", "")


def test_a_service_that_ends_does_not_count() -> None:
    """A service that drains is on its way out."""
    tags = plugin.owner(Identity(PROJECT, APP, "default", "dev", TEAM))
    service = {"status": "ACTIVE", "tags": [{"key": key, "value": value} for key, value in tags.items()]}
    assert runningtasks.is_release(service, scope(), PROJECT, APP)
    assert not runningtasks.is_release({**service, "status": "DRAINING"}, scope(), PROJECT, APP)
    assert not runningtasks.is_release({**service, "tags": []}, scope(), PROJECT, APP)


WORDS = st.one_of(st.text(max_size=300), st.from_regex(r"(internal-?|x-)?[A-Za-z0-9 _.-]{0,50}", fullmatch=True))


@given(WORDS, st.integers(1, 99_999))
def test_names_are_those_of_the_plugin(app: str, sequence: int) -> None:
    """Container, tags and services are looked for by the very names that team-ecs gives, whatever an app is called."""
    assert runningtasks.container(app) == plugin.container(app)
    assert runningtasks.tag_value(app) == plugin.tag_value(app)
    assert runningtasks.may_be_of(plugin.service(Identity(PROJECT, app, "default", "dev", TEAM), sequence), app)

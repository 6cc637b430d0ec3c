"""ECR's own replication: whether it has delivered, and which of its traps is in the way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from ecrworld import FAR, NEAR, OURS, THEIRS, World
from moverimages import plain

from imagemover.ecr import doctor, hosts, replication, repositories
from imagemover.ecr.replication import ReplicationError
from imagemover.ecr.settings import Settings
from imagemover.errors import DeadlineError, MissingError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagemover.ecr.hosts import Host
    from imagemover.ecr.registries import Ecr
    from imagemover.ecr.replication import Replica


@pytest.fixture(autouse=True)
def rules(world: World) -> Iterator[None]:
    """Leave no rule and no permission behind."""
    yield
    world.server.settle()
    rule()
    permit(world, "arn:aws:iam::999999999999:root")


def rule(*destinations: Host, prefix: str = "") -> None:
    """Set the replication of the first account's first region."""
    given: list[dict[str, Any]] = []
    if destinations:
        given.append({"destinations": [{"region": one.region, "registryId": one.account} for one in destinations]})
        if prefix:
            given[0]["repositoryFilters"] = [{"filter": prefix, "filterType": "PREFIX_MATCH"}]
    client = boto3.client("ecr", region_name=NEAR)
    client.put_replication_configuration(replicationConfiguration={"rules": given})


def permit(world: World, principal: str) -> None:
    """Set whose images the second account takes."""
    environment = world.server.environment(THEIRS)
    client = boto3.client(
        "ecr",
        region_name=NEAR,
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )
    statement = {"Sid": "r", "Effect": "Allow", "Principal": {"AWS": principal},
                 "Action": ["ecr:ReplicateImage", "ecr:CreateRepository"],
                 "Resource": f"arn:aws:ecr:{NEAR}:{THEIRS}:repository/*"}  # fmt: skip
    client.put_registry_policy(policyText=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))


def everybody(world: World) -> Ecr:
    """Give a client that has credentials of each account."""

    def session(region: str, account: str) -> boto3.Session:
        environment = world.server.environment(account or OURS)
        return boto3.Session(environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"], region_name=region)

    return world.client(session=session)


def codes(client: Ecr, near: Host, name: str, *targets: Host, wanted: Settings | None = None) -> list[str]:
    """Give the codes of all findings."""
    return [one.code for one in doctor.examine(client.cloud, near, name, targets, wanted)]


def test_a_delivered_image_is_seen_at_its_destinations(world: World, near: Host, far: Host, theirs: Host) -> None:
    """A push after the rule arrives in the other region and account, with its tag; progress is told until then."""
    world.server.hold()
    permit(world, f"arn:aws:iam::{OURS}:root")
    rule(far, theirs, prefix="team/")
    client = everybody(world)
    repositories.ensure(client.cloud, near, world.name, Settings())
    image = plain(1)
    world.copy(image, client.registry(near).repository(world.name))
    seen: list[list[str]] = []

    def on_progress(replicas: tuple[Replica, ...], _seconds: float) -> None:
        seen.append([one.state for one in replicas])
        world.server.settle()

    found = replication.wait(
        client.cloud, near, world.name, image.root, [far, theirs], pause_seconds=0.1, on_progress=on_progress
    )
    assert [(one.host, one.state, one.tags) for one in found] == [(far, "there", ("v1",)), (theirs, "there", ("v1",))]
    assert seen == [["on its way", "on its way"], ["there", "there"]]
    world.assert_complete(far, image)
    world.assert_complete(theirs, image)


def test_what_does_not_come_ends_at_the_deadline(world: World, near: Host, far: Host) -> None:
    """Without a rule, the wait ends when it is told to, and says that ECR does not know of the destination."""
    world.create(near)
    client = world.client()
    image = plain(2)
    world.copy(image, client.registry(near).repository(world.name))
    with pytest.raises(DeadlineError) as caught:
        replication.wait(client.cloud, near, world.name, image.root, [far], seconds=0.3, pause_seconds=0.1)
    assert "does not know" in str(caught.value)
    assert str(far) in str(caught.value)


def test_a_failed_replication_ends_the_wait_at_once(world: World, near: Host, theirs: Host) -> None:
    """What ECR gave up on is an error with ECR's code, long before the deadline."""
    rule(theirs)
    client = everybody(world)
    repositories.ensure(client.cloud, near, world.name, Settings())
    image = plain(3)
    world.copy(image, client.registry(near).repository(world.name))
    world.server.settle()
    with pytest.raises(ReplicationError, match="could not replicate") as caught:
        replication.wait(client.cloud, near, world.name, image.root, [theirs], seconds=60)
    assert caught.value.replicas[0].failure == "ImageReplicationFailed"


def test_an_unknown_image_is_no_slow_one(world: World, near: Host, far: Host) -> None:
    """An image that is not in the source is an error, not a wait."""
    world.create(near)
    with pytest.raises(MissingError):
        replication.wait(world.client().cloud, near, world.name, "sha256:" + "0" * 64, [far], seconds=60)


def test_a_healthy_replication_has_no_findings(world: World, near: Host, far: Host, theirs: Host) -> None:
    """With rule, permission, repository, settings and images in place, nothing is found."""
    permit(world, f"arn:aws:iam::{OURS}:root")
    rule(far, theirs)
    client = everybody(world)
    for host in (near, far, theirs):
        repositories.ensure(client.cloud, host, world.name, Settings(is_immutable=True))
    world.copy(plain(4), client.registry(near).repository(world.name))
    world.server.settle()
    assert codes(client, near, world.name, far, theirs) == []


def test_an_image_from_before_the_rule_is_found(world: World, near: Host, far: Host) -> None:
    """An image that was pushed before the rule is named; a later one is not."""
    client = world.client()
    for host in (near, far):
        repositories.ensure(client.cloud, host, world.name, Settings())
    early = plain(5)
    world.copy(early, client.registry(near).repository(world.name))
    rule(far)
    findings = doctor.examine(client.cloud, near, world.name, [far])
    assert [one.code for one in findings] == ["pushed-before-rule"]
    assert early.root in str(findings[0])
    assert "copy them there once" in str(findings[0])


def test_settings_that_are_not_inherited_are_found(world: World, near: Host, far: Host) -> None:
    """What replication has created has ECR's defaults: the doctor says which setting differs."""
    client = world.client()
    rule(far)
    repositories.ensure(client.cloud, near, world.name, Settings(is_immutable=True, scans_on_push=True))
    assert codes(client, near, world.name, far) == ["no-repository"]
    world.copy(plain(6), client.registry(near).repository(world.name))
    world.server.settle()
    findings = doctor.examine(client.cloud, near, world.name, [far])
    assert [one.code for one in findings] == ["settings"]
    assert "scan on push is off, not on" in str(findings[0])


def test_a_tag_that_is_taken_arrives_as_none(world: World, near: Host, far: Host) -> None:
    """Where an immutable repository has the tag already, the image is there without it, and that is found."""
    client = world.client()
    for host in (near, far):
        repositories.ensure(client.cloud, host, world.name, Settings(is_immutable=True))
    before, image = plain(7), plain(8)
    world.copy(before, client.registry(far).repository(world.name))
    rule(far)
    world.copy(image, client.registry(near).repository(world.name))
    found = replication.wait(client.cloud, near, world.name, image.root, [far], seconds=20, pause_seconds=0.1)
    assert found[0].tags == ()
    assert world.server.tags(OURS, FAR, world.name)["v1"] == before.root
    assert codes(client, near, world.name, far) == ["untagged"]


def test_a_missing_rule_a_filter_and_another_partition_are_found(world: World, near: Host, far: Host) -> None:
    """Each has a finding of its own, and the one for the filter names it."""
    client = world.client()
    for host in (near, far):
        repositories.ensure(client.cloud, host, world.name, Settings())
    china = hosts.build(OURS, "cn-north-1")
    assert codes(client, near, world.name, far, china) == ["no-rule", "other-partition"]
    rule(far, prefix="shop/")
    findings = doctor.examine(client.cloud, near, world.name, [far])
    assert [one.code for one in findings] == ["filter"]
    assert "shop/" in str(findings[0])


def test_a_missing_permission_is_found(world: World, near: Host, theirs: Host) -> None:
    """A registry that does not let the source in is named, with the action that its policy lacks."""
    client = everybody(world)
    rule(theirs)
    for host in (near, theirs):
        repositories.ensure(client.cloud, host, world.name, Settings())
    findings = doctor.examine(client.cloud, near, world.name, [theirs])
    assert [one.code for one in findings] == ["permission"]
    assert "ecr:ReplicateImage" in str(findings[0])
    permit(world, f"arn:aws:iam::{OURS}:root")
    assert codes(client, near, world.name, theirs) == []


def test_a_destination_that_cannot_be_seen_is_a_finding(world: World, near: Host, theirs: Host) -> None:
    """With one account's credentials only, the other's registry is said to be unreadable, and nothing fails."""
    session = boto3.Session()

    def mine_only(region: str, _account: str) -> boto3.Session:
        assert session.get_credentials() is not None
        return boto3.Session(region_name=region)

    client = world.client(session=mine_only)
    rule(theirs)
    repositories.ensure(client.cloud, near, world.name, Settings())
    world.server.create(THEIRS, NEAR, world.name)
    assert "unreadable" in codes(client, near, world.name, theirs)

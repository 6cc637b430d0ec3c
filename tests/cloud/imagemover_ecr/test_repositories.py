"""Repositories of ECR: created with their settings, held against them in each mode, listed to the end."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from ecrworld import OURS, THEIRS, World

from imagemover.ecr import images, repositories
from imagemover.ecr.differences import SettingsError
from imagemover.ecr.policies import Lifecycle
from imagemover.ecr.settings import Settings
from imagemover.errors import DeniedError, MissingError

if TYPE_CHECKING:
    from imagemover.ecr.hosts import Host
    from imagemover.ecr.repositories import Mode

KEY = f"arn:aws:kms:eu-central-1:{OURS}:key/11111111-2222-3333-4444-555555555555"
WANTED = Settings(
    is_immutable=True,
    mutable_tags=("dev-*",),
    scans_on_push=True,
    kms_key=KEY,
    lifecycle=Lifecycle(keep=50, release_tags=("release-*", "v*"), untagged_days=14),
    pull_accounts=(THEIRS,),
    tags=(("team", "payments"), ("cost", "42")),
)
SOFT = Settings(
    is_immutable=True,
    scans_on_push=True,
    lifecycle=Lifecycle(keep=50, release_tags=("release-*",)),
    pull_accounts=(THEIRS,),
    tags=(("team", "payments"),),
)


def api(host: Host) -> Any:
    """Give a client that is not the code under test's."""
    return boto3.client("ecr", region_name=host.region)


def state(host: Host, name: str) -> dict[str, Any]:
    """Read all of a repository past the code under test."""
    client = api(host)
    found = client.describe_repositories(repositoryNames=[name])["repositories"][0]
    kept = {key: found.get(key) for key in (
        "imageTagMutability", "imageTagMutabilityExclusionFilters", "imageScanningConfiguration",
        "encryptionConfiguration")}  # fmt: skip
    for operation, key in (("get_lifecycle_policy", "lifecyclePolicyText"), ("get_repository_policy", "policyText")):
        try:
            kept[key] = json.loads(getattr(client, operation)(repositoryName=name)[key])
        except client.exceptions.ClientError:
            kept[key] = None
    tags = client.list_tags_for_resource(resourceArn=found["repositoryArn"])["tags"]
    return kept | {"tags": {one["Key"]: one["Value"] for one in tags}}


def test_a_missing_repository_is_created_as_wanted(world: World, near: Host) -> None:
    """All settings are there afterwards, read by another client; the second time, nothing is left to do."""
    cloud = world.client().cloud
    made = repositories.ensure(cloud, near, world.name, WANTED, "refuse")
    assert made.is_new
    found = state(near, world.name)
    assert found["imageTagMutability"] == "IMMUTABLE_WITH_EXCLUSION"
    assert found["imageTagMutabilityExclusionFilters"] == [{"filterType": "WILDCARD", "filter": "dev-*"}]
    assert found["imageScanningConfiguration"] == {"scanOnPush": True}
    assert found["encryptionConfiguration"] == {"encryptionType": "KMS", "kmsKey": KEY}
    assert found["tags"] == {"team": "payments", "cost": "42"}
    rules = found["lifecyclePolicyText"]["rules"]
    patterns = [rule["selection"].get("tagPatternList") for rule in rules]
    assert patterns == [["release-*"], ["v*"], ["*"], None]
    assert [rule["selection"]["countNumber"] for rule in rules] == [100_000, 100_000, 50, 14]
    statement = found["policyText"]["Statement"][0]
    assert statement["Principal"] == {"AWS": [f"arn:aws:iam::{THEIRS}:root"]}
    for mode in ("mend", "refuse", "report"):
        again = repositories.ensure(cloud, near, world.name, WANTED, mode)  # type: ignore[arg-type]  # of the tuple
        assert (again.is_new, again.differences, again.mended) == (False, (), ())


def test_what_does_not_matter_is_left_alone(world: World, near: Host) -> None:
    """Settings that nobody names stay as they are."""
    world.create(near)
    before = state(near, world.name)
    assert repositories.ensure(world.client().cloud, near, world.name, Settings()).differences == ()
    assert state(near, world.name) == before


def test_mend_changes_what_differs(world: World, near: Host) -> None:
    """All differences are named with what was and what is wanted, and are gone afterwards."""
    world.create(near)
    cloud = world.client().cloud
    done = repositories.ensure(cloud, near, world.name, SOFT, "mend")
    names = {one.setting for one in done.differences}
    assert names == {"tags", "scan on push", "lifecycle", "accounts that pull", "tag team"}
    assert done.mended == done.differences
    assert ("scan on push", "off", "on") in {(one.setting, one.actual, one.wanted) for one in done.differences}
    found = state(near, world.name)
    assert found["imageTagMutability"] == "IMMUTABLE"
    assert found["tags"] == {"team": "payments"}
    assert repositories.ensure(cloud, near, world.name, SOFT, "refuse").differences == ()


@pytest.mark.parametrize("mode", ["refuse", "report"])
def test_refuse_and_report_change_nothing(world: World, near: Host, mode: Mode) -> None:
    """Both name all differences at once; one of them as an error; the repository stays as it is."""
    world.create(near)
    before = state(near, world.name)
    cloud = world.client().cloud
    if mode == "report":
        told = repositories.ensure(cloud, near, world.name, SOFT, mode).differences
    else:
        with pytest.raises(SettingsError) as caught:
            repositories.ensure(cloud, near, world.name, SOFT, mode)
        told = caught.value.differences
        assert all(str(one) in str(caught.value) for one in told)
    assert len(told) == 5
    assert state(near, world.name) == before


@pytest.mark.parametrize("mode", ["mend", "refuse", "report"])
def test_encryption_is_never_mended(world: World, near: Host, mode: Mode) -> None:
    """Another encryption is refused, or reported, with what to do; nothing else is changed on the way."""
    world.create(near)
    before = state(near, world.name)
    cloud = world.client().cloud
    wanted = Settings(kms_key=KEY, scans_on_push=True)
    if mode == "report":
        told = repositories.ensure(cloud, near, world.name, wanted, mode).differences
        assert [one.is_mendable for one in told if one.setting == "encryption"] == [False]
    else:
        with pytest.raises(SettingsError) as caught:
            repositories.ensure(cloud, near, world.name, wanted, mode)
        assert "encryption is AES256, not KMS" in str(caught.value)
        assert "create another repository and copy the images there" in str(caught.value)
    assert state(near, world.name) == before


def test_filters_that_somebody_set_are_kept(world: World, near: Host) -> None:
    """A wish for immutable tags that names no filters leaves those that are there."""
    filters = [{"filterType": "WILDCARD", "filter": "latest"}]
    api(near).create_repository(
        repositoryName=world.name,
        imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
        imageTagMutabilityExclusionFilters=filters,
    )
    cloud = world.client().cloud
    assert repositories.ensure(cloud, near, world.name, Settings(is_immutable=True), "refuse").differences == ()
    done = repositories.ensure(cloud, near, world.name, Settings(is_immutable=True, mutable_tags=()), "mend")
    assert [str(one) for one in done.mended] == ["tags is immutable but for latest, not immutable"]
    assert state(near, world.name)["imageTagMutabilityExclusionFilters"] in (None, [])


def test_statements_of_others_stay(world: World, near: Host) -> None:
    """Our statement is added to a policy, changed, and taken away; what others wrote stays."""
    world.create(near)
    other = {"Sid": "Theirs", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{OURS}:root"},
             "Action": ["ecr:ListImages"]}  # fmt: skip
    text = json.dumps({"Version": "2012-10-17", "Statement": [other]})
    api(near).set_repository_policy(repositoryName=world.name, policyText=text)
    cloud = world.client().cloud
    for accounts in ((THEIRS,), (THEIRS, "333333333333"), ()):
        repositories.ensure(cloud, near, world.name, Settings(pull_accounts=accounts), "mend")
        statements = state(near, world.name)["policyText"]["Statement"]
        assert statements[0] == other
        assert len(statements) == (2 if accounts else 1)


def test_a_policy_of_ours_alone_goes_with_its_last_account(world: World, near: Host) -> None:
    """Without accounts, no empty policy is left."""
    cloud = world.client().cloud
    repositories.ensure(cloud, near, world.name, Settings(pull_accounts=(THEIRS,)))
    repositories.ensure(cloud, near, world.name, Settings(pull_accounts=()))
    assert state(near, world.name)["policyText"] is None


@pytest.mark.parametrize("mode", ["mend", "refuse"])
def test_two_that_create_at_once_are_both_fine(world: World, near: Host, mode: Mode) -> None:
    """Of several that find nothing and create at the same time, one has made it, and none fails."""
    together = threading.Barrier(4)

    def create(_: int) -> bool:
        client = world.client()
        client.login.credential(near)  # so that all are as far
        together.wait()
        return repositories.ensure(client.cloud, near, world.name, SOFT, mode).is_new

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(create, range(4)))
    assert sum(made) <= 1
    assert repositories.ensure(world.client().cloud, near, world.name, SOFT, "refuse").differences == ()


def test_whoever_loses_the_race_sets_what_is_missing(world: World, near: Host) -> None:
    """Somebody else's repository that appears between the look and the creation gets the settings, in refuse too."""
    client = world.client()
    world.server.quirks.rivals = 1
    done = repositories.ensure(client.cloud, near, world.name, SOFT, "refuse")
    assert not done.is_new
    assert state(near, world.name)["imageTagMutability"] == "IMMUTABLE"


@pytest.mark.parametrize("mode", ["refuse", "report"])
def test_settings_that_are_about_to_come_are_waited_for(world: World, near: Host, mode: Mode) -> None:
    """A repository that somebody has just created, and sets up in the next moment, differs in nothing."""
    rival, client = world.client(), world.client()
    for one in (rival, client):
        one.login.credential(near)  # so that both are as far
    world.create(near)
    later = threading.Timer(0.3, repositories.ensure, (rival.cloud, near, world.name, SOFT, "mend"))
    later.start()
    try:
        assert repositories.ensure(client.cloud, near, world.name, SOFT, mode).differences == ()
    finally:
        later.join()


def test_throttled_calls_are_repeated(world: World, near: Host) -> None:
    """Three throttled calls in a row are waited for, and counted as waits."""
    world.create(near)
    client = world.client()
    told: list[str] = []
    client.patience.on_retry = lambda error, _: told.append(str(error))
    world.server.quirks.api_throttled = 3
    assert repositories.describe(client.cloud, near, world.name).name == world.name
    assert len(told) == 3
    assert all("busy" in text for text in told)


def test_all_images_are_listed(world: World, near: Host) -> None:
    """Of 250 images all are listed, over three pages, each once."""
    world.create(near)
    put = {
        world.server.put(near.account, near.region, world.name, b'{"mediaType": "x", "n": %d}' % number, f"t{number}")
        for number in range(250)
    }
    before = len(world.server.calls("DescribeImages"))
    client = world.client()
    found = list(images.every(client.cloud, near, world.name))
    assert {one.digest for one in found} == put
    assert len(found) == 250
    assert len(world.server.calls("DescribeImages")) - before == 3
    assert len(list(client.registry(near).repository(world.name).tags())) == 250


def test_all_repositories_are_listed(world: World, far: Host) -> None:
    """More than a page of repositories are listed to the last."""
    names = {f"{world.name}/{number}" for number in range(105)}
    for name in names:
        world.server.create(far.account, far.region, name)
    found = [one.name for one in repositories.every(world.client().cloud, far)]
    assert names <= set(found)
    assert len(found) == len(set(found))


def test_another_accounts_repository_is_not_ours_to_see(world: World, theirs: Host) -> None:
    """Without a right, the error names the operation's right and the registry."""
    world.server.create(theirs.account, theirs.region, world.name)
    with pytest.raises(DeniedError) as caught:
        repositories.ensure(world.client().cloud, theirs, world.name, SOFT)
    assert "ecr:DescribeRepositories" in str(caught.value)
    assert str(theirs) in str(caught.value)


def test_images_of_a_missing_repository_are_an_error(world: World, near: Host) -> None:
    """A listing of what does not exist is no empty listing."""
    with pytest.raises(MissingError):
        list(images.every(world.client().cloud, near, world.name))

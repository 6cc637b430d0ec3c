"""Passwords of ECR: fetched once, renewed in time and when refused, for whoever's credentials they are."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import boto3
import pytest
from ecrworld import FAR, NEAR, OURS, THEIRS, World
from moverimages import plain

from imagemover.credentials import Credential
from imagemover.ecr import hosts
from imagemover.ecr.cloud import Cloud, own_region
from imagemover.ecr.login import Login
from imagemover.errors import CredentialError, DeniedError, ReferenceSyntaxError
from imagemover.patience import Patience
from imagemover.registry import Registry

if TYPE_CHECKING:
    from pathlib import Path

    from imagemover.ecr.hosts import Host

TOKENS = "GetAuthorizationToken"


def asked(world: World) -> int:
    """Count the passwords that were asked for so far."""
    return len(world.server.calls(TOKENS))


def test_all_threads_share_one_password(world: World, near: Host) -> None:
    """Sixteen threads that need a password at the same time ask for one."""
    client, before = world.client(), asked(world)
    with ThreadPoolExecutor(16) as pool:
        found = set(pool.map(lambda _: client.login.credential(near), range(64)))
    assert len(found) == 1
    assert asked(world) - before == 1


def test_where_a_registry_is_says_the_api(world: World, near: Host, far: Host) -> None:
    """The registry's host is the one that the API names, for each region."""
    client = world.client()
    assert client.registry(near).host == world.server.host(OURS, NEAR)
    assert client.registry(far).host == world.server.host(OURS, FAR)


def test_of_aws_own_names_the_wanted_one_counts(world: World, theirs: Host) -> None:
    """Where the API names whoever asks, the hosts of another account, FIPS and dual stack stay as they were wanted."""
    world.server.quirks.tell_real_host = True
    login = world.client().login
    assert login.endpoint(theirs) == f"{THEIRS}.dkr.ecr.{NEAR}.amazonaws.com"
    assert login.endpoint(hosts.build("", NEAR)) == f"{OURS}.dkr.ecr.{NEAR}.amazonaws.com"
    assert login.endpoint(hosts.build(OURS, FAR, dual_stack=True)) == f"{OURS}.dkr-ecr.{FAR}.on.aws"
    assert login.endpoint(hosts.build(OURS, FAR, fips=True)) == f"{OURS}.dkr.ecr-fips.{FAR}.amazonaws.com"


def test_without_an_account_the_own_one_is_meant(world: World) -> None:
    """A host without an account is the caller's own registry."""
    assert world.client().registry(hosts.build("", NEAR)).host == world.server.host(OURS, NEAR)


def test_a_password_is_renewed_before_it_ends(world: World, near: Host) -> None:
    """After four fifths of its life another one is there, without a refusal; before that, the same one."""
    world.server.quirks.token_seconds = 5.0
    login = world.client().login
    first = login.credential(near)
    assert login.credential(near) == first
    time.sleep(4.2)
    assert login.credential(near) != first


def test_an_end_in_the_past_is_not_believed(world: World, near: Host) -> None:
    """A password that is said to have ended in 2015 is used as long as it works."""
    world.server.quirks.tell_past_expiry = True
    world.create(near)
    client, before = world.client(), asked(world)
    repository = client.registry(near).repository(world.name)
    assert repository.resolve("v1") is None
    assert repository.resolve("v2") is None
    assert asked(world) - before == 1


@pytest.mark.parametrize("status", [401, 403, 400])
def test_a_refused_password_is_renewed(world: World, near: Host, status: int) -> None:
    """Whatever an expired password is answered with, a read goes on with another one, HEAD without a text too."""
    world.server.quirks.expired_status = status
    world.create(near)
    repository = world.client().registry(near).repository(world.name)
    assert repository.resolve("v1") is None
    world.server.expire_tokens()
    time.sleep(1.1)
    assert list(repository.tags()) == []
    world.server.expire_tokens()
    time.sleep(1.1)
    if status == 400:
        return  # the gallery's answer; it has a text, and comes to GET
    before = asked(world)
    assert repository.resolve("v1") is None
    assert asked(world) - before == 1


def test_a_true_refusal_stays_one(world: World, theirs: Host) -> None:
    """Where the account has no right, one refusal comes, and no endless renewing."""
    world.server.create(THEIRS, NEAR, world.name)
    repository = world.client().registry(theirs).repository(world.name)
    before = asked(world)
    with pytest.raises(DeniedError):
        repository.resolve("v1")
    assert asked(world) - before <= 1  # another one, if the first answer took longer than a second


def test_it_is_a_keyring_for_any_client(world: World, near: Host) -> None:
    """A client that knows nothing of ECR reads with this keyring, also after its password has ended."""
    world.create(near)
    login = world.client().login
    patience = Patience()
    with Registry(login.endpoint(near), keyring=login, patience=patience) as registry:
        repository = registry.repository(world.name)
        assert list(repository.tags()) == []
        world.server.expire_tokens()
        time.sleep(1.1)
        assert list(repository.tags()) == []


def test_other_hosts_are_for_another_keyring(world: World) -> None:
    """A host that is not ECR's gets what the other keyring has, and ECR is not asked."""
    theirs = Credential("somebody", "else")
    before = asked(world)
    login = Login(Cloud(), lambda host: theirs if host == "registry.example" else None)
    assert login("registry.example") == theirs
    assert login("127.0.0.1:5000") is None
    assert asked(world) == before


def test_the_gallery_is_read_with_and_without_credentials(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The public gallery gets a password if there are AWS credentials, else nobody's."""
    found = world.client().login(hosts.PUBLIC)
    assert found is not None
    assert found.username == "AWS"
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert world.client().login(hosts.PUBLIC) is None


def test_lent_credentials_are_used(world: World, theirs: Host) -> None:
    """With a session of somebody else, the registry is that one's to use, and the user's own credentials are not."""
    given: list[tuple[str, str]] = []
    environment = world.server.environment(THEIRS)

    def session(region: str, account: str) -> boto3.Session:
        given.append((region, account))
        return boto3.Session(environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"], region_name=region)

    world.server.create(THEIRS, NEAR, world.name)
    repository = world.client(session=session).registry(theirs).repository(world.name)
    assert repository.resolve("v1") is None
    assert given == [(NEAR, THEIRS)]


def test_lent_credentials_that_expire_are_lent_anew(world: World, near: Host) -> None:
    """Whoever lends credentials is asked again when they have expired, once; then the error comes through."""
    asked_for: list[str] = []

    def session(region: str, _account: str) -> boto3.Session:
        asked_for.append(region)
        return boto3.Session(region_name=region)

    client = world.client(session=session)
    client.login.credential(near)
    world.server.quirks.expired_keys = 1
    assert client.cloud.call(near, "describe_repositories")["repositories"] is not None
    assert len(asked_for) == 2
    world.server.quirks.expired_keys = 2
    with pytest.raises(DeniedError, match="denied"):
        client.cloud.call(near, "describe_repositories")
    assert len(asked_for) == 3


def test_without_credentials_the_error_says_what_to_do(
    world: World, near: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is told so, with what to do and where."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(CredentialError) as caught:
        world.client().registry(near)
    assert "sign in to AWS" in str(caught.value)
    assert str(near) in str(caught.value)


def test_no_text_holds_a_password(world: World, near: Host) -> None:
    """Neither the keyring nor what it gives shows a password."""
    login = world.client().login
    credential = login.credential(near)
    shown = repr(credential) + repr(login) + repr(vars(login))
    assert credential.password not in shown


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION", "profile"])
def test_the_region_is_what_the_user_has_set(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str
) -> None:
    """AWS_REGION, AWS_DEFAULT_REGION and the profile lead to a registry in that region."""
    if variable == "profile":
        config = tmp_path / "config"
        config.write_text(f"[default]\nregion = {FAR}\n")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    else:
        monkeypatch.setenv(variable, FAR)
    assert world.client().registry(hosts.build("", own_region())).host == world.server.host(OURS, FAR)


def test_no_region_is_an_error_that_says_so(world: World) -> None:
    """Without any of them, the error names all three."""
    assert world.server
    with pytest.raises(ReferenceSyntaxError, match="region") as caught:
        own_region()
    assert "AWS_REGION, AWS_DEFAULT_REGION or the AWS profile" in str(caught.value)


def test_an_image_goes_to_the_region_of_the_environment(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS_REGION counts more than AWS_DEFAULT_REGION: the image is there and not here."""
    monkeypatch.setenv("AWS_REGION", FAR)
    monkeypatch.setenv("AWS_DEFAULT_REGION", NEAR)
    for region in (NEAR, FAR):
        world.server.create(OURS, region, world.name)
    image = plain(1)
    world.copy(image, world.client().registry(hosts.build("", own_region())).repository(world.name))
    world.assert_complete(hosts.build(OURS, FAR), image)
    assert world.server.images(OURS, NEAR, world.name) == {}

"""Credentials of AWS, from moto's STS on loopback and past a proxy that injects faults.

moto proves the wiring only: it enforces neither policies nor trust.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import boto3
import pytest
from faults import Fault, Proxy
from faults import sts as said

from teamconfig.credentials import aws, names, sessionpolicy
from teamconfig.credentials.errors import (
    CloudBusyError,
    CloudError,
    CredentialsError,
    MissingError,
    PolicyError,
    StateError,
)
from teamconfig.credentials.names import ActionClass
from teamconfig.credentials.places import Account
from teamconfig.credentials.scope import Scope

if TYPE_CHECKING:
    from pathlib import Path

    from teamconfig.credentials.aws import AwsCredentials

PRINCIPAL = "https://login.acme.example|0b7c"
SCOPE = Scope(
    ActionClass.DEPLOY,
    "payments",
    "production",
    protected=True,
    account="111122223333",
    region="eu-west-1",
    cluster="payments-production",
    roles=("payments-execution",),
)


def account(url: str) -> Account:
    """Give the account whose STS is at a URL."""
    return Account("prod", "111122223333", sts_endpoint=url)


def issued(proxy: Proxy, scope: Scope = SCOPE) -> AwsCredentials:
    """Get credentials past a proxy."""
    return aws.issue(account(proxy.url), scope, project="shop", lease_id="lease-7", principal=PRINCIPAL)


def refused(proxy: Proxy, kind: type[CredentialsError]) -> tuple[str, float]:
    """Get none, and give the text and how long it took."""
    began = time.monotonic()
    with pytest.raises(kind) as caught:
        issued(proxy)
    assert type(caught.value) is kind
    return str(caught.value), time.monotonic() - began


def test_credentials_are_those_of_the_role(sts: Proxy) -> None:
    """What comes back works, is the team's role under the lease's session name, and ends within 15 minutes."""
    found = issued(sts)
    assert found.region == "eu-west-1"
    assert 0 < found.expires - time.time() <= 900 + 5
    client = boto3.session.Session(
        aws_access_key_id=found.access_key_id,
        aws_secret_access_key=found.secret_access_key,
        aws_session_token=found.session_token,
        region_name="eu-west-1",
    ).client("sts", endpoint_url=sts.url)
    arn = client.get_caller_identity()["Arn"]
    client.close()
    assert arn == "arn:aws:sts::111122223333:assumed-role/waypaas.payments.production/payments.production.lease-7"


def test_the_request_carries_everything(sts: Proxy) -> None:
    """STS is asked for 900 seconds, with the session policy, the tags, the source identity and the external id."""
    issued(sts)
    asked = {key: values[0] for key, values in parse_qs(sts.bodies[-1].decode()).items()}
    tags = {asked[f"Tags.member.{number}.Key"]: asked[f"Tags.member.{number}.Value"] for number in range(1, 6)}
    assert tags == {
        "team": "payments", "project": "shop", "environment": "production", "lease": "lease-7",
        "owner": "payments/production",
    }  # fmt: skip
    assert asked["RoleArn"] == "arn:aws:iam::111122223333:role/waypaas.payments.production"
    assert asked["DurationSeconds"] == "900"
    assert asked["SourceIdentity"] == names.source_identity(PRINCIPAL)
    assert asked["ExternalId"] == "waypaas:payments"
    assert asked["Policy"] == sessionpolicy.build(SCOPE)
    assert json.loads(asked["Policy"])["Version"] == "2012-10-17"


def test_throttling_is_waited_out(sts: Proxy) -> None:
    """Two refusals for being too fast are followed by a third try that works."""
    sts.faults.extend([said("Throttling"), Fault(503)])
    assert issued(sts).access_key_id
    assert len(sts.paths) == 3


def test_throttling_without_end_is_told_within_the_deadline(sts: Proxy) -> None:
    """When STS goes on throttling, the caller knows within 3 seconds, with its code."""
    sts.faults.extend([said("ThrottlingException")] * 100)
    text, seconds = refused(sts, CloudBusyError)
    assert seconds < 4.5
    assert 3 <= len(sts.paths) <= 20
    assert "ThrottlingException" in text


def test_silence_is_told_within_the_deadline(sts: Proxy) -> None:
    """When STS takes 30 seconds for each answer, the caller knows within 5."""
    sts.faults.extend([Fault(200, delay=30)] * 20)
    text, seconds = refused(sts, CloudBusyError)
    assert 1.5 < seconds < 5
    assert "gives no answer" in text


def test_one_silence_is_not_the_end(sts: Proxy) -> None:
    """One request that gets no answer leaves time for another that does."""
    sts.faults.append(Fault(200, delay=30))
    assert issued(sts).access_key_id


def test_a_cut_connection_is_tried_again(sts: Proxy) -> None:
    """A connection that ends without an answer does not fail the call."""
    sts.faults.append(Fault(0))
    assert issued(sts).access_key_id


@pytest.mark.parametrize(
    ("code", "status", "kind", "told"),
    [
        ("AccessDenied", 403, MissingError, "make the role as docs/service/credentials.md shows"),
        ("InvalidClientTokenId", 403, StateError, "give the service an identity of its own"),
        ("ExpiredToken", 400, StateError, "no valid AWS credentials of its own"),
        ("PackedPolicyTooLarge", 400, StateError, "name fewer roles"),
        ("MalformedPolicyDocument", 400, CloudError, "STS says MalformedPolicyDocument (status 400, request req-1)"),
        ("Nonsense", 418, CloudError, "STS says Nonsense (status 418"),
        ("Nonsense\x1b[31m", 418, CloudError, "the answer of STS cannot be read"),
    ],
)
def test_refusals_are_typed_and_not_tried_again(
    sts: Proxy, code: str, status: int, kind: type[CredentialsError], told: str
) -> None:
    """A refusal is told at once, with AWS's own code, whose fault it is, and where."""
    sts.faults.append(said(code, status))
    text, _ = refused(sts, kind)
    assert told in text
    assert "account prod" in text
    assert "\x1b" not in text
    assert "canary" not in text
    assert len(sts.paths) == 1


@pytest.mark.parametrize("body", ["<html>Sign in</html>", "", "{}", "<AssumeRoleResponse/>"])
def test_an_answer_of_something_else_is_no_credential(sts: Proxy, body: str) -> None:
    """An answer that is not STS's, as a proxy's page, is an error with its cause, never a traceback."""
    sts.faults.append(Fault(200, body, {"Content-Type": "text/html"}))
    text, _ = refused(sts, CloudError)
    assert "cannot be read" in text
    assert len(sts.paths) == 1


def test_nobody_listens(sts: Proxy) -> None:
    """Where there is no STS, the caller knows within the deadline."""
    sts.close()
    text, seconds = refused(sts, CloudBusyError)
    assert "EndpointConnectionError" in text
    assert seconds < 4.5


def test_without_credentials_of_its_own(sts: Proxy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A service without AWS credentials says so, and asks nobody."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    text, _ = refused(sts, StateError)
    assert "finds none in environment, files or metadata service" in text
    assert sts.paths == []


def test_another_account_is_refused(sts: Proxy) -> None:
    """Standards that name another account get nothing, and STS is not asked."""
    with pytest.raises(StateError, match="the accounts differ"):
        aws.issue(
            Account("dev", "999988887777", sts_endpoint=sts.url), SCOPE, project="shop", lease_id="l", principal="p"
        )
    assert sts.paths == []


def test_a_policy_without_bounds_is_never_sent(sts: Proxy) -> None:
    """A policy that the checker refuses, here for its length, goes to nobody: moto itself would take it."""
    long = Scope(
        ActionClass.DEPLOY, "payments", "production", protected=True, account="111122223333", region="eu-west-1",
        cluster="c", roles=tuple(f"payments-role-number-{number}" for number in range(40)),
    )  # fmt: skip
    with pytest.raises(PolicyError, match="is refused"):
        issued(sts, long)
    assert sts.paths == []

"""Which endpoint a registry's API has, and what the AWS library's errors become."""

from __future__ import annotations

import botocore.exceptions
import pytest

from imagemover.ecr import hosts
from imagemover.ecr.cloud import Cloud, clock
from imagemover.ecr.clouderrors import code_of, typed
from imagemover.errors import (
    BusyError,
    ConnectionLostError,
    CredentialError,
    DeniedError,
    ImageError,
    MissingError,
    RegistryError,
    TrustError,
)

ACCOUNT = "111122223333"
HOST = hosts.build(ACCOUNT, "eu-central-1")


@pytest.mark.parametrize(
    ("host", "endpoint"),
    [
        (HOST, "https://api.ecr.eu-central-1.amazonaws.com"),
        (hosts.build(ACCOUNT, "us-east-1", fips=True), "https://ecr-fips.us-east-1.amazonaws.com"),
        (hosts.build(ACCOUNT, "eu-west-1", dual_stack=True), "https://ecr.eu-west-1.api.aws"),
        (hosts.build(ACCOUNT, "cn-north-1"), "https://api.ecr.cn-north-1.amazonaws.com.cn"),
        (hosts.build(ACCOUNT, "us-gov-west-1"), "https://api.ecr.us-gov-west-1.amazonaws.com"),
        (hosts.build(ACCOUNT, "us-iso-east-1"), "https://api.ecr.us-iso-east-1.c2s.ic.gov"),
    ],
)
def test_the_api_is_asked_where_the_registry_is(
    monkeypatch: pytest.MonkeyPatch, host: hosts.Host, endpoint: str
) -> None:
    """FIPS, dual stack and each partition have the API's endpoint that belongs to the registry's host."""
    monkeypatch.delenv("AWS_ENDPOINT_URL_ECR", raising=False)
    cloud = Cloud()
    assert cloud._client(host, "ecr").meta.endpoint_url == endpoint
    cloud.close()


def answered(code: str, status: int = 400) -> botocore.exceptions.ClientError:
    """Give an error as the library makes it of an answer."""
    meta = {"HTTPStatusCode": status, "RequestId": "r-1"}
    return botocore.exceptions.ClientError(
        {"Error": {"Code": code, "Message": "why\x1b[31m"}, "ResponseMetadata": meta}, "X"
    )


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (answered("RepositoryNotFoundException"), MissingError),
        (answered("AccessDeniedException"), DeniedError),
        (answered("ExpiredTokenException"), DeniedError),
        (answered("ThrottlingException"), BusyError),
        (answered("Whatever", 503), BusyError),
        (answered("Whatever", 429), BusyError),
        (answered("InvalidParameterException"), RegistryError),
        (botocore.exceptions.NoCredentialsError(), CredentialError),
        (botocore.exceptions.ProfileNotFound(profile="x"), CredentialError),
        (botocore.exceptions.EndpointConnectionError(endpoint_url="https://x"), ConnectionLostError),
        (botocore.exceptions.ReadTimeoutError(endpoint_url="https://x"), ConnectionLostError),
        (botocore.exceptions.SSLError(endpoint_url="https://x", error="bad"), TrustError),
        (botocore.exceptions.ParamValidationError(report="x"), ImageError),
    ],
)
def test_each_error_has_its_type(error: Exception, kind: type[ImageError]) -> None:
    """What the library raises becomes the error that callers know, and only what may pass by itself is tried again."""
    found = typed(error, HOST, "describe_repositories")
    assert type(found) is kind
    assert found.again is (kind in {BusyError, ConnectionLostError})
    assert found.what
    assert found.why
    assert found.fix
    assert found.where == str(HOST)
    assert "\x1b" not in str(found)


def test_a_denied_operation_names_the_right() -> None:
    """The reader learns which right to ask for, and the request's id."""
    text = str(typed(answered("AccessDeniedException"), HOST, "put_lifecycle_policy"))
    assert "ecr:PutLifecyclePolicy" in text
    assert "r-1" in text


def test_the_clouds_own_code_is_kept() -> None:
    """The code of a chained error is found, of others there is none."""
    cause = answered("RepositoryAlreadyExistsException")
    with pytest.raises(ImageError) as caught:
        raise typed(cause, HOST, "create_repository") from cause
    assert code_of(caught.value) == "RepositoryAlreadyExistsException"
    assert not code_of(ImageError("x"))
    assert not code_of(None)


def test_what_is_not_the_librarys_goes_through() -> None:
    """A fault of our own is not dressed as one of ECR."""
    with pytest.raises(ZeroDivisionError):
        typed(ZeroDivisionError(), HOST, "x")


def test_the_time_is_that_of_who_answered() -> None:
    """A Date counts more than this machine's clock."""
    answer = {"ResponseMetadata": {"HTTPHeaders": {"date": "Thu, 01 Jan 1970 00:01:40 GMT"}}}
    assert clock(answer) == 100.0
    assert clock({}) > 1e9

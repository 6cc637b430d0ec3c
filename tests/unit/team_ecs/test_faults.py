"""Errors of AWS: each told with its operation, code and request id, in a kind that says what to do."""

from __future__ import annotations

import botocore.exceptions as theirs  # type: ignore[import-untyped]  # publishes no types
import botocore.parsers  # type: ignore[import-untyped]
import pytest

from team_ecs import faults
from team_ecs.place import Place
from waypaas_sdk.errors import BugError, CloudBusyError, CloudError, MissingError, PluginError, PolicyError, StateError

PLACE = Place("eu-west-1", "111122223333", "payments-dev")


def answered(code: str, status: int = 400, message: str = "because") -> theirs.ClientError:
    """Give an error as boto3 raises it when AWS has answered."""
    about = {"RequestId": "r-1", "HTTPStatusCode": status}
    return theirs.ClientError({"Error": {"Code": code, "Message": message}, "ResponseMetadata": about}, "CreateRule")


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("ThrottlingException", 400, CloudBusyError),
        ("Throttling", 400, CloudBusyError),
        ("Whatever", 429, CloudBusyError),
        ("Whatever", 503, CloudBusyError),
        ("ResourceInUse", 400, CloudBusyError),
        ("ExpiredToken", 403, StateError),
        ("ExpiredTokenException", 400, StateError),
        ("UnrecognizedClientException", 400, StateError),
        ("AccessDenied", 403, PolicyError),
        ("AccessDeniedException", 400, PolicyError),
        ("TargetGroupNotFound", 400, MissingError),
        ("ClusterNotFoundException", 400, MissingError),
        ("InvalidParameterException", 400, CloudError),
    ],
)
def test_answers(code: str, status: int, kind: type[PluginError]) -> None:
    """Each code of AWS becomes the kind of error that says whether to try again, sign in, or ask for rights."""
    found = faults.told(answered(code, status), "elbv2", "CreateRule", PLACE)
    assert type(found) is kind
    for part in ("elasticloadbalancing:CreateRule", code, "r-1", "eu-west-1", "111122223333"):
        assert part in str(found)
    assert found.fix


def test_a_scalable_target_that_is_not_there() -> None:
    """Application Auto Scaling tells a missing target by its text, whichever code it comes with."""
    error = answered("ValidationException", message="No scalable target found for service namespace: ecs")
    assert isinstance(faults.told(error, "application-autoscaling", "DeregisterScalableTarget", PLACE), MissingError)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (theirs.NoCredentialsError(), StateError),
        (theirs.ProfileNotFound(profile="x"), StateError),
        (theirs.EndpointConnectionError(endpoint_url="http://user:hunter2@x"), CloudBusyError),
        (theirs.ReadTimeoutError(endpoint_url="http://user:hunter2@x"), CloudBusyError),
        (theirs.ConnectionClosedError(endpoint_url="http://user:hunter2@x"), CloudBusyError),
        (theirs.ParamValidationError(report="hunter2"), BugError),
        (botocore.parsers.ResponseParserError("hunter2"), CloudError),
        (KeyError("hunter2"), CloudError),
    ],
)
def test_no_answer(error: Exception, kind: type[PluginError]) -> None:
    """What AWS's SDK raises by itself is told by its kind alone, as its text may hold anything."""
    found = faults.told(error, "ecs", "CreateService", PLACE)
    assert type(found) is kind
    assert "ecs:CreateService" in str(found)
    assert "hunter2" not in str(found)


def test_texts_of_aws_are_plain_and_short() -> None:
    """A message with escape codes, or without end, does not reach the terminal as it is."""
    text = str(faults.told(answered("X", message="\x1b[31m" + "a" * 5000), "ecs", "CreateService", PLACE))
    assert "\x1b" not in text
    assert len(text) < 1000

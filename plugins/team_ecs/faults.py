"""Errors of AWS and of its SDK, told in the SDK of Waypoint's words: operation, code, request id, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from waypaas_sdk.errors import BugError, CloudBusyError, CloudError, MissingError, PluginError, PolicyError, StateError

if TYPE_CHECKING:
    from team_ecs.place import Place

PREFIXES = {"elbv2": "elasticloadbalancing"}
"""Of an action in a policy, where boto3 calls the service otherwise."""

THROTTLED = frozenset({
    "Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException", "RequestLimitExceeded",
    "RequestThrottled", "RequestThrottledException", "SlowDown", "PriorRequestNotComplete", "ServerException",
    "ServiceUnavailable", "InternalFailure", "InternalError", "ConcurrentUpdateException", "UpdateInProgressException",
})  # fmt: skip
EXPIRED = frozenset({
    "ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException",
    "InvalidSignatureException", "SignatureDoesNotMatch", "MissingAuthenticationToken", "IncompleteSignature",
    "AuthFailure",
})  # fmt: skip
DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "UnauthorizedException"})
MISSING = frozenset({
    "ClusterNotFoundException", "ServiceNotFoundException", "ServiceNotActiveException", "TargetGroupNotFound",
    "RuleNotFound", "ListenerNotFound", "LoadBalancerNotFound", "ObjectNotFoundException",
    "ResourceNotFoundException", "NoSuchHostedZone", "InvalidGroup.NotFound", "InvalidSubnetID.NotFound",
})  # fmt: skip
MISSING_TEXT = "No scalable target found"
"""Comes with more codes than one."""

IN_USE = frozenset({"ResourceInUse", "ResourceInUseException"})

MOST_CHARACTERS = 400
BUSY_STATUS = 429
SERVER_STATUS = 500
SIGN_IN = "sign in to AWS again (`aws sso login`, or new AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN)"


def code_of(error: BaseException | None) -> str:
    """Give AWS's own code of an error that `told` made; empty if it has none."""
    response = getattr(getattr(error, "__cause__", None), "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def action(service: str, operation: str) -> str:
    """Write an operation as a policy names it: "elasticloadbalancing:CreateRule"."""
    return f"{PREFIXES.get(service, service)}:{operation}"


def told(error: Exception, service: str, operation: str, place: Place) -> PluginError:
    """Turn an error of boto3 into one for people.

    Args:
        error: Anything that a client raised.
        service: As boto3 calls it.
        operation: As AWS calls it.
        place: Where it was asked.

    Returns:
        The error to raise.
    """
    import botocore.exceptions as theirs  # type: ignore[import-untyped]  # noqa: PLC0415  # cloud calls only

    what = action(service, operation)
    where = f"AWS {place.region}" + (f", account {place.account}" if place.account else "")
    kind = type(error).__name__
    if isinstance(error, theirs.ClientError):
        return _answered(error.response, what, where)
    if isinstance(error, (theirs.NoCredentialsError, theirs.CredentialRetrievalError, theirs.PartialCredentialsError,
                          theirs.ProfileNotFound, theirs.TokenRetrievalError, theirs.SSOError)):  # fmt: skip
        return StateError(
            "there are no AWS credentials here", why=f"{what} needs them; {kind}", fix=SIGN_IN, where=where
        )
    if isinstance(error, theirs.ParamValidationError):
        return BugError(f"{what} was asked for in a form that it does not have", where=where)
    if isinstance(error, (theirs.HTTPClientError, theirs.ConnectionError)):
        return CloudBusyError(
            f"AWS gives no answer to {what}",
            why=kind,
            fix="see whether this machine reaches AWS, then try again",
            where=where,
        )
    return _unreadable(what, kind, where)


def cut_off(service: str, operation: str, place: Place) -> PluginError:
    """Tell that an answer holds nothing, again and again.

    Args:
        service: As boto3 calls it.
        operation: As AWS calls it.
        place: Where it was asked.

    Returns:
        The error to raise.
    """
    return _unreadable(action(service, operation), "it is cut off", f"AWS {place.region}")


def _unreadable(what: str, kind: str, where: str) -> CloudError:
    return CloudError(
        f"the answer to {what} cannot be read",
        why=f"{kind}: something between has changed it, or what answers is not AWS",
        fix="look at proxies on the way and at AWS_ENDPOINT_URL, then try again",
        where=where,
    )


def _answered(response: dict[str, Any], what: str, where: str) -> PluginError:
    error, about = response.get("Error", {}), response.get("ResponseMetadata", {})
    code, status = _plain(error.get("Code", "")), int(about.get("HTTPStatusCode") or 0)
    request = _plain(about.get("RequestId") or "unknown")
    why = f"{code}: {_plain(error.get('Message', ''))} (request {request})"
    if code in EXPIRED:
        return StateError(f"AWS does not accept the credentials for {what}", why=why, fix=SIGN_IN, where=where)
    if code in DENIED:
        fix = f"ask whoever gives you rights in AWS for the action {what}"
        return PolicyError(f"AWS does not permit {what}", why=why, fix=fix, where=where)
    if code in MISSING or str(error.get("Message", "")).startswith(MISSING_TEXT):
        fix = "see whether it was removed, and whether the standards name the right one"
        return MissingError(f"{what}: there is no such thing", why=why, fix=fix, where=where)
    if code in THROTTLED or status == BUSY_STATUS or status >= SERVER_STATUS:
        return CloudBusyError(f"AWS is too busy for {what}", why=why, fix="try again in a minute", where=where)
    if code in IN_USE:
        return CloudBusyError(f"{what}: it is in use", why=why, fix="remove what uses it, then try again", where=where)
    return CloudError(f"{what} failed", why=why, fix="mend what the message names, then try again", where=where)


def _plain(text: Any) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in str(text))[:MOST_CHARACTERS]

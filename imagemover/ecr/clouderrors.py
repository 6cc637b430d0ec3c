"""Gives our error for one of boto3: type, what happened, why, and what to do.

Owns the mapping. Imports botocore only when there is an error of it, and shows
of it codes, messages and request ids; never keys or tokens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from imagemover.ecr.hosts import Host

_TEXT_CHARACTERS = 400
_SERVER_ERRORS = 500
_TOO_MANY = 429

_BUSY = frozenset(
    {"Throttling", "ThrottlingException", "ThrottledException", "RequestLimitExceeded", "RequestThrottled",
     "RequestThrottledException", "TooManyRequestsException", "SlowDown", "BandwidthLimitExceeded",
     "PriorRequestNotComplete", "ServerException", "ServiceUnavailable", "InternalFailure", "InternalError"}
)  # fmt: skip
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized"})
_SIGN_IN = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "UnrecognizedClientException", "InvalidClientTokenId",
     "SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature", "MissingAuthenticationToken",
     "RequestExpired", "AuthFailure"}
)  # fmt: skip
_MISSING = frozenset(
    {"RepositoryNotFoundException", "ImageNotFoundException", "LayersNotFoundException",
     "RepositoryPolicyNotFoundException", "RegistryPolicyNotFoundException", "LifecyclePolicyNotFoundException"}
)  # fmt: skip
_CREDENTIALS = (
    "NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "ProfileNotFound",
    "ConfigParseError", "ConfigNotFound", "NoAuthTokenError", "TokenRetrievalError", "SSOError",
    "UnauthorizedSSOTokenError", "SSOTokenLoadError", "LoginError", "InvalidConfigError", "MetadataRetrievalError",
    "RefreshWithMFAUnsupportedError",
)  # fmt: skip


def code_of(error: BaseException | None) -> str:
    """Give the cloud's own code of an error that `typed` made.

    Args:
        error: The error.

    Returns:
        Such as "RepositoryAlreadyExistsException"; empty if it has none.
    """
    cause = error.__cause__ if error is not None else None
    response: dict[str, Any] = getattr(cause, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))


def typed(error: Exception, host: Host | None, doing: str) -> ImageError:
    """Give our error.

    Args:
        error: Of boto3 or botocore; one of ours comes back as it is.
        host: The registry; None if there is none yet.
        doing: The operation.

    Returns:
        The error; the cause is for the caller to chain.

    Raises:
        Exception: `error` itself, when it is not botocore's.
    """
    if isinstance(error, ImageError):
        return error
    from botocore import exceptions  # type: ignore[import-untyped]  # noqa: PLC0415  # imported by whoever raised

    where = str(host) if host is not None else "the AWS configuration"
    if isinstance(error, exceptions.ClientError):
        return _answered(error.response, where, doing)
    told = _plain(str(error))
    if isinstance(error, tuple(getattr(exceptions, name) for name in _CREDENTIALS if hasattr(exceptions, name))):
        fix = "sign in to AWS (`aws sso login`, or set AWS_PROFILE), or let the config service lend credentials"
        return CredentialError("there are no usable AWS credentials", told, fix, where)
    if isinstance(error, exceptions.SSLError):
        return TrustError(f"{where} cannot prove who it is", told, "look at AWS_CA_BUNDLE and at proxies", where)
    if isinstance(error, exceptions.HTTPClientError | exceptions.ConnectionError):
        return ConnectionLostError(f"the connection to ECR's API broke during {doing}", told, "try again", where)
    if isinstance(error, exceptions.BotoCoreError):
        return ImageError(f"{doing} could not be asked", told, "read what the AWS library says", where)
    raise error


def _answered(response: dict[str, Any], where: str, doing: str) -> ImageError:
    found = response.get("Error", {})
    meta = response.get("ResponseMetadata", {})
    code, status = str(found.get("Code", "")), int(meta.get("HTTPStatusCode", 0))
    request = f" (request {meta['RequestId']})" if meta.get("RequestId") else ""
    why = f"ECR answered {code}: {_plain(str(found.get('Message', '')))}{request}"
    if code in _BUSY or status >= _SERVER_ERRORS or status == _TOO_MANY:
        return BusyError(None, status, code, f"{doing}: ECR is busy", why, "try again later", where)
    if code in _DENIED:
        fix = f"ask the owner of the account for the right to ecr:{_action(doing)}"
        return DeniedError(f"{doing} is denied", why, fix, where)
    if code in _SIGN_IN:
        return DeniedError(f"{doing} is denied", why, "sign in to AWS anew; the credentials are not valid", where)
    if code in _MISSING:
        fix = "check account, region and name; the repository may have to be created first"
        return MissingError(f"{doing} found nothing", why, fix, where)
    return RegistryError(status, code, f"{doing} is refused", why, "read what ECR says", where)


def _action(operation: str) -> str:
    return "".join(part.capitalize() for part in operation.split("_"))


def _plain(text: str) -> str:
    return "".join(one if one.isprintable() else " " for one in text).strip()[:_TEXT_CHARACTERS]

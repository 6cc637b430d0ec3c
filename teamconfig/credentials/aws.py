"""Credentials of AWS for one action: AssumeRole with a session policy, tags and a source identity.

Blocking; a server calls it in a thread. Owns neither the policy
(`sessionpolicy`) nor the roles, which the platform team makes.
"""

from __future__ import annotations

import contextlib
import functools
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

import boto3  # type: ignore[import-untyped]  # boto3 and botocore publish no types
import botocore.config  # type: ignore[import-untyped]
import botocore.exceptions  # type: ignore[import-untyped]
import botocore.parsers  # type: ignore[import-untyped]

from teamconfig.credentials import names, retrying, sessionpolicy
from teamconfig.credentials.errors import CloudBusyError, CloudError, CredentialsError, MissingError, StateError

if TYPE_CHECKING:
    from teamconfig.credentials.places import Account
    from teamconfig.credentials.scope import Scope

SECONDS = 900
"""How long a session lasts: the least that STS gives, and the most that we do."""

_TIMEOUTS = (retrying.SECONDS, 2.0, 1.0, 0.5)
"""Seconds of an attempt; few, as each needs a client of its own."""

_SLACK = 0.1

_THROTTLED = {"Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException", "SlowDown"}
_OWN_CREDENTIALS = {"InvalidClientTokenId", "ExpiredToken", "ExpiredTokenException", "SignatureDoesNotMatch",
                    "UnrecognizedClientException", "IncompleteSignature", "MissingAuthenticationToken"}  # fmt: skip
_TOO_LARGE = {"PackedPolicyTooLarge", "PackedPolicyTooLargeException"}
_PARSER_LEAKS = (LookupError, AttributeError, TypeError)
"""What botocore's parser lets out when well-formed XML is not STS's."""

_CLIENT_ERRORS = range(400, 500)
_TOO_MANY = 429


@dataclass(frozen=True, slots=True)
class AwsCredentials:
    """What a client gets. Its secrets show in no repr.

    Args:
        access_key_id: Id of the key; stands in CloudTrail, and is no secret.
        secret_access_key: The key.
        session_token: Goes with it.
        region: Where to use them.
        expires: Seconds since 1970.
    """

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    region: str
    expires: int


def issue(account: Account, scope: Scope, *, project: str, lease_id: str, principal: str) -> AwsCredentials:
    """Get credentials that end by themselves after 15 minutes.

    Args:
        account: Where.
        scope: What for; its account is this one.
        project: Waypoint's project, for the tags.
        lease_id: Of the lease.
        principal: Key of who asks, "issuer|subject".

    Returns:
        The credentials.

    Raises:
        PolicyError: The session policy is not within the boundary; nothing was asked of AWS.
        MissingError: STS does not let the service assume the role: it is missing, or trusts somebody else.
        StateError: The service has no valid credentials of its own, or the request is too large for STS.
        CloudBusyError: STS is throttling, silent or out of reach for 3 seconds.
        CloudError: It answers with something else.
    """
    asked = request(account, scope, project=project, lease_id=lease_id, principal=principal)

    def attempt(left: float) -> Any:
        try:
            return _client(account, _fitting(left)).assume_role(**asked)
        except botocore.exceptions.ClientError as err:
            _refused(err, account, asked["RoleArn"])
        except (botocore.exceptions.NoCredentialsError, botocore.exceptions.CredentialRetrievalError,
                botocore.exceptions.PartialCredentialsError, botocore.exceptions.ProfileNotFound) as err:  # fmt: skip
            why = "the AWS SDK finds none in environment, files or metadata service"
            raise _own_credentials(why, account) from err
        except (botocore.parsers.ResponseParserError, *_PARSER_LEAKS) as err:
            raise _unreadable(account) from err
        except botocore.exceptions.BotoCoreError as err:
            what = f"STS of account {account.name} gives no answer"
            fix = "try again; if it goes on, see whether the service reaches sts_endpoint"
            raise CloudBusyError(what, f"it was asked for up to {retrying.SECONDS:g} s: {_kind(err)}", fix,
                                 f"account {account.name}") from err  # fmt: skip

    with contextlib.suppress(botocore.exceptions.BotoCoreError):  # the attempt tells it
        for seconds in _TIMEOUTS:
            _client(account, seconds)  # made once, and so slowly that it would eat up the time for STS
    deadline = time.monotonic() + retrying.SECONDS
    answer = retrying.until_deadline(attempt, deadline).get("Credentials", {})
    try:
        return AwsCredentials(
            access_key_id=str(answer["AccessKeyId"]),
            secret_access_key=str(answer["SecretAccessKey"]),
            session_token=str(answer["SessionToken"]),
            region=scope.region,
            expires=int(answer["Expiration"].timestamp()),
        )
    except (KeyError, AttributeError) as err:
        raise _unreadable(account) from err


def request(account: Account, scope: Scope, *, project: str, lease_id: str, principal: str) -> dict[str, Any]:
    """Write what AssumeRole is called with. Pure.

    Args:
        account: As in `issue`.
        scope: As in `issue`.
        project: As in `issue`.
        lease_id: As in `issue`.
        principal: As in `issue`.

    Returns:
        Keyword arguments of boto3's assume_role.

    Raises:
        PolicyError: As in `issue`.
        StateError: The scope is for another account.
    """
    if (scope.account, scope.partition) != (account.id, account.partition):
        why = f"account {account.name} is {account.id}, the standards say {scope.account}"
        fix = "mend accounts in service.yaml, or ecs.account in the standards"
        raise StateError("the accounts differ", why, fix, f"account {account.name}")
    tags = {
        "team": scope.team, "project": project, "environment": scope.environment, "lease": lease_id,
        "owner": scope.owner,
    }  # fmt: skip
    asked: dict[str, Any] = {
        "RoleArn": account.role_arn(scope.team, scope.environment),
        "RoleSessionName": names.session(scope.team, scope.environment, lease_id),
        "SourceIdentity": names.source_identity(principal),
        "DurationSeconds": SECONDS,
        "Policy": sessionpolicy.build(scope),
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
    }
    if account.external_id:
        asked["ExternalId"] = account.external_id.format(team=scope.team, environment=scope.environment)
    return asked


def _fitting(left: float) -> float:
    """Choose the longest of our timeouts that the rest of the deadline has room for."""
    return next((seconds for seconds in _TIMEOUTS if seconds <= left + _SLACK), _TIMEOUTS[-1])


@functools.lru_cache(maxsize=256)
def _client(account: Account, seconds: float) -> Any:
    config = botocore.config.Config(
        connect_timeout=seconds / 3,
        read_timeout=seconds * 2 / 3,
        retries={"total_max_attempts": 1},  # `retrying` knows the deadline, botocore does not
        region_name=account.sts_region,
    )
    return _session(account.profile).client("sts", config=config, endpoint_url=account.sts_endpoint or None)


@functools.lru_cache(maxsize=16)
def _session(profile: str) -> Any:
    return boto3.session.Session(profile_name=profile or None)


def _kind(err: Exception) -> str:
    """Name an error of the SDK, whose text may hold a URL with what was asked."""
    return type(err).__name__


def _printable(text: Any) -> str:
    return "".join(sign for sign in str(text)[:64] if sign.isprintable())


def _unreadable(account: Account) -> CloudError:
    why = "what answers at its address is not STS, or something between has changed the answer"
    fix = "look at sts_endpoint in service.yaml, and at proxies on the way"
    return CloudError("the answer of STS cannot be read", why, fix, f"account {account.name}")


def _refused(err: botocore.exceptions.ClientError, account: Account, role: str) -> NoReturn:
    metadata = err.response.get("ResponseMetadata", {})
    status = int(metadata.get("HTTPStatusCode", 0))
    code = _printable(err.response.get("Error", {}).get("Code", ""))
    where = f"account {account.name}, role {role}"
    own = f"STS says {code or 'nothing'} (status {status}, request {_printable(metadata.get('RequestId', 'unknown'))})"
    raise _typed(code, status, own, account, where) from err


def is_busy(code: str, status: int) -> bool:
    """Tell whether an answer of AWS is one to ask again after.

    Args:
        code: AWS's own.
        status: Of HTTP; 0 if it is not known.

    Returns:
        Whether it is throttling, or has a fault of its own.
    """
    return code in _THROTTLED or status == _TOO_MANY or (status != 0 and status not in _CLIENT_ERRORS)


def _typed(code: str, status: int, own: str, account: Account, where: str) -> CredentialsError:
    if is_busy(code, status):
        what = f"STS of account {account.name} is busy"
        return CloudBusyError(what, own, "try again in a moment", where)
    if code in _OWN_CREDENTIALS:
        return _own_credentials(own, account)
    if code in {"AccessDenied", "AccessDeniedException"}:
        why = f"{own}: the role is missing, or its trust does not permit the service AssumeRole, TagSession and \
SetSourceIdentity with this external id"
        fix = "make the role as docs/service/credentials.md shows, for this team and environment"
        return MissingError("the service may not assume the team's role", why, fix, where)
    if code in _TOO_LARGE:
        fix = "name fewer roles and log groups in the standards"
        return StateError("policy and tags are too large for STS", own, fix, where)
    return CloudError("STS gave no credentials", own, "look up the code in the documentation of AssumeRole", where)


def _own_credentials(why: str, account: Account) -> StateError:
    fix = "give the service an identity of its own: a role of its pod or task, see docs/service/credentials.md"
    return StateError("the service has no valid AWS credentials of its own", why, fix, f"account {account.name}")

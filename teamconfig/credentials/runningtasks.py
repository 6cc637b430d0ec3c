"""Whether an image runs as tasks of ECS: seen by the service itself, whatever its holder says.

Blocking; a server calls it in a thread. Names and tags are those that team-ecs
gives: the tags decide, a name says only where it is worth looking.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from typing import TYPE_CHECKING, Any

import boto3  # type: ignore[import-untyped]  # boto3 and botocore publish no types
import botocore.config  # type: ignore[import-untyped]
import botocore.exceptions  # type: ignore[import-untyped]
import botocore.parsers  # type: ignore[import-untyped]

from teamconfig.credentials import aws, retrying
from teamconfig.credentials.errors import CloudBusyError, CloudError
from teamconfig.tree import PREVIEW

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from teamconfig.credentials.aws import AwsCredentials
    from teamconfig.credentials.places import Account
    from teamconfig.credentials.scope import Scope

SECONDS = 4.0
"""For credentials and all questions; none is begun afterwards."""

MOST_CALLS = 60
"""For one look."""

PRINCIPAL = "waypaas|witness"
"""In whose name the service looks: its own."""

_CONNECT_SECONDS = 1.0
_READ_SECONDS = 2.0
_SERVICES_TOGETHER = 10
_LISTED_TOGETHER = 100
"""Names in one page; a DescribeTasks takes as many."""

_STRANGE = (LookupError, TypeError, AttributeError)
"""What reading an answer raises that is not ECS's."""

_MAX_NAME = 32
_MAX_TAG_VALUE = 256
_BEGINNING = 8
"""Signs of an app's name that its services have in full."""


def seen(account: Account, scope: Scope, *, project: str, app: str, digest: str) -> bool:
    """Look whether a service of an app runs an image in the scope's environment.

    Previews run beside the environment, and are left out.

    Args:
        account: Where to look.
        scope: Of class WITNESS, for the environment and its cluster.
        project: Waypoint's project.
        app: Waypoint's app.
        digest: "sha256:" and 64 hex digits.

    Returns:
        Whether one has at least one task that runs it, and that is not unhealthy.

    Raises:
        CredentialsError: The account cannot be asked, or gives no answer in time.
    """
    deadline = time.monotonic() + SECONDS
    lease = f"witness-{secrets.token_hex(8)}"
    made = aws.issue(account, scope, project=project, lease_id=lease, principal=PRINCIPAL)
    look = _Look(_client(account, made), account, deadline)
    try:
        return any(
            runs(task, app, digest)
            for service in look.services(scope.cluster, app)
            if is_release(service, scope, project, app)
            for task in look.tasks(scope.cluster, str(service["serviceName"]))
        )
    except _STRANGE as err:
        raise _unreadable(account) from err
    finally:
        look.close()


def is_release(service: Mapping[str, Any], scope: Scope, project: str, app: str) -> bool:
    """Tell whether a service is an app's own in an environment, and no preview's. Pure.

    Args:
        service: As DescribeServices tells it, with its tags.
        scope: Of the environment.
        project: Waypoint's project.
        app: Waypoint's app.

    Returns:
        Whether it is.
    """
    tags = {str(tag["key"]): str(tag.get("value", "")) for tag in service.get("tags") or ()}
    wanted = {"owner": scope.owner, "project": project, "app": app}
    workspace = tags.get("waypaas:workspace", "")
    if workspace.startswith(PREVIEW) and workspace != scope.environment:
        return False
    mine = all(tags.get(f"waypaas:{key}") == tag_value(value) for key, value in wanted.items())
    return mine and service.get("status") == "ACTIVE"


def runs(task: Mapping[str, Any], app: str, digest: str) -> bool:
    """Tell whether a task runs an image as its app; what runs beside it counts for nothing. Pure.

    Args:
        task: As DescribeTasks tells it.
        app: Waypoint's app.
        digest: Of the image.

    Returns:
        Whether it does.
    """
    if not digest or task.get("lastStatus") != "RUNNING" or task.get("desiredStatus", "RUNNING") != "RUNNING":
        return False
    return task.get("healthStatus") != "UNHEALTHY" and any(
        each.get("imageDigest") == digest or str(each.get("image", "")).endswith(f"@{digest}")
        for each in task.get("containers") or ()
        if each.get("name") == container(app)
    )


def container(app: str) -> str:
    """Name the app's container, as team-ecs does."""
    return re.sub(r"[^a-z0-9-]+", "-", app.lower()).strip("-")[:_MAX_NAME].rstrip("-") or "app"


def tag_value(text: str) -> str:
    """Make a text fit for a tag's value, as team-ecs does."""
    value = re.sub(r"[^\w\s+\-=.:/@]", "_", text)
    if value == text and len(text) <= _MAX_TAG_VALUE:
        return text
    return f"{value[: _MAX_TAG_VALUE - 9]}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def may_be_of(name: str, app: str) -> bool:
    """Tell whether a service may be an app's, by how team-ecs names services; its tags decide."""
    start = re.sub(r"[^a-z0-9]+", "-", app.lower()).strip("-")[:_BEGINNING]
    return name.startswith((start, f"x-{start}"))


class _Look:
    """Questions to one account, as many as there is time for.

    Args:
        client: Of ECS; closed with this.
        account: For errors.
        deadline: On `time.monotonic`.
    """

    def __init__(self, client: Any, account: Account, deadline: float) -> None:
        self._client, self._account, self._deadline = client, account, deadline
        self._calls = MOST_CALLS

    def close(self) -> None:
        """End the connection."""
        self._client.close()

    def services(self, cluster: str, app: str) -> Iterator[Mapping[str, Any]]:
        """Read the services whose names may be the app's, with their tags."""
        arns = [
            arn
            for arn in self._pages("list_services", "serviceArns", cluster=cluster)
            if may_be_of(arn.rpartition("/")[2], app)
        ]
        for start in range(0, len(arns), _SERVICES_TOGETHER):
            some = arns[start : start + _SERVICES_TOGETHER]
            yield from self._ask("describe_services", cluster=cluster, services=some, include=["TAGS"])["services"]

    def tasks(self, cluster: str, service: str) -> Iterator[Mapping[str, Any]]:
        """Read the tasks of a service that shall run."""
        arns = list(self._pages("list_tasks", "taskArns", cluster=cluster, serviceName=service))
        for start in range(0, len(arns), _LISTED_TOGETHER):
            yield from self._ask("describe_tasks", cluster=cluster, tasks=arns[start : start + _LISTED_TOGETHER])[
                "tasks"
            ]

    def _pages(self, operation: str, key: str, **parameters: Any) -> Iterator[str]:
        while True:
            answer = self._ask(operation, maxResults=_LISTED_TOGETHER, **parameters)
            yield from answer[key]
            if not answer.get("nextToken"):
                return
            parameters["nextToken"] = answer["nextToken"]

    def _ask(self, operation: str, **parameters: Any) -> Mapping[str, Any]:
        def attempt(_left: float) -> Mapping[str, Any]:
            self._calls -= 1
            if self._calls < 0 or time.monotonic() > self._deadline:
                why = f"there are {SECONDS:g} s and {MOST_CALLS} calls for it"
                raise _failed("looking what runs takes too long", why, self._account)
            try:
                answer: Mapping[str, Any] = getattr(self._client, operation)(**parameters)
            except botocore.exceptions.ClientError as err:
                raise _refused(err, operation, self._account) from err
            except botocore.exceptions.BotoCoreError as err:
                what, place = "ECS gives no answer", f"account {self._account.name}"
                raise CloudBusyError(what, type(err).__name__, "try again in a moment", place) from err
            except (botocore.parsers.ResponseParserError, *_STRANGE) as err:
                raise _unreadable(self._account) from err
            return answer

        return retrying.until_deadline(attempt, self._deadline)


def _client(account: Account, made: AwsCredentials) -> Any:
    """Make a client of ECS, in a session of its own: sessions are not for several threads."""
    config = botocore.config.Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        retries={"total_max_attempts": 1},  # `retrying` knows the deadline, botocore does not
    )
    try:
        keys = made.access_key_id, made.secret_access_key, made.session_token
        session = boto3.session.Session(*keys, made.region, profile_name=account.profile or None)
        return session.client("ecs", config=config)
    except (botocore.exceptions.BotoCoreError, ValueError) as err:  # an address in the AWS configuration that is none
        raise _failed("ECS cannot be asked", type(err).__name__, account) from err


def _refused(err: botocore.exceptions.ClientError, operation: str, account: Account) -> CloudError | CloudBusyError:
    code, metadata = str(err.response.get("Error", {}).get("Code", "")), err.response.get("ResponseMetadata", {})
    status = int(metadata.get("HTTPStatusCode", 0))
    why = f"{operation} is answered by {code[:64]!r} (status {status})"
    if aws.is_busy(code, status):
        return CloudBusyError("ECS is busy", why, "try again in a moment", f"account {account.name}")
    return _failed("ECS refuses to tell what runs", why, account)


def _failed(what: str, why: str, account: Account) -> CloudError:
    fix = "see docs/service/credentials.md for what the team's role needs"
    return CloudError(what, why, fix, f"account {account.name}")


def _unreadable(account: Account) -> CloudError:
    why = "what answers at its address is not ECS, or something between has changed the answer"
    fix = "look at proxies on the way to ECS"
    return CloudError("the answer of ECS cannot be read", why, fix, f"account {account.name}")

"""Credentials of Kubernetes for one action: a token of a service account, bound to a Secret whose removal ends it.

Blocking; a server calls it in a thread. Owns neither the rights that a token
has (`rbac`) nor the record of leases, which is `state`'s; `sweep` removes what
a crash has left.
"""

from __future__ import annotations

import base64
import binascii
import json
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from teamconfig.credentials import cluster as clusters
from teamconfig.credentials import names, rbac, retrying
from teamconfig.credentials.errors import CredentialsError, MissingError, PolicyError, StateError
from teamconfig.credentials.names import ActionClass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from teamconfig.credentials.places import Cluster
    from teamconfig.credentials.rbac import Right

MIN_SECONDS, MAX_SECONDS = 600, 900
"""What the API server gives at least, and what we give at most."""

_CLEANING_SECONDS = 1.0
"""For the removal of a lease whose token nobody gets; what is left is for `sweep`."""

_SHOWN = 5
_NOT_FOUND, _CONFLICT = 404, 409


@dataclass(frozen=True, slots=True)
class KubernetesCredentials:
    """What a client gets. Its token shows in no repr.

    Args:
        server: URL of the API server.
        certificate_authority: PEM; empty if the server's certificate is from a public one.
        token: Of the service account.
        namespace: The only one in which the token is good for this app.
        expires: Seconds since 1970.
        cluster: Name of the cluster in the service's configuration.
    """

    server: str
    certificate_authority: str
    token: str = field(repr=False)
    namespace: str
    expires: int
    cluster: str


def issue(
    cluster: Cluster,
    *,
    team: str,
    environment: str,
    protected: bool,
    namespace: str,
    lease_id: str,
    action: str,
    seconds: int = MIN_SECONDS,
) -> KubernetesCredentials:
    """Get a token for one action.

    What the token may do is read back from the API server before it is handed
    out: all that the action needs, and no way into a container that it must not have.

    Args:
        cluster: Where.
        team: Whose service account.
        environment: Of the company.
        protected: Whether it is a protected environment.
        namespace: Where the app runs.
        lease_id: Names the Secret that the token is bound to; new for each call.
        action: Word of `policy.words.Action`: "deploy", "logs", "exec", ...
        seconds: How long the token holds unless it is revoked, 600 to 900.

    Returns:
        The credentials.

    Raises:
        PolicyError: The action may have none, or the token would open a shell that it must not.
        MissingError: Service account, Role or binding are missing; names what to apply.
        StateError: The service has no rights at the cluster, or the cluster gives tokens that live too long.
        CloudBusyError: The API server is throttling, silent or out of reach for 3 seconds.
        CloudError: It answers with something else.
        ValueError: `seconds` is out of bounds.
    """
    if not MIN_SECONDS <= seconds <= MAX_SECONDS:
        raise ValueError(f"seconds={seconds} is not within {MIN_SECONDS} and {MAX_SECONDS}")
    kind = names.action_class(action, "kubernetes", protected=protected)
    account = names.service_account(team, environment, kind)
    deadline = time.monotonic() + retrying.SECONDS
    connection = clusters.connect(cluster)
    lease = _lease(lease_id, team, environment, kind, int(time.time()) + seconds)
    uid = _bind(connection, lease, deadline)
    try:
        token, expires = _token(connection, account, lease["metadata"]["name"], uid, seconds, deadline)
        _require_rights(connection, token, account, namespace, kind, deadline)
    except BaseException:
        with suppress(CredentialsError):  # the first error is the one to tell; `sweep` finds the Secret
            _end(connection, lease_id, time.monotonic() + _CLEANING_SECONDS)
        raise
    return KubernetesCredentials(
        cluster.server or connection.host, connection.authority(), token, namespace, expires, cluster.name
    )


def revoke(cluster: Cluster, lease_id: str) -> bool:
    """End the token of a lease.

    A server that has seen the token in the last 10 seconds remembers it until those are over; others refuse it at once.

    Args:
        cluster: Where it was issued.
        lease_id: As given to `issue`.

    Returns:
        Whether there was something to end.

    Raises:
        CredentialsError: As in `issue`; the token lives on until it expires.
    """
    return _end(clusters.connect(cluster), lease_id, time.monotonic() + retrying.SECONDS)


def _end(connection: clusters.Connection, lease_id: str, deadline: float) -> bool:
    path = f"{_SECRETS}/{names.lease(lease_id)}"
    return connection.ask("DELETE", path, None, "end the lease", deadline, accept=(_NOT_FOUND,)) is not None


def sweep(cluster: Cluster, now: float) -> int:
    """Remove the Secrets of leases that are over, which nobody has closed.

    Args:
        cluster: Where to look.
        now: Seconds since 1970.

    Returns:
        How many were removed.

    Raises:
        CredentialsError: As in `issue`.
    """
    connection = clusters.connect(cluster)
    deadline = time.monotonic() + retrying.SECONDS
    path = f"{_SECRETS}?labelSelector={names.LEASE_LABEL}&limit=500"
    found = connection.ask("GET", path, None, "list leases", deadline) or {}
    removed = 0
    for secret in found.get("items", ()):
        ends = str(secret["metadata"].get("annotations", {}).get(names.EXPIRES_ANNOTATION, ""))
        if ends.isdecimal() and int(ends) < now:
            path = f"{_SECRETS}/{secret['metadata']['name']}"
            deadline = time.monotonic() + retrying.SECONDS
            connection.ask("DELETE", path, None, "remove a lease that is over", deadline, accept=(_NOT_FOUND,))
            removed += 1
    return removed


_CORE = f"/api/v1/namespaces/{names.RIGHTS_NAMESPACE}"
_SECRETS = f"{_CORE}/secrets"


def _lease(lease_id: str, team: str, environment: str, kind: ActionClass, ends: int) -> dict[str, Any]:
    labels = names.MANAGED | {
        names.LEASE_LABEL: names.part(lease_id),
        names.TEAM_LABEL: names.part(team),
        names.ENVIRONMENT_LABEL: names.part(environment),
        names.CLASS_LABEL: str(kind),
    }
    annotations = {names.EXPIRES_ANNOTATION: str(ends)}
    metadata = {"name": names.lease(lease_id), "labels": labels, "annotations": annotations}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "immutable": True}


def _bind(connection: clusters.Connection, lease: dict[str, Any], deadline: float) -> str:
    """Make the Secret and give its uid."""
    made = connection.ask("POST", _SECRETS, lease, "make the lease", deadline, accept=(_NOT_FOUND, _CONFLICT))
    name = lease["metadata"]["name"]
    if made is None:
        why = f"namespace {names.RIGHTS_NAMESPACE} is missing, or Secret {name} is there already"
        raise MissingError("there can be no lease", why, _APPLY, f"cluster {connection.name}")
    try:
        return str(made["metadata"]["uid"])
    except (LookupError, TypeError) as err:
        raise connection.unreadable("make the lease") from err


def _token(
    connection: clusters.Connection, account: str, secret: str, uid: str, seconds: int, deadline: float
) -> tuple[str, int]:
    bound = {"apiVersion": "v1", "kind": "Secret", "name": secret, "uid": uid}
    body = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"expirationSeconds": seconds, "boundObjectRef": bound},
    }
    path = f"{_CORE}/serviceaccounts/{account}/token"
    answer = connection.ask("POST", path, body, f"get a token of {account}", deadline, accept=(_NOT_FOUND,))
    where = f"cluster {connection.name}, ServiceAccount {names.RIGHTS_NAMESPACE}/{account}"
    if answer is None:
        why = "the service account that carries the team's rights was never made there"
        raise MissingError("there are no credentials for this team and environment", why, _APPLY, where)
    try:
        token = str(answer["status"]["token"])
    except (LookupError, TypeError) as err:
        raise connection.unreadable(f"get a token of {account}") from err
    begins, ends = _times(token)
    if ends - begins > MAX_SECONDS:
        why = f"the API server gave one for {ends - begins} s, more than {MAX_SECONDS} s; it was revoked"
        fix = "let the cluster give tokens as short as they are asked for (--service-account-extend-token-expiration)"
        raise StateError("the token lives too long", why, fix, where)
    return token, ends


def _times(token: str) -> tuple[int, int]:
    """Read from when to when a token holds, by the API server's clock; nothing if it does not say."""
    try:
        middle = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
        return int(claims["iat"]), int(claims["exp"])
    except (IndexError, KeyError, TypeError, ValueError, binascii.Error):
        return 0, MAX_SECONDS + 1


def _require_rights(
    connection: clusters.Connection, token: str, account: str, namespace: str, kind: ActionClass, deadline: float
) -> None:
    """Compare what the token may do with what it has to, and must not."""
    rules, complete = connection.rules(token, namespace, deadline)
    where = f"cluster {connection.name}, namespace {namespace}, ServiceAccount {account}"
    doors = {door for door in rbac.SHELLS if not (kind is ActionClass.EXEC and door == "pods/exec")}
    if opened := sorted(door for door in doors if _reaches(rules, "", door)):
        why = f"somebody has given its account {', '.join(opened)}, through which one gets into a container"
        fix = "remove the binding that gives it; only what rbac makes may be bound to this account"
        raise PolicyError("the token could do more than it may", why, fix, where)
    lacking = sorted(right for right in rbac.rights(kind) if not _permits(rules, right))
    if lacking and complete:
        shown = ", ".join(f"{verb} {resource}" for _, resource, verb in lacking[:_SHOWN])
        why = f"Role {names.role(kind)} or its binding is missing or old: the account may not {shown}"
        raise MissingError("the team's account has not the rights that the action needs", why, _APPLY, where)


def _permits(rules: Iterable[clusters.Rule], right: Right) -> bool:
    group, resource, verb = right
    return any(
        _covers(rule.groups, group) and _covers(rule.resources, resource) and _covers(rule.verbs, verb)
        for rule in rules
        if not rule.names
    )


def _reaches(rules: Iterable[clusters.Rule], group: str, resource: str) -> bool:
    """Tell whether any verb on a resource is allowed, by name or for all."""
    parts = resource.partition("/")
    patterns = (resource, f"{parts[0]}/*", f"*/{parts[2]}")
    return any(
        _covers(rule.groups, group) and any(_covers(rule.resources, pattern) for pattern in patterns) for rule in rules
    )


def _covers(listed: tuple[str, ...], wanted: str) -> bool:
    return wanted in listed or "*" in listed


_APPLY = "let the platform team apply what `python -m teamconfig.credentials STANDARDS` prints, with kubectl"

"""A cluster as the service reaches it: connections with a deadline, and typed errors out of the API server's answers.

Owns the official client. What is asked for is `kubernetes`'.
"""

from __future__ import annotations

import functools
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import urllib3.exceptions
from kubernetes import client, config
from kubernetes.config.config_exception import ConfigException

from teamconfig.credentials import retrying
from teamconfig.credentials.errors import CloudBusyError, CloudError, CredentialsError, StateError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from teamconfig.credentials.places import Cluster

_OK = range(200, 300)
_UNAUTHORIZED, _FORBIDDEN, _TOO_MANY, _SERVER_ERROR = 401, 403, 429, 500
_MAX_TEXT = 300


@dataclass(frozen=True, slots=True)
class Rule:
    """What somebody may do, as the API server says.

    Args:
        groups: API groups.
        resources: With their subresources.
        verbs: As in a Role.
        names: The only ones that it holds for; empty for all.
    """

    groups: tuple[str, ...]
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    names: tuple[str, ...]


def connect(cluster: Cluster) -> Connection:
    """Give the connection to a cluster, which is kept.

    Args:
        cluster: The cluster.

    Returns:
        The connection; no request was made.

    Raises:
        StateError: There is no kubeconfig, or nothing usable in it.
    """
    return _connection(cluster)


class Connection:
    """The API server of a cluster. May be used from several threads.

    Args:
        cluster: The cluster.
        configuration: Of the official client.
    """

    def __init__(self, cluster: Cluster, configuration: client.Configuration) -> None:
        self._cluster = cluster
        self._configuration = configuration
        self._api = client.ApiClient(configuration)

    @property
    def name(self) -> str:
        """Of the cluster."""
        return self._cluster.name

    @property
    def host(self) -> str:
        """URL of the API server, as the service reaches it."""
        return str(self._configuration.host)

    def authority(self) -> str:
        """Give the PEM by which clients know the server; empty for a public one."""
        if self._cluster.certificate_authority:
            return self._cluster.certificate_authority
        path = self._configuration.ssl_ca_cert
        return Path(path).read_text(encoding="ascii") if path else ""

    def ask(
        self, method: str, path: str, body: Any, what: str, deadline: float, *, accept: Iterable[int] = ()
    ) -> dict[str, Any] | None:
        """Make a request as the service, again while the server is busy.

        Args:
            method: Of HTTP.
            path: With its query.
            body: To be sent as JSON; None for nothing.
            what: It does, for errors: "make the lease".
            deadline: On `time.monotonic`.
            accept: Statuses that are no error.

        Returns:
            The answer; None for a status of `accept`.

        Raises:
            StateError: The server refuses the service.
            CloudBusyError: It is busy or silent until the deadline.
            CloudError: It answers with something else.
        """
        accepted = tuple(accept)
        return retrying.until_deadline(
            lambda left: self._ask(self._api, method, path, body, what, left, accepted), deadline
        )

    def rules(self, token: str, namespace: str, deadline: float) -> tuple[list[Rule], bool]:
        """Ask what the holder of a token may do in a namespace.

        Args:
            token: Of a service account.
            namespace: To ask about.
            deadline: On `time.monotonic`.

        Returns:
            Rules, and whether these are all: an authorizer outside of the cluster cannot list its own.

        Raises:
            CredentialsError: As in `ask`.
        """
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectRulesReview",
            "spec": {"namespace": namespace},
        }
        path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
        holder = client.ApiClient(self._bare(token))  # no certificate of ours, which would win over the token
        try:
            answer = retrying.until_deadline(
                lambda left: self._ask(holder, "POST", path, body, "read the token's rights", left, ()), deadline
            )
        finally:
            holder.rest_client.pool_manager.clear()
        try:
            status = (answer or {})["status"]
            rules = [
                Rule(*(tuple(each.get(key) or ()) for key in ("apiGroups", "resources", "verbs", "resourceNames")))
                for each in status["resourceRules"]
            ]
            return rules, not status.get("incomplete", False)
        except (LookupError, TypeError, AttributeError) as err:
            raise self.unreadable("read the token's rights") from err

    def read_as(self, token: str, path: str, what: str, deadline: float) -> dict[str, Any]:
        """Read something with somebody's token.

        Args:
            token: Of a service account.
            path: With its query.
            what: It does, for errors.
            deadline: On `time.monotonic`.

        Returns:
            The answer.

        Raises:
            CredentialsError: As in `ask`.
        """
        holder = client.ApiClient(self._bare(token))
        try:
            return retrying.until_deadline(
                lambda left: self._ask(holder, "GET", path, None, what, left, ()), deadline
            ) or {}  # fmt: skip
        finally:
            holder.rest_client.pool_manager.clear()

    def _bare(self, token: str) -> client.Configuration:
        ours, bare = self._configuration, client.Configuration()
        bare.host, bare.ssl_ca_cert, bare.verify_ssl = ours.host, ours.ssl_ca_cert, ours.verify_ssl
        bare.proxy, bare.tls_server_name, bare.retries = ours.proxy, ours.tls_server_name, False
        bare.api_key = {"authorization": f"Bearer {token}"}
        return bare

    def _ask(
        self, api: client.ApiClient, method: str, path: str, body: Any, what: str, left: float, accept: tuple[int, ...]
    ) -> dict[str, Any] | None:
        headers = {"Accept": "application/json"} | ({"Content-Type": "application/json"} if body is not None else {})
        began = time.monotonic()
        try:
            bearer = api.configuration.auth_settings().get("BearerToken")  # looked up anew, as the client renews it
            headers |= {str(bearer["key"]): str(bearer["value"])} if bearer else {}
            response = api.rest_client.pool_manager.request(
                method,
                f"{api.configuration.host}{path}",
                body=json.dumps(body).encode() if body is not None else None,
                headers=headers,
                timeout=urllib3.Timeout(total=left),
                retries=False,
            )
        except urllib3.exceptions.HTTPError as err:
            why = f"it was asked to {what}, and after {time.monotonic() - began:.1f} s there was {type(err).__name__}"
            fix = "try again; if it goes on, see whether the service reaches the cluster"
            raise CloudBusyError(f"cluster {self.name} gives no answer", why, fix, f"cluster {self.name}") from err
        if response.status in accept:
            return None
        if response.status not in _OK:
            raise self._refused(response, what)
        found: Any = _json(response.data)
        if not isinstance(found, dict):
            raise self.unreadable(what)
        return found

    def unreadable(self, what: str) -> CloudError:
        """Give the error for an answer that is not the API server's.

        Args:
            what: Was asked.
        """
        why = f"asked to {what}, something says yes in words that are not the API server's"
        fix = f"look at clusters.{self.name} in service.yaml, and at proxies on the way"
        return CloudError(f"the answer of cluster {self.name} cannot be read", why, fix, f"cluster {self.name}")

    def _refused(self, response: Any, what: str) -> CredentialsError:
        status = response.status
        said = _json(response.data)
        message = str(said.get("message", ""))[:_MAX_TEXT] if isinstance(said, dict) else ""
        text = "".join(sign for sign in message if sign.isprintable())
        where = f"cluster {self.name}"
        own = f"asked to {what}, the API server says {status}: {text or 'nothing'}"
        if status == _TOO_MANY or status >= _SERVER_ERROR:
            after = response.headers.get("Retry-After", "")
            wait = float(after) if after.isdecimal() else 0.0
            return CloudBusyError(f"cluster {self.name} is busy", own, "try again in a moment", where, wait)
        if status == _UNAUTHORIZED:
            _connection.cache_clear()  # what the kubeconfig holds may have been renewed
            return StateError("the cluster does not know the service", own, "renew its kubeconfig", where)
        if status == _FORBIDDEN:
            fix = "apply Role and RoleBinding waypaas-issuer, which `python -m teamconfig.credentials STANDARDS` prints"
            return StateError("the cluster refuses the service", own, fix, where)
        return CloudError("the cluster gave no credentials", own, "look at the API server's log", where)


@functools.lru_cache(maxsize=64)
def _connection(cluster: Cluster) -> Connection:
    configuration = client.Configuration()
    try:
        if cluster.kubeconfig:
            config.load_kube_config(  # type: ignore[no-untyped-call]
                config_file=cluster.kubeconfig,
                context=cluster.context or None,
                client_configuration=configuration,
                persist_config=False,
            )
        else:
            config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
    except (ConfigException, OSError, ValueError, KeyError, TypeError) as err:
        way = f"kubeconfig {cluster.kubeconfig}" if cluster.kubeconfig else "the pod's own service account"
        why = f"{way} cannot be used ({type(err).__name__})"
        fix = f"mend clusters.{cluster.name} in service.yaml"
        raise StateError(f"there is no way to cluster {cluster.name}", why, fix, f"cluster {cluster.name}") from err
    return Connection(cluster, configuration)


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return None

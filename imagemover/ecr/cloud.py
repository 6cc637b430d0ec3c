"""ECR's own API by boto3: one client for each registry, our patience, our errors.

Owns credentials' way in (`Session`), retries and pages. Knows no setting and no
image. boto3 is imported here alone, by the first call.
"""

from __future__ import annotations

import email.utils
import os
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from imagemover.ecr import hosts
from imagemover.ecr.clouderrors import code_of, typed
from imagemover.errors import DeniedError, ManifestError
from imagemover.patience import Gate, Patience

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagemover.ecr.hosts import Host

Session = Callable[[str, str], Any]
"""Gives a boto3.Session by region and account; the account is empty for the caller's own. Asked again when the
credentials of the last one have expired."""

MOST_PAGES = 10_000
_CONNECT_SECONDS = 5.0
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_WITHOUT_REGISTRY_ID = frozenset(
    {"get_authorization_token", "describe_registry", "get_registry_policy", "list_tags_for_resource",
     "tag_resource", "untag_resource"}
)  # fmt: skip


def own_session(region: str, _account: str) -> Any:
    """Use the user's own credentials, as boto3 finds them.

    Args:
        region: Of the session.

    Returns:
        A boto3.Session.
    """
    import boto3  # type: ignore[import-untyped]  # noqa: PLC0415  # half a second, and not every run needs it

    return boto3.Session(region_name=region)


def own_region(wanted: str = "") -> str:
    """Choose the region as the user has set it.

    Args:
        wanted: What an option says; empty: nothing.

    Returns:
        The region: wanted, else AWS_REGION, AWS_DEFAULT_REGION, the profile's.

    Raises:
        ReferenceSyntaxError: Nobody names one.
        CredentialError: The profile cannot be read.
    """

    def profile() -> str | None:
        try:
            import boto3  # noqa: PLC0415  # asked last, so mostly not at all

            found = boto3.Session().region_name
        except Exception as err:
            raise typed(err, None, "the region of the AWS profile") from err
        return str(found) if found else None

    return hosts.region(wanted, os.environ, profile)


class Cloud:
    """The API of all registries that a run talks to.

    Args:
        session: Gives sessions; None: the user's own credentials. A grant of somebody else comes in here.
        patience: Of the copy: retries, deadline, cancellation.
    """

    def __init__(self, session: Session | None = None, patience: Patience | None = None) -> None:
        self.patience = patience or Patience()
        self._session = session or self._own
        self._own_session: Any = None
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, Host], Any] = {}
        self._gates: dict[Host, Gate] = {}

    def call(self, host: Host, operation: str, *, service: str = "ecr", **arguments: Any) -> dict[str, Any]:
        """Call an operation; throttles and broken connections are tried again.

        Args:
            host: The registry.
            operation: As boto3 names it, such as "describe_repositories".
            service: "ecr" or "ecr-public".
            arguments: Of the operation; registryId is added where it has one.

        Returns:
            The answer.

        Raises:
            CredentialError: There are no credentials, or they cannot be had.
            DeniedError: They do not suffice.
            MissingError: The repository or the image is not there.
            ImageError: Something else went wrong.
        """
        if host.account and service == "ecr" and operation not in _WITHOUT_REGISTRY_ID:
            arguments["registryId"] = host.account

        def once() -> dict[str, Any]:
            try:
                return self._once(host, service, operation, arguments)
            except DeniedError as err:
                if code_of(err) not in _EXPIRED:
                    raise
            # Lent credentials live for minutes, a copy for hours: whoever lends them is asked anew, once.
            with self._lock:
                self._clients.pop((service, host), None)
                self._own_session = None
            return self._once(host, service, operation, arguments)

        with self._lock:
            gate = self._gates.setdefault(host, Gate())
        return self.patience.run(once, gate)

    def pages(self, host: Host, operation: str, key: str, **arguments: Any) -> Iterator[Any]:
        """Go through a listing, page by page.

        Args:
            host: The registry.
            operation: As in `call`.
            key: Of the list in the answer.
            arguments: Of the operation.

        Yields:
            Each entry.

        Raises:
            ImageError: As in `call`; or the listing has no end.
        """
        for _ in range(MOST_PAGES):
            answer = self.call(host, operation, **arguments)
            yield from answer.get(key) or []
            token = answer.get("nextToken")
            if not token:
                return
            arguments["nextToken"] = token
        raise ManifestError(f"{operation} has no end", f"{MOST_PAGES} pages were read", "look at the API", str(host))

    def _once(self, host: Host, service: str, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = getattr(self._client(host, service), operation)(**arguments)
        except Exception as err:
            # botocore has no root of all its errors; what is none of them goes through unchanged.
            raise typed(err, host, operation) from err
        return answer

    def _own(self, region: str, account: str) -> Any:
        # One for all regions: a second one would cost a third of a second.
        if self._own_session is None:
            self._own_session = own_session(region, account)
        return self._own_session

    def _client(self, host: Host, service: str) -> Any:
        # Making clients is not safe for threads; using them is.
        with self._lock:
            client = self._clients.get((service, host))
            if client is None:
                from botocore.config import Config  # type: ignore[import-untyped]  # noqa: PLC0415  # as own_session

                config = Config(
                    connect_timeout=_CONNECT_SECONDS,
                    read_timeout=self.patience.policy.stall_seconds,
                    retries={"total_max_attempts": 1},  # patience tries again, and can be cancelled
                    use_fips_endpoint=host.is_fips or None,
                    use_dualstack_endpoint=host.is_dual_stack or None,
                    user_agent_extra="waypaas-imagemover",
                    max_pool_connections=16,
                )
                session = self._session(host.region, host.account)
                client = session.client(service, region_name=host.region, config=config)
                self._clients[service, host] = client
            return client

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            clients = list(self._clients.values())
            self._clients.clear()
        for client in clients:
            client.close()


def clock(answer: dict[str, Any]) -> float:
    """Tell what time it is by who answered: clocks of this machine and of ECR may differ.

    Args:
        answer: Of a call.

    Returns:
        Seconds since 1970; whole ones, unless the answer does not say and this machine's clock counts.
    """
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    try:
        return email.utils.parsedate_to_datetime(headers.get("date", "")).timestamp()
    except (ValueError, TypeError):
        return time.time()

"""All registries of ECR that a run talks to: one login, one API, one patience.

Owns their lives. This is where callers come in.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Self

from imagemover.credentials import nobody
from imagemover.ecr import hosts
from imagemover.ecr.cloud import Cloud
from imagemover.ecr.login import Login
from imagemover.ecr.registry import EcrRegistry
from imagemover.patience import Patience
from imagemover.registry import Registry

if TYPE_CHECKING:
    from imagemover.credentials import Keyring
    from imagemover.ecr.cloud import Session
    from imagemover.ecr.hosts import Host


class Ecr:
    """All registries of ECR that a run talks to, with one login.

    Args:
        session: Gives boto3 sessions by region and account; None: the user's own credentials.
        patience: Shared by all that takes part in a copy.
        others: Keyring of hosts that are not ECR's.
        ca_file: As in Registry.
    """

    def __init__(
        self,
        session: Session | None = None,
        patience: Patience | None = None,
        others: Keyring = nobody,
        ca_file: str | None = None,
    ) -> None:
        self.patience = patience or Patience()
        self.cloud = Cloud(session, self.patience)
        self.login = Login(self.cloud, others)
        self._ca_file = ca_file
        self._lock = threading.Lock()
        self._registries: dict[Host, EcrRegistry] = {}
        self._others: dict[str, Registry] = {}

    def registry(self, host: Host) -> EcrRegistry:
        """Give a registry; the same one each time.

        Args:
            host: Account and region.

        Returns:
            The registry.

        Raises:
            ImageError: ECR gives no password.
        """
        with self._lock:
            found = self._registries.get(host)
            if found is None:
                found = EcrRegistry(host, self.cloud, self.login, patience=self.patience, ca_file=self._ca_file)
                self._registries[host] = found
            return found

    def place(self, host: str) -> Registry:
        """Give the registry of any host name.

        Args:
            host: With its port; of ECR or not.

        Returns:
            An EcrRegistry for ECR's private hosts, else a Registry; the same one each time.

        Raises:
            ImageError: ECR gives no password.
        """
        parsed = hosts.parse(host)
        if parsed is not None:
            return self.registry(parsed)
        with self._lock:
            return self._others.setdefault(
                host, Registry(host, keyring=self.login, patience=self.patience, ca_file=self._ca_file)
            )

    def close(self) -> None:
        """Close all idle connections."""
        with self._lock:
            for one in (*self._registries.values(), *self._others.values()):
                one.close()
        self.cloud.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

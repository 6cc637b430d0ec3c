"""The bed as tests see it."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from testbed import bed, controlplane, node, pki
from testbed.shell import run, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


SETTLE_SECONDS = 60.0
GONE_SECONDS = 180.0


class Bed:
    """A running bed.

    Args:
        state: As written down.
    """

    def __init__(self, state: bed.State) -> None:
        self._state = state
        self.kubeconfig: Path = state.admin
        self.url = state.url
        self.netns = state.netns
        self.registry = f"127.0.0.1:{state.registry_port}"
        self.ingress = node.ADDRESS

    def kubectl(self, *arguments: str, stdin: str = "") -> str:
        """Run kubectl with every right and give its output."""
        return bed.kubectl(self._state, *arguments, stdin=stdin)

    def inside(self, *command: str) -> str:
        """Run a command in the bed's network and give its output."""
        return run(["nsenter", f"--net=/run/netns/{self.netns}", *command])

    def user(self, name: str) -> Path:
        """Make a user who has no rights yet, and whose requests are audited.

        Args:
            name: Of the user.

        Returns:
            A kubeconfig.
        """
        path = self._state.path / f"{name}.kubeconfig"
        pki.kubeconfig(self._state.path / "pki", path, name, controlplane.AUDITED, self.url)
        return path

    def audited(self, user: str) -> set[tuple[str, str]]:
        """Tell which rights a user has used.

        Args:
            user: Name of the user.

        Returns:
            Resource with its API group, and verb: ("apps/deployments", "list").
        """
        used = set()
        for event in self._events(user):
            about = event.get("objectRef")
            if about:
                parts = (about.get("apiGroup", ""), about["resource"], about.get("subresource", ""))
                used.add(("/".join(part for part in parts if part), event["verb"]))
        return used

    def requests(self, user: str) -> list[tuple[str, str]]:
        """Tell what a user has asked for.

        Args:
            user: Name of the user.

        Returns:
            Verb and URI of each request, in order; a watch counts once.
        """
        ended = {"ResponseComplete", "Panic"}
        events = [event for event in self._events(user) if event["stage"] in ended or event["verb"] == "watch"]
        return [(event["verb"], event["requestURI"]) for event in {e["auditID"]: e for e in events}.values()]

    def _events(self, user: str) -> list[dict[str, Any]]:
        lines = (self._state.path / "audit.log").read_text().splitlines()
        events = [json.loads(line) for line in lines if user in line]
        return [event for event in events if event["user"]["username"] == user]

    def stop_apiserver(self) -> None:
        """Stop the API server as a crash would."""
        bed.stop_apiserver(self._state)

    def start_apiserver(self) -> None:
        """Start it again, and wait until it is ready."""
        bed.start_apiserver(self._state)

    def _settled(self, namespace: str) -> bool:
        """Tell whether pods can be made in a namespace: its controllers have a moment's work with a new one."""
        return bool(
            self.kubectl("get", "serviceaccount", "default", "-n", namespace, "-o", "name", "--ignore-not-found")
        )

    def _goes(self, namespace: str) -> bool:
        """Tell whether a namespace is being removed: what is made in it meanwhile goes too."""
        phase = ("get", "namespace", namespace, "-o", "jsonpath={.status.phase}", "--ignore-not-found")
        return self.kubectl(*phase) == "Terminating"

    @contextmanager
    def namespace(self, pin: str, labels: dict[str, str] | None = None, name: str = "") -> Iterator[str]:
        """Make a namespace, and remove it with all that is in it.

        Args:
            pin: "real" or "fake": on which nodes its pods run.
            labels: Of the namespace, for instance that of a Pod Security Standard.
            name: A made-up one if empty.

        Returns:
            Its name.
        """
        if name:
            wait_until(f"the last namespace {name} to be gone", lambda: not self._goes(name), GONE_SECONDS)
        name = name or f"test-{os.urandom(4).hex()}"
        selector = {"scheduler.alpha.kubernetes.io/node-selector": f"waypaas.test/node={pin}"}
        metadata = {"name": name, "annotations": selector, "labels": labels or {}}
        manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
        self.kubectl("apply", "-f", "-", stdin=json.dumps(manifest))
        try:
            wait_until(f"the service account of namespace {name}", lambda: self._settled(name), SETTLE_SECONDS)
            yield name
        finally:
            self.kubectl("delete", "namespace", name, "--wait=false", "--ignore-not-found")


def ensure() -> Bed:
    """Give the default bed; starts it when it does not run.

    Raises:
        TestbedError: It could not be built or started.
    """
    return Bed(bed.up())

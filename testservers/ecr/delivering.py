"""ECR's own replication: what is pushed after a rule was made goes to the rule's regions and accounts.

Owns the copy between the registries behind the double, and its traps: nothing
that was pushed before, no settings, no tag where it may not move, and no entry
without the other registry's permission.

Source: Amazon ECR user guide, private image replication.
"""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any

from testservers.ecr.data import CREATED, OK, record
from testservers.ecr.listening import forward
from testservers.ecr.state import Repository

if TYPE_CHECKING:
    from collections.abc import Callable

    from testservers.ecr.state import Image, Spot, State

_NOTHING = '{"Statement": []}'


class Delivery:
    """Copies images to their replicas.

    Args:
        state: Of the double.
        registries: Port of the registry behind each account and region.
        create: Makes a repository with ECR's defaults.
    """

    def __init__(self, state: State, registries: dict[Spot, int], create: Callable[[Spot, str], None]) -> None:
        self._state = state
        self._registries = registries
        self._create = create
        self._threads: list[threading.Thread] = []

    def pushed(self, spot: Spot, name: str, image: Image, tag: str) -> None:
        """Send an image on its way."""
        made_at, rules = self._state.rules.get(spot, (0.0, []))
        if image.pushed_at < made_at:
            return
        for rule in rules:
            filters = [one["filter"] for one in rule.get("repositoryFilters", [])]
            if filters and not any(name.startswith(prefix) for prefix in filters):
                continue
            for one in rule["destinations"]:
                self._send(spot, (one["registryId"], one["region"]), name, image, tag)

    def wait(self) -> None:
        """Wait until everything that was sent has come to an end."""
        for thread in self._threads:
            thread.join()

    def _send(self, source: Spot, target: Spot, name: str, image: Image, tag: str) -> None:
        with self._state.lock:
            image.replicas[target] = "IN_PROGRESS"

        def run() -> None:
            self._state.delivering.wait()
            time.sleep(self._state.quirks.replication_seconds)
            status = "COMPLETE" if self._deliver(source, target, name, image, tag) else "FAILED"
            with self._state.lock:
                image.replicas[target] = status

        thread = threading.Thread(target=run, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _deliver(self, source: Spot, target: Spot, name: str, image: Image, tag: str) -> bool:
        if source[0] != target[0] and not self._admits(target, source[0]):
            return False
        if target not in self._registries:
            return False
        if (target, name) not in self._state.repositories:
            self._create(target, name)
        repository = self._state.repositories.setdefault((target, name), Repository())
        body = json.loads(image.data)
        for blob in [body[key] for key in ("config",) if key in body] + body.get("layers", []):
            self._copy_blob(source, target, name, blob["digest"])
        if tag and repository.tagged(tag) is not None and repository.freezes(tag):
            tag = ""
        for reference in (image.digest, tag):
            if reference:
                path = f"/v2/{name}/manifests/{reference}"
                done = forward(self._registries[target], "PUT", path, {"Content-Type": image.kind}, image.data)
                if done.status != CREATED:
                    return False
        record(self._state, repository, image.data, image.kind, tag)
        return True

    def _copy_blob(self, source: Spot, target: Spot, name: str, digest: str) -> None:
        path = f"/v2/{name}/blobs/{digest}"
        if forward(self._registries[target], "HEAD", path, {}).status == OK:
            return
        data = forward(self._registries[source], "GET", path, {}).body
        begun = forward(self._registries[target], "POST", f"/v2/{name}/blobs/uploads/", {"Host": "registry"})
        location = begun.headers["Location"].partition("registry")[2]
        kind = {"Content-Type": "application/octet-stream"}
        forward(self._registries[target], "PUT", f"{location}&digest={digest}", kind, data)

    def _admits(self, target: Spot, principal: str) -> bool:
        policy: dict[str, Any] = json.loads(self._state.registry_policies.get(target, _NOTHING))
        return any(
            principal in json.dumps(one.get("Principal")) and "ecr:ReplicateImage" in json.dumps(one.get("Action"))
            for one in policy["Statement"]
        )

"""Objects on the API server: apply, read, change, remove, wait until gone."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from team_k8s import names
from team_k8s.api import APPLY_PATCH, MERGE_PATCH, Api
from waypaas_sdk.errors import CloudError, MissingError

if TYPE_CHECKING:
    from collections.abc import Mapping

PATHS = {
    "Deployment": ("apis/apps/v1", "deployments"),
    "ReplicaSet": ("apis/apps/v1", "replicasets"),
    "HorizontalPodAutoscaler": ("apis/autoscaling/v2", "horizontalpodautoscalers"),
    "Service": ("api/v1", "services"),
    "Ingress": ("apis/networking.k8s.io/v1", "ingresses"),
    "HTTPRoute": ("apis/gateway.networking.k8s.io/v1", "httproutes"),
    "PodDisruptionBudget": ("apis/policy/v1", "poddisruptionbudgets"),
    "NetworkPolicy": ("apis/networking.k8s.io/v1", "networkpolicies"),
    "Job": ("apis/batch/v1", "jobs"),
    "Secret": ("api/v1", "secrets"),
    "Pod": ("api/v1", "pods"),
    "Event": ("api/v1", "events"),
}
"""Group and plural of each kind that we use."""

COMPANIONS = ("HorizontalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy")
"""Kinds that a deploy may make beside its Deployment."""

FRONTS = ("Ingress", "HTTPRoute")
"""Kinds that a release may make in front of its Service."""

GONE_SECONDS = 90.0
"""How long a removed Deployment's pods may take to end."""


class Cloud:
    """One namespace of a cluster.

    Args:
        api: Of the cluster.
    """

    def __init__(self, api: Api) -> None:
        self.api = api
        self.namespace = api.access.namespace

    def path(self, kind: str, name: str = "") -> str:
        """Give the path of a kind's collection, or of one object."""
        group, plural = PATHS[kind]
        collection = f"/{group}/namespaces/{quote(self.namespace, safe='')}/{plural}"
        return f"{collection}/{quote(name, safe='')}" if name else collection

    def apply(self, manifest: Mapping[str, Any], *, dry_run: bool = False) -> Any:
        """Apply an object on the server's side, as its owner.

        Args:
            manifest: The fields that are ours.
            dry_run: Only tell what would become of it.

        Returns:
            The object.

        Raises:
            PluginError: As in Api.request.
        """
        kind, name = manifest["kind"], manifest["metadata"]["name"]
        query = {"fieldManager": names.FIELD_MANAGER, "force": "true"} | ({"dryRun": "All"} if dry_run else {})
        what = f"apply {kind} {name} in namespace {self.namespace}"
        return self.api.request(
            "PATCH", self.path(kind, name), manifest, query=query, content_type=APPLY_PATCH, what=what
        )

    def get(self, kind: str, name: str) -> Any:
        """Read an object.

        Raises:
            MissingError: There is none.
        """
        return self.api.request("GET", self.path(kind, name), what=f"read {kind} {name} in namespace {self.namespace}")

    def find(self, kind: str, name: str) -> Any | None:
        """Read an object; None if there is none."""
        try:
            return self.get(kind, name)
        except MissingError:
            return None

    def list(self, kind: str, labels: dict[str, str]) -> list[Any]:
        """Read all objects of a kind with these labels; none of a kind that the cluster does not have."""
        items: list[Any] = []
        query: dict[str, Any] = {"labelSelector": names.selector_text(labels), "limit": 500}
        while True:
            try:
                answer = self.api.request("GET", self.path(kind), query=query, what=f"list {kind}s in {self.namespace}")
            except MissingError:
                return items
            items += answer.get("items", ())
            query["continue"] = answer["metadata"].get("continue", "")
            if not query["continue"]:
                return items

    def own(self, kind: str, name: str, owner: Mapping[str, str]) -> None:
        """Let an object go with another one.

        Args:
            kind: Of the object.
            name: Of the object.
            owner: The other one: apiVersion, kind, name, uid.
        """
        body = {"metadata": {"ownerReferences": [dict(owner)]}}
        query = {"fieldManager": names.FIELD_MANAGER}
        what = f"let {kind} {name} go with its {owner['kind']}"
        self.api.request("PATCH", self.path(kind, name), body, query=query, content_type=MERGE_PATCH, what=what)

    def delete(self, kind: str, name: str, uid: str = "", *, orphan: bool = False) -> None:
        """Remove an object.

        Args:
            kind: Of PATHS.
            name: Of the object.
            uid: Only if it is this very one.
            orphan: Let what it owns live on; otherwise that follows in the background.

        Raises:
            MissingError: There is none.
        """
        body: dict[str, Any] = {"propagationPolicy": "Orphan" if orphan else "Background"}
        if uid:
            body["preconditions"] = {"uid": uid}
        self.api.request("DELETE", self.path(kind, name), body, what=f"delete {kind} {name} in {self.namespace}")

    def delete_all(self, kind: str, labels: dict[str, str]) -> None:
        """Remove all objects of a kind with these labels, in one request; none is fine.

        Args:
            kind: Of PATHS.
            labels: At least one.
        """
        query = {"labelSelector": names.selector_text(labels)}
        with suppress(MissingError):
            self.api.request("DELETE", self.path(kind), query=query, what=f"delete {kind}s in {self.namespace}")

    def remove(self, kind: str, name: str, labels: dict[str, str], *, at_once: bool = False) -> None:
        """Remove an object of a deploy.

        Args:
            kind: "Deployment", or one of COMPANIONS.
            name: Of the deploy's objects.
            labels: Of them all; what has others is not touched.
            at_once: As in `remove_deployment`.
        """
        if kind == "Deployment":
            self.remove_deployment(name, labels, at_once=at_once)
        else:
            self.delete_all(kind, labels)

    def remove_deployment(self, name: str, labels: dict[str, str], *, at_once: bool = False) -> None:
        """Remove a Deployment with its pods, and wait until they are gone.

        Args:
            name: Of the Deployment.
            labels: Of its pods, and its own.
            at_once: Give the pods one second only: they never had traffic.

        Raises:
            CloudError: Pods are left after GONE_SECONDS.
        """
        # A node gives a pod the grace of the first request that removes it, so with
        # `at_once` no controller may be the first: each is removed without what it owns.
        found = self.find("Deployment", name)
        if found is not None and labels.items() <= found["metadata"].get("labels", {}).items():
            self._remove("Deployment", name, orphan=at_once)
        for replica_set in self.list("ReplicaSet", labels):
            self._remove("ReplicaSet", replica_set["metadata"]["name"], orphan=at_once)
        if at_once:
            query = {"labelSelector": names.selector_text(labels), "gracePeriodSeconds": 1}
            self.api.request("DELETE", self.path("Pod"), query=query, what=f"delete the pods of {name}")
        deadline = time.monotonic() + GONE_SECONDS
        while left := [pod["metadata"]["name"] for pod in self.list("Pod", labels)]:
            if time.monotonic() > deadline:
                raise CloudError(f"pods of {name} did not end within {GONE_SECONDS:g} s: {', '.join(left)}")
            self.api.notify(f"{name}: waiting for its pods to end: {', '.join(left)}")
            self.api.rest(0.3)

    def _remove(self, kind: str, name: str, *, orphan: bool) -> None:
        """Remove an object and wait until it is gone, which an orphaning one is only when its owned are let go."""
        with suppress(MissingError):
            self.delete(kind, name, orphan=orphan)
        deadline = time.monotonic() + GONE_SECONDS
        while orphan and self.find(kind, name) is not None:
            if time.monotonic() > deadline:
                raise CloudError(f"{kind} {name} was not removed within {GONE_SECONDS:g} s")
            self.api.rest(0.1)

"""Wait for a rollout by watching: every replica, or the first certain failure."""

from __future__ import annotations

import contextlib
import json
import queue
import threading
import time
from typing import TYPE_CHECKING, Any

from team_k8s import diagnose
from team_k8s.api import Api
from team_k8s.names import selector_text
from waypaas_sdk.call import Call
from waypaas_sdk.errors import CancelledError, CloudBusyError, MissingError, PluginError, StateError

if TYPE_CHECKING:
    from collections.abc import Callable

    from team_k8s.cloud import Cloud

WATCH_SECONDS = 240
"""After which the server ends a watch, and we begin another."""

SILENCE_SECONDS = 300.0
LOG_LINES = 10

Item = tuple[str, Any]
"""Kind of what changed, and all objects of that kind by name; or "error" and the error."""


def wait(
    cloud: Cloud, name: str, labels: dict[str, str], seconds: float, tell: Callable[[str], None]
) -> dict[str, Any]:
    """Wait until every replica is available.

    Args:
        cloud: Has the Deployment.
        name: Of the Deployment.
        labels: Of its pods.
        seconds: At most.
        tell: Told each time that something changed.

    Returns:
        The Deployment, complete.

    Raises:
        StateError: It will not succeed, or did not in time; says container, reason, exit code and last log lines.
        PluginError: The cluster cannot be asked.
        CancelledError: The call was cancelled.
    """
    changes: queue.SimpleQueue[Item] = queue.SimpleQueue()
    watching = Call("watch")
    watchers = {
        "Deployment": {"fieldSelector": f"metadata.name={name}"},
        "Pod": {"labelSelector": selector_text(labels)},
    }
    for kind, query in watchers.items():
        watcher = Watcher(Api(cloud.api.access, watching, patience=0.0), cloud.path(kind), query)
        threading.Thread(target=watcher.run, args=(kind, changes), name=f"watch-{kind}", daemon=True).start()
    follower = _Follower(cloud, name, seconds, tell)
    try:
        while True:
            if cloud.api.call is not None:
                cloud.api.call.check()
            with contextlib.suppress(queue.Empty):
                follower.take(changes.get(timeout=0.2))
            if (deployment := follower.judge()) is not None:
                return deployment
    finally:
        watching.cancel()


class _Follower:
    """What is known of one rollout, and what follows from it."""

    def __init__(self, cloud: Cloud, name: str, seconds: float, tell: Callable[[str], None]) -> None:
        self._cloud, self._name, self._seconds, self._tell = cloud, name, seconds, tell
        self._seen: dict[str, dict[str, Any]] = {"Deployment": {}, "Pod": {}}
        self._suspected: dict[tuple[str, str], float] = {}
        self._begun = time.monotonic()
        self._told = ""

    def take(self, item: Item) -> None:
        """Take what a watcher found; raises its error."""
        kind, found = item
        if kind == "error":
            raise found
        if kind == "waiting":
            self._say(found)
            return
        self._seen[kind] = found
        deployment = self._seen["Deployment"].get(self._name)
        if deployment is not None:
            self._say(diagnose.progress(deployment, self._seen["Pod"].values()).text)

    def _say(self, text: str) -> None:
        if text != self._told:
            self._told = text
            self._tell(text)

    def judge(self) -> dict[str, Any] | None:
        """Give the Deployment when it is complete, None while it is not; raises when it will not be."""
        now = time.monotonic()
        late = now - self._begun > self._seconds
        deployment = self._seen["Deployment"].get(self._name)
        if deployment is None:
            if late:
                raise StateError(f"Deployment {self._name} was not seen within {self._seconds:g} s")
            return None
        pods = list(self._seen["Pod"].values())
        state = diagnose.progress(deployment, pods)
        if state.complete:
            return dict(deployment)
        failure = _certain(self._cloud, diagnose.failures(deployment, pods), self._suspected, now)
        if failure is not None:
            raise failure_error(self._cloud, self._name, failure)
        if late:
            raise _too_slow(self._cloud, self._name, pods, state, self._seconds)
        return None


def _certain(
    cloud: Cloud, found: list[diagnose.Failure], suspected: dict[tuple[str, str], float], now: float
) -> diagnose.Failure | None:
    """Choose the first failure that lasted long enough to be believed."""
    present = {(failure.pod, failure.reason) for failure in found}
    for key in [key for key in suspected if key not in present]:
        del suspected[key]
    for failure in found:
        first = suspected.setdefault((failure.pod, failure.reason), now)
        if now - first < failure.certain_after:
            continue
        if failure.reason == "Unschedulable" and _growing(cloud, failure.pod):
            suspected[failure.pod, failure.reason] = now
            continue
        return failure
    return None


def _growing(cloud: Cloud, pod: str) -> bool:
    """Tell whether an autoscaler has promised a node for a pod."""
    query = {"fieldSelector": f"involvedObject.name={pod},reason=TriggeredScaleUp"}
    try:
        return bool(cloud.api.request("GET", cloud.path("Event"), query=query).get("items"))
    except PluginError:
        return False


def failure_error(cloud: Cloud, name: str, failure: diagnose.Failure) -> StateError:
    """Tell a failure with the last lines of the container's log.

    Args:
        cloud: Has the pod.
        name: Of the Deployment.
        failure: What went wrong.

    Returns:
        The error to raise.
    """
    lines = last_lines(cloud, failure.pod, failure.container) if failure.container else []
    shown = "".join(f"\n    | {line}" for line in lines)
    why = f"{failure.what} [{failure.reason}]" + (f"\n  its last lines:{shown}" if shown else "")
    where = f"namespace {cloud.namespace}" + (f", pod {failure.pod}" if failure.pod else "")
    return StateError(f"deployment {name} failed", why=why, fix=failure.fix, where=where)


def last_lines(cloud: Cloud, pod: str, container: str) -> list[str]:
    """Read the end of a container's log: of its last run that ended, else of the present one.

    Args:
        cloud: Has the pod.
        pod: Its name.
        container: Its name.

    Returns:
        At most LOG_LINES lines; empty if there is no log to be had.
    """
    for previous in ("true", "false"):
        query = {"container": container, "tailLines": LOG_LINES, "previous": previous}
        try:
            found = list(cloud.api.stream(f"{cloud.path('Pod', pod)}/log", query, 5.0, f"read the log of {pod}"))
        except PluginError:
            continue
        if found:
            return [line.decode(errors="replace").rstrip("\n") for line in found]
    return []


def _too_slow(cloud: Cloud, name: str, pods: list[Any], state: diagnose.Progress, seconds: float) -> StateError:
    unready = next((pod for pod in pods if not _is_ready(pod)), None)
    shown = ""
    if unready is not None:
        container = unready["spec"]["containers"][0]["name"]
        lines = last_lines(cloud, unready["metadata"]["name"], container)
        shown = "\n  last lines of its log:" + "".join(f"\n    | {line}" for line in lines) if lines else ""
    return StateError(
        f"deployment {name} was not ready within {seconds:g} s: {state.ready} of {state.wanted} replicas",
        why=f"{state.text}{shown}",
        fix="see why the app does not pass its readiness probe, or raise the option rollout_timeout",
        where=f"namespace {cloud.namespace}",
    )


def _is_ready(pod: Any) -> bool:
    conditions = pod.get("status", {}).get("conditions", ())
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


class Watcher:
    """Follows a collection of objects, across broken connections, until its Api's call is cancelled.

    Args:
        api: Of its own thread, without patience.
        path: Of the collection.
        query: Which of its objects.
    """

    def __init__(self, api: Api, path: str, query: dict[str, str]) -> None:
        self._api = api
        self._path = path
        self._query = query

    def run(self, kind: str, changes: queue.SimpleQueue[Item]) -> None:
        """Put all objects into the queue, each time that one changed.

        Args:
            kind: Goes with them.
            changes: The queue; gets ("error", error) when there is no going on.
        """
        away_since = 0.0
        while True:
            try:
                listed = self._api.request("GET", self._path, query=self._query)
                away_since = 0.0
                objects = {item["metadata"]["name"]: item for item in listed.get("items", ())}
                changes.put((kind, dict(objects)))
                self._watch(kind, changes, objects, listed["metadata"]["resourceVersion"])
            except CloudBusyError as busy:
                away_since = away_since or time.monotonic()
                gone = time.monotonic() - away_since
                changes.put(("waiting", f"waiting for the API server since {gone:.0f} s: {busy.what}"))
                if self._api.call is not None and self._api.call.cancelled:
                    return
                time.sleep(1.0)
            except MissingError:
                continue  # what we knew is too old, so list again
            except CancelledError:
                return
            except PluginError as error:
                changes.put(("error", error))
                return

    def _watch(self, kind: str, changes: queue.SimpleQueue[Item], objects: dict[str, Any], version: str) -> None:
        query = self._query | {"watch": "true", "resourceVersion": version, "timeoutSeconds": str(WATCH_SECONDS)}
        for line in self._api.stream(self._path, query, SILENCE_SECONDS, f"watch {self._path}"):
            event = json.loads(line)
            if event["type"] == "ERROR":
                raise MissingError("the watch is too old")
            item = event["object"]
            if event["type"] == "DELETED":
                objects.pop(item["metadata"]["name"], None)
            elif event["type"] != "BOOKMARK":
                objects[item["metadata"]["name"]] = item
            changes.put((kind, dict(objects)))

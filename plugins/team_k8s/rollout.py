"""Wait for a rollout by watching: every replica, or the first certain failure."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from typing import TYPE_CHECKING, Any

from team_k8s import diagnose, events
from team_k8s.api import Api
from team_k8s.names import selector_text
from team_k8s.watch import Item, Watcher
from waypaas_sdk.call import Call
from waypaas_sdk.errors import PluginError, StateError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from team_k8s.cloud import Cloud

LOG_LINES = 10

HANGING_SECONDS = 3.0
"""After which a container that is still being created is looked into: why it hangs stands in events only."""

ASK_SECONDS = 2.0
"""How often events are asked for."""


def wait(
    cloud: Cloud, deployment: Mapping[str, Any], labels: dict[str, str], seconds: float, tell: Callable[[str], None]
) -> dict[str, Any]:
    """Wait until every replica is available.

    Args:
        cloud: Has the Deployment.
        deployment: As the API server answered when it was applied.
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
    name = deployment["metadata"]["name"]
    changes: queue.SimpleQueue[Item] = queue.SimpleQueue()
    watching = Call("watch")
    watchers = {
        "Deployment": ({"fieldSelector": f"metadata.name={name}"}, deployment),
        "Pod": ({"labelSelector": selector_text(labels)}, None),
    }
    for kind, (query, known) in watchers.items():
        watcher = Watcher(Api(cloud.api.access, watching, patience=0.0), cloud.path(kind), query, known)
        threading.Thread(target=watcher.run, args=(kind, changes), name=f"watch-{kind}", daemon=True).start()
    follower = _Follower(cloud, name, seconds, tell)
    try:
        while True:
            if cloud.api.call is not None:
                cloud.api.call.check()
            with contextlib.suppress(queue.Empty):
                follower.take(changes.get(timeout=0.2))
            if (complete := follower.judge()) is not None:
                return complete
    finally:
        watching.cancel()


class _Follower:
    """What is known of one rollout, and what follows from it."""

    def __init__(self, cloud: Cloud, name: str, seconds: float, tell: Callable[[str], None]) -> None:
        self._cloud, self._name, self._seconds, self._tell = cloud, name, seconds, tell
        self._seen: dict[str, dict[str, Any]] = {"Deployment": {}, "Pod": {}}
        self._suspected: dict[tuple[str, str], float] = {}
        self._hanging: dict[str, float] = {}
        self._asked = 0.0
        self._from_events: list[diagnose.Failure] = []
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
        found = [*diagnose.failures(deployment, pods), *self._look_into(pods, now)]
        failure = certain(self._cloud, found, self._suspected, now)
        if failure is not None:
            raise failure_error(self._cloud, self._name, failure)
        if late:
            raise _too_slow(self._cloud, self._name, pods, state, self._seconds)
        return None

    def _look_into(self, pods: list[Any], now: float) -> list[diagnose.Failure]:
        """Find why containers are not created: volumes that cannot be mounted show in events, not in the pod."""
        creating = {pod["metadata"]["name"] for pod in pods if diagnose.is_creating(pod)}
        self._hanging = {name: self._hanging.get(name, now) for name in creating}
        stuck = [name for name, since in self._hanging.items() if now - since >= HANGING_SECONDS]
        if not stuck:
            self._from_events = []
        elif now - self._asked >= ASK_SECONDS:
            self._asked = now
            found = events.warnings_of(self._cloud, stuck[0])
            self._from_events = [f for event in found if (f := diagnose.event_failure(stuck[0], event))]
        return self._from_events


def certain(
    cloud: Cloud, found: list[diagnose.Failure], suspected: dict[tuple[str, str], float], now: float
) -> diagnose.Failure | None:
    """Choose the first failure that lasted long enough to be believed.

    Args:
        cloud: Asked whether a pod that cannot be scheduled is about to get a node.
        found: Failures of now.
        suspected: Since when each was seen, by pod and reason; kept up to date.
        now: On the monotonic clock, in seconds.

    Returns:
        The failure, or None.
    """
    present = {(failure.pod, failure.reason) for failure in found}
    for key in [key for key in suspected if key not in present]:
        del suspected[key]
    for failure in found:
        first = suspected.setdefault((failure.pod, failure.reason), now)
        if now - first < failure.certain_after:
            continue
        if failure.reason == "Unschedulable" and events.promises_node(cloud, failure.pod):
            suspected[failure.pod, failure.reason] = now
            continue
        return failure
    return None


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
    why = f"{failure.what} [{failure.reason}]{events.probe_words(cloud, failure.pod)}"
    why += f"\n  its last lines:{shown}" if shown else ""
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
    unready = next((pod for pod in pods if not diagnose.is_ready(pod)), None)
    shown = ""
    if unready is not None:
        container = unready["spec"]["containers"][0]["name"]
        lines = last_lines(cloud, unready["metadata"]["name"], container)
        shown = events.probe_words(cloud, unready["metadata"]["name"])
        shown += "\n  last lines of its log:" + "".join(f"\n    | {line}" for line in lines) if lines else ""
    return StateError(
        f"deployment {name} was not ready within {seconds:g} s: {state.ready} of {state.wanted} replicas",
        why=f"{state.text}{shown}",
        fix="see why the app does not pass its readiness probe, or raise the option rollout_timeout",
        where=f"namespace {cloud.namespace}",
    )

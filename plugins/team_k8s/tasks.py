"""Tasks: start a Job, follow it to its end, stop it."""

from __future__ import annotations

import os
import queue
import threading
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from team_k8s import diagnose, jobspec, kubeconfig, messages, rollout
from team_k8s.api import Api
from team_k8s.cloud import Cloud
from team_k8s.gen.team_k8s.v1 import team_k8s_pb2
from team_k8s.podlogs import Reader
from team_k8s.watch import Item, Watcher
from teamconfig import units
from waypaas_sdk.call import Call
from waypaas_sdk.errors import MissingError, StateError
from waypaas_sdk.plaintext import clean_log
from waypaas_sdk.resources import Creation, Resource
from waypaas_sdk.result import Result

if TYPE_CHECKING:
    from team_k8s.taskoptions import TaskOptions
    from waypaas_sdk.arguments import TaskLaunchInfo
    from waypaas_sdk.logger import Logger
    from waypaas_sdk.logviewer import LogLine
    from waypaas_sdk.terminal import TerminalUI

LOG_SECONDS = 10.0
"""How long the end of a log may take to arrive after the task has ended."""


def start(options: TaskOptions, task: TaskLaunchInfo, call: Call) -> Result:
    """Make the Job of a task.

    Args:
        options: Of the runner profile.
        task: What to run.
        call: The running call.

    Returns:
        What `watch` and `stop` need.

    Raises:
        PluginError: It could not be made; then nothing of it is left.
    """
    access = kubeconfig.load(options.kubeconfig or "", options.context or "", options.namespace or "")
    cloud = Cloud(Api(access, call))
    name = f"waypoint-task-{os.urandom(8).hex()}"
    with Creation() as creation:
        for manifest in (jobspec.secret(name, task.environment), jobspec.job(name, task, options)):
            kind = manifest["kind"]
            resource = Resource(name, kind, "kubernetes", state={"namespace": cloud.namespace})
            creation.made(resource, undo=partial(Cloud(Api(access)).delete, kind, name))
            made = cloud.apply(manifest)
        owner = {"apiVersion": "batch/v1", "kind": "Job", "name": name, "uid": made["metadata"]["uid"]}
        cloud.own("Secret", name, owner)
    seconds = int(units.parse_duration(options.startup_timeout or "2m").total_seconds())
    message = team_k8s_pb2.Task(name=name, cluster=messages.cluster(access), startup_seconds=seconds)
    return Result(message, resources=creation.resources)


def stop(task: team_k8s_pb2.Task, call: Call) -> None:
    """Remove a task; gone already is fine.

    Args:
        task: As stored.
        call: The running call.

    Raises:
        PluginError: It is left.
    """
    cloud = messages.cloud(task.cluster, "deploy", None, call)
    for kind in ("Job", "Secret"):
        with suppress(MissingError):
            cloud.delete(kind, task.name)


def watch(task: team_k8s_pb2.Task, ui: TerminalUI, call: Call, logger: Logger) -> int:
    """Show a task's log until it ends.

    Args:
        task: As stored.
        ui: Gets the log.
        call: The running call.
        logger: The host's log.

    Returns:
        The exit code of the task's container.

    Raises:
        MissingError: The task is not there any more.
        StateError: Its pod cannot start, or did not in time; says why.
        PluginError: The cluster cannot be asked.
    """
    cloud = messages.cloud(task.cluster, "deploy", None, call)
    cloud.get("Job", task.name)
    watching = Call("watch")
    changes: queue.SimpleQueue[Item] = queue.SimpleQueue()
    query = {"labelSelector": f"batch.kubernetes.io/job-name={task.name}"}
    watcher = Watcher(Api(cloud.api.access, watching, patience=0.0), cloud.path("Pod"), query)
    threading.Thread(target=watcher.run, args=("Pod", changes), name="watch-pod", daemon=True).start()
    follower = _Follower(cloud, task, ui, logger)
    try:
        while True:
            call.check()
            with suppress(queue.Empty):
                follower.take(changes.get(timeout=0.2))
            if (code := follower.judge()) is not None:
                return code
    finally:
        watching.cancel()


class _Follower:
    """What is known of a task's pod."""

    def __init__(self, cloud: Cloud, task: team_k8s_pb2.Task, ui: TerminalUI, logger: Logger) -> None:
        self._cloud, self._task, self._ui, self._logger = cloud, task, ui, logger
        self._begun = time.monotonic()
        self._suspected: dict[tuple[str, str], float] = {}
        self._pod: dict[str, Any] | None = None
        self._reading: threading.Thread | None = None

    def take(self, item: Item) -> None:
        """Take what the watcher found; raises its error."""
        kind, found = item
        if kind == "error":
            raise found
        if kind == "waiting":
            self._ui.output(found, style="warning")
        elif found:
            self._pod = next(iter(found.values()))
        elif self._pod is not None:
            raise MissingError(f"the pod of task {self._task.name} was removed before it ended")

    def judge(self) -> int | None:
        """Give the exit code when the task has ended; raises when it cannot start."""
        now = time.monotonic()
        state = _container(self._pod)
        if state.get("running") or state.get("terminated"):
            self._read()
        if state.get("terminated") is not None:
            if self._reading is not None:
                self._reading.join(LOG_SECONDS)
            return int(state["terminated"].get("exitCode", 1))
        if self._reading is not None:
            return None
        found = diagnose.failures({}, [self._pod]) if self._pod is not None else []
        failure = rollout.certain(self._cloud, found, self._suspected, now)
        if failure is not None:
            raise rollout.failure_error(self._cloud, self._task.name, failure)
        if now - self._begun > self._task.startup_seconds:
            raise StateError(
                f"task {self._task.name} did not start within {self._task.startup_seconds} s",
                why="its pod waits for a node or its image" if self._pod is not None else "it has no pod yet",
                fix="see `kubectl describe job`, or raise the option startup_timeout",
                where=f"namespace {self._cloud.namespace}",
            )
        return None

    def _read(self) -> None:
        """Begin to show the log, once."""
        if self._reading is not None or self._pod is None:
            return
        name = self._pod["metadata"]["name"]
        reader = Reader(self._cloud, name, jobspec.CONTAINER, 0, self._show, self._logger)
        self._reading = threading.Thread(target=reader.run, args=(threading.Event(),), name="log", daemon=True)
        self._reading.start()

    def _show(self, line: LogLine) -> None:
        self._ui.raw(f"{clean_log(line.text)}\n".encode())


def _container(pod: dict[str, Any] | None) -> dict[str, Any]:
    """Give the state of the task's container; empty while there is none."""
    statuses = (pod or {}).get("status", {}).get("containerStatuses") or [{}]
    found: dict[str, Any] = statuses[0].get("state", {})
    return found

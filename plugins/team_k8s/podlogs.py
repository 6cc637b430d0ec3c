"""Logs of all pods of a deployment, by the API server: no entrypoint is needed in the image."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from team_k8s import messages
from team_k8s.api import Api
from team_k8s.cloud import Cloud
from waypaas_sdk.errors import CancelledError, CloudBusyError, MissingError, PluginError
from waypaas_sdk.logviewer import LogLine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from team_k8s.gen.team_k8s.v1 import team_k8s_pb2
    from waypaas_sdk.call import Call
    from waypaas_sdk.logger import Logger
    from waypaas_sdk.logviewer import LogViewer

LOOK_SECONDS = 2.0
"""How often to look for new pods."""

SILENCE_SECONDS = 3600.0
DEFAULT_TAIL_LINES = 200


def follow(deployment: team_k8s_pb2.Deployment, viewer: LogViewer, call: Call, logger: Logger) -> None:
    """Show the logs of all pods, old and new ones, until the reader has enough.

    Args:
        deployment: As stored.
        viewer: The reader.
        call: The running call; its cancellation is the usual end.
        logger: The host's log.

    Raises:
        PluginError: The cluster cannot be asked.
    """
    cloud = messages.cloud(deployment.cluster, "logs", deployment.identity, call)
    labels = messages.selector(deployment)
    tail = viewer.limit or deployment.log_tail_lines or DEFAULT_TAIL_LINES
    followed: dict[str, threading.Thread] = {}
    gone = threading.Event()
    first = True
    while not call.cancelled and not gone.is_set():
        for pod in cloud.list("Pod", labels):
            for container in pod["spec"]["containers"]:
                key = f"{pod['metadata']['name']}/{container['name']}"
                if key in followed or not _started(pod, container["name"]):
                    continue
                name, wanted = pod["metadata"]["name"], tail if first else 0
                reader = Reader(cloud, name, container["name"], wanted, lambda line: viewer.send([line]), logger)
                followed[key] = threading.Thread(target=reader.run, args=(gone,), name=key, daemon=True)
                followed[key].start()
        first = False
        try:
            call.sleep(LOOK_SECONDS)
        except CancelledError:
            break
    for thread in followed.values():
        thread.join(1.0)


def _started(pod: dict[str, Any], container: str) -> bool:
    statuses = pod.get("status", {}).get("containerStatuses", ())
    return any(s["name"] == container and not s.get("state", {}).get("waiting") for s in statuses)


class Reader:
    """Reads one container, across broken connections and restarts, no line twice and none lost.

    Args:
        cloud: Has the pod.
        pod: Its name.
        container: Its name.
        tail: Lines to begin with, 0 for all.
        send: Gets each line; raises CancelledError when it wants no more.
        logger: The host's log.
    """

    def __init__(
        self, cloud: Cloud, pod: str, container: str, tail: int, send: Callable[[LogLine], None], logger: Logger
    ) -> None:
        self._cloud = Cloud(Api(cloud.api.access, cloud.api.call))
        self._pod, self._container, self._tail = pod, container, tail
        self._send, self._logger = send, logger
        self._last: datetime | None = None
        self._at_last: set[bytes] = set()

    def run(self, gone: threading.Event) -> None:
        """Read until the pod or the reader is gone.

        Args:
            gone: Set when the reader is.
        """
        call = self._cloud.api.call
        while call is not None and not call.cancelled:
            try:
                for line in self._stream():
                    self._send(line)
                if self._ended():
                    return
            except CloudBusyError as busy:
                self._logger.debug("log stream broke, reading on", pod=self._pod, error=busy.what)
            except MissingError:
                return
            except CancelledError:
                gone.set()
                return
            except PluginError as error:
                self._logger.warning("log cannot be read", pod=self._pod, error=str(error))
                return
            try:
                call.sleep(1.0)
            except CancelledError:
                return

    def _ended(self) -> bool:
        found = self._cloud.find("Pod", self._pod)
        return found is None or found.get("status", {}).get("phase") in {"Succeeded", "Failed"}

    def _stream(self) -> Iterator[LogLine]:
        query: dict[str, Any] = {"container": self._container, "follow": "true", "timestamps": "true"}
        if self._last is not None:
            # sinceTime has whole seconds; what we know of that second is dropped below.
            query["sinceTime"] = (self._last - timedelta(seconds=1)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        elif self._tail:
            query["tailLines"] = self._tail
        path = f"{self._cloud.path('Pod', self._pod)}/log"
        for raw in self._cloud.api.stream(path, query, SILENCE_SECONDS, f"read the log of {self._pod}"):
            stamp, _, text = raw.rstrip(b"\n").partition(b" ")
            moment = _moment(stamp)
            if self._last is not None and (moment < self._last or (moment == self._last and raw in self._at_last)):
                continue
            if moment != self._last:
                self._last, self._at_last = moment, set()
            self._at_last.add(raw)
            yield LogLine(moment, text.decode(errors="replace"), self._pod)


def _moment(stamp: bytes) -> datetime:
    """Read a time with nanoseconds, of which Python keeps the micro."""
    text = stamp.decode(errors="replace")
    head, _, fraction = text.rstrip("Z").partition(".")
    try:
        moment = datetime.fromisoformat(head).replace(tzinfo=UTC)
    except ValueError:
        return datetime.now(UTC)
    return moment + timedelta(microseconds=int(fraction[:6].ljust(6, "0") or 0))

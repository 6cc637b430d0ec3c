"""Logs of all tasks of a deployment, by CloudWatch Logs: no entrypoint is needed in the image.

Events may come late and out of order: each round reads the last half minute
again, and shows what it has not shown. A round in two seconds is a twentieth of
the rate that AWS permits an account at least.
"""

from __future__ import annotations

import time
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from team_ecs import messages
from waypaas_sdk.errors import CancelledError, CloudBusyError
from waypaas_sdk.logviewer import LogLine

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from team_ecs.cloud import Cloud
    from team_ecs.gen.team_ecs.v1 import team_ecs_pb2
    from waypaas_sdk.call import Call
    from waypaas_sdk.logviewer import LogViewer

TAIL_LINES = 200
WINDOW_SECONDS = 3600
"""How far back the first lines may be."""

LATE_MILLISECONDS = 30_000
"""How much later than others an event may come."""

ROUTED = "the app's log goes elsewhere by its log router (ecs.firelens); here is the router's own"
PAUSE_SECONDS, LONGEST_PAUSE = 2.0, 30.0


def follow(deployment: team_ecs_pb2.Deployment, viewer: LogViewer, call: Call) -> None:
    """Show the logs of all tasks, old and new ones, until the reader has enough.

    Args:
        deployment: As stored.
        viewer: The reader.
        call: The running call; its cancellation is the usual end.

    Raises:
        MissingError: The log group is gone.
        PluginError: AWS cannot be asked.
    """
    cloud = messages.cloud(deployment.place, "logs", deployment.identity, call)
    reader = Reader(cloud, deployment.log_group, f"{deployment.name}/")
    earliest = max(viewer.starting_at.timestamp(), time.time() - WINDOW_SECONDS)
    pause = PAUSE_SECONDS
    try:
        if deployment.routed_logs:
            viewer.send([LogLine(datetime.now(UTC), ROUTED, deployment.name)])
        viewer.send(deque(reader.lines(int(earliest * 1000)), viewer.limit or TAIL_LINES))
        while True:
            call.sleep(pause)
            try:
                viewer.send(reader.lines(int(earliest * 1000)))
                pause = PAUSE_SECONDS
            except CloudBusyError:
                pause = min(pause * 2, LONGEST_PAUSE)
    except CancelledError:
        return


class Reader:
    """Reads the streams of a deployment, no event twice and none lost.

    Args:
        cloud: Has the log group.
        group: Its name.
        prefix: Of the names of the streams: PREFIX/CONTAINER/TASK.
    """

    def __init__(self, cloud: Cloud, group: str, prefix: str) -> None:
        self._cloud, self._group, self._prefix = cloud, group, prefix
        self._newest = 0
        self._shown: dict[str, int] = {}

    def lines(self, earliest: int) -> list[LogLine]:
        """Read what has come since the last time.

        Args:
            earliest: Milliseconds since 1970; nothing from before is shown.

        Returns:
            Lines, by their time.

        Raises:
            PluginError: AWS cannot be asked; what it answered before is shown the next time.
        """
        start = max(earliest, self._newest - LATE_MILLISECONDS)
        events = [event for event in self._events(start) if event["eventId"] not in self._shown]
        self._shown |= {event["eventId"]: int(event["timestamp"]) for event in events}
        self._newest = max([self._newest, *(int(event["timestamp"]) for event in events)])
        oldest = self._newest - 2 * LATE_MILLISECONDS
        self._shown = {key: moment for key, moment in self._shown.items() if moment >= oldest}
        return list(_lines(sorted(events, key=lambda event: int(event["timestamp"]))))

    def _events(self, start: int) -> list[dict[str, Any]]:
        found = self._cloud.pages(
            "logs",
            "FilterLogEvents",
            "events",
            logGroupName=self._group,
            logStreamNamePrefix=self._prefix,
            startTime=start,
        )
        return [event for event in found if str(event.get("logStreamName", "")).startswith(self._prefix)]


def _lines(events: Iterable[dict[str, Any]]) -> Iterator[LogLine]:
    for event in events:
        moment = datetime.fromtimestamp(int(event["timestamp"]) / 1000, UTC)
        container, _, task = str(event["logStreamName"]).partition("/")[2].partition("/")
        yield LogLine(moment, str(event.get("message", "")).rstrip("\n"), f"{task[:8]}/{container}")

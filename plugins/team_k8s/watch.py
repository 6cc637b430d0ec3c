"""Follow a collection of objects across broken connections."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from team_k8s.api import decoded
from waypaas_sdk.errors import CancelledError, CloudBusyError, MissingError, PluginError

if TYPE_CHECKING:
    import queue
    from collections.abc import Mapping

    from team_k8s.api import Api

WATCH_SECONDS = 240
"""After which the server ends a watch, and we begin another."""

SILENCE_SECONDS = 300.0

Item = tuple[str, Any]
"""Kind of what changed, and all objects of that kind by name; or "error" and the error; or "waiting" and why."""


class Watcher:
    """Follows a collection of objects, across broken connections, until its Api's call is cancelled.

    Args:
        api: Of its own thread, without patience.
        path: Of the collection.
        query: Which of its objects.
        known: The only one that there is so far, if that is known.
    """

    def __init__(self, api: Api, path: str, query: dict[str, str], known: Mapping[str, Any] | None = None) -> None:
        self._api = api
        self._path = path
        self._query = query
        self._known = known
        self._fresh = True

    def run(self, kind: str, changes: queue.SimpleQueue[Item]) -> None:
        """Put all objects into the queue, each time that one changed.

        Args:
            kind: Goes with them.
            changes: The queue; gets ("error", error) when there is no going on.
        """
        away_since = 0.0
        while True:
            try:
                objects, version = self._begin()
                away_since = 0.0
                changes.put((kind, dict(objects)))
                self._watch(kind, changes, objects, version)
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

    def _begin(self) -> tuple[dict[str, Any], str]:
        """Give the objects that there are, and the version from which to watch.

        The first watch needs no list: from no version it begins by telling of all that there is. Later ones do, as
        what went meanwhile is not told.
        """
        known, fresh = self._known, self._fresh
        self._known, self._fresh = None, False
        if known is not None:
            return {known["metadata"]["name"]: dict(known)}, str(known["metadata"]["resourceVersion"])
        if fresh:
            return {}, ""
        listed = self._api.request("GET", self._path, query=self._query)
        objects = {item["metadata"]["name"]: item for item in listed.get("items", ())}
        return objects, str(listed["metadata"]["resourceVersion"])

    def _watch(self, kind: str, changes: queue.SimpleQueue[Item], objects: dict[str, Any], version: str) -> None:
        query = self._query | {"watch": "true", "allowWatchBookmarks": "true", "timeoutSeconds": str(WATCH_SECONDS)}
        query |= {"resourceVersion": version} if version else {}
        for line in self._api.stream(self._path, query, SILENCE_SECONDS, f"watch {self._path}"):
            event = decoded(line, f"watch {self._path}")
            if event.get("type") not in {"ADDED", "MODIFIED", "DELETED", "BOOKMARK"}:
                raise MissingError("the watch is too old")
            item = event["object"]
            if event["type"] == "DELETED":
                objects.pop(item["metadata"]["name"], None)
            elif event["type"] != "BOOKMARK":
                objects[item["metadata"]["name"]] = item
            changes.put((kind, dict(objects)))

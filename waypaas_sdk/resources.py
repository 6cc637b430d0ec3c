"""What a component makes in the cloud: told to Waypoint, undone on failure, destroyed.

`Creation` undoes in reverse order what a failed or cancelled operation had
made: Waypoint keeps no record of a failed deployment, so nobody else would.
`destroy_all` removes what a stored message names, again and again if it must:
Waypoint forgets a deployment before its destruction succeeded.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from waypaas_sdk.errors import CancelledError, CloudBusyError, CloudError, MissingError, PluginError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import TracebackType

    from waypaas_sdk.call import Call

RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0, 4.0)
"""Pauses between the tries of `destroy_all` and of an undo."""


class Category(enum.IntEnum):
    """What kind of thing a resource is; values as in ResourceCategoryDisplayHint."""

    UNKNOWN = 0
    OTHER = 1
    INSTANCE = 2
    INSTANCE_MANAGER = 3
    ROUTER = 4
    POLICY = 5
    CONFIG = 6
    FUNCTION = 7
    STORAGE = 8


@dataclass(frozen=True)
class Resource:
    """One thing in the cloud.

    Args:
        name: As the cloud calls it; unique among those of its type.
        type: The cloud's word: "Deployment", "Service".
        platform: "kubernetes", "ecs".
        category: For display.
        state: JSON-able facts that identify it. No secrets.
    """

    name: str
    type: str
    platform: str
    category: Category = Category.OTHER
    state: Mapping[str, Any] = field(default_factory=dict)


class Creation:
    """Remembers how to undo each thing that an operation makes.

    with Creation() as creation:
        cloud.apply(service)
        creation.made(resource, undo=lambda: cloud.delete(service))

    Leaving the block by an exception, cancellation included, undoes everything
    in reverse order and then lets the exception go on; what could not be undone
    is added to its text.
    """

    def __init__(self) -> None:
        self._made: list[tuple[Resource, Callable[[], None]]] = []

    @property
    def resources(self) -> list[Resource]:
        """What was made, in order."""
        return [resource for resource, _ in self._made]

    def made(self, resource: Resource, undo: Callable[[], None]) -> None:
        """Note that a thing is about to exist. Call it before the request that makes it.

        Noted beforehand, a thing whose request was cut off is undone too.

        Args:
            resource: The thing.
            undo: Removes it; MissingError counts as removed.
        """
        self._made.append((resource, undo))

    def __enter__(self) -> Self:
        """Begin with nothing made."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Undo after an exception; do nothing otherwise."""
        if error is None:
            return
        for resource, undo in reversed(self._made):
            try:
                _insist(undo, None)
            except Exception as left:  # noqa: BLE001  # whatever it is, the things made before must go too
                note = f"{resource.type} {resource.name} could not be removed again: {_told(left)}"
                if isinstance(error, PluginError):
                    error.why = f"{error.why}\n  {note}" if error.why else note
                else:
                    error.add_note(note)


def destroy_all(
    resources: Iterable[Resource], destroy: Callable[[Resource], None], *, call: Call | None = None
) -> list[Resource]:
    """Remove things one after the other, each with several tries; a thing that is gone counts as removed.

    Goes on after a failure, so that one stuck thing does not keep the others alive.

    Args:
        resources: In the order of removal.
        destroy: Removes one. MissingError means that it is gone already.
        call: Ends the waits between tries when cancelled.

    Returns:
        What is gone now.

    Raises:
        CloudError: Some could not be removed; its text names each with the reason.
        CancelledError: The call was cancelled.
    """
    gone: list[Resource] = []
    failed: list[str] = []
    for resource in resources:
        if call is not None:
            call.check()
        try:
            _insist(partial(destroy, resource), call)
        except CancelledError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, the other things must go too
            failed.append(f"{resource.type} {resource.name}: {_told(error)}")
        else:
            gone.append(resource)
    if failed:
        raise CloudError(
            f"{len(failed)} of {len(failed) + len(gone)} resources could not be destroyed",
            why="\n  ".join(failed),
            fix="mend the cause, then run `waypoint destroy` again; what is gone already does not matter",
        )
    return gone


def _told(error: Exception) -> str:
    """Give our own texts; of a library's error, which may hold anything, the kind only."""
    return str(error) if isinstance(error, PluginError) else f"an unforeseen {type(error).__name__}"


def _insist(action: Callable[[], None], call: Call | None) -> None:
    """Run an action until it succeeds or its thing is missing; give up after RETRY_SECONDS."""
    import time  # noqa: PLC0415  # cheap, but needed on failure only

    for pause in (*RETRY_SECONDS, None):
        try:
            action()
        except MissingError:
            return
        except (CloudBusyError, CloudError) as error:
            if pause is None:
                raise
            asked = getattr(error, "retry_after", None) or 0.0
            wait = max(pause, min(asked, 30.0))
            if call is None:
                time.sleep(wait)
            else:
                call.sleep(wait)
        else:
            return

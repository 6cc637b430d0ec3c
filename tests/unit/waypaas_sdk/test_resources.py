"""What is made is undone on failure; what is destroyed stays destroyed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from waypaas_sdk import resources
from waypaas_sdk.call import Call
from waypaas_sdk.errors import CancelledError, CloudBusyError, CloudError, MissingError, StateError
from waypaas_sdk.resources import Creation, Resource, destroy_all

if TYPE_CHECKING:
    from collections.abc import Callable

TRIES = 3


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let TRIES tries follow each other without a pause."""
    monkeypatch.setattr(resources, "RETRY_SECONDS", (0.0,) * (TRIES - 1))


def thing(name: str) -> Resource:
    """Give a resource."""
    return Resource(name, "Deployment", "kubernetes")


def failing(error: Exception, counter: Counter[str] | None = None) -> Callable[[], None]:
    """Give an undo that fails."""

    def fail() -> None:
        if counter is not None:
            counter["tries"] += 1
        raise error

    return fail


def make(names: str, undone: list[str], error: BaseException) -> None:
    """Make one thing per letter, then fail."""
    with Creation() as creation:
        for name in names:
            creation.made(thing(name), undo=lambda name=name: undone.append(name))
        raise error


@pytest.mark.parametrize(
    "error", [StateError("no"), CancelledError("deploy was cancelled"), ValueError("no"), KeyboardInterrupt()]
)
def test_creation_undoes_in_reverse_order(error: BaseException) -> None:
    """Failure, cancellation and interruption undo the latest thing first, and the exception goes on."""
    undone: list[str] = []
    with pytest.raises(type(error)) as caught:
        make("abc", undone, error)
    assert caught.value is error
    assert undone == ["c", "b", "a"]


def test_creation_keeps_what_succeeded() -> None:
    """Without an exception nothing is undone, and the resources are told in the order of their making."""
    undone: list[str] = []
    with Creation() as creation:
        creation.made(thing("a"), undo=lambda: undone.append("a"))
        creation.made(thing("b"), undo=lambda: undone.append("b"))
    assert undone == []
    assert [resource.name for resource in creation.resources] == ["a", "b"]


def fail_to_undo(undo: Callable[[], None], undone: list[str], error: Exception) -> None:
    """Make three things of which the middle one cannot be undone, then fail."""
    with Creation() as creation:
        creation.made(thing("first"), undo=lambda: undone.append("first"))
        creation.made(thing("stuck"), undo=undo)
        creation.made(thing("last"), undo=lambda: undone.append("last"))
        raise error


def test_creation_tells_what_it_could_not_undo() -> None:
    """A thing that stays is named in the error with the reason; the others are undone all the same."""
    undone: list[str] = []
    error = StateError("rollout failed", why="image missing")
    with pytest.raises(StateError) as caught:
        fail_to_undo(failing(CloudError("delete failed", why="code 42")), undone, error)
    assert undone == ["last", "first"]
    text = str(caught.value)
    assert "image missing" in text
    assert "Deployment stuck could not be removed again" in text
    assert "code 42" in text


def test_creation_notes_a_failed_undo_on_a_foreign_exception() -> None:
    """An exception that is not ours gets a note of what stays."""
    undone: list[str] = []
    with pytest.raises(ValueError, match="odd") as caught:
        fail_to_undo(failing(CloudError("delete failed")), undone, ValueError("odd"))
    assert any("Deployment stuck" in note for note in caught.value.__notes__)
    assert undone == ["last", "first"]


def test_creation_survives_an_undo_with_a_bug() -> None:
    """An undo that raises what we did not foresee neither hides the error nor keeps other things alive."""
    undone: list[str] = []
    with pytest.raises(StateError) as caught:
        fail_to_undo(failing(OSError("socket closed")), undone, StateError("rollout failed"))
    assert undone == ["last", "first"]
    assert "Deployment stuck could not be removed again" in str(caught.value)


def test_creation_counts_missing_as_undone() -> None:
    """A thing that was never made, or is gone, needs no mention."""
    undone: list[str] = []
    with pytest.raises(StateError) as caught:
        fail_to_undo(failing(MissingError("not found")), undone, StateError("rollout failed"))
    assert str(caught.value) == "rollout failed"


@pytest.mark.parametrize("error", [CloudBusyError("busy"), CloudError("broken")])
def test_creation_insists(error: Exception) -> None:
    """An undo that the cloud refuses for the moment is tried again, a bounded number of times."""
    counter: Counter[str] = Counter()
    with pytest.raises(StateError):
        fail_to_undo(failing(error, counter), [], StateError("rollout failed"))
    assert counter["tries"] == TRIES


def test_destroy_all_goes_on_after_a_failure() -> None:
    """One stuck thing does not keep the others alive, and the error names it, its reason and what to do."""
    tried: list[str] = []

    def destroy(resource: Resource) -> None:
        tried.append(resource.name)
        if resource.name == "b":
            raise StateError("b is protected")

    with pytest.raises(CloudError) as caught:
        destroy_all(map(thing, "abc"), destroy)
    assert tried == ["a", "b", "c"]
    assert str(caught.value).split("\n")[:2] == [
        "1 of 3 resources could not be destroyed",
        "  Deployment b: b is protected",
    ]
    assert "waypoint destroy" in caught.value.fix


def test_destroy_all_goes_on_after_a_bug() -> None:
    """An exception that we did not foresee does not keep the other things alive either."""
    tried: list[str] = []

    def destroy(resource: Resource) -> None:
        tried.append(resource.name)
        if resource.name == "a":
            raise KeyError("metadata")

    with pytest.raises(CloudError, match="1 of 2"):
        destroy_all(map(thing, "ab"), destroy)
    assert tried == ["a", "b"]


@pytest.mark.parametrize("error", [CloudBusyError("slow down", retry_after=0.0), CloudError("503")])
def test_destroy_all_retries(error: Exception) -> None:
    """A cloud that is busy or broken for a moment is asked again until it does."""
    tries: Counter[str] = Counter()

    def destroy(resource: Resource) -> None:
        tries[resource.name] += 1
        if tries[resource.name] < TRIES:
            raise error

    gone = destroy_all(map(thing, "ab"), destroy)
    assert [resource.name for resource in gone] == ["a", "b"]
    assert tries == {"a": TRIES, "b": TRIES}


def test_destroy_all_gives_up() -> None:
    """A cloud that stays busy is not asked for ever."""
    tries: Counter[str] = Counter()

    def destroy(resource: Resource) -> None:
        tries[resource.name] += 1
        raise CloudBusyError("slow down")

    with pytest.raises(CloudError, match="1 of 1"):
        destroy_all([thing("a")], destroy)
    assert tries["a"] == TRIES


def test_destroy_all_counts_missing_as_gone() -> None:
    """Destroying twice succeeds: what is missing is gone."""

    def destroy(_: Resource) -> None:
        raise MissingError("not found")

    assert [resource.name for resource in destroy_all(map(thing, "ab"), destroy)] == ["a", "b"]


def test_destroy_all_of_nothing() -> None:
    """Nothing to destroy is a success."""
    assert destroy_all([], failing(ValueError("called"))) == []  # type: ignore[arg-type]  # never called


def test_destroy_all_stops_when_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cancellation ends the wait between two tries and the whole removal."""
    monkeypatch.setattr(resources, "RETRY_SECONDS", (60.0,))
    call = Call("destroy")
    tried: list[str] = []

    def destroy(resource: Resource) -> None:
        tried.append(resource.name)
        call.cancel()
        raise CloudBusyError("slow down", retry_after=60)

    with pytest.raises(CancelledError):
        destroy_all(map(thing, "ab"), destroy, call=call)
    assert tried == ["a"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from([None, MissingError("gone"), CloudError("stuck"), StateError("kept")]), max_size=8))
def test_destroy_all_accounts_for_everything(outcomes: list[Exception | None]) -> None:
    """Each thing is either told as gone or named in the error, whatever happens to the others."""
    things = [thing(f"thing-{index}") for index in range(len(outcomes))]
    fate = dict(zip((item.name for item in things), outcomes, strict=True))

    def destroy(resource: Resource) -> None:
        if (error := fate[resource.name]) is not None:
            raise error

    stuck = [name for name, error in fate.items() if isinstance(error, (CloudError, StateError))]
    if not stuck:
        assert destroy_all(things, destroy) == things
        return
    with pytest.raises(CloudError) as caught:
        destroy_all(things, destroy)
    assert caught.value.what == f"{len(stuck)} of {len(things)} resources could not be destroyed"
    assert [line.split(":")[0].split()[-1] for line in caught.value.why.split("\n")] == stuck

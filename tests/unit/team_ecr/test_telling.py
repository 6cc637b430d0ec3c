"""What the user reads: how far a copy is, and why it failed."""

from __future__ import annotations

from typing import Any

import pytest

from imagemover import errors as theirs
from imagemover.results import Planned, Retried, Sent
from team_ecr import faults
from team_ecr.progress import Progress, Reading, size
from waypaas_sdk import errors


class RecordingStep:
    """A step that remembers its texts."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def update(self, text: str) -> None:
        """Remember."""
        self.texts.append(text)


def progress(*, interactive: bool = True) -> tuple[Progress, RecordingStep, list[float]]:
    """Give a progress with a clock of its own."""
    now = [0.0]
    step: Any = RecordingStep()
    return Progress(step, "Sending a to b", interactive=interactive, clock=lambda: now[0]), step, now


def test_bytes_and_rate_are_told() -> None:
    """The plan is told at once, then bytes, rate and what was there, but not at each event."""
    told, step, now = progress()
    told(Planned(3, 4 << 20, 1, 2, 1))
    for second in range(1, 5):
        now[0] = second * 0.1
        told(Sent("sha256:x", 1 << 18))
    now[0] = 2.0
    told(Sent("sha256:x", 3 << 20))
    assert step.texts[0] == "Sending a to b: 0 B of 4.0 MiB, 3 of 6 parts were there"
    assert step.texts[-1] == "Sending a to b: 4.0 MiB of 4.0 MiB (2.0 MiB/s), 3 of 6 parts were there"
    assert len(step.texts) == 3
    assert told.summary() == "sent 4.0 MiB in 2.0 s (2.0 MiB/s), 3 of 6 parts were there"


def test_nobody_watches() -> None:
    """Where nobody watches, ten seconds lie between two lines."""
    told, step, now = progress(interactive=False)
    told(Planned(1, 100, 0, 0, 1))
    for second in range(1, 25):
        now[0] = float(second)
        told(Sent("sha256:x", 1))
    assert len(step.texts) == 3


def test_trouble_is_told() -> None:
    """A try that failed is told with its wait and its first line."""
    told, step, _ = progress()
    told(Retried("the registry is busy\n  it answered 503", 1.25))
    assert step.texts[-1].endswith("; trying again in 1.2 s: the registry is busy")


def test_reading_is_told() -> None:
    """Reading an image whose size nobody knows tells the bytes, now and then."""
    now = [0.0]
    step: Any = RecordingStep()
    told = Reading(step, "Reading web", interactive=True, clock=lambda: now[0])
    for second in range(1, 8):
        now[0] = second * 0.1
        told(1 << 20)
    assert step.texts == ["Reading web: 3.0 MiB", "Reading web: 6.0 MiB"]
    assert told.text == "Reading web: 7.0 MiB"


def test_what_was_there() -> None:
    """A copy that sent nothing says so."""
    told, _, _ = progress()
    told(Planned(0, 0, 0, 7, 1))
    assert told.summary() == "was there already"


@pytest.mark.parametrize(("count", "text"), [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (5 << 40, "5.0 TiB")])
def test_sizes(count: int, text: str) -> None:
    """Sizes are told in the unit that people read."""
    assert size(count) == text


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (theirs.DeniedError("a", "b", "c", "d"), errors.PolicyError),
        (theirs.MissingError("a", "b", "c", "d"), errors.MissingError),
        (theirs.BusyError(1.0, 503, "", "a", "b", "c", "d"), errors.CloudBusyError),
        (theirs.StalledError("a", "b", "c", "d"), errors.CloudBusyError),
        (theirs.ReferenceSyntaxError("a", "b", "c", "d"), errors.OptionError),
        (theirs.ContentError("a", "b", "c", "d"), errors.CloudError),
    ],
)
def test_errors_keep_their_parts(error: theirs.ImageError, kind: type[errors.PluginError]) -> None:
    """Each error of the mover becomes one of its kind, with what, why, how to mend and where."""
    told = faults.translated(error)
    assert type(told) is kind
    assert str(told) == "a\n  b\n  c\n  at d"


def test_a_tag_that_may_not_move() -> None:
    """A tag that stands on another image is told with what makes another tag here: a commit, or the option."""
    told = faults.translated(theirs.TagConflictError("a", "b", "choose another tag", "d"))
    assert isinstance(told, errors.StateError)
    assert told.fix == faults.ANOTHER_TAG


def test_the_cause_of_a_copy_decides() -> None:
    """A copy that failed at one destination is told as what happened there."""
    copy = theirs.CopyError(None, "1 of 1 copies failed")
    copy.__cause__ = theirs.DeniedError("push is denied")
    assert isinstance(faults.translated(copy), errors.PolicyError)
    assert str(faults.translated(copy)) == "push is denied"

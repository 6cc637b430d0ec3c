"""When a blob is read by ranges, and how the window is shared."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from imagemover import ranges
from imagemover.gate import Gate
from imagemover.patience import Patience
from imagemover.ranges import Pace, Ranges

if TYPE_CHECKING:
    from imagemover.places import Source

LARGE = 100 << 20
PIECES = ranges.WINDOW_BYTES // ranges.PIECE_BYTES


class Far:
    """A source, as far as `Ranges` looks at it before it reads."""

    name = place = "far"
    path = "x"

    def __init__(self) -> None:
        self.gate = Gate()

    def unused(self, *_: object) -> object:
        """Stand for what is not called here."""
        raise NotImplementedError

    resolve = manifest = referrers = open_blob = unused


class FarInParts(Far):
    """A source that can be read in the middle."""

    open_range = Far.unused


def source() -> Source:
    """Give a source that can be read in the middle."""
    return cast("Source", FarInParts())


def slow_pace(clock: list[float], monkeypatch: pytest.MonkeyPatch, parts: list[float]) -> Pace:
    """Give the pace of a stream that waits for these parts of its windows."""
    monkeypatch.setattr(ranges.time, "monotonic", lambda: clock[0])
    pace = Pace()
    for part in parts:
        clock[0] += ranges.WINDOW_SECONDS
        pace.waited(part * ranges.WINDOW_SECONDS)
    return pace


@pytest.mark.parametrize(
    ("parts", "slow"), [([1.0], False), ([1.0, 1.0], True), ([0.0, 1.0], True), ([1.0, 0.5], False), ([], False)]
)
def test_slow_is_who_waits_after_the_first_window(
    monkeypatch: pytest.MonkeyPatch,
    parts: list[float],
    slow: bool,  # noqa: FBT001  # pytest gives it
) -> None:
    """A source is slow if its stream waits most of a window; the first does not count, as the kernel takes it all."""
    assert slow_pace([0.0], monkeypatch, parts).is_slow is slow


def test_window_is_shared() -> None:
    """All blobs together have one window: each gets its part, and the last one all of it."""
    shared, far = Ranges(Patience()), source()
    for left in range(60, 0, -1):
        shared.expect(left)
        assert left * shared.depth(far) <= PIECES
    assert shared.depth(far) == PIECES
    far.gate.narrow()
    assert shared.depth(far) == 1


def test_ranges_pay_where_connections_are_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ranges are read of a slow source only, of a long rest only, and only with few blobs left."""
    shared, far = Ranges(Patience()), source()
    slow = slow_pace([0.0], monkeypatch, [1.0, 1.0])
    shared.expect(PIECES)
    assert not shared.pays(far, LARGE, slow)
    shared.expect(4)
    assert not shared.pays(far, ranges.LEAST_BYTES - 1, slow)
    assert not shared.pays(far, LARGE, Pace())
    assert not shared.pays(far, LARGE)
    assert shared.pays(far, LARGE, slow)
    assert shared.pays(far, LARGE)  # what was seen of one blob is known of the next


def test_source_that_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    """A source without ranges, one that refused them, and a copy that does not want them, read in one stream."""
    slow = slow_pace([0.0], monkeypatch, [1.0, 1.0])
    shared, far = Ranges(Patience()), source()
    shared.refuse(far)
    assert not shared.pays(far, LARGE, slow)
    assert not Ranges(Patience(), wanted=False).pays(source(), LARGE, slow)
    assert not Ranges(Patience()).pays(cast("Source", Far()), LARGE, slow)

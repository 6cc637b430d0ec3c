"""When a blob is read by ranges, and how the window is shared."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import pytest

from imagemover import ranges
from imagemover.gate import WIDEST, Gate
from imagemover.manifests import Descriptor
from imagemover.patience import Patience
from imagemover.ranges import PIECES, Pace, Ranges
from imagemover.workers import Workers

if TYPE_CHECKING:
    from imagemover.places import Source
    from imagemover.ranges import RangeSource

LARGE = 100 << 20


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


class Counting(FarInParts):
    """A source that counts how many pieces of it are on their way."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()
        self.now = self.most = 0

    def open_range(self, _: Descriptor, begin: int, end: int) -> Piece:
        """Open a piece: each byte tells in which MiB it stands."""
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        return Piece(self, begin >> 20, end - begin)


@dataclass
class Piece:
    """A piece that takes its time."""

    source: Counting
    sign: int
    left: int

    def readinto(self, view: memoryview) -> int:
        """Give it at once, after a while."""
        time.sleep(0.002)
        count, self.left = min(len(view), self.left), 0
        view[:count] = bytes([self.sign]) * count
        return count

    def close(self) -> None:
        """Count it out."""
        with self.source.lock:
            self.source.now -= 1


def test_window_is_shared() -> None:
    """Blobs that are read by ranges at the same time have one window together, and each comes whole and in order."""
    shared, far = Ranges(Patience()), Counting()
    size = (20 << 20) + 5

    def read(number: int) -> list[int]:
        blob = Descriptor("", f"sha256:{number:064}", size)
        return [one[0] for one in shared.pieces(cast("RangeSource", far), blob, 0) if set(one[:9]) == {one[0]}]

    pool = Workers(5, "blob")
    try:
        assert list(pool.map(read, range(5))) == [list(range(21))] * 5
    finally:
        pool.close()
        shared.close()
    assert ranges.LEAST_DEPTH < far.most <= PIECES


def test_ranges_pay_where_connections_are_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ranges are read of a slow source only, of a long rest only, and only if blobs leave connections free."""
    shared, far = Ranges(Patience()), source()
    slow = slow_pace([0.0], monkeypatch, [1.0, 1.0])
    shared.expect(WIDEST - PIECES + 1)
    assert not shared.pays(far, LARGE, slow)
    shared.finished()
    assert not shared.pays(far, ranges.LEAST_BYTES - 1, slow)
    assert not shared.pays(far, LARGE, Pace())
    assert not shared.pays(far, LARGE)
    assert shared.pays(far, LARGE, slow)
    assert shared.pays(far, LARGE)  # what was seen of one blob is known of the next
    monkeypatch.undo()
    far.gate.narrow()
    assert not shared.pays(far, LARGE, slow)


def test_few_blobs_are_read_by_ranges_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many blobs are read by ranges as have enough pieces each; others stay in one stream until there is room."""
    shared, far = Ranges(Patience()), Counting()
    slow = slow_pace([0.0], monkeypatch, [1.0, 1.0])
    monkeypatch.undo()
    blob = Descriptor("", f"sha256:{0:064}", LARGE)
    reading = []
    while shared.pays(cast("Source", far), LARGE, slow):
        reading.append(shared.pieces(cast("RangeSource", far), blob, 0))
        next(reading[-1])
    assert len(reading) == PIECES // ranges.LEAST_DEPTH
    reading.pop().close()
    assert shared.pays(cast("Source", far), LARGE, slow)
    for one in reading:
        one.close()
    shared.close()


def test_source_that_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    """A source without ranges, one that refused them, and a copy that does not want them, read in one stream."""
    slow = slow_pace([0.0], monkeypatch, [1.0, 1.0])
    shared, far = Ranges(Patience()), source()
    shared.refuse(far)
    assert not shared.pays(far, LARGE, slow)
    assert not Ranges(Patience(), wanted=False).pays(source(), LARGE, slow)
    assert not Ranges(Patience()).pays(cast("Source", Far()), LARGE, slow)

"""How long an image ran, told from the releases that the service has seen."""

from __future__ import annotations

import pytest

from teamconfig.service import soaking
from teamconfig.state.releases import Draft, Release

A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64


@pytest.mark.parametrize(("seen", "now", "expected"), [
    ([], 100, 0),
    ([(10, B)], 100, 0),
    ([(10, A)], 100, 90),
    ([(10, A)], 0, 0),
    ([(10, A), (30, A)], 100, 90),
    ([(10, A), (30, B)], 100, 20),
    ([(10, A), (30, B)], 0, 20),
    ([(10, A), (30, B), (50, B), (60, A)], 100, 40),
    ([(10, A), (60, B), (80, A)], 0, 50),
    ([(10, A), (60, B), (80, A), (95, A)], 100, 50),
], ids=["nothing", "another", "until now", "nobody looked", "deployed twice", "replaced", "replaced long ago",
        "came back for longer", "came back unseen", "longest counts"])  # fmt: skip
def test_the_longest_time_without_another_image_counts(
    seen: list[tuple[float, str]], now: float, expected: float
) -> None:
    """An image ran from when it was seen until another was, or until now; times apart are not added up."""
    history = [Release("id", Draft("shop", "web", "dev", digest, "r", ""), created) for created, digest in seen]
    assert soaking.seconds(list(reversed(history)), A, now) == expected

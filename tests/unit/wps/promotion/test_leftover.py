"""Old deployments that may go: never the one that serves, never the one that a rollback goes to."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from teamconfig.releases.record import Record
from wps.promotion import leftover
from wps.promotion.waypoint import Deployment

DIGESTS = ["sha256:" + letter * 64 for letter in "abc"]


def deployment(number: int, *, is_there: bool = True) -> Deployment:
    """Make a deployment; its id is its number."""
    return Deployment(f"d{number}", number, "SUCCESS", is_there, "")


def record(number: int, digest: str) -> Record:
    """Make the record of a deployment."""
    return Record(
        project="shop", app="web", environment="production", digest=digest, image="", profile_revision="",
        profile_hash="sha256:" + "0" * 64, app_file_hash="0" * 64, deployment=f"d{number}", id=f"{number:064}",
        number=number, previous="", made_by="x|ana", made_by_name="ana", made_at=number,
    )  # fmt: skip


def gone(images: list[str], rejected: tuple[str, ...] = ()) -> list[str]:
    """Give what may go after releases of these images, the oldest first."""
    records = [record(number, digest) for number, digest in enumerate(images)]
    deployments = [deployment(number) for number in range(len(images))]
    return [one.id for one in leftover.surplus(deployments, records[::-1], rejected)]


def test_what_serves_and_what_a_rollback_goes_to_stays() -> None:
    """Of four releases the newest and the one of the image before stay; a rejected image is nothing to go back to."""
    first, second, third = DIGESTS
    assert gone([first, second, third]) == ["d0"]
    assert gone([first, second, second]) == ["d1"]
    assert gone([first, second, third], (second,)) == ["d1"]
    assert gone([first]) == []


def test_private_deployments_of_failed_promotions_may_go() -> None:
    """What no record names was never given the traffic for good; what is destroyed already is not named again."""
    made = [deployment(3), deployment(2), deployment(1, is_there=False)]
    assert [one.id for one in leftover.surplus(made, [record(3, DIGESTS[0])])] == ["d2"]
    assert leftover.surplus(made, []) == []


def test_what_is_newer_than_what_serves_stays() -> None:
    """It may be of another promotion, which has just begun; nothing goes where it is not known what serves."""
    made = [deployment(4), deployment(3), deployment(2)]
    assert [one.id for one in leftover.surplus(made, [record(3, DIGESTS[0])])] == ["d2"]
    assert leftover.surplus(made, [record(9, DIGESTS[0])]) == []


def test_the_standards_say_how_many_stay() -> None:
    """With keep 2 the deployments of the two images before stay, with 0 none does."""
    records = [record(number, "sha256:" + letter * 64) for number, letter in enumerate("abcd")][::-1]
    made = [deployment(number) for number in (3, 2, 1, 0)]
    assert [one.id for one in leftover.surplus(made, records, keep=2)] == ["d0"]
    assert [one.id for one in leftover.surplus(made, records, keep=0)] == ["d2", "d1", "d0"]


@given(st.lists(st.sampled_from(DIGESTS), max_size=8))
def test_the_newest_always_stays(images: list[str]) -> None:
    """Whatever was released, the deployment that serves stays, and at most one more."""
    named = gone(images)
    assert f"d{len(images) - 1}" not in named
    assert len(images) - len(named) == min(len(images), len(set(images)), 2)

"""What is read out of Waypoint's deployments: which previews there are, how old, until when, and what a sweep ends."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from wps.previews import listing, steps
from wps.previews.listing import Preview

HOUR = 3600.0
BEGUN = 1_700_000_000.0


def ulid(number: int) -> str:
    """Make an id as Waypoint does, a second later for each number."""
    signs, value = "", int((BEGUN + number) * 1000)
    for _ in range(10):
        value, digit = divmod(value, 32)
        signs = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[digit] + signs
    return signs + "0" * 16


def row(number: int, workspace: str = "preview-a", app: str = "web", state: str = "CREATED", **labels: str) -> Any:
    """Make a deployment as Waypoint lists it."""
    start = datetime.fromtimestamp(BEGUN + number, UTC).strftime("%Y-%m-%dT%H:%M:%S.123456789Z")
    kept = {f"waypaas/preview-{name}": value for name, value in labels.items()}
    return {
        "id": ulid(number), "workspace": workspace, "application": {"application": app, "project": "shop"},
        "physical_state": state, "status": {"state": "SUCCESS", "start_time": start}, "labels": kept,
    }  # fmt: skip


def release(number: int, url: str, state: str = "SUCCESS") -> dict[str, Any]:
    """Make a release as Waypoint lists it."""
    return {"id": number, "workspace": "preview-a", "application": {"application": "web"}, "url": url,
            "status": {"state": state}}  # fmt: skip


def test_only_what_is_there_counts() -> None:
    """Deployments that are destroyed, and those of environments, make no preview; several apps make one."""
    rows = [row(1, "default"), row(2, state="DESTROYED"), row(3, "production"), row(4, branch="a"),
            row(5, app="api", branch="a"), row(6, "preview-b", state="DESTROYED")]  # fmt: skip
    (one,) = listing.previews(rows, [], HOUR)
    assert (one.workspace, one.branch, one.apps) == ("preview-a", "a", ("api", "web"))


def test_the_newest_deployment_says_until_when() -> None:
    """A preview ends when its newest deployment says so, and at the latest as the standards say from its beginning."""
    first = row(1, branch="a", ends=str(int(BEGUN + 100)))
    newer = row(50, branch="a", ends=str(int(BEGUN + 900)), first=first["id"])
    (one,) = listing.previews([newer, first], [], HOUR)
    assert one.ends == BEGUN + 900
    assert one.began == BEGUN + 1
    (pruned,) = listing.previews([newer], [], HOUR)
    assert pruned.began == BEGUN + 1, "it is as old as before, when Waypoint has pruned its first deployment"
    (short,) = listing.previews([newer], [], 60)
    assert short.ends == pytest.approx(BEGUN + 50 + 60, abs=1), "a shorter standard counts at once"


@pytest.mark.parametrize("ends", ["", "soon", "-5", "9" * 13, "nan", "1e300"])
def test_a_label_that_says_nothing_does_not_prolong(ends: str) -> None:
    """Without a time that can be read, or with one beyond the standards, the standards' time counts."""
    (one,) = listing.previews([row(0, ends=ends, first="not an id")], [], HOUR)
    assert one.ends == pytest.approx(BEGUN + HOUR, abs=1)
    assert one.began == BEGUN


def test_a_later_first_makes_nobody_younger_or_older_than_the_id() -> None:
    """A label cannot make a preview younger than its own deployments say."""
    (one,) = listing.previews([row(5, first=ulid(99))], [], HOUR)
    assert one.first == ulid(5)


def test_urls_are_those_of_the_newest_good_release() -> None:
    """A release that failed, or an older one, does not tell where a preview answers."""
    told = [release(9, "https://nine"), release(10, "https://ten"), release(11, "https://eleven", "ERROR")]
    (one,) = listing.previews([row(1)], told, HOUR)
    assert one.urls == {"web": "https://ten"}


def test_everybody_sees_the_same_order() -> None:
    """Which of two came first is told by Waypoint's ids, and not by anybody's clock."""
    found = listing.previews([row(7, "preview-z"), row(3, "preview-y"), row(5, "preview-x")], [], HOUR)
    assert [one.workspace for one in found] == ["preview-y", "preview-x", "preview-z"]
    assert [one.workspace for one in listing.older(found, found[1])] == ["preview-y"]
    assert listing.older(found, found[0]) == []


def test_labels_come_back() -> None:
    """What is written as labels is what is read, whatever signs the branch has."""
    written = dict(one.removeprefix("-label=").split("=", 1) for one in listing.labels("a=b,c", BEGUN + 9.7, ulid(1)))
    made = row(5) | {"labels": written}
    (one,) = listing.previews([made], [], HOUR)
    assert (one.branch, one.ends, one.first) == ("a=b,c", BEGUN + 9, ulid(1))


def test_a_sweep_takes_what_is_over_or_gone() -> None:
    """What is over its time goes; what has lost its branch goes if the remote was asked; what has none stays."""
    now = 1000.0
    over, lost, kept, nameless = (
        Preview(f"preview-{branch or 'raw'}", branch, ulid(place), ends, ("web",))
        for place, (branch, ends) in enumerate((("over", 1000.0), ("lost", 1001.0), ("kept", 1001.0), ("", 1001.0)))
    )
    found = [over, lost, kept, nameless]
    assert [one.preview for one in steps.due(found, now, None)] == [over]
    assert [one.preview for one in steps.due(found, now, {"kept"})] == [over, lost]
    assert steps.due(found, now, {"kept"})[1].why == "branch lost is gone"
    assert listing.over(found, now) == [over]

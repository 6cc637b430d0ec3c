"""Which deploys count as lost, and whose record it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from team_ecs import dns, names, sweeping

if TYPE_CHECKING:
    from collections.abc import Callable

    from team_ecs.order import Order

BEGUN = sweeping.begun("01HZXW5VE4M2Q6S8T0V2X4Z6A8")
LATE = BEGUN + 15 * 60 + sweeping.PATIENCE_SECONDS + 1


def service(order: Order, **tags: str) -> dict[str, Any]:
    """Give a service of the app whose deploy was cut off."""
    all_tags = {
        **names.owner(order.identity),
        names.DEPLOYMENT_TAG: "01HZXW5VE4M2Q6S8T0V2X4Z000",
        names.STATE_TAG: names.DEPLOYING,
        **tags,
    }
    return {
        "serviceName": "web-152b26f8-v6",
        "tags": [{"key": key, "value": value} for key, value in all_tags.items()],
    }


def test_a_ulid_tells_when_it_was_made() -> None:
    """The first ten signs of a ULID are milliseconds since 1970, as its specification says."""
    assert sweeping.begun("01ARYZ6S41TSV4RRFFQ69G5FAV") == 1469918176.385
    assert sweeping.begun("not-a-ulid") == float("inf")
    assert sweeping.begun("01ARYZ") == float("inf")


@pytest.mark.parametrize(
    ("tags", "now", "lost"),
    [
        ({}, LATE, True),
        ({}, LATE - 60, False),
        ({names.STATE_TAG: names.DEPLOYED}, LATE, False),
        ({names.STATE_TAG: ""}, LATE, False),
        ({names.OWNER_TAG: "others/dev"}, LATE, False),
        ({names.DEPLOYMENT_TAG: "01HZXW5VE4M2Q6S8T0V2X4Z6A8"}, LATE, False),
        ({names.DEPLOYMENT_TAG: "by hand"}, LATE, False),
    ],
    ids=["lost", "young", "done", "older plugin", "others", "itself", "no ulid"],
)
def test_behaviour_23_only_what_is_surely_lost_is_swept(
    make_order: Callable[..., Order], tags: dict[str, str], now: float, *, lost: bool
) -> None:
    """Swept is what is the app's own, has not come to its end, and is older than a deploy can be."""
    order = make_order()
    found = sweeping.abandoned(order, [service(order, **tags)], now)
    assert [name for name, _ in found] == (["web-152b26f8-v6"] if lost else [])


@given(st.integers(1, 100_000))
def test_one_question_names_all_that_are_looked_at(sequence: int) -> None:
    """With the deploy's own service, those before it are at most the ten that DescribeServices takes."""
    numbers = range(max(sequence - sweeping.LOOKED_AT, 1), sequence)
    assert len(numbers) + 1 <= 10


def test_a_record_says_whose_it_is(make_order: Callable[..., Order]) -> None:
    """The TXT record beside an app's own names team, environment, project, app and workspace."""
    assert dns.note(make_order().identity) == '"waypaas owner=payments/dev project=shop app=web workspace=default"'

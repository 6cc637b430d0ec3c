"""Looking what runs on ECS where the account refuses, is busy, silent, or no account at all: moto past a proxy."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from teamconfig.credentials import runningtasks
from teamconfig.credentials.errors import CloudBusyError, CloudError, CredentialsError, MissingError
from tests.cloud.credentials.ecsplace import IMAGE
from testservers.awsproxy import Fault

if TYPE_CHECKING:
    from tests.cloud.credentials.ecsplace import Place

Kind = type[CredentialsError]


def refused(place: Place, kind: Kind) -> str:
    """Look without an answer; give the text."""
    with pytest.raises(kind) as caught:
        place.seen()
    assert "canary" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("sts:AssumeRole", MissingError), ("ecs:ListServices", CloudError), ("ecs:DescribeServices", CloudError),
        ("ecs:ListTasks", CloudError), ("ecs:DescribeTasks", CloudError),
    ],
)  # fmt: skip
def test_an_account_that_refuses_gives_no_answer(place: Place, action: str, kind: Kind) -> None:
    """A refusal at any call is told with AWS's code, and not tried again."""
    place.run(IMAGE)
    place.aws.proxy.add(Fault(action, code="AccessDenied", status=403, times=100))
    assert "AccessDenied" in refused(place, kind)
    assert place.aws.proxy.actions().count(action) == 1


@pytest.mark.parametrize("fault", [Fault("ecs:.*", times=3), Fault("ecs:.*", "reset"), Fault("ecs:.*", status=503)])
def test_a_busy_account_is_asked_again(place: Place, fault: Fault) -> None:
    """Throttling, a fault of AWS's own and a cut connection are waited out."""
    place.run(IMAGE)
    place.aws.proxy.add(Fault(fault.action, fault.kind, fault.code, fault.status, times=fault.times))
    assert place.seen()


@pytest.mark.parametrize("fault", [Fault("ecs:.*", times=1000), Fault("ecs:.*", "slow", seconds=8, times=1000)])
def test_throttling_and_silence_end(place: Place, fault: Fault) -> None:
    """When ECS goes on throttling, or says nothing, a look ends soon after its seconds."""
    place.run(IMAGE)
    place.aws.proxy.add(Fault(fault.action, fault.kind, seconds=fault.seconds, times=fault.times))
    began = time.monotonic()
    refused(place, CloudBusyError)
    assert time.monotonic() - began < runningtasks.SECONDS + 2.5
    assert len(place.aws.proxy.calls) <= 1 + runningtasks.MOST_CALLS


def test_a_list_without_end_ends(place: Place) -> None:
    """Pages that never end are given up after a number of calls."""
    place.aws.proxy.answers["ecs:ListServices"] = lambda _: {"serviceArns": [], "nextToken": "more"}
    assert "takes too long" in refused(place, CloudError)
    assert len(place.aws.proxy.calls) <= 1 + runningtasks.MOST_CALLS


@pytest.mark.parametrize(
    ("action", "answer"),
    [
        ("ecs:ListServices", {"serviceArns": [7]}), ("ecs:DescribeServices", {"answer": "of something else"}),
        ("ecs:DescribeTasks", {"tasks": [{"lastStatus": "RUNNING", "containers": "web"}]}),
    ],
)  # fmt: skip
def test_an_answer_of_something_else_is_no_sight(place: Place, action: str, answer: dict[str, Any]) -> None:
    """An answer that is not ECS's is an error of the account, never a traceback."""
    place.run(IMAGE)
    place.aws.proxy.answers[action] = lambda _: answer
    assert "cannot be read" in refused(place, CloudError)

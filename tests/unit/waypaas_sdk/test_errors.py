"""The texts that users read."""

from __future__ import annotations

import pytest

from waypaas_sdk.errors import CloudBusyError, OptionError, PluginError, PolicyError


def test_four_lines() -> None:
    """An error says what, why, fix and where, each on a line of its own, the last three indented."""
    error = PolicyError(
        'option memory = "2GB" is not allowed',
        why='team config "payments" permits at most 1Gi',
        fix='write memory = "1Gi", or ask #platform',
        where="app.web.deploy.use.memory",
    )
    assert str(error).split("\n") == [
        'option memory = "2GB" is not allowed',
        '  team config "payments" permits at most 1Gi',
        '  write memory = "1Gi", or ask #platform',
        "  at app.web.deploy.use.memory",
    ]


def test_absent_lines_leave_no_gap() -> None:
    """What is not known takes no line."""
    assert str(PluginError("it broke")) == "it broke"
    assert str(PluginError("it broke", where="a.b")) == "it broke\n  at a.b"


def test_join_of_one_is_the_one() -> None:
    """A single problem is shown as it is, without a count."""
    only = OptionError("option a is missing", where="deploy.use.a")
    assert OptionError.join([only]) is only


def test_join_lists_all_problems() -> None:
    """Several problems become one error that holds the complete text of each, in order."""
    first = OptionError("option a is missing", fix="write a = 1", where="deploy.use.a")
    second = OptionError("option b = 2 is not a text", where="deploy.use.b")
    text = str(OptionError.join([first, second]))
    assert text == f"2 options are not valid\n{first}\n{second}"


@pytest.mark.parametrize("seconds", [None, 0.0, 3.5])
def test_busy_keeps_the_clouds_wish(seconds: float | None) -> None:
    """CloudBusyError carries how long the cloud asked to wait, apart from the text."""
    error = CloudBusyError("too many requests", retry_after=seconds, why="rate limit")
    assert error.retry_after == seconds
    assert str(error) == "too many requests\n  rate limit"

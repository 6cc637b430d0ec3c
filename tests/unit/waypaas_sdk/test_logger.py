"""Log lines as hclog on the host's side reads them."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from waypaas_sdk.logger import LEVELS, Logger, host_level

if TYPE_CHECKING:
    from pathlib import Path

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def descriptor(tmp_path: Path) -> Iterator[int]:
    """Open a file to log into."""
    opened = os.open(tmp_path / "log", os.O_RDWR | os.O_CREAT | os.O_APPEND)
    yield opened
    os.close(opened)


@pytest.fixture
def lines(tmp_path: Path) -> Lines:
    """Give the function that reads what was logged."""
    return lambda: [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]


def test_line_is_hclogs_json(descriptor: int, lines: Lines) -> None:
    """A line is one JSON object with hclog's four keys and the key-values, bound ones too."""
    logger = Logger("waypoint-plugin-x", descriptor=descriptor, level="info").named("deploy").bind(app="web")
    logger.info("two\nlines", replicas=3)
    [line] = lines()
    stamp = line.pop("@timestamp")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", stamp)
    assert line == {
        "@level": "info",
        "@message": "two\nlines",
        "@module": "waypoint-plugin-x.deploy",
        "app": "web",
        "replicas": 3,
    }


@pytest.mark.parametrize("level", LEVELS)
def test_level(level: str, descriptor: int, lines: Lines) -> None:
    """Lines below the wanted level are not written, those at or above are, and off writes none."""
    logger = Logger("x", descriptor=descriptor, level=level)
    for log in (logger.trace, logger.debug, logger.info, logger.warning, logger.error):
        log("said")
    assert [line["@level"] for line in lines()] == [
        name for name in LEVELS if LEVELS[name] >= LEVELS[level] and name != "off"
    ]


@pytest.mark.parametrize(
    ("said", "level"),
    [("", "info"), ("trace", "trace"), (" DEBUG ", "debug"), ("warning", "warn"), ("none", "off"), ("loud", "info")],
)
def test_host_level(said: str, level: str) -> None:
    """The level is the one of WAYPOINT_LOG_LEVEL, however it is spelt, and info for what is no level."""
    assert host_level({"WAYPOINT_LOG_LEVEL": said}) == level


@pytest.mark.parametrize(
    "key", ["password", "DB_PASSWORD", "entrypoint_invite_token", "client_secret", "Authorization"]
)
def test_secrets_are_hidden(key: str, descriptor: int, lines: Lines) -> None:
    """A value whose key tells that it is a secret is not written, bound or given."""
    logger = Logger("x", descriptor=descriptor, level="info")
    logger.bind(**{key: "hunter2"}).info("one")
    logger.info("two", **{key: "hunter2"})
    assert [line[key] for line in lines()] == ["(hidden)", "(hidden)"]


def test_what_json_cannot_express_is_logged_as_text(descriptor: int, lines: Lines, tmp_path: Path) -> None:
    """A value that is no JSON is written as text, not refused."""
    Logger("x", descriptor=descriptor, level="info").info("made", path=tmp_path)
    assert lines()[0]["path"] == str(tmp_path)


def test_lines_of_threads_do_not_mix(descriptor: int, lines: Lines) -> None:
    """Threads that log at the same time each write whole lines."""
    logger = Logger("x", descriptor=descriptor, level="info")

    def log(name: str) -> None:
        for _ in range(50):
            logger.info(name * 500)

    threads = [threading.Thread(target=log, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(line["@message"] for line in lines()) == sorted(name * 500 for name in "abcd" for _ in range(50))


def test_a_host_that_is_gone_is_no_error() -> None:
    """Logging into a closed pipe does nothing."""
    read, write = os.pipe()
    os.close(read)
    Logger("x", descriptor=write, level="info").info("anybody there?")
    os.close(write)

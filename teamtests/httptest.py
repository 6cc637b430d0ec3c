"""Tests of kind `http`: ask the deployment, once or many times, and time it."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from teamconfig import units
from teamtests import matching, percentiles
from teamtests.outcome import Attempt
from teamtests.target import NOWHERE

if TYPE_CHECKING:
    from teamtests.attempt import Clock
    from teamtests.planning import Test
    from teamtests.target import Target

MAX_BODY = 1024 * 1024
"""Bytes of an answer that are read."""

CONNECT_SECONDS = 10.0
"""Until a connection stands; within it nothing can be called off."""

SHOWN_PROBLEMS = 5
PERCENTILE = 95
AGENT = "waypaas-test"


def run(test: Test, target: Target, clock: Clock) -> Attempt:
    """Try once.

    Args:
        test: What to ask, and what to expect.
        target: Whom to ask.
        clock: Its time.

    Returns:
        What came out.
    """
    if not target.url:
        return Attempt((NOWHERE,))
    check, count = test.check, test.check.requests or 1
    times: list[float] = []
    problems: dict[str, int] = {}
    for _ in range(count):
        if clock.ended():
            break
        begun = time.monotonic()
        try:
            found = matching.problems(check, _ask(test, target.url, clock))
            times.append(time.monotonic() - begun)
        except (OSError, http.client.HTTPException, ValueError) as err:
            found = [f"{_url(target.url, check.path)} does not answer: {_reason(err)}"] if not clock.ended() else []
        for problem in found:
            problems[problem] = problems.get(problem, 0) + 1
    texts = _listed(problems, count)
    if clock.ended():
        texts.insert(0, f"it took longer than {test.timeout_seconds:g} s: {len(times)} of {count} requests were done")
    facts = {"requests": len(times)}
    if times:
        texts += _too_slow(test, times)
        facts |= {f"p{percent}_ms": round(percentiles.nearest_rank(times, percent) * 1000) for percent in (50, 95, 100)}
    return Attempt(tuple(texts), facts=facts)


def _listed(problems: dict[str, int], count: int) -> list[str]:
    texts = [f"{text} ({number} of {count} requests)" if count > 1 else text for text, number in problems.items()]
    more = len(texts) - SHOWN_PROBLEMS
    return [*texts[:SHOWN_PROBLEMS], f"{more} other problems"] if more > 0 else texts


def _too_slow(test: Test, times: list[float]) -> list[str]:
    if not test.check.latency:
        return []
    most, percent = units.parse_duration(test.check.latency).total_seconds(), test.check.percentile or PERCENTILE
    measured = percentiles.nearest_rank(times, percent)
    if measured <= most:
        return []
    return [f"{percent} % of the answers took up to {measured * 1000:.0f} ms, allowed are {most * 1000:.0f} ms"]


def _url(base: str, path: str | None) -> str:
    return base.rstrip("/") + "/" + (path or "/").removeprefix("/")


def _ask(test: Test, base: str, clock: Clock) -> matching.Answer:
    check = test.check
    parts = urlsplit(_url(base, check.path))
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"{base} is no URL of HTTP")
    seconds = min(clock.left, CONNECT_SECONDS)
    connection = (
        http.client.HTTPSConnection(parts.hostname, parts.port, timeout=seconds, context=ssl.create_default_context())
        if parts.scheme == "https"
        else http.client.HTTPConnection(parts.hostname, parts.port, timeout=seconds)
    )
    try:
        connection.connect()
        connected = connection.sock  # kept: the connection lets go of it when the body begins
        if connected is not None:
            connected.settimeout(clock.left)
        with clock.on_cancel(lambda: _shut(connected)):
            headers = {"user-agent": AGENT, "connection": "close"} | (check.headers or {})
            body = check.send.encode() if check.send is not None else None
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request(check.method or "GET", path, body, headers)
            answer = connection.getresponse()
            text = answer.read(MAX_BODY).decode(errors="replace")
    finally:
        connection.close()
    found: dict[str, str] = {}
    for name, value in answer.getheaders():
        found[name.lower()] = f"{found[name.lower()]}, {value}" if name.lower() in found else value
    return matching.Answer(answer.status, found, text)


def _shut(connected: socket.socket | None) -> None:
    if connected is not None:
        with suppress(OSError):
            connected.shutdown(socket.SHUT_RDWR)


def _reason(err: Exception) -> str:
    return getattr(err, "strerror", None) or str(err) or type(err).__name__

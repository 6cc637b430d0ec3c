"""Answers of the writer's thread, as the event loop gets them."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future

import pytest

from teamconfig.service.answers import Answers


def test_every_answer_arrives() -> None:
    """Whatever several threads answer at whatever moments, each caller gets the answer to their own question."""

    async def ask() -> None:
        answers = Answers()
        futures: list[Future[int]] = [Future() for _ in range(2000)]
        threads = [
            threading.Thread(target=lambda part: [one.set_result(id(one)) for one in part], args=(futures[start::4],))
            for start in range(4)
        ]
        waiting = [asyncio.ensure_future(answers.wait(one, 30.0)) for one in futures]
        await asyncio.sleep(0)
        for thread in threads:
            thread.start()
        assert await asyncio.gather(*waiting) == [id(one) for one in futures]
        for thread in threads:
            thread.join()

    asyncio.run(ask())


def test_an_error_arrives() -> None:
    """The writer's error is raised where it is waited for."""

    async def ask() -> None:
        future: Future[None] = Future()
        future.set_exception(ValueError("no"))
        with pytest.raises(ValueError, match="no"):
            await Answers().wait(future, 1.0)

    asyncio.run(ask())


def test_nobody_waits_for_ever_and_nothing_is_taken_back() -> None:
    """Who has waited long enough is told; the change goes on, and its late answer disturbs nobody."""

    async def ask() -> None:
        answers = Answers()
        future: Future[int] = Future()
        with pytest.raises(TimeoutError):
            await answers.wait(future, 0.01)
        waiting = asyncio.ensure_future(answers.wait(future, 30.0))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert not future.cancelled()
        future.set_result(1)
        assert await answers.wait(future, 1.0) == 1

    asyncio.run(ask())

"""`wps promote` that is killed at any time, or fails, and two at once: one release, and a chain that is whole.

Kills at each moment of a promotion are made by test_every_moment.
"""

from __future__ import annotations

import os
import random
import signal
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from shop import Shop

pytestmark = pytest.mark.flaky(reruns=1, only_rerun="HostHungError")
"""Waypoint's local mode hangs now and then; what our code does wrong is never tried again."""

TO_STAGING = ("promote", "--to", "staging", "--yes")


def steps(shop: Shop) -> list[str] | None:
    """Name the steps of staging's promotion that are done; None if it has not begun, or has ended."""
    with shop.ledger() as ledger:
        running = ledger.promotion("shop", "web", "staging")
    return None if running is None or running.ended else [step.name for step in running.steps]


def one_release(shop: Shop, digest: str) -> None:
    """Check that staging has been given one release, of the image, and that its record is one in a whole chain."""
    assert shop.serves("staging") == digest
    assert shop.releases("staging") == 1
    assert [one["digest"] for one in shop.json("releases", "--env", "staging")] == [digest]
    assert shop.json("verify")["environments"]["staging"]["records"] == 1
    assert steps(shop) is None


def ended(shop: Shop, child: subprocess.Popen[str], moment: Callable[[Shop], object]) -> str:
    """Kill wps at a moment; give what it said if it had come to its end before, else nothing."""
    deadline = time.monotonic() + 150
    while not moment(shop):
        if child.poll() is not None:
            return f"exit code {child.returncode}\n{shop.log.read_text()}"
        assert time.monotonic() < deadline, "it does not come so far"
        time.sleep(0.01)
    shop.kill(child)
    return ""


@pytest.mark.parametrize("seed", range(2))
def test_killed_at_any_time(shop: Shop, seed: int) -> None:
    """Killed twice at moments that nobody chose, and run again: one release, and the chain is whole."""
    digest = shop.record()
    chance = random.Random(seed)  # noqa: S311  # moments
    for _ in range(2):
        moment = time.monotonic() + chance.uniform(0.5, 9)
        if ended(shop, shop.begin(*TO_STAGING), lambda _, moment=moment: time.monotonic() > moment):  # type: ignore[misc]
            break
    shop.wps(*TO_STAGING)
    one_release(shop, digest)


@pytest.mark.parametrize("stage", ["deploy", "release"])
def test_a_killed_plugin_fails_the_promotion(shop: Shop, stage: str) -> None:
    """Killed at work, the plugin takes the promotion with it: exit code 1, no release; the next run makes one."""
    digest = shop.record()
    (shop.stand / f"hang-{stage}").touch()
    child = shop.begin(*TO_STAGING)
    shop.until(lambda: (shop.stand / f"began-{stage}").exists() and (shop.stand / f"began-{stage}").read_text(), child)
    (shop.stand / f"fail-{stage}").touch()  # where Waypoint hangs after it, wps begins once more
    os.kill(int((shop.stand / f"began-{stage}").read_text()), signal.SIGKILL)
    (shop.stand / f"hang-{stage}").unlink()
    assert shop.end(child) == 1
    assert shop.releases("staging") == 0
    (shop.stand / f"fail-{stage}").unlink()
    shop.wps(*TO_STAGING)
    one_release(shop, digest)


def test_two_at_once_one_wins(shop: Shop) -> None:
    """While one promotes, another is told by whom, and does nothing; the first one ends well."""
    digest = shop.record()
    (shop.stand / "hang-deploy").touch()
    first = shop.start(*TO_STAGING)
    shop.until((shop.stand / "began-deploy").exists, first)
    began = time.monotonic()
    refused = shop.wps(*TO_STAGING, code=1)
    assert time.monotonic() - began < 20
    with shop.ledger() as ledger:
        running = ledger.promotion("shop", "web", "staging")
    assert running is not None
    assert f"{running.by_name} " in refused
    assert "staging" in refused.rpartition("service is used")[2]
    assert "on its way by" in shop.wps("releases")
    (shop.stand / "hang-deploy").unlink()
    out, err = first.communicate(timeout=100)
    assert first.returncode == 0, out + err
    one_release(shop, digest)


def test_a_failed_deploy_leaves_the_old_release(shop: Shop) -> None:
    """Where a deploy or a release fails, the exit code says so, the old version serves, and a later run does it."""
    first = shop.record()
    shop.wps(*TO_STAGING)
    second = shop.record()
    for stage in ("deploy", "release"):
        (shop.stand / f"fail-{stage}").touch()
        told = shop.wps(*TO_STAGING, code=1)
        assert f"{stage} is made to fail" in told
        assert f"Waypoint's {stage} failed" in told
        assert shop.serves("staging") == first
        (shop.stand / f"fail-{stage}").unlink()
    shop.wps(*TO_STAGING)
    assert shop.serves("staging") == second
    assert len(shop.json("releases", "--env", "staging")) == 2


def test_an_interrupted_promotion_ends_its_waypoint(shop: Shop) -> None:
    """Ctrl-C ends wps and the Waypoint that it started; the environment is as before, and the next run goes on."""
    digest = shop.record()
    (shop.stand / "hang-deploy").touch()
    child = shop.start(*TO_STAGING)
    shop.until((shop.stand / "began-deploy").exists, child)
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=60)
    assert child.returncode == 130
    assert steps(shop) == ["move"]
    assert not (shop.stand / "live-staging").exists()
    (shop.stand / "hang-deploy").unlink()
    shop.wps(*TO_STAGING)
    one_release(shop, digest)

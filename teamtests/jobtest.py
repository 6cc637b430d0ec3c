"""Tests of kind `job`: an image that runs beside the deployment, by the task launcher of a plugin."""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from teamtests import commandtest, junit
from teamtests.outcome import Attempt
from waypaas_sdk import arguments, delegate
from waypaas_sdk.call import Call
from waypaas_sdk.errors import MissingError, PluginError
from waypaas_sdk.terminal import TerminalUI

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from teamtests.attempt import Clock
    from teamtests.planning import Test
    from teamtests.target import Target
    from waypaas_sdk.gen.opaqueany.any_pb2 import Any as OpaqueAny
    from waypaas_sdk.logger import Logger

KEPT_BYTES = junit.MAX_BYTES
SHOWN_BYTES = 64 * 1024
STARTS = (b"<?xml", b"<testsuites", b"<testsuite")
ENDS = (b"</testsuites>", b"</testsuite>")


@dataclass(frozen=True)
class Launcher:
    """By whom jobs are run.

    Args:
        plugin: With a task launcher, as after `use`.
        options: Of the task launcher.
        logger: Ours.
        environ: Of the plugin's process.
    """

    plugin: str
    options: Mapping[str, str]
    logger: Logger
    environ: Mapping[str, str]

    def run(self, test: Test, target: Target, clock: Clock) -> Attempt:
        """Try once.

        Args:
            test: What to run.
            target: What it may look at.
            clock: Its time.

        Returns:
            What came out.

        Raises:
            PluginError: The job could not be started.
        """
        check, ui = test.check, Recorder()
        environment = {**(check.environment or {}), **target.variables(inside=True)}
        info = arguments.TaskLaunchInfo(
            check.image or "", environment, list(check.entrypoint or []), list(check.command or [])
        )
        with self._launched(clock, target) as other:
            task = other.invoke("tasklauncher", "StartTask", info, ui, self.logger).result
            try:
                code = int(other.invoke("tasklauncher", "WatchTask", task, ui, self.logger).exit_code)
            except PluginError:
                if not clock.ended():
                    raise
                code = 1
            finally:
                self._stop(task, target)
        output = ui.kept()
        if clock.ended():
            return Attempt((f"it took longer than {test.timeout_seconds:g} s",), _shown(output))
        report = _report(output)
        try:
            cases = junit.read(report) if report else []
        except junit.JUnitError:
            cases = []
        problems = [f"the job ended with exit code {code}"] if code else []
        return Attempt((*problems, *commandtest.failing(cases)), _shown(output), tuple(cases))

    @contextmanager
    def _launched(self, call: Call, target: Target) -> Iterator[delegate.Delegate]:
        with delegate.launch(self.plugin, call, target.source, self.environ) as other:
            other.configure("tasklauncher", self.options, "tests")
            yield other

    def _stop(self, task: OpaqueAny, target: Target) -> None:
        """Remove the job, whether or not our call was cancelled."""
        call = Call("stop the job")
        late = threading.Timer(60.0, call.cancel)
        late.daemon = True
        late.start()
        try:
            with suppress(MissingError), self._launched(call, target) as other:
                other.invoke("tasklauncher", "StopTask", task, self.logger)
        finally:
            late.cancel()


class Recorder(TerminalUI):
    """A terminal that keeps what is written to it: the log of a job."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self._guard = threading.Lock()

    @property
    def interactive(self) -> bool:
        """Nobody is there."""
        return False

    def send(self, event: Any) -> None:
        """Keep what is written; steps and the like are not of the job."""
        data = b""
        if event.HasField("raw"):
            data = event.raw.data
        elif event.HasField("line"):
            data = f"{event.line.msg}\n".encode()
        with self._guard:
            self._kept += data[: max(0, KEPT_BYTES - len(self._kept))]

    def close(self) -> None:
        """Nothing to let go of."""

    def kept(self) -> bytes:
        """Give what was written."""
        with self._guard:
            return bytes(self._kept)


def _shown(output: bytes) -> str:
    return output[-SHOWN_BYTES:].decode(errors="replace")


def _report(output: bytes) -> bytes:
    """Find JUnit XML in a log: from the first line that begins so to the last that ends so."""
    begins = [place for word in STARTS if (place := output.find(word)) >= 0]
    ends = [place + len(word) for word in ENDS if (place := output.rfind(word)) >= 0]
    return output[min(begins) : max(ends)] if begins and ends and min(begins) < max(ends) else b""

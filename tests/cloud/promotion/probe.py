"""Runs a program of ours, writes down what it does with the world, and kills a process at a chosen moment of it.

    probe.py wps .venv/bin/wps promote --yes
    probe.py plugin .venv/bin/waypoint-plugin-team-ecr

Python's own profiling hook tells of calls; nothing of the program is replaced. What counts is found in the code: of
`wps`, each call of a ledger and each command of Waypoint while `steps.promote` runs; of a plugin, each operation that
Waypoint asks for. The variable PROBE says where events are written, and what is to be killed when.
"""

from __future__ import annotations

import json
import os
import runpy
import signal
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import FrameType

VARIABLE = "PROBE"
SELF = 0
LEDGERS = ("EmbeddedLedger", "ServiceLedger")
COMMANDS = ("Children.run", "Waypoint._asked")
STEPS = "wps.promotion.steps"
OPERATION = "_run"
"""The one function of `waypaas_sdk.wire.operation` by which every operation of a component goes."""


@dataclass(frozen=True, kw_only=True)
class Strike:
    """A moment, and who dies then.

    Args:
        role: "wps" or "plugin": in whose process the moment is.
        label: Of the event.
        number: Which of the events with this label, from 1.
        edge: "at" its begin, or "after" it.
        seconds: So long after the edge.
        pid: Who is killed; SELF for the process itself.
        mark: A file that is made then, once: nobody is killed twice.
    """

    role: str
    label: str
    number: int
    edge: str
    seconds: float
    pid: int
    mark: str

    def fall(self) -> None:
        """Kill, now or in a while."""
        try:
            os.close(os.open(self.mark, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return
        if self.seconds:
            # Somebody else is killed even if this process is over before that.
            threading.Thread(target=self._later, daemon=self.pid == SELF).start()
        else:
            self._kill()

    def _later(self) -> None:
        sys.setprofile(None)
        time.sleep(self.seconds)
        self._kill()

    def _kill(self) -> None:
        os.kill(self.pid or os.getpid(), signal.SIGKILL)


class Probe:
    """Watches one process.

    Args:
        role: "wps" or "plugin".
        name: Of the program.
        events: File that events are added to.
        strike: What is to be killed, if anything is.
    """

    def __init__(self, role: str, name: str, events: Path, strike: Strike | None) -> None:
        self._role, self._name, self._events, self._strike = role, name, events, strike
        self._promoting: FrameType | None = None
        self._inside: dict[FrameType, str] = {}
        self._watched = frozenset({OPERATION}) if role == "plugin" else _of_wps()

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        """Take what Python tells."""
        if event == "call":
            if frame.f_code.co_qualname in self._watched:
                self._called(frame)
        elif event == "return":
            if frame in self._inside:
                self._reached(self._inside.pop(frame), "after")
            elif frame is self._promoting:
                self._promoting = None

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Begin where a promotion may: a hook slows all calls. Note a command that is none of the events, too."""
        if event == "import" and arguments[0] == STEPS:
            sys.setprofile(self)
        if event == "subprocess.Popen" and self._promoting is not None and not self._inside:
            self._reached(f"unwatched {arguments[0]}", "at")

    def _called(self, frame: FrameType) -> None:
        name = frame.f_code.co_qualname
        if name == "promote" and frame.f_code.co_filename.endswith("promotion/steps.py"):
            self._promoting = frame
        elif self._role == "plugin":
            if frame.f_code.co_filename.endswith("wire/operation.py"):
                self._begun(frame, f"{self._name} {frame.f_locals['sig'].operation}")
        elif self._promoting is not None and not self._inside and name != "promote":
            self._begun(frame, _label(name, frame.f_locals))

    def _begun(self, frame: FrameType, label: str) -> None:
        self._inside[frame] = label
        self._reached(label, "at")

    def _reached(self, label: str, edge: str) -> None:
        key = f"{self._role}\t{label}\t{edge}\t"
        with self._events.open("a+") as file:
            file.write(f"{key}{time.monotonic()}\n")
            file.flush()
            file.seek(0)
            number = sum(line.startswith(key) for line in file)
        wanted = self._strike
        if wanted is not None and (wanted.role, wanted.label, wanted.edge) == (self._role, label, edge):  # noqa: SIM102
            if number == wanted.number:
                wanted.fall()


def _of_wps() -> frozenset[str]:
    from teamconfig.releases.ledger import Ledger  # noqa: PLC0415  # a plugin does not need it

    methods = [name for name, value in vars(Ledger).items() if callable(value) and not name.startswith("_")]
    return frozenset({"promote", *COMMANDS, *(f"{one}.{method}" for one in LEDGERS for method in methods)})


def _label(name: str, given: Mapping[str, Any]) -> str:
    if name in COMMANDS:
        return " ".join(["waypoint", *(word for word in given["command"][1:3] if not word.startswith("-"))])
    method = name.partition(".")[2]
    return f"ledger {method} {given.get('name') or 'hold'}" if method == "step" else f"ledger {method}"


def main() -> None:
    """Run the program."""
    told = json.loads(os.environ[VARIABLE])
    role, program, *rest = sys.argv[1:]
    sys.argv = [program, *rest]
    sys.path[0] = str(Path(program).parent)
    strike = Strike(**told["strike"]) if told.get("strike") else None
    probe = Probe(role, Path(program).stem.removeprefix("waypoint-plugin-"), Path(told["events"]), strike)
    if role == "plugin":
        threading.setprofile(probe)  # calls come in threads; the start, in the main one, is as quick as ever
    else:
        sys.addaudithook(probe.audit)
    runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    main()

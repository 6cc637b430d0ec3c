"""Compare the image mover with crane, regctl, oras and skopeo: one run, by turns, medians and minima.

    python bench/mover/compare.py [--case many,big] [--network push] [--rounds N] [--tools crane,oras] [--check]

Two of Debian's registries. In "push" the destination, in "pull" the source is
40 ms away, and each of its connections carries 10 MiB/s in each direction; the
bytes on the wire are counted there. "best" are peers with 16 requests at a time.
Ours is `wps image copy` as it is installed; what is judged is the second and each
later command of half a minute, "plain" is the first.
With --check the exit status is 1 if a goal (cases.py) is missed.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "bench/mover"), str(ROOT / "tests/cloud/imagemover")]

import cases  # noqa: E402
import installed  # noqa: E402
import memory  # noqa: E402
import moverimages  # noqa: E402  # beside the tests
import networks  # noqa: E402
import peers  # noqa: E402

MOST_MIB = 64
OURS, PLAIN = peers.Tool("ours", best=True), peers.Tool("ours", best=False)
SETTLE_SECONDS = 0.1
"""After each run: what a command leaves to do, such as the standby's next fork, is done before the next begins."""


@dataclass(frozen=True)
class Spent:
    """What one run cost; bytes over the far network in both directions."""

    wall: float
    cpu: float
    peak_mib: float
    wire_mib: float = 0.0


def spend(command: list[str], environ: dict[str, str]) -> Spent:
    """Run a command, and count.

    Args:
        command: The command.
        environ: Besides this process's own.

    Returns:
        What it cost.
    """
    meter = [sys.executable, "-SE", str(ROOT / "bench/mover/spend.py"), *command]
    # A user's interpreter keeps what it has compiled.
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | environ
    done = subprocess.run(meter, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{command} failed: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return Spent(*map(float, done.stdout.split()[-3:]))


class Contest:
    """One run of the benchmark.

    Args:
        world: The registries, and the way to them.
        scratch: Directory that is the run's own.
        wps: Path of our program.
        standby: Of it.
    """

    def __init__(self, world: networks.World, scratch: Path, wps: str, standby: installed.Standby) -> None:
        self._world = world
        self._wps = wps
        self._standby = standby
        self._scratch = scratch
        self._pushed: set[tuple[str, str]] = set()
        self._count = 0
        self.missed: list[str] = []

    def measure(self, case: cases.Case, tools: list[peers.Tool], rounds: int) -> None:
        """Time one case, the tools by turns, and print its rows.

        Args:
            case: The case.
            tools: Those that take part.
            rounds: How often each.
        """
        made = cases.images(case.name)
        for number, image in enumerate(made):
            self._push(case, number, image)
        tools = [tool for tool in tools if case.defaults or tool.best or tool.name in {"ours", "skopeo"}]
        tools = [tool for tool in tools if not case.peers or tool.name in {"ours", *case.peers}]
        spent: dict[peers.Tool, list[Spent]] = {tool: [] for tool in tools}
        for _ in range(rounds):
            for tool in random.sample(tools, len(tools)):
                spent[tool].append(self._once(case, tool, made))
        self._print(case, spent)
        self._judge(case, spent)

    def _push(self, case: cases.Case, number: int, image: moverimages.Image) -> None:
        way = self._world.ways[case.network]
        registry = way.target if case.name == "mount" else way.source
        path = f"{case.name}/{number}"
        if (registry.host, path) not in self._pushed:
            self._pushed.add((registry.host, path))
            moverimages.push(registry, path, image)

    def _once(self, case: cases.Case, tool: peers.Tool, made: cases.Images) -> Spent:
        self._count += 1
        way = self._world.ways[case.network]
        path = f"{case.name}/to{self._count}"
        there = cases.before(case.name)
        if there is not None:
            moverimages.push(way.target, f"{path}/0", there)
        source = way.target_host if case.name == "mount" else way.source_host
        pairs = [(f"{source}/{case.name}/{n}:v1", f"{way.target_host}/{path}/{n}:v2") for n in range(len(made))]
        if case.name == "noop" or len(pairs) > 1:
            pairs = [(one, other.removesuffix("v2") + "v1") for one, other in pairs]
        scratch = self._scratch / f"run{self._count}"
        scratch.mkdir()
        command, environ = peers.command(tool, pairs, scratch, self._wps)
        self._world.wire_bytes()
        before = self._standby.cpu_seconds()
        cost = spend(command, environ | (self._standby.environ if tool.name == "ours" else {}))
        time.sleep(SETTLE_SECONDS)
        behind = max(0.0, self._standby.cpu_seconds() - before) if tool == OURS else 0.0
        for number, image in enumerate(made):
            moverimages.assert_tagged(way.target, f"{path}/{number}", image, pairs[number][1].rpartition(":")[2])
        return Spent(cost.wall, cost.cpu + behind, cost.peak_mib, self._world.wire_bytes() / 2**20)

    def _print(self, case: cases.Case, spent: dict[peers.Tool, list[Spent]]) -> None:
        ours = _wall(spent[OURS])
        for tool, runs in spent.items():
            wall, least = _wall(runs), min(one.wall for one in runs)
            cpu, wire = statistics.median(one.cpu for one in runs), statistics.median(one.wire_mib for one in runs)
            ratio = f"{ours / wall:.2f}" if tool.name != "ours" else ""
            peak = _peak(spent[PLAIN] if tool == OURS else runs)  # a standby's commands share its memory
            row = f"{case.network:9}{case.name:7}{tool!s:12}{wall:8.2f}{least:8.2f}{cpu:7.2f}{peak:6.0f}"
            print(f"{row}{wire:9.1f}  {ratio}", flush=True)

    def _judge(self, case: cases.Case, spent: dict[peers.Tool, list[Spent]]) -> None:
        others = [tool for tool in spent if tool.name != "ours"]
        # Who knows one setting only is at its best there.
        best = [tool for tool in others if tool.best or not any(it.best and it.name == tool.name for it in others)]
        default = [tool for tool in others if not tool.best]
        for most, rivals, kind in ((case.goal.tuned, best, "best"), (case.goal.default, default, "default")):
            if most is None or not rivals:
                continue
            rival = min(rivals, key=lambda tool: _wall(spent[tool]))
            ratio = _wall(spent[OURS]) / _wall(spent[rival])
            self._note(ratio <= most, f"{case.network} {case.name}: {ratio:.2f} of {rival} ({kind}), goal {most}")
        if case.goal.why:
            print(f"  {case.network} {case.name}: {case.goal.why}")
        peak = _peak(spent[PLAIN])
        if peak >= MOST_MIB:
            self._note(peak < MOST_MIB, f"{case.network} {case.name}: {peak:.0f} MiB of memory, goal {MOST_MIB}")

    def memory(self) -> None:
        """Move a layer of 5 GiB, and look at our memory."""
        for row, peak in memory.rows(spend, self._wps):
            print(row, flush=True)
            self._note(peak < MOST_MIB, f"memory: {peak:.0f} MiB, goal {MOST_MIB}")

    def _note(self, held: bool, text: str) -> None:  # noqa: FBT001  # named by its call
        print(f"  {'held  ' if held else 'MISSED'} {text}", flush=True)
        if not held:
            self.missed.append(text)


def _wall(runs: list[Spent]) -> float:
    return statistics.median(one.wall for one in runs)


def _peak(runs: list[Spent]) -> float:
    return max(one.peak_mib for one in runs)


def main() -> None:
    """Run, print a table, and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", default="", help="names, comma between; memory is one")
    parser.add_argument("--network", default="loopback,push,pull")
    parser.add_argument("--rounds", type=int, default=0, help="0: as many as each case says")
    parser.add_argument("--tools", default="", help="peers, comma between")
    parser.add_argument("--check", action="store_true")
    asked = parser.parse_args()
    names = asked.case.split(",") if asked.case else [*(case.name for case in cases.CASES), "memory"]
    tools = peers.tools(asked.tools)
    room = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108  # storage without a disk's noise
    with tempfile.TemporaryDirectory(dir=room) as directory, ExitStack() as stack:
        Path(directory).chmod(0o755)
        wps = installed.wps()
        world = stack.enter_context(networks.start(Path(directory)))
        standby = stack.enter_context(installed.standby(wps, Path(directory) / "run"))
        contest = Contest(world, Path(directory), wps, standby)
        print(
            f"{'network':9}{'case':7}{'tool':12}{'wall s':>8}{'least':>8}{'CPU s':>7}{'MiB':>6}{'wire MiB':>9}  ours/it"
        )
        for case in cases.CASES:
            if case.name in names and case.network in asked.network.split(","):
                contest.measure(case, tools, asked.rounds or case.rounds)
        if "memory" in names:
            contest.memory()
    print(f"{len(contest.missed)} goals missed" if contest.missed else "all goals held")
    sys.exit(1 if asked.check and contest.missed else 0)


if __name__ == "__main__":
    main()

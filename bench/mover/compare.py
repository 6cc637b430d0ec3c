"""Compare the image mover with crane and skopeo: one run, alternating, medians and minima.

    python bench/mover/compare.py [--rounds N] [--cases many,big,...] [--networks loopback,wan]

Two of Debian's registries, one of them behind a proxy with 40 ms each way and
10 MiB/s for each connection and direction in the network "wan". crane is built
from its Go module into the cache; skopeo is Debian's.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests/cloud/imagemover")]

import moverimages  # noqa: E402  # beside the tests

from testservers import installing, registry  # noqa: E402

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "waypaas/bench"
CRANE = "github.com/google/go-containerregistry/cmd/crane@v0.22.1"
LATENCY_SECONDS, BYTES_PER_SECOND = 0.04, 10 << 20
CASES = ("many", "big", "index", "noop", "fleet")
FLEET = 10


@dataclass(frozen=True)
class Spent:
    """What one run cost."""

    wall: float
    cpu: float
    peak_mib: float


def crane() -> str:
    """Give crane, built if it is missing."""
    program = CACHE / "bin/crane"
    if not program.exists():
        environ = os.environ | {"GOBIN": str(program.parent)}
        subprocess.run(["go", "install", CRANE], check=True, env=environ)
    return str(program)


def spend(command: list[str], environ: dict[str, str]) -> Spent:
    """Run a command, and count."""
    meter = [sys.executable, "-SE", str(ROOT / "bench/mover/spend.py"), *command]
    done = subprocess.run(meter, env=os.environ | environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command} failed: {done.stderr[-2000:]}")
    return Spent(*map(float, done.stdout.split()[-3:]))


def images(case: str) -> list[moverimages.Image]:
    """Make the images of a case."""
    mib = 1 << 20
    if case in {"many", "noop"}:
        return [moverimages.plain(1, (mib,) * 40)]
    if case == "big":
        return [moverimages.plain(2, (50 * mib,) * 10)]
    if case == "index":
        image = moverimages.Image()
        children = [
            image.add_manifest([moverimages.layer(10 * n + m, 8 * mib) for m in range(7)], config=f"{n}".encode())
            for n in range(2)
        ]
        image.add_index(children, ["linux/amd64", "linux/arm64"])
        return [image]
    made = []
    for number in range(FLEET):
        image = moverimages.Image()
        shared = [moverimages.layer(100 + n, 8 * mib) for n in range(6)]
        own = [moverimages.layer(1000 + 10 * number + n, 2 * mib) for n in range(2)]
        image.add_manifest([*shared, *own], config=f"{number}".encode())
        made.append(image)
    return made


def commands(tool: str, pairs: list[tuple[str, str]]) -> list[str]:
    """Give the command that copies some images."""
    if tool.startswith("ours"):
        script = ROOT / "bench/mover/copyone.py"
        return [sys.executable, str(script), *(f"{source}={destination}" for source, destination in pairs)]
    if tool == "skopeo":
        one = "skopeo copy -q --all --preserve-digests --src-tls-verify=false --dest-tls-verify=false"
        lines = [f"{one} docker://{source} docker://{destination}" for source, destination in pairs]
    else:
        jobs = " -j 16" if tool.endswith("16") else ""
        lines = [f"{crane()} copy{jobs} --insecure {source} {destination}" for source, destination in pairs]
    return ["sh", "-ec", "\n".join(lines)]


def main() -> None:
    """Run, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("--networks", default="loopback,wan")
    asked = parser.parse_args()
    tools = ["ours", "crane", "crane -j16", *(["skopeo"] if shutil.which("skopeo") else [])]
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108  # storage without a disk's noise
    with tempfile.TemporaryDirectory(dir=memory) as directory, ExitStack() as stack:
        near = stack.enter_context(registry.start(Path(directory) / "near"))
        far = stack.enter_context(registry.start(Path(directory) / "far"))
        port = installing.free_port()
        slow = [sys.executable, ROOT / "bench/mover/slow.py", port, far.port, LATENCY_SECONDS, BYTES_PER_SECOND]
        proxy = stack.enter_context(installing.Program("proxy", slow, Path(directory) / "proxy.log"))
        proxy.wait_until(lambda: installing.listens(port), 10)
        hosts = {"loopback": far.host, "wan": f"127.0.0.1:{port}"}
        print(f"{'network':9} {'case':6} {'tool':11} {'wall s':>7} {'least':>7} {'CPU s':>6} {'MiB':>5}  ours / it")
        for case in asked.cases.split(","):
            made = images(case)
            for number, image in enumerate(made):
                moverimages.push(near, f"{case}/{number}", image)
            for network in asked.networks.split(","):
                measure(case, network, hosts[network], near.host, len(made), tools, asked.rounds)


def measure(case: str, network: str, host: str, near: str, count: int, tools: list[str], rounds: int) -> None:
    """Time one case on one network, the tools by turns."""
    spent: dict[str, list[Spent]] = {tool: [] for tool in tools}
    for number in range(rounds):
        for tool in random.sample(tools, len(tools)):
            where = f"{network}/{'same' if case == 'noop' else tool.replace(' ', '').replace('-', '') + str(number)}"
            pairs = [(f"{near}/{case}/{n}:v1", f"{host}/{case}/{where}/{n}:v1") for n in range(count)]
            if case == "noop" and number == 0 and not any(spent.values()):
                spend(commands("ours", pairs), {"PYTHONPATH": str(ROOT)})
            spent[tool].append(spend(commands(tool, pairs), {"PYTHONPATH": str(ROOT)}))
    ours = statistics.median(one.wall for one in spent["ours"])
    for tool in tools:
        wall = statistics.median(one.wall for one in spent[tool])
        cpu = statistics.median(one.cpu for one in spent[tool])
        least = min(one.wall for one in spent[tool])
        peak = max(one.peak_mib for one in spent[tool])
        ratio = f"{ours / wall:.2f}" if tool != "ours" else ""
        print(f"{network:9} {case:6} {tool:11} {wall:7.2f} {least:7.2f} {cpu:6.2f} {peak:5.0f}  {ratio}", flush=True)


if __name__ == "__main__":
    main()

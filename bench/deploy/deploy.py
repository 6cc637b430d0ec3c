"""Deploy by team-k8s against kubectl and Helm applying the very same objects, taking turns in one run.

    python bench/deploy/deploy.py [--rounds 5] [--image IMAGE]... [--max-ratio 1.0] [--verbose]

Each turn has a fresh namespace of the test bed, on its fake nodes: a Deployment
of three replicas, an autoscaler and a disruption budget, as team-k8s plans them
for examples/01-minimal. All tools speak HTTP/1.1 through the same counting
proxy. kubectl is `apply` and then `rollout status`, Helm is `install --wait`;
both find their discovery caches warm. team-k8s is a fresh process each time, as
under Waypoint. Prints medians and minima of

    total        the call to its end; of team-k8s the Deploy RPC, in a process that runs
    with start   the same with the start of that process; the others' is in their total
    after ready  from the event in which the last pod became ready to the end of the call
    requests, connections, bytes in both directions, heads included

Exit code 1 with --max-ratio if team-k8s has, after the last pod is ready, more
than that share of the faster peer's time and TOLERANCE_SECONDS, or makes more
requests than Helm. With --verbose the requests that each tool makes.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from peers import HELMS, KINDS, OURS, REPLICAS, TOOLS, WAIT_SECONDS, Moments, Turn, helm, manifests
from proxy import Proxy, Traffic  # beside this file

from team_k8s import kubeconfig
from testbed.fixture import Bed, ensure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

IMAGES = ("registry.test/hello:v1", "faults.test/slow-ready")
"""On fake nodes the one is ready at once, the other after 5 s."""

TOLERANCE_SECONDS = 0.05
SETTLE_SECONDS = 1.0
"""After a turn: until its connections are closed and its namespace's removal has begun."""


class PodWatch:
    """Notes when each pod of a namespace became ready, by a watch that does not go through the proxy.

    Args:
        path: Kubeconfig.
        namespace: Has no pods yet.
    """

    def __init__(self, path: Path, namespace: str) -> None:
        self._ready: dict[str, float] = {}
        self._all = threading.Event()
        access = kubeconfig.load(str(path))
        host = urlsplit(access.server).netloc
        connection = http.client.HTTPSConnection(host, context=access.tls, timeout=WAIT_SECONDS)
        query = f"watch=true&timeoutSeconds={WAIT_SECONDS:.0f}"
        connection.request("GET", f"/api/v1/namespaces/{namespace}/pods?{query}")
        answer = connection.getresponse()  # from here on nothing is missed
        threading.Thread(target=self._follow, args=(answer,), daemon=True).start()

    def _follow(self, answer: http.client.HTTPResponse) -> None:
        with answer:
            while not self._all.is_set() and (line := answer.readline()):
                now = time.monotonic()
                pod = json.loads(line)["object"]
                conditions = pod.get("status", {}).get("conditions", ())
                if any(each["type"] == "Ready" and each["status"] == "True" for each in conditions):
                    self._ready.setdefault(pod["metadata"]["name"], now)
                if len(self._ready) == REPLICAS:
                    self._all.set()

    def last(self) -> float:
        """Give when the last pod became ready, on the monotonic clock."""
        if not self._all.wait(WAIT_SECONDS):
            sys.exit(f"only {len(self._ready)} of {REPLICAS} pods became ready")
        return max(self._ready.values())


@dataclass(frozen=True)
class Sample:
    """What one turn of one tool took."""

    moments: Moments
    ready: float
    traffic: Traffic


COLUMNS: dict[str, tuple[Callable[[Sample], float], int]] = {
    "total s": (lambda sample: sample.moments[2] - sample.moments[1], 2),
    "with start s": (lambda sample: sample.moments[2] - sample.moments[0], 2),
    "after ready s": (lambda sample: sample.moments[2] - sample.ready, 3),
    "requests": (lambda sample: sample.traffic.requests.total(), 0),
    "connections": (lambda sample: sample.traffic.connections, 0),
    "sent KiB": (lambda sample: sample.traffic.sent_bytes / 1024, 1),
    "received KiB": (lambda sample: sample.traffic.received_bytes / 1024, 1),
}
"""How each is had of a sample, and with how many decimals it is shown."""


class Bench:
    """What all turns share.

    Args:
        bed: The test bed.
        proxy: In front of its API server.
        scratch: An empty directory.
    """

    def __init__(self, bed: Bed, proxy: Proxy, scratch: Path) -> None:
        self._bed, self._proxy, self._scratch = bed, proxy, scratch
        named = {"name": "bench"}
        config = {
            "current-context": "bench",
            "clusters": [named | {"cluster": {"server": proxy.url}}],
            "contexts": [named | {"context": {"cluster": "bench"}}],
        }
        (scratch / "kubeconfig").write_text(json.dumps(config))
        caches = {name: str(scratch) for name in ("HOME", "KUBECACHEDIR", "HELM_CACHE_HOME", "HELM_CONFIG_HOME")}
        self._environ = os.environ | caches | {"KUBECONFIG": str(scratch / "kubeconfig")}
        self._specs: dict[str, Any] = {}

    def turn(self, tool: str, image: str) -> Sample:
        """Let one tool deploy once, in a namespace of its own."""
        with self._bed.namespace("fake") as namespace:
            turn = Turn(namespace, image, manifests(namespace, image), self._environ, self._scratch)
            watch = PodWatch(self._bed.kubeconfig, namespace)
            self._proxy.take()
            moments = TOOLS[tool](turn)
            sample = Sample(moments, watch.last(), templated(self._proxy.take(), namespace, turn.name))
            self._compare(tool, namespace, image)
        time.sleep(SETTLE_SECONDS)
        return sample

    def _compare(self, tool: str, namespace: str, image: str) -> None:
        """Refuse a comparison of tools that made different objects."""
        made = json.loads(self._bed.kubectl("get", ",".join(KINDS), "--namespace", namespace, "--output", "json"))
        specs = {item["kind"]: item["spec"] for item in made["items"]}
        if sorted(specs) != sorted(KINDS) or specs != self._specs.setdefault(image, specs):
            sys.exit(f"{tool} made other objects than the first tool: the comparison is not fair")


def templated(traffic: Traffic, namespace: str, name: str) -> Traffic:
    """Put words for what differs from turn to turn into the requests' paths."""
    requests: Counter[str] = Counter()
    for request, count in traffic.requests.items():
        requests[request.replace(namespace, "{namespace}").replace(name, "{name}")] += count
    return replace(traffic, requests=requests)


def report(image: str, samples: Mapping[str, list[Sample]], most: float, *, verbose: bool) -> list[str]:
    """Print the table of one image.

    Args:
        image: That was deployed.
        samples: By tool.
        most: As --max-ratio.
        verbose: Show the requests too.

    Returns:
        In what team-k8s loses.
    """
    print(f"\n{image}, {len(samples[OURS])} rounds, taking turns: median (minimum)")
    print(" " * 14 + "".join(f"{title:>18}" for title in COLUMNS))
    medians: dict[str, dict[str, float]] = {}
    for tool, taken in samples.items():
        row = f"  {tool:12}"
        for title, (value, places) in COLUMNS.items():
            values = [value(sample) for sample in taken]
            medians.setdefault(title, {})[tool] = statistics.median(values)
            row += f"{f'{statistics.median(values):.{places}f} ({min(values):.{places}f})':>18}"
        print(row)
    best = {title: min(found[tool] for tool in found if tool != OURS) for title, found in medians.items()}
    print("  ours / best " + "".join(f"{found[OURS] / best[title]:18.2f}" for title, found in medians.items()))
    if verbose:
        for tool, taken in samples.items():
            print(f"  requests of {tool}")
            for request, count in sorted(taken[-1].traffic.requests.items()):
                print(f"    {count:3} {request}")
    lost = []
    limit = most * best["after ready s"] + TOLERANCE_SECONDS
    if medians["after ready s"][OURS] > limit:
        lost.append(f"{image}: {medians['after ready s'][OURS]:.3f} s after the last pod is ready, above {limit:.3f} s")
    if medians["requests"][OURS] > medians["requests"][HELMS]:
        lost.append(f"{image}: {medians['requests'][OURS]:.0f} requests, Helm {medians['requests'][HELMS]:.0f}")
    return lost


def main() -> int:
    """Measure, and print the tables.

    Returns:
        Exit code.
    """
    parser = argparse.ArgumentParser(description="Deploy by team-k8s, by kubectl and by Helm.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--image", action="append", help=f"instead of {' and '.join(IMAGES)}")
    parser.add_argument("--max-ratio", type=float, default=0.0, help="fail above it; 0 never fails")
    parser.add_argument("--verbose", action="store_true", help="list the requests of each tool")
    arguments = parser.parse_args()
    helm()
    bed = ensure()
    lost = []
    with tempfile.TemporaryDirectory() as scratch, Proxy(bed.kubeconfig) as proxy:
        bench = Bench(bed, proxy, Path(scratch))
        for image in arguments.image or IMAGES:
            samples: dict[str, list[Sample]] = {tool: [] for tool in TOOLS}
            for tool in TOOLS:
                bench.turn(tool, image)  # fills the disk cache and the peers' discovery caches
            for number in range(arguments.rounds):
                order = [*TOOLS][number % len(TOOLS) :] + [*TOOLS][: number % len(TOOLS)]
                for tool in order:
                    samples[tool].append(bench.turn(tool, image))
            lost += report(image, samples, arguments.max_ratio, verbose=arguments.verbose)
    print(f"\ntolerance after the last pod is ready: {TOLERANCE_SECONDS:g} s beside the ratio")
    if not arguments.max_ratio:
        return 0
    for line in lost:
        print(f"team-k8s loses with {line}")
    return 1 if lost else 0


if __name__ == "__main__":
    raise SystemExit(main())

"""How fast is one resolve in a large company, and against OmegaConf merging the same layers?

500 teams of 40 apps, three environments. In one run: reading everything, then
resolves of random apps by us and merges of the same layers by OmegaConf, taking
turns. OmegaConf only merges: no rules, no provenance, no typed sections.

    uv run --with omegaconf==2.3.0 bench/resolve.py [--teams 500] [--apps 40] [--rounds 2000]
"""

from __future__ import annotations

import argparse
import gc
import random
import resource
import statistics
import subprocess
import sys
import time
import tracemalloc
from typing import TYPE_CHECKING, Any

import yaml
from omegaconf import OmegaConf

from teamconfig import reading, resolve, schema
from teamconfig.stanza import Stanza

if TYPE_CHECKING:
    from teamconfig.tree import Tree

ENVIRONMENTS = ("dev", "staging", "production")
OPTIONS = {"memory": "300Mi", "probe": {"readiness": {"path": "/ready"}}}
TARGET_P50_MS = 1.0

ORG = """\
org: {name: acme, contact: "#platform", environments: [dev, staging, production]}
standards:
  kubernetes:
    namespace: "{team}-{environment}"
    probe: {readiness: {kind: http, path: /}}
    labels: {acme.example/team: "{team}", acme.example/environment: "{environment}"}
  registry: {region: eu-west-1}
rules:
  kubernetes.memory: {max: 2Gi, reason: nodes are small, owner: platform}
  kubernetes.security.run_as_non_root: {locked: true, reason: one kernel bug, owner: security}
"""
ENVIRONMENT = """\
standards:
  kubernetes: {replicas: 3, rollout_timeout: 5m}
rules:
  kubernetes.replicas: {min: 2, max: 20, reason: drains, owner: platform}
"""
TEAM = """\
team: {{owner: "#team-{team}", projects: [project-{team}], roles: {{developer: [group-{team}]}}}}
standards:
  kubernetes:
    memory: 256Mi
    env: {{LOG_LEVEL: info, TEAM: "{team}"}}
rules:
  kubernetes.memory: {{max: 1Gi, reason: quota, owner: leads}}
"""
TEAM_ENVIRONMENT = "standards: {kubernetes: {memory: 512Mi, autoscale: {min_replicas: 3, max_replicas: 10}}}\n"
APP = "standards: {{kubernetes: {{port: {port}, env: {{APP: app-{app}}}}}}}\n"
APP_ENVIRONMENT = "standards: {network: {host: shop.acme.example}}\n"


def company(teams: int, apps: int) -> dict[str, bytes]:
    """Write the files of a company.

    Args:
        teams: Number of teams.
        apps: Apps of each.

    Returns:
        Content by path.
    """
    files = {"org.yaml": ORG} | {f"environments/{name}.yaml": ENVIRONMENT for name in ENVIRONMENTS}
    for team in range(teams):
        base = f"teams/team-{team}"
        files[f"{base}/team.yaml"] = TEAM.format(team=team)
        files[f"{base}/environments/production.yaml"] = TEAM_ENVIRONMENT
        for app in range(apps):
            files[f"{base}/apps/project-{team}/app-{app}/app.yaml"] = APP.format(app=app, port=8000 + app)
            if app % 4 == 0:
                files[f"{base}/apps/project-{team}/app-{app}/environments/production.yaml"] = APP_ENVIRONMENT
    return {path: text.encode() for path, text in files.items()}


def resolve_once(tree: Tree, team: int, app: int, environment: str) -> Any:
    """Resolve one app as the plugin does."""
    stanza = Stanza("kubernetes", OPTIONS, "app.web.deploy.use")
    return resolve.profile(tree, project=f"project-{team}", app=f"app-{app}", workspace=environment, stanzas=[stanza])


class Peer:
    """OmegaConf over the same layers, each parsed before the clock runs, as ours are."""

    def __init__(self) -> None:
        self._known: dict[str, Any] = {}
        nested: dict[str, Any] = {}
        for key, value in schema.presets().items():
            inner = nested
            for part in key[:-1]:
                inner = inner.setdefault(part, {})
            inner[key[-1]] = value
        self._plugin = OmegaConf.create(nested)
        self._options = OmegaConf.create({"kubernetes": OPTIONS})

    def layers(self, files: dict[str, bytes], team: int, app: int, environment: str) -> list[Any]:
        """Give the layers of one app; not timed."""
        base = f"teams/team-{team}"
        own = f"{base}/apps/project-{team}/app-{app}"
        paths = (
            "org.yaml", f"environments/{environment}.yaml", f"{base}/team.yaml",
            f"{base}/environments/{environment}.yaml", f"{own}/app.yaml", f"{own}/environments/{environment}.yaml",
        )  # fmt: skip
        return [self._plugin, *(self._layer(path, files) for path in paths if path in files), self._options]

    def _layer(self, path: str, files: dict[str, bytes]) -> Any:
        if path not in self._known:
            data = yaml.load(files[path], Loader=yaml.CSafeLoader)  # CSafeLoader is a safe loader
            self._known[path] = OmegaConf.create(data["standards"])
        return self._known[path]


def timed(teams: int, apps: int, rounds: int) -> tuple[list[float], list[float]]:
    """Time resolves and merges, taking turns.

    Returns:
        Milliseconds of each of ours, and of each of the peer's.
    """
    files = company(teams, apps)
    tree = reading.tree(files, revision="bench", origin="bench")
    peer, chance = Peer(), random.Random(7)
    ours: list[float] = []
    theirs: list[float] = []
    gc.collect()
    gc.freeze()
    for _ in range(rounds):
        team, app, environment = chance.randrange(teams), chance.randrange(apps), chance.choice(ENVIRONMENTS)
        layers = peer.layers(files, team, app, environment)
        start = time.perf_counter()
        profile = resolve_once(tree, team, app, environment)
        middle = time.perf_counter()
        merged = OmegaConf.merge(*layers)
        end = time.perf_counter()
        if profile.kubernetes.memory != merged.kubernetes.memory:
            sys.exit("the peer has another result: the comparison is not fair")
        ours.append((middle - start) * 1000)
        theirs.append((end - middle) * 1000)
    return ours, theirs


def report(name: str, times: list[float]) -> None:
    """Print p50, p99 and the slowest."""
    cuts = statistics.quantiles(times, n=100)
    print(f"{name:<34} p50 {cuts[49]:7.3f} ms   p99 {cuts[98]:7.3f} ms   slowest {max(times):7.3f} ms")


def reading_cost(teams: int, apps: int) -> None:
    """Print what reading the whole company costs in time and memory."""
    files = company(teams, apps)
    size = sum(map(len, files.values()))
    start = time.perf_counter()
    reading.tree(files, revision="bench", origin="bench")
    seconds = time.perf_counter() - start
    tracemalloc.start()
    tree = reading.tree(files, revision="bench", origin="bench")
    held, peak = (number / 2**20 for number in tracemalloc.get_traced_memory())
    tracemalloc.stop()
    start = time.perf_counter()
    for content in files.values():
        yaml.load(content, Loader=yaml.CSafeLoader)  # CSafeLoader is a safe loader
    plain = time.perf_counter() - start
    print(f"files                              {len(files)}, {size / 2**20:.1f} MiB, {teams} teams x {apps} apps")
    print(f"read, checked, indexed             {seconds:.2f} s, {seconds / len(files) * 1e6:.0f} us a file")
    print(f"PyYAML CSafeLoader alone           {plain:.2f} s; ratio ours / PyYAML {seconds / plain:.2f}")
    print(f"memory of the tree                 {held:.1f} MiB held, {peak:.1f} MiB at most while reading (tracemalloc)")
    if len(tree.teams) != teams:
        sys.exit("teams are missing")


def start_cost() -> None:
    """Print what a plugin process pays: import, read examples/standards and resolve, in fresh processes."""
    program = (
        "import time; a=time.perf_counter(); import dataclasses, typing; b=time.perf_counter(); import teamconfig;"
        "from teamconfig import resolve; import yaml; c=time.perf_counter();"
        "t=teamconfig.load('.', {'WAYPAAS_STANDARDS': 'examples/standards'}); d=time.perf_counter();"
        "resolve.profile(t, project='shop', app='web'); e=time.perf_counter(); print(c-b, d-c, e-d)"
    )
    runs = [
        [float(part) * 1000 for part in subprocess.check_output([sys.executable, "-c", program], text=True).split()]
        for _ in range(15)
    ]
    imports, load, first = (statistics.median(column) for column in zip(*runs, strict=True))
    print(
        f"fresh process, examples/standards  import {imports:.1f} ms, load {load:.1f} ms, first resolve {first:.1f} ms"
    )


def main() -> int:
    """Run everything.

    Returns:
        The exit code: 1 if the target is missed.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--teams", type=int, default=500)
    parser.add_argument("--apps", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=2000)
    given = parser.parse_args()
    start_cost()
    ours, theirs = timed(given.teams, given.apps, given.rounds)
    report("resolve.profile", ours)
    report("OmegaConf.merge of the same layers", theirs)
    ratio = statistics.median(ours) / statistics.median(theirs)
    print(f"ratio of medians                   ours / OmegaConf {ratio:.3f}")
    gc.unfreeze()
    reading_cost(given.teams, given.apps)
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"resident memory of this run        {resident:.0f} MiB at most")
    met = statistics.median(ours) < TARGET_P50_MS
    print(f"target p50 < {TARGET_P50_MS} ms                 {'met' if met else 'MISSED'}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())

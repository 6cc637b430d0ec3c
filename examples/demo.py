"""The demo: a ten-line waypoint.hcl, deployed, broken, rolled back and destroyed on a real Kubernetes.

`make demo` runs it. Every step is a real command of Waypoint or wps, checked;
the first that does not do what it should ends the demo with an error.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "host")]

import build  # noqa: E402  # tests/host/build.py

from testbed.fixture import Bed, ensure  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMESPACE = "payments-dev"
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}
BEGUN = time.monotonic()


def say(text: str) -> None:
    """Head a step, with the time since the demo began."""
    print(f"\n\033[1m[{time.monotonic() - BEGUN:5.1f} s] {text}\033[0m", flush=True)


class Project:
    """A copy of examples/01-minimal, as a developer would have it.

    Args:
        directory: Gets the copy, and a home of its own.
        bed: The cluster.
    """

    def __init__(self, directory: Path, bed: Bed) -> None:
        self.bed = bed
        self.app = directory / "app"
        self.file = self.app / "waypoint.hcl"
        shutil.copytree(ROOT / "examples" / "01-minimal", self.app)
        (self.app / ".waypaas" / "config.yaml").write_text(f"standards: {ROOT / 'examples' / 'standards'}\n")
        plugins = self.app / ".waypoint" / "plugins"
        plugins.mkdir(parents=True)
        program = Path(sys.executable).parent / "waypoint-plugin-team-k8s"
        (plugins / program.name).symlink_to(program)
        home = directory / "home"
        self.environ = os.environ | {
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "XDG_DATA_HOME": str(home / ".local/share"),
            "KUBECONFIG": str(bed.kubeconfig),
        }

    def run(self, *command: str | Path, fails: bool = False) -> str:
        """Run a command in the project, showing what it prints.

        Args:
            command: Program and arguments.
            fails: It has to fail.

        Returns:
            What it printed.

        Raises:
            SystemExit: It failed, or did not although it had to.
        """
        print(f"$ {Path(command[0]).name} {' '.join(map(str, command[1:]))}", flush=True)
        child = subprocess.Popen(
            command, cwd=self.app, env=self.environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        lines = []
        for line in child.stdout or ():
            lines.append(line)
            if "server context" not in line and "waypoint context" not in line:
                print(f"  {line}", end="", flush=True)
        if (child.wait() != 0) != fails:
            raise SystemExit(f"demo: that command should have {'failed' if fails else 'succeeded'}")
        return "".join(lines)

    def change(self, old: str, new: str) -> None:
        """Edit waypoint.hcl, and say so."""
        self.file.write_text(self.file.read_text().replace(old, new))
        print(f"  waypoint.hcl: {old}  ->  {new}")

    def curl(self, expected: str) -> None:
        """Ask the app through its Service, as other apps in the cluster would.

        Args:
            expected: What it has to answer.

        Raises:
            SystemExit: It answered something else, or not at all.
        """
        address = self.bed.kubectl("get", "service", "web", "-n", NAMESPACE, "-o", "jsonpath={.spec.clusterIP}")
        command = ["curl", "-sS", "-m", "5", "--retry", "5", "--retry-connrefused", f"http://{address}/"]
        print(f"$ {' '.join(command)}")
        answer = self.bed.inside(*command).strip()
        print(f"  {answer}")
        if answer != expected:
            raise SystemExit(f"demo: expected the answer {expected!r}")


@contextmanager
def project() -> Iterator[Project]:
    """Give a project on the test bed, and clean up behind it."""
    say("A real Kubernetes on this machine, and the real Waypoint 0.11.4")
    bed = ensure()
    print(f"  Waypoint: {build.waypoint()}")
    with tempfile.TemporaryDirectory(prefix="waypaas-demo-") as scratch:
        with bed.namespace("real", RESTRICTED, NAMESPACE):
            yield Project(Path(scratch), bed)
        say("Cleaned up; the test bed stays up for the next run (make testbed-down stops it)")


def main() -> None:
    """Play all steps."""
    with project() as shop:
        waypoint = build.waypoint()
        say("All that the developer writes")
        print("".join(f"  {line}\n" for line in shop.file.read_text().splitlines()))
        say("Where everything else comes from")
        shop.run("wps", "explain")
        say("Deploy")
        shop.run(waypoint, "init")
        shop.run(waypoint, "up", "-plain")
        shop.curl("hello from v1")
        say("A look inside")
        shop.run(waypoint, "status")
        shop.run(waypoint, "exec", "--", "id")
        say("A new version")
        shop.change("hello:v1", "hello:v2")
        shop.run(waypoint, "up", "-plain")
        shop.curl("hello from v2")
        say("A broken version: the deploy fails and says why, the old one goes on serving")
        shop.change("hello:v2", "hello:broken")
        shop.run(waypoint, "up", "-plain", fails=True)
        shop.curl("hello from v2")
        print(shop.bed.kubectl("get", "deployments", "-n", NAMESPACE))
        say("More memory than the team may have: refused, with the rule and whom to ask")
        shop.change("hello:broken", "hello:v2")
        shop.change('use "team-k8s" {}', 'use "team-k8s" { memory = "4Gi" }')
        shop.run(waypoint, "up", "-plain", fails=True)
        say("Roll back to the first version, without building or deploying")
        shop.change('use "team-k8s" { memory = "4Gi" }', 'use "team-k8s" {}')
        shop.run(waypoint, "release", "-plain", "-deployment", "1")
        shop.curl("hello from v1")
        say("Destroy: nothing remains")
        shop.run(waypoint, "up", "-plain")
        shop.run(waypoint, "destroy", "-auto-approve")
        left = shop.bed.kubectl("get", "deployments,services,pods", "-n", NAMESPACE, "-o", "name").strip()
        if left:
            raise SystemExit(f"demo: this remained: {left}")
        print("  kubectl get deployments,services,pods: none")


if __name__ == "__main__":
    main()

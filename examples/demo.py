"""The demo: a ten-line waypoint.hcl, deployed, broken, rolled back and destroyed on a real Kubernetes.

`make demo` runs it. Every step is a real command of Waypoint or wps, checked;
the first that does not do what it should ends the demo with an error.
"""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "host")]

from project import Project  # noqa: E402  # tests/host/project.py

from testbed.fixture import Bed, ensure  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMESPACE = "payments-dev"
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}
BEGUN = time.monotonic()


def say(text: str) -> None:
    """Head a step, with the time since the demo began."""
    print(f"\n\033[1m[{time.monotonic() - BEGUN:5.1f} s] {text}\033[0m", flush=True)


class Demo(Project):
    """A project whose commands are shown, and have to do what the demo says.

    Args:
        directory: Gets the project.
        bed: The cluster.
    """

    def __init__(self, directory: Path, bed: Bed) -> None:
        super().__init__(directory, bed.kubeconfig, echo=True)
        self.bed = bed

    def succeed(self, *command: str | Path) -> None:
        """Run a command that has to succeed."""
        if self.run(*command).code != 0:
            raise SystemExit("demo: that command should have succeeded")

    def fail(self, *command: str | Path) -> None:
        """Run a command that has to fail."""
        if self.run(*command).code == 0:
            raise SystemExit("demo: that command should have failed")

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
def project() -> Iterator[Demo]:
    """Give a project on the test bed, and clean up behind it."""
    say("A real Kubernetes on this machine, and the real Waypoint 0.11.4")
    bed = ensure()
    with tempfile.TemporaryDirectory(prefix="waypaas-demo-") as scratch:
        with bed.namespace("real", RESTRICTED, NAMESPACE):
            yield Demo(Path(scratch), bed)
        say("Cleaned up; the test bed stays up for the next run (make testbed-down stops it)")


def main() -> None:
    """Play all steps."""
    with project() as shop:
        waypoint = shop.waypoint_binary
        say("All that the developer writes")
        print("".join(f"  {line}\n" for line in shop.file.read_text().splitlines()))
        say("Where everything else comes from")
        shop.succeed("wps", "explain")
        say("Deploy")
        shop.succeed(waypoint, "init")
        shop.succeed(waypoint, "up", "-plain")
        shop.curl("hello from v1")
        say("A look inside")
        shop.succeed(waypoint, "status")
        shop.succeed(waypoint, "exec", "--", "id")
        say("A new version")
        shop.change("hello:v1", "hello:v2")
        shop.succeed(waypoint, "up", "-plain")
        shop.curl("hello from v2")
        say("A broken version: the deploy fails and says why, the old one goes on serving")
        shop.change("hello:v2", "hello:broken")
        shop.fail(waypoint, "up", "-plain")
        shop.curl("hello from v2")
        print(shop.bed.kubectl("get", "deployments", "-n", NAMESPACE))
        say("More memory than the team may have: refused, with the rule and whom to ask")
        shop.change("hello:broken", "hello:v2")
        shop.change('use "team-k8s" {}', 'use "team-k8s" { memory = "4Gi" }')
        shop.fail(waypoint, "up", "-plain")
        say("Roll back to the first version, without building or deploying")
        shop.change('use "team-k8s" { memory = "4Gi" }', 'use "team-k8s" {}')
        shop.succeed(waypoint, "release", "-plain", "-deployment", "1")
        shop.curl("hello from v1")
        say("Destroy: nothing remains")
        shop.succeed(waypoint, "up", "-plain")
        shop.succeed(waypoint, "destroy", "-auto-approve")
        left = shop.bed.kubectl("get", "deployments,services,pods", "-n", NAMESPACE, "-o", "name").strip()
        if left:
            raise SystemExit(f"demo: this remained: {left}")
        print("  kubectl get deployments,services,pods: none")


if __name__ == "__main__":
    main()

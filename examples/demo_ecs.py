"""The demo on AWS ECS: a waypoint.hcl deployed, broken, rolled back and destroyed without an account of AWS.

`make demo-ecs` runs it. AWS is moto on this machine, behind a proxy that plays
the tasks; everything else is real: Waypoint 0.11.4, wps, the plugin. The first
step that does not do what it should ends the demo with an error.
"""

from __future__ import annotations

import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "host")]

from ecsproject import EcsProject  # noqa: E402  # tests/host/ecsproject.py

from testservers import aws  # noqa: E402
from testservers.awsanswers import Script  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

BEGUN = time.monotonic()
OLD, NEW, BROKEN = (f"registry.test/web:{tag}" for tag in ("v1", "v2", "broken"))


def say(text: str) -> None:
    """Head a step, with the time since the demo began."""
    print(f"\n\033[1m[{time.monotonic() - BEGUN:5.1f} s] {text}\033[0m", flush=True)


class Demo(EcsProject):
    """A project whose commands are shown, and have to do what the demo says."""

    def succeed(self, *command: str | Path) -> str:
        """Run a command that has to succeed; give its output."""
        finished = self.run(*command)
        if finished.code != 0:
            raise SystemExit("demo: that command should have succeeded")
        return finished.output

    def fail(self, text: str, *command: str | Path) -> None:
        """Run a command that has to fail, and to say why."""
        finished = self.run(*command)
        if finished.code == 0 or text not in finished.output:
            raise SystemExit(f"demo: that command should have failed, saying {text!r}")

    def traffic(self, expected: str) -> None:
        """Show where the load balancer sends the app's requests.

        Args:
            expected: End of the name of the target group that gets all of them.

        Raises:
            SystemExit: They go elsewhere.
        """
        served = self.served_by()
        print(f"  the load balancer's rule of the app forwards to: {served}")
        if [name.rpartition("-")[2] for name in served] != [expected]:
            raise SystemExit(f"demo: expected all of it to go to {expected}")

    def logs(self, line: str) -> None:
        """Follow the log until a line comes, as a person does until Ctrl-C.

        Args:
            line: What the app wrote.

        Raises:
            SystemExit: It does not come.
        """
        print("$ waypoint logs")
        with self.start(self.waypoint_binary, "logs") as child:
            for shown in child.stdout or ():
                print(f"  {shown}", end="", flush=True)
                if line in shown:
                    child.send_signal(signal.SIGINT)
                    child.communicate(timeout=30)
                    return
        raise SystemExit("demo: the log did not show that line")


@contextmanager
def project() -> Iterator[Demo]:
    """Give a project in an account on loopback, and clean up behind it."""
    say("AWS on this machine (moto), and the real Waypoint 0.11.4")
    with tempfile.TemporaryDirectory(prefix="waypaas-demo-") as scratch:
        with aws.start(Path(scratch)) as account:
            made = Demo(Path(scratch), account, account.platform(), echo=True)
            made.make_log_group()
            yield made
        say("Cleaned up")


def main() -> None:
    """Play all steps."""
    with project() as shop:
        begin(shop, shop.waypoint_binary)
        go_on(shop, shop.waypoint_binary)
        end(shop, shop.waypoint_binary)


def begin(shop: Demo, waypoint: Path) -> None:
    """Deploy, and look inside."""
    say("All that the developer writes")
    print("".join(f"  {line}\n" for line in shop.file.read_text().splitlines()))
    say("Where everything else comes from")
    shop.succeed("wps", "explain", "ecs.memory")
    say("What the one who deploys may do at AWS, and nothing more")
    shop.succeed("wps", "iam", "--role", "deployer", "--account", aws.ACCOUNT)
    say("Deploy: what is awaited is said")
    shop.aws.proxy.calls.clear()
    shop.succeed(waypoint, "init")
    shop.succeed(waypoint, "up", "-plain")
    shop.traffic("v1")
    calls = Counter(shop.aws.proxy.actions())
    say(f"That took {calls.total()} calls at AWS")
    print("".join(f"  {count:3} {action}\n" for action, count in sorted(calls.items())), end="")
    say("A look inside")
    shop.succeed(waypoint, "status")
    shop.write_log(shop.services()[0], "hello from v1")
    shop.logs("hello from v1")


def go_on(shop: Demo, waypoint: Path) -> None:
    """Deploy a new version, a broken one, and one that nobody sells."""
    say("A new version, which gets a fifth of the requests first, then all")
    shop.standards(canary={"steps": ["20"], "bake": "5s"})
    shop.change(OLD, NEW)
    shop.succeed(waypoint, "up", "-plain", "-prune=false")
    shop.traffic("v2")
    say("A broken version: the deploy fails and says why, the other one goes on serving")
    ended = {"stoppedReason": "Essential container in task exited", "stopCode": "EssentialContainerExited"}
    broken = [{**ended, "containers": [{"name": "web", "exitCode": 3}]}] * 2
    shop.aws.proxy.script("", Script(pending_looks=-1, stopped=broken))
    shop.change(NEW, BROKEN)
    shop.fail("exit code 3", waypoint, "up", "-plain", "-prune=false")
    shop.aws.proxy.script("", Script())
    shop.traffic("v2")
    say("More memory than Fargate sells: refused before anything is made")
    shop.change(BROKEN, NEW)
    shop.change('use "team-ecs" {}', 'use "team-ecs" { memory = "240Gi" }')
    shop.fail("240Gi", waypoint, "up", "-plain", "-prune=false")


def end(shop: Demo, waypoint: Path) -> None:
    """Roll back, go to production, and destroy all."""
    say("Roll back to the first version, without building or deploying")
    shop.standards()
    shop.change('use "team-ecs" { memory = "240Gi" }', 'use "team-ecs" {}')
    shop.succeed(waypoint, "release", "-plain", "-deployment", "1", "-prune=false")
    shop.traffic("v1")
    say("Production: deployed by the same file, and nobody opens a shell there")
    shop.succeed(waypoint, "up", "-plain", "-workspace", "production")
    shop.fail("not permitted in production", waypoint, "exec", "-workspace", "production", "--", "id")
    say("Destroy: nothing remains")
    shop.succeed(waypoint, "up", "-plain", "-prune=false")  # Waypoint destroys no workspace whose last deploy failed
    shop.succeed(waypoint, "destroy", "-auto-approve", "-workspace", "production")
    shop.succeed(waypoint, "destroy", "-auto-approve")
    left = shop.left()
    if left:
        raise SystemExit(f"demo: this remained: {left}")
    print("  services, task definitions, target groups, rules, scalable targets: none")


if __name__ == "__main__":
    main()

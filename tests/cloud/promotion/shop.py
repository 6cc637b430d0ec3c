"""An app that goes from dev to production through the real Waypoint: registries, standards, and `wps` as a process."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import build
import moverimages
from workshop import Workshop

from teamconfig import resolve
from teamconfig.releases import opening
from teamconfig.releases.evidence import Finding, Key
from teamconfig.releases.record import Draft
from teamconfig.store import directory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from teamconfig.profile import Profile
    from teamconfig.releases.evidence import Outcome
    from teamconfig.releases.ledger import Ledger
    from testservers.registry import Registry

PROGRAMS = Path(sys.executable).parent
STAND = Path(__file__).with_name("stand.py")
PROBE = Path(__file__).with_name("probe.py")
PLUGIN = """\
#!/bin/sh
if [ -n "$PROBE_PLUGINS" ]; then exec {python} {probe} plugin {program} "$@"; fi
exec {python} {program} "$@"
"""
"""A plugin of an app; the probe watches it where one is wanted."""

ENVIRONMENTS = ("dev", "staging", "production")
SECONDS = 100
FILE = """\
project = "shop"

app "web" {{
  build {{
    use "team-ecr" {{}}
  }}
  deploy {{
    use "stand" {{ directory = "{0}" }}
  }}
  release {{
    use "stand" {{ directory = "{0}" }}
  }}
}}
"""


class HostHungError(Exception):
    """Waypoint itself did not end: now and then its local mode hangs when its work is done."""


class Shop:
    """The project "shop" of somebody without a team config service.

    Args:
        place: Gets everything.
        builds: The registry that its builder pushes to.
        registries: Those of dev, staging and production.
        path: Of its images in each of them; of its own if left out.
    """

    def __init__(self, place: Path, builds: Registry, registries: list[Registry], path: str = "") -> None:
        self.place = place
        self.workshop = Workshop(place)
        self.builds, self.registries = builds, dict(zip(ENVIRONMENTS, registries, strict=True))
        self.path = path or f"shop/{place.name.replace('_', '-')}"
        self.image = moverimages.Image()
        self.log = place / "wps.log"
        self.stand = place / "stand"
        self.stand.mkdir()
        self.app = self.workshop.app
        self.environ = self.workshop.environ | {
            "WAYPOINT_BIN": str(build.waypoint()),
            "XDG_CONFIG_HOME": str(place / "home/.config"),
            "XDG_DATA_HOME": str(place / "home/.local/share"),
            "XDG_STATE_HOME": str(place / "home/.local/state"),
            "WAYPAAS_KEYRING": "off",
        }
        plugins = self.app / ".waypoint" / "plugins"
        for program in (STAND, PROGRAMS / "waypoint-plugin-team-ecr"):
            plugin = plugins / f"waypoint-plugin-{program.stem.removeprefix('waypoint-plugin-')}"
            plugin.write_text(PLUGIN.format(python=sys.executable, probe=PROBE, program=program))
            plugin.chmod(0o755)
        (self.app / "waypoint.hcl").write_text(FILE.format(self.stand))
        for name in ENVIRONMENTS:
            self.standards(name)
        self.seed = 0

    def standards(self, environment: str, **sections: Any) -> None:
        """Write the standards of an environment; its registry is there in any case."""
        registry: dict[str, Any] = {"url": self.registries[environment].host, "repository": self.path}
        if environment == "dev":
            registry |= {"builder": "testbuilder", "builder_options": {"image": f"{self.builds.host}/{self.path}"}}
        text = json.dumps({"standards": {"registry": registry} | sections})
        path = self.workshop.standards / "environments" / f"{environment}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def write(self, text: str) -> str:
        """Commit a new version, whose image the builder makes; give the digest."""
        self.seed += 1
        image = moverimages.plain(5000 + self.seed, (1000, 20_000 + self.seed))
        moverimages.push(self.builds, self.path, image)
        self.workshop.commit(text)
        return image.root

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start wps in the app's directory."""
        return subprocess.Popen(
            [PROGRAMS / "wps", *arguments], cwd=self.app, env=self.environ, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip

    def begin(self, *arguments: str, probe: str = "") -> subprocess.Popen[str]:
        """Start wps with its output in the file `log`, so that what outlives it can go on writing.

        What the probe is to do, if anything, is for it and for the plugins.
        """
        command: list[str | Path] = [PROGRAMS / "wps", *arguments]
        if probe:
            command = [sys.executable, PROBE, "wps", *command]
        with self.log.open("w") as log:
            return subprocess.Popen(
                command, cwd=self.app, env=self.environ | ({"PROBE": probe} if probe else {}),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, text=True, start_new_session=True,
            )  # fmt: skip

    def wps(self, *arguments: str, code: int = 0) -> str:
        """Run wps to its end; give stdout, and stderr too where it has to fail."""
        out, err, ended = self._ended(self.start(*arguments))
        assert ended == code, f"{arguments}: {ended}\n{out}\n{err}"
        return f"{out}{err}" if code else out

    def waypoint(self, *arguments: str) -> subprocess.Popen[str]:
        """Start Waypoint itself in the app's directory."""
        return subprocess.Popen(
            [self.environ["WAYPOINT_BIN"], *arguments, "-plain"], cwd=self.app, env=self.environ,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def copy(self, digest: str, source: str, target: str) -> None:
        """Copy an image, without a tag, from the registry of one environment to that of another."""
        places = [f"{self.registries[name].host}/{self.path}" for name in (source, target)]
        self.wps("image", "copy", f"{places[0]}@{digest}", f"{places[1]}@{digest}")

    @staticmethod
    def _ended(child: subprocess.Popen[str]) -> tuple[str, str, int]:
        """Wait for the end of wps; give its output, its errors and its exit code."""
        try:
            out, err = child.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired as late:
            child.terminate()  # it ends its Waypoint, too
            out, err = child.communicate(timeout=60)
            raise HostHungError(f"{child.args} did not end within {SECONDS} s\n{out}\n{err}") from late
        return out, err, child.returncode

    @staticmethod
    def end(child: subprocess.Popen[str]) -> int:
        """Wait for the end of wps that writes into the log; give its exit code."""
        try:
            return child.wait(timeout=SECONDS)
        except subprocess.TimeoutExpired as late:
            child.terminate()
            child.wait(timeout=60)
            raise HostHungError(f"{child.args} did not end within {SECONDS} s") from late

    def json(self, *arguments: str, code: int = 0) -> Any:
        """Run wps for its JSON."""
        out, err, ended = self._ended(self.start(*arguments, "--json"))
        assert ended == code, f"{arguments}: {ended}\n{out}\n{err}"
        return json.loads(out)

    def release(self, text: str = "a version") -> str:
        """Bring a new version into dev; give its digest."""
        digest = self.write(text)
        made = self.json("promote", "--to", "dev", "--yes")
        assert made["record"]["digest"] == digest
        return digest

    def profile(self, environment: str) -> Profile:
        """Resolve the standards of an environment, not by the code under test."""
        tree = directory.load(self.workshop.standards)
        return resolve.profile(tree, project="shop", app="web", workspace=environment)

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        """Open the ledger of the app."""
        with opening.opened(self.app, self.environ) as ledger:
            yield ledger

    def imaged(self, seed: int, size: int) -> moverimages.Image:
        """Make an image of some bytes, by a number: the same number, the same image."""
        image = moverimages.Image()
        piece = moverimages.layer(7000 + seed, min(size, 1 << 20))
        image.add_manifest([moverimages.layer(6000 + seed, 1000), piece * (size // len(piece))],
                           config=json.dumps({"seed": seed, "path": self.path}).encode())  # fmt: skip
        return image

    def record(self, environment: str = "dev", size: int = 20_000) -> str:
        """Put an image into the registry of an environment and record it as running there; give its digest."""
        self.seed += 1
        image = self.imaged(self.seed, size)
        moverimages.push(self.registries[environment], self.path, image)
        self.image = image
        profile = self.profile(environment)
        draft = Draft(
            project="shop", app="web", environment=environment, digest=image.root, image="", kind="deploy",
            profile_revision=profile.revision, profile_hash=profile.digest(),
            app_file_hash=hashlib.sha256((self.app / "waypoint.hcl").read_bytes()).hexdigest(),
        )  # fmt: skip
        with self.ledger() as ledger:
            ledger.record(draft)
        return image.root

    def test(self, digest: str, name: str, outcome: Outcome = "passed", environment: str = "dev") -> None:
        """Keep evidence, as the plugin `test` does."""
        now = time.time()
        finding = Finding(
            project="shop", app="web", environment=environment, test=name, outcome=outcome, started=now - 2,
            ended=now - 1, key=Key(digest, "0" * 64, self.profile(environment).digest()),
        )  # fmt: skip
        with self.ledger() as ledger:
            ledger.put_evidence(finding)

    def live(self, environment: str) -> dict[str, str]:
        """Read what has the traffic in an environment, from the platform itself."""
        workspace = "default" if environment == "dev" else environment
        found: dict[str, str] = json.loads(Path((self.stand / f"live-{workspace}").read_text()).read_text())
        return found

    def serves(self, environment: str) -> str:
        """Give the digest that has the traffic in an environment."""
        return self.live(environment)["tag"].partition("@")[2]

    def releases(self, environment: str) -> int:
        """Count how often the platform was told to give traffic to something."""
        workspace = "default" if environment == "dev" else environment
        path = self.stand / f"releases-{workspace}"
        return len(path.read_text().splitlines()) if path.exists() else 0

    def until(self, what: Callable[[], object], child: subprocess.Popen[str]) -> None:
        """Wait until something is so, while a process works."""
        deadline = time.monotonic() + 60
        while not what():
            assert child.poll() is None, child.communicate()
            assert time.monotonic() < deadline, "it does not come so far"
            time.sleep(0.02)

    @staticmethod
    def kill(child: subprocess.Popen[str]) -> None:
        """End wps as kill -9 does, and nothing that it started."""
        child.send_signal(signal.SIGKILL)
        child.wait()

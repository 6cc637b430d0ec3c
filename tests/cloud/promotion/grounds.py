"""Where promotions are killed: one app for each case, and everything that cases can share.

Shared are registries, a Waypoint that knows the project, standbys of the plugins and, in a company, the service.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shop import Shop
from storyworld import TEAM

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "wps"))

from machines import Machine

from tests.cloud.service.releasekit import State
from testservers import oidc, service

if TYPE_CHECKING:
    from collections.abc import Iterator

    import moverimages

    from testservers.registry import Registry
    from testservers.service import Running

CASE = "KILLED_CASE"
"""A variable that all processes of a case have, by which they are found."""

IMAGE_BYTES = 1000
SESSION_SECONDS = 1800.0
AHEAD = 40
"""So many images the service has seen before they are there: SQLite is for one process, so it stops meanwhile."""


class Grounds:
    """Makes the app of each case.

    Args:
        place: Gets everything.
        registries: Of builds, dev, staging and production.
    """

    def __init__(self, place: Path, registries: list[Registry]) -> None:
        self.place, self.registries = place, registries
        self.running: Running | None = None
        self._count = 0
        self._runtime = place / "runtime"
        self._runtime.mkdir(mode=0o700, parents=True)
        self._known = place / "data.db"
        first = self.shop()
        said, _ = first.waypoint("init").communicate(timeout=60)
        shutil.copy(first.app / "data.db", self._known) if (first.app / "data.db").exists() else self._refuse(said)

    @staticmethod
    def _refuse(said: str) -> None:
        raise RuntimeError(f"Waypoint does not begin:\n{said}")

    def shop(self, *, knows_it: bool = True) -> Shop:
        """Make the app of a case, whose Waypoint knows of it or does not."""
        self._count += 1
        builds, *others = self.registries
        shop = Shop(self.place / f"case-{self._count}", builds, others, self.path)
        shop.seed = self._count
        (shop.place / "tmp").mkdir()
        shop.environ |= {
            CASE: str(shop.place), "TMPDIR": str(shop.place / "tmp"), "XDG_RUNTIME_DIR": str(self._runtime),
            "WAYPAAS_STANDBY": "on", "WAYPAAS_STANDBY_SECONDS": "120",
        }  # fmt: skip
        if knows_it and self._known.exists():
            shutil.copy(self._known, shop.app / "data.db")
        return shop

    @property
    def path(self) -> str:
        """Of the images; empty where each app has its own."""
        return ""

    def record(self, shop: Shop) -> str:
        """Let an image of its own run in dev; give its digest."""
        return shop.record(size=IMAGE_BYTES)

    def close(self) -> None:
        """End the standbys."""
        mark = f"XDG_RUNTIME_DIR={self._runtime}"
        for pid in with_variable(mark):
            os.kill(pid, signal.SIGTERM)


class Company(Grounds):
    """The same with a team config service that keeps standards and records.

    Args:
        place: Gets everything.
        registries: Of builds, dev, staging and production.
        idp: Vouches for people.
        database: URL of PostgreSQL; empty for SQLite.
    """

    def __init__(self, place: Path, registries: list[Registry], idp: oidc.OidcProvider, database: str = "") -> None:
        self._home: Path | None = None
        super().__init__(place, registries)
        self._idp = idp
        self._settings: dict[str, Any] = {"database": database} if database else {}
        self._state = State(database or f"sqlite:///{place}/service/state/service.db")
        self._seen: set[str] = set()
        self._signed_in = -SESSION_SECONDS

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Run the service."""
        template = self.shop()
        (template.workshop.standards / "teams/payments/team.yaml").write_text(TEAM)
        provider = {"kind": "oidc", "name": "corp", "issuer": self._idp.issuer, "client_id": oidc.CLIENT}
        (self.place / "service").mkdir()
        with service.start(
            self.place / "service", [provider], standards=template.workshop.standards, calls_per_second="1000",
            groups_max_age="1h", **self._settings,
        ) as running:  # fmt: skip
            self.running = running
            self._home = self.place / "home"
            self._sign_in()
            yield

    def _sign_in(self) -> None:
        """Be somebody who may promote; their groups count for an hour."""
        if self._home is not None and self.running is not None and time.monotonic() > self._signed_in + SESSION_SECONDS:
            Machine(self._home, self.running, self._idp).sign_in("dora", "developers")
            self._signed_in = time.monotonic()

    @property
    def path(self) -> str:
        """Of the images of all apps, as all have the same standards."""
        return "shop/company"

    def shop(self, *, knows_it: bool = True) -> Shop:
        """Make the app of a case; it is the same app to the service."""
        shop = super().shop(knows_it=knows_it)
        if self._home is not None:
            (shop.app / ".waypaas.toml").unlink()
            shop.environ |= {"HOME": str(self._home), "XDG_CONFIG_HOME": str(self._home / ".config"),
                             "XDG_STATE_HOME": str(self._home / ".local/state")}  # fmt: skip
        return shop

    def record(self, shop: Shop) -> str:
        """Let an image of its own run in dev, and the service see it."""
        self._sign_in()
        digest = super().record(shop)
        if digest not in self._seen and self.running is not None:
            self.running.stop()
            try:
                for seed in range(shop.seed, shop.seed + AHEAD):
                    self._state.see("web", "dev", shop.imaged(seed, IMAGE_BYTES).root)
                    self._seen.add(shop.imaged(seed, IMAGE_BYTES).root)
            finally:
                self.running.restart()  # or all cases behind this one would fail for it
        return digest


def with_variable(mark: str) -> list[int]:
    """List the processes, besides this one, that were started with a variable."""
    wanted = mark.encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (entry / "environ").read_bytes().split(b"\0") and int(entry.name) != os.getpid():
                found.append(int(entry.name))
        except OSError:
            continue  # it has just ended, or is another user's
    return found


def gone(mark: str, seconds: float) -> bool:
    """Wait until no process has a variable."""
    deadline = time.monotonic() + seconds
    while with_variable(mark):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def lacking(registry: Registry, repository: str, image: moverimages.Image) -> list[str]:
    """List what a registry does not have of an image, in a repository and whole, by its files."""
    root = registry.directory / "data/docker/registry/v2/repositories" / repository
    stored = registry.blobs()
    kinds = {**dict.fromkeys(image.blobs, "_layers"), **dict.fromkeys(image.manifests, "_manifests/revisions")}
    return [
        digest
        for digest, size in image.everything.items()
        if stored.get(digest) != size or not (root / kinds[digest] / digest.replace(":", "/") / "link").exists()
    ]


def said_by(shop: Shop, *arguments: str) -> str:
    """Ask the Waypoint of an app."""
    out, _ = shop.waypoint(*arguments).communicate(timeout=60)
    return out

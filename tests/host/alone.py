"""A place with nothing but the real Waypoint and plugin binaries: a root and a network of its own.

In the root are Waypoint, the C library that it is linked with, the plugins, and a project; no Python, no shell. In the
network is a loopback, on which one port leads to the cluster's API server; no package registry can be reached.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import build
from project import HANG_SECONDS, ROOT, Finished, HostHungError

from testbed import bed as beds
from testbed.shell import run, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from testbed.fixture import Bed

FORWARD_SECONDS = 20.0
DEVICES = ("null", "urandom")
_LIBRARY = re.compile(r"(/\S+) \(0x[0-9a-f]+\)$", re.MULTILINE)


class Alone:
    """The place.

    Args:
        root: Its root, as seen from outside.
        netns: Name of its network.
    """

    def __init__(self, root: Path, netns: str) -> None:
        self.root = root
        self.netns = netns
        self.app = root / "app"

    def waypoint(self, *arguments: str) -> Finished:
        """Run waypoint in it, to its end.

        Args:
            arguments: Of waypoint.

        Returns:
            How it ended.

        Raises:
            HostHungError: It does not end.
        """
        devices = [f"mount --bind /dev/{name} {self.root}/dev/{name}" for name in DEVICES]
        inside = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", f"--root={self.root}", "--wd=/app"]
        script = "\n".join([*devices, 'exec "$@"'])
        command = [*self.within(), "unshare", "--mount", "sh", "-ec", script, "sh", *inside, "/bin/waypoint"]
        environ = {"PATH": os.environ["PATH"], "HOME": "/home", "KUBECONFIG": "/app/kubeconfig"}
        try:
            done = subprocess.run(
                [*command, *arguments], env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True, check=False, timeout=HANG_SECONDS,
            )  # fmt: skip
        except subprocess.TimeoutExpired as err:
            raise HostHungError(f"waypoint did not end within {HANG_SECONDS:g} s\n{err.output!r}") from err
        return Finished(done.returncode, done.stdout)

    def within(self) -> list[str]:
        """Give what runs a program of this machine in the place's network."""
        return ["nsenter", f"--net=/run/netns/{self.netns}"]


@contextmanager
def made(folder: Path, bed: Bed, binaries: list[Path], hcl: str) -> Iterator[Alone]:
    """Make the place, and remove it.

    Args:
        folder: Gets its root.
        bed: Whose API server is reached.
        binaries: Of plugins.
        hcl: The project's waypoint.hcl.

    Yields:
        The place.
    """
    place = Alone(folder / "root", f"waypaas-alone-{os.getpid()}")
    plugins = place.app / ".waypoint/plugins"
    for directory in (*(place.root / name for name in ("bin", "dev", "home", "proc", "tmp")), plugins):
        directory.mkdir(parents=True)
    for name in DEVICES:
        (place.root / "dev" / name).touch()
    _with_libraries(build.waypoint(), place.root)
    for binary in binaries:
        shutil.copy(binary, plugins)
    place.app.joinpath("waypoint.hcl").write_text(hcl)
    place.app.joinpath(".waypaas.toml").write_text('standards = "standards"\n')
    shutil.copytree(ROOT / "examples/standards", place.app / "standards")
    shutil.copy(bed.kubeconfig, place.app / "kubeconfig")
    run(["ip", "netns", "add", place.netns])
    try:
        run(["ip", "-n", place.netns, "link", "set", "lo", "up"])
        with _forwarded(place, bed):
            yield place
    finally:
        run(["ip", "netns", "delete", place.netns])


def _with_libraries(program: Path, root: Path) -> None:
    """Put Waypoint into a root, with what it is linked with."""
    shutil.copy(program, root / "bin/waypoint")
    for name in _LIBRARY.findall(run(["ldd", program])):
        target = root / name.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(name, target)
        target.chmod(0o755)


@contextmanager
def _forwarded(place: Alone, bed: Bed) -> Iterator[None]:
    """Let one port of the place's loopback lead to the API server, which is in the bed's own network."""
    port = urlsplit(bed.url).port
    command = [*place.within(), sys.executable, beds.FORWARD, bed.netns, f"{port}=127.0.0.1:{port}"]
    with subprocess.Popen(command) as forwarder:
        try:
            asked = [*place.within(), "curl", "-sk", "-m", "2", "-o", "/dev/null", f"{bed.url}/version"]
            wait_until("the way to the API server", lambda: not subprocess.run(asked, check=False).returncode,
                       FORWARD_SECONDS)  # fmt: skip
            yield
        finally:
            forwarder.terminate()

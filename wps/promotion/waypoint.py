"""Drives the real Waypoint command line: its output goes to the user as it is, its state is read as JSON.

Owns the words of Waypoint. What is asked of it, and when, is for `steps`; the process is for `children`.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from teamconfig import errors
from wps import terminal
from wps.promotion import artifacts, children, deployed
from wps.promotion.children import Children, HungError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from wps.promotion.deployed import Private

LABEL = "waypaas/promotion"
"""Of a deployment: by it, the deployment of a promotion that was broken off is found again."""

LOCAL = "data.db"
"""What local mode keeps beside waypoint.hcl."""

TRIES = 3
"""So often a command that hangs is begun."""

_LOOK_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployment that Waypoint knows.

    Args:
        id: Waypoint's id.
        sequence: Its number, over all workspaces.
        state: "SUCCESS", "ERROR", "RUNNING" or "UNKNOWN".
        is_there: Whether it is created and not destroyed.
        promotion: Id of the promotion that made it; empty if none did.
    """

    id: str
    sequence: int
    state: str
    is_there: bool
    promotion: str


@dataclass(frozen=True, slots=True)
class Released:
    """A release that Waypoint knows.

    Args:
        deployment: Waypoint's id of the deployment that it gave the traffic to.
        state: As of a deployment.
        url: Where it answers; empty if Waypoint was not told.
        image: Reference of the image that was deployed, as its registry knows it; empty if the artifact is no image.
        digest: Of it; empty if the artifact does not say.
    """

    deployment: str
    state: str
    url: str
    image: str
    digest: str


class Waypoint:
    """Waypoint, for one app in one workspace.

    Args:
        folder: Directory of waypoint.hcl.
        app: Name of the app.
        workspace: Waypoint's workspace.
        beat: Called now and then while a command runs; what it raises ends the command.
        stdout: Where the commands' output goes: None for ours, or a file descriptor.
        environ: What the commands that work, and their plugins, get besides our own environment.
    """

    def __init__(
        self,
        folder: Path,
        app: str,
        workspace: str,
        beat: Callable[[], None],
        stdout: int | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._folder = folder
        self._common = (f"-app={app}", f"-workspace={workspace}")
        self._names = app, workspace
        self._children = Children(folder, beat, stdout, works_here=(folder / LOCAL).exists(), environ=environ)
        self._program = children.program()

    def alone(self, lock: Path) -> AbstractContextManager[None]:
        """Make sure that no command of an earlier run is still at work, see `Children.alone`.

        Args:
            lock: A file for it.

        Returns:
            For `with`.
        """
        return self._children.alone(lock)

    def ready(self) -> None:
        """Tell Waypoint's local mode of the project, if it knows of none here.

        Raises:
            StandardsError: It failed (kind state).
        """
        if not (self._folder / LOCAL).exists():
            self.again("init")

    def build(self, digest: str = "") -> None:
        """Build, or bring the image; Waypoint's local mode is told of the project first, if it knows of none here.

        Args:
            digest: Of the image that has to be brought; empty where one is built.

        Raises:
            StandardsError: It failed, or does not say that it brought the image (kind state).
        """
        self.ready()
        self.again("build", wanted=digest)

    def clear(self) -> bool:
        """Let Waypoint's local mode forget the jobs of commands that were killed: else it waits for them forever.

        Only one Waypoint at a time can open what local mode keeps, so whatever it says is running is not.

        Returns:
            Whether there was any.

        Raises:
            StandardsError: Waypoint does not say (kind state).
        """
        if not (self._folder / LOCAL).exists():
            return False
        dead = [
            one for one in self._look("job", "list", "-json") if one.get("state") == "RUNNING" and self._is_own(one)
        ]
        for one in dead:
            terminal.note(f"Waypoint still waits for job {one['id']} of a run that was killed: it is told to forget it")
            self._asked([self._program, "job", "cancel", "-dangerously-force", str(one["id"])])
        return bool(dead)

    def _is_own(self, job: Mapping[str, Any]) -> bool:
        names = (job.get("application") or {}).get("application"), (job.get("workspace") or {}).get("workspace")
        return names == self._names

    def again(self, *arguments: str, wanted: str = "", named: Sequence[str] = ()) -> None:
        """Run a command that may be run again, and do so if Waypoint hangs.

        Args:
            *arguments: As of `run`.
            wanted: As of `run`.
            named: As of `run`.

        Raises:
            StandardsError: It failed, has not said the word, or hangs each time (kind state).
        """
        for _ in range(TRIES):
            try:
                self.run(*arguments, wanted=wanted, named=named)
            except HungError:
                terminal.note(f"Waypoint hung in {arguments[0]}, and was ended: once more")
                self.clear()
            except errors.StandardsError:
                if not self.clear():
                    raise
            else:
                return
        what, why = f"Waypoint hangs in {arguments[0]}", f"it was ended {TRIES} times, with no plugin at work"
        raise errors.state(what, why, "run this again, or use a Waypoint server", str(self._folder))

    def run(self, *arguments: str, wanted: str = "", named: Sequence[str] = ()) -> None:
        """Run a command, with its output shown.

        Args:
            *arguments: The command and its options, without app and workspace.
            wanted: A word that its output shall have; empty for none.
            named: What the command is about, behind its options.

        Raises:
            HungError: It hung, and was ended.
            StandardsError: It failed, or has not said the word (kind state).
        """
        code, said = self._children.run([self._program, *arguments, "-plain", *self._common, *named], wanted)
        where = str(self._folder / "waypoint.hcl")
        if code:
            why = f"`waypoint {arguments[0]}` ended with exit code {code}; what it says stands above"
            fix = "mend what it says, and run this again: it begins anew, and sends no image that is there already"
            raise errors.state(f"Waypoint's {arguments[0]} failed", why, fix, where)
        if not said:
            what = f"Waypoint's {arguments[0]} did not bring {wanted}"
            why = "its output does not name the digest: its builder does not see this ledger of releases"
            raise errors.state(what, why, "give its runner the same service or standards as here", where)

    def deployments(self) -> list[Deployment]:
        """List the deployments of the app in the workspace.

        Returns:
            The newest first.

        Raises:
            StandardsError: Waypoint does not say (kind state).
        """
        arguments = "deployment", "list", "-json", "-physical-state=any"
        try:
            return self._listed(self._look(*arguments))
        except (KeyError, ValueError, TypeError) as err:
            raise self._silent(arguments, "it says something of them that is not known") from err

    @staticmethod
    def _listed(found: Sequence[Any]) -> list[Deployment]:
        made = [
            Deployment(
                str(one["id"]), int(one["sequence"]), str(one["status"].get("state", "UNKNOWN")),
                one.get("physical_state") == "CREATED", str((one.get("labels") or {}).get(LABEL, "")),
            )
            for one in found
        ]  # fmt: skip
        return sorted(made, key=lambda one: -one.sequence)

    def released(self) -> Released | None:
        """Tell which release is the newest in the workspace.

        Returns:
            It, or None if there is none.

        Raises:
            StandardsError: Waypoint does not say (kind state).
        """
        found = self._look("release", "list", "-json")
        if not found:
            return None
        one = max(found, key=lambda one: int(one["id"]))
        details = one.get("preloadDetails") or {}
        image, digest = artifacts.image((details.get("artifact") or {}).get("artifact") or {})
        deployment = str((details.get("deployment") or {}).get("id", ""))
        return Released(deployment, str(one["status"].get("state", "")), str(one.get("url") or ""), image, digest)

    def private(self, deployment: str) -> Private | None:
        """Tell what Waypoint keeps of a deployment, whether or not it has the traffic.

        Args:
            deployment: Waypoint's id of it.

        Returns:
            It, or None if Waypoint has forgotten the job that made it.

        Raises:
            StandardsError: Waypoint does not say (kind state).
        """
        return deployed.find(self._look("job", "list", "-json"), deployment, artifacts.image)

    def _look(self, *arguments: str) -> list[Any]:
        own = () if arguments[0] == "job" else self._common  # with one of both, it lists no job at all
        try:
            done = self._asked([self._program, *arguments, *own])
            found = _values(done.stdout)
        except (subprocess.TimeoutExpired, ValueError) as err:
            raise self._silent(arguments, "it does not end, or says what is not JSON") from err
        if done.returncode:
            said = (done.stderr or done.stdout).decode("utf-8", "replace").strip().splitlines()
            raise self._silent(arguments, said[-1] if said else f"exit code {done.returncode}")
        return found

    def _asked(self, command: list[str]) -> subprocess.CompletedProcess[bytes]:
        """Ask, and once more if Waypoint hangs."""

        def ask() -> subprocess.CompletedProcess[bytes]:
            return subprocess.run(  # noqa: S603  # a fixed program, no shell
                command, cwd=self._folder, stdin=subprocess.DEVNULL, capture_output=True, check=False,
                timeout=_LOOK_SECONDS,
            )  # fmt: skip

        with contextlib.suppress(subprocess.TimeoutExpired):
            return ask()
        return ask()

    def _silent(self, arguments: tuple[str, ...], why: str) -> errors.StandardsError:
        what = f"Waypoint does not tell its {' '.join(arguments[:2])}"
        return errors.state(what, why, "run `waypoint init` beside waypoint.hcl, and this again", str(self._folder))


def _values(output: bytes) -> list[Any]:
    """Read a list, or the values of a stream, behind whatever else is said before; `null` is an empty list."""
    text = output.decode("utf-8", "replace")
    begins = [place for place in (text.find("["), text.find("{")) if place >= 0]
    text = text[min(begins) :].strip() if begins else ""
    found: list[Any] = []
    while text:
        value, end = json.JSONDecoder().raw_decode(text)
        found += value if isinstance(value, list) else [value]
        text = text[end:].strip()
    return found

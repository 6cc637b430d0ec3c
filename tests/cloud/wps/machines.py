"""People of a company and their machines, for the tests of `wps` against its real service."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from teamconfig.client.vault import Vault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from testservers.oidc import OidcProvider
    from testservers.service import Running

PROGRAM = Path(sys.executable).with_name("wps")
SECONDS = 60
AUDIENCE = "https://wps.corp.example"
CODE = re.compile(r"^  type  (\S+)$", re.MULTILINE)
APP = """\
project = "shop"

app "web" {
  build {
    use "team-k8s" { image = "registry.test/hello:v1" }
  }
  deploy {
    use "team-k8s" {%s}
  }
}
"""


@dataclass
class Machine:
    """Somebody's machine: a home directory, and a checkout to work in.

    Args:
        home: HOME.
        running: The service.
        idp: The identity provider.
        environ: Added to the environment.
    """

    home: Path
    running: Running
    idp: OidcProvider
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """The checkout."""
        return self.home / "checkout"

    @property
    def vault(self) -> Vault:
        """Where its session is kept."""
        return Vault(self.running.address, {"HOME": str(self.home), "WAYPAAS_KEYRING": "off"})

    @property
    def session_file(self) -> Path:
        """The file of the session."""
        return self.vault.directory / "session.json"

    def environment(self, **more: str) -> dict[str, str]:
        """Give an environment with nothing of the caller's own settings."""
        banned = ("WAYP", "XDG_", "GIT_", "WP_", "KUBE", "DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "NO_COLOR")
        clean = {name: value for name, value in os.environ.items() if not name.startswith(banned)}
        own = {"HOME": str(self.home), "WAYPAAS_KEYRING": "off", "GIT_CEILING_DIRECTORIES": "/"}
        return {**clean, **own, **self.environ, **more}

    def wps(self, *arguments: str, cwd: Path | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        """Run wps where nobody can be asked."""
        return subprocess.run(
            [PROGRAM, *arguments], cwd=cwd or self.folder, env=self.environment(**more), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False, timeout=SECONDS,
        )  # fmt: skip

    def answered(self, answers: str, *arguments: str, after: str = "", **more: str) -> tuple[int, str, str]:
        """Run wps at a terminal, answer once a text is shown; give exit code, stdout, and what the terminal showed."""
        ours, theirs = pty.openpty()
        with subprocess.Popen(
            [PROGRAM, *arguments], cwd=self.folder, env=self.environment(**more), stdin=theirs,
            stdout=subprocess.PIPE, stderr=theirs, text=True, start_new_session=True,
        ) as process:  # fmt: skip
            os.close(theirs)
            timer = threading.Timer(SECONDS, process.kill)
            timer.start()
            shown, told = b"", False
            try:
                while True:
                    if not told and after.encode() in shown:
                        os.write(ours, answers.encode())
                        told = True
                    part = os.read(ours, 65536)
                    if not part:
                        break
                    shown += part
            except OSError:  # the other end is closed
                pass
            assert process.stdout is not None
            out = process.stdout.read()
            timer.cancel()
        os.close(ours)
        return process.returncode, out, shown.decode()

    def init(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run `wps init` at this service."""
        address = ("--service", self.running.address, "--ca", str(self.running.authority))
        return self.wps("init", *address, *arguments, **more)

    def device_flow(self, user: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `wps init`, and do on another device what it asks; an empty user denies."""
        address = ("--service", self.running.address, "--ca", str(self.running.authority))
        command = [PROGRAM, "init", *address, "--provider", "corp", "--flow", "device", *arguments]
        with subprocess.Popen(
            command, cwd=self.folder, env=self.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
        ) as process:  # fmt: skip
            timer = threading.Timer(SECONDS, process.kill)
            timer.start()
            said = ""
            assert process.stderr is not None
            for line in process.stderr:
                said += line
                code = CODE.search(said)
                if code is not None:
                    break
            else:
                code = None
            if code is not None:
                with self.idp.browser() as browser:
                    if user:
                        browser.approve_device(code[1], user)
                    else:
                        browser.deny_device(code[1])
            assert process.stdout is not None
            rest, out = process.stderr.read(), process.stdout.read()
            process.wait()
            timer.cancel()
        return subprocess.CompletedProcess(command, process.returncode, out, said + rest)

    def sign_in(self, name: str, *groups: str) -> Machine:
        """Be signed in as somebody whom the identity provider vouches for, without the way there."""
        who = {"sub": f"u-{name}", "preferred_username": name, "name": name, "jti": os.urandom(8).hex()}
        token = self.idp.token(**who, groups=list(groups))
        self.running.open(self.home, "corp", token=token).close()
        self.configure()
        return self

    def configure(self) -> None:
        """Name the service in the user's own settings."""
        path = self.home / ".config" / "waypaas" / "config.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        values = {"service": self.running.address, "certificate_authority": str(self.running.authority)}
        path.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items()))

    def app(self, options: str = "") -> None:
        """Write a waypoint.hcl."""
        (self.folder / "waypoint.hcl").write_text(APP % options)

    def git(self, remote: str) -> None:
        """Make the checkout a git repository."""
        for arguments in (["init", "--quiet"], ["remote", "add", "origin", remote]):
            subprocess.run(["git", *arguments], cwd=self.folder, check=True, env=self.environment())

    def saved(self) -> Mapping[str, Any]:
        """Give the session as it is kept."""
        found: dict[str, Any] = json.loads(self.session_file.read_text())
        return found

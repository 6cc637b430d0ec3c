"""What the tests of `wps plugins` have: somebody's machine, a shop that publishes, and servers of what is published."""

from __future__ import annotations

import functools
import http.server
import json
import os
import ssl
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wps.pluginset import programs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PROGRAM = Path(sys.executable).with_name("wps")
SECONDS = 120
HERE = programs.this_platform()
APP = (
    'project = "shop"\n\napp "web" {\n  build {\n    use "docker" {}\n  }\n  deploy {\n    use "team-k8s" {}\n  }\n}\n'
)

Done = subprocess.CompletedProcess[str]


@dataclass
class World:
    """A machine with a checkout, and a directory in which sets are built and published.

    Args:
        folder: Of everything.
        environ: Added to the environment.
    """

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)
    public: str = ""

    def __post_init__(self) -> None:
        for one in (self.home, self.app, self.built / programs.folder(HERE)):
            one.mkdir(parents=True)
        (self.app / "waypoint.hcl").write_text(APP)
        self.public = self.wps("plugins", "key", str(self.key)).stdout.strip()

    @property
    def home(self) -> Path:
        """HOME."""
        return self.folder / "home"

    @property
    def app(self) -> Path:
        """The checkout."""
        return self.folder / "app"

    @property
    def built(self) -> Path:
        """What was built."""
        return self.folder / "built"

    @property
    def tree(self) -> Path:
        """What was published."""
        return self.folder / "tree"

    @property
    def key(self) -> Path:
        """File of the private key."""
        return self.folder / "key.pem"

    @property
    def links(self) -> Path:
        """Where Waypoint looks."""
        return self.home / ".config/waypoint/plugins"

    @property
    def data(self) -> Path:
        """Where the sets are."""
        return self.home / ".local/share/waypaas/plugins"

    def environment(self) -> dict[str, str]:
        """Give an environment with nothing of the caller's own settings."""
        banned = ("WAYP", "XDG_", "GIT_", "WP_", "http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy", "NO_COLOR")
        clean = {name: value for name, value in os.environ.items() if not name.startswith(banned)}
        return {**clean, "HOME": str(self.home), "GIT_CEILING_DIRECTORIES": "/", **self.environ}

    def run(self, command: Sequence[str]) -> Done:
        """Run a program in the checkout."""
        return subprocess.run(
            command, cwd=self.app, env=self.environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=False, timeout=SECONDS,
        )  # fmt: skip

    def wps(self, *arguments: str) -> Done:
        """Run wps."""
        return self.run([str(PROGRAM), *arguments])

    def make(self, **plugins: str) -> None:
        """Write programs that print a text, in the place of built ones: team_k8s="one"."""
        for name, text in plugins.items():
            self.program(name.replace("_", "-"), text)

    def program(self, name: str, text: str, platform: str = HERE) -> Path:
        """Write one program."""
        path = self.built / programs.folder(platform) / f"waypoint-plugin-{name}"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\necho '{text}'\n")
        path.chmod(0o755)
        return path

    def publish(self, *more: str, to: str = "") -> dict[str, Any]:
        """Publish what was built; give what was told."""
        where = to or str(self.tree)
        command = ("plugins", "publish", where, "--key", str(self.key), "--built", str(self.built), "--json")
        done = self.wps(*command, *more)
        assert done.returncode == 0, done.stderr
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    def sync(self, *more: str, source: str = "") -> Done:
        """Sync from what was published."""
        return self.wps("plugins", "sync", "--from", source or str(self.tree), "--key", self.public, *more)

    def synced(self, *more: str, source: str = "") -> dict[str, Any]:
        """Sync, and give what was told; it has to work."""
        done = self.sync("--json", *more, source=source)
        assert done.returncode == 0, done.stderr
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    def says(self, name: str) -> str:
        """Run a plugin as Waypoint finds it; give what it prints."""
        return subprocess.run(
            [self.links / f"waypoint-plugin-{name}"], capture_output=True, text=True, check=True, timeout=SECONDS
        ).stdout.strip()

    def left(self) -> list[str]:
        """List drafts that nobody removed."""
        return [str(path) for path in self.home.rglob("*") if ".partial" in path.name or path.name.startswith(".way")]

    def envelope(self, **changed: Any) -> None:
        """Publish by hand: the newest manifest with changes, signed again by the same key."""
        import base64  # noqa: PLC0415  # only here

        from wps.pluginset import signing  # noqa: PLC0415

        payload = json.loads(base64.b64decode(json.loads((self.tree / "plugins.json").read_text())["payload"]))
        data = json.dumps({**payload, **changed}).encode()
        (self.tree / "plugins.json").write_bytes(signing.sign(data, signing.read(self.key)))


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Serves a tree, and does what the server's faults say."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Keep the test's output clean."""

    def do_GET(self) -> None:
        """Answer; a path that is to be cut off or led elsewhere is."""
        server: Any = self.server
        server.asked.append(self.path)
        begun = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        if server.moved:
            self.send_response(302)
            self.send_header("Location", server.moved + self.path)
            if not server.flood:
                self.send_header("Content-Length", "0")
            self.end_headers()
            while server.flood:
                server.flooded += self.wfile.write(bytes(1 << 16))
        elif server.cut and self.path.startswith(server.cut):
            data = Path(self.translate_path(self.path)).read_bytes()
            self.send_response(200)
            if server.honest:
                self.send_header("Content-Length", str(len(data)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(data[: len(data) // 2])
            self.close_connection = True
        elif server.most and self.path.startswith("/files/"):
            data = Path(self.translate_path(self.path)).read_bytes()
            begun = begun if server.ranges else 0
            self.send_response(206 if begun else 200)
            if begun:
                self.send_header("Content-Range", f"bytes {begun}-{len(data) - 1}/{len(data)}")
            self.send_header("Content-Length", str(len(data) - begun))
            self.end_headers()
            self.wfile.write(data[begun : begun + server.most])
            server.sent += len(data[begun : begun + server.most])
            self.close_connection = True
        else:
            super().do_GET()


@contextmanager
def serving(root: Path, tls: tuple[Path, Path] | None = None) -> Iterator[Any]:
    """Serve a tree on loopback, with TLS if there is a certificate; give the server, with its `url` and faults."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, directory=root)) as plain:
        server: Any = plain
        server.daemon_threads, server.asked, server.moved, server.cut, server.honest = True, [], "", "", True
        server.most, server.ranges, server.sent = 0, True, 0
        server.flood, server.flooded, server.handle_error = False, 0, lambda *_: None
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        server.url = f"{'http' if tls is None else 'https'}://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()

"""Debian's docker-registry on loopback, as many as a test wants, with TLS and passwords if it wants them.

Owns processes and their directories. What the registry holds is read over its
API, or from its files where a test must not trust an API.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from testservers import installing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START_SECONDS = 20.0
CONFIGURATION = """
version: 0.1
log: {{level: warn, accesslog: {{disabled: true}}}}
storage:
  filesystem: {{rootdirectory: "{data}"}}
  delete: {{enabled: true}}
  maintenance: {{uploadpurging: {{enabled: false}}}}
http:
  addr: "127.0.0.1:{port}"
  secret: "the same after a restart"
"""


class Registry:
    """A running registry.

    Args:
        directory: Of its files.
        port: Of 127.0.0.1.
    """

    def __init__(self, directory: Path, port: int) -> None:
        self.directory = directory
        self.port = port
        self.host = f"127.0.0.1:{port}"

    def blobs(self) -> dict[str, int]:
        """Read its files.

        Returns:
            Size by digest of each blob and manifest that it stores.
        """
        root = self.directory / "data/docker/registry/v2/blobs"
        return {
            f"{data.parts[-4]}:{data.parts[-2]}": data.stat().st_size
            for data in root.glob("*/*/*/data")
            if len(data.parts[-2]) > 2  # noqa: PLR2004  # the folder of the first two digits is no digest
        }

    def tags(self, repository: str) -> dict[str, str]:
        """Read its files.

        Args:
            repository: Path.

        Returns:
            Digest by tag.
        """
        root = self.directory / "data/docker/registry/v2/repositories" / repository / "_manifests/tags"
        return {link.parts[-3]: link.read_text() for link in root.glob("*/current/link")}


@contextmanager
def start(
    directory: Path, *, password: str = "", tls: tuple[Path, Path] | None = None, token: tuple[str, Path] | None = None
) -> Iterator[Registry]:
    """Start a registry.

    Args:
        directory: For its files.
        password: Of the user "mover"; empty: everybody may do everything.
        tls: Files of certificate and key.
        token: URL of the token service and file of its certificate.

    Yields:
        The registry.

    Raises:
        ServerError: It cannot be installed or started.
    """
    installing.debian_packages({"docker-registry": "docker-registry"})
    directory.mkdir(parents=True, exist_ok=True)
    port = installing.free_port()
    text = CONFIGURATION.format(data=directory / "data", port=port)
    if tls is not None:
        text += f'  tls: {{certificate: "{tls[0]}", key: "{tls[1]}"}}\n'
    if password:
        set_password(directory, password)
        text += f'auth: {{htpasswd: {{realm: test, path: "{directory / "htpasswd"}"}}}}\n'
    if token is not None:
        realm, bundle = token
        text += f'auth: {{token: {{realm: "{realm}", service: test, issuer: test, rootcertbundle: "{bundle}"}}}}\n'
    (directory / "config.yml").write_text(text)
    command = ["docker-registry", "serve", directory / "config.yml"]
    with installing.Program("docker-registry", command, directory / "registry.log") as program:
        program.wait_until(lambda: installing.listens(port), START_SECONDS)
        yield Registry(directory, port)


def set_password(directory: Path, password: str) -> None:
    """Set the password of the user "mover"; a running registry takes it at once.

    Args:
        directory: Of the registry.
        password: The new one.

    Raises:
        ServerError: htpasswd cannot be installed.
    """
    installing.debian_packages({"htpasswd": "apache2-utils"})
    line = installing.run(["htpasswd", "-niB", "-C", "4", "mover"], stdin=password, seconds=20).strip()
    (directory / "htpasswd").write_text(line + "\n")

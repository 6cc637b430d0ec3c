"""Opens what a name stands for, with credentials, and closes all of it at the end.

Owns one client for each registry, and whose credentials it gets: Docker's, as `docker
login` and credential helpers keep them, or for Amazon ECR those of AWS. What is there and what moves is the mover's.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from imagemover import references
from imagemover.archives import open_archive
from imagemover.archivewriter import ArchiveWriter
from imagemover.credentials import DockerConfig
from imagemover.ecr import hosts
from imagemover.errors import CredentialError, MissingError
from imagemover.layout import Layout
from imagemover.registry import Registry
from wps.images.rehearsal import Empty

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from imagemover.ecr.registries import Ecr
    from imagemover.jobs import Job
    from imagemover.patience import Patience
    from imagemover.places import Destination, Source
    from imagemover.repository import Repository
    from wps.images.names import Name


def _nothing(_: int) -> None:
    return


@dataclass(slots=True)
class Places:
    """What a command works with; use it in `with`.

    Args:
        patience: Of the command.
        plain_http: Registries that are spoken to without TLS.
        ca_file: Authorities that are trusted instead of the machine's; None: the machine's.
        tick: Called by any thread with the count of bytes that are read from archives and Docker before the copy.
        looks_only: Whether nothing may be written, not even an empty layout.
    """

    patience: Patience
    plain_http: tuple[str, ...] = ()
    ca_file: str | None = None
    tick: Callable[[int], None] = _nothing
    looks_only: bool = False
    _stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _registries: dict[str, Registry] = field(default_factory=dict)
    _written: dict[str, Destination] = field(default_factory=dict)
    _docker: DockerConfig = field(default_factory=DockerConfig)
    _ecr: Ecr | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def source(self, name: Name) -> tuple[Source, str]:
        """Open an image that is read.

        Args:
            name: Of it.

        Returns:
            The place, and the tag or digest that the image has there.

        Raises:
            ImageError: It cannot be opened, or is not there.
        """
        if name.transport == "registry":
            return self._repository(name.place), name.digest or name.tag
        if name.transport == "oci":
            if not os.path.isdir(name.place):
                what, why = f"there is no layout {name.place}", "no such directory"
                raise MissingError(what, why, "name the directory of an OCI layout", name.place)
            layout = Layout(name.place)
            tag = name.digest or name.tag
            return layout, tag if tag and "/" not in tag and ":" not in tag else layout.manifest(tag).digest
        if name.transport == "docker-daemon":
            from imagemover.daemon import Docker  # noqa: PLC0415  # only who names Docker pays for it

            # Opened here, and closed with the rest.
            archive = Docker(patience=self.patience).image(name.place, self.tick, self.tick)
        else:
            archive = open_archive(name.place, self.tick)
        self._stack.callback(archive.close)
        return archive, archive.manifest(name.digest or name.tag).digest

    def destination(self, name: Name) -> Destination:
        """Open a place that is written to, once for all images that go there.

        Args:
            name: Of it.

        Returns:
            The place.

        Raises:
            ImageError: It cannot be opened.
        """
        key = f"{name.transport}:{name.place}"
        if key not in self._written:
            self._written[key] = self._opened(name)
        return self._written[key]

    def _opened(self, name: Name) -> Destination:
        if name.transport == "registry":
            return self._repository(name.place)
        if self.looks_only and (name.transport != "oci" or not os.path.exists(os.path.join(name.place, "oci-layout"))):
            return Empty(name.place)
        if name.transport == "oci":
            return Layout(name.place, create=True)
        return self._stack.enter_context(ArchiveWriter(name.place))

    def _repository(self, place: str) -> Repository:
        found = references.parse(place, "")
        if found.registry not in self._registries:
            self._registries[found.registry] = self._registry(found.registry)
        return self._registries[found.registry].repository(found.repository)

    def _registry(self, host: str) -> Registry:
        """Open a registry: ECR's with AWS credentials where there are any, others with Docker's."""
        account = hosts.parse(host)
        if account is not None and importlib.util.find_spec("boto3") is not None:
            try:
                return self._of_ecr().registry(account)
            except CredentialError:
                if self._docker(host) is None:
                    raise
        # Who names authorities wants TLS, on this machine too.
        plain = True if host in self.plain_http else False if self.ca_file else None
        opened = Registry(host, keyring=self._docker, patience=self.patience, plain_http=plain, ca_file=self.ca_file)
        return self._stack.enter_context(opened)

    def _of_ecr(self) -> Ecr:
        from imagemover.ecr.registries import Ecr  # noqa: PLC0415  # only who names ECR pays for it

        if self._ecr is None:
            self._ecr = self._stack.enter_context(
                Ecr(patience=self.patience, others=self._docker, ca_file=self.ca_file)
            )
        return self._ecr

    def check(self, jobs: Iterable[Job]) -> None:
        """Find what would fail late, before a byte is sent: tags in ECR that may not move.

        Args:
            jobs: The images.

        Raises:
            ImageError: One may not, or ECR does not say.
        """
        if self._ecr is not None:
            from imagemover.ecr import preflight  # noqa: PLC0415  # as above

            preflight.check_tags(jobs)

    def finish(self) -> None:
        """Write the archives; to be called when all of their images have arrived.

        Raises:
            LayoutError: The disk is full or broken.
        """
        for place in self._written.values():
            if isinstance(place, ArchiveWriter):
                place.finish()

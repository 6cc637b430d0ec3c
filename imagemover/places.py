"""What a copy needs of where images are read and written; registries and layouts both have it.

Owns the protocols only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imagemover.manifests import Descriptor, Manifest
    from imagemover.patience import Gate


class Kept(NamedTuple):
    """What a destination says of a manifest that it took.

    Args:
        is_listed: Whether the list of what refers to its subject is taken care of.
        digest: Of what it keeps; empty if it does not say.
    """

    is_listed: bool
    digest: str = ""


class Stream(Protocol):
    """Bytes of a blob as they come."""

    def readinto(self, view: memoryview, /) -> int:
        """Read the next bytes; 0 at the end."""

    def close(self) -> None:
        """Free what it holds."""


class Session(Protocol):
    """Writes one blob."""

    offset: int
    """Where the next byte goes."""

    def write(self, piece: memoryview, /) -> None:
        """Write the next bytes."""

    def commit(self) -> None:
        """Make the blob visible, if its digest is right."""

    def resume(self) -> bool:
        """Set `offset` to what was kept; False if nothing was."""

    def cancel(self) -> None:
        """Throw away what was written."""

    def abandon(self) -> None:
        """Stop in the middle."""


class Pending(Protocol):
    """A session that was asked for."""

    def open(self) -> Session | None:
        """Wait for it; None if the blob is there without being sent."""

    def abandon(self) -> None:
        """Forget it."""


class Place(Protocol):
    """Where images are."""

    name: str
    """For messages."""

    place: str
    """What blobs can be mounted within: a registry's host, or a layout's own directory."""

    path: str
    """The repository within `place`."""

    @property
    def gate(self) -> Gate:
        """What workers wait at when it is busy."""

    def resolve(self, name: str, /) -> str | None:
        """Give the digest that a tag or digest stands for; None if it is not there."""

    def manifest(self, name: str, /) -> Manifest:
        """Read a manifest by tag or digest."""


class Source(Place, Protocol):
    """Where images are read."""

    def referrers(self, digest: str, /) -> tuple[Descriptor, ...]:
        """List what refers to a manifest."""

    def open_blob(self, blob: Descriptor, offset: int = 0, /) -> Stream:
        """Open a blob at an offset."""


@runtime_checkable
class Bulk(Protocol):
    """What a destination may have beside: one question for many blobs."""

    def present(self, blobs: Sequence[Descriptor], /) -> set[str]:
        """Give the digests of those that are there."""


class Destination(Place, Protocol):
    """Where images are written."""

    def has(self, blob: Descriptor, /) -> bool:
        """Look whether a blob is there."""

    def begin(self, blob: Descriptor, mount_from: str = "", /) -> Pending:
        """Ask for a session, or for the blob of another repository."""

    def put_manifest(self, manifest: Manifest, name: str, /) -> Kept:
        """Write a manifest."""

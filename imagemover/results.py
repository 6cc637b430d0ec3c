"""What a copy tells: events while it runs, what became of each blob and image, and receipts.

Owns values only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    import datetime as dt

Sort = Literal["sent", "mounted", "present", "failed"]


class Planned(NamedTuple):
    """What will be done.

    Args:
        sends: Blobs to send, counted once for each destination.
        send_bytes: Their bytes.
        mounts: Blobs to mount.
        present: Blobs that are there.
        images: Images, counted once for each destination, that are not there yet.
    """

    sends: int
    send_bytes: int
    mounts: int
    present: int
    images: int


class Sent:
    """Bytes left for a destination.

    Args:
        digest: Of the blob.
        count: Bytes since the last event of this blob.
    """

    __slots__ = ("count", "digest")

    def __init__(self, digest: str, count: int) -> None:
        self.digest = digest
        self.count = count


class Retried(NamedTuple):
    """Something is tried again.

    Args:
        error: The text of what went wrong.
        seconds: How long it waits before.
    """

    error: str
    seconds: float


class BlobOutcome(NamedTuple):
    """What became of a blob at a destination.

    Args:
        digest: Of the blob.
        size: In bytes.
        destination: Name.
        sort: How it ended.
        bytes_sent: Body bytes that left, repeats included.
        failures: How often something went wrong on the way.
        error: Text of the last failure if it failed, else empty.
    """

    digest: str
    size: int
    destination: str
    sort: Sort
    bytes_sent: int = 0
    failures: int = 0
    error: str = ""


class ImageOutcome(NamedTuple):
    """What became of an image at a destination.

    Args:
        source: Name and tag or digest, as it was asked for.
        destination: Name.
        digest: Of the manifest; empty if it could not be read.
        tags: That stand on it now.
        sort: "sent", "present" if nothing had to be done, or "failed".
        error: Text of the failure if it failed, else empty.
    """

    source: str
    destination: str
    digest: str
    tags: tuple[str, ...]
    sort: Sort
    error: str = ""


Event = Planned | Sent | Retried | BlobOutcome | ImageOutcome
Listener = Callable[[Event], None]
"""Called by one thread at a time; what it raises stops the copy."""


class Receipt(NamedTuple):
    """Proof of one copy, to be stored.

    Args:
        source: Name, and what it was asked for by.
        destination: Name.
        digest: The same at both.
        tags: That were set.
        bytes_sent: For this destination.
        begun: When, UTC.
        seconds: How long the whole copy took.
        by: Who, as the caller said.
    """

    source: str
    destination: str
    digest: str
    tags: tuple[str, ...]
    bytes_sent: int
    begun: dt.datetime
    seconds: float
    by: str


class Result(NamedTuple):
    """What a copy did.

    Args:
        images: Each image at each destination.
        blobs: Each blob at each destination, as far as it was looked at.
        begun: When, UTC.
        seconds: How long it took.
        retries: How often something was tried again.
    """

    images: tuple[ImageOutcome, ...]
    blobs: tuple[BlobOutcome, ...]
    begun: dt.datetime
    seconds: float
    retries: int

    @property
    def failed(self) -> tuple[ImageOutcome, ...]:
        """Images that did not arrive."""
        return tuple(image for image in self.images if image.sort == "failed")

    @property
    def bytes_sent(self) -> int:
        """Body bytes that left for all destinations."""
        return sum(blob.bytes_sent for blob in self.blobs)

    def receipts(self, by: str = "") -> tuple[Receipt, ...]:
        """Give a receipt for each image that is where it should be.

        Args:
            by: Who copied.

        Returns:
            The receipts.
        """
        return tuple(
            Receipt(
                image.source,
                image.destination,
                image.digest,
                image.tags,
                sum(blob.bytes_sent for blob in self.blobs if blob.destination == image.destination),
                self.begun,
                self.seconds,
                by,
            )
            for image in self.images
            if image.sort != "failed"
        )

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON can hold it.

        Returns:
            All of it.
        """
        return self._asdict() | {
            "images": tuple(image._asdict() for image in self.images),
            "blobs": tuple(blob._asdict() for blob in self.blobs),
            "begun": self.begun.isoformat(),
        }

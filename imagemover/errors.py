"""What the mover refuses or could not do, told to the person who can mend it.

Owns the types and their four parts (what, why, fix, where), and which of them
are worth another try. Holds no secrets: texts are made of hosts, repositories,
digests and the registry's own words.
"""

from __future__ import annotations


class ImageError(Exception):
    """Anything that stops a copy.

    Args:
        what: What happened: subject first.
        why: The rule or cause.
        fix: One imperative that the reader can do now.
        where: Reference, file or host.
    """

    again = False
    """Whether the same request may succeed when it is repeated."""

    def __init__(self, what: str, why: str = "", fix: str = "", where: str = "") -> None:
        self.what = what
        self.why = why
        self.fix = fix
        self.where = where
        super().__init__(what)

    def __str__(self) -> str:
        """Give the four lines, the last three indented."""
        place = f"at {self.where}" if self.where else ""
        return "\n  ".join(line for line in (self.what, self.why, self.fix, place) if line)


class ReferenceSyntaxError(ImageError):
    """A text is no image reference, or no digest."""


class ManifestError(ImageError):
    """A manifest breaks the specification or one of our limits."""


class PartialIndexError(ImageError):
    """Some platforms of an index are wanted: the rest would be missing, or its digest would change."""


class ContentError(ImageError):
    """Bytes do not have the digest or the size that they were announced with."""


class LayoutError(ImageError):
    """A layout directory or an archive cannot be read or is a trap."""


class CredentialError(ImageError):
    """Credentials are configured and cannot be had."""


class DeniedError(ImageError):
    """The registry knows who we are, or that we are nobody, and says no."""


class MissingError(ImageError):
    """A repository, manifest, blob or tag is not there."""


class TagConflictError(ImageError):
    """A tag that may not move stands on another digest."""


class CancelledError(ImageError):
    """The caller cancelled the copy."""


class DeadlineError(ImageError):
    """The time that was given is over."""


class TrustError(ImageError):
    """TLS failed, or the registry led us to where credentials or bytes must not go."""


class RegistryError(ImageError):
    """The registry answered with an error that has no type of its own.

    Args:
        status: Of HTTP.
        code: The registry's own, such as "BLOB_UPLOAD_INVALID"; empty if it gave none.
        what: As in ImageError.
        why: As in ImageError.
        fix: As in ImageError.
        where: As in ImageError.
    """

    def __init__(self, status: int, code: str, what: str, why: str = "", fix: str = "", where: str = "") -> None:
        self.status = status
        self.code = code
        super().__init__(what, why, fix, where)


class BusyError(RegistryError):
    """The registry is busy or broken for now: 408, 429 and 5xx.

    Args:
        retry_after_seconds: What the registry asked for; None if it did not say.
        status: Of HTTP.
        code: As in RegistryError.
        what: As in ImageError.
        why: As in ImageError.
        fix: As in ImageError.
        where: As in ImageError.
    """

    again = True

    def __init__(
        self,
        retry_after_seconds: float | None,
        status: int,
        code: str,
        what: str,
        why: str = "",
        fix: str = "",
        where: str = "",
    ) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(status, code, what, why, fix, where)


class ConnectionLostError(ImageError):
    """No connection, or it broke, or the peer sent nonsense or less than it promised."""

    again = True


class StalledError(ConnectionLostError):
    """The peer was silent for too long."""


class CopyError(ImageError):
    """A copy, or a part of it, failed; every tag that was set is complete.

    Args:
        result: What was done, with each failure; a `results.Result`.
        what: As in ImageError.
        why: As in ImageError.
        fix: As in ImageError.
        where: As in ImageError.
    """

    def __init__(self, result: object, what: str, why: str = "", fix: str = "", where: str = "") -> None:
        self.result = result
        super().__init__(what, why, fix, where)

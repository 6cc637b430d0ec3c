"""References to images: registry, repository, tag, digest; and which hosts are this machine.

Pure. Docker's rules for short names hold: what has no host is on Docker Hub.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from imagemover import digests
from imagemover.errors import ReferenceSyntaxError

HUB = "docker" + ".io"
"""Name of Docker Hub in references."""

HUB_HOST = "registry-1." + HUB
"""Where Docker Hub's API is."""

_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_HOST = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-fA-F:.]+\])(?::[0-9]{{1,5}})?\Z")
_REPOSITORY = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*\Z")
_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}\Z")
_LOOPBACK = re.compile(r"127(?:\.(?:0|[1-9][0-9]?|1[0-9][0-9]|2[0-4][0-9]|25[0-5])){3}")
_LONGEST_NAME = 255
_LONGEST_TEXT = 1024
_LAST_PORT = 65535


class Reference(NamedTuple):
    """An image's name.

    Args:
        registry: Host, with a port if it was given; never empty.
        repository: Path in the registry.
        tag: Empty if there is none.
        digest: Empty if there is none; where both are, the digest counts.
    """

    registry: str
    repository: str
    tag: str = ""
    digest: str = ""

    def __str__(self) -> str:
        """Give the complete reference."""
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.registry}/{self.repository}{tag}{digest}"

    @property
    def name(self) -> str:
        """The last part of its URL: the digest, else the tag."""
        return self.digest or self.tag

    def at(self, digest: str) -> Reference:
        """Pin it.

        Args:
            digest: Of the manifest.

        Returns:
            The same image by digest, without its tag.
        """
        return self._replace(tag="", digest=digest)


def parse(text: str, default_tag: str = "latest") -> Reference:
    """Read a reference.

    Args:
        text: Such as "alpine", "localhost:5000/team/web:v1" or "host/team/web@sha256:...".
        default_tag: What stands for a tag when the text has neither tag nor digest.

    Returns:
        The reference, complete.

    Raises:
        ReferenceSyntaxError: It is none; the text says which part is wrong.

    Source: distribution/reference, ParseNormalizedNamed.
    """
    if len(text) > _LONGEST_TEXT:
        raise _wrong(text[:60] + "...", f"it is longer than {_LONGEST_TEXT} characters")
    rest, _, digest = text.partition("@")
    if "@" in text:
        digests.check(digest, text)
    tag = ""
    head, colon, tail = rest.rpartition(":")
    if colon and "/" not in tail:
        rest, tag = head, tail
        check_tag(tag, text)
    registry, repository = _split(rest)
    if not _REPOSITORY.match(repository):
        raise _wrong(text, f"{repository!r} is no repository: lower case letters, digits, and . _ - / between them")
    if len(registry) + len(repository) > _LONGEST_NAME:
        raise _wrong(text, f"its name is longer than {_LONGEST_NAME} characters")
    if not tag and not digest:
        tag = default_tag
    return Reference(registry, repository, tag, digest)


def check_tag(tag: str, where: str = "") -> str:
    """Check a tag.

    Args:
        tag: The tag.
        where: The text that it stands in.

    Returns:
        The tag.

    Raises:
        ReferenceSyntaxError: It is none.
    """
    if not _TAG.match(tag):
        raise _wrong(where or tag, f"{tag!r} is no tag: at most 128 letters, digits, and . _ - after the first")
    return tag


def _split(rest: str) -> tuple[str, str]:
    first, slash, path = rest.partition("/")
    is_host = "." in first or ":" in first or first == "localhost" or first != first.lower()
    if not slash or not is_host:
        return HUB, rest if slash else f"library/{rest}"
    port = first.rpartition(":")[2] if ":" in first and not first.endswith("]") else "1"
    if not _HOST.match(first) or not 0 < int(port) <= _LAST_PORT:
        raise _wrong(rest, f"{first!r} is no host")
    if first in {HUB, "index." + HUB}:
        return HUB, path if "/" in path else f"library/{path}"
    return first, path


def _wrong(text: str, why: str) -> ReferenceSyntaxError:
    return ReferenceSyntaxError(
        f"{text!r} is not an image reference",
        why,
        "write it as host/repository:tag or host/repository@sha256:...",
        text,
    )


def is_loopback(registry: str) -> bool:
    """Tell whether a registry is on this machine.

    Args:
        registry: Host, perhaps with a port.

    Returns:
        Whether it is localhost or a loopback address.
    """
    host = hostname(registry)
    if host == "localhost" or host.endswith(".localhost"):
        return True
    if ":" not in host:
        return _LOOPBACK.fullmatch(host) is not None
    import ipaddress  # noqa: PLC0415  # slow to load, and seldom needed

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def hostname(registry: str) -> str:
    """Give a registry's host.

    Args:
        registry: Host, perhaps with a port.

    Returns:
        The host, in lower case, without port and brackets.
    """
    if registry.startswith("["):
        return registry[1:].partition("]")[0].lower()
    return registry.partition(":")[0].lower()


def fallback_tag(digest: str) -> str:
    """Give the tag that lists the referrers of a manifest where there is no API for them.

    Args:
        digest: Of the manifest.

    Returns:
        The tag.

    Source: distribution-spec, Referrers Tag Schema.
    """
    algorithm, _, value = digest.partition(":")
    return f"{algorithm[:32]}-{value[:64]}"

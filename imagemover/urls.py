"""Absolute URLs that registries give: which are followed, and how they are shown.

Pure. A query may be a signature, so it is never shown.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from imagemover.errors import TrustError

Key = tuple[str, str, int]

_ODD = re.compile(r"[^!-~]")


class Url(NamedTuple):
    """An absolute URL.

    Args:
        scheme: "http" or "https".
        host: Without brackets.
        port: Always set.
        target: Path and query.
    """

    scheme: str
    host: str
    port: int
    target: str

    @property
    def key(self) -> Key:
        """What connections and credentials are kept by."""
        return (self.scheme, self.host, self.port)

    @property
    def authority(self) -> str:
        """Host and port, as they stand in a URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def named(self) -> str:
        """What the header Host holds: the port only if it is not the scheme's own."""
        usual = 443 if self.scheme == "https" else 80
        return self.authority.removesuffix(f":{usual}") if self.port == usual else self.authority

    def __repr__(self) -> str:
        """Show it without its query: signed URLs carry secrets there."""
        return f"Url({str(self)!r})"

    def __str__(self) -> str:
        """Give it without its query."""
        return f"{self.scheme}://{self.authority}{self.target.partition('?')[0]}"


def parse_url(text: str) -> Url:
    """Read an absolute URL.

    Args:
        text: The URL.

    Returns:
        Its parts.

    Raises:
        TrustError: It is not http or https, or names a user.
    """
    try:
        parts: SplitResult = urlsplit(text)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        parts, port = SplitResult("", "", "", "", ""), 0
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
        raise TrustError("a registry gave a URL that is not followed", "only plain http and https URLs are", "", "")
    if _ODD.search(text):
        raise TrustError("a registry gave a URL that is not followed", "it holds spaces or control characters", "", "")
    return Url(parts.scheme, parts.hostname, port, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))

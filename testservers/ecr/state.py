"""What the double knows: images, settings, tokens, and how it is told to misbehave.

Owns values and their lock; opens no sockets. Repositories themselves are moto's;
here is what the data plane must know of them.

Source: Amazon ECR API reference and user guide, image-tag-mutability and replication.
"""

from __future__ import annotations

import fnmatch
import json
import secrets
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testservers.ecr.lending import Lent

Spot = tuple[str, str]
"""Account and region."""

PULLING = frozenset({"ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"})
PUT_IMAGES_PER_SECOND = 10


@dataclass
class Quirks:
    """How the double behaves; tests change it while it runs.

    Args:
        token_seconds: Life of a token from now on.
        tell_past_expiry: Whether tokens say that they expired in 2015, as moto's do.
        tell_real_host: Whether the API names the caller's host at AWS instead of the one on loopback.
        expired_status: What an expired token gets: 401, 403 with a text, or 400 with a text.
        patch_created: Whether PATCH is answered 201, with the Range of the first one for ever.
        forget_uploads: Whether asking for an upload's status gives 404.
        mounting: Whether blobs may be mounted from other repositories.
        redirects: Whether layers are read from signed URLs of the storage.
        signed_seconds: How long such a URL is good.
        storage_busy: Reads of the storage that are answered 503 SlowDown.
        api_throttled: Calls of ECR's own API that are answered ThrottlingException.
        expired_keys: Calls of ECR's own API whose credentials are said to have expired.
        rivals: Creations of a repository that find that somebody else was faster.
        manifests_throttled: Manifests that are refused as too many, at whatever rate they come.
        put_throttled: Whether more than ten manifests in a second are refused.
        replication_seconds: From a push to its replicas.
    """

    token_seconds: float = 12 * 3600.0
    tell_past_expiry: bool = False
    tell_real_host: bool = False
    expired_status: int = 403
    patch_created: bool = True
    forget_uploads: bool = True
    mounting: bool = False
    redirects: bool = True
    signed_seconds: float = 60.0
    storage_busy: int = 0
    api_throttled: int = 0
    expired_keys: int = 0
    rivals: int = 0
    manifests_throttled: int = 0
    put_throttled: bool = True
    replication_seconds: float = 0.0


@dataclass
class Image:
    """A manifest that was put.

    Args:
        digest: Of the manifest.
        kind: Its media type.
        data: Its bytes.
        pushed_at: Seconds since 1970.
        tags: That stand on it.
        replicas: Status by region and account.
    """

    digest: str
    kind: str
    data: bytes = field(repr=False)
    pushed_at: float
    tags: list[str] = field(default_factory=list)
    replicas: dict[Spot, str] = field(default_factory=dict)

    @property
    def subject(self) -> str:
        """Digest of what it refers to; empty if nothing."""
        return str((json.loads(self.data).get("subject") or {}).get("digest", ""))


@dataclass
class Repository:
    """What the data plane must know of a repository.

    Args:
        mutability: Of its tags.
        filters: Wildcards of tags that are excluded from that.
        policy: Its policy's text.
        images: By digest.
        uploads: First Range that was answered, and bytes that came, of each upload.
    """

    mutability: str = "MUTABLE"
    filters: list[dict[str, str]] = field(default_factory=list)
    policy: str = ""
    images: dict[str, Image] = field(default_factory=dict)
    uploads: dict[str, tuple[str, int]] = field(default_factory=dict)

    def freezes(self, tag: str) -> bool:
        """Tell whether a tag may not move."""
        excluded = any(fnmatch.fnmatchcase(tag, one["filter"]) for one in self.filters)
        return self.mutability.startswith("IMMUTABLE") != excluded

    def tagged(self, tag: str) -> Image | None:
        """Find the image that a tag stands on."""
        return next((image for image in self.images.values() if tag in image.tags), None)

    def admits(self, principal: str, owner: str, actions: frozenset[str]) -> bool:
        """Tell whether an account may do something here, by the repository's policy."""
        if principal == owner:
            return True
        granted: set[str] = set()
        for statement in json.loads(self.policy or "{}").get("Statement", []):
            if statement.get("Effect") == "Allow" and any(f":{principal}:" in one for one in _principals(statement)):
                granted |= set(_list(statement.get("Action")))
        return actions <= granted


def _principals(statement: dict[str, Any]) -> list[str]:
    principal = statement.get("Principal")
    found = _list(principal.get("AWS")) if isinstance(principal, dict) else []
    return [one if one.startswith("arn:") else f"arn:aws:iam::{one}:root" for one in found]


def _list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value] if value else []


class State:
    """All accounts and regions."""

    def __init__(self, spots: list[Spot]) -> None:
        self.spots = spots
        self.lock = threading.RLock()
        self.quirks = Quirks()
        self.repositories: dict[tuple[Spot, str], Repository] = {}
        self.calls: list[tuple[str, Spot, dict[str, Any]]] = []
        self.refused_puts = 0
        self.rules: dict[Spot, tuple[float, list[dict[str, Any]]]] = {}
        self.registry_policies: dict[Spot, str] = {}
        self.data_ports: dict[Spot, int] = {}
        self.storage_port = 0
        self.delivering = threading.Event()
        self.delivering.set()
        self.seen_by_storage: list[str] = []
        self.lent: dict[str, Lent] = {}
        """Sessions of STS, by access key."""

        self._tokens: dict[str, tuple[str, str, float]] = {}
        self._lent_tokens: dict[str, Lent] = {}
        self._puts: dict[Spot, deque[float]] = {spot: deque() for spot in spots}
        self._signatures: dict[str, float] = {}

    def issue(self, principal: str, region: str, lent: Lent | None = None) -> tuple[str, float]:
        """Give a new password and the seconds that it lives."""
        with self.lock:
            password = secrets.token_hex(16)
            life = self.quirks.token_seconds
            self._tokens[password] = (principal, region, time.monotonic() + life)
            if lent is not None:
                self._lent_tokens[password] = lent
            return password, life

    def expire(self) -> None:
        """Let all tokens that were given end now."""
        with self.lock:
            self._tokens = {name: (who, region, 0.0) for name, (who, region, _) in self._tokens.items()}

    def principal(self, password: str, region: str) -> str:
        """Give the account that a password belongs to; "expired" or "" if there is none."""
        with self.lock:
            who, where, ends = self._tokens.get(password, ("", "", 0.0))
            if who and ends < time.monotonic():
                return "expired"
            return who if where == region else ""

    def lent_by(self, password: str) -> Lent | None:
        """Give the session of STS that a password was given to; None for the account itself."""
        with self.lock:
            return self._lent_tokens.get(password)

    def may_put(self, spot: Spot) -> bool:
        """Count a manifest; at most ten in a second."""
        with self.lock:
            now, puts = time.monotonic(), self._puts[spot]
            while puts and puts[0] <= now - 1.0:
                puts.popleft()
            is_full = self.quirks.put_throttled and len(puts) >= PUT_IMAGES_PER_SECOND
            if self.take("manifests_throttled") or is_full:
                self.refused_puts += 1
                return False
            puts.append(now)
            return True

    def rest(self) -> None:
        """Count manifests anew, as after a second in which none came."""
        with self.lock:
            for puts in self._puts.values():
                puts.clear()

    def sign(self) -> str:
        """Give a signature for a URL of the storage."""
        with self.lock:
            signature = secrets.token_hex(8)
            self._signatures[signature] = time.monotonic() + self.quirks.signed_seconds
            return signature

    def is_signed(self, signature: str) -> bool:
        """Tell whether a signature is good now."""
        with self.lock:
            return self._signatures.get(signature, 0.0) > time.monotonic()

    def take(self, quirk: str) -> bool:
        """Use up one of a number of faults; False if none is left."""
        with self.lock:
            left = int(getattr(self.quirks, quirk))
            if left:
                setattr(self.quirks, quirk, left - 1)
            return left > 0

    def names(self, spot: Spot) -> Iterator[str]:
        """List the repositories of a registry."""
        with self.lock:
            return iter([name for (where, name) in self.repositories if where == spot])

"""What users write for an image: a registry's reference, a layout, an archive, Docker; and where each one goes.

Pure. The words before the colon are those of skopeo, which others use too.

Source: containers/image, containers-transports(5).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from imagemover import digests, references
from imagemover.errors import ImageError, ReferenceSyntaxError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Transport = Literal["registry", "oci", "oci-archive", "docker-archive", "docker-daemon"]
_FILES: tuple[Transport, ...] = ("oci", "oci-archive", "docker-archive")
_DAEMON: Transport = "docker-daemon"
_OTHERS = frozenset({"atomic", "containers-storage", "dir", "ostree", "sif", "tarball"})
_REGISTRY = "docker://"
_KNOWN = "a registry's reference, oci:DIR, oci-archive:FILE, docker-archive:FILE or docker-daemon:NAME"


@dataclass(frozen=True, slots=True)
class Name:
    """An image as a user wrote it.

    Args:
        transport: What kind of place.
        place: Registry and repository, directory, file, or Docker's name.
        tag: Or a longer name, in archives and layouts; empty: none was given.
        digest: Empty: none was given.
        is_prefix: Whether the name of each image is added to the place.
    """

    transport: Transport
    place: str
    tag: str = ""
    digest: str = ""
    is_prefix: bool = False

    def __str__(self) -> str:
        """Give it complete."""
        before = "" if self.transport == "registry" else f"{self.transport}:"
        tag = f":{self.tag}" if self.tag else ""
        return f"{before}{self.place}{tag}" + (f"@{self.digest}" if self.digest else "")


@dataclass(frozen=True, slots=True)
class Way:
    """Where one image goes.

    Args:
        destination: The place; its tag is in `tags`.
        tags: That will stand on the image; none: it is there by its digest only.
    """

    destination: Name
    tags: tuple[str, ...]

    def __str__(self) -> str:
        """Give the place with its tags."""
        plain = str(replace(self.destination, tag="", digest=""))
        return f"{plain}:{','.join(self.tags)}" if self.tags else f"{plain}, by digest only"


def source(text: str) -> Name:
    """Read the name of an image that is there.

    Args:
        text: As a user wrote it.

    Returns:
        The name; of a registry's image without tag and digest the tag is "latest".

    Raises:
        ReferenceSyntaxError: It is none.
    """
    found = _parsed(text)
    if found.is_prefix:
        raise ReferenceSyntaxError(f"{text!r} is not an image reference", "it ends with /", "name an image", text)
    if found.transport == "registry" and not found.tag and not found.digest:
        return replace(found, tag="latest")
    return found


def destination(text: str) -> Name:
    """Read the name of a place that images go to.

    Args:
        text: As a user wrote it; a registry's name that ends with / takes the name of each image behind it.

    Returns:
        The name.

    Raises:
        ReferenceSyntaxError: It is none.
        ImageError: Nothing can be written there.
    """
    found = _parsed(text)
    if found.transport in {"docker-archive", _DAEMON}:
        why = "Docker's own formats have no digests, which an image would lose there"
        fix = "copy to a registry, and pull it from there, or to oci-archive:FILE"
        raise ImageError(f"{text} is not written to", why, fix, text)
    return found


def _parsed(text: str) -> Name:
    word, colon, rest = text.partition(":")
    for transport in _FILES:
        if word == transport and colon:
            return _in_file(transport, rest, text)
    if word == _DAEMON and colon:
        references.parse(rest)
        return Name(_DAEMON, rest)
    if word in _OTHERS and colon and "/" not in word:
        raise ReferenceSyntaxError(f"{text!r} is not understood", f"{word}: is not known here", f"give {_KNOWN}", text)
    rest = text.removeprefix(_REGISTRY)
    if rest.endswith("/"):
        found = references.parse(f"{rest}x", "")
        return Name("registry", f"{found.registry}/{found.repository.removesuffix('x')}", is_prefix=True)
    found = references.parse(rest, "")
    return Name("registry", f"{found.registry}/{found.repository}", found.tag, found.digest)


def _in_file(transport: Transport, rest: str, text: str) -> Name:
    digest = ""
    for algorithm in ("sha256", "sha512"):
        head, at, tail = rest.partition(f"@{algorithm}:")
        if at:
            rest, digest = head, digests.check(f"{algorithm}:{tail}", text)
    path, _, tag = rest.partition(":")
    if not path:
        why = "there is no path behind the colon"
        raise ReferenceSyntaxError(f"{text!r} is not an image reference", why, f"write {transport}:PATH", text)
    return Name(transport, path, tag, digest)


def ways(source_name: Name, destinations: Iterable[Name], tags: Sequence[str]) -> tuple[Way, ...]:
    """Tell where an image goes.

    Args:
        source_name: The image.
        destinations: The places.
        tags: That are wanted besides those of the places.

    Returns:
        A way for each place. Without any tag the image keeps its own; one that is named by digest gets none.

    Raises:
        ImageError: The image has no name that could be added to a place that ends with /.
        ReferenceSyntaxError: A tag is none.
    """
    for tag in tags:
        references.check_tag(tag)
    found = []
    for place in destinations:
        full = replace(place, place=place.place + _last(source_name), is_prefix=False) if place.is_prefix else place
        wanted = tuple(dict.fromkeys([*([full.tag] if full.tag else []), *tags]))
        if not wanted and not full.digest:
            own = _own_tag(source_name)
            wanted = (own,) if own else ()
        if full.transport != "registry":
            for tag in wanted:
                references.check_tag(tag, str(full))
        found.append(Way(full, wanted))
    return tuple(found)


def _last(name: Name) -> str:
    if name.transport == "registry":
        return name.place.rpartition("/")[2]
    if name.transport == _DAEMON:
        return references.parse(name.place).repository.rpartition("/")[2]
    why = "the name of its repository is not known"
    raise ImageError(f"{name} cannot go to a place that ends with /", why, "name the repository", str(name))


def _own_tag(name: Name) -> str:
    """Give the tag that an image has where it is, if it was named by one."""
    if name.transport == _DAEMON:
        return references.parse(name.place).tag
    tag = name.tag.rpartition(":")[2] if name.transport != "registry" else name.tag
    try:
        return references.check_tag(tag) if tag else ""
    except ReferenceSyntaxError:
        return ""


def check_apart(named: Iterable[Way]) -> None:
    """Refuse that two images get the same tag at the same place.

    Args:
        named: Where each image goes.

    Raises:
        ImageError: Two do.
    """
    seen: set[tuple[str, str]] = set()
    for way in named:
        for tag in way.tags:
            spot = (str(replace(way.destination, tag="", digest="")), tag)
            if spot in seen:
                what = f"two images would become {spot[0]}:{tag}"
                fix = "copy them one by one, with tags of their own, or to a place that ends with /"
                raise ImageError(what, "a tag stands on one image only", fix, spot[0])
            seen.add(spot)

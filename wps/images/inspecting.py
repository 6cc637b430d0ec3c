"""`wps image inspect`: what an image is, for people and as JSON."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from imagemover.archives import Archive
from imagemover.patience import Patience
from wps import terminal
from wps.images import facts, names, refusals, tally
from wps.images.places import Places

if TYPE_CHECKING:
    from wps.images.facts import Facts, Part


def run(text: str, platform: str, plain_http: tuple[str, ...], ca_file: str | None, *, raw: bool, as_json: bool) -> int:
    """Tell what an image is.

    Args:
        text: As the user wrote it.
        platform: Of an index's image that is wanted instead of the index; empty: none.
        plain_http: Registries without TLS.
        ca_file: Authorities; None: the machine's.
        raw: Whether only the bytes of the manifest are wanted.
        as_json: Whether other programs read it.

    Returns:
        The exit code.

    Raises:
        StandardsError: It cannot be read.
    """
    patience = Patience()
    with refusals.told(), Places(patience, plain_http, ca_file) as places:
        source, name = places.source(names.source(text))
        if raw:
            data = facts.root(source, name, platform).data
            sys.stdout.flush()
            sys.stdout.buffer.write(data)
            return 0
        found = facts.read(source, name, patience, platform, referrers=True)
        is_made = isinstance(source, Archive) and source.makes_digests
    if as_json:
        terminal.document(data_of(found))
        return 0
    _show(found)
    if is_made:
        terminal.note("this archive has no digests: the manifest and its digest are made of what is in it")
    return 0


def data_of(found: Facts) -> dict[str, Any]:
    """Give an image as data.

    Args:
        found: The image.

    Returns:
        By name.
    """
    return {
        "name": found.name,
        "digest": found.root.digest,
        "media_type": found.root.media_type,
        "size": len(found.root.data),
        "artifact_type": found.root.artifact_type,
        "annotations": dict(found.root.annotations),
        "subject": found.root.subject.digest if found.root.subject else "",
        "images": [_part(part) for part in found.parts],
        "referrers": [
            {"digest": one.digest, "artifact_type": one.artifact_type, "size": one.size} for one in found.referrers
        ],
    }


def _part(part: Part) -> dict[str, Any]:
    return {
        "platform": part.platform,
        "digest": part.digest,
        "media_type": part.media_type,
        "size": part.size,
        "created": part.created,
        "labels": part.labels,
        "layers": [{"digest": one.digest, "size": one.size, "media_type": one.media_type} for one in part.layers],
    }


def _show(found: Facts) -> None:
    terminal.heading(f"{found.name}@{found.root.digest}")
    terminal.line(found.root.media_type)
    if found.root.subject:
        terminal.line(f"refers to {found.root.subject.digest}")
    for name, value in found.root.annotations:
        terminal.line(f"annotation {name}={value}")
    terminal.line()
    head = ("platform", "digest", "size", "layers", "created")
    rows = [
        (part.platform, part.digest, tally.amount(part.size), str(len(part.layers)), part.created)
        for part in found.parts
    ]
    terminal.table(head, rows)
    if not found.root.is_index:
        _show_part(found.parts[0])
    if found.referrers:
        terminal.line()
        kinds = [(one.artifact_type or one.media_type, one.digest, tally.amount(one.size)) for one in found.referrers]
        terminal.table(("referrer", "digest", "size"), kinds)


def _show_part(part: Part) -> None:
    terminal.line()
    rows = [(str(number), one.digest, tally.amount(one.size)) for number, one in enumerate(part.layers, 1)]
    terminal.table(("layer", "digest", "size"), rows)
    if part.labels:
        terminal.line()
        terminal.table(("label", "value"), sorted(part.labels.items()))

"""`wps image diff`: whether two images are the same, and if not, in what they differ.

Owns the comparison, which is pure; two images with the same digest are the same, byte by byte.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from imagemover.patience import Patience
from wps import terminal
from wps.images import facts, names, refusals
from wps.images.places import Places

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wps.images.facts import Facts, Part

Sort = Literal["platform", "layer", "config", "manifest"]
_ABSENT = "not there"
_SHORT = 19
"""Of a digest, for people: the algorithm and twelve digits."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is different.

    Args:
        platform: Of the image; empty: of the whole.
        sort: Of what.
        name: Which one: "layer 3", "config.Env", or empty.
        first: What the first image has.
        second: What the second has.
    """

    platform: str
    sort: Sort
    name: str
    first: str
    second: str


def run(first: str, second: str, platform: str, plain_http: tuple[str, ...], ca_file: str | None, *, as_json: bool) -> int:  # fmt: skip # noqa: E501
    """Compare two images.

    Args:
        first: As the user wrote it.
        second: As the user wrote it.
        platform: That is compared only; empty: all.
        plain_http: Registries without TLS.
        ca_file: Authorities; None: the machine's.
        as_json: Whether other programs read it.

    Returns:
        0 if they are the same, 1 if not.

    Raises:
        StandardsError: One cannot be read.
    """
    patience = Patience()
    with refusals.told(), Places(patience, plain_http, ca_file) as places:
        sides = [(*places.source(names.source(text)), text) for text in (first, second)]
        roots = [facts.root(source, name, platform) for source, name, _ in sides]
        found: list[Difference] = []
        if roots[0].digest != roots[1].digest:
            one, other = (facts.read(source, name, patience, platform) for source, name, _ in sides)
            found = list(differences(one, other))
    if as_json:
        digest_of = {"first": roots[0].digest, "second": roots[1].digest}
        terminal.document({**digest_of, "same": not found, "differences": [asdict(one) for one in found]})
    elif not found:
        terminal.line(f"the same: {roots[0].digest}")
    else:
        rows = [("first", first, roots[0].digest), ("second", second, roots[1].digest)]
        terminal.table(("", "image", "digest"), rows)
        terminal.line()
        terminal.table(("platform", "differs in", "first", "second"), [_row(one) for one in found])
    return 1 if found else 0


def _row(one: Difference) -> tuple[str, str, str, str]:
    named = f"{one.sort} {one.name}".strip()
    return one.platform or "all", named, _short(one.first), _short(one.second)


def _short(text: str) -> str:
    return text[:_SHORT] if text.startswith("sha256:") else text


def differences(first: Facts, second: Facts) -> Iterator[Difference]:
    """List in what two images differ.

    Args:
        first: The one.
        second: The other; its digest is another.

    Yields:
        At least one difference.
    """
    count = 0
    for one in _of_parts(first, second):
        count += 1
        yield one
    if first.root.media_type != second.root.media_type:
        count += 1
        yield Difference("", "manifest", "media type", first.root.media_type, second.root.media_type)
    before, after = dict(first.root.annotations), dict(second.root.annotations)
    for name in _changed(before, after):
        count += 1
        yield Difference("", "manifest", f"annotation {name}", before.get(name, _ABSENT), after.get(name, _ABSENT))
    if not count:
        # The same content, written down in another way.
        yield Difference("", "manifest", "bytes", first.root.digest, second.root.digest)


def _of_parts(first: Facts, second: Facts) -> Iterator[Difference]:
    before, after = _by_platform(first), _by_platform(second)
    for platform in dict.fromkeys([*before, *after]):
        one, other = before.get(platform), after.get(platform)
        if one is None or other is None:
            yield Difference(
                platform, "platform", "", one.digest if one else _ABSENT, other.digest if other else _ABSENT
            )
        elif one.digest != other.digest:
            yield from _of_part(platform, one, other)


def _by_platform(found: Facts) -> dict[str, Part]:
    """Name each part; what has no platform of its own is counted."""
    named: dict[str, Part] = {}
    for part in found.parts:
        name, number = part.platform, 1
        while name in named:
            number += 1
            name = f"{part.platform} {number}"
        named[name] = part
    return named


def _of_part(platform: str, one: Part, other: Part) -> Iterator[Difference]:
    count = 0
    for number in range(max(len(one.layers), len(other.layers))):
        left, right = ([layer.digest for layer in part.layers][number : number + 1] for part in (one, other))
        if left != right:
            count += 1
            first, second = (side[0] if side else _ABSENT for side in (left, right))
            yield Difference(platform, "layer", str(number + 1), first, second)
    before, after = _flat(one.config), _flat(other.config)
    for name in _changed(before, after):
        count += 1
        yield Difference(platform, "config", name, before.get(name, _ABSENT), after.get(name, _ABSENT))
    if not count:
        yield Difference(platform, "manifest", "", one.digest, other.digest)


def _flat(config: dict[str, Any]) -> dict[str, str]:
    """Give the fields of a config with their values as text; what follows from the layers is left out."""
    inner = config.get("config")
    found = {name: str(value) for name, value in config.items() if name not in {"config", "history", "rootfs"}}
    if isinstance(inner, dict):
        found |= {f"config.{name}": str(value) for name, value in inner.items()}
    return found


def _changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))

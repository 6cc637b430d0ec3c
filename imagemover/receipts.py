"""Receipts as JSON: what was copied where, by whom and when; to be stored, and read years later.

Pure. The receipt itself is in `results`.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

from imagemover import digests, strictjson
from imagemover.errors import ImageError, ManifestError
from imagemover.results import Receipt

if TYPE_CHECKING:
    from collections.abc import Iterable

VERSION = 1
MOST_BYTES = 64 << 20
_FIX = "take the file as `wps image copy --receipt` has written it"


def to_json(receipt: Receipt) -> dict[str, Any]:
    """Give a receipt as JSON can hold it.

    Args:
        receipt: The receipt.

    Returns:
        Its fields; times by RFC 3339, in UTC.
    """
    return {
        "source": receipt.source,
        "destination": receipt.destination,
        "digest": receipt.digest,
        "tags": list(receipt.tags),
        "bytes_sent": receipt.bytes_sent,
        "begun": moment(receipt.begun),
        "seconds": round(receipt.seconds, 3),
        "by": receipt.by,
    }


def from_json(value: Any, where: str = "") -> Receipt:
    """Read a receipt.

    Args:
        value: As `to_json` gives it; fields that are not known are ignored.
        where: Where it stands, for errors.

    Returns:
        The receipt.

    Raises:
        ManifestError: It is none.
    """
    if not isinstance(value, dict):
        raise _wrong("it is not an object", where)
    texts = {name: value.get(name) for name in ("source", "destination", "begun", "by")}
    tags, count, seconds = value.get("tags"), value.get("bytes_sent"), value.get("seconds")
    if not all(isinstance(text, str) for text in texts.values()):
        raise _wrong("source, destination, begun and by must be texts", where)
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise _wrong("tags must be a list of texts", where)
    if type(count) is not int or count < 0 or isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise _wrong("bytes_sent and seconds must be numbers", where)
    try:
        begun = dt.datetime.fromisoformat(str(texts["begun"]))
        digest = digests.check(value.get("digest"), where)
    except ValueError:
        raise _wrong(f"{texts['begun']!r:.40} is no time", where) from None
    except ImageError as err:
        raise _wrong(err.what, where) from err
    if begun.utcoffset() != dt.timedelta(0):
        raise _wrong(f"{texts['begun']!r:.40} is not in UTC", where)
    source, destination, by = (str(texts[name]) for name in ("source", "destination", "by"))
    return Receipt(source, destination, digest, tuple(tags), count, begun.astimezone(dt.UTC), float(seconds), by)


def write(receipts: Iterable[Receipt]) -> str:
    """Give the text of a file of receipts.

    Args:
        receipts: Any number.

    Returns:
        JSON, with a newline at its end.
    """
    return json.dumps({"version": VERSION, "receipts": [to_json(one) for one in receipts]}, indent=2) + "\n"


def read(text: bytes, where: str = "") -> tuple[Receipt, ...]:
    """Read a file of receipts.

    Args:
        text: Its content.
        where: Its name, for errors.

    Returns:
        The receipts.

    Raises:
        ManifestError: It is none.
    """
    found = strictjson.read_object(text, where or "receipts", MOST_BYTES)
    if found.get("version") != VERSION or not isinstance(found.get("receipts"), list):
        raise _wrong(f"it has not the version {VERSION} and a list of receipts", where)
    return tuple(from_json(one, where) for one in found["receipts"])


def moment(time: dt.datetime) -> str:
    """Write a time by RFC 3339, in UTC.

    Args:
        time: With its zone.

    Returns:
        Such as "2025-11-25T22:14:05.120Z".
    """
    return time.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _wrong(why: str, where: str) -> ManifestError:
    return ManifestError("this is no receipt of a copy", why, _FIX, where)

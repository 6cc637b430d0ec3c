"""What `wps image copy` answers: the plan alone, what became of images and blobs, and what an interruption left."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from wps import moments, terminal
from wps.images import progress, tally

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imagemover.errors import ImageError
    from imagemover.results import BlobOutcome, ImageOutcome, Result
    from wps.images.progress import Show
    from wps.images.rehearsal import Rehearsed

_WORDS = {"sent": "copied", "present": "there already", "failed": "failed"}
_COLOURS = {"sent": "green", "present": "dim", "failed": "red"}


def parts(err: ImageError) -> dict[str, str]:
    """Give an error as data.

    Args:
        err: The mover's.

    Returns:
        Its four parts.
    """
    return {name: getattr(err, name) for name in ("what", "why", "fix", "where")}


def planned(found: Rehearsed, show: Show) -> int:
    """Answer with the plan alone.

    Args:
        found: What a copy would do.
        show: How it is shown.

    Returns:
        The exit code: 1 if the copy would fail.
    """
    show(found.planned())
    if isinstance(show, progress.Events):
        for image in found.images:
            show(image)
        steps = [
            {"digest": step.blob.digest, "size": step.blob.size, "send_to": [_spot(spot) for spot in step.sends],
             "mount_in": [_spot(mount.target) for mount in step.mounts]}
            for step in found.steps()
        ]  # fmt: skip
        progress.emit("result", dry_run=True, steps=steps)
    else:
        for step in found.steps():
            doing = "mount" if not step.sends else "send"
            terminal.line(f"  {doing:<5}  {step.blob.digest}  {tally.amount(step.blob.size)}")
        for image in found.images:
            _tell_failed(image)
    return 1 if found.failed else 0


def _spot(spot: Any) -> str:
    return f"{spot.place}/{spot.path}" if spot.path else str(spot.place)


def copied(result: Result, *, as_json: bool) -> None:
    """Answer with what was done; failures on stderr.

    Args:
        result: Of the copy.
        as_json: Whether other programs read stdout.
    """
    if not as_json:
        _tell_done(result)
    for image in result.images:
        _tell_failed(image)
    if result.failed:
        count = f"{len(result.failed)} of {len(result.images)}"
        terminal.error(f"{count} not copied\n  run it again: what is there is not sent again")


def _tell_done(result: Result) -> None:
    for image in result.images:
        tags = f":{','.join(image.tags)}" if image.tags else ""
        word = terminal.coloured(_WORDS[image.sort], _COLOURS[image.sort])
        digest = f"@{image.digest}" if image.digest else ""
        print(f"{terminal.printable(image.destination + tags + digest)}  {word}")
    _tell_blobs(result.blobs)
    seconds, sent = max(result.seconds, 0.001), result.bytes_sent
    took = moments.span(seconds) if seconds >= 60 else f"{seconds:.1f} s"  # noqa: PLR2004  # below a minute, tenths
    rate = f", {tally.amount(sent / seconds)}/s" if sent else ""
    again = f", tried again {terminal.counted(result.retries, 'time')}" if result.retries else ""
    terminal.line(f"{tally.amount(sent)} sent in {took}{rate}{again}")


def _tell_failed(image: ImageOutcome) -> None:
    if image.sort == "failed":
        terminal.error(f"{image.source} to {image.destination}: {image.error}")


def _tell_blobs(blobs: Sequence[BlobOutcome]) -> None:
    if not blobs:
        return
    counts = Counter(blob.sort for blob in blobs)
    words = {"sent": "sent", "mounted": "mounted", "present": "there already", "failed": "failed"}
    told = [f"{counts[sort]} {word}" for sort, word in words.items() if counts[sort]]  # type: ignore[index]  # its keys
    terminal.line(f"{terminal.counted(len(blobs), 'blob')}: {', '.join(told)}")


def interrupted(counts: tally.Tally, destinations: Sequence[str], *, as_json: bool) -> None:
    """Tell what an interruption left.

    Args:
        counts: How far it was.
        destinations: As the user wrote them.
        as_json: Whether other programs read it.
    """
    archives = [name for name in destinations if name.startswith("oci-archive:")]
    blobs = terminal.counted(counts.arrived, "blob")
    lines = [f"interrupted: {blobs} arrived, {tally.amount(counts.sent_bytes)} sent; no tag stands on half an image"]
    if len(archives) < len(destinations):
        lines.append("run the same command again: what is there is not sent again")
    lines += [f"{name.partition(':')[2]} was not written" for name in archives]
    if as_json:
        progress.emit("result", interrupted=True, blobs_arrived=counts.arrived, bytes_sent=counts.sent_bytes)
    terminal.error("\n  ".join(lines))

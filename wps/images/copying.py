"""`wps image copy`: from what the user wrote to jobs for the mover, and from its result to an answer.

Owns the order: names, places, plan, copy, archives, receipt. How it is shown is in `progress`.
"""

from __future__ import annotations

import getpass
import os
import socket
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imagemover import copying, receipts
from imagemover.errors import CopyError, ImageError
from imagemover.jobs import Job, Options, Target
from imagemover.layout import Layout
from imagemover.patience import Patience
from imagemover.results import Result
from wps import ending, writing
from wps.images import answers, names, progress, refusals, rehearsal
from wps.images.places import Places

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from imagemover.results import Event, Receipt
    from wps.images.names import Name, Way
    from wps.images.progress import Show

_INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user asked for.

    Args:
        sources: Images, as written.
        destinations: Places, as written.
        options: How to copy.
        tags: That the images get besides.
        digest: That the image must have; empty: any.
        plain_http: Registries without TLS.
        ca_file: Authorities; None: the machine's.
        receipt: File that gets the receipt; None: none.
        dry_run: Whether only the plan is wanted.
        as_json: Whether other programs read the answer.
    """

    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    options: Options
    tags: tuple[str, ...] = ()
    digest: str = ""
    plain_http: tuple[str, ...] = ()
    ca_file: str | None = None
    receipt: Path | None = None
    dry_run: bool = False
    as_json: bool = False


def run(wish: Wish) -> int:
    """Copy.

    Args:
        wish: What the user asked for.

    Returns:
        The exit code.

    Raises:
        StandardsError: It cannot be done.
    """
    show = progress.choose(as_json=wish.as_json)
    try:
        with refusals.told(), ending.cleanly():
            return _run(wish, show)
    except KeyboardInterrupt:
        show.close()
        answers.interrupted(show.counts, wish.destinations, as_json=wish.as_json)
        return _INTERRUPTED
    finally:
        show.close()


@contextmanager
def _unheard() -> Iterator[None]:
    """Go on where nobody reads stdout any more: whoever looks at the first lines alone wants the copy all the same."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run(wish: Wish, show: Show) -> int:
    try:
        sources = [names.source(text) for text in wish.sources]
        destinations = [names.destination(text) for text in wish.destinations]
        ways = [names.ways(name, destinations, wish.tags) for name in sources]
        names.check_apart(way for several in ways for way in several)
        with _unheard():
            show.begin([(str(name), str(way)) for name, several in zip(sources, ways, strict=True) for way in several])
        patience = Patience()
        with Places(patience, wish.plain_http, wish.ca_file, show.read, looks_only=wish.dry_run) as places:
            jobs = [_job(places, name, several, wish) for name, several in zip(sources, ways, strict=True)]
            places.check(jobs)
            if wish.dry_run:
                return answers.planned(rehearsal.rehearse(jobs, wish.options, patience), show)
            return _copied(jobs, wish, places, patience, show)
    except ImageError as err:
        if wish.as_json:
            progress.emit("result", error=answers.parts(err))
        raise


def _job(places: Places, name: Name, several: Sequence[Way], wish: Wish) -> Job:
    source, asked = places.source(name)
    targets = tuple(Target(places.destination(way.destination), way.tags) for way in several)
    wanted = {way.destination.digest for way in several if way.destination.digest} | ({wish.digest} - {""})
    if len(wanted) > 1:
        what = f"{name} cannot have the digests {' and '.join(sorted(wanted))} at once"
        raise ImageError(what, "an image has one digest", "give one of them", str(name))
    return Job(source, asked, targets, wanted.pop() if wanted else "")


def _copied(jobs: Sequence[Job], wish: Wish, places: Places, patience: Patience, show: Show) -> int:
    def hear(event: Event) -> None:
        with _unheard():
            show(event)

    failure: ImageError | None = None
    try:
        result = copying.copy(jobs, wish.options, patience, hear)
    except CopyError as err:
        if not isinstance(err.result, Result):
            raise
        result, failure = err.result, err
    show.close()
    _enter(jobs, result)
    if failure is None:
        places.finish()
    made = result.receipts(_who())
    with _unheard():
        _answer(result, made, failure, wish)
    if wish.receipt is not None and failure is None:
        writing.replace(wish.receipt, receipts.write(made))
    return 0 if failure is None else 1


def _enter(jobs: Sequence[Job], result: Result) -> None:
    """Name in layouts what has no tag, so that it is found."""
    targets = [target for job in jobs for target in job.targets]
    for target, image in zip(targets, result.images, strict=True):
        if isinstance(target.destination, Layout) and not target.tags and image.sort != "failed":
            target.destination.enter(image.digest)


def _answer(result: Result, made: Sequence[Receipt], failure: ImageError | None, wish: Wish) -> None:
    if wish.as_json:
        value: dict[str, Any] = result.to_json() | {"begun": receipts.moment(result.begun)}
        value["receipts"] = [receipts.to_json(one) for one in made]
        value["bytes_sent"] = result.bytes_sent
        if failure is not None:
            value["error"] = answers.parts(failure)
        progress.emit("result", **value)
    answers.copied(result, as_json=wish.as_json)


def _who() -> str:
    """Tell who copies, as far as the machine knows."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "unknown"
    return f"{user}@{socket.gethostname()}"

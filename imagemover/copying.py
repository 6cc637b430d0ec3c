"""Copies images: any number of them, each to any number of destinations, in one plan.

Owns the order: read manifests, look what is there, plan, move blobs, write
manifests bottom-up, set the tags last, read them back. A destination whose blobs
did not all arrive gets no manifest, so no tag ever stands on half an image.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from typing import TYPE_CHECKING

from imagemover import plan, publishing
from imagemover.delivery import Delivery, spot_of
from imagemover.errors import CopyError, ImageError, TagConflictError
from imagemover.gate import entered
from imagemover.graph import Walk
from imagemover.jobs import Job, Options
from imagemover.patience import Patience
from imagemover.presence import Presence
from imagemover.ranges import BUFFER_BYTES, Ranges
from imagemover.results import BlobOutcome, ImageOutcome, Planned, Result, Retried, Sent
from imagemover.transfer import Transfer
from imagemover.workers import Task, Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from imagemover.graph import Graph
    from imagemover.manifests import Descriptor, Manifest
    from imagemover.results import Event, Listener, Sort
    from imagemover.transfer import Sink

NEAR_SECONDS = 0.01
"""A destination that takes longer to tell of a tag is far: blobs are asked for meanwhile."""

NEAR_WORKERS = 16
"""More are no quicker where nothing is far: they wait for each other."""


class Copy:
    """One run; use `copy`.

    Args:
        jobs: The images.
        options: How.
        patience: Shared with the registries that take part.
        on_event: Told what happens.
    """

    def __init__(self, jobs: Sequence[Job], options: Options, patience: Patience, on_event: Listener | None) -> None:
        self._jobs = jobs
        self._options = options
        self._patience = patience
        self._listener = on_event
        self._lock = threading.Lock()
        self._retries = 0
        self._blobs: list[BlobOutcome] = []
        self._mounts: list[Task[None]] = []
        self._deliveries = [Delivery(job, target) for job in jobs for target in job.targets]
        self._ranges = Ranges(patience, wanted=options.ranges)
        self._outer: Workers
        self._pool: Workers
        self._presence: Presence

    def run(self) -> Result:
        """Do it.

        Returns:
            What was done.

        Raises:
            CopyError: Something failed; it carries the result.
            CancelledError: Somebody cancelled.
            DeadlineError: The time is over.
        """
        begun, started = dt.datetime.now(dt.UTC), time.monotonic()
        before, self._patience.on_retry = self._patience.on_retry, self._retried
        self._pool = Workers(min(NEAR_WORKERS, self._options.workers), "imagemover")
        self._outer = Workers(max(1, min(len(self._deliveries), self._options.workers)), "imagemover-image")
        self._presence = Presence(self._pool, self._patience)
        try:
            self._each(self._read, self._jobs)
            steps = self._planned()
            self._ranges.expect(len(steps.steps))
            self._each_leaf(self._move, steps.steps)
            self._wait(self._mounts)
            self._each(self._publish, [one for one in self._deliveries if one.is_open])
        except BaseException:
            self._patience.cancellation.cancel()
            raise
        finally:
            self._pool.close()
            self._outer.close()
            self._ranges.close()
            self._patience.on_retry = before
        images = tuple(self._outcome(one) for one in self._deliveries)
        result = Result(images, tuple(self._blobs), begun, time.monotonic() - started, self._retries)
        for image in images:
            self._tell(image)
        self._judge(result)
        return result

    def _judge(self, result: Result) -> None:
        self._patience.check()
        if not result.failed:
            return
        first = result.failed[0]
        what = (
            f"{len(result.failed)} of {len(result.images)} copies failed; first: {first.source} to {first.destination}"
        )
        cause = next((one.error for one in self._deliveries if one.error is not None), None)
        fix = "run it again: what is there is not sent again"
        raise CopyError(result, what, first.error, fix, first.destination) from cause

    def _read(self, job: Job) -> None:
        """Read an image, and look what of it is at its destinations."""
        mine = [one for one in self._deliveries if one.job is job]
        try:
            tags = [self._tags_there(one) for one in mine]
            begun = time.monotonic()
            walk = self._walk(job)
            root = walk.root(job.name)
            if time.monotonic() - begun > NEAR_SECONDS:
                self._widen()
            if job.digest and root.digest != job.digest:
                what = f"{job.source.name}:{job.name} is {root.digest}, not {job.digest}"
                fix = "copy by digest, or look who moved the tag"
                raise TagConflictError(what, "another digest was expected", fix, job.source.name)
            early = None
            if not all(task.is_done(max(0.0, begun + NEAR_SECONDS - time.monotonic())) for one in tags for task in one):
                early = self._ahead(walk, root, mine)
            for one, asked in zip(mine, tags, strict=True):
                self._compare(one, root, [task.result() for task in asked])
            if any(one.error is None and not one.tagged for one in mine):
                graph = early or self._walk(job).complete(root, referrers=self._options.referrers)
                for one in mine:
                    if not one.tagged:
                        one.graph = graph
                        self._presence.ask(job.source, one.target.destination, graph.blobs.values())
        except ImageError as err:
            for one in mine:
                one.error = one.error or err

    def _walk(self, job: Job) -> Walk:
        how = self._options
        return Walk(job.source, self._pool, how.platforms, foreign=how.foreign, strip=how.strip)

    def _ahead(self, walk: Walk, root: Manifest, mine: Sequence[Delivery]) -> Graph | None:
        """Read on, and ask for blobs, while the answers on tags are on their long way; what fails is told later."""
        self._widen()
        try:
            graph = walk.complete(root, referrers=self._options.referrers)
        except ImageError:
            return None
        for one in mine:
            self._presence.ask(one.job.source, one.target.destination, graph.blobs.values())
        return graph

    def _widen(self) -> None:
        """Have more at work at the same time, each with less memory: something is far."""
        self._ranges.buffer_bytes = BUFFER_BYTES
        self._pool.widen(self._options.workers)

    def _tags_there(self, one: Delivery) -> list[Task[str | None]]:
        return [self._pool.submit(one.target.destination.resolve, tag) for tag in one.target.tags]

    def _compare(self, one: Delivery, root: Manifest, there: Sequence[str | None]) -> None:
        one.root = root
        for tag, digest in zip(one.target.tags, there, strict=True):
            if digest not in {None, root.digest} and not self._options.move_tags:
                what = f"{one.target.destination.name}:{tag} stands on {digest}, not on {root.digest}"
                one.error = TagConflictError(what, "it may not move", "choose another tag", one.target.destination.name)
        whole = bool(there) and all(digest == root.digest for digest in there)
        one.tagged = whole and not self._options.deep and not self._options.referrers

    def _planned(self) -> plan.Plan:
        """Look which blobs are where, and plan."""
        present: set[tuple[plan.Spot, str]] = set()
        wants = []
        for one in self._deliveries:
            if not one.is_open or one.graph is None:
                continue
            blobs = tuple(one.graph.blobs.values())
            try:
                present |= self._presence.among(one.spot, blobs)
            except ImageError as err:
                one.error = err
                continue
            wants.append(plan.Want(spot_of(one.job.source), one.spot, blobs))
        planned = plan.build(wants, present)
        names = {one.spot: one.target.destination.name for one in self._deliveries}
        self._blobs += [BlobOutcome(blob.digest, blob.size, names[spot], "present") for blob, spot in planned.present]
        sends = sum(len(step.sends) for step in planned.steps)
        waiting = sum(1 for one in self._deliveries if one.is_open)
        self._tell(Planned(sends, planned.bytes_to_send, planned.mounts, len(planned.present), waiting))
        return planned

    def _move(self, step: plan.Step) -> None:
        """Send one blob; then it can be mounted everywhere at the same time."""
        try:
            if step.sends:
                self._transfer(step, step.sends)
        finally:
            self._ranges.finished()
        for mount in step.mounts:
            self._mounts.append(self._pool.submit(self._transfer, step, (mount.target,), mount.from_path))

    def _transfer(self, step: plan.Step, spots: Sequence[plan.Spot], mount_from: str = "") -> None:
        """Bring one blob to some destinations, by mounting it if a repository is given."""
        source = next(job.source for job in self._jobs if spot_of(job.source) == step.source)
        places = {one.spot: one.target.destination for one in self._deliveries}
        on_bytes = (lambda count: self._tell(Sent(step.blob.digest, count))) if self._listener else None
        transfer = Transfer(source, step.blob, self._patience, on_bytes, self._ranges)
        targets = [places[spot] for spot in spots]
        with entered([source.gate, *(target.gate for target in targets)], self._patience.check):
            sinks = transfer.run(targets, mount_from)
        for spot, sink in zip(spots, sinks, strict=True):
            self._moved(step.blob, spot, sink)

    def _moved(self, blob: Descriptor, spot: plan.Spot, sink: Sink) -> None:
        sort: Sort = "failed" if not sink.done else "mounted" if sink.mounted else "sent"
        error = str(sink.error) if sort == "failed" else ""
        outcome = BlobOutcome(blob.digest, blob.size, sink.destination.name, sort, sink.bytes_sent, sink.tries, error)
        with self._lock:
            self._blobs.append(outcome)
            if sort == "failed":
                for one in self._deliveries:
                    if one.spot == spot and one.graph is not None and blob.digest in one.graph.blobs:
                        one.error = one.error or sink.error
        self._tell(outcome)

    def _publish(self, one: Delivery) -> None:
        if one.graph is None:
            return
        try:
            publishing.publish(
                one.graph, one.target.destination, one.target.tags, self._pool,
                prove=self._options.prove, reread=self._options.deep,
            )  # fmt: skip
        except ImageError as err:
            one.error = err

    def _outcome(self, one: Delivery) -> ImageOutcome:
        sort: Sort = "failed" if one.error else "present" if one.tagged else "sent"
        return ImageOutcome(
            f"{one.job.source.name}{'@' if ':' in one.job.name else ':'}{one.job.name}",
            one.target.destination.name,
            one.root.digest if one.root else "",
            () if one.error else one.target.tags,
            sort,
            str(one.error) if one.error else "",
        )

    def _each(self, do: Callable[[Job], None] | Callable[[Delivery], None], values: Sequence[object]) -> None:
        self._wait([self._outer.submit(do, value) for value in values])

    def _each_leaf(self, do: Callable[[plan.Step], None], values: Iterable[plan.Step]) -> None:
        self._wait([self._pool.submit(do, value) for value in values])

    def _wait(self, futures: Sequence[Task[None]]) -> None:
        for future in futures:
            future.result()
        self._patience.check()

    def _retried(self, error: ImageError, seconds: float) -> None:
        with self._lock:
            self._retries += 1
        self._tell(Retried(str(error), seconds))

    def _tell(self, event: Event) -> None:
        if self._listener is not None:
            with self._lock:
                self._listener(event)


def copy(
    jobs: Sequence[Job],
    options: Options | None = None,
    patience: Patience | None = None,
    on_event: Listener | None = None,
) -> Result:
    """Copy images.

    Args:
        jobs: The images.
        options: How.
        patience: Give the one that the registries were made with, so that cancelling reaches all.
        on_event: Told what happens, by one thread at a time.

    Returns:
        What was done; every image is complete at every destination.

    Raises:
        CopyError: Something failed; it carries the result, and every tag that was set is complete.
        CancelledError: Somebody cancelled.
        DeadlineError: The time is over.
    """
    return Copy(jobs, options or Options(), patience or Patience(), on_event).run()

"""The fault table: 18 faults by which peers were measured, each at three moments of the layer that it hits.

    python bench/mover/faults.py [--only WORDS] [--check]

For each: what became of the copy, bytes of the layer that were sent beyond its size, seconds, and what the user reads.
A real registry on each side, each behind a proxy that misbehaves. With --check
the exit status is 1 unless each copy ended as it must.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests/cloud/imagemover")]

import moverimages  # noqa: E402  # beside the tests

from imagemover import copying  # noqa: E402
from imagemover.credentials import Credential  # noqa: E402
from imagemover.errors import CopyError  # noqa: E402
from imagemover.jobs import Job, Options, Target  # noqa: E402
from imagemover.patience import Patience, Policy  # noqa: E402
from imagemover.registry import Registry  # noqa: E402
from imagemover.results import Retried  # noqa: E402
from testservers import faultproxy, registry  # noqa: E402
from testservers.faultproxy import Fault  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

    from imagemover.results import Event

SIZE = 16 << 20
PACE = 60e6
"""Bytes per second of a connection: slow enough that a moment is a moment."""

MOMENTS = {"first": 0, "middle": SIZE // 2, "late": SIZE - 100_000}
STALL_SECONDS = 3.0
UPLOAD = "/uploads/.*digest"

FAULTS: dict[str, tuple[str, Fault]] = {
    "blob read answered 503 twice": ("reads", Fault("GET", "LARGE", "status", times=2)),
    "blob read reset": ("reads", Fault("GET", "LARGE", "reset")),
    "blob read reset six times": ("reads", Fault("GET", "LARGE", "reset", times=6)),
    "blob read closed": ("reads", Fault("GET", "LARGE", "close")),
    "blob read goes silent": ("reads", Fault("GET", "LARGE", "stall")),
    "one byte flipped": ("reads", Fault("GET", "LARGE", "flip")),
    "upload begin answered 429 twice": ("writes", Fault("POST", "/uploads/", "status", times=2, status=429)),
    "upload begin answered 429 six times": ("writes", Fault("POST", "/uploads/", "status", times=6, status=429)),
    "the same with Retry-After": (
        "writes",
        Fault("POST", "/uploads/", "status", times=6, status=429, retry_after="1"),
    ),
    "upload begin answered 503 twice": ("writes", Fault("POST", "/uploads/", "status", times=2)),
    "blob check answered 429 twice": ("writes", Fault("HEAD", "/blobs/", "status", times=2, status=429)),
    "manifest write answered 429 twice": ("writes", Fault("PUT", "/manifests/", "status", times=2, status=429)),
    "upload reset": ("writes", Fault("PUT", UPLOAD, "reset", upload=True)),
    "upload reset six times": ("writes", Fault("PUT", UPLOAD, "reset", times=6, upload=True)),
    "upload answered 500 twice": ("writes", Fault("PUT", UPLOAD, "late-status", times=2, status=500)),
    "upload stored, answer lost": ("writes", Fault("PUT", UPLOAD, "lose-answer")),
    "manifest stored, answer lost": ("writes", Fault("PUT", "/manifests/v1", "lose-answer")),
    "password rotated after some uploads": ("writes", Fault("NONE", "", "status")),
}
IN_BODY = frozenset({"reset", "close", "stall", "flip"})


@dataclass
class Row:
    """What became of one copy."""

    held: bool = False
    outcome: str = ""
    again_bytes: int = 0
    seconds: float = 0.0
    told: list[str] = field(default_factory=list)


class Table:
    """Both registries, and the proxies before them.

    Args:
        near: Where images come from.
        far: Where they go.
        locked: Where they go with a password.
    """

    def __init__(self, near: registry.Registry, far: registry.Registry, locked: registry.Registry) -> None:
        self._near = near
        self._far = far
        self._locked = locked
        self._count = 0

    def row(self, name: str, moment: str) -> Row:
        """Copy an image with one fault.

        Args:
            name: Of the fault.
            moment: At which byte; faults of answers without a body come once, twice or four times later instead.

        Returns:
            What became of it.
        """
        self._count += 1
        rotated = name.startswith("password")
        image = moverimages.plain(
            self._count, (SIZE, 3000, 2000, 1000, *((1000 + n for n in range(8)) if rotated else ()))
        )
        path = f"faults/{self._count}"
        moverimages.push(self._near, path, image)
        large = max(image.blobs, key=lambda digest: len(image.blobs[digest]))
        target = self._locked if rotated else self._far
        side, fault = FAULTS[name]
        late = list(MOMENTS).index(moment)
        fault = dataclasses.replace(fault, target=fault.target.replace("LARGE", large))
        if fault.kind in IN_BODY:
            # Six breaks share the way to the moment, as each read goes on where the last one broke.
            fault.at = MOMENTS[moment] // (fault.times if side == "reads" else 1)
            if fault.upload:
                fault.target += f".*{large.partition(':')[2]}"
        elif fault.target != large:
            fault.after = 0 if "manifests/v1" in fault.target else late if "manifests" not in fault.target else 0
        with faultproxy.start(self._near.port) as reads, faultproxy.start(target.port) as writes:
            reads.bytes_per_second = writes.bytes_per_second = PACE
            {"reads": reads, "writes": writes}[side].add(fault)
            row = self._copy(reads.host, writes.host, path, self._rotation(late) if rotated else None)
            row.again_bytes = max(0, max(reads.sent[large], writes.received[large]) - SIZE)
        return self._judged(row, target, path, image)

    def _copy(self, near: str, far: str, path: str, rotate: Callable[[Event], None] | None) -> Row:
        row, begun = Row(), time.monotonic()
        patience = Patience(Policy(stall_seconds=STALL_SECONDS, first_seconds=0.05, most_seconds=1.0))

        def hear(event: Event) -> None:
            if rotate is not None:
                rotate(event)
            if isinstance(event, Retried):
                row.told.append(event.error.replace("\n", ";"))

        keyring = (lambda _: Credential("mover", _Rotation.current)) if rotate else (lambda _: None)
        with Registry(near, patience=patience) as source, Registry(far, patience=patience, keyring=keyring) as target:
            job = Job(source.repository(path), "v1", (Target(target.repository(path), ("v1",)),))
            try:
                copying.copy([job], Options(workers=2), patience, hear)
                row.outcome = "whole"
            except CopyError as err:
                row.outcome = "failed"
                row.told.append(str(err).replace("\n", ";"))
        row.seconds = time.monotonic() - begun
        return row

    def _rotation(self, late: int) -> Callable[[Event], None]:
        rotation = _Rotation(self._locked, 1 + 3 * late, self._count)
        return rotation.hear

    def _judged(self, row: Row, target: registry.Registry, path: str, image: moverimages.Image) -> Row:
        row.held = row.outcome == "whole"
        if row.held:
            moverimages.assert_complete(target, path, image)
        return row


class _Rotation:
    """Changes the password after some blobs."""

    current = "first"

    def __init__(self, locked: registry.Registry, after: int, number: int) -> None:
        self._locked = locked
        self._after = after
        self._number = number
        self._blobs = 0

    def hear(self, event: object) -> None:
        """Count blobs."""
        self._blobs += type(event).__name__ == "BlobOutcome"
        if self._blobs == self._after:
            self._blobs += 1
            password = f"password{self._number}"
            registry.set_password(self._locked.directory, password)
            _Rotation.current = password


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="faults whose name holds these words")
    parser.add_argument("--check", action="store_true")
    asked = parser.parse_args()
    missed = 0
    with tempfile.TemporaryDirectory() as directory, ExitStack() as stack:
        root = Path(directory)
        near, far = (stack.enter_context(registry.start(root / name)) for name in ("near", "far"))
        locked = stack.enter_context(registry.start(root / "locked", password=_Rotation.current))
        table = Table(near, far, locked)
        print(f"{'fault':37}{'moment':8}{'outcome':8}{'again KiB':>10}{'s':>7}{'tries':>6}  what the user reads first")
        for name in FAULTS:
            for moment in MOMENTS if asked.only in name else ():
                row = table.row(name, moment)
                missed += not row.held
                told = row.told[0][:150] if row.told else "nothing"
                print(
                    f"{name:37}{moment:8}{row.outcome:8}{row.again_bytes >> 10:>10}{row.seconds:>7.2f}"
                    f"{len(row.told):>6}  {told}",
                    flush=True,
                )
    print(f"{missed} copies did not end as they must" if missed else "all copies ended as they must")
    sys.exit(1 if asked.check and missed else 0)


if __name__ == "__main__":
    main()

"""What an image has to have behind it to go into an environment: not rejected, not held, in time, with evidence.

That it ran before, and for how long, is `soaking`'s; who may is the policy's.
Asked by every way into an environment: a grant, its use, a promotion, and
credentials for a deploy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc

from teamconfig import resolve, units
from teamconfig.releases import evidence as evidences
from teamconfig.releases import guarding, statement, windows
from teamconfig.releases.errors import LedgerError
from teamconfig.releases.record import spares
from teamconfig.service import keys
from teamconfig.service.refusal import Refusal, refuse
from teamconfig.service.soaking import ran_before, source_of
from teamconfig.service.standards import read_stanzas
from teamconfig.state import ledgers
from teamconfig.state.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable
    from typing import TypeVar

    from sqlalchemy import Connection

    from teamconfig.profile import Profile
    from teamconfig.releases.evidence import Evidence
    from teamconfig.releases.record import Record, Waiver
    from teamconfig.releases.store import Keys, Store
    from teamconfig.service.call import Call
    from teamconfig.tree import Tree

    T = TypeVar("T")


def trusted(call: Call) -> Keys:
    """Give the keys that records are to be signed by, as they were checked when the service started.

    Args:
        call: Any.

    Returns:
        The service's own, and those that it has replaced.
    """
    public = keys.public_bytes(call.core.key)
    return {**{statement.key_id(one.key): one for one in call.core.retired}, statement.key_id(public): public}


async def reading(call: Call, query: Callable[[Store], T]) -> T:
    """Read from the ledger.

    Args:
        call: Any.
        query: Reads.

    Returns:
        What it found.

    Raises:
        Refusal: The ledger refuses, or the database is away.
    """
    known = trusted(call)
    try:
        return await call.core.read(lambda tx: query(ledgers.store(tx, known)))
    except LedgerError as err:
        raise Refusal(err.problems, err.reason) from err


async def came_before(
    call: Call, profile: Profile, tree: Tree, digest: str, stanzas: bytes, makers: Iterable[str]
) -> bool:
    """Insist on everything that an image needs to go into an environment, but for the policy's own conditions.

    A rollback needs no more than that nobody has rejected the image: the hold that it has put there names an image
    that was released there before.

    Args:
        call: The call.
        profile: The standards of where it shall go.
        tree: The standards.
        digest: Of the image.
        stanzas: Options of waypoint.hcl, as JSON; empty for none.
        makers: "issuer|subject" of those on whose word it goes there, whose own waivers do not count; empty for a job.

    Returns:
        Whether it ran where it has to come from: the policy's condition.

    Raises:
        Refusal: It is rejected, the environment is held, it is no time for it, or tests or time are missing.
    """
    place = profile.project, profile.app, profile.environment
    now = call.core.now()

    def query(store: Store) -> tuple[bool, tuple[Waiver, ...]]:
        guarding.insist(store, *place, digest)
        hold = store.hold(*place)
        back = hold is not None and hold.digest == digest and store.of_digest(*place, digest) is not None
        waivers = store.waivers(*place, digest, now)
        for maker in makers:
            waivers = guarding.counting(waivers, maker)
        return back, waivers

    back, waivers = await reading(call, query)
    spared = {word for one in waivers for word in one.waives}
    if waivers:
        call.details["waivers"] = [one.id for one in waivers]
    if not back and not windows.is_open(profile.promotion.windows or (), now):
        raise refuse(
            "window_closed", f"{profile.environment} takes no releases now",
            f"the standard promotion.windows is {', '.join(profile.promotion.windows or ())}", "come back then",
            grpc.StatusCode.FAILED_PRECONDITION,
        )  # fmt: skip
    seen = await ran_before(call, profile, tree, digest, soaks=not back and "soak" not in spared)
    if seen and not back and "evidence" not in spared:
        await _insist_on_evidence(call, profile, tree, digest, stanzas, spared)
    return seen


def insist(tx: Connection, call: Call, place: tuple[str, str, str], digest: str) -> None:
    """Refuse a rejected image or a held environment, in the transaction that gives credentials.

    Args:
        tx: Transaction of the writer.
        call: The call.
        place: Project, app, environment.
        digest: Of the image; empty where none is named.

    Raises:
        RefusedError: "digest_rejected" or "environment_held".
    """
    try:
        guarding.insist(ledgers.store(tx, trusted(call)), *place, digest)
    except LedgerError as err:
        raise RefusedError(err.problems[0], err.reason) from err


async def _insist_on_evidence(
    call: Call, profile: Profile, tree: Tree, digest: str, stanzas: bytes, spared: Container[str]
) -> None:
    """Insist on the tests that the standards want and nobody has spared, passed where the image comes from.

    What counts is evidence of the standards by which the image was released there, as its record says; without a
    record, of the standards of now.
    """
    required = [test for test in profile.tests.required or () if not spares(spared, test)]
    source = source_of(profile, tree)
    if not required or not source:
        return

    def query(store: Store) -> tuple[int, Record | None, tuple[Evidence, ...]]:
        before = profile.project, profile.app, source
        return (
            store.gaps(*before),
            store.of_digest(*before, digest),
            store.evidence(profile.project, profile.app, digest, source),
        )

    gaps, record, found = await reading(call, query)
    if gaps:
        raise refuse(
            "record_tampered", f"release records of {source} are missing", f"{gaps} of them are gone from the database",
            "tell who answers for security", grpc.StatusCode.FAILED_PRECONDITION,
        )  # fmt: skip
    there = (
        record.profile_hash
        if record is not None
        else resolve.profile(
            tree, project=profile.project, app=profile.app, workspace=source, stanzas=read_stanzas(stanzas)
        ).digest()
    )
    lacks = evidences.lacking(
        required, found, digest=digest, profile_hash=there, now=call.core.now(),
        max_age=units.parse_duration(profile.tests.evidence_max_age or "168h"),
    )  # fmt: skip
    if lacks:
        why = "; ".join(f"{test}: {reason}" for test, reason in lacks.items())
        fix = f"run them in {source}: wps test; or have security waive them: wps promote "
        fix += f"--to {profile.environment} --waive evidence --reason TEXT"
        raise refuse(
            "evidence_missing", f"the image lacks tests that {profile.environment} wants", why, fix,
            grpc.StatusCode.FAILED_PRECONDITION,
        )  # fmt: skip

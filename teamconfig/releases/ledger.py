"""What a ledger of releases does, whoever keeps it: the service for a company, a file for one user.

Owns the protocol; the values are in the modules beside it, and given here, too. Both
ledgers behave the same; only who may do what differs: the service asks its
policy, the embedded ledger lets its one user do everything and says so.
What goes wrong comes as an error of `teamconfig.releases.errors`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from teamconfig.releases import evidence as evidence_rules
from teamconfig.releases.against import EVERYWHERE, Hold, Rejection
from teamconfig.releases.promotion import LEASE_SECONDS, Promotion, Step, Wanted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta

    from teamconfig.releases.chain import Chain
    from teamconfig.releases.evidence import Evidence, Finding, Key
    from teamconfig.releases.record import Draft, Record, Waivable, Waiver

__all__ = ["EVERYWHERE", "LEASE_SECONDS", "Hold", "Ledger", "Promotion", "Rejection", "Step", "Wanted", "reusable"]


class Ledger(Protocol):
    """Keeps the records of releases, and what speaks for or against more of them.

    Every method may raise `LedgerError` (the ledger refuses, see its `reason`) or another `StandardsError` (it cannot
    be reached or read). A ledger is used by one thread, and closed behind it.
    """

    @property
    def advisory(self) -> bool:
        """Whether nothing holds the user to it: true for the embedded ledger, whose user may do everything."""
        ...

    @property
    def about(self) -> str:
        """One line for people: which ledger it is, and what its word is worth."""
        ...

    def close(self) -> None:
        """Let go of the file or connection."""
        ...

    def record(self, draft: Draft, key: str = "") -> Record:
        """Keep a release, signed and chained to the one before in its environment.

        For what comes there by itself, such as a deploy into the first environment; a promotion ends by `finish`.
        A draft of kind "rollback" also holds the environment, in the same step.

        Args:
            draft: What the maker says.
            key: The maker's name for it, at most 64 letters, digits, ".", "_", ":" and "-": the same key in the same
                environment gives the same record. Empty for a new one in any case.

        Returns:
            The record.

        Raises:
            LedgerError: "parent_unknown", "parent_mismatch" (it is of another app or image), "evidence_unknown", or
                "key_mismatch" (the key was used for something else).
        """
        ...

    def latest(self, project: str, app: str, environment: str) -> Record | None:
        """Give the newest record of an environment; None if nothing was recorded there."""
        ...

    def history(self, project: str, app: str, environment: str, limit: int = 20) -> tuple[Record, ...]:
        """List the records of an environment, newest first."""
        ...

    def get(self, record_id: str) -> Record:
        """Find a record.

        Args:
            record_id: Its id, or at least the first 8 digits of it.

        Raises:
            LedgerError: "record_unknown", or "record_ambiguous".
        """
        ...

    def chain(self, project: str, app: str) -> Chain:
        """Give everything that `chain.verify` needs to check an app's records offline.

        Returns:
            The signed records of all environments, their evidence, and a signed head that names the newest of each.
        """
        ...

    def keys(self) -> Mapping[str, bytes]:
        """Give the public keys that this ledger's records are to be signed by: 32 bytes each, by key id.

        They come from where the user first met the ledger, not from the records.
        """
        ...

    def put_evidence(self, finding: Finding) -> Evidence:
        """Keep what a test said; failures too, as they end what an older pass was worth.

        Args:
            finding: Of one test.

        Returns:
            The evidence, with its id.
        """
        ...

    def evidence(self, project: str, app: str, digest: str, environment: str = "") -> tuple[Evidence, ...]:
        """List evidence of an image, newest first, at most 500.

        Args:
            project: Waypoint's project.
            app: Waypoint's app.
            digest: Of the image.
            environment: Where it ran; empty for everywhere.
        """
        ...

    def reject(self, digest: str, reason: str, project: str = EVERYWHERE) -> Rejection:
        """Refuse an image from now on, to everybody: no grant, no credentials, no promotion. What runs goes on.

        Rejecting it again changes nothing, and gives the first rejection.

        Args:
            digest: Of the image.
            reason: Why, for people; not empty.
            project: Where it counts; left out for all projects.
        """
        ...

    def unreject(self, digest: str, project: str = EVERYWHERE) -> None:
        """Take a rejection back. With a service, another person than the one who rejected has to.

        Raises:
            LedgerError: "rejection_unknown".
        """
        ...

    def rejection(self, project: str, digest: str) -> Rejection | None:
        """Find what keeps an image from a project: a rejection there, or everywhere; None if nothing does."""
        ...

    def rejections(self, project: str = EVERYWHERE) -> tuple[Rejection, ...]:
        """List what is rejected, newest first: everywhere, and in a project if one is named."""
        ...

    def running(self, digest: str, project: str = EVERYWHERE) -> tuple[Record, ...]:
        """List environments whose newest record is of an image; with a service, only those that the caller may read."""
        ...

    def hold(self, project: str, app: str, environment: str, reason: str, digest: str = "") -> Hold:
        """Hold an environment, so that only one image, or none, may go there; replaces a hold that is there."""
        ...

    def lift(self, project: str, app: str, environment: str) -> None:
        """Lift a hold.

        Raises:
            LedgerError: "not_held".
        """
        ...

    def held(self, project: str, app: str, environment: str) -> Hold | None:
        """Tell whether an environment is held, by whom and why."""
        ...

    def waive(
        self,
        project: str,
        app: str,
        environment: str,
        digest: str,
        waives: Sequence[Waivable],
        reason: str,
        seconds: int,
    ) -> Waiver:
        """Spare an image something on its way into an environment. It counts for everybody but who gave it.

        Args:
            project: Waypoint's project.
            app: Waypoint's app.
            environment: Where it may go.
            digest: Of the image.
            waives: At least one word, see `record.is_waivable`.
            reason: Why, for people; not empty.
            seconds: How long it counts, from a minute to seven days.
        """
        ...

    def waivers(self, project: str, app: str, environment: str, digest: str) -> tuple[Waiver, ...]:
        """List waivers that count now."""
        ...

    def begin(
        self, wanted: Wanted, owner: str, seconds: int = LEASE_SECONDS, instead_of: str = ""
    ) -> Promotion:  # fmt: skip
        """Claim an environment for a promotion, or resume one that was broken off.

        The same owner gets its own claim again. A claim that has expired is anybody's: if it was for the same thing,
        the promotion goes on, with the steps that the same person has done, else it is abandoned and a new one begins.
        The hold of an abandoned rollback goes only by the word of its maker, or by another rollback.

        Args:
            wanted: What is to be done.
            owner: This process: `teamconfig.releases.owner.current()`.
            seconds: How long the claim holds without a step, from 5 to 900.
            instead_of: Owner of a claim that has not expired, of a process that is known to be gone
                (`teamconfig.releases.owner.is_gone`). It has to be the caller's own.

        Returns:
            The promotion; do what `done` does not have yet.

        Raises:
            PromotionBusyError: Somebody else has claimed the environment; it carries their promotion.
            LedgerError: "digest_rejected", "environment_held", "parent_unknown" or "parent_mismatch".
        """
        ...

    def step(self, promotion_id: str, owner: str, name: str, result: str = "") -> Promotion:
        """Note that a step is done, and hold the claim for as long again. An empty name only holds it.

        A step that is done already keeps its first result.

        Raises:
            LedgerError: "promotion_lost" (somebody else has taken over: stop), "promotion_ended", "promotion_unknown",
                "promotion_overdue" (it has taken longer than a promotion may).
        """
        ...

    def finish(self, promotion_id: str, owner: str, draft: Draft) -> Record:
        """End a promotion by its record, both in one step; a second call gives the same record.

        Args:
            promotion_id: Of the promotion.
            owner: Who has the claim.
            draft: Of the promotion's app, environment, digest and kind.

        Raises:
            LedgerError: "promotion_lost", "promotion_ended" (abandoned), "promotion_unknown", "promotion_mismatch" (the
                draft is for something else), or what `record` raises.
        """
        ...

    def abandon(self, promotion_id: str, owner: str, reason: str) -> None:
        """Give a promotion up, so that the next one starts from nothing. One that has ended stays as it is."""
        ...

    def promotion(self, project: str, app: str, environment: str) -> Promotion | None:
        """Give the promotion that runs in an environment, or was broken off there; None if there is none."""
        ...


def reusable(
    ledger: Ledger, project: str, app: str, environment: str, key: Key, *, max_age: timedelta, now: float
) -> Evidence | None:
    """Find evidence that makes a test unnecessary.

    Args:
        ledger: Any.
        project: Waypoint's project.
        app: Waypoint's app.
        environment: Where the test would run.
        key: What it would be about.
        max_age: The standard `tests.evidence_max_age`.
        now: Seconds since 1970.

    Returns:
        The evidence, or None if the test has to run.
    """
    found = ledger.evidence(project, app, key.digest, environment)
    return evidence_rules.reusable(found, key, max_age=max_age, now=now)

"""The ledger of releases that a service keeps, as a signed-in user has it. Every record is checked as it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from teamconfig.client.errors import ServiceError, SignInError
from teamconfig.errors import Problem
from teamconfig.gen.waypaas.v1 import releases_pb2
from teamconfig.releases import statement, wire
from teamconfig.releases.against import EVERYWHERE
from teamconfig.releases.chain import Chain
from teamconfig.releases.errors import LedgerError, PromotionBusyError, VerificationError
from teamconfig.releases.promotion import LEASE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from google.protobuf.message import Message

    from teamconfig.client.service import Service
    from teamconfig.releases.against import Hold, Rejection
    from teamconfig.releases.evidence import Evidence, Finding
    from teamconfig.releases.promotion import Promotion, Wanted
    from teamconfig.releases.record import Draft, Record, Waivable, Waiver

_REASONS = frozenset({
    "record_unknown", "record_ambiguous", "record_tampered", "parent_unknown", "parent_mismatch", "evidence_unknown",
    "key_mismatch", "digest_rejected", "environment_held", "rejection_unknown", "not_held", "promotion_busy",
    "promotion_lost", "promotion_ended", "promotion_overdue", "promotion_unknown", "promotion_mismatch", "grant_needed",
    "evidence_missing", "window_closed", "soaking", "digest_unseen",
})  # fmt: skip
"""What the ledger itself refuses; all else, as a missing right, comes as the service says it."""

_PAGE = 200
"""Records of a chain that are asked for at once."""


class ServiceLedger:
    """Keeps records at a service; see `teamconfig.releases.ledger.Ledger` for each method.

    Args:
        service: Signed in at; closed with the ledger.
    """

    advisory = False

    def __init__(self, service: Service) -> None:
        self._service = service

    @property
    def about(self) -> str:
        """One line for people."""
        return f"releases are recorded by the team config service {self._service.settings.service}"

    def close(self) -> None:
        """End the connection."""
        self._service.close()

    def keys(self) -> Mapping[str, bytes]:
        """Give the service's signing keys, as they were when the user signed in."""
        found = [bytes.fromhex(key) for key in self._service.session().signing_keys]
        return {statement.key_id(key): key for key in found}

    def record(self, draft: Draft, key: str = "") -> Record:
        """Keep a release."""
        request = releases_pb2.PutRecordRequest(draft=wire.draft_to_proto(draft), key=key)
        return self._read(self._call("PutRecord", request, deadline=15.0))

    def latest(self, project: str, app: str, environment: str) -> Record | None:
        """Give the newest record of an environment."""
        return next(iter(self.history(project, app, environment, 1)), None)

    def history(self, project: str, app: str, environment: str, limit: int = 20) -> tuple[Record, ...]:
        """List the records of an environment, newest first."""
        where = wire.target(project, app, environment)
        found = self._call("ListRecords", releases_pb2.ListRecordsRequest(target=where, limit=limit))
        return tuple(self._read(one) for one in found.records)

    def get(self, record_id: str) -> Record:
        """Find a record."""
        return self._read(self._call("GetRecord", releases_pb2.GetRecordRequest(id=record_id)))

    def chain(self, project: str, app: str) -> Chain:
        """Give everything that proves an app's releases."""
        records: list[str] = []
        evidence: dict[str, Evidence] = {}
        head = after = ""
        while True:
            request = releases_pb2.GetChainRequest(project=project, app=app, limit=_PAGE, after=after)
            found = self._call("GetChain", request, deadline=20.0)
            records += [one.envelope for one in found.records]
            evidence |= {one.id: wire.evidence_from_proto(one) for one in found.evidence}
            head, before, after = head or found.head, after, found.next
            if not after or after == before:
                return Chain(project, app, tuple(records), tuple(evidence.values()), head)

    def put_evidence(self, finding: Finding) -> Evidence:
        """Keep what a test said."""
        return wire.evidence_from_proto(self._call("PutEvidence", wire.finding_to_proto(finding)))

    def evidence(self, project: str, app: str, digest: str, environment: str = "") -> tuple[Evidence, ...]:
        """List evidence of an image, newest first."""
        request = releases_pb2.ListEvidenceRequest(project=project, app=app, digest=digest, environment=environment)
        return tuple(wire.evidence_from_proto(one) for one in self._call("ListEvidence", request).evidence)

    def reject(self, digest: str, reason: str, project: str = EVERYWHERE) -> Rejection:
        """Refuse an image from now on."""
        request = releases_pb2.RejectRequest(digest=digest, project=project, reason=reason)
        return wire.rejection_from_proto(self._call("Reject", request))

    def unreject(self, digest: str, project: str = EVERYWHERE) -> None:
        """Take a rejection back."""
        self._call("Unreject", releases_pb2.UnrejectRequest(digest=digest, project=project))

    def rejection(self, project: str, digest: str) -> Rejection | None:
        """Find what keeps an image from a project."""
        found = self._rejections(project, digest)
        return min(found, key=lambda one: one.project, default=None)

    def rejections(self, project: str = EVERYWHERE) -> tuple[Rejection, ...]:
        """List what is rejected, newest first."""
        return self._rejections(project, "")

    def running(self, digest: str, project: str = EVERYWHERE) -> tuple[Record, ...]:
        """List environments whose newest record is of an image, of the user's teams."""
        request = releases_pb2.ListRunningRequest(digest=digest, project=project)
        return tuple(self._read(one) for one in self._call("ListRunning", request).records)

    def hold(self, project: str, app: str, environment: str, reason: str, digest: str = "") -> Hold:
        """Hold an environment."""
        where = wire.target(project, app, environment)
        request = releases_pb2.PutHoldRequest(target=where, digest=digest, reason=reason)
        return wire.hold_from_proto(self._call("PutHold", request))

    def lift(self, project: str, app: str, environment: str) -> None:
        """Lift a hold."""
        where = wire.target(project, app, environment)
        self._call("LiftHold", releases_pb2.LiftHoldRequest(target=where))

    def held(self, project: str, app: str, environment: str) -> Hold | None:
        """Tell whether an environment is held."""
        found = self._place(project, app, environment)
        return wire.hold_from_proto(found.hold) if found.HasField("hold") else None

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
        """Spare an image something on its way into an environment."""
        where = wire.target(project, app, environment)
        request = releases_pb2.WaiveRequest(target=where, digest=digest, waives=waives, reason=reason, seconds=seconds)
        return wire.waiver_from_proto(self._call("Waive", request))

    def waivers(self, project: str, app: str, environment: str, digest: str) -> tuple[Waiver, ...]:
        """List waivers that count now."""
        where = wire.target(project, app, environment)
        found = self._call("ListWaivers", releases_pb2.ListWaiversRequest(target=where, digest=digest))
        return tuple(wire.waiver_from_proto(one) for one in found.waivers)

    def begin(
        self, wanted: Wanted, owner: str, seconds: int = LEASE_SECONDS, instead_of: str = ""
    ) -> Promotion:  # fmt: skip
        """Claim an environment for a promotion."""
        request = releases_pb2.BeginPromotionRequest(
            target=wire.target(wanted.project, wanted.app, wanted.environment), digest=wanted.digest, kind=wanted.kind,
            parent=wanted.parent, owner=owner, seconds=seconds, instead_of=instead_of,
        )  # fmt: skip
        try:
            return wire.promotion_from_proto(self._call("BeginPromotion", request, deadline=15.0))
        except LedgerError as err:
            if err.reason != "promotion_busy":
                raise
            other = self.promotion(wanted.project, wanted.app, wanted.environment)
            if other is None:  # it has ended meanwhile
                return wire.promotion_from_proto(self._call("BeginPromotion", request, deadline=15.0))
            raise PromotionBusyError(err.problems, other) from err

    def step(self, promotion_id: str, owner: str, name: str, result: str = "") -> Promotion:
        """Note that a step is done."""
        request = releases_pb2.StepPromotionRequest(id=promotion_id, owner=owner, name=name, result=result)
        return wire.promotion_from_proto(self._call("StepPromotion", request))

    def finish(self, promotion_id: str, owner: str, draft: Draft) -> Record:
        """End a promotion by its record."""
        request = releases_pb2.FinishPromotionRequest(id=promotion_id, owner=owner, draft=wire.draft_to_proto(draft))
        return self._read(self._call("FinishPromotion", request, deadline=15.0))

    def abandon(self, promotion_id: str, owner: str, reason: str) -> None:
        """Give a promotion up."""
        self._call(
            "AbandonPromotion", releases_pb2.AbandonPromotionRequest(id=promotion_id, owner=owner, reason=reason)
        )

    def promotion(self, project: str, app: str, environment: str) -> Promotion | None:
        """Give the promotion that runs in an environment, or was broken off there."""
        found = self._place(project, app, environment)
        return wire.promotion_from_proto(found.promotion) if found.HasField("promotion") else None

    def _place(self, project: str, app: str, environment: str) -> Any:
        where = wire.target(project, app, environment)
        return self._call("GetPlace", releases_pb2.GetPlaceRequest(target=where))

    def _rejections(self, project: str, digest: str) -> tuple[Rejection, ...]:
        request = releases_pb2.ListRejectionsRequest(project=project, digest=digest)
        return tuple(wire.rejection_from_proto(one) for one in self._call("ListRejections", request).rejections)

    def _call(self, method: str, request: Message, deadline: float = 5.0) -> Any:
        try:
            return self._service.call(f"Releases/{method}", request, deadline)
        except ServiceError as err:
            if isinstance(err, SignInError) or err.reason not in _REASONS:
                raise
            raise LedgerError(err.problems, err.reason) from err

    def _read(self, message: releases_pb2.ReleaseRecord) -> Record:
        """Read a record, and hold it to the keys that the user has trusted since they signed in."""
        try:
            return statement.read(statement.unseal(message.envelope, statement.STATEMENT, self.keys()))
        except ValueError as err:
            what = "a release record of the service is not signed as it has to be"
            fix = "tell who answers for security; if the service has a new key, run `wps init --trust-new-key`"
            raise VerificationError([Problem(what, str(err), fix, "", "policy")]) from err

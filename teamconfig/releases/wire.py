"""The values of a ledger as messages of waypaas.v1.Releases, and back. In pairs; decides nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from teamconfig.gen.waypaas.v1 import common_pb2, releases_pb2
from teamconfig.releases import evidence as evidences
from teamconfig.releases.against import Hold, Rejection
from teamconfig.releases.evidence import Counts, Finding, Key
from teamconfig.releases.promotion import Promotion, Step, Wanted
from teamconfig.releases.record import Draft, Waiver

if TYPE_CHECKING:
    from teamconfig.releases.evidence import Evidence


def target(project: str, app: str, environment: str) -> common_pb2.Target:
    """Name an app in an environment."""
    return common_pb2.Target(project=project, app=app, workspace=environment)


def draft_to_proto(draft: Draft) -> releases_pb2.ReleaseDraft:
    """Write a draft."""
    return releases_pb2.ReleaseDraft(
        target=target(draft.project, draft.app, draft.environment), digest=draft.digest, image=draft.image,
        profile_revision=draft.profile_revision, profile_hash=draft.profile_hash, app_file_hash=draft.app_file_hash,
        deployment=draft.deployment, url=draft.url, evidence=draft.evidence, parent=draft.parent, kind=draft.kind,
    )  # fmt: skip


def draft_from_proto(message: releases_pb2.ReleaseDraft, environment: str) -> Draft:
    """Read a draft.

    Args:
        message: Any.
        environment: That its workspace means.

    Returns:
        The draft, not yet checked.
    """
    kind: Any = message.kind
    return Draft(
        project=message.target.project, app=message.target.app, environment=environment, digest=message.digest,
        image=message.image, profile_revision=message.profile_revision, profile_hash=message.profile_hash,
        app_file_hash=message.app_file_hash, deployment=message.deployment, url=message.url,
        evidence=tuple(message.evidence), parent=message.parent, kind=kind,
    )  # fmt: skip


def finding_to_proto(finding: Finding) -> releases_pb2.PutEvidenceRequest:
    """Write a finding."""
    content = {
        "test": finding.test, "outcome": finding.outcome, "report_hash": finding.report_hash,
        "started": finding.started, "ended": finding.ended, "results": dict(finding.results),
        "key": {name: getattr(finding.key, name) for name in ("digest", "spec_hash", "profile_hash")},
        "counts": {name: getattr(finding.counts, name) for name in ("passed", "failed", "skipped", "flaky")},
    }  # fmt: skip
    where = target(finding.project, finding.app, finding.environment)
    return releases_pb2.PutEvidenceRequest(target=where, finding=json.dumps(content))


def finding_from_proto(message: releases_pb2.PutEvidenceRequest, environment: str) -> Finding:
    """Read a finding.

    Args:
        message: From anywhere.
        environment: That its workspace means.

    Returns:
        The finding; what its texts say is not yet checked, but each value is of its kind.

    Raises:
        ValueError: It is no finding.
    """
    try:
        found = json.loads(message.finding)
        key, counts = found["key"], found["counts"]
        texts = [found["test"], found["outcome"], found["report_hash"]]
        keys = [key["digest"], key["spec_hash"], key["profile_hash"]]
        numbers = [counts["passed"], counts["failed"], counts["skipped"], counts["flaky"]]
        times = [found["started"], found["ended"]]
        good = (
            all(isinstance(one, str) for one in texts + keys)
            and all(type(one) is int for one in numbers)
            and all(type(one) in {int, float} for one in times)
            and isinstance(found["results"], dict)
        )
        if not good:
            raise ValueError("a value is not of its kind")  # noqa: TRY301  # told below, with the others
        json.dumps(found, allow_nan=False, ensure_ascii=False).encode()  # refuses lone surrogates, too
        return Finding(
            project=message.target.project, app=message.target.app, environment=environment, test=texts[0],
            key=Key(*keys), outcome=texts[1], counts=Counts(*numbers), report_hash=texts[2],
            started=float(times[0]), ended=float(times[1]), results=found["results"],
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as err:
        raise ValueError("it is not JSON of a finding") from err


def evidence_to_proto(evidence: Evidence) -> releases_pb2.ReleaseEvidence:
    """Write evidence."""
    return releases_pb2.ReleaseEvidence(id=evidence.id, content=json.dumps(evidences.to_json(evidence)))


def evidence_from_proto(message: releases_pb2.ReleaseEvidence) -> Evidence:
    """Read evidence."""
    return evidences.from_json(message.id, json.loads(message.content))


def rejection_to_proto(one: Rejection) -> releases_pb2.Rejection:
    """Write a rejection."""
    return releases_pb2.Rejection(
        digest=one.digest, project=one.project, reason=one.reason, by=one.by, by_name=one.by_name, at=one.at
    )


def rejection_from_proto(message: releases_pb2.Rejection) -> Rejection:
    """Read a rejection."""
    return Rejection(
        digest=message.digest, project=message.project, reason=message.reason, by=message.by, by_name=message.by_name,
        at=message.at,
    )  # fmt: skip


def hold_to_proto(hold: Hold) -> releases_pb2.Hold:
    """Write a hold."""
    return releases_pb2.Hold(
        target=target(hold.project, hold.app, hold.environment), digest=hold.digest, reason=hold.reason, by=hold.by,
        by_name=hold.by_name, at=hold.at,
    )  # fmt: skip


def hold_from_proto(message: releases_pb2.Hold) -> Hold:
    """Read a hold."""
    return Hold(
        project=message.target.project, app=message.target.app, environment=message.target.workspace,
        digest=message.digest, reason=message.reason, by=message.by, by_name=message.by_name, at=message.at,
    )  # fmt: skip


def waiver_to_proto(waiver: Waiver) -> releases_pb2.Waiver:
    """Write a waiver."""
    return releases_pb2.Waiver(
        id=waiver.id, target=target(waiver.project, waiver.app, waiver.environment), digest=waiver.digest,
        waives=waiver.waives, reason=waiver.reason, expires=waiver.expires, made_by=waiver.made_by,
        made_by_name=waiver.made_by_name, made_at=waiver.made_at,
    )  # fmt: skip


def waiver_from_proto(message: releases_pb2.Waiver) -> Waiver:
    """Read a waiver."""
    waives: Any = tuple(message.waives)
    return Waiver(
        id=message.id, project=message.target.project, app=message.target.app, environment=message.target.workspace,
        digest=message.digest, waives=waives, reason=message.reason, expires=message.expires,
        made_by=message.made_by, made_by_name=message.made_by_name, made_at=message.made_at,
    )  # fmt: skip


def promotion_to_proto(promotion: Promotion) -> releases_pb2.Promotion:
    """Write a promotion."""
    wanted = promotion.wanted
    return releases_pb2.Promotion(
        id=promotion.id, target=target(wanted.project, wanted.app, wanted.environment), digest=wanted.digest,
        kind=wanted.kind, parent=wanted.parent, owner=promotion.owner, by=promotion.by, by_name=promotion.by_name,
        begun=promotion.begun, expires=promotion.expires, record=promotion.record, ended=promotion.ended,
        steps=[releases_pb2.PromotionStep(name=one.name, result=one.result, at=one.at) for one in promotion.steps],
    )  # fmt: skip


def promotion_from_proto(message: releases_pb2.Promotion) -> Promotion:
    """Read a promotion."""
    wanted = Wanted(
        project=message.target.project, app=message.target.app, environment=message.target.workspace,
        digest=message.digest, kind=message.kind, parent=message.parent,
    )  # fmt: skip
    return Promotion(
        id=message.id, wanted=wanted, owner=message.owner, by=message.by, by_name=message.by_name,
        begun=message.begun, expires=message.expires, record=message.record, ended=message.ended,
        steps=tuple(Step(one.name, one.result, one.at) for one in message.steps),
    )  # fmt: skip

"""authorize.decide: the conditions beside roles, the reasons, the order of the steps, and that it answers anything."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from teamconfig.policy import table
from teamconfig.policy.authorize import Decision, Step, capability, decide, fitting
from teamconfig.policy.question import FAVOURABLE, Facts, Question
from teamconfig.policy.standing import Standing
from teamconfig.policy.words import Reason, Role

LEAD = Standing(teams={"payments": frozenset({Role.LEAD})})
DEVELOPER = Standing(teams={"payments": frozenset({Role.DEVELOPER})})
SECURITY = Standing(organization=frozenset({Role.SECURITY}))
ADMIN = Standing(organization=frozenset({Role.PLATFORM_ADMIN}))
JOB = Standing(jobs=frozenset({"shop"}))
PROTECTED_JOB = Standing(jobs=frozenset({"shop"}), protected=frozenset({"shop"}))
GENERAL = ("session", "account", "action", "environment", "forbidden", "mode")
ALL = (*GENERAL, "rule", "groups", "role", "logs", "ref", "approver", "digest", "approvals")


def _asked(action: str, kind: str, standing: Standing, **others: Any) -> Question:
    facts = {
        name: others.pop(name) for name in list(others) if name in {field.name for field in dataclasses.fields(Facts)}
    }
    return Question(
        **{
            "action": action,
            "kind": kind,
            "environment": "live",
            "team": "payments",
            "project": "shop",
            "standing": standing,
            "session": "fresh",
            "facts": dataclasses.replace(FAVOURABLE, **facts),
            **others,
        }
    )  # fmt: skip


def _reason(action: str, kind: str, standing: Standing, **others: Any) -> str:
    return decide(_asked(action, kind, standing, **others)).reason.value


@pytest.mark.parametrize(
    ("action", "kind", "standing", "others", "reason"),
    [
        # the session and the account
        ("read", "dev", LEAD, {"session": "expired"}, "session_expired"),
        ("read", "dev", LEAD, {"session": "revoked"}, "session_revoked"),
        ("read", "dev", LEAD, {"session": "locked"}, "session_locked"),
        ("read", "dev", LEAD, {"session": "odd"}, "session_unknown"),
        ("read", "dev", LEAD, {"session": "stale_groups"}, "stale_groups"),
        ("whoami", "none", LEAD, {"session": "stale_groups"}, "allowed"),
        ("whoami", "none", LEAD, {"session": "locked"}, "session_locked"),
        ("whoami", "none", Standing(disabled=True), {}, "account_disabled"),
        ("read", "dev", dataclasses.replace(LEAD, disabled=True), {}, "account_disabled"),
        # what there is not
        ("shout", "dev", LEAD, {}, "unknown_action"),
        ("", "dev", LEAD, {}, "unknown_action"),
        ("read", "unknown", LEAD, {}, "unknown_environment"),
        ("read", "moon", LEAD, {}, "unknown_environment"),
        ("whoami", "unknown", LEAD, {}, "unknown_environment"),
        ("deploy", "none", LEAD, {}, "no_rule"),
        ("approve", "stage", LEAD, {}, "no_rule"),
        # what nobody may
        ("exec", "production", LEAD, {}, "exec_in_production"),
        ("exec", "production", SECURITY, {}, "exec_in_production"),
        ("exec", "stage", LEAD, {}, "allowed"),
        ("configure", "none", ADMIN, {}, "config_by_review"),
        ("configure", "production", SECURITY, {}, "config_by_review"),
        ("approve", "production", LEAD, {"requested_by_another": False}, "self_approval"),
        ("approve", "production", SECURITY, {"requested_by_another": False}, "self_approval"),
        ("approve", "production", LEAD, {}, "allowed"),
        ("read", "dev", LEAD, {"requested_by_another": False}, "allowed"),
        ("unreject", "none", LEAD, {"requested_by_another": False}, "self_approval"),
        ("unreject", "none", SECURITY, {}, "allowed"),
        ("reject", "none", LEAD, {"requested_by_another": False}, "allowed"),
        # what a waiver spares, and for whom, is the service's matter; who gives one is not who promotes
        ("waive", "production", LEAD, {}, "no_role"),
        ("waive", "production", SECURITY, {}, "allowed"),
        ("waive", "dev", LEAD, {}, "no_rule"),
        # without the service
        ("promote", "production", LEAD, {"mode": "degraded"}, "degraded"),
        ("read", "production", LEAD, {"mode": "degraded"}, "degraded"),
        ("whoami", "production", LEAD, {"mode": "degraded"}, "degraded"),
        ("deploy", "dev", DEVELOPER, {"mode": "degraded"}, "allowed"),
        ("deploy", "stage", DEVELOPER, {"mode": "odd"}, "degraded"),
        # production reads groups for each call, others do not
        ("read", "production", LEAD, {"groups_fresh": False}, "stale_groups"),
        ("read", "stage", LEAD, {"groups_fresh": False}, "allowed"),
        ("whoami", "production", LEAD, {"groups_fresh": False}, "allowed"),
        # roles
        ("promote", "production", DEVELOPER, {}, "no_role"),
        ("promote", "production", LEAD, {"team": "search"}, "no_role"),
        ("promote", "production", LEAD, {"team": ""}, "no_role"),
        ("lock", "none", LEAD, {"team": ""}, "no_role"),
        ("lock", "none", SECURITY, {"team": ""}, "allowed"),
        ("lock-self", "none", DEVELOPER, {"team": "search"}, "allowed"),
        ("lock", "none", DEVELOPER, {}, "no_role"),
        ("read", "dev", JOB, {"project": "till"}, "no_role"),
        ("read", "dev", JOB, {"project": ""}, "no_role"),
        # logs that the team keeps from its developers
        ("logs", "production", DEVELOPER, {"logs_closed": True}, "logs_closed"),
        ("logs", "production", DEVELOPER, {}, "allowed"),
        ("logs", "production", LEAD, {"logs_closed": True}, "allowed"),
        ("logs", "production", ADMIN, {"logs_closed": True}, "allowed"),
        ("logs", "stage", DEVELOPER, {"logs_closed": True}, "allowed"),
        ("read", "production", DEVELOPER, {"logs_closed": True}, "allowed"),
        # jobs beyond dev
        ("deploy", "dev", JOB, {}, "allowed"),
        ("redeem", "dev", JOB, {}, "allowed"),
        ("deploy", "stage", JOB, {}, "ref_unprotected"),
        ("promote", "stage", JOB, {}, "ref_unprotected"),
        ("redeem", "stage", JOB, {}, "ref_unprotected"),
        ("destroy", "stage", JOB, {}, "ref_unprotected"),
        ("destroy", "stage", PROTECTED_JOB, {}, "allowed"),
        ("destroy", "production", PROTECTED_JOB, {}, "no_role"),
        ("redeem", "production", JOB, {}, "ref_unprotected"),
        ("record", "dev", JOB, {}, "allowed"),
        ("record", "stage", JOB, {}, "ref_unprotected"),
        ("record", "production", JOB, {}, "ref_unprotected"),
        ("record", "production", PROTECTED_JOB, {}, "allowed"),
        ("deploy", "stage", PROTECTED_JOB, {}, "allowed"),
        ("redeem", "production", PROTECTED_JOB, {}, "allowed"),
        ("promote", "production", PROTECTED_JOB, {}, "no_role"),
        ("deploy", "stage", Standing(jobs=frozenset({"shop"}), protected=frozenset({"till"})), {}, "ref_unprotected"),
        ("read", "stage", JOB, {}, "allowed"),
        ("deploy", "stage", DEVELOPER, {}, "allowed"),
        # the image ran in the environment before
        ("promote", "stage", LEAD, {"digest_seen": False}, "digest_unseen"),
        ("promote", "production", LEAD, {"digest_seen": False}, "digest_unseen"),
        ("deploy", "production", LEAD, {"digest_seen": False}, "digest_unseen"),
        ("redeem", "production", PROTECTED_JOB, {"digest_seen": False}, "digest_unseen"),
        ("redeem", "stage", PROTECTED_JOB, {"digest_seen": False}, "allowed"),
        ("deploy", "stage", LEAD, {"digest_seen": False}, "allowed"),
        ("destroy", "production", LEAD, {"digest_seen": False}, "allowed"),
        # four eyes
        ("promote", "production", LEAD, {"approvals": 0}, "approval_missing"),
        ("promote", "production", LEAD, {"approvals": 1, "approvals_wanted": 2}, "approval_missing"),
        ("promote", "production", LEAD, {"approvals": 2, "approvals_wanted": 2}, "allowed"),
        ("promote", "production", LEAD, {"approvals": 0, "approvals_wanted": 0}, "allowed"),
        ("deploy", "production", LEAD, {"approvals": 0}, "approval_missing"),
        ("deploy", "production", LEAD, {"approvals": 0, "approvals_wanted": 0}, "allowed"),
        ("redeem", "production", LEAD, {"approvals": 0}, "approval_missing"),
        ("redeem", "production", LEAD, {"approvals": 0, "approvals_wanted": 0}, "allowed"),
        ("destroy", "production", LEAD, {"approvals": 0, "approvals_wanted": 0}, "approval_missing"),
        ("destroy", "production", LEAD, {"approvals": 1, "approvals_wanted": 0}, "allowed"),
        ("destroy", "production", LEAD, {"approvals": 1, "approvals_wanted": 2}, "approval_missing"),
        ("promote", "production", LEAD, {"approvals": 0, "approvals_wanted": -1}, "allowed"),
        ("promote", "production", LEAD, {"approvals": -1, "approvals_wanted": -1}, "approval_missing"),
        ("redeem", "production", LEAD, {"approvals": -1, "approvals_wanted": -1}, "approval_missing"),
        ("deploy", "production", LEAD, {"approvals": -1, "approvals_wanted": -1}, "approval_missing"),
        ("promote", "stage", LEAD, {"approvals": 0}, "allowed"),
        ("read", "production", LEAD, {"approvals": 0}, "allowed"),
    ],
)  # fmt: skip
def test_reasons(action: str, kind: str, standing: Standing, others: dict[str, Any], reason: str) -> None:
    """Each condition denies where it is meant to and nowhere else, with its own reason."""
    decision = decide(_asked(action, kind, standing, **others))
    assert decision.reason == reason
    assert decision.allowed is (reason == "allowed")
    assert decision.steps[-1].reason == (None if decision.allowed else reason)
    assert all(step.reason is None for step in decision.steps[:-1])


def test_reasons_come_in_order() -> None:
    """When all is wrong, the reason is the one that is most final; each that is mended shows the next."""
    wrong: dict[str, Any] = {
        "groups_fresh": False, "digest_seen": False, "approvals": 0, "mode": "degraded", "session": "expired",
    }  # fmt: skip
    found = []
    for mended in ({}, {"session": "stale_groups"}, {"mode": "normal"}, {"session": "fresh"}, {"groups_fresh": True}):
        wrong |= mended
        found.append(_reason("promote", "production", LEAD, **wrong))
    assert found == ["session_expired", "degraded", "stale_groups", "stale_groups", "digest_unseen"]
    assert _reason("promote", "production", LEAD, **wrong | {"digest_seen": True}) == "approval_missing"


def test_steps_tell_what_was_looked_at() -> None:
    """An answer lists every check by name in the order in which they ran, up to the one that denied."""
    allowed = decide(_asked("promote", "production", LEAD))
    assert tuple(step.name for step in allowed.steps) == ALL
    denied = decide(_asked("promote", "production", DEVELOPER))
    assert denied.steps[-1] == Step("role", Reason.NO_ROLE)
    assert tuple(step.name for step in denied.steps) == ALL[:9]
    assert tuple(step.name for step in decide(_asked("whoami", "none", Standing())).steps) == GENERAL


def test_a_denial_names_the_capability_and_who_has_it() -> None:
    """What is missing is told for a missing role only; the roles that have it always."""
    denied = decide(_asked("promote", "production", DEVELOPER))
    assert (denied.missing, denied.holders) == ("promote in live", (Role.LEAD,))
    elsewhere = decide(_asked("lock", "none", DEVELOPER, environment=""))
    assert elsewhere.missing == "lock"
    assert elsewhere.holders == (Role.LEAD, Role.PLATFORM_ADMIN, Role.SECURITY)
    waiting = decide(_asked("promote", "production", LEAD, approvals=0))
    assert (waiting.missing, waiting.holders) == ("", (Role.LEAD,))
    assert decide(_asked("promote", "production", LEAD)).missing == ""
    assert decide(_asked("promote", "production", LEAD)) == Decision(
        allowed=True, reason=Reason.ALLOWED, steps=tuple(Step(name, None) for name in ALL), holders=(Role.LEAD,)
    )
    assert decide(_asked("exec", "production", LEAD)).holders == ()
    assert capability(_asked("logs", "stage", LEAD, environment="")) == "logs in stage"


def test_roles_of_the_company_count_beside_those_of_a_team() -> None:
    """Whoever has several roles may what any of them may."""
    both = dataclasses.replace(DEVELOPER, organization=frozenset({Role.SECURITY}))
    assert fitting(_asked("approve", "production", both)) == {Role.SECURITY}
    assert _reason("deploy", "dev", both) == "allowed"
    assert _reason("audit-read", "none", both, team="search") == "allowed"
    many = Standing(teams={"payments": frozenset({Role.VIEWER}), "search": frozenset({Role.LEAD})})
    assert _reason("deploy", "dev", many) == "no_role"
    assert fitting(_asked("audit-own", "none", many)) == {Role.VIEWER, Role.LEAD}


def test_what_is_left_out_counts_against() -> None:
    """A question of which only the action is known is denied; facts that nobody looked up do not hold."""
    assert decide(Question(action="whoami")).reason == "session_expired"
    assert Facts() == Facts(
        groups_fresh=False, requested_by_another=False, digest_seen=False, approvals=0, approvals_wanted=1,
        logs_closed=False,
    )  # fmt: skip
    bare = Question(action="read", session="fresh")
    assert (bare.kind, bare.mode, bare.team, bare.project) == ("none", "normal", "", "")
    assert decide(bare).reason == "no_role"


def test_the_table_cannot_be_changed() -> None:
    """Nothing in the process can add a right to the table, or take a prohibition away."""
    for frozen in (table.TABLE, table.FORBID, table.LEAST_APPROVALS):
        with pytest.raises(TypeError):
            frozen["read", "dev"] = frozenset()  # type: ignore[index]


def test_what_is_forbidden_is_not_in_the_table() -> None:
    """No role is bound to what nobody may, so that a mistake in one of the two does not open it."""
    assert not table.FORBID.keys() & table.TABLE.keys()

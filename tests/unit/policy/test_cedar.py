"""authorize.decide against an oracle that shares nothing with it: policies.cedar, evaluated by Cedar."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cedarpy
from hypothesis import given, settings
from hypothesis import strategies as st

from teamconfig.policy import authorize
from teamconfig.policy.question import FAVOURABLE, Facts, Question, about
from teamconfig.policy.standing import Standing
from teamconfig.policy.words import Role
from tests.unit.policy import matrix
from tests.unit.policy.test_matrix import standings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from teamconfig.tree import Tree

POLICIES = cedarpy.PolicySet.from_str((Path(__file__).parent / "policies.cedar").read_text())
KINDS = (*matrix.KINDS, "none")


def _user(standing: Standing) -> dict[str, Any]:
    teams = {
        role: sorted(team for team, roles in standing.teams.items() if role in roles)
        for role in ("viewer", "developer", "lead")
    }
    return {
        **teams,
        "jobs": sorted(standing.jobs),
        "protected_jobs": sorted(standing.jobs & standing.protected),
        "admin": "platform-admin" in standing.organization,
        "security": "security" in standing.organization,
        "disabled": standing.disabled,
    }


def oracle(questions: Sequence[Question]) -> list[bool]:
    """Give Cedar's answers; it is asked once about what is the same for it."""
    entities: dict[tuple[str, str], dict[str, Any]] = {}
    requests: dict[str, dict[str, Any]] = {}
    asked = []
    for question in questions:
        target = {"team": question.team, "project": question.project, "kind": question.kind}
        facts = question.facts
        request = {
            "principal": _entity(entities, "U", _user(question.standing)),
            "action": {"type": "Action", "id": question.action},
            "resource": _entity(entities, "T", target),
            "context": {
                "session": question.session,
                "mode": question.mode,
                "fresh": facts.groups_fresh,
                "by_another": facts.requested_by_another,
                "seen": facts.digest_seen,
                "approvals": facts.approvals,
                "wanted": facts.approvals_wanted,
                "closed": facts.logs_closed,
            },
        }
        asked.append(json.dumps(request))
        requests[asked[-1]] = request
    known = cedarpy.Entities.from_json_str(json.dumps(list(entities.values())))
    answers = cedarpy.is_authorized_batch(list(requests.values()), POLICIES, known)
    assert not [error for answer in answers for error in answer.diagnostics.errors]
    told = {name: answer.allowed for name, answer in zip(requests, answers, strict=True)}
    return [told[name] for name in asked]


def _entity(entities: dict[tuple[str, str], dict[str, Any]], kind: str, attributes: dict[str, Any]) -> dict[str, str]:
    """Give the id of an entity, made if there is none with these attributes yet."""
    uid = {"type": kind, "id": str(len(entities))}
    made = entities.setdefault((kind, json.dumps(attributes)), {"uid": uid, "attrs": attributes, "parents": []})
    found: dict[str, str] = made["uid"]
    return found


def test_the_whole_matrix_agrees(company: Tree) -> None:
    """Cedar decides each row of the matrix, environments and none, as the function does."""
    who = standings(company)
    questions = [
        about(
            company, row.action, who[row.role, row.membership], project="shop",
            environment=matrix.ENVIRONMENTS[row.kind], session=row.session, mode=row.mode, facts=FAVOURABLE,
        )
        for row in matrix.rows(KINDS)
    ]  # fmt: skip
    ours = [authorize.decide(question).allowed for question in questions]
    theirs = oracle(questions)
    assert [one for one, a, b in zip(questions, ours, theirs, strict=True) if a != b] == []
    assert len(questions) == 30_800
    assert any(theirs)


TEAMS = ("payments", "search", "")
PROJECTS = ("shop", "till", "catalog", "")
STANDINGS = st.builds(
    Standing,
    teams=st.dictionaries(
        st.sampled_from(TEAMS[:2]),
        st.frozensets(st.sampled_from((Role.VIEWER, Role.DEVELOPER, Role.LEAD)), min_size=1),
    ),
    organization=st.frozensets(st.sampled_from((Role.PLATFORM_ADMIN, Role.SECURITY))),
    jobs=st.frozensets(st.sampled_from(PROJECTS[:3])),
    protected=st.frozensets(st.sampled_from(PROJECTS[:3])),
    disabled=st.sampled_from((False, False, False, True)),
)
NUMBERS = st.integers(-1, 3)
FACTS = st.builds(
    Facts,
    groups_fresh=st.booleans(),
    requested_by_another=st.booleans(),
    digest_seen=st.booleans(),
    approvals=NUMBERS,
    approvals_wanted=NUMBERS,
    logs_closed=st.booleans(),
)
QUESTIONS = st.builds(
    Question,
    action=st.sampled_from((*matrix.ACTIONS, "shout")),
    kind=st.sampled_from((*KINDS, "moon")),
    team=st.sampled_from(TEAMS),
    project=st.sampled_from(PROJECTS),
    standing=STANDINGS,
    session=st.sampled_from(("fresh", "fresh", "fresh", *matrix.SESSIONS, "odd")),
    mode=st.sampled_from(("normal", "normal", *matrix.MODES, "odd")),
    facts=FACTS,
)


@settings(max_examples=50, deadline=None)
@given(st.lists(QUESTIONS, min_size=10, max_size=30))
def test_random_questions_agree(questions: list[Question]) -> None:
    """With any mix of roles, jobs, facts and words that there are not, Cedar and the function decide alike."""
    ours = [authorize.decide(question).allowed for question in questions]
    wrong = [one for one, a, b in zip(questions, ours, oracle(questions), strict=True) if a != b]
    assert wrong == []

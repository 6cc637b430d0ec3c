"""What holds of authorization for all input: hypothesis looks for a counterexample."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from teamconfig import reading
from teamconfig.bindings import Workload
from teamconfig.identity.principal import Membership, Principal
from teamconfig.policy import authorize, changes, right, standing
from teamconfig.policy.question import FAVOURABLE, Facts, Question, about
from teamconfig.policy.standing import Standing
from teamconfig.policy.words import Action, EnvironmentKind, Reason, Role
from tests.unit.policy import matrix

if TYPE_CHECKING:
    from teamconfig.tree import Tree

GROUPS = ("g-viewer", "g-developer", "g-lead", "s-viewer", "s-developer", "s-lead", "g-platform-admin", "g-security")
ALICE = Principal("https://id.example", "1")
WORDS = st.text(max_size=12) | st.sampled_from(("shop", "payments", "dev", "production", "fresh", "normal", "lead"))
ROLES = st.frozensets(st.sampled_from(Role))
ANY = st.builds(
    Question,
    action=WORDS | st.sampled_from(Action),
    kind=WORDS | st.sampled_from(EnvironmentKind),
    environment=WORDS,
    team=WORDS,
    project=WORDS,
    standing=st.builds(
        Standing,
        teams=st.dictionaries(WORDS, ROLES, max_size=3),
        organization=ROLES,
        jobs=st.frozensets(WORDS, max_size=3),
        protected=st.frozensets(WORDS, max_size=3),
        disabled=st.booleans(),
    ),
    session=WORDS | st.sampled_from(matrix.SESSIONS),
    mode=WORDS | st.sampled_from(matrix.MODES),
    facts=st.builds(
        Facts,
        groups_fresh=st.booleans(),
        requested_by_another=st.booleans(),
        digest_seen=st.booleans(),
        approvals=st.integers(),
        approvals_wanted=st.integers(),
        logs_closed=st.booleans(),
    ),
)
ASKED: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "action": st.sampled_from(matrix.ACTIONS),
        "project": st.sampled_from(("shop", "till", "catalog", "moon", "")),
        "team": st.sampled_from(("payments", "search", "")),
        "environment": st.sampled_from(tuple(matrix.ENVIRONMENTS.values())),
        "facts": st.just(FAVOURABLE) | st.builds(Facts, groups_fresh=st.booleans(), approvals_wanted=st.integers(0, 2)),
    }
)


def _decide(tree: Tree, groups: frozenset[str], asked: dict[str, Any]) -> authorize.Decision:
    held = standing.of(tree, ALICE, Membership(groups=groups))
    return authorize.decide(about(tree, asked["action"], held, **{k: v for k, v in asked.items() if k != "action"}))


@given(ANY)
def test_any_question_has_an_answer(company: Tree, question: Question) -> None:
    """No input makes deciding or explaining fail; an answer is allowed or says why not, in printable text."""
    decision = authorize.decide(question)
    assert decision.allowed is (decision.reason == Reason.ALLOWED)
    told = right.explain(company, question, decision)
    assert all(line.isprintable() for line in told.text.splitlines())
    assert decision.allowed or all(dataclasses.astuple(right.problem(company, question, decision)))


@given(ANY)
def test_nobody_opens_a_shell_in_production(question: Question) -> None:
    """Exec in production is denied whoever asks, with any roles and facts."""
    asked = dataclasses.replace(question, action="exec", kind="production")
    assert not authorize.decide(asked).allowed


@given(ANY)
def test_nobody_approves_themselves(question: Question) -> None:
    """What somebody asked for is never approved by them, with any roles and facts."""
    facts = dataclasses.replace(question.facts, requested_by_another=False)
    assert not authorize.decide(dataclasses.replace(question, action="approve", facts=facts)).allowed


@given(ANY)
def test_production_takes_the_service_and_fresh_groups(question: Question) -> None:
    """Nothing in production is allowed from a cache; nothing but whoami on groups that were not read for it."""
    asked = dataclasses.replace(question, kind="production")
    assert not authorize.decide(dataclasses.replace(asked, mode="degraded")).allowed
    stale = dataclasses.replace(asked, facts=dataclasses.replace(asked.facts, groups_fresh=False))
    assert question.action == "whoami" or not authorize.decide(stale).allowed


@given(ANY, st.sampled_from(("action", "kind", "session")), WORDS)
def test_what_is_unknown_is_denied(question: Question, field: str, word: str) -> None:
    """An action, kind of environment or state of session that there is not is denied, whatever else holds."""
    known = {"action": matrix.ACTIONS, "kind": (*matrix.KINDS[:3], "none"), "session": ("fresh", "stale_groups")}
    if word not in known[field]:
        assert not authorize.decide(dataclasses.replace(question, **{field: word})).allowed


@given(ANY)
def test_without_a_role_there_is_only_whoami(question: Question) -> None:
    """Who has no role may ask who they are, and nothing else."""
    decision = authorize.decide(dataclasses.replace(question, standing=Standing()))
    assert question.action == "whoami" or not decision.allowed


@given(ANY, st.sampled_from(Role))
def test_a_role_of_another_team_adds_nothing_here(question: Question, role: Role) -> None:
    """A role in a team that does not own the target never helps, but for what is about oneself."""
    other = f"not {question.team}"
    held = question.standing
    bare = dataclasses.replace(held, teams={name: roles for name, roles in held.teams.items() if name != other})
    more = dataclasses.replace(bare, teams={**bare.teams, other: frozenset({role})})
    before, after = (authorize.decide(dataclasses.replace(question, standing=one)) for one in (bare, more))
    assert before.allowed == after.allowed or question.action in ("lock-self", "audit-own")


@given(st.frozensets(st.sampled_from(GROUPS)), st.sampled_from(GROUPS), ASKED)
def test_losing_a_group_never_adds_a_right(
    company: Tree, groups: frozenset[str], lost: str, asked: dict[str, Any]
) -> None:
    """What is allowed without a group is allowed with it."""
    without = _decide(company, groups - {lost}, asked)
    assert not without.allowed or _decide(company, groups | {lost}, asked).allowed


@given(st.lists(st.sampled_from(GROUPS)), st.randoms(use_true_random=False), ASKED)
def test_order_repetition_and_case_of_groups_do_not_matter(
    company: Tree, groups: list[str], random: Any, asked: dict[str, Any]
) -> None:
    """The same groups in another order, twice, or in other case decide the same, in claims and in team.yaml."""
    other = [*groups, *(random.choice((name.upper(), name.title())) for name in groups)]
    random.shuffle(other)
    assert _decide(company, frozenset(groups), asked) == _decide(company, frozenset(other), asked)
    teams = {
        name: dataclasses.replace(team, roles={role: (*bound, *bound)[::-1] for role, bound in team.roles.items()})
        for name, team in company.teams.items()
    }
    assert _decide(dataclasses.replace(company, teams=teams), frozenset(groups), asked) == _decide(
        company, frozenset(groups), asked
    )


@given(st.text(max_size=30), ASKED)
def test_other_groups_give_nothing(company: Tree, group: str, asked: dict[str, Any]) -> None:
    """A group that no role is bound to is as good as none."""
    if group.lower() not in GROUPS:
        assert _decide(company, frozenset({group}), asked) == _decide(company, frozenset(), asked)


CLAIMS = st.dictionaries(
    st.sampled_from(("repository", "ref", "ref_protected", "sub", "event", "repository_id")),
    st.text(max_size=8) | st.sampled_from(("acme/shop", "refs/heads/main", "refs/heads/main/..", "true", "", "push")),
)


@given(CLAIMS, st.sampled_from((matrix.ISSUER, "https://evil.example", "")))
def test_a_job_is_of_its_repository_only(company: Tree, claims: dict[str, str], issuer: str) -> None:
    """No claims of one repository give rights on projects that only another is bound to."""
    held = standing.of(company, Principal(issuer, "1", kind="workload"), Membership(claims=claims))
    assert (held.teams, held.organization) == ({}, frozenset())
    assert held.protected <= held.jobs
    if held.jobs:
        assert claims["event"] == "push"
        assert (issuer, claims["repository"], claims["ref"]) == (matrix.ISSUER, "acme/shop", "refs/heads/main")
        assert held.jobs == {"shop"}


JOBS = st.builds(
    Workload,
    issuer=st.just(matrix.ISSUER),
    repository=st.sampled_from(("acme/shop", "acme/x")),
    refs=st.lists(st.sampled_from(("refs/heads/main", "refs/heads/*")), min_size=1, unique=True).map(tuple),
    protected=st.booleans(),
    projects=st.lists(st.sampled_from(("shop", "till")), unique=True).map(tuple),
    events=st.lists(st.sampled_from(("push", "schedule")), min_size=1, unique=True).map(tuple),
    repository_id=st.sampled_from(("", "74", "75")),
)


@settings(max_examples=200)
@given(
    st.dictionaries(st.sampled_from(("viewer", "developer", "lead")), st.just(("g-1",)) | st.just(("g-1", "g-2"))),
    st.dictionaries(st.sampled_from(("viewer", "developer", "lead")), st.just(("g-1",)) | st.just(("g-1", "g-2"))),
    st.lists(JOBS, max_size=2).map(tuple),
    st.lists(JOBS, max_size=2).map(tuple),
    ASKED,
)
def test_nobody_gains_rights_by_signing_alone(
    company: Tree,
    before: dict[str, tuple[str, ...]],
    after: dict[str, tuple[str, ...]],
    old_jobs: tuple[Workload, ...],
    new_jobs: tuple[Workload, ...],
    asked: dict[str, Any],
) -> None:
    """A revision that one member of a team signs alone gives no person and no job of it a right they had not."""
    old, new = (
        dataclasses.replace(
            company,
            revision=revision,
            teams={
                **company.teams,
                "payments": dataclasses.replace(company.teams["payments"], roles=roles, workloads=jobs),
            },
        )
        for revision, roles, jobs in (("1", before, old_jobs), ("2", after, new_jobs))
    )
    signed = changes.Signed("alice", changes.Signer(teams=frozenset({"payments"})), old, new)
    if changes.check(old, new, [signed], fast_forward=True):
        return
    claims = {"repository": "acme/shop", "ref": "refs/heads/main", "event": "push", "repository_id": "74"}
    told = Membership(groups=frozenset({"g-2"}), claims=claims)
    for who in (ALICE, Principal(matrix.ISSUER, "1", kind="workload")):
        allowed = []
        for tree in (old, new):
            options = {name: value for name, value in asked.items() if name != "action"}
            question = about(tree, asked["action"], standing.of(tree, who, told), **options)
            allowed.append(authorize.decide(question).allowed)
        assert allowed[0] or not allowed[1]


@given(fast_forward=st.booleans(), signed=st.booleans())
def test_the_revision_that_is_served_may_come_again(company: Tree, *, fast_forward: bool, signed: bool) -> None:
    """Taking a revision twice is no change, whoever signed it."""
    commits = [changes.Signed("a", changes.Signer(), company, company)] if signed else []
    assert changes.check(company, company, commits, fast_forward=fast_forward) == []


def test_rights_come_from_the_standards_read_anew() -> None:
    """Reading the same files twice gives the same rights."""
    files = {"org.yaml": b"org: {name: a, environments: [dev, live], roles: {security: [s]}}\n"}
    first, second = (reading.tree(files, revision="r", origin="o") for _ in range(2))
    told = Membership(groups=frozenset({"s"}))
    assert standing.of(first, ALICE, told) == standing.of(second, ALICE, told)
    assert standing.of(first, ALICE, told).organization == {Role.SECURITY}

"""Sessions, grants, leases, locks, projects and releases, over both databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from teamconfig import proof
from teamconfig.identity.principal import Membership, Principal
from teamconfig.state import closing, granting, grants, leases, locks, projects, releases, revoking, sessions, spending
from teamconfig.state.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from teamconfig.state.database import Database
    from teamconfig.state.grants import Grant, Wanted
    from teamconfig.state.leases import Holding, Lease
    from teamconfig.state.sessions import Session, Tokens

ANNA = Principal("https://issuer.example", "anna", "Anna")
BERT = Principal("https://issuer.example", "bert", "Bert")
CARL = Principal("https://issuer.example", "carl", "Carl", "workload")
DIGEST = "sha256:" + "1" * 64


@pytest.fixture
def tx(database: Database) -> Iterator[Connection]:
    """Give a transaction that may write."""
    with database.writing() as connection:
        yield connection


def tokens(number: int, *, access_expires: float = 900.0, refresh_expires: float = 40000.0) -> Tokens:
    """Make a pair of tokens."""
    return sessions.Tokens(
        proof.token_hash(f"access {number}"),
        access_expires,
        proof.token_hash(f"refresh {number}"),
        refresh_expires,
    )


def opened(tx: Connection, number: int = 1, who: Principal = ANNA) -> Session:
    """Open a session."""
    membership = Membership(frozenset({"g1", "g2"}), 5.0, {"ref": "main"}, note="a note")
    return sessions.open(
        tx,
        who,
        provider="corp",
        device_key=b"d" * 32,
        device_name="laptop",
        membership=membership,
        tokens=tokens(number),
        now=10.0,
    )


def refusal(caught: pytest.ExceptionInfo[RefusedError]) -> str:
    """Give the word of a refusal, which has to say what, why and what to do."""
    assert caught.value.problem.what
    assert caught.value.problem.why
    assert caught.value.problem.fix
    return caught.value.reason


def test_a_session_is_found_by_its_tokens(tx: Connection) -> None:
    """A session comes back whole by either token's hash, and by no other."""
    session = opened(tx)
    assert sessions.by_access(tx, tokens(1).access) == session
    assert sessions.by_refresh(tx, tokens(1).refresh) == session
    assert sessions.get(tx, session.id) == session
    assert sessions.by_access(tx, tokens(1).refresh) is None
    assert sessions.by_refresh(tx, tokens(2).refresh) is None
    assert session.membership.claims == {"ref": "main"}


def test_a_session_stands_as_long_as_its_access_token(tx: Connection) -> None:
    """A session is live until its access token ends, and closed from when it is closed."""
    session = opened(tx)
    assert [session.standing(now) for now in (10.0, 899.9, 900.0)] == ["live", "live", "expired"]
    assert closing.close(tx, session.id, now=20.0)
    assert not closing.close(tx, session.id, now=21.0)
    closed = sessions.by_access(tx, tokens(1).access)
    assert closed is not None
    assert (closed.standing(20.0), closed.closed_at) == ("closed", 20.0)


def test_rotation_ends_the_old_tokens(tx: Connection) -> None:
    """New tokens take the place of the old ones, and fresh groups that of the kept ones."""
    session = opened(tx)
    fresh = Membership(frozenset({"g3"}), 50.0)
    renewed = spending.rotate(tx, tokens(1).refresh, tokens=tokens(2), now=60.0, membership=fresh)
    assert (renewed.id, renewed.generation, renewed.membership) == (session.id, 1, fresh)
    assert sessions.by_access(tx, tokens(1).access) is None
    assert sessions.by_access(tx, tokens(2).access) == renewed


def test_a_refresh_token_used_twice_closes_the_session(tx: Connection) -> None:
    """The second use of a refresh token, however old, is refused and ends the whole family."""
    session = opened(tx)
    spending.rotate(tx, tokens(1).refresh, tokens=tokens(2), now=60.0)
    spending.rotate(tx, tokens(2).refresh, tokens=tokens(3), now=61.0)
    with pytest.raises(RefusedError) as caught:
        spending.rotate(tx, tokens(1).refresh, tokens=tokens(4), now=62.0)
    assert refusal(caught) == "refresh_reused"
    assert caught.value.keep
    found = sessions.by_access(tx, tokens(3).access)
    assert found is not None
    assert (found.id, found.closed_at) == (session.id, 62.0)
    with pytest.raises(RefusedError) as caught:
        spending.rotate(tx, tokens(3).refresh, tokens=tokens(5), now=63.0)
    assert refusal(caught) == "session_closed"


def test_the_same_tokens_are_found_while_they_are_the_sessions(tx: Connection) -> None:
    """A refresh token that was used for these very tokens finds its session; for others, or later, it does not."""
    session = opened(tx)
    assert spending.renewed(tx, tokens(1).refresh, tokens(2)) is None
    renewed = spending.rotate(tx, tokens(1).refresh, tokens=tokens(2), now=60.0)
    assert spending.renewed(tx, tokens(1).refresh, tokens(2)) == renewed
    assert spending.renewed(tx, tokens(1).refresh, tokens(3)) is None
    assert spending.renewed(tx, "nobody's", tokens(2)) is None
    closing.close(tx, session.id, now=61.0)
    assert spending.renewed(tx, tokens(1).refresh, tokens(2)) is None


def test_an_ended_or_unknown_refresh_token_is_refused(tx: Connection) -> None:
    """A refresh token that is too old, or was never given, renews nothing and closes nothing."""
    session = opened(tx)
    with pytest.raises(RefusedError) as caught:
        spending.rotate(tx, tokens(1).refresh, tokens=tokens(2), now=40000.0)
    assert refusal(caught) == "refresh_expired"
    with pytest.raises(RefusedError) as caught:
        spending.rotate(tx, tokens(9).refresh, tokens=tokens(2), now=60.0)
    assert refusal(caught) == "refresh_unknown"
    assert sessions.get(tx, session.id) == session


def test_all_sessions_of_one_principal_close(tx: Connection) -> None:
    """Closing everywhere closes the principal's open sessions and nobody else's."""
    opened(tx, 1)
    opened(tx, 2)
    other = opened(tx, 3, BERT)
    assert closing.close_all(tx, ANNA, now=20.0) == 2
    assert closing.close_all(tx, ANNA, now=21.0) == 0
    assert sessions.get(tx, other.id) == other


def test_older_groups_never_replace_newer_ones(tx: Connection) -> None:
    """Groups are kept when they are newer, and not when they are older or the session is closed."""
    session = opened(tx)
    assert sessions.set_membership(tx, session.id, Membership(frozenset({"g9"}), 70.0, disabled=True))
    assert not sessions.set_membership(tx, session.id, Membership(frozenset({"g1"}), 69.0))
    closing.close(tx, session.id, now=80.0)
    assert not sessions.set_membership(tx, session.id, Membership(frozenset({"g1"}), 90.0))
    found = sessions.get(tx, session.id)
    assert found is not None
    assert found.membership == Membership(frozenset({"g9"}), 70.0, disabled=True)


def test_old_sessions_are_forgotten(tx: Connection) -> None:
    """Pruning takes ended sessions with their spent tokens, and leaves the others."""
    session = opened(tx)
    spending.rotate(tx, tokens(1).refresh, tokens=tokens(2, refresh_expires=100.0), now=60.0)
    other = opened(tx, 7)
    assert closing.prune(tx, before=101.0) == 1
    assert sessions.get(tx, session.id) is None
    assert sessions.by_refresh(tx, tokens(1).refresh) is None
    assert sessions.get(tx, other.id) == other


def wanted(digest: str = DIGEST, plan_hash: str = "") -> Wanted:
    """Make what a grant is for."""
    return grants.Wanted(
        "shop", "web", "prod", "payments", "production", "promote", digest, plan_hash, "rev1", "ab" * 32
    )


def asked(tx: Connection, *, approvals: int = 0, key: str = "k1", what: Wanted | None = None) -> Grant:
    """Ask for a grant as Anna at 10, until 600."""
    return granting.request(
        tx, ANNA, what or wanted(), idempotency_key=key, approvals_wanted=approvals, now=10.0, expires=600.0
    )


def use(tx: Connection, grant: Grant, *, digest: str = DIGEST, plan_hash: str = "", now: float = 20.0) -> Grant:
    """Redeem a grant."""
    return granting.redeem(tx, grant.jti, digest=digest, plan_hash=plan_hash, now=now)


def test_a_request_can_be_repeated(tx: Connection) -> None:
    """The same key of the same requester gives the same grant; for something else it is refused."""
    grant = asked(tx, approvals=1)
    assert asked(tx, approvals=1) == grant
    assert asked(tx, key="k2").id != grant.id
    assert asked(tx, key="").id != asked(tx, key="").id
    with pytest.raises(RefusedError) as caught:
        asked(tx, what=wanted("sha256:" + "2" * 64))
    assert refusal(caught) == "idempotency_mismatch"


def test_two_requesters_may_use_the_same_key(tx: Connection) -> None:
    """A key is one requester's own: another who uses it gets a grant of their own."""
    other = granting.request(tx, BERT, wanted(), idempotency_key="k1", approvals_wanted=0, now=10.0, expires=600.0)
    assert asked(tx).id != other.id


def test_nobody_approves_their_own_request(tx: Connection) -> None:
    """The requester cannot approve, under whatever name they come."""
    grant = asked(tx, approvals=1)
    alias = Principal(ANNA.issuer, ANNA.subject, "Somebody else", "workload")
    for person in (ANNA, alias):
        with pytest.raises(RefusedError) as caught:
            granting.approve(tx, grant.id, person, now=20.0)
        assert refusal(caught) == "self_approval"
    found = grants.get(tx, grant.id)
    assert found is not None
    assert found.stored == "requested"


def test_one_approver_counts_once(tx: Connection) -> None:
    """A grant that wants two approvals gets them from two people, and lives on from then."""
    grant = asked(tx, approvals=2)
    assert granting.approve(tx, grant.id, BERT, now=20.0, expires=900.0).stored == "requested"
    again = granting.approve(tx, grant.id, BERT, now=21.0, expires=900.0)
    assert (again.stored, again.approvers, again.expires) == ("requested", (BERT,), 600.0)
    done = granting.approve(tx, grant.id, CARL, now=22.0, expires=900.0)
    assert (done.stored, done.approvers, done.expires) == ("approved", (BERT, CARL), 900.0)


def test_a_grant_is_redeemed_once(tx: Connection) -> None:
    """The first use succeeds, every other is refused."""
    grant = asked(tx)
    used = use(tx, grant)
    assert (used.stored, used.redeemed_at) == ("redeemed", 20.0)
    for _ in range(2):
        with pytest.raises(RefusedError) as caught:
            use(tx, grant)
        assert refusal(caught) == "grant_used"


@pytest.mark.parametrize(
    ("what", "digest", "plan_hash", "now", "reason"),
    [
        (wanted(), "sha256:" + "2" * 64, "", 20.0, "digest_mismatch"),
        (wanted(), "", "", 20.0, "digest_mismatch"),
        (wanted(plan_hash="aa"), DIGEST, "bb", 20.0, "plan_mismatch"),
        (wanted(plan_hash="aa"), DIGEST, "", 20.0, "plan_mismatch"),
        (wanted(), DIGEST, "", 600.0, "grant_expired"),
    ],
)
def test_a_refused_use_does_not_use_it_up(
    tx: Connection, what: Wanted, digest: str, plan_hash: str, now: float, reason: str
) -> None:
    """Another image, another plan, or a time too late is refused by name, and the grant is as good as before."""
    grant = asked(tx, what=what)
    with pytest.raises(RefusedError) as caught:
        use(tx, grant, digest=digest, plan_hash=plan_hash, now=now)
    assert refusal(caught) == reason
    assert use(tx, grant, plan_hash=what.plan_hash).stored == "redeemed"


def test_a_grant_without_its_approvals_is_refused(tx: Connection) -> None:
    """A grant that waits for approval, was refused, or was never given cannot be used."""
    grant = asked(tx, approvals=1)
    with pytest.raises(RefusedError) as caught:
        use(tx, grant)
    assert refusal(caught) == "approval_missing"
    assert granting.refuse(tx, grant.id, reason="no_role", now=20.0).stored == "refused"
    with pytest.raises(RefusedError) as caught:
        use(tx, grant)
    assert refusal(caught) == "grant_settled"
    with pytest.raises(RefusedError) as caught:
        granting.redeem(tx, "f" * 32, digest=DIGEST, plan_hash="", now=20.0)
    assert refusal(caught) == "grant_unknown"


def test_an_ended_request_cannot_be_approved(tx: Connection) -> None:
    """Approval after the end, of a used grant, or of an unknown one is refused by name."""
    late = asked(tx, approvals=1)
    with pytest.raises(RefusedError) as caught:
        granting.approve(tx, late.id, BERT, now=600.0)
    assert refusal(caught) == "grant_expired"
    used = use(tx, asked(tx, key="k2"))
    with pytest.raises(RefusedError) as caught:
        granting.approve(tx, used.id, BERT, now=20.0)
    assert refusal(caught) == "grant_settled"
    with pytest.raises(RefusedError) as caught:
        granting.approve(tx, "f" * 32, BERT, now=20.0)
    assert refusal(caught) == "grant_unknown"
    assert [late.state(now) for now in (599.9, 600.0)] == ["requested", "expired"]
    assert used.state(9999.0) == "redeemed"


def held(who: Principal = ANNA, *, team: str = "payments", project: str = "shop", device: bytes = b"d" * 32) -> Holding:
    """Make what credentials are for."""
    return leases.Holding(who, device, project, "web", team, "dev", "deploy", "kubernetes")


def leased(tx: Connection, holding: Holding | None = None, *, expires: float = 900.0) -> Lease:
    """Issue a lease at 10."""
    return leases.issue(tx, holding or held(), now=10.0, expires=expires, handle={"cluster": "c1"})


def test_a_lease_lives_until_it_is_revoked(tx: Connection) -> None:
    """A lease is issued, closed by its holder, due at once, and done when it is revoked."""
    lease = leased(tx)
    assert leases.get(tx, lease.id) == lease
    assert leases.set_handle(tx, lease.id, {"cluster": "c1", "secret": "s"})
    assert revoking.due(tx, now=100.0) == []
    closed = leases.close(tx, lease.id, outcome="succeeded", revoke=True)
    assert (closed.state, closed.outcome, closed.handle) == ("revoking", "succeeded", {"cluster": "c1", "secret": "s"})
    assert [found.id for found in revoking.due(tx, now=100.0)] == [lease.id]
    assert revoking.revoked(tx, lease.id)
    assert not revoking.revoked(tx, lease.id)
    assert revoking.due(tx, now=9999.0) == []


def test_the_first_outcome_counts(tx: Connection) -> None:
    """What a holder says later about a lease changes nothing, and a lease with nothing to revoke is closed."""
    lease = leased(tx)
    assert leases.close(tx, lease.id, outcome="failed", revoke=False).state == "closed"
    again = leases.close(tx, lease.id, outcome="succeeded", revoke=True)
    assert (again.outcome, again.state) == ("failed", "closed")
    with pytest.raises(RefusedError) as caught:
        leases.close(tx, "f" * 32, outcome="failed", revoke=True)
    assert refusal(caught) == "lease_unknown"


def test_revoking_is_tried_again_and_given_up(tx: Connection) -> None:
    """A revocation that fails is due again at its time, and no more once people have to look at it."""
    lease = leased(tx)
    leases.close(tx, lease.id, outcome="succeeded", revoke=True)
    assert revoking.revoke_failed(tx, lease.id, retry_at=200.0, give_up=False).attempts == 1
    assert revoking.due(tx, now=199.0) == []
    assert [found.id for found in revoking.due(tx, now=200.0)] == [lease.id]
    given_up = revoking.revoke_failed(tx, lease.id, retry_at=300.0, give_up=True)
    assert (given_up.state, given_up.attempts) == ("irrevocable", 2)
    assert revoking.due(tx, now=9999.0) == []


def test_a_lease_that_ended_unheard_is_listed(tx: Connection) -> None:
    """A lease past its end is due for clearing up, and its outcome is unknown until somebody says so."""
    late, early = leased(tx, expires=900.0), leased(tx, expires=500.0)
    assert [found.id for found in revoking.unknown_outcome(tx, now=900.0)] == [early.id, late.id]
    assert [found.id for found in revoking.due(tx, now=900.0, limit=1)] == [early.id]
    leases.close(tx, early.id, outcome="unknown", revoke=True)
    assert [found.id for found in revoking.unknown_outcome(tx, now=900.0)] == [late.id]


@pytest.mark.parametrize(
    ("kind", "subject"),
    [("user", ANNA.key), ("team", "payments"), ("project", "shop"), ("device", (b"d" * 32).hex())],
)
def test_a_lock_revokes_what_it_hits(tx: Connection, kind: str, subject: str) -> None:
    """Revoking by user, team, project or device hits the issued leases of it and no other."""
    hit = leased(tx)
    other = leased(tx, held(BERT, team="search", project="find", device=b"e" * 32))
    closed = leased(tx)
    leases.close(tx, closed.id, outcome="succeeded", revoke=False)
    assert revoking.revoke(tx, kind, subject) == 1
    assert [found.id for found in revoking.due(tx, now=20.0)] == [hit.id]
    assert leases.get(tx, other.id) == other
    with pytest.raises(RefusedError) as caught:
        revoking.revoke(tx, "planet", "x")
    assert refusal(caught) == "lock_kind"


def test_locks_hold_until_their_time(tx: Connection) -> None:
    """A lock holds until its end or its removal; locking again replaces it."""
    locks.put(tx, "team", "payments", reason="first", until=None, by=BERT, now=10.0)
    again = locks.put(tx, "team", "payments", reason="second", until=100.0, by=CARL, now=11.0)
    user = locks.put(tx, "user", ANNA.key, reason="gone", until=None, by=BERT, now=12.0)
    assert locks.active(tx, now=99.9) == [again, user]
    assert locks.active(tx, now=100.0) == [user]
    assert locks.remove(tx, "user", ANNA.key)
    assert not locks.remove(tx, "user", ANNA.key)
    assert locks.active(tx, now=100.0) == []
    with pytest.raises(RefusedError) as caught:
        locks.put(tx, "planet", "x", reason="", until=None, by=BERT, now=10.0)
    assert refusal(caught) == "lock_kind"


def test_a_project_belongs_to_one_team(tx: Connection) -> None:
    """Registering again is harmless; for another team or git remote it is refused, and the project stays."""

    def register(team: str, remote: str) -> projects.Registration:
        return projects.register(tx, "shop", team=team, remote=remote, by=ANNA, now=10.0)

    first = register("payments", "git.example/shop")
    assert first.created
    again = register("payments", "git.example/shop")
    assert (again.created, again.project) == (False, first.project)
    for team, remote, reason in (
        ("search", "git.example/shop", "project_taken"),
        ("payments", "git.example/other", "remote_differs"),
    ):
        with pytest.raises(RefusedError) as caught:
            register(team, remote)
        assert refusal(caught) == reason
    assert projects.find(tx, "shop") == first.project
    assert projects.find(tx, "nope") is None


def test_projects_come_in_pages(tx: Connection) -> None:
    """Pages give every project of the teams once."""
    for number in range(7):
        team = "payments" if number % 2 else "search"
        projects.register(tx, f"p{number}", team=team, remote=f"git.example/{number}", by=ANNA, now=10.0)
    seen, after = [], ""
    while page := projects.page(tx, after=after, limit=3):
        seen += [project.name for project in page]
        after = seen[-1]
    assert seen == [f"p{number}" for number in range(7)]
    assert [found.name for found in projects.page(tx, teams={"payments"})] == ["p1", "p3", "p5"]
    assert projects.page(tx, teams=[]) == []


def test_releases_are_found_newest_first(tx: Connection) -> None:
    """A release is found by image and environment, and history begins with the newest."""

    def record(environment: str, digest: str, now: float) -> releases.Release:
        draft = releases.Draft("shop", "web", environment, digest, "rev1", "ab" * 32, {"tests": [{"ok": True}]})
        return releases.record(tx, draft, now=now)

    first, second, third = record("dev", DIGEST, 1.0), record("dev", "sha256:2", 2.0), record("dev", DIGEST, 3.0)
    record("staging", DIGEST, 4.0)
    assert releases.find(tx, "shop", "web", "dev", DIGEST) == third
    assert releases.find(tx, "shop", "web", "prod", DIGEST) is None
    assert releases.history(tx, "shop", "web", "dev") == [third, second, first]
    assert releases.get(tx, first.id) == first

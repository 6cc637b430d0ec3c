"""Sessions and grants under any order of calls, against a model: what may happen once happens once."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, multiple, rule, run_state_machine_as_test

from teamconfig.identity.principal import Membership, Principal
from teamconfig.state import closing, granting, grants, leases, revoking, sessions, spending
from teamconfig.state.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from teamconfig.state.database import Database

EXAMPLES = int(os.environ.get("WAYPAAS_STATE_EXAMPLES", "15"))
COUNTER = itertools.count()
PEOPLE = st.sampled_from([Principal("issuer", name) for name in ("anna", "bert", "carl")])
TIMES = st.floats(0, 1000)
DIGEST = "sha256:" + "1" * 64


class Machine(RuleBasedStateMachine):
    """Calls in any order, and what must be true of their answers.

    Args:
        database: Shared by all examples.
    """

    grants = Bundle("grants")
    refresh_tokens = Bundle("refresh_tokens")

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.database = database
        self.approvers: dict[str, set[str]] = {}
        self.redeemed: dict[str, int] = {}
        self.leases: dict[str, int] = {}
        self.current: dict[str, str] = {}
        self.closed: set[str] = set()

    def call(self, change: Callable[[Connection], Any]) -> tuple[Any, str]:
        """Make a change as the writer would: refused ones are taken back, unless they are to be kept."""
        with self.database.writing() as tx:
            savepoint = tx.begin_nested()
            try:
                result = change(tx)
            except RefusedError as error:
                savepoint.commit() if error.keep else savepoint.rollback()
                return None, error.reason
            savepoint.commit()
            return result, ""

    @rule(target=grants, who=PEOPLE, wanted=st.integers(0, 2), expires=TIMES)
    def ask(self, who: Principal, wanted: int, expires: float) -> grants.Grant:
        """Ask for a grant: twice, which is the same as once."""
        what = grants.Wanted("p", "a", "w", "t", "e", "promote", DIGEST)
        key = f"key {next(COUNTER)}"

        def request(tx: Connection) -> grants.Grant:
            return granting.request(tx, who, what, idempotency_key=key, approvals_wanted=wanted, now=0, expires=expires)

        grant, _ = self.call(request)
        assert self.call(request)[0] == grant
        self.approvers[grant.id] = set()
        return grant

    @rule(grant=grants, who=PEOPLE, now=TIMES)
    def approve(self, grant: grants.Grant, who: Principal, now: float) -> None:
        """Approve: never one's own, never after the end."""
        found, reason = self.call(lambda tx: granting.approve(tx, grant.id, who, now=now))
        if who == grant.requester:
            assert reason == "self_approval"
        elif not reason:
            assert now < grant.expires
            assert grant.id not in self.redeemed
            if len(self.approvers[grant.id]) < grant.approvals_wanted:
                self.approvers[grant.id].add(who.key)
            assert {person.key for person in found.approvers} == self.approvers[grant.id]

    @rule(grant=grants, now=TIMES, good=st.booleans())
    def redeem(self, grant: grants.Grant, now: float, good: bool) -> None:  # noqa: FBT001  # hypothesis gives it
        """Use a grant and lease credentials for it: once, in time, approved, for the right image."""

        def use(tx: Connection) -> leases.Lease:
            digest = DIGEST if good else "sha256:2"
            used = granting.redeem(tx, grant.jti, digest=digest, plan_hash="", now=now)
            holding = leases.Holding(used.requester, b"", "p", "a", "t", "e", "promote", "aws", used.id)
            return leases.issue(tx, holding, now=now, expires=now + 900)

        _, reason = self.call(use)
        may = (
            good
            and now < grant.expires
            and grant.id not in self.redeemed
            and len(self.approvers[grant.id]) >= grant.approvals_wanted
        )
        assert (reason == "") == may, reason
        if may:
            self.redeemed[grant.id] = 1

    @rule(target=refresh_tokens, who=PEOPLE, expires=TIMES)
    def sign_in(self, who: Principal, expires: float) -> tuple[str, str]:
        """Open a session."""
        tokens = fresh(expires)

        def change(tx: Connection) -> sessions.Session:
            return sessions.open(
                tx,
                who,
                provider="p",
                device_key=b"",
                device_name="",
                membership=Membership(),
                tokens=tokens,
                now=0,
            )

        session, _ = self.call(change)
        self.current[session.id] = tokens.refresh
        return session.id, tokens.refresh

    @rule(target=refresh_tokens, token=refresh_tokens, now=TIMES, expires=TIMES)
    def refresh(self, token: tuple[str, str], now: float, expires: float) -> Any:
        """Refresh with any token that was ever given: only the newest works, an older one closes the session."""
        session, refresh = token
        new = fresh(expires)
        renewed, reason = self.call(lambda tx: spending.rotate(tx, refresh, tokens=new, now=now))
        if session in self.closed:
            assert reason == "session_closed"
        elif self.current[session] != refresh:
            assert reason == "refresh_reused"
            self.closed.add(session)
        elif reason:
            assert reason == "refresh_expired"
        else:
            assert renewed.id == session
            self.current[session] = new.refresh
            return session, new.refresh
        return multiple()

    @rule(token=consumes(refresh_tokens))
    def sign_out(self, token: tuple[str, str]) -> None:
        """Close a session: once."""
        closed, _ = self.call(lambda tx: closing.close(tx, token[0], now=1.0))
        assert closed == (token[0] not in self.closed)
        self.closed.add(token[0])

    def teardown(self) -> None:
        """Compare the database with the model: one lease per redeemed grant, closed sessions closed."""
        with self.database.reading() as tx:
            for grant in self.approvers:
                found = grants.get(tx, grant)
                assert found is not None
                assert (found.stored == "redeemed") == (grant in self.redeemed)
                assert found.requester.key not in {person.key for person in found.approvers}
            held = [lease.holding.grant_id for lease in revoking.unknown_outcome(tx, now=1e9, limit=100000)]
            assert all(held.count(grant) == 1 for grant in self.redeemed)
            for session in self.current:
                kept = sessions.get(tx, session)
                assert kept is not None
                assert (kept.closed_at is not None) == (session in self.closed)


def fresh(expires: float) -> sessions.Tokens:
    """Make tokens that nobody has."""
    number = next(COUNTER)
    return sessions.Tokens(f"{number:064x}", expires, f"{number:064x}", expires)


def test_any_order_of_calls_keeps_the_promises(database: Database) -> None:
    """One use per grant, no self-approval, one valid refresh token per session, whatever the order of calls."""
    run_state_machine_as_test(
        lambda: Machine(database),
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )

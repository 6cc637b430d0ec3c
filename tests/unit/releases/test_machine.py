"""Promotions in any order of calls, by any owners, with any delays: never two at once, no release lost or doubled."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from teamconfig.releases import chain as chains
from teamconfig.releases import guarding, promoting, recording
from teamconfig.releases.errors import LedgerError
from teamconfig.releases.guarding import By
from teamconfig.releases.promotion import Wanted
from teamconfig.releases.store import TABLES, Store
from tests.unit.releases import made

if TYPE_CHECKING:
    from collections.abc import Callable

    from teamconfig.releases.promotion import Promotion
    from teamconfig.releases.record import Record

OWNERS = st.sampled_from(["lena/1", "lena/2", "leo/1"])
IMAGES = st.integers(0, 2)
STAGING = ("shop", "web", "staging")


class Promotions(RuleBasedStateMachine):
    """A ledger in memory, and what each owner believes to have begun."""

    def __init__(self) -> None:
        super().__init__()
        self.database = sqlite3.connect(":memory:", isolation_level=None)
        self.database.executescript(TABLES)
        self.store = Store(lambda text, values: self.database.execute(text, values).fetchall(), made.trusted())
        self.now = made.NOW
        self.parents = [
            self.kept(lambda one=number: self.recorded(one)) for number in range(3)  # type: ignore[misc]  # one lambda
        ]  # fmt: skip
        self.begun: dict[str, Promotion] = {}
        self.released: list[str] = []

    def recorded(self, number: int) -> Record:
        """Record an image in dev."""
        draft = made.draft(digest=made.digest(f"image {number}"))
        return recording.record(self.store, draft, "", By("i|dora", "dora", self.now), made.SIGNER)

    def by(self, owner: str) -> By:
        """Give whose process it is."""
        name = owner.partition("/")[0]
        return By(f"i|{name}", name, self.now)

    def kept(self, change: Callable[[], Any]) -> Any:
        """Make a change in a transaction; None if it was refused."""
        self.database.execute("BEGIN IMMEDIATE")
        try:
            found = change()
        except LedgerError:
            self.database.execute("ROLLBACK")
            return None
        self.database.execute("COMMIT")
        return found

    @rule(owner=OWNERS, number=IMAGES, instead_of=OWNERS | st.just(""))
    def begin(self, owner: str, number: int, instead_of: str) -> None:
        """Somebody begins, perhaps in the place of a process that they believe to be gone."""
        parent = self.parents[number]
        wanted = Wanted(project="shop", app="web", environment="staging", digest=parent.digest, parent=parent.id)
        before = self.store.open_promotion(*STAGING)
        found = self.kept(lambda: promoting.begin(self.store, wanted, owner, 60, instead_of, self.by(owner)))
        if found is None:
            assert before is not None, "a free environment was refused"
            assert before.owner != owner
            assert before.expires > self.now, "a claim that has expired was in the way"
            return
        if before is not None and before.owner != owner:
            assert before.expires <= self.now or (before.owner == instead_of and before.by == found.by), "it was stolen"
        assert (found.wanted, found.owner) == (wanted, owner), "somebody got another's promotion"
        self.begun[owner] = found

    @rule(owner=OWNERS, name=st.sampled_from(["move", "deploy", "test", ""]))
    def step(self, owner: str, name: str) -> None:
        """Somebody goes on with what they believe to be theirs."""
        mine = self.begun.get(owner)
        if mine is not None:
            self.kept(lambda: promoting.step(self.store, mine.id, owner, name, "r", self.by(owner)))

    @rule(owner=OWNERS)
    def finish(self, owner: str) -> None:
        """Somebody ends what they believe to be theirs; who ends it again gets the same record."""
        mine = self.begun.get(owner)
        if mine is None:
            return
        draft = made.draft(
            environment="staging", kind="promote", parent=mine.wanted.parent, digest=mine.wanted.digest
        )  # fmt: skip
        before = self.store.promotion(mine.id)
        assert before is not None
        found = self.kept(
            lambda: promoting.finish(self.store, mine.id, owner, draft, self.by(owner), made.SIGNER)
        )  # fmt: skip
        if found is not None:
            assert before[0].owner == owner, "somebody ended another's promotion"
            if not before[0].ended:
                self.released.append(found.id)
            assert found.id in self.released

    @rule(owner=OWNERS)
    def abandon(self, owner: str) -> None:
        """Somebody gives up."""
        mine = self.begun.get(owner)
        if mine is not None:
            self.kept(lambda: promoting.abandon(self.store, mine.id, owner, self.by(owner)))

    @rule(seconds=st.sampled_from([1, 30, 61]))
    def wait(self, seconds: int) -> None:
        """Time goes by."""
        self.now += seconds

    @rule()
    def lift(self) -> None:
        """Nothing holds the environment, so there is nothing to lift."""
        assert self.kept(lambda: guarding.lift(self.store, *STAGING)) is None

    @invariant()
    def one_is_open(self) -> None:
        """At most one promotion is open, and the releases are those that ended, in order."""
        rows = self.database.execute("SELECT count(*) FROM release_promotions WHERE ended = ''").fetchone()
        assert rows[0] <= 1
        found = self.store.history(*STAGING, 500)
        assert [one.id for one in reversed(found)] == self.released

    def teardown(self) -> None:
        """Whatever happened, the chain verifies."""
        envelopes = self.store.envelopes("shop", "web")
        chains.verify(chains.link("shop", "web", envelopes, [], made.SIGNER, self.now), made.trusted())
        self.database.close()


TestPromotions = Promotions.TestCase
TestPromotions.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)

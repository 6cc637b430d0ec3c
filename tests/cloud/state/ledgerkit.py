"""A ledger for tests, of any kind, driven by the rules themselves with a clock that is set."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest

from teamconfig.identity.principal import Principal
from teamconfig.releases import promoting, recording
from teamconfig.releases.errors import LedgerError
from teamconfig.releases.guarding import By
from teamconfig.releases.promotion import Wanted
from teamconfig.state import ledgers
from teamconfig.state.errors import RefusedError
from teamconfig.state.writer import Event
from tests.unit.releases import made

if TYPE_CHECKING:
    from collections.abc import Callable

    from teamconfig.releases.promotion import Promotion
    from teamconfig.releases.record import Draft, Record
    from teamconfig.releases.store import Store
    from teamconfig.state.writer import Writer

DEV, STAGING = ("shop", "web", "dev"), ("shop", "web", "staging")


class Kept:
    """A ledger of any kind, driven by the rules themselves with a clock that is set.

    Args:
        run: Makes a change in a transaction of its own.
    """

    def __init__(self, run: Callable[[Callable[[Store], Any]], Any]) -> None:
        self.run = run
        self.now = made.NOW

    def by(self, name: str = "lena") -> By:
        """Be somebody."""
        return By(f"i|{name}", name, self.now)

    def record(self, draft: Draft, key: str = "", name: str = "lena") -> Record:
        """Keep a release."""
        found: Record = self.run(lambda store: recording.record(store, draft, key, self.by(name), made.SIGNER))
        return found

    def begin(
        self, wanted: Wanted, owner: str = "p1", name: str = "lena", instead_of: str = "", seconds: int = 60
    ) -> Promotion:
        """Claim an environment."""
        found: Promotion = self.run(
            lambda store: promoting.begin(store, wanted, owner, seconds, instead_of, self.by(name))
        )  # fmt: skip
        return found

    def step(self, of: Promotion, name: str, result: str = "", owner: str = "p1", who: str = "lena") -> Promotion:
        """Note a step."""
        found: Promotion = self.run(lambda store: promoting.step(store, of.id, owner, name, result, self.by(who)))
        return found

    def finish(self, of: Promotion, draft: Draft, owner: str = "p1", who: str = "lena") -> Record:
        """End a promotion."""
        found: Record = self.run(
            lambda store: promoting.finish(store, of.id, owner, draft, self.by(who), made.SIGNER)
        )  # fmt: skip
        return found

    def refusal(self, what: Callable[..., object], *given: Any, **named: Any) -> LedgerError | RefusedError:
        """Do what is refused, and give the refusal."""
        try:
            what(*given, **named)
        except (LedgerError, RefusedError) as err:
            return err
        pytest.fail("it was not refused")

    def reason(self, what: Callable[..., object], *given: Any, **named: Any) -> str:
        """Do what is refused, and give the reason."""
        return self.refusal(what, *given, **named).reason

    def ask(self, rule: Callable[..., Any], *given: Any) -> Any:
        """Use a rule whose first argument is the store."""
        return self.run(lambda store: rule(store, *given))


def wanted(parent: Record, environment: str = "staging", **changes: Any) -> Wanted:
    """Want a record's image somewhere."""
    return dataclasses.replace(
        Wanted(project="shop", app="web", environment=environment, digest=parent.digest, parent=parent.id), **changes
    )  # fmt: skip


def going(of: Record, **changes: Any) -> Draft:
    """Give the draft that a promotion of a record into staging ends with."""
    return made.draft(
        digest=of.digest, **{"environment": "staging", "kind": "promote", "parent": of.id, **changes}
    )  # fmt: skip


def by_writer(writer: Writer) -> Callable[[Callable[[Store], Any]], Any]:
    """Give what makes changes by the writer of a database."""
    event = Event(time=1.0, principal=Principal("i", "s"), action="test", outcome="allowed")

    def inside(change: Callable[[Store], Any]) -> Any:
        made_one = ledgers.changing(made.trusted(), lambda store, _tx: change(store))
        return writer.submit(made_one, lambda _: event).result(10)

    return inside

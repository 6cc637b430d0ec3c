"""Insiders with the right to record, over a real TLS server and PostgreSQL: what their own word does not get them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.cloud.service.releasekit import State, draft, image, ledger, reason, wanted

if TYPE_CHECKING:
    from tests.cloud.service.conftest import People


def test_ones_own_word_opens_no_window(people: People, state: State, app: str) -> None:
    """A rollback to what somebody only says that ran there is held to windows and tests as any release."""
    dora, client = ledger(people, "dora", "developers"), people.sign_in("dora", "developers")
    digest = image()
    dora.record(draft(app, "dev", digest))
    state.see(app, "dev", digest)
    given = "shop", app, "closed", "deploy", "kubernetes", (), digest
    assert reason(client.credentials, *given) == "window_closed"
    said = dora.record(draft(app, "closed", digest))
    assert not said.witnessed
    dora.begin(wanted(said, "closed", "rollback"), "p1")
    assert reason(client.credentials, *given) == "window_closed"


def test_what_was_seen_there_goes_back_at_any_time(people: People, state: State, app: str) -> None:
    """A rollback to what the service has seen there needs no window, also where others have said more since."""
    dora, client = ledger(people, "dora", "developers"), people.sign_in("dora", "developers")
    digest = image()
    first = dora.record(draft(app, "dev", digest))
    state.see(app, "dev", digest)
    state.see(app, "closed", digest)
    there = dora.record(draft(app, "closed", digest))
    assert (first.witnessed, there.witnessed) == (False, True)
    state.see(app, "closed", image())
    assert not dora.record(draft(app, "closed", digest)).witnessed
    dora.begin(wanted(there, "closed", "rollback"), "p1")
    given = "shop", app, "closed", "deploy", "kubernetes", (), digest
    assert reason(client.credentials, *given) == "unreachable", "it went as far as the cluster"

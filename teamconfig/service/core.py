"""What all calls share: the database, the standards, who may sign in, keys, and what is known of both for a second.

Locks and registered projects are read again every second, so that a lock holds
within a few seconds on every replica; sessions are remembered for two.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from teamconfig.policy import standing
from teamconfig.service import kept, limits
from teamconfig.service.answers import Answers
from teamconfig.service.facts import Facts
from teamconfig.service.refusal import unauthenticated, unavailable
from teamconfig.state import audit, locks, projects, sessions
from teamconfig.state.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from sqlalchemy import Connection

    from teamconfig.identity.principal import Membership, Principal
    from teamconfig.policy.standing import Standing
    from teamconfig.releases.chain import RetiredKey
    from teamconfig.service.config import Config
    from teamconfig.service.revisions import Revision, Revisions
    from teamconfig.service.telemetry import Metrics, Traces
    from teamconfig.service.tls import Certificates
    from teamconfig.state.chain import Verdict
    from teamconfig.state.checkpoints import Checkpointer, Sink
    from teamconfig.state.database import Database
    from teamconfig.state.sessions import Session
    from teamconfig.state.writer import Writer
    from teamconfig.tree import Tree

T = TypeVar("T")

SESSION_SECONDS = 2.0
"""How long a session is remembered; it may be closed on another replica meanwhile."""

FACTS_SECONDS = 1.0
"""Between two looks at locks and registered projects."""

FACTS_MAX_SECONDS = 10.0
"""Without a look for that long nothing is decided any more."""

READ_SECONDS = 2.0
"""A read that takes longer is answered with "unavailable", whatever becomes of it."""

READERS = "database-read"
"""How the names of the threads begin that read from the database."""

_SESSIONS = 4096
_PEERS = 1000
_READERS = 8


class Core:
    """One service process.

    Args:
        config: Of the service.
        database: Open and upgraded.
        writer: Of the database.
        revisions: Of the standards.
        key: Signs profiles and grants.
        providers: By name.
        issuers: Of credentials, by platform.
        metrics: Counters.
        traces: Spans.
        audit_key: Of the audit's chain.
        sink: Of the audit's checkpoints.
        checkpointer: Adds them.
    """

    def __init__(
        self,
        config: Config,
        database: Database,
        writer: Writer,
        revisions: Revisions,
        key: Ed25519PrivateKey,
        providers: Mapping[str, Any],
        issuers: Mapping[str, Any],
        metrics: Metrics,
        traces: Traces,
        audit_key: bytes,
        sink: Sink,
        checkpointer: Checkpointer,
    ) -> None:
        self.config = config
        self.database = database
        self.writer = writer
        self.revisions = revisions
        self.key = key
        self.providers = providers
        self.issuers = issuers
        self.metrics = metrics
        self.traces = traces
        self.audit_key = audit_key
        self.checkpoints = sink
        self.checkpointer = checkpointer
        self.seen = limits.Seen(300.0)
        self.answers = Answers()
        self.dropped: dict[str, int] = {}
        self.callers = limits.Buckets(config.calls_per_second, config.calls_per_second * 2)
        self.strangers = limits.Buckets(config.calls_per_second, config.calls_per_second * 2)
        self.sign_ins = limits.Buckets(0.2, 5.0)
        self.facts = Facts()
        self._sessions: OrderedDict[str, tuple[float, Session]] = OrderedDict()
        self._overlaid: tuple[Revision, Mapping[str, str], Tree] | None = None
        self.certificates: Certificates | None = None
        self.retired: tuple[RetiredKey, ...] = ()
        self._readers = ThreadPoolExecutor(_READERS, READERS)
        self.of_tree = kept.Kept()
        self.of_revision = kept.Kept()

    @staticmethod
    def clock() -> float:
        """Tell the time, seconds since 1970."""
        return time.time()

    def now(self) -> float:
        """Tell the time, seconds since 1970."""
        return self.clock()

    def verify_audit(self, *, without_checkpoints: bool) -> Verdict:
        """Check the audit's chain; takes long, and runs in a thread.

        Args:
            without_checkpoints: Accept that there is none to compare with.

        Returns:
            Whether it is whole.
        """
        known = self.checkpoints.read()
        return audit.check(self.database, self.audit_key, known, without_checkpoints=without_checkpoints)

    @property
    def revision(self) -> Revision:
        """The revision that is served.

        Raises:
            Refusal: There is none yet.
        """
        current = self.revisions.current
        if current is None:
            refused = self.revisions.refused
            why = refused.problems[0].what if refused is not None else "no standards have been read yet"
            raise unavailable("no_standards", why)
        return current

    @property
    def tree(self) -> Tree:
        """The standards, with the projects that were registered by calls.

        Raises:
            Refusal: As of `served`.
        """
        return self.served[1]

    @property
    def served(self) -> tuple[Revision, Tree]:
        """The revision that is served, and its tree with the projects that were registered by calls.

        Raises:
            Refusal: There is none yet, or the database has not been readable for too long.
        """
        revision, facts = self.revision, self.facts
        if time.monotonic() - facts.read_at > FACTS_MAX_SECONDS:
            raise unavailable("database_away", "locks cannot be read from the database")
        made = self._overlaid
        if made is None or made[0] is not revision or made[1] is not facts.projects:
            made = (revision, facts.projects, revision.tree.with_projects(facts.projects))
            self._overlaid = made
        return revision, made[2]

    def standing(self, principal: Principal, membership: Membership) -> Standing:
        """Find out what somebody is by the standards.

        Args:
            principal: Who.
            membership: What the issuer says of them.

        Returns:
            The standing.

        Raises:
            Refusal: As of `served`.
        """
        tree = self.tree
        key = "standing", kept.who(principal, membership)
        return self.of_tree.get(tree, key, lambda: standing.of(tree, principal, membership))

    async def read(self, query: Callable[[Connection], T]) -> T:
        """Read from the database, in a thread.

        Args:
            query: Reads by the connection that it is given.

        Returns:
            What it found.

        Raises:
            Refusal: The database is away.
        """
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(READ_SECONDS):  # the thread may be stuck for longer
                return await loop.run_in_executor(self._readers, self._read, query)
        except StateError as err:
            raise unavailable(err.reason, err.problem.why or err.problem.what) from err
        except TimeoutError as err:
            raise unavailable("database_slow", f"the database gave no answer in {READ_SECONDS:g} s") from err

    def _read(self, query: Callable[[Connection], T]) -> T:
        with self.database.reading() as tx:
            return query(tx)

    async def session(self, token_hash: str) -> Session | None:
        """Find a session by the hash of its access token.

        Args:
            token_hash: As `proof.token_hash` gives it.

        Returns:
            The session, perhaps closed or expired; None if there is none.
        """
        now = time.monotonic()
        kept = self._sessions.get(token_hash)
        if kept is not None and now - kept[0] < SESSION_SECONDS:
            return kept[1]
        found = await self.read(lambda tx: sessions.by_access(tx, token_hash))
        if found is not None:
            self._sessions[token_hash] = (now, found)
            self._sessions.move_to_end(token_hash)
            if len(self._sessions) > _SESSIONS:
                self._sessions.popitem(last=False)
        return found

    def close(self) -> None:
        """Read no more; who reads from a database that hangs is not waited for."""
        self._readers.shutdown(wait=False, cancel_futures=True)

    def drop(self, peer: str) -> None:
        """Count a call that was not taken, of somebody who is not known.

        Args:
            peer: Where it came from.
        """
        if peer in self.dropped or len(self.dropped) < _PEERS:
            self.dropped[peer] = self.dropped.get(peer, 0) + 1

    def provider_of(self, session: Session) -> Any:
        """Give the provider by which somebody signed in.

        Args:
            session: Theirs.

        Returns:
            The provider.

        Raises:
            Refusal: It is not configured any more.
        """
        provider = self.providers.get(session.provider)
        if provider is None:
            raise unauthenticated("provider_gone", f"the service knows no provider {session.provider} any more")
        return provider

    def forget_sessions(self) -> None:
        """Read all sessions anew: one of them has changed."""
        self._sessions.clear()

    async def refresh_facts(self) -> None:
        """Read locks and registered projects."""
        now = self.now()

        def query(tx: Connection) -> tuple[dict[tuple[str, str], str], dict[str, str]]:
            held = {(str(lock.kind), lock.subject): lock.reason for lock in locks.active(tx, now=now)}
            return held, {one.name: one.team for one in projects.page(tx, limit=100_000)}

        held, registered = await self.read(query)
        before = self.facts.projects
        kept = before if before == registered else registered  # the same object keeps the overlaid tree
        self.facts = Facts(held, kept, time.monotonic())

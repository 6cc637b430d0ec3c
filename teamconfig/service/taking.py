"""Which revision of the standards may be served: its policy tests pass, and its signers may change what it changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from teamconfig import StandardsError, reading
from teamconfig.errors import Problem
from teamconfig.identity.principal import Membership, Principal
from teamconfig.policy import changes, rows, standing
from teamconfig.policy.changes import Signer
from teamconfig.service.call import NOBODY
from teamconfig.state import taken
from teamconfig.state.writer import Event
from teamconfig.store.history import History

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from teamconfig.service.revisions import Directory, Revision
    from teamconfig.state.database import Database
    from teamconfig.state.taken import Taken
    from teamconfig.state.writer import Writer
    from teamconfig.tree import Tree

TESTS = "policy-tests.yaml"
_SECONDS = 10.0


class Taking:
    """Judges new revisions, and numbers those that are taken.

    Args:
        source: Where revisions come from.
        database: Remembers the last one.
        writer: Of the database.
        signers: Ids of groups by name of a signer, as in the service's configuration.
        signed: Whether commits have to be signed.
        now: The clock, seconds since 1970.
    """

    def __init__(
        self,
        source: Directory | History,
        database: Database,
        writer: Writer,
        signers: Mapping[str, Sequence[str]],
        now: Callable[[], float],
        *,
        signed: bool,
    ) -> None:
        self._source = source
        self._database = database
        self._writer = writer
        self._signers = signers
        self._signed = signed
        self._now = now

    def check(self, old: Revision | None, new: Tree, commit: str) -> list[Problem]:
        """Judge a revision.

        Args:
            old: That is served; None right after the start.
            new: Read and valid.
            commit: Of the new one; a name with ":" if it is none.

        Returns:
            What is wrong with it.
        """
        problems: list[Problem] = []
        tests = self._source.files(commit).get(TESTS)
        if tests is not None:
            found, problems = rows.read(tests)
            if not problems:
                problems = rows.check(new, found)
        if isinstance(self._source, History):
            problems += self._lineage(self._source, old, new, commit)
        return problems

    def _lineage(self, source: History, old: Revision | None, new: Tree, commit: str) -> list[Problem]:
        """Hold a commit against the one that was taken last, also by an earlier run of the service."""
        before = self._last()
        if before is None or not before.commit:
            source.signers("", commit)
            return []
        forward = source.descends(before.commit, commit)
        if not self._signed:
            why = f"{before.name}, which was served last, is not among its ancestors; old rights could come back"
            return [] if forward else [
                Problem("the new revision is not a fast-forward", why, "revert by a new commit", new.revision)
            ]  # fmt: skip
        old_tree = old.tree if old is not None and old.commit == before.commit else self._read(source, before)
        names = source.signers(before.commit, commit) if forward else ()
        return changes.check(
            old_tree, new, {name: self._signer(old_tree, name) for name in names}, fast_forward=forward
        )

    def _read(self, source: History, before: Taken) -> Tree:
        try:
            return reading.tree(source.files(before.commit), revision=before.name, origin=str(source.place))
        except StandardsError as err:
            problem = Problem(
                f"{before.name}, which was served last, cannot be read any more",
                err.problems[0].what,
                "bring its commit back into the repository",
                str(source.place),
            )
            raise StandardsError([problem]) from err

    def _signer(self, tree: Tree, name: str) -> Signer:
        groups = frozenset(self._signers.get(name, ()))
        held = standing.of(tree, Principal("signer", name), Membership(groups=groups))
        return Signer(frozenset(held.teams), frozenset(str(role) for role in held.organization))

    def serial(self, name: str, commit: str) -> int:
        """Note that a revision is taken, in the database and the audit.

        Args:
            name: Of the revision.
            commit: Full name in git, or empty.

        Returns:
            Its serial.
        """

        def event(result: object) -> Event:
            failed = isinstance(result, Exception)
            return Event(
                time=self._now(), principal=NOBODY, action="take-revision", outcome="failed" if failed else "allowed",
                revision=name, details={"commit": commit},
            )  # fmt: skip

        return self._writer.submit(lambda tx: taken.take(tx, name, commit), event).result(_SECONDS).serial

    def _last(self) -> Taken | None:
        with self._database.reading() as tx:
            return taken.last(tx)

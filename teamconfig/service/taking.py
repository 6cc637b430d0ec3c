"""Which revision of the standards may be served: its policy tests pass, and its signers may change what it changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from teamconfig import StandardsError, checking, reading
from teamconfig.errors import Problem
from teamconfig.identity.principal import Membership, Principal
from teamconfig.policy import changes, rows, standing
from teamconfig.policy.changes import Signed, Signer
from teamconfig.service.call import NOBODY
from teamconfig.state import taken
from teamconfig.state.writer import Event
from teamconfig.store.history import History

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from teamconfig.service.revisions import Directory, Revision
    from teamconfig.state.database import Database
    from teamconfig.state.taken import Taken
    from teamconfig.state.writer import Writer
    from teamconfig.store.history import Commit
    from teamconfig.tree import Tree

TESTS = "policy-tests.yaml"
_SECONDS = 10.0
MOST_COMMITS = 200
"""Commits of which it is looked at what they hold, the newest first; who signed older ones only does not count."""


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
        files = self._source.files(commit)
        before = old.files if old is not None else {}
        report = checking.check(new, _changed(before, files, new))
        problems = [problem for problem, _ in report.problems]
        tests = files.get(TESTS)
        if tests is not None:
            found, broken = rows.read(tests)
            problems += broken or rows.check(new, found)
        if isinstance(self._source, History):
            problems += self._lineage(self._source, old, new, commit)
        return problems

    def _lineage(self, source: History, old: Revision | None, new: Tree, commit: str) -> list[Problem]:
        """Hold a commit against the one that was taken last, also by an earlier run of the service."""
        before = self.last()
        if before is None or not before.commit:
            source.commits("", commit)
            return []
        forward = source.descends(before.commit, commit)
        if not self._signed:
            why = f"{before.name}, which was served last, is not among its ancestors; old rights could come back"
            return [] if forward else [
                Problem("the new revision is not a fast-forward", why, "revert by a new commit", new.revision)
            ]  # fmt: skip
        old_tree = old.tree if old is not None and old.commit == before.commit else self._read(source, before)
        commits = source.commits(before.commit, commit) if forward else []
        signed = self._signatures(source, (before.commit, old_tree), (commit, new), commits[:MOST_COMMITS])
        return changes.check(old_tree, new, signed, fast_forward=forward)

    def _signatures(
        self, source: History, old: tuple[str, Tree], new: tuple[str, Tree], commits: Sequence[Commit]
    ) -> Iterator[Signed]:
        """Tell who signed what; a commit whose standards cannot be read counts for nobody."""
        served, tree = old
        read: dict[str, Tree] = {}
        for commit in commits:
            signer = self._signer(tree, commit.signer)
            if commit.name == new[0]:
                yield Signed(commit.signer, signer, tree, new[1])
                continue
            place = source.base(served, commit.name)
            if not place:
                continue
            try:
                base = tree if place == served else self._content(source, place, place, read)
                held = self._content(source, commit.name, commit.content, read)
            except StandardsError:
                continue
            yield Signed(commit.signer, signer, base, held)

    @staticmethod
    def _content(source: History, commit: str, content: str, read: dict[str, Tree]) -> Tree:
        """Read the standards of a commit, once for all commits that hold the same."""
        if content not in read:
            read[content] = reading.tree(source.files(commit), revision=commit, origin=str(source.place))
        return read[content]

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

    def last(self) -> Taken | None:
        """Give the revision that was taken last, by any process."""
        with self._database.reading() as tx:
            return taken.last(tx)


def _changed(before: Mapping[str, bytes], after: Mapping[str, bytes], tree: Tree) -> set[str]:
    """Name the teams whose profiles may be other ones: those with a changed file, or all if the company's changed."""
    touched = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    if any(not path.startswith("teams/") for path in touched - {TESTS}):
        return set(tree.teams)
    return {path.split("/")[1] for path in touched if path != TESTS} & set(tree.teams)

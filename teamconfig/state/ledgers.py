"""The ledger of releases in the service's database: the statements of `teamconfig.releases`, run in a transaction.

Owns how they are run, and that what the ledger refuses is a refusal of the
writer's, so that its audit row is kept. Decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import text

from teamconfig.errors import StandardsError
from teamconfig.releases import statement
from teamconfig.releases.store import Store
from teamconfig.state import signingkeys
from teamconfig.state.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Connection

T = TypeVar("T")

_MARKED = text(
    "SELECT 1 FROM release_rejections WHERE project IN ('', :project) AND digest = :digest"
    " UNION ALL SELECT 1 FROM release_holds WHERE project = :project AND app = :app AND environment = :environment"
    " UNION ALL SELECT 1 FROM locks WHERE until IS NULL OR until > :now"
)


def store(tx: Connection, keys: Mapping[str, bytes]) -> Store:
    """Give the rows of the ledger.

    Args:
        tx: Any connection to read; a transaction of the writer to write.
        keys: Public keys that records are to be signed by, by id; those that the service has signed by before count
            as well.

    Returns:
        The store.
    """

    def execute(statement: str, values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        if statement.startswith("SELECT"):
            return [tuple(row) for row in tx.execute(text(statement).columns(), dict(values))]
        tx.execute(text(statement), dict(values))
        return []

    return Store(execute, _Keys(tx, keys))


def is_marked(tx: Connection, place: tuple[str, str, str], digest: str, *, now: float) -> bool:
    """Tell by one question whether anything may speak against an image in a place; `Store` and `locks` tell what.

    Args:
        tx: Any connection.
        place: Project, app, environment.
        digest: Of the image; empty where none is named.
        now: Seconds since 1970.

    Returns:
        Whether the image is rejected for the project, the environment is held, or anybody at all is locked.
    """
    project, app, environment = place
    values = {"project": project, "app": app, "environment": environment, "digest": digest, "now": now}
    return tx.execute(_MARKED, values).first() is not None


def changing(keys: Mapping[str, bytes], change: Callable[[Store, Connection], T]) -> Callable[[Connection], T]:
    """Make a change of the ledger one of the writer's.

    Args:
        keys: As in `store`.
        change: Writes; what it raises as a StandardsError is taken back.

    Returns:
        The change, which raises RefusedError instead.
    """

    def made(tx: Connection) -> T:
        try:
            return change(store(tx, keys), tx)
        except StandardsError as err:
            raise RefusedError(err.problems[0], getattr(err, "reason", "option_refused")) from err

    return made


class _Keys(Mapping[str, bytes]):
    """The present keys, and the retired ones: these are asked for only where a record is signed by none of the present.

    Args:
        tx: Any connection.
        present: By id.
    """

    def __init__(self, tx: Connection, present: Mapping[str, bytes]) -> None:
        self._tx = tx
        self._present = present
        self._all: Mapping[str, bytes] | None = None

    def __getitem__(self, name: str) -> bytes:
        """Give a key by its id."""
        return self._present[name] if name in self._present else self._known()[name]

    def __iter__(self) -> Iterator[str]:
        """Give the ids of all."""
        return iter(self._known())

    def __len__(self) -> int:
        """Count all."""
        return len(self._known())

    def _known(self) -> Mapping[str, bytes]:
        if self._all is None:
            found = [bytes.fromhex(one.public) for one in signingkeys.known(self._tx)]
            self._all = {**{statement.key_id(key): key for key in found}, **self._present}
        return self._all

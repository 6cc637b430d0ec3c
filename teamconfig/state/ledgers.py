"""The ledger of releases in the service's database: the statements of `teamconfig.releases`, run in a transaction.

Owns how they are run, and that what the ledger refuses is a refusal of the
writer's, so that its audit row is kept. Decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import text

from teamconfig.errors import StandardsError
from teamconfig.releases.store import Store
from teamconfig.state.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Connection

    from teamconfig.releases.store import Keys

T = TypeVar("T")

_MARKED = text(
    "SELECT 1 FROM release_rejections WHERE project IN ('', :project) AND digest = :digest"
    " UNION ALL SELECT 1 FROM release_holds WHERE project = :project AND app = :app AND environment = :environment"
    " UNION ALL SELECT 1 FROM locks WHERE until IS NULL OR until > :now"
)


def store(tx: Connection, keys: Keys) -> Store:
    """Give the rows of the ledger.

    Args:
        tx: Any connection to read; a transaction of the writer to write.
        keys: That records are to be signed by; the database has no say in it.

    Returns:
        The store.
    """

    def execute(statement: str, values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        if statement.startswith("SELECT"):
            return [tuple(row) for row in tx.execute(text(statement).columns(), dict(values))]
        tx.execute(text(statement), dict(values))
        return []

    return Store(execute, keys)


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


def changing(keys: Keys, change: Callable[[Store, Connection], T]) -> Callable[[Connection], T]:
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

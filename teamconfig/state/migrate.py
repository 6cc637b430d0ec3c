"""Brings the tables up to date by Alembic's migrations, which come with the package.

Owns where the migrations are and which revision is the newest.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError

from teamconfig.errors import Problem
from teamconfig.state.errors import TooNewError

if TYPE_CHECKING:
    from sqlalchemy import Connection

_ONE_AT_A_TIME = threading.Lock()  # what Alembic's `context` is belongs to the process


def upgrade(connection: Connection, name: str) -> None:
    """Run the migrations that are missing, in the connection's transaction.

    Args:
        connection: In a transaction.
        name: Of the database, for texts.

    Raises:
        TooNewError: The database was made by a newer version.
    """
    config = Config()
    config.set_main_option("script_location", os.path.join(os.path.dirname(__file__), "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    script = ScriptDirectory.from_config(config)
    present = MigrationContext.configure(connection).get_current_revision()
    if present == script.get_current_head():
        return
    if present is not None and not _known(script, present):
        raise TooNewError(
            Problem(
                f"the database is too new: {present}",
                "a newer version of the service has used it",
                "run that version, or bring back a backup from before it",
                name,
            ),
            "database_too_new",
        )
    with _ONE_AT_A_TIME:
        command.upgrade(config, "head")


def _known(script: ScriptDirectory, revision: str) -> bool:
    try:
        script.get_revision(revision)
    except CommandError:
        return False
    return True

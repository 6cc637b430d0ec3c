"""What Alembic runs: the migrations, over the connection that `teamconfig.state.migrate` gives.

Owns nothing else: no configuration file, no connection of its own.
"""

from __future__ import annotations

from alembic import context

from teamconfig.state.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()

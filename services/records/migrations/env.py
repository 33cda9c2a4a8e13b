"""Alembic's entry: it executes this file, so that this one module does something when it is loaded.

The connection, its transaction and its lock are `schema.migrate`'s.
"""

from alembic import context

from services.records.tables import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
context.run_migrations()

"""Alembic's entry: run the migrations on the connection that `Database.upgrade` gives."""

from alembic import context

from packets.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
context.run_migrations()

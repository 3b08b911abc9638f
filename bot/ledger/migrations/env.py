"""Alembic's way in: it migrates over the connection that the ledger hands it, in that transaction."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()

"""How alembic runs a migration: on the connection and in the transaction it is given."""

from alembic import context

from fink_ad.store.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite changes a table by copying it
    transactional_ddl=True,  # an upgrade that is interrupted has not happened
)
with context.begin_transaction():
    context.run_migrations()

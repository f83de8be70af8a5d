"""Alembic's environment: runs the versions on the connection that `storage.schema` hands over."""

from alembic import context

from formscout.tables import metadata


def run() -> None:
    """Run the migrations in one transaction on the given connection."""
    context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, compare_server_default=False)
    with context.begin_transaction():
        context.run_migrations()


run()

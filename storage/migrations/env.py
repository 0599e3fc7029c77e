"""Alembic's entry: the connection comes from `storage.migrate`, the shape from `storage.tables`."""

from alembic import context
from sqlmodel import SQLModel

from storage import tables

assert tables.Inbox.metadata is SQLModel.metadata
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()

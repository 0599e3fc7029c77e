"""Brings a database to the shape of this version, and tells whether the tables and the migrations
agree.
"""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.engine import Connection
from sqlmodel import SQLModel

from storage import tables, tables_private

HERE = Path(__file__).parent / "migrations"


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["connection"] = connection
    return config


def known(revision: str) -> bool:
    """Whether a database at that revision can be brought to the shape of this version."""
    return revision in {r.revision for r in ScriptDirectory.from_config(_config()).walk_revisions()}


def upgrade(path: Path) -> None:
    """Bring a SQLite file up to date, creating it if it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.begin() as connection:
            command.upgrade(_config(connection), "head")
    finally:
        engine.dispose()


def differences(path: Path) -> list[object]:
    """What the tables say that the migrations do not make. Empty when all is well."""
    for known in (tables.Inbox, tables_private.Access):
        assert known.metadata is SQLModel.metadata
    engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.connect() as connection:
            context = MigrationContext.configure(connection)
            return list(compare_metadata(context, SQLModel.metadata))
    finally:
        engine.dispose()


def draft(path: Path, message: str) -> None:
    """Write the next migration from what `differences` finds. For developers."""
    engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.begin() as connection:
            command.revision(_config(connection), message=message, autogenerate=True)
    finally:
        engine.dispose()

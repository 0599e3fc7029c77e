"""Brings a database to the shape of this version, and tells whether the tables and the migrations
agree.
"""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import String, create_engine
from sqlalchemy.engine import Connection
from sqlalchemy.ext.compiler import compiles
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

from storage import tables, tables_private, tables_shared

HERE = Path(__file__).parent / "migrations"


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["connection"] = connection
    return config


def known(revision: str) -> bool:
    """Whether a database at that revision can be brought to the shape of this version."""
    return revision in {r.revision for r in ScriptDirectory.from_config(_config()).walk_revisions()}


@compiles(String, "postgresql")
@compiles(AutoString, "postgresql")
def _text(*_: Any, **__: Any) -> str:
    """Text is compared by its code points on every engine: stamps and sorted walks lean on it."""
    return 'TEXT COLLATE "C"'


def address(where: Path | str) -> str:
    """Where the books are, as SQLAlchemy reads it: a SQLite file, or a PostgreSQL address."""
    return f"sqlite:///{where}" if isinstance(where, Path) else where


def upgrade(where: Path | str) -> None:
    """Bring a SQLite file or a PostgreSQL database up to date; the file is made if it is missing.
    Several processes may try at once: one does it.
    """
    if isinstance(where, Path):
        where.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(address(where))
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7716)")
            command.upgrade(_config(connection), "head")
    finally:
        engine.dispose()


def differences(where: Path | str) -> list[object]:
    """What the tables say that the migrations do not make. Empty when all is well."""
    for known in (tables.Inbox, tables_private.Access, tables_shared.Lease):
        assert known.metadata is SQLModel.metadata
    engine = create_engine(address(where))
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

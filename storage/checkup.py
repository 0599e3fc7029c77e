"""A look at the books beside whoever works with them, in which nothing is migrated or made. On
SQLite a connection that can't write never checkpoints either.
"""

import contextlib
import re
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from psycopg.rows import tuple_row
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import SQLModel

from storage.migrate import HERE, known

SAFE = ((3, 51, 3), (3, 50, 7), (3, 44, 6))
"""Versions in which the WAL-reset bug is mended, by line (sqlite.org/wal.html#the_wal_reset_bug):
with an older one a second connection that writes can lose what was committed.
"""


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found. `revision` is the migration that the file is at, `head` this version's,
    `later` whether the file is of a version that we do not know. `damage` is SQLite's first
    complaint, empty if it has none. `newest` is the stamp of the newest event, empty if there is
    none. `bytes` is the size of the file without its log.
    """

    revision: str
    head: str
    later: bool
    damage: str
    newest: str
    bytes: int


def look(path: Path) -> Looked:
    """Read what there is to see; takes seconds for gigabytes. Raises sqlite3.Error."""
    address = f"{path.resolve().as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(address, uri=True, timeout=10)) as raw:
        said = str(raw.execute("PRAGMA quick_check(1)").fetchone()[0])
        row = raw.execute("SELECT version_num FROM alembic_version").fetchone()
        revision = str(row[0]) if row else ""
        newest = raw.execute("SELECT MAX(recorded_at) FROM event").fetchone()[0]
    return Looked(
        revision, _head(), not known(revision), "" if said == "ok" else said, str(newest or ""),
        path.stat().st_size,
    )  # fmt: skip


def begun(where: Path | str) -> bool:
    """Whether there are books: a file, or tables of ours. Raises psycopg.Error."""
    if isinstance(where, Path):
        return where.exists()
    with psycopg.connect(plain(where), connect_timeout=5, row_factory=tuple_row) as pg:
        return bool(_one(pg, "SELECT to_regclass('alembic_version') IS NOT NULL"))


def plain(url: str) -> str:
    """An address as psycopg reads it."""
    return url.replace("+psycopg", "", 1)


def safe(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> bool:
    """Whether that SQLite is without the WAL-reset bug."""
    return version >= SAFE[0] or any(version[:2] == v[:2] and version >= v for v in SAFE)


def _head() -> str:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    return ScriptDirectory.from_config(config).get_current_head() or ""


UNUSABLE = (OSError, sqlite3.Error, psycopg.Error, SQLAlchemyError, CommandError)
"""What is raised where a database cannot be used; `why` says it."""
OLDEST = 130000
"""The first PostgreSQL that tells what became of a transaction."""
_SAID = (
    ("password authentication failed", "it does not know this user with this password"),
    ("no password supplied", "it wants a password"),
    ("pg_hba.conf", "it lets nobody in from here as this user"),
    (r"role .* does not exist", "it does not know this user"),
    (r"database .* does not exist", "there is no such database"),
    ("connection refused", "nobody listens there"),
    ("no such file or directory", "nobody listens there"),
    ("timeout", "no answer"),
    ("translate host name|resolve host|name or service", "no such host"),
    ("permission denied", "this user lacks rights in it"),
    (r"(relation|table) .* does not exist", "its tables are not made yet"),
    ("starting up|shutting down", "it starts or stops"),
    ("too many (connections|clients)|remaining connection slots", "it has too many connections"),
    ("read-only transaction", "it is a standby and takes no writes"),
    ("no space left|disk is full", "its disk is full"),
    ("locate revision", "it is of a later version"),
    ("unable to open", "it cannot be opened"),
)


def why(error: BaseException) -> str:
    """A fault of a database in a few words of ours: its own may quote addresses, which may hold
    passwords, or rows.
    """
    cause = getattr(error, "orig", None) or error
    text = str(cause).lower()
    return next((said for sign, said in _SAID if re.search(sign, text)), type(cause).__name__)


@dataclass(frozen=True, slots=True)
class Served:
    """What was found on a PostgreSQL server. `version` as it says it, `number` to compare;
    `revision`, `head`, `later` and `newest` as in `Looked`, `revision` empty where there are no
    tables. `collations` are text columns that do not compare by code points. `ahead` is by how many
    seconds its clock stands before ours. `behind` are tables whose numbers begin below what they
    hold. `standby` takes no writes. `processes` live on these books, by their leases.
    """

    version: str
    number: int
    revision: str
    head: str
    later: bool
    encoding: str
    collations: tuple[str, ...]
    synchronous: str
    fsync: str
    standby: bool
    ahead: float
    behind: tuple[str, ...]
    newest: str
    bytes: int
    processes: int


def look_served(url: str) -> Served:
    """Read what there is to see on a server. Raises psycopg.Error."""
    with psycopg.connect(
        plain(url), autocommit=True, connect_timeout=5, row_factory=tuple_row
    ) as pg:
        pg.execute("SET default_transaction_read_only = on")
        here = {t for (t,) in pg.execute("SELECT tablename FROM pg_tables WHERE schemaname ="
                                         " current_schema()")}  # fmt: skip
        begun = time.time()
        at = float(_one(pg, "SELECT extract(epoch from clock_timestamp())"))
        ahead = at - (begun + time.time()) / 2
        revision = ""
        if "alembic_version" in here:
            revision = str(_one(pg, "SELECT version_num FROM alembic_version") or "")
        current = revision == _head()
        return Served(
            version=str(_one(pg, "SHOW server_version")),
            number=pg.info.server_version,
            revision=revision,
            head=_head(),
            later=bool(revision) and not known(revision),
            encoding=str(_one(pg, "SHOW server_encoding")),
            collations=_collations(pg, here),
            synchronous=str(_one(pg, "SHOW synchronous_commit")),
            fsync=str(_one(pg, "SHOW fsync")),
            standby=bool(_one(pg, "SELECT pg_is_in_recovery()")),
            ahead=ahead,
            behind=_behind(pg) if current else (),
            newest=str(_one(pg, "SELECT MAX(recorded_at) FROM event") or "") if current else "",
            bytes=int(_one(pg, "SELECT pg_database_size(current_database())")),
            processes=int(_one(pg, ALIVE)) if "lease" in here else 0,
        )


ALIVE = (
    "SELECT COUNT(*) FROM lease WHERE name LIKE 'process/%'"
    " AND until > extract(epoch from clock_timestamp())"
)
"""How many processes work on shared books."""


def _one(pg: psycopg.Connection[tuple[Any, ...]], text: str) -> Any:
    row = pg.execute(text.encode()).fetchone()
    return row[0] if row else None


def _collations(pg: psycopg.Connection[tuple[Any, ...]], here: set[str]) -> tuple[str, ...]:
    """Text columns of ours that compare otherwise than by code points."""
    ours = sorted(here & set(SQLModel.metadata.tables))
    rows = pg.execute(
        "SELECT c.relname || '.' || a.attname FROM pg_attribute a"
        " JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
        " JOIN pg_collation o ON o.oid = a.attcollation"
        " WHERE n.nspname = current_schema() AND c.relname = ANY(%s) AND a.attnum > 0"
        " AND o.collname NOT IN ('C', 'POSIX', 'ucs_basic') ORDER BY 1",
        [ours],
    )
    return tuple(name for (name,) in rows)


def _behind(pg: psycopg.Connection[tuple[Any, ...]]) -> tuple[str, ...]:
    """Tables in which the next new row would get a number that is taken."""
    found = []
    for table in SQLModel.metadata.sorted_tables:
        serial = _one(pg, f"SELECT pg_get_serial_sequence('{table.name}', c.attname)::text"  # noqa: S608
                          f" FROM pg_attribute c WHERE c.attrelid = '{table.name}'::regclass"
                          " AND c.attname = 'id'")  # fmt: skip
        if not serial:
            continue
        text = f"SELECT (SELECT COALESCE(MAX(id), 0) FROM {table.name}) >= "  # noqa: S608
        if _one(pg, f"{text} last_value + is_called::int FROM {serial}"):
            found.append(table.name)
    return tuple(found)

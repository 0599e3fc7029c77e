"""A look at a SQLite file beside whoever works with it: a connection that can't write never
checkpoints either, and nothing is migrated or made.
"""

import contextlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory

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
    config = Config()
    config.set_main_option("script_location", str(HERE))
    head = ScriptDirectory.from_config(config).get_current_head() or ""
    return Looked(
        revision, head, not known(revision), "" if said == "ok" else said, str(newest or ""),
        path.stat().st_size,
    )  # fmt: skip


def safe(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> bool:
    """Whether that SQLite is without the WAL-reset bug."""
    return version >= SAFE[0] or any(version[:2] == v[:2] and version >= v for v in SAFE)

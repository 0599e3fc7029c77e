"""Connections to SQLite, and the books on it."""

import sqlite3
from pathlib import Path


def connect(path: Path) -> sqlite3.Connection:
    """A connection as the writer has it: WAL, every commit on disk before it is answered."""
    raw = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, cached_statements=256
    )
    raw.row_factory = sqlite3.Row
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "secure_delete = ON",
        "busy_timeout = 10000",
        "temp_store = MEMORY",
        "cache_size = -32000",
    ):
        raw.execute(f"PRAGMA {pragma}")
    return raw


def reader(path: Path) -> sqlite3.Connection:
    """A read-only connection beside a running writer: it sees one snapshot and never
    checkpoints.
    """
    raw = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
    raw.row_factory = sqlite3.Row
    for pragma in ("query_only = ON", "wal_autocheckpoint = 0", "busy_timeout = 10000"):
        raw.execute(f"PRAGMA {pragma}")
    return raw

"""One thin way to the database: named parameters, rows as mappings, the same text on both
engines.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

Row = Mapping[str, Any]


class Sql:
    """Statements on one connection. Text uses `:name` parameters; nothing is ever formatted into
    it.
    """

    def __init__(self, raw: sqlite3.Connection) -> None:
        self.raw = raw

    def do(self, text: str, /, **values: object) -> int:
        """Run a statement; how many rows it changed."""
        return self.raw.execute(text, values).rowcount

    def many(self, text: str, rows: Iterable[Row]) -> None:
        """Run a statement once a row."""
        self.raw.executemany(text, rows)

    def put(self, text: str, row: Row) -> int:
        """Insert one row; its new id, where the table numbers its rows."""
        return self.raw.execute(text, row).lastrowid or 0

    def rows(self, text: str, /, **values: object) -> list[dict[str, Any]]:
        """All rows."""
        return [dict(r) for r in self.raw.execute(text, values)]

    def row(self, text: str, /, **values: object) -> dict[str, Any] | None:
        """The first row, if any."""
        found = self.raw.execute(text, values).fetchone()
        return dict(found) if found else None

    def value(self, text: str, /, **values: object) -> Any:
        """The first column of the first row; None if there is none."""
        found = self.raw.execute(text, values).fetchone()
        return found[0] if found else None

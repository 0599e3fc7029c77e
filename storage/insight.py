"""What the cockpit reads beside the orders: which ended ones belong to a time, questions that wait
for a person, and a mark that says whether anything has changed.
"""

from datetime import date, datetime

from domain.events import stamp
from storage.sql import Sql


class InsightBook:
    """The reading side of the cockpit, in one transaction."""

    def __init__(self, sql: Sql) -> None:
        self.sql = sql

    def closed(self, since: datetime, promised: date) -> list[tuple[str, int]]:
        """Numbers and sequences of orders that are not open and were touched since a moment, or
        promised for a day or later.
        """
        rows = self.sql.rows(
            "SELECT order_no, seq FROM orders WHERE open = FALSE"
            " AND (updated_at >= :s OR due >= :d) ORDER BY order_no",
            s=stamp(since),
            d=promised.isoformat(),
        )
        return [(str(r["order_no"]), int(r["seq"])) for r in rows]

    def ended(self, text: str, most: int) -> list[str]:
        """Numbers of orders that are not open, the newest first, by a part of number or product."""
        like = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        has = self.sql.like
        rows = self.sql.rows(
            "SELECT order_no FROM orders WHERE open = FALSE"  # noqa: S608 - the engine's own word
            f" AND (order_no {has} :like ESCAPE '\\' OR product {has} :like ESCAPE '\\')"
            " ORDER BY updated_at DESC, order_no LIMIT :n",
            like=f"%{like}%",
            n=most,
        )
        return [str(r["order_no"]) for r in rows]

    def waiting(self, now: datetime) -> list[str]:
        """Ids of questions of ours that are open, oldest first."""
        rows = self.sql.rows(
            "SELECT id FROM question WHERE state = 'open' AND expires_at > :now"
            " ORDER BY asked_at, id",
            now=stamp(now),
        )
        return [str(row["id"]) for row in rows]

    def mark(self) -> str:
        """Differs whenever an event, an alert or a question came or went."""
        row = self.sql.row(
            "SELECT (SELECT COALESCE(MAX(id), 0) FROM event) AS a,"
            " (SELECT COUNT(*) || COALESCE(MAX(taken_at), '') || COALESCE(MAX(raised_at), '')"
            " FROM alert WHERE state != 'resolved') AS b,"
            " (SELECT COUNT(*) FROM question WHERE state = 'open') AS c"
        )
        return "/".join(str(v) for v in (row or {}).values())

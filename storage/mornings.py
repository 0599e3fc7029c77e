"""What the standup digest reads beside the open orders: what was done, and which orders ended. Both
are counted in the database, so that years of finished orders cost nothing.
"""

from datetime import date, datetime

from domain.events import stamp, unstamp
from storage.sql import Sql

_UNDONE = {
    "sqlite": "e.seq IN (SELECT value FROM json_each(u.data, '$.undone'))",
    "postgresql": "u.data::jsonb -> 'undone' @> to_jsonb(e.seq)",
}
_DONE = """SELECT COUNT(*) FROM event e WHERE e.recorded_at >= :a AND e.recorded_at < :b
 AND e.type = 'NodeCompleted' AND NOT EXISTS (SELECT 1 FROM event u WHERE u.order_no = e.order_no
 AND u.seq > e.seq AND u.type = 'ReportUndone'
 AND """
_ENDED = {
    "sqlite": """SELECT json_extract(doc, '$.promises[0][0]') AS promised, (SELECT
 MAX(json_extract(value, '$.finished_at')) FROM json_each(doc, '$.nodes')) AS ended
 FROM orders WHERE open = FALSE AND updated_at >= :s AND NOT json_extract(doc, '$.cancelled')""",
    "postgresql": """SELECT doc::jsonb #>> '{promises,0,0}' AS promised, (SELECT
 MAX(n.value ->> 'finished_at') FROM jsonb_each(doc::jsonb -> 'nodes') n) AS ended
 FROM orders WHERE open = FALSE AND updated_at >= :s
 AND NOT (doc::jsonb -> 'cancelled')::boolean""",
}


class MorningBook:
    """The reading side of the digest, in one transaction."""

    def __init__(self, sql: Sql) -> None:
        self.sql = sql

    def done(self, first: datetime, last: datetime) -> int:
        """How many nodes were reported complete from a moment up to another, and not taken back."""
        text = f"{_DONE}{_UNDONE[self.sql.engine]})"
        return int(self.sql.value(text, a=stamp(first), b=stamp(last)))

    def ended(self, since: datetime) -> tuple[tuple[datetime, date], ...]:
        """When each order ended that did and was touched since a moment, and what was promised when
        it was placed. Cancelled ones have no end.
        """
        return tuple(
            (unstamp(row["ended"]), date.fromisoformat(row["promised"]))
            for row in self.sql.rows(_ENDED[self.sql.engine], s=stamp(since))
            if row["ended"]
        )

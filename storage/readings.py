"""How much waits in the books, for how long, and how large they are: read for the metrics, in one
unit of work, from the ends of indexes only. Text that both engines understand.
"""

from dataclasses import dataclass
from datetime import datetime

from domain.events import stamp, unstamp
from storage.ledger import Ledger
from storage.sql import Sql

MOST = 100_000
"""Counts stop here: a number that large says all, and a scrape must not hold the writer up."""
STATES = ("waiting", "claimed", "dead", "unknown")
"""States of a notice that is not done with. `sent` and the like grow for ever."""
_SIZES = {
    "sqlite": "SELECT (SELECT page_count FROM pragma_page_count())"
    " * (SELECT page_size FROM pragma_page_size())",
    "postgresql": "SELECT pg_database_size(current_database())",
}


@dataclass(frozen=True, slots=True)
class Readings:
    """Counts of rows (100,000 at most each) and ages in seconds, 0 where nothing waits. Ages of
    messages, notices and timers are in the factory's own time.
    """

    inbox_waiting: int
    inbox_oldest: float
    outbox: dict[str, int]
    outbox_due: int
    outbox_oldest: float
    timers_overdue: int
    timer_oldest: float
    alerts: dict[str, int]
    questions: int
    bytes: int


def read(ledger: Ledger, wall: float) -> Readings:
    """What waits now. `wall` is the clock of retries: seconds since 1970."""
    sql, now = ledger.sql, ledger.clock.now()
    oldest = sql.value("SELECT at FROM inbox WHERE state = 'waiting' ORDER BY id LIMIT 1")
    due = "FROM outbox WHERE state = 'waiting' AND not_before <= :now AND retry_at <= :wall"
    first = sql.value(f"SELECT MIN(not_before) {due}", now=stamp(now), wall=wall)
    timer = sql.value("SELECT MIN(at) FROM timer")
    late = bool(timer) and unstamp(timer) <= now
    return Readings(
        inbox_waiting=_count(sql, "FROM inbox WHERE state = 'waiting'"),
        inbox_oldest=_age(oldest, now),
        outbox={s: _count(sql, "FROM outbox WHERE state = :s", s=s) for s in STATES},
        outbox_due=_count(sql, due, now=stamp(now), wall=wall),
        outbox_oldest=_age(first, now),
        timers_overdue=_count(sql, "FROM timer WHERE at <= :now", now=stamp(now)) if late else 0,
        timer_oldest=_age(timer, now) if late else 0.0,
        alerts={
            s: _count(sql, "FROM alert WHERE state = :s", s=s) for s in ("open", "acknowledged")
        },
        questions=_count(sql, "FROM question WHERE state = 'open'"),
        bytes=size(sql),
    )


def size(sql: Sql) -> int:
    """Bytes of the database, what is free inside it with it."""
    return int(sql.value(_SIZES[sql.engine]))


def _count(sql: Sql, which: str, **values: object) -> int:
    text = f"SELECT COUNT(*) FROM (SELECT 1 {which} LIMIT {MOST}) AS counted"  # noqa: S608 - ours
    return int(sql.value(text, **values))


def _age(at: str | None, now: datetime) -> float:
    return max(0.0, (now - unstamp(at)).total_seconds()) if at else 0.0

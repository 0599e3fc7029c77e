"""Leases: what only one process may do at a time, and who does it until when."""

from storage.sql import Sql

_NOW = {"sqlite": ":wall", "postgresql": "extract(epoch from clock_timestamp())"}


class LeaseBook:
    """Leases in one transaction. On PostgreSQL the database's clock counts, so that no process
    need be right about the time; on SQLite, which one process has, the wall clock handed in.
    """

    def __init__(self, sql: Sql) -> None:
        self.sql = sql
        self._now = _NOW[sql.engine]

    def take(self, name: str, holder: str, seconds: float, wall: float) -> int:
        """Take a lease or renew it; its term, or 0 while somebody else has it. A term belongs to
        one holder: it grows whenever the lease changes hands.
        """
        now = self._now
        found = self.sql.value(
            f"INSERT INTO lease (name, holder, term, until) VALUES (:n, :h, 1, {now} + :s)"  # noqa: S608 - our own words
            " ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until,"
            " term = CASE WHEN lease.holder = excluded.holder THEN lease.term"
            " ELSE lease.term + 1 END"
            f" WHERE lease.holder = excluded.holder OR lease.until <= {now} RETURNING term",
            n=name,
            h=holder,
            s=seconds,
            **self._wall(wall),
        )
        return int(found or 0)

    def holds(self, name: str, holder: str, term: int, wall: float) -> bool:
        """Whether a lease is still somebody's under a term: asked in the transaction that leans on
        it, which nobody else can take it from before it is done.
        """
        lock = " FOR SHARE" if self.sql.shared else ""
        found = self.sql.value(
            "SELECT 1 FROM lease WHERE name = :n AND holder = :h AND term = :t"  # noqa: S608
            f" AND until > {self._now}{lock}",
            n=name,
            h=holder,
            t=term,
            **self._wall(wall),
        )
        return found is not None

    def release(self, holder: str) -> None:
        """Whoever comes next need not wait."""
        self.sql.do("UPDATE lease SET until = 0 WHERE holder = :h", h=holder)

    def _wall(self, wall: float) -> dict[str, float]:
        return {} if self.sql.shared else {"wall": wall}

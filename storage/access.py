"""What lets somebody in: sessions, API tokens, kiosks. Secrets are kept as hashes only."""

from dataclasses import dataclass
from datetime import datetime

from domain.events import stamp, unstamp
from storage.sql import Row, Sql


@dataclass(frozen=True, slots=True)
class Grant:
    """One living way in. `key` is the hash of its secret; `kind` is `session`, `token` or
    `kiosk`.
    """

    key: str
    kind: str
    person: str
    label: str
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


class AccessBook:
    """Ways in, in one transaction."""

    def __init__(self, sql: Sql) -> None:
        self.sql = sql

    def grant(
        self,
        key: str,
        kind: str,
        person: str,
        label: str,
        now: datetime,
        expires: datetime | None,
    ) -> None:
        """A new way in."""
        self.sql.do(
            "INSERT INTO access (hash, kind, person, label, created_at, expires_at, used_at,"
            " revoked_at) VALUES (:h, :k, :p, :l, :n, :e, '', '')",
            h=key,
            k=kind,
            p=person,
            l=label[:80],
            n=stamp(now),
            e=stamp(expires) if expires else "",
        )

    def find(self, key: str, kind: str, now: datetime) -> Grant | None:
        """The way in behind a hash, if it is of that kind and lives."""
        row = self.sql.row(
            "SELECT * FROM access WHERE hash = :h AND kind = :k AND revoked_at = ''"
            " AND (expires_at = '' OR expires_at > :n)",
            h=key,
            k=kind,
            n=stamp(now),
        )
        return _grant(row) if row else None

    def used(self, key: str, now: datetime, expires: datetime | None) -> None:
        """It was used, and lives until then."""
        self.sql.do(
            "UPDATE access SET used_at = :n, expires_at = :e WHERE hash = :h",
            h=key,
            n=stamp(now),
            e=stamp(expires) if expires else "",
        )

    def living(self, now: datetime, person: str = "") -> list[Grant]:
        """All ways in that live, of one person or of everybody, newest first."""
        rows = self.sql.rows(
            "SELECT * FROM access WHERE revoked_at = '' AND (expires_at = '' OR expires_at > :n)"
            " AND (:p = '' OR person = :p) ORDER BY created_at DESC, hash",
            n=stamp(now),
            p=person,
        )
        return [_grant(row) for row in rows]

    def revoke(self, key: str, now: datetime) -> bool:
        """This one opens nothing any more. False if it did not anyway."""
        changed = self.sql.do(
            "UPDATE access SET revoked_at = :n WHERE hash = :h AND revoked_at = ''",
            h=key,
            n=stamp(now),
        )
        return changed == 1

    def revoke_all(self, person: str, now: datetime, kind: str = "") -> int:
        """None of a person's ways in opens anything any more; how many did."""
        return self.sql.do(
            "UPDATE access SET revoked_at = :n WHERE person = :p AND revoked_at = ''"
            " AND (:k = '' OR kind = :k)",
            p=person,
            n=stamp(now),
            k=kind,
        )


def _grant(row: Row) -> Grant:
    return Grant(
        row["hash"],
        row["kind"],
        row["person"],
        row["label"],
        unstamp(row["created_at"]),
        unstamp(row["expires_at"]) if row["expires_at"] else None,
        unstamp(row["used_at"]) if row["used_at"] else None,
    )

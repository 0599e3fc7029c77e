"""Alerts, and the timers that say when something has to be looked at again."""

import json
from datetime import UTC, datetime

from domain.alert import Alert, AlertState
from domain.events import stamp, unstamp
from storage.docs import dump
from storage.orders import OrderBook
from storage.secrets import PLAIN, Seals, owner
from storage.sql import Row, Sql


class AlertBook:
    """Alerts and timers in one transaction."""

    def __init__(self, sql: Sql, orders: OrderBook, seals: Seals = PLAIN) -> None:
        self.sql, self.orders, self.seals = sql, orders, seals

    def alert(self, alert_id: str) -> Alert | None:
        """An alert by id."""
        row = self.sql.row("SELECT * FROM alert WHERE id = :i", i=alert_id)
        return self._alert(row) if row else None

    def open_alerts(self) -> tuple[Alert, ...]:
        """Alerts not yet resolved."""
        rows = self.sql.rows("SELECT * FROM alert WHERE state != 'resolved' ORDER BY raised_at, id")
        return tuple(self._alert(r) for r in rows)

    def alerts_of(self, order_no: str) -> tuple[Alert, ...]:
        """Alerts of an order not yet resolved, oldest first."""
        rows = self.sql.rows(
            "SELECT * FROM alert WHERE state != 'resolved' AND order_no = :no"
            " ORDER BY raised_at, id",
            no=order_no,
        )
        return tuple(self._alert(r) for r in rows)

    def all_alerts_of(self, order_no: str) -> tuple[Alert, ...]:
        """Alerts of an order, resolved ones too, oldest first."""
        rows = self.sql.rows(
            "SELECT * FROM alert WHERE order_no = :no ORDER BY raised_at, id", no=order_no
        )
        return tuple(self._alert(r) for r in rows)

    def alerts_told_as(self, name: str) -> tuple[Alert, ...]:
        """All alerts that are told as one with that id, oldest first."""
        rows = self.sql.rows(
            "SELECT * FROM alert WHERE told_as = :i ORDER BY raised_at, id", i=name
        )
        return tuple(self._alert(r) for r in rows)

    def _alert(self, row: Row) -> Alert:
        return _alert_of(row, self.seals)

    def set_timer(self, kind: str, scope: str, at: datetime | None) -> None:
        """When to look at something; None takes the timer away."""
        self.sql.unit.timers[kind, scope] = stamp(at) if at is not None else ""
        self.sql.unit.any = True

    def timers(self, until: datetime, count: int) -> list[tuple[str, str, datetime]]:
        """Timers due up to a moment, the earliest first."""
        rows = self.sql.rows(
            "SELECT * FROM timer WHERE at <= :at ORDER BY at, kind, scope LIMIT :n",
            at=stamp(until),
            n=count,
        )
        return [(r["kind"], r["scope"], unstamp(r["at"])) for r in rows]

    def next_timer(self) -> datetime | None:
        """The earliest moment at which something has to be looked at."""
        at = self.sql.value("SELECT MIN(at) FROM timer")
        return unstamp(at) if at else None

    def keep_alert(self, alert: Alert) -> None:
        """An alert as it stands now."""
        more, whose = _more(alert), owner(self.orders.customer(alert.order_no))
        if "answer" in more:
            more["answer"] = self.seals.seal(
                str(more["answer"]), alert_at(alert.id, "answer"), whose
            )
        self.sql.do(
            "INSERT INTO alert (id, order_no, node, reason, text, raised_at, raised_by, state,"
            " taken_by, taken_at, more, told_as) VALUES (:id, :no, :node, :reason, :text, :at, :by,"
            " :state, :tb, :ta, :more, :told) ON CONFLICT (id) DO UPDATE SET"
            " state = excluded.state, raised_at = excluded.raised_at, taken_by = excluded.taken_by,"
            " taken_at = excluded.taken_at, more = excluded.more,"
            " told_as = excluded.told_as",
            told=alert.told_as,
            id=alert.id,
            no=alert.order_no,
            node=alert.node,
            reason=alert.reason,
            text=self.seals.seal(alert.text, alert_at(alert.id, "text"), whose),
            at=stamp(alert.raised_at),
            by=alert.raised_by,
            state=alert.state.value,
            tb=alert.taken_by,
            ta=stamp(alert.taken_at) if alert.taken_at else "",
            more=dump(more),
        )


_MORE = ("kind", "level", "step", "count", "group", "owner", "answer", "risen")
_PLAIN = Alert("", "", "", "", "", datetime.min.replace(tzinfo=UTC), "")


def _more(alert: Alert) -> dict[str, object]:
    """What an alert knows of its chain, without what stands at its default."""
    found = {k: getattr(alert, k) for k in _MORE if getattr(alert, k) != getattr(_PLAIN, k)}
    if alert.silent_until is not None:
        found["silent_until"] = stamp(alert.silent_until)
    return found


def alert_at(alert_id: str, name: str) -> str:
    """The place of an alert's words, for sealing."""
    return f"alert/{alert_id}/{name}"


def _alert_of(row: Row, seals: Seals) -> Alert:
    more = json.loads(row["more"])
    if "answer" in more:
        more["answer"] = seals.open(more["answer"], alert_at(row["id"], "answer"))
    if "silent_until" in more:
        more["silent_until"] = unstamp(more["silent_until"])
    return Alert(
        row["id"],
        row["order_no"],
        row["node"],
        row["reason"],
        seals.open(row["text"], alert_at(row["id"], "text")),
        unstamp(row["raised_at"]),
        row["raised_by"],
        AlertState(row["state"]),
        row["taken_by"],
        unstamp(row["taken_at"]) if row["taken_at"] else None,
        **more,
    )

"""What suppliers owe, as a table beside the orders: for a supplier's own list and for how well it
did, without reading orders of months ago. Written in the transaction of the order's events.

People's words stay in the order and its events, where they are sealed; here stand days and amounts.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from domain.needs import Need, NeedState, need_doc, need_from
from domain.order import Order
from storage.sql import Sql

OPEN = (NeedState.ASKED.value, NeedState.CONFIRMED.value)
_PUT = """INSERT INTO need (order_no, need, supplier, state, needed_by, doc)
 VALUES (:order_no, :need, :supplier, :state, :needed_by, :doc)
 ON CONFLICT (order_no, need) DO UPDATE SET supplier = excluded.supplier, state = excluded.state,
 needed_by = excluded.needed_by, doc = excluded.doc"""


@dataclass(frozen=True, slots=True)
class Owed:
    """A need and its order's number; without people's words."""

    order_no: str
    need: Need


def need_rows(order: Order) -> list[dict[str, Any]]:
    """The rows of an order's needs."""
    return [
        {
            "order_no": order.order_no,
            "need": need.id,
            "supplier": need.supplier,
            "state": need.state.value,
            "needed_by": need.needed_by.isoformat(),
            "doc": _dump(_wordless(need_doc(need))),
        }
        for need in order.needs.values()
    ]


def _wordless(doc: dict[str, Any]) -> dict[str, Any]:
    given = [[day, at, reason, ""] for day, at, reason, _ in doc["given"]]
    return doc | {"note": "", "given": given}


def _dump(doc: Mapping[str, Any]) -> str:
    return json.dumps(doc, ensure_ascii=False, separators=(",", ":"))


class NeedBook:
    """Needs of all orders in one transaction."""

    def __init__(self, sql: Sql) -> None:
        self.sql = sql

    def keep(self, order: Order, before: Order | None) -> None:
        """The needs of an order as they stand; only what changed is written."""
        old = before.needs if before is not None else {}
        if order.needs is old:
            return
        for row in need_rows(order):
            if order.needs[row["need"]] is not old.get(row["need"]):
                self.sql.do(_PUT, **row)

    def of(self, supplier: str, since: date) -> tuple[Owed, ...]:
        """A supplier's needs: all that are open, and others needed since a day; oldest first."""
        return self._found(
            self.sql.rows(
                "SELECT * FROM need WHERE supplier = :s AND (state IN ('asked', 'confirmed')"
                " OR needed_by >= :d) ORDER BY needed_by, order_no, need",
                s=supplier,
                d=since.isoformat(),
            )
        )

    def everybodys(self, since: date) -> tuple[Owed, ...]:
        """The same of all suppliers."""
        return self._found(
            self.sql.rows(
                "SELECT * FROM need WHERE state IN ('asked', 'confirmed') OR needed_by >= :d"
                " ORDER BY needed_by, order_no, need",
                d=since.isoformat(),
            )
        )

    def _found(self, rows: Iterable[Mapping[str, Any]]) -> tuple[Owed, ...]:
        return tuple(Owed(r["order_no"], need_from(json.loads(r["doc"]))) for r in rows)

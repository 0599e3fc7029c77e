"""Exports: orders and events as .xlsx, orders as .csv, in words; formula-like text is neutralised
where it is written.
"""

from collections.abc import Mapping

from bot.sheets.table import Cell
from bot.sheets.write import Sheet, to_csv, to_xlsx
from bot.wording.phrases import Phrases
from bot.wording.speak import joined
from domain.order import Order
from domain.plan import forecast
from storage.ledger import Ledger
from storage.privacy import CONTACTS, MONEY
from storage.secrets import owner

ORDER_COLUMNS = (
    "order_no", "product", "quantity", "customer", "placed", "due", "forecast", "level", "status",
    "note",
)  # fmt: skip
Kept = Mapping[str, Mapping[str, str]]
"""Sealed facts, opened, by subject and field."""
EVENT_COLUMNS = ("order_no", "time", "recorded", "node", "event", "who", "facts")


def _headings(p: Phrases, columns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(p.say(f"sheet.{c}") for c in columns)


PRIVATE_COLUMNS = (*CONTACTS, *MONEY)
"""What stands behind an order for those who may see it; whoever asks writes the look down."""


def order_row(p: Phrases, order: Order, private: Kept | None = None) -> list[Cell]:
    """An order as cells, in the order of ORDER_COLUMNS, with PRIVATE_COLUMNS behind them if what is
    kept of these is given.
    """
    day = p.calendar.day
    return [
        order.order_no, order.product, order.quantity, p.who(order.customer),
        day(order.placed) if order.placed else None, order.due,
        day(forecast(order, p.now, p.calendar)), p.badge(order),
        joined(p.language, [p.node_line(order, n) for n in order.current()])
        or p.say("status.done"),
        order.note, *(_private(order, private) if private is not None else ()),
    ]  # fmt: skip


def _private(order: Order, kept: Kept) -> list[Cell]:
    own = kept.get(f"order/{order.order_no}", {})
    theirs = kept.get(owner(order.customer), {}) if order.customer else {}
    return [own.get(name) or theirs.get(name) for name in PRIVATE_COLUMNS]


def _columns(kept: Kept | None) -> tuple[str, ...]:
    return ORDER_COLUMNS if kept is None else (*ORDER_COLUMNS, *PRIVATE_COLUMNS)


def export_csv(ledger: Ledger, p: Phrases, *, private: bool = False) -> bytes:
    """All orders as CSV that spreadsheet programs open rightly."""
    kept = ledger.private.all() if private else None
    rows = [order_row(p, o, kept) for o in ledger.orders.all_orders()]
    return to_csv(rows, _headings(p, _columns(kept)))


def export_xlsx(ledger: Ledger, p: Phrases, *, private: bool = False) -> bytes:
    """Two sheets: all orders, and all events."""
    kept = ledger.private.all() if private else None
    orders = ledger.orders.all_orders()
    events = [row for o in orders for row in _event_rows(ledger, p, o)]
    return to_xlsx(
        [
            Sheet(
                p.say("sheet.orders"),
                _headings(p, _columns(kept)),
                tuple(order_row(p, o, kept) for o in orders),
            ),
            Sheet(p.say("sheet.events"), _headings(p, EVENT_COLUMNS), tuple(events)),
        ]
    )


def _event_rows(ledger: Ledger, p: Phrases, order: Order) -> list[list[Cell]]:
    rows: list[list[Cell]] = []
    for row in ledger.orders.event_rows(order.order_no):
        rows.append(
            [
                order.order_no, str(row["occurred_at"]), str(row["recorded_at"]),
                p.node(order, str(row["node"])), str(row["type"]), p.who(str(row["by"])),
                str(row["data"]),
            ]
        )  # fmt: skip
    return rows

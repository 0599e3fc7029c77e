"""What was understood of a table of orders: lines to confirm, rows refused, columns left over."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from bot.sheets.cells import clean
from bot.sheets.table import Cell, Row

# The order in which an order is written out; wording gives these columns their headings.
FIELDS = (
    "order_no",
    "customer",
    "product",
    "quantity",
    "due",
    "placed",
    "phone",
    "address",
    "note",
    "priority",
    "route_hint",
)
PRIVATE = ("phone", "address", "contact", "email", "wechat", "price", "cost")
"""Parts of an order that are kept sealed, and shown only to who may see them."""
_BRACKETS = re.compile(r"[(（]([^()（）]{1,20})[)）]\s*$")


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One order as a row says it. `faults` are codes of what a person has to look at."""

    row: int
    order_no: str = ""
    customer: str = ""
    product: str = ""
    quantity: int | None = None
    due: date | None = None
    placed: date | None = None
    phone: str = ""
    address: str = ""
    note: str = ""
    priority: str = ""
    route_hint: str = ""
    contact: str = ""
    email: str = ""
    wechat: str = ""
    price: str = ""
    cost: str = ""
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that makes no order: where it stands, a code and the facts of the case."""

    row: int
    code: str
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SheetResult:
    """Everything a person confirms before an order is made."""

    lines: tuple[OrderLine, ...]
    refused: tuple[RefusedRow, ...] = ()
    unmapped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What the factory has already: order numbers (the newest last), customers and names of routes.

    A customer is written with the person's short name in brackets: 拾光咖啡(张总).
    """

    order_nos: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()

    def customer(self, said: str) -> tuple[str, ...]:
        """Known customers that this name may mean, best spelling only."""
        name = _same(said)
        if not name:
            return ()
        for test in (_is_whole, _is_part, _begins):
            found = tuple(c for c in self.customers if test(name, c))
            if found:
                return found
        return ()


def rows_for_confirm(result: SheetResult) -> list[tuple[str, ...]]:
    """Plain cells: row, order number, customer, product, quantity, due, codes of the faults."""
    return [
        (
            str(line.row),
            line.order_no,
            line.customer,
            line.product,
            "" if line.quantity is None else str(line.quantity),
            line.due.isoformat() if line.due else "",
            " ".join(line.faults),
        )
        for line in result.lines
    ]


def as_rows(lines: Iterable[OrderLine]) -> list[Row]:
    """The lines as cells in the order of FIELDS, for an export that can be imported again."""
    return [tuple(_cell(line, field) for field in FIELDS) for line in lines]


def _cell(line: OrderLine, field: str) -> Cell:
    value: Cell = getattr(line, field)
    return None if value == "" else value


@lru_cache(8192)
def _same(name: str) -> str:
    return "".join(clean(name).casefold().replace("（", "(").replace("）", ")").split())


def _is_whole(name: str, customer: str) -> bool:
    return name == _same(customer)


def _is_part(name: str, customer: str) -> bool:
    """The company without the brackets, or the person inside them."""
    found = _BRACKETS.search(customer)
    return found is not None and name in {_same(customer[: found.start()]), _same(found[1])}


def _begins(name: str, customer: str) -> bool:
    return len(name) >= 3 and _same(customer).startswith(name)

"""Takes lines of a table in as orders: finds or makes the customer, picks the route, and says what
it refused and why.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, time

from bot.sheets.lines import PRIVATE, Known, OrderLine
from domain.commands import PlaceOrder, Told
from domain.desk import Desk
from domain.errors import DomainError
from domain.person import Person, Role
from storage.ledger import Ledger

DEFAULT_ROUTE = "route.default"
"""The setting that names the route of orders that do not say theirs."""


SOFT = frozenset(
    {
        "number-proposed",
        "customer-new",
        "due-missing",
        "due-past",
        "due-far",
        "placed-unclear",
        "text-cut",
    }
)
"""Marks on a line that do not stop it: people see them beside the line and confirm."""


def blocking(line: OrderLine) -> tuple[str, ...]:
    """What keeps a line from being taken in."""
    return tuple(f for f in line.faults if f not in SOFT)


@dataclass(slots=True)
class Taken:
    """What came of a table."""

    orders: list[str] = field(default_factory=list)
    refused: list[tuple[int, str, str]] = field(default_factory=list)


def known(ledger: Ledger) -> Known:
    """What the reader of a table should know of this factory."""
    names = [p.name for p in ledger.people() if p.role is Role.CUSTOMER]
    routes = [name for r in ledger.orders.routes() for name in (r.key, r.name)]
    return Known(tuple(sorted(ledger.orders.numbers())), tuple(names), tuple(routes))


def take(ledger: Ledger, desk: Desk, told: Told, lines: Iterable[OrderLine]) -> Taken:
    """Place every line that can be placed; the rest is named with its row and reason."""
    taken = Taken()
    for line in lines:
        if blocking(line):
            taken.refused.append((line.row, line.order_no, blocking(line)[0]))
            continue
        try:
            command = _command(ledger, desk, line)
            desk.handle(ledger, command, told)
        except DomainError as error:
            taken.refused.append((line.row, line.order_no, error.code))
        else:
            taken.orders.append(line.order_no)
            private = {name: getattr(line, name) for name in PRIVATE}
            ledger.private.learn(command.customer, line.order_no, private)
    return taken


def _command(ledger: Ledger, desk: Desk, line: OrderLine) -> PlaceOrder:
    placed = desk.calendar.moment(line.placed, time(8, 30)) if line.placed else None
    return PlaceOrder(
        line.order_no,
        line.product,
        line.quantity or 0,
        customer(ledger, line.customer),
        route_for(ledger, line),
        line.due,
        placed,
        line.note,
        line.priority,
    )


def route_for(ledger: Ledger, line: OrderLine) -> str:
    """The route a line names, else the factory's default, else its first."""
    routes = ledger.orders.routes()
    hint = line.route_hint.strip()
    for route in routes:
        if hint and hint in (route.key, route.name):
            return route.key
    default = ledger.settings.get(DEFAULT_ROUTE)
    keys = [r.key for r in routes]
    return default if default in keys else keys[0] if keys else ""


def customer(ledger: Ledger, name: str) -> str:
    """The customer of that name or nickname (`张总` in `拾光咖啡(张总)`); else a new one."""
    wanted = name.strip()
    if not wanted:
        return ""
    everybody = [p for p in ledger.people() if p.role is Role.CUSTOMER]
    exact = [p for p in everybody if wanted == p.name]
    inside = [p for p in everybody if f"({wanted})" in p.name.replace("（", "(").replace("）", ")")]
    begins = [p for p in everybody if p.name.startswith(wanted)]
    for found in (exact, inside, begins):
        if len(found) == 1:
            return found[0].id
    number = 1
    taken = {p.id for p in ledger.people()}
    while f"C{number:02d}" in taken:
        number += 1
    person = Person(f"C{number:02d}", wanted, Role.CUSTOMER)
    ledger.folk.keep(person)
    return person.id


def line_doc(line: OrderLine) -> dict[str, object]:
    """A line as plain data, to be kept with a question."""
    return {
        "row": line.row,
        "order_no": line.order_no,
        "customer": line.customer,
        "product": line.product,
        "quantity": line.quantity,
        "due": line.due.isoformat() if line.due else "",
        "placed": line.placed.isoformat() if line.placed else "",
        "note": line.note,
        "priority": line.priority,
        "route_hint": line.route_hint,
    } | {name: value for name in PRIVATE if (value := getattr(line, name))}


def line_from(doc: dict[str, object]) -> OrderLine:
    """A line from its plain data."""
    days = {k: date.fromisoformat(str(doc[k])) if doc[k] else None for k in ("due", "placed")}
    return OrderLine(
        row=int(str(doc["row"])),
        order_no=str(doc["order_no"]),
        customer=str(doc["customer"]),
        product=str(doc["product"]),
        quantity=int(str(doc["quantity"])) if doc["quantity"] is not None else None,
        due=days["due"],
        placed=days["placed"],
        note=str(doc["note"]),
        priority=str(doc["priority"]),
        route_hint=str(doc["route_hint"]),
        phone=str(doc.get("phone", "")),
        address=str(doc.get("address", "")),
        contact=str(doc.get("contact", "")),
        email=str(doc.get("email", "")),
        wechat=str(doc.get("wechat", "")),
        price=str(doc.get("price", "")),
        cost=str(doc.get("cost", "")),
    )

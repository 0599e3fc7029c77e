"""A world's needs: what suppliers were asked for, promised and delivered, as commands dated in the
past. Nobody is told of it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from domain.calendar import WorkCalendar
from domain.commands import Command, Told
from domain.errors import NotFound
from domain.need_commands import CheckNeed, ConfirmNeed, DeliverNeed, PlaceNeed, PromiseNeed
from domain.order import Order
from domain.person import SYSTEM, Person
from domain.supplying import known

Moment = Callable[[object, time], datetime]
"""A day as an offset from now, a date or a moment, with the clock time that is meant by a day."""
Step = tuple[Told, Command]


def steps(
    order: Order,
    rows: Sequence[Mapping[str, Any]],
    people: Sequence[Person],
    moment: Moment,
    calendar: WorkCalendar,
) -> list[Step]:
    """What happened to an order's needs, oldest first. `rows` as in docs/reference/http.md."""
    found: list[Step] = []
    oldest = sorted(rows, key=lambda row: moment(row["asked"], time(9, 30)))
    for place, row in enumerate(oldest, 1):
        supplier = known(people, str(row["supplier"]))
        if supplier is None:
            raise NotFound("no-such-supplier", supplier=str(row["supplier"]))
        found += _one(order.order_no, f"N{place}", row, supplier, moment, calendar)
    return sorted(found, key=lambda s: s[0].now)


def _one(
    no: str,
    name: str,
    row: Mapping[str, Any],
    supplier: Person,
    moment: Moment,
    calendar: WorkCalendar,
) -> Iterable[Step]:
    def day(value: object) -> date:
        return calendar.day(moment(value, time(12, 0)))

    asked = moment(row["asked"], time(9, 30))
    wanted, unit = str(row["quantity"]), str(row.get("unit", ""))
    needed = day(row["needed_by"])
    yield (
        Told(SYSTEM, asked),
        PlaceNeed(no, str(row["node"]), str(row["item"]), wanted, unit, supplier.id, needed),
    )
    if "confirmed" in row:
        yield Told(supplier, moment(row["confirmed"], time(11, 0))), ConfirmNeed(no, name)
    for change in row.get("changes", ()):
        said = Told(supplier, moment(change["at"], time(16, 0)))
        why, text = str(change.get("reason", "")), str(change.get("text", ""))
        yield said, PromiseNeed(no, name, day(change["day"]), why, text)
    for came in row.get("delivered", ()):
        at = moment(came["at"], time(10, 0))
        yield Told(supplier, at), DeliverNeed(no, name, str(came.get("amount", "")))
    if "checked" in row:
        at = moment(row["checked"], time(14, 0))
        yield Told(SYSTEM, at), CheckNeed(no, name, str(row.get("returned", "0")))


def merged(reports: Sequence[Step], needs: Sequence[Step]) -> list[Step]:
    """Both in the sequence in which they happened; reports keep theirs."""
    found, left = [], list(needs)
    for report in reports:
        while left and left[0][0].now <= report[0].now:
            found.append(left.pop(0))
        found.append(report)
    return [*found, *left]

"""Orders as the API tells them: plain data of one moment."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from adapters.web.ports import House
from domain.calendar import WorkCalendar
from domain.node import Node
from domain.order import Order
from domain.person import Person
from domain.plan import Level, deviation, forecast, level
from domain.ports import Reader
from domain.sight import masked_name

PhotoUrl = Callable[[str, int], str]


def moment(value: datetime | str | None, calendar: WorkCalendar) -> str | None:
    """A moment as ISO 8601 with the factory's offset."""
    if not value:
        return None
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return calendar.local(at).isoformat()


def level_of(order: Order, now: datetime, calendar: WorkCalendar) -> tuple[float, Level]:
    """How far an order is off its promise. Orders that are over are off nothing."""
    if not order.open:
        return 0.0, Level.NONE
    percent = deviation(order, now, calendar)
    return percent, level(percent)


def order_data(order: Order, house: House, reader: Reader, *, private: bool) -> dict[str, Any]:
    """An order with its nodes. Who is not `private` gets the customer masked and no remark."""
    now, calendar = house.now(), house.calendar
    percent, badge = level_of(order, now, calendar)
    customer = reader.person(order.customer) if order.customer else None
    return {
        "order_no": order.order_no,
        "product": order.product,
        "quantity": order.quantity,
        "customer": order.customer if private else "",
        "customer_name": _called(customer, private=private),
        "state": state_of(order),
        "route": order.route.key,
        "note": order.note if private else "",
        "priority": order.priority,
        "labels": list(order.labels),
        "placed": moment(order.placed, calendar),
        "due": order.due.isoformat(),
        "promised": order.promises[0].due.isoformat(),
        "forecast": moment(forecast(order, now, calendar), calendar),
        "deviation_percent": percent,
        "level": badge.value,
        "updated_at": moment(order.updated_at, calendar),
        "nodes": [_node_data(order, node, house) for node in order.in_order()],
    }


def state_of(order: Order) -> str:
    """`open`, `finished` or `cancelled`."""
    if order.cancelled:
        return "cancelled"
    return "finished" if order.finished else "open"


def _called(customer: Person | None, *, private: bool) -> str:
    name = customer.name if customer else ""
    return name if private else masked_name(name)


def _node_data(order: Order, node: Node, house: House) -> dict[str, Any]:
    calendar = house.calendar
    photos = [p.id for p in order.photos if p.node == node.key]
    return {
        "key": node.key,
        "name": order.route.node(node.key).name,
        "status": node.status.value,
        "quantity": node.quantity,
        "rework": node.rework,
        "scrap": node.scrap,
        "reason": node.reason,
        "reason_text": node.reason_text,
        "until": node.until,
        "awaiting": list(node.awaiting),
        "planned_start": moment(node.planned_start, calendar),
        "planned_finish": moment(node.planned_finish, calendar),
        "started_at": moment(node.started_at, calendar),
        "finished_at": moment(node.finished_at, calendar),
        "reported_by": node.reported_by,
        "tracking": node.tracking,
        "photos": [house.photo_url(order.order_no, number) for number in photos],
    }


CUSTOMERS_WORDS = ("FeedbackGiven", "CustomerChose")


def event_data(row: Mapping[str, Any], calendar: WorkCalendar, *, private: bool) -> dict[str, Any]:
    """One line of the audit log, its moments in factory time. Who is not `private` sees neither who
    the customer is, nor the remark, nor the customer's own words.
    """
    told = {key: row.get(key) for key in ("seq", "type", "node", "by")}
    data = dict(row.get("data") or {})
    if not private:
        theirs = row.get("type") in CUSTOMERS_WORDS
        gone = ("customer", "note", "who", *(("text",) if theirs else ()))
        data = {k: v for k, v in data.items() if k not in gone}
    return told | {
        "occurred_at": moment(row["occurred_at"], calendar),
        "recorded_at": moment(row["recorded_at"], calendar),
        "source": dict(row["source"]) if row.get("source") else None,
        "data": data,
        "hash": row.get("hash", ""),
    }

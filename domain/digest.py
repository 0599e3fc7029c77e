"""The morning's facts: what needs a decision, what waits on others, what each team owes today, what
was done, what is silent.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from domain.calendar import WorkCalendar
from domain.events import Event, NodeCompleted
from domain.order import Node, Order, Status
from domain.plan import Level, deviation, level

DECISIONS, WAITING, TEAMS, STALE = 5, 5, 8, 5
"""Lines of each part at most; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Morning:
    """The digest as plain data."""

    day: date
    facts: dict[str, Any]


def morning(
    orders: tuple[Order, ...],
    yesterday: tuple[Event, ...],
    finished: tuple[Order, ...],
    now: datetime,
    calendar: WorkCalendar,
) -> Morning:
    """Gather it. `yesterday` are the events since the last working day began, `finished` the orders
    of 30 days.
    """
    day = calendar.day(now)
    decide, wait, stale = [], [], []
    jobs: dict[str, list[dict[str, Any]]] = {}
    for order in orders:
        percent = deviation(order, now, calendar)
        held = [n for n in order.in_order() if n.held]
        if held or level(percent) is Level.RED:
            node = held[0] if held else order.current()[0]
            decide.append((-percent, order.order_no, node.key))
        for node in order.in_order():
            if node.status is Status.TO_CONFIRM:
                whom = [a for a in node.awaiting if a != "photo"] or ["photo"]
                wait.append({"order": order.order_no, "node": node.key, "whom": whom[0]})
            if _due_today(order, node, day, calendar):
                team = order.route.node(node.key).team or order.route.node(node.key).name
                left = order.quantity - node.quantity if node.quantity else 0
                jobs.setdefault(team, []).append(
                    {"order": order.order_no, "node": node.key, "left": left}
                )
            if _silent(node, now, calendar):
                stale.append({"order": order.order_no, "node": node.key})
    done = [e for e in yesterday if isinstance(e.fact, NodeCompleted)]
    hits = [o for o in finished if _on_time(o, calendar)]
    facts = {
        "day": day.isoformat(),
        "open": len(orders),
        "today": sum(o.due == day for o in orders),
        "decide": [{"order": no, "node": n} for _, no, n in sorted(decide)[:DECISIONS]],
        "decide_more": max(len(decide) - DECISIONS, 0),
        "wait": wait[:WAITING],
        "wait_more": max(len(wait) - WAITING, 0),
        "jobs": [{"team": t, "jobs": j[:4]} for t, j in sorted(jobs.items())[:TEAMS]],
        "done": len(done),
        "hits": len(hits),
        "finished": len(finished),
        "stale": stale[:STALE],
        "stale_more": max(len(stale) - STALE, 0),
    }
    return Morning(day, facts)


def since(now: datetime, calendar: WorkCalendar) -> tuple[datetime, datetime]:
    """From the begin of the last working day before today up to midnight."""
    day = calendar.day(now)
    back = day - timedelta(days=1)
    for _ in range(30):
        if calendar.is_workday(back):
            break
        back -= timedelta(days=1)
    return calendar.moment(back, time(0, 0)), calendar.moment(day, time(0, 0))


def _due_today(order: Order, node: Node, day: date, calendar: WorkCalendar) -> bool:
    """A node under way, or next to begin, whose plan ends today or before."""
    if node.completed or node.held or node.awaiting or node.planned_finish is None:
        return False
    busy = node.status is Status.IN_PROGRESS
    ready = not order.open_before(node.key)
    return (busy or ready) and calendar.day(node.planned_finish) <= day


def _silent(node: Node, now: datetime, calendar: WorkCalendar) -> bool:
    """Past its planned finish by two working hours and not reported complete."""
    if node.completed or node.held or node.awaiting or node.status is Status.PENDING:
        return False
    return node.planned_finish is not None and calendar.between(node.planned_finish, now) > 2


def _on_time(order: Order, calendar: WorkCalendar) -> bool:
    """Finished by the promise that was given at placing."""
    ends = [n.finished_at for n in order.nodes.values() if n.finished_at]
    return bool(ends) and calendar.day(max(ends)) <= order.promises[0].due

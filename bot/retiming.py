"""Moves what the clock waits for when the rules it was set by change, so that a day off or another
chain counts at once for what is already under way.

A timer keeps the working time that had passed before it began to count: a node that was owed three
working hours late is still owed three hours late.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.alarms import TIMER
from domain.calendar import WorkCalendar
from domain.escalation import Policy
from domain.order import Order
from domain.watch import AHEAD, OVERDUE, SILENT, Watch
from storage.ledger import Ledger

EVERY = 1_000_000


@dataclass(frozen=True, slots=True)
class Law:
    """Calendar and policy of a time."""

    calendar: WorkCalendar
    policy: Policy


def retime(ledger: Ledger, before: Law, after: Law) -> None:
    """Set the timers of open orders and alarms anew. Those that fired already stay as they are."""
    now = ledger.clock.now()
    far = now + timedelta(days=36_500)
    timers = {(kind, scope): at for kind, scope, at in ledger.alerts.timers(far, EVERY)}
    watch = Watch(after.calendar, after.policy)
    for order in ledger.open_orders():
        watch.arm_level(ledger, order, now)
        if (AHEAD, order.order_no) in timers:
            ledger.set_timer(AHEAD, order.order_no, max(watch.warn_from(order.due), now))
        _nodes(ledger, order, timers, before, after)
    for kind, scope in timers:
        alert = ledger.alert(scope) if kind == TIMER else None
        if alert is not None and alert.count == 0 and alert.step:
            ledger.set_timer(TIMER, scope, now)  # it is looked at, and rests until its time


def _nodes(
    ledger: Ledger,
    order: Order,
    timers: dict[tuple[str, str], datetime],
    before: Law,
    after: Law,
) -> None:
    for key, node in order.nodes.items():
        planned = node.planned_finish
        for kind, old, new in (
            (SILENT, before.policy.report, after.policy.report),
            (OVERDUE, before.policy.overdue, after.policy.overdue),
        ):
            at = timers.get((kind, f"{order.order_no}/{key}"))
            if at is None or planned is None:
                continue
            later = max(before.calendar.between(planned, at) - old, 0.0)
            since = after.calendar.add(planned, later)
            ledger.set_timer(kind, f"{order.order_no}/{key}", after.calendar.add(since, new))

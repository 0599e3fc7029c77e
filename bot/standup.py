"""The standup digest: gathered from the books and put into the outbox.

The clock asks for it every working morning, people with a word.
"""

from datetime import datetime

from domain import digest
from domain.calendar import WorkCalendar
from domain.events import NodeCompleted, stamp
from domain.notice import Kind, Loud, Notice
from domain.order import Order
from domain.person import Group
from storage.ledger import Ledger

WORDS = ("/晨会", "/晨會", "晨会", "晨會", "/standup")
MONTH = 30
UNANSWERED = 5
"""Questions of the digest that nobody answered."""


def standup(ledger: Ledger, calendar: WorkCalendar, group: Group, key: str) -> None:
    """The digest for one chat, as things stand."""
    now = ledger.clock.now()
    first, last = digest.since(now, calendar)
    events = ledger.orders.between(stamp(first), stamp(last))
    finished = [o for o in ledger.orders.all_orders() if o.finished and _lately(o, now)]
    morning = digest.morning(
        ledger.open_orders(),
        tuple(e for e in events if isinstance(e.fact, NodeCompleted)),
        tuple(finished),
        now,
        calendar,
    )
    facts = dict(morning.facts)
    facts["unanswered"] = [
        {"who": q.person, "text": str(q.doc.get("text", ""))[:40]}
        for q in ledger.questions.lapsed(first)
        if q.doc.get("text")
    ][:UNANSWERED]
    to = group.address
    name = f"{key}/{to.platform}/{to.chat}"
    ledger.notify(Notice(to, Kind.DIGEST, "standup", name, now, facts, group.language, Loud.QUIET))


def _lately(order: Order, now: datetime) -> bool:
    return order.updated_at is not None and (now - order.updated_at).days <= MONTH

"""Facts for answers: how far, when, who, which. Only what the one who asks may see."""

from typing import Any

from bot.context import Scene
from bot.understanding.model import Query
from domain.desk import Desk
from domain.order import Order
from domain.person import Deed, GroupKind, Person, Role, may
from domain.plan import Level, deviation, level
from storage.ledger import Ledger

SHOWN = 12
"""Orders of a list."""


def may_see(person: Person, order: Order) -> bool:
    """Whether somebody may hear of an order: their own, one at their nodes, or any."""
    if may(person.role, Deed.SEE_ALL_ORDERS):
        return True
    if may(person.role, Deed.SEE_NODE_ORDERS):
        return True
    if person.role is Role.SUPPLIER:
        return any(person.owns(key) for key in order.nodes)
    return order.customer == person.id


def answer_facts(ledger: Ledger, desk: Desk, view: Scene, query: Query) -> dict[str, Any]:
    """What to say, and the facts to say it with."""
    if query.kind == "refused":
        return {"what": "refused", "code": "not-allowed"}
    if query.kind == "list" or (query.order is None and _customer(view)):
        return _listed(ledger, desk, view)
    order = ledger.order(query.order) if query.order else None
    if order is None or not may_see(view.person, order):
        return {"what": "refused", "code": "no-such-order", "order": query.order or ""}
    facts: dict[str, Any] = {"order": order.order_no, "node": query.node or ""}
    if _customer(view) and query.node and not order.route.node(query.node).customer_visible:
        facts["node"] = ""
    if query.kind == "owner":
        keys = [query.node] if query.node else [n.key for n in order.current()]
        owners = [
            p.id
            for p in ledger.people()
            if p.role is Role.OPERATOR and any(k in p.nodes for k in keys)
        ]
        return facts | {"what": "owner", "nodes": keys, "owners": owners}
    return facts | {"what": query.kind, "customer": _customer(view)}


def _customer(view: Scene) -> bool:
    """Whether the answer is read by customers: then it says no more than their page does."""
    return view.person.role is Role.CUSTOMER or view.kind is GroupKind.CUSTOMER


def _listed(ledger: Ledger, desk: Desk, view: Scene) -> dict[str, Any]:
    """A customer's orders, or the open orders that are in trouble."""
    now = ledger.clock.now()
    if _customer(view):
        own = [o for o in ledger.orders_of(view.person.id) if o.open]
        if len(own) == 1:
            return {"what": "status", "order": own[0].order_no, "node": "", "customer": True}
        return {"what": "own-orders", "orders": [o.order_no for o in own[:SHOWN]]}
    rows = []
    for order in ledger.open_orders():
        if not may_see(view.person, order):
            continue
        held = any(n.held for n in order.nodes.values())
        percent = deviation(order, now, desk.calendar)
        if held or level(percent) in (Level.ORANGE, Level.RED):
            rows.append((-percent, order.order_no))
    return {"what": "trouble", "orders": [no for _, no in sorted(rows)[:SHOWN]]}

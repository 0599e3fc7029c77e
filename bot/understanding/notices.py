"""Requests to be told, or not to be told: subscribe and unsubscribe."""

from bot.understanding.gate import MAX_OFFERED, ask
from bot.understanding.model import Decision, Update
from bot.understanding.orders import suggested
from bot.understanding.scene import Scene

_TELLING = frozenset(["tell_me", "tell_no_more"])


def notice(scene: Scene) -> Decision | None:
    """The decision where the message is such a request, else None."""
    if _TELLING.isdisjoint(scene.tags) or (scene.names_other and not scene.names_bot):
        return None
    for clause in scene.clauses:
        if clause.has("tell_no_more"):
            return _decide(scene, "unsubscribe")
        if clause.has("tell_me") and not clause.has("neg"):
            return None if clause.stop == "?" and clause.has("who") else _decide(scene, "subscribe")
    return None


def _decide(scene: Scene, op: str) -> Decision | None:
    orders = list(dict.fromkeys(no for c in scene.clauses for no in c.orders))
    strangers = [s for c in scene.clauses for s in c.strangers]
    nodes = [t for c in scene.clauses for t in c.nodes]
    if strangers and not orders:
        near = [no for s in strangers for no in suggested(s, scene.world, scene.universe)]
        return ask("unknown-order", "order", Update(op), near[:MAX_OFFERED])
    if not orders:
        supplied, by = scene.supplied()
        orders = supplied if op == "subscribe" or by in ("card", "message") else []
    if not orders and op == "unsubscribe":
        return Decision("apply", (Update(op),), why="notice")
    if len(orders) != 1 and not (orders and any(c.orders for c in scene.clauses)):
        wanted = nodes or scene.customer or scene.private or scene.names_bot
        if not wanted:
            return None
        candidates = orders or list(scene.universe or ())
        return ask("order-missing", "order", Update(op), candidates[:MAX_OFFERED])
    return _for(scene, op, orders, [t.text for t in nodes])


def _for(scene: Scene, op: str, orders: list[str], words: list[str]) -> Decision:
    updates: list[Update] = []
    for order_no in orders:
        table = scene.world.aliases(scene.entry(order_no).route)
        keys: list[str] = []
        for word in words:
            found = table.resolve(word)
            if len(found) != 1:
                why = "node-ambiguous" if found else "node-not-on-route"
                return ask(why, "node", Update(op, order_no), found)
            if found[0] not in keys:
                keys.append(found[0])
        updates += [Update(op, order_no, key) for key in keys] or [Update(op, order_no)]
    return Decision("apply", tuple(updates), why="notice")

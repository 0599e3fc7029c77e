"""The JSON of recorded conversations: a world, a case in, a decision out."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.understanding.model import (
    Decision,
    Message,
    OrderState,
    Previous,
    Query,
    ReplyTo,
    Update,
)
from bot.understanding.world import (
    CustomerEntry,
    NodeEntry,
    OrderEntry,
    PersonEntry,
    RouteEntry,
    World,
)

Json = Mapping[str, Any]
DEFAULT_AT = "2026-11-23T10:00"


def world_from_json(data: Json) -> World:
    """A world as the conversation files write it."""
    routes = {route["key"]: _route(route) for route in data["routes"]}
    return World(
        orders=[
            OrderEntry(
                o["order_no"], o["product"], o["quantity"], o.get("customer"), routes[o["route"]]
            )
            for o in data["orders"]
        ],
        people=[
            PersonEntry(p["id"], p["name"], p.get("title", ""), p["role"], tuple(p["nodes"]))
            for p in data["people"]
        ],
        customers=[
            CustomerEntry(c["id"], c["name"], c.get("lang", "zh-CN")) for c in data["customers"]
        ],
        bot_names=data.get("bot_names", ()),
    )


def _route(route: Json) -> RouteEntry:
    nodes = (NodeEntry(n["key"], n["name"], tuple(n.get("aliases", ()))) for n in route["nodes"])
    return RouteEntry(route["key"], tuple(nodes))


def message_from_case(case: Json) -> Message:
    """A message from `text` and `context`; what the context leaves out has its default."""
    context: Json = case.get("context", {})
    reply = context.get("reply_to")
    return Message(
        text=case["text"],
        at=datetime.fromisoformat(context.get("at", DEFAULT_AT)),
        channel=context.get("channel", "production_group"),
        sender=context.get("sender"),
        mentions_bot=context.get("mentions_bot", False),
        attachments=tuple(context.get("attachments", ())),
        reply_to=_reply(reply) if reply else None,
        previous=tuple(_previous(entry) for entry in context.get("previous", ())),
        state={order: _state(lists) for order, lists in context.get("state", {}).items()},
        forwarded=context.get("forwarded", False),
        from_bot=context.get("from_bot", False),
        event=context.get("event"),
    )


def _reply(reply: Json) -> ReplyTo:
    pending = reply.get("pending")
    return ReplyTo(
        kind=reply["kind"],
        order=reply.get("order"),
        asked=reply.get("asked"),
        pending=Update(**pending) if pending else None,
        options=tuple(Update(**option) for option in reply.get("options", ())),
        sender=reply.get("sender"),
        text=reply.get("text", ""),
    )


def _previous(entry: Json) -> Previous:
    return Previous(
        sender=entry.get("sender"),
        seconds_ago=entry["seconds_ago"],
        text=entry.get("text", ""),
        attachments=tuple(entry.get("attachments", ())),
        applied=tuple(Update(**update) for update in entry.get("applied", ())),
        source=entry.get("source", False),
    )


def _state(lists: Json) -> OrderState:
    return OrderState(
        done=frozenset(lists.get("done", ())),
        in_progress=frozenset(lists.get("in_progress", ())),
        delayed=frozenset(lists.get("delayed", ())),
        quantity=dict(lists.get("quantity", {})),
    )


def decision_to_json(decision: Decision) -> dict[str, Any]:
    """A decision with the fields that hold something."""
    out: dict[str, Any] = {"decision": decision.decision}
    if decision.updates:
        out["updates"] = [update.facts() for update in decision.updates]
    if decision.candidates:
        out["candidates"] = list(decision.candidates)
    if decision.query:
        out["query"] = _query(decision.query)
    if decision.asked:
        out["asked"] = decision.asked
    if decision.pending:
        out["pending"] = [update.facts() for update in decision.pending]
    if decision.why:
        out["why"] = decision.why
    if decision.rest:
        out["rest"] = [decision_to_json(part) for part in decision.rest]
    return out


def _query(query: Query) -> dict[str, str]:
    pairs = {"kind": query.kind, "order": query.order, "node": query.node}
    return {name: value for name, value in pairs.items() if value is not None}

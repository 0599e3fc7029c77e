"""Orders as plain data and back, and the hash that chains an order's events.

The stored copy of an order must equal the fold of its events to the last field: `verify` compares
these forms.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime
from typing import Any

from domain.events import Event, Source, pack, stamp, unpack, unstamp
from domain.needs import need_doc, need_from
from domain.node import Node
from domain.order import Order, Photo, Promise
from domain.route import Route
from storage.secrets import PLAIN, Seals
from storage.words import hide, open_fact, seal_fact, show

_TIMES = ("planned_start", "planned_finish", "started_at", "finished_at", "reported_at")
_TUPLES = ("awaiting", "confirmed", "photos", "waits_for")
_NODE = tuple((f.name, f.default) for f in fields(Node) if f.name != "key")


_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def dump(data: object) -> str:
    """JSON as it is stored: compact, readable Chinese, keys in the order given."""
    return _ENCODE(data)


def node_doc(node: Node) -> dict[str, Any]:
    """A node's plain data without what stands at its default."""
    out: dict[str, Any] = {}
    for name, default in _NODE:
        value = getattr(node, name)
        if value != default:
            out[name] = stamp(value) if isinstance(value, datetime) else value
    return out


def node_from(key: str, doc: Mapping[str, Any]) -> Node:
    """A node from its plain data."""
    values = dict(doc)
    for name in _TIMES:
        if name in values:
            values[name] = unstamp(values[name])
    for name in _TUPLES:
        if name in values:
            values[name] = tuple(values[name])
    return Node(key, **values)


def order_doc(order: Order) -> dict[str, Any]:
    """An order's plain data, without its route."""
    return {
        "quantity": order.quantity,
        "placed": stamp(order.placed) if order.placed else "",
        "note": order.note,
        "priority": order.priority,
        "cancelled": order.cancelled,
        "nodes": {key: node_doc(node) for key, node in order.nodes.items()},
        "photos": [
            [p.id, p.node, p.digest, p.key, p.thumb, p.kind, stamp(p.at), p.width, p.height]
            for p in order.photos
        ],
        "promises": [[p.due.isoformat(), stamp(p.at), p.reason, p.text] for p in order.promises],
        "followers": sorted(list(pair) for pair in order.followers),
        **({"labels": list(order.labels)} if order.labels else {}),
        **({"needs": [need_doc(n) for n in order.needs.values()]} if order.needs else {}),
    } | {k: v for k, v in (("level", order.level), ("score", order.score)) if v not in ("none", 0)}


def order_row(order: Order, head: str, seals: Seals = PLAIN) -> dict[str, Any]:
    """An order as it is stored, its words sealed; `head` is the hash of its last event."""
    return {
        "order_no": order.order_no,
        "customer": order.customer,
        "product": order.product,
        "due": order.due.isoformat(),
        "open": int(order.open),
        "seq": order.seq,
        "head": head,
        "route": order.route.key,
        "route_version": order.route.version,
        "updated_at": stamp(order.updated_at) if order.updated_at else "",
        "doc": dump(hide(order_doc(order), order.order_no, seals, order.customer)),
    }


def order_from(row: Mapping[str, Any], route: Route, seals: Seals = PLAIN) -> Order:
    """An order from its stored row and its route."""
    doc = show(json.loads(row["doc"]), row["order_no"], seals)
    return Order(
        order_no=row["order_no"],
        route=route,
        product=row["product"],
        quantity=doc["quantity"],
        customer=row["customer"],
        placed=unstamp(doc["placed"]) if doc["placed"] else None,
        note=doc["note"],
        priority=doc["priority"],
        nodes={key: node_from(key, node) for key, node in doc["nodes"].items()},
        photos=tuple(
            Photo(p[0], p[1], p[2], p[3], p[4], p[5], unstamp(p[6]), p[7], p[8])
            for p in doc["photos"]
        ),
        promises=tuple(
            Promise(date.fromisoformat(p[0]), unstamp(p[1]), p[2], p[3]) for p in doc["promises"]
        ),
        followers=frozenset((who, node) for who, node in doc["followers"]),
        cancelled=doc["cancelled"],
        level=doc.get("level", "none"),
        score=doc.get("score", 0),
        labels=tuple(doc.get("labels", ())),
        needs={need["id"]: need_from(need) for need in doc.get("needs", ())},
        seq=row["seq"],
        updated_at=unstamp(row["updated_at"]),
    )


def event_row(
    event: Event, before: str, seals: Seals = PLAIN, customer: str = ""
) -> dict[str, Any]:
    """An event as it is stored, its words sealed with the order's customer's key, chained to the
    hash of the one before it. The chain is over what is stored, so that it can be checked when the
    words are erased.
    """
    source = event.source or Source("", "", "")
    data = pack(event.fact)
    seal_fact(data, event.order_no, event.seq, seals, customer)
    row: dict[str, Any] = {
        "order_no": event.order_no,
        "seq": event.seq,
        "type": event.type,
        "node": event.node,
        "by": event.by,
        "on_behalf": int(event.on_behalf),
        "occurred_at": stamp(event.occurred_at),
        "recorded_at": stamp(event.recorded_at),
        "source_platform": source.platform,
        "source_chat": source.chat,
        "source_message": source.message_id,
        "data": dump(data),
    }
    row["hash"] = chain(before, row)
    return row


HASHED = (
    "order_no", "seq", "type", "node", "by", "on_behalf", "occurred_at", "recorded_at",
    "source_platform", "source_chat", "source_message", "data",
)  # fmt: skip


def chain(before: str, row: Mapping[str, Any]) -> str:
    """SHA-256 over the hash before and every stored field, each with its length: nothing can be
    moved or swapped.
    """
    parts = [before, *(str(int(v) if isinstance(v := row[k], bool) else v) for k in HASHED)]
    text = "".join(f"{len(p)}:{p}" for p in parts)
    return hashlib.sha256(text.encode()).hexdigest()


def event_from(row: Mapping[str, Any], seals: Seals = PLAIN) -> Event:
    """An event from its stored row."""
    platform = row["source_platform"]
    data = open_fact(json.loads(row["data"]), row["order_no"], row["seq"], seals)
    return Event(
        order_no=row["order_no"],
        seq=row["seq"],
        node=row["node"],
        by=row["by"],
        occurred_at=unstamp(row["occurred_at"]),
        recorded_at=unstamp(row["recorded_at"]),
        fact=unpack(row["type"], data),
        source=Source(platform, row["source_chat"], row["source_message"]) if platform else None,
        on_behalf=bool(row["on_behalf"]),
    )

"""Orders as plain data and back, and the hash that chains an order's events.

The stored copy of an order must equal the fold of its events to the last field: `verify` compares
these forms.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime
from operator import attrgetter
from typing import Any

import orjson

from domain.events import Event, Source, pack, stamp, unpack, unstamp
from domain.needs import need_doc, need_from
from domain.node import Node
from domain.order import Order, Photo, Promise
from domain.route import Route
from storage.pending import EVENT, ORDER
from storage.secrets import PLAIN, Seals
from storage.words import hide, open_fact, seal_fact, show

_TIMES = ("planned_start", "planned_finish", "started_at", "finished_at", "reported_at")
_TUPLES = ("awaiting", "confirmed", "photos", "waits_for")
_NAMES = tuple(f.name for f in fields(Node) if f.name != "key")
_NODE = tuple(zip(_NAMES, (f.default for f in fields(Node) if f.name != "key"), strict=True))
_VALUES = attrgetter(*_NAMES)


Pieces = dict[str, tuple[Node, orjson.Fragment]]
"""The nodes of an order as they were last written, with their JSON."""


def dump(data: object) -> str:
    """JSON as it is stored: compact, readable Chinese, keys in the order given. Raises TypeError
    for what is no JSON, half a surrogate pair among it.
    """
    return orjson.dumps(data).decode()


def node_doc(node: Node) -> dict[str, Any]:
    """A node's plain data without what stands at its default."""
    return {
        name: stamp(value) if isinstance(value, datetime) else value
        for (name, default), value in zip(_NODE, _VALUES(node), strict=True)
        if value is not default and value != default
    }


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


def order_doc(order: Order, render: Callable[[Node], Any] = node_doc) -> dict[str, Any]:
    """An order's plain data, without its route; `render` makes that of a node."""
    return {
        "quantity": order.quantity,
        "placed": stamp(order.placed) if order.placed else "",
        "note": order.note,
        "priority": order.priority,
        "cancelled": order.cancelled,
        "nodes": {key: render(node) for key, node in order.nodes.items()},
        "photos": [
            [p.id, p.node, p.digest, p.key, p.thumb, p.kind, stamp(p.at), p.width, p.height]
            for p in order.photos
        ],
        "promises": [[p.due.isoformat(), stamp(p.at), p.reason, p.text] for p in order.promises],
        "followers": sorted(list(pair) for pair in order.followers),
        **({"labels": list(order.labels)} if order.labels else {}),
        **({"needs": [need_doc(n) for n in order.needs.values()]} if order.needs else {}),
    } | {k: v for k, v in (("level", order.level), ("score", order.score)) if v not in ("none", 0)}


def order_values(
    order: Order, head: str, seals: Seals = PLAIN, pieces: Pieces | None = None
) -> tuple[Any, ...]:
    """An order as it is stored, its words sealed, in the sequence of `storage.pending.ORDER`;
    `head` is the hash of its last event. Nodes that still are those in `pieces` are not worked out
    again.
    """
    render = _from(pieces, seals) if pieces is not None else node_doc
    doc = hide(order_doc(order, render), order.order_no, seals, order.customer)
    return (
        order.order_no,
        order.customer,
        order.product,
        order.due.isoformat(),
        order.open,
        order.seq,
        head,
        order.route.key,
        order.route.version,
        stamp(order.updated_at) if order.updated_at else "",
        dump(doc),
    )


def order_row(order: Order, head: str, seals: Seals = PLAIN) -> dict[str, Any]:
    """The same by name."""
    return dict(zip(ORDER, order_values(order, head, seals), strict=True))


def _from(pieces: Pieces, seals: Seals) -> Callable[[Node], Any]:
    def render(node: Node) -> Any:
        kept = pieces.get(node.key)
        if kept is not None and kept[0] is node:
            return kept[1]
        doc = node_doc(node)
        if seals.sealing and "reason_text" in doc:
            return doc  # its words go elsewhere
        piece = orjson.Fragment(orjson.dumps(doc))
        pieces[node.key] = node, piece
        return piece

    return render


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


def event_values(
    event: Event, before: str, seals: Seals = PLAIN, customer: str = ""
) -> tuple[Any, ...]:
    """An event as it is stored, in the sequence of `storage.pending.EVENT`: its words sealed with
    the order's customer's key, chained to the hash of the one before it. The chain is over what is
    stored, so that it can be checked when the words are erased.
    """
    source = event.source
    data = pack(event.fact)
    seal_fact(data, event.order_no, event.seq, seals, customer)
    recorded = stamp(event.recorded_at)
    same = event.occurred_at is event.recorded_at
    values = (
        event.order_no,
        event.seq,
        event.type,
        event.node,
        event.by,
        event.on_behalf,
        recorded if same else stamp(event.occurred_at),
        recorded,
        source.platform if source else "",
        source.chat if source else "",
        source.message_id if source else "",
        dump(data),
    )
    return (*values, chained(before, values))


def event_row(
    event: Event, before: str, seals: Seals = PLAIN, customer: str = ""
) -> dict[str, Any]:
    """The same by name."""
    return dict(zip(EVENT, event_values(event, before, seals, customer), strict=True))


def chain(before: str, row: Mapping[str, Any]) -> str:
    """The hash of a stored event after the hash before it."""
    return chained(before, [row[k] for k in EVENT[:-1]])


def chained(before: str, values: Sequence[Any]) -> str:
    """SHA-256 over the hash before and every stored value, each with its length: nothing can be
    moved or swapped.
    """
    texts = [before, *(str(int(v) if v is True or v is False else v) for v in values)]
    return hashlib.sha256("".join([f"{len(t)}:{t}" for t in texts]).encode()).hexdigest()


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

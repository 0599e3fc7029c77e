"""Needs (用料需求): what a supplier owes an order for one of its nodes, folded from events alone.

A need is asked, confirmed with a day, delivered in one or several parts, and checked. The first day
that a supplier gave is what its punctuality is measured by; every later one stands beside it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from domain.amounts import plain
from domain.events import Event, stamp, unstamp
from domain.need_facts import (
    NeedCancelled,
    NeedChecked,
    NeedConfirmed,
    NeedDelivered,
    NeedMoved,
    NeedPlaced,
    NeedPromised,
)


class NeedState(StrEnum):
    """How far a need is."""

    ASKED = "asked"
    CONFIRMED = "confirmed"
    DELIVERED = "delivered"
    CHECKED = "checked"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Given:
    """One day that a supplier gave: when it was given, and why it moved."""

    day: date
    at: datetime
    reason: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery: how much, when, and the digests of its pictures."""

    amount: str
    at: datetime
    photos: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Need:
    """What a supplier owes. Amounts are decimals as text, days are the factory's. `declared` says
    that the route asks for it, and not a person by hand; `first_by` is the day that was asked for
    first.
    """

    id: str
    node: str
    item: str
    quantity: str
    unit: str
    supplier: str
    needed_by: date
    asked_at: datetime
    note: str = ""
    declared: bool = False
    state: NeedState = NeedState.ASKED
    confirmed_at: datetime | None = None
    given: tuple[Given, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    good: str = ""
    returned: str = ""
    checked_at: datetime | None = None
    first_by: date | None = None

    @property
    def open(self) -> bool:
        """Whether something is still to come."""
        return self.state in (NeedState.ASKED, NeedState.CONFIRMED)

    @property
    def promised(self) -> date | None:
        """The day valid now; None if the supplier gave none."""
        return self.given[-1].day if self.given else None

    @property
    def delivered(self) -> Decimal:
        """How much has come."""
        return sum((Decimal(d.amount) for d in self.deliveries), Decimal(0))

    @property
    def left(self) -> Decimal:
        """How much is still to come."""
        return max(Decimal(self.quantity) - self.delivered, Decimal(0))

    @property
    def photos(self) -> tuple[str, ...]:
        """The pictures of all deliveries."""
        return tuple(p for d in self.deliveries for p in d.photos)

    @property
    def asked_by(self) -> date:
        """The day that was asked for first."""
        return self.first_by or self.needed_by


Needs = Mapping[str, Need]
Fact = (
    NeedPlaced
    | NeedConfirmed
    | NeedPromised
    | NeedMoved
    | NeedDelivered
    | NeedChecked
    | NeedCancelled
)
"""The facts that are about a need."""


def needs_after(needs: Needs, event: Event, fact: Fact) -> Needs:
    """The needs of an order after one fact about one of them."""
    if isinstance(fact, NeedPlaced):
        return {**needs, fact.need: _placed(event, fact)}
    return {**needs, fact.need: _after(needs[fact.need], event, fact)}


def _placed(event: Event, fact: NeedPlaced) -> Need:
    return Need(
        fact.need,
        event.node,
        fact.item,
        fact.quantity,
        fact.unit,
        fact.supplier,
        date.fromisoformat(fact.needed_by),
        event.occurred_at,
        fact.note,
        fact.declared,
    )


def _after(need: Need, event: Event, fact: Fact) -> Need:
    at = event.occurred_at
    match fact:
        case NeedConfirmed(promised=day):
            given = (*need.given, Given(date.fromisoformat(day), at))
            return replace(need, state=NeedState.CONFIRMED, confirmed_at=at, given=given)
        case NeedPromised(promised=day, reason=reason, text=text):
            given = (*need.given, Given(date.fromisoformat(day), at, reason, text))
            begun = need.confirmed_at or at
            return replace(need, state=NeedState.CONFIRMED, confirmed_at=begun, given=given)
        case NeedMoved(needed_by=day):
            return replace(need, needed_by=date.fromisoformat(day), first_by=need.asked_by)
        case NeedDelivered(amount=amount, photos=photos):
            came = replace(need, deliveries=(*need.deliveries, Delivery(amount, at, photos)))
            return came if came.left else replace(came, state=NeedState.DELIVERED)
        case NeedChecked(good=good, returned=returned):
            return replace(
                need, state=NeedState.CHECKED, good=good, returned=returned, checked_at=at
            )
        case NeedCancelled():
            return replace(need, state=NeedState.CANCELLED)
        case NeedPlaced():
            return need


def without_open(needs: Needs) -> Needs:
    """The needs of an order that will not be made: what is still to come, is not to come."""
    return {k: replace(n, state=NeedState.CANCELLED) if n.open else n for k, n in needs.items()}


def amount_of(need: Need) -> str:
    """`20 kg`."""
    return f"{plain(Decimal(need.quantity))} {need.unit}".strip()


def need_doc(need: Need) -> dict[str, Any]:
    """A need's plain data."""
    return {
        "id": need.id,
        "node": need.node,
        "item": need.item,
        "quantity": need.quantity,
        "unit": need.unit,
        "supplier": need.supplier,
        "needed_by": need.needed_by.isoformat(),
        "asked_at": stamp(need.asked_at),
        "note": need.note,
        "declared": need.declared,
        "state": need.state.value,
        "confirmed_at": stamp(need.confirmed_at) if need.confirmed_at else "",
        "given": [[g.day.isoformat(), stamp(g.at), g.reason, g.text] for g in need.given],
        "deliveries": [[d.amount, stamp(d.at), list(d.photos)] for d in need.deliveries],
        "good": need.good,
        "returned": need.returned,
        "checked_at": stamp(need.checked_at) if need.checked_at else "",
        "first_by": need.first_by.isoformat() if need.first_by else "",
    }


def need_from(doc: Mapping[str, Any]) -> Need:
    """A need from its plain data."""
    values = dict(doc)
    values["needed_by"] = date.fromisoformat(doc["needed_by"])
    values["asked_at"] = unstamp(doc["asked_at"])
    values["state"] = NeedState(doc["state"])
    for name in ("confirmed_at", "checked_at"):
        values[name] = unstamp(doc[name]) if doc[name] else None
    values["first_by"] = date.fromisoformat(doc["first_by"]) if doc["first_by"] else None
    values["given"] = tuple(
        Given(date.fromisoformat(day), unstamp(at), reason, text)
        for day, at, reason, text in doc["given"]
    )
    values["deliveries"] = tuple(
        Delivery(much, unstamp(at), tuple(photos)) for much, at, photos in doc["deliveries"]
    )
    return Need(**values)

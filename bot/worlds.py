"""Loads a world (the format of conversations/world-*.json, with placing, due dates and states) into
empty books.

States become events, dated along the plan, exactly as reports would have made them; nobody is told
of the past.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from bot import worlds_needs
from bot.naming import named
from domain.commands import (
    AskConfirmation,
    Attach,
    ChangeLevel,
    Command,
    Complete,
    Delay,
    Follow,
    PlaceOrder,
    Progress,
    Rework,
    Start,
    Told,
)
from domain.decide import decide
from domain.desk import Desk
from domain.errors import NotFound, SheetFault
from domain.events import ConfirmationAsked, Event, PhotoAttached
from domain.order import Order, empty, evolve
from domain.person import SYSTEM, Address, Group, GroupKind, Person, Role
from domain.plan import place
from domain.route import Route, from_dict, from_toml, to_dict
from domain.supplying import Supplying
from storage.ledger import Ledger
from storage.privacy import CONTACTS, MONEY
from storage.secrets import owner

TEMPLATES = Path(__file__).parent.parent / "domain" / "templates"
SANDBOX = "sandbox"
World = Mapping[str, Any]


def template(key: str) -> Route:
    """A route that comes with us."""
    path = TEMPLATES / f"{key}.toml"
    if not key.replace("-", "").isalnum() or not path.is_file():
        raise NotFound("no-such-route", route=key)
    return from_toml(path.read_text(encoding="utf-8"))


def templates() -> list[str]:
    """The keys of the routes that come with us."""
    return sorted(p.stem for p in TEMPLATES.glob("*.toml"))


def no_past(ledger: Ledger) -> None:
    """Most worlds have no orders but their own."""


@dataclass(slots=True)
class Loader:
    """Writes a world down. The clock of the books is put to each event's time while it does."""

    ledger: Ledger
    desk: Desk
    at: datetime
    photos: Mapping[str, PhotoAttached]
    past: Callable[[Ledger], object] = no_past

    def load(self, world: World) -> None:
        """Routes, people, customers, groups, orders. Raises SheetFault where the world is
        malformed.
        """
        try:
            for route in world["routes"]:
                self.ledger.orders.keep_route(self._route(route))
            self._people(world)
            self._groups(world)
            self.past(self.ledger)
            for row in world["orders"]:
                self._order(row)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise SheetFault("malformed-world", detail=repr(error)[:200]) from error

    def _route(self, row: Mapping[str, Any]) -> Route:
        if "template" in row:
            route = template(str(row["template"]))
            faster = float(row.get("pace", 1.0))
            doc = to_dict(route)
            for node in doc["nodes"]:
                node["standard_hours"] = round(node["standard_hours"] * faster, 2)
            return from_dict(doc)
        return named(from_dict(row), map(template, templates()))

    def _people(self, world: World) -> None:
        for row in world.get("people", ()):
            person = Person(
                str(row["id"]),
                str(row["name"]),
                Role(row.get("role", "operator")),
                str(row.get("title", "")),
                tuple(row.get("nodes", ())),
                row.get("lang", "zh-CN"),
            )
            self._person(person, row)
        for row in world.get("customers", ()):
            person = Person(
                str(row["id"]),
                str(row["name"]),
                Role.CUSTOMER,
                language=row.get("lang", "zh-CN"),
            )
            self._person(person, row)

    def _person(self, person: Person, row: Mapping[str, Any]) -> None:
        self.ledger.folk.keep(person)
        for name in CONTACTS:
            if name in row:
                self.ledger.private.put(owner(person.id), name, str(row[name]))
        for where in row.get("addresses", ()):
            user = str(where["user"])
            self.ledger.folk.bind(person.id, str(where["platform"]), "", user, user)
        self.ledger.folk.bind(person.id, SANDBOX, "", person.id, f"private-{person.id}")

    def _groups(self, world: World) -> None:
        staff = tuple(str(p["id"]) for p in world.get("people", ()) if _inside(p))
        leads = tuple(
            str(p["id"]) for p in world.get("people", ()) if p.get("role") in ("manager", "admin")
        )
        titles = world.get("titles", {})
        for chat, kind, members in (
            ("production", GroupKind.PRODUCTION, staff),
            ("management", GroupKind.MANAGEMENT, leads),
        ):
            title = titles.get(chat, {"production": "生产群", "management": "管理群"}[chat])
            self.ledger.folk.keep_group(Group(Address(SANDBOX, chat), kind, title, members=members))
        for row in world.get("customers", ()):
            who = str(row["id"])
            language = row.get("lang", "zh-CN")
            to = Address(SANDBOX, f"customer-{who}")
            self.ledger.folk.keep_group(
                Group(to, GroupKind.CUSTOMER, str(row["name"]), language, (who, *leads))
            )
        for row in world.get("groups", ()):
            to = Address(str(row["platform"]), str(row["chat"]))
            self.ledger.folk.keep_group(Group(to, GroupKind(row["kind"]), row.get("title", "")))

    def _moment(self, value: object, clock: time) -> datetime:
        """A day as an offset from now, a date, or a moment."""
        if isinstance(value, int):
            day = self.desk.calendar.day(self.at) + timedelta(days=value)
            return self.desk.calendar.moment(day, clock)
        text = str(value)
        if "T" in text:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=self.desk.calendar.zone)
            return moment
        return self.desk.calendar.moment(date.fromisoformat(text), clock)

    def _order(self, row: Mapping[str, Any]) -> None:
        calendar = self.desk.calendar
        placed = self._moment(row["placed"], time(9, 0)) if "placed" in row else self.at
        placed = min(placed, self.at)
        due = calendar.day(self._moment(row["due"], time(12, 0))) if "due" in row else None
        route = self.ledger.route(str(row["route"]))
        if route is None:
            raise NotFound("no-such-route", route=str(row["route"]))
        command = PlaceOrder(
            str(row["order_no"]),
            str(row.get("product", "")),
            int(row.get("quantity", 1)),
            str(row.get("customer", "")),
            route.key,
            due,
            placed,
            str(row.get("note", "")),
            str(row.get("priority", "")),
        )
        order = empty(command.order_no, route)
        placing = place(route, command.quantity, placed, due, calendar)
        order = self._keep(order, command, Told(SYSTEM, placed), placing=placing)
        for name in MONEY:
            if name in row:
                self.ledger.private.put(f"order/{order.order_no}", name, str(row[name]))
        for event in Supplying(calendar).declared(
            self.ledger.people(), order, Told(SYSTEM, placed)
        ):
            order = self._kept(order, [event])
        reports = list(self._steps(order, row, placed))
        people, rows = self.ledger.people(), row.get("needs", ())
        needs = worlds_needs.steps(order, rows, people, self._moment, calendar)
        for told, step in worlds_needs.merged(reports, needs):
            order = self._keep(order, step, told)
        self._level(order)

    def _level(self, order: Order) -> None:
        """How far the order is off as it stands; nobody is told of what was so before."""
        wanted, percent = self.desk.watch.crossing(order, self.at)
        if order.open and wanted != order.level:
            self._keep(order, ChangeLevel(order.order_no, wanted, percent), Told(SYSTEM, self.at))

    def _keep(self, order: Order, command: Command, told: Told, **more: Any) -> Order:
        return self._kept(order, decide(order, command, told, **more))

    def _kept(self, order: Order, events: Sequence[Event]) -> Order:
        for event in events:
            order = evolve(order, event)
        self.ledger.keep(order, events)
        return order

    def _steps(
        self, order: Order, row: Mapping[str, Any], placed: datetime
    ) -> Iterable[tuple[Told, Command]]:
        """The reports that lead to the wanted state, oldest first, none later than now."""
        no, state = order.order_no, row.get("state", {})
        pieces = state.get("quantity", {})
        done = [k for k in order.nodes if k in state.get("done", ())]
        until = self._moment(row["finished"], time(16, 0)) if "finished" in row else self.at
        times = self._spread(order, done, placed, until)
        for key in done:
            shots = [self.photos[n] for n in row.get("photos", {}).get(key, ()) if n in self.photos]
            told = Told(self._reporter(key), times[key])
            if shots:
                yield told, Attach(no, key, tuple(shots))
            yield told, Complete(no, key, anyway=True)
        last = max(times.values(), default=placed)
        for key in order.nodes:
            told = Told(self._reporter(key), max(last, self._recent(order, key)))
            if key in state.get("in_progress", ()):
                yield told, Start(no, key, anyway=True)
                if pieces.get(key):
                    yield told, Progress(no, key, int(pieces[key]), anyway=True)
            elif key in state.get("delayed", ()):
                yield from self._held(order, key, row, told, pieces)
            elif key in row.get("to_confirm", {}):
                text = str(row["to_confirm"][key])
                asked = Told(SYSTEM, max(placed, self.at - timedelta(days=2)))
                yield asked, AskConfirmation(no, key, "customer", text)
        for key in row.get("follows", ()):
            follower = self.ledger.person(order.customer)
            if follower is not None:
                yield Told(follower, placed), Follow(no, str(key))

    def _held(
        self, order: Order, key: str, row: Mapping[str, Any], told: Told, pieces: Mapping[str, Any]
    ) -> Iterable[tuple[Told, Command]]:
        why = row.get("delay", {}).get(key, {})
        if pieces.get(key):
            yield told, Progress(order.order_no, key, int(pieces[key]), anyway=True)
        text = str(why.get("text", ""))
        if why.get("rework"):
            yield told, Rework(order.order_no, key, int(why["rework"]), "quality", text)
            return
        until = str(why.get("until", ""))
        if until.startswith("+"):
            days, _, clock = until[1:].partition("T")
            day = self.desk.calendar.day(self.at) + timedelta(days=int(days))
            until = f"{day.isoformat()}T{clock}" if clock else day.isoformat()
        needs = tuple(map(str, why.get("needs", ())))
        yield told, Delay(order.order_no, key, str(why.get("reason", "")), text, until, needs=needs)

    def _reporter(self, key: str) -> Person:
        people = self.ledger.people()
        own = [p for p in people if p.role is Role.OPERATOR and key in p.nodes]
        leads = [p for p in people if p.role is Role.MANAGER]
        return own[0] if own else leads[0] if leads else SYSTEM

    def _spread(
        self, order: Order, done: list[str], placed: datetime, until: datetime
    ) -> dict[str, datetime]:
        """Finish times of finished nodes: along the plan, squeezed so that none lies after now."""
        plan = {k: order.nodes[k].planned_finish or placed for k in done}
        latest = max(plan.values(), default=placed)
        eve = self.desk.calendar.closing(self.desk.calendar.day(self.at) - timedelta(days=1))
        limit = min(until, self.at, max(eve, placed))
        if latest <= limit:
            return plan
        room = max((limit - placed).total_seconds(), 60.0)
        span = max((latest - placed).total_seconds(), 1.0)
        return {
            k: min(placed + timedelta(seconds=room * (t - placed).total_seconds() / span), self.at)
            for k, t in plan.items()
        }

    def _recent(self, order: Order, key: str) -> datetime:
        """When a node that is under way began: by the plan, an hour ago at the latest."""
        planned = order.nodes[key].planned_start or self.at
        return min(planned, self.at - timedelta(minutes=30))


def _inside(row: Mapping[str, Any]) -> bool:
    """Whether somebody sits in the production group: not suppliers who work at no node of ours."""
    return row.get("role") != Role.SUPPLIER.value or bool(row.get("nodes"))


def load(
    ledger: Ledger,
    desk: Desk,
    world: World,
    at: datetime,
    photos: Mapping[str, PhotoAttached],
    past: Callable[[Ledger], object] = no_past,
) -> None:
    """Load a world as it stands at a moment; who is waited for is asked, as at any time. `past`
    writes down what was before its orders, once routes and people are known.
    """
    Loader(ledger, desk, at, photos, past).load(world)
    for order in ledger.open_orders():
        for event in ledger.history(order.order_no):
            if isinstance(event.fact, ConfirmationAsked) and order.nodes[event.node].awaiting:
                desk.ask_confirmation(ledger, order, event, Told(SYSTEM, at))


def check(world: object) -> World:
    """A world must at least look like one before everything is thrown away for it."""
    if not isinstance(world, Mapping):
        raise SheetFault("malformed-world", detail="not an object")
    for name in ("routes", "orders"):
        if not isinstance(world.get(name), list):
            raise SheetFault("malformed-world", detail=f"{name} must be a list")
    return world

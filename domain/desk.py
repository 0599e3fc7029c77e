"""The desk: a command comes in, the order decides, and what follows from it is kept and told in one
transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from domain import news
from domain.alarms import TIMER, Alarms
from domain.calendar import WorkCalendar
from domain.commands import ChangeLevel, Command, Overdue, PlaceOrder, Told
from domain.decide import Placing, confirmer, decide
from domain.errors import NotFound, Refused
from domain.escalation import Policy, default
from domain.events import (
    DueChanged,
    Event,
    InspectionFailed,
    LevelChanged,
    NodeConfirmed,
    NodeDelayed,
    NodeReworked,
    NodeStarted,
    OrderCancelled,
    OrderPlaced,
    PhotoAttached,
    ReportUndone,
)
from domain.notice import Kind, Loud, Notice, cause
from domain.order import Order, empty, evolve
from domain.person import SYSTEM, Group, GroupKind, Role
from domain.plan import Level, forecast, place
from domain.ports import Books
from domain.reaching import at
from domain.satisfaction import FEEDBACK, Satisfaction
from domain.supply_news import Ahead, SupplyNews, seven
from domain.supplying import Supplying
from domain.undoing import newly_awaiting, unsaid
from domain.watch import CALM, OVERDUE, SILENT, Watch, awaited, rank


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command did."""

    order: Order
    events: tuple[Event, ...]


@dataclass(slots=True)
class Desk:
    """Takes commands. Holds the calendar and the rules, no state."""

    calendar: WorkCalendar
    pushes: news.PushRules = field(default_factory=news.PushRules)
    policy: Policy = field(default_factory=default)
    ahead: Ahead = seven

    @property
    def alarms(self) -> Alarms:
        """Who raises and settles alarms."""
        return Alarms(self.calendar, self.policy)

    @property
    def satisfaction(self) -> Satisfaction:
        """Who asks customers whether they were content."""
        return Satisfaction(self.pushes, self.alarms)

    @property
    def watch(self) -> Watch:
        """Who sets the clock's timers."""
        return Watch(self.calendar, self.policy)

    def handle(self, books: Books, command: Command, told: Told) -> Outcome:
        """Do it, or raise a DomainError and leave the books as they were."""
        order, placing = self._load(books, command, told)
        history: tuple[Event, ...] = ()

        def past() -> tuple[Event, ...]:
            nonlocal history
            history = books.history(order.order_no)
            return history

        supplying = Supplying(self.calendar)
        supplying.check(books, order, command, told)
        events = decide(order, command, told, history=past, placing=placing)
        after = order
        for n, event in enumerate(events):
            after = evolve(after, event, (*history, *events[:n]))
        for event in supplying.follows(books, after, events, told):
            events, after = [*events, event], evolve(after, event)
        finish = forecast(after, told.now, self.calendar) if after.open else None
        leveled = self._leveled(books, after, told, finish)
        for event in leveled:
            after = evolve(after, event)
        books.keep(after, [*events, *leveled])
        self.watch.arm(books, order if order.seq else None, after, told.now, finish)
        supply = SupplyNews(self.calendar, self.policy, self.ahead)
        supply.renew(books, order, events, told)
        self._follow_up(books, order, after, [*events, *leveled], told)
        self.satisfaction.follow(books, order, after, events, told)
        supply.tell(books, order, after, events, told)
        return Outcome(after, tuple(events))

    def _leveled(
        self, books: Books, order: Order, told: Told, finish: datetime | None
    ) -> list[Event]:
        """A graver level is an event at once; a lower one is looked at again when it has stayed."""
        if not order.open:
            return []
        wanted, percent = self.watch.crossing(order, told.now, finish)
        if rank(wanted) > rank(order.level):
            books.set_timer(CALM, order.order_no, None)
            change = ChangeLevel(order.order_no, wanted, percent)
            return decide(order, change, Told(SYSTEM, told.now))
        if rank(wanted) < rank(order.level):
            books.set_timer(CALM, order.order_no, told.now + self.policy.calm)
        return []

    def look(self, books: Books, kind: str, scope: str, now: datetime) -> None:
        """A timer fired: see whether what it was set for is so."""
        books.set_timer(kind, scope, None)
        if kind == FEEDBACK:
            self.satisfaction.ask(books, scope, now)
            return
        if kind == TIMER:
            alert = books.alert(scope)
            about = books.order(alert.order_no) if alert else None
            if alert is not None and about is not None:
                self.alarms.go_on(books, alert, about, now)
            return
        order_no, _, node = scope.partition("/") if kind in (SILENT, OVERDUE) else (scope, "", "")
        order = books.order(order_no)
        if order is None or not order.open:
            return
        told = Told(SYSTEM, now)
        match kind:
            case "level" | "calm":
                self._relevel(books, order, kind, now)
            case "silent" if awaited(order, order.nodes[node]):
                self.alarms.silent(books, order, node, told)
            case "overdue" if awaited(order, order.nodes[node]):
                self.handle(books, Overdue(order_no, node), told)
            case "ahead":
                self._warn(books, order, f"{order_no}/ahead-{order.due:%Y%m%d}", now)
            case _:
                pass

    def _relevel(self, books: Books, order: Order, kind: str, now: datetime) -> None:
        wanted, percent = self.watch.crossing(order, now)
        up = rank(wanted) > rank(order.level)
        if up or (kind == CALM and rank(wanted) < rank(order.level)):
            change = ChangeLevel(order.order_no, wanted, percent)
            self.handle(books, change, Told(SYSTEM, now))
        else:
            self.watch.arm_level(books, order, now)

    def _warn(self, books: Books, order: Order, name: str, now: datetime) -> bool:
        """A draft to the customer, if the order is likely late, it is time, and none waits."""
        waits = any(a.kind == "draft" for a in books.alerts_of(order.order_no))
        if waits or now < self.watch.warn_from(order.due) or books.alert(f"{name}/draft"):
            return False
        draft = self.alarms.drafts.lay_out(books, order, name, now)
        if draft is not None:
            self.alarms.go_on(books, draft, order, now)
        return draft is not None

    def _load(self, books: Books, command: Command, told: Told) -> tuple[Order, Placing | None]:
        order = books.order(command.order_no)
        if not isinstance(command, PlaceOrder):
            if order is None:
                raise NotFound("no-such-order", order=command.order_no)
            return order, None
        if order is not None:
            raise Refused("order-exists", order=command.order_no)
        route = books.route(command.route)
        if route is None:
            raise NotFound("no-such-route", route=command.route)
        placed = command.placed or told.now
        placing = place(route, command.quantity, placed, command.due, self.calendar)
        return empty(command.order_no, route), placing

    def _follow_up(
        self, books: Books, before: Order, after: Order, events: Sequence[Event], told: Told
    ) -> None:
        for event in events:
            match event.fact:
                case NodeDelayed() | InspectionFailed():
                    self.alarms.sound(books, after, event, told)
                case NodeReworked(reason=reason) if reason:
                    self.alarms.sound(books, after, event, told)
                case LevelChanged():
                    self._level_told(books, after, events, event, told)
                case ReportUndone():
                    self._unsay(books, before, after, event, told)
                case PhotoAttached() | NodeConfirmed() if event.node and event is events[-1]:
                    self._now_green(books, before, after, event, told)
                case OrderCancelled():
                    self.alarms.settle(books, after, event, told)
        for event in events:
            if event.node not in before.nodes or isinstance(event.fact, ReportUndone):
                continue
            if before.nodes[event.node].held and not after.nodes[event.node].held:
                self.alarms.settle(books, after, event, told)
            if newly_awaiting(before, after, event.node):
                self.ask_confirmation(books, after, event, told)
        self._push(books, before, after, events, told)

    def _level_told(
        self, books: Books, after: Order, events: Sequence[Event], event: Event, told: Told
    ) -> None:
        """A level is told, unless the problem that caused it was told just now with it."""
        troubles = (NodeDelayed, InspectionFailed, NodeReworked, OrderPlaced)
        if not any(isinstance(e.fact, troubles) for e in events):
            name = f"{after.order_no}/ahead-{after.due:%Y%m%d}"
            warned = bool(rank(after.level)) and self._warn(books, after, name, told.now)
            if not (warned and after.level == Level.YELLOW.value):  # the draft says it all
                self.alarms.leveled(books, after, event, told)

    def ask_confirmation(self, books: Books, order: Order, event: Event, told: Told) -> None:
        """A node waits for a nod: whoever may give it gets a button, the customer in private."""
        node, spec = order.nodes[event.node], order.route.node(event.node)
        roles = {confirmer(spec, what) for what in node.awaiting if what != "photo"}
        facts = {"order": order.order_no, "node": event.node, "text": node.reason_text}
        chats = list(self.alarms.leading(books)) if roles - {"customer"} else []
        person, to = books.person(order.customer), books.reach(order.customer)
        if "customer" in roles and person is not None and to is not None:
            chats.append(Group(to, GroupKind.PRIVATE, person.name, person.language))
        name = cause(order.order_no, event.seq)
        for group in chats:
            private = group.kind is GroupKind.PRIVATE and group.address == to
            slot = f"confirm/{order.order_no}/{event.node}/{at(group.address)}"
            books.notify(
                Notice(
                    group.address,
                    Kind.ASK,
                    "confirm",
                    f"confirm/{name}/{at(group.address)}",
                    told.now,
                    facts | {"customer": private},
                    group.language,
                    Loud.REPLY,
                    slot=slot,
                    causes=(name,),
                )
            )

    def _push(
        self, books: Books, before: Order, order: Order, events: Sequence[Event], told: Told
    ) -> None:
        for item in news.of(order, events):
            event = next(e for e in events if e.seq == item.seq)
            begun = item.node in before.nodes and before.nodes[item.node].started_at is not None
            if item.what == "node-done" and begun and self._began(books, order, item):
                continue
            self._tell(books, order, item.who, item.what, event, told)

    def _began(self, books: Books, order: Order, item: news.News) -> bool:
        """Production began at this node and its followers heard so: its end is no news of its
        own.
        """
        if item.asked or news.role(order.route, order.route.node(item.node)) != "begin":
            return False
        starts = (
            e.seq
            for e in books.history(order.order_no)
            if e.node == item.node and isinstance(e.fact, NodeStarted)
        )
        return any(
            books.was_told(f"push/{item.who}/{cause(order.order_no, seq)}") for seq in starts
        )

    def _tell(
        self, books: Books, order: Order, who: str, what: str, event: Event, told: Told
    ) -> None:
        """One push to one follower, who may only be told of what they may see."""
        person, to = books.person(who), books.reach(who)
        if person is None or who == told.by.id:
            return
        facts: dict[str, Any] = {"order": order.order_no, "node": event.node, "seq": event.seq}
        if isinstance(event.fact, DueChanged):
            facts |= {
                "due": event.fact.due,
                "before": event.fact.before,
                "reason": event.fact.reason,
                "text": event.fact.text,
                "offer": list(event.fact.offer),
            }
        if to is None:
            if person.role is Role.CUSTOMER:
                self._forward(books, who, facts | {"what": what}, event, told)
            return
        bundle = f"push/{who}"
        last = books.last_push(to, bundle)
        at = news.earliest(told.now, last, self.pushes, self.calendar)
        books.notify(
            Notice(
                to,
                Kind.PUSH,
                what,
                f"push/{who}/{cause(order.order_no, event.seq)}",
                at,
                facts,
                person.language,
                Loud.REPLY,
                who,
                bundle=bundle,
                causes=(cause(order.order_no, event.seq),),
            )
        )

    def _forward(
        self, books: Books, who: str, facts: dict[str, Any], event: Event, told: Told
    ) -> None:
        """A customer whom no chat of ours reaches: those who lead get the words and the link."""
        name = cause(event.order_no, event.seq)
        for group in self.alarms.leading(books):
            books.notify(
                Notice(
                    group.address,
                    Kind.NOTICE,
                    "forward",
                    f"forward/{who}/{name}/{at(group.address)}",
                    news.earliest(told.now, None, self.pushes, self.calendar),
                    facts | {"who": who, "why": "no-chat"},
                    group.language,
                    Loud.REPLY,
                    bundle=f"forward/{who}",
                    causes=(name,),
                )
            )

    def _now_green(
        self, books: Books, before: Order, after: Order, event: Event, told: Told
    ) -> None:
        """A photo or a confirmation made a waiting node green: that is when its news is told."""
        if before.nodes[event.node].done or not after.nodes[event.node].done:
            return
        spec = after.route.node(event.node)
        for who in sorted({w for w, _ in after.followers}):
            whole = after.follows(who, "") and news.is_news(after.route, spec)
            if whole or (after.follows(who, event.node) and spec.customer_visible):
                what = news.DONE.get(news.role(after.route, spec), "node-done")
                self._tell(books, after, who, what, event, told)

    def _unsay(self, books: Books, before: Order, order: Order, event: Event, told: Told) -> None:
        """Pushes not yet sent are dropped; who was told hears a correction."""
        history = books.history(order.order_no)
        gone = unsaid(before, order, event, history)
        causes = [cause(order.order_no, seq) for seq in gone]
        for alert in books.open_alerts():
            if alert.id in causes:
                books.keep_alert(alert.resolved(told.by.id, told.now))
        for sent in books.take_back(causes):
            if sent.what == "settled":
                continue  # the problem stands again and is told again in its place
            facts = {"order": order.order_no, "node": event.node, "by": told.by.id}
            late = sent.kind is Kind.PUSH
            books.notify(
                Notice(
                    sent.to,
                    sent.kind if sent.kind in (Kind.PUSH, Kind.ESCALATION) else Kind.NOTICE,
                    "withdrawn" if sent.slot else "correction",
                    f"correction/{cause(order.order_no, event.seq)}/{sent.slot or sent.key}",
                    news.earliest(told.now, None, self.pushes, self.calendar) if late else told.now,
                    facts,
                    sent.language,
                    Loud.REPLY,
                    sent.reader,
                    bundle=sent.bundle,
                    slot=sent.slot,
                )
            )
        for key, node in order.nodes.items():
            if node.held and not before.nodes[key].held:
                about = [e for e in history if e.node == key]
                self.alarms.reopen(books, order, about, told)


SOON = timedelta(minutes=2)
"""How long a living card offers to take its newest line back."""

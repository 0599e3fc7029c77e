"""Alarms: what is wrong reaches the right people, with its reason and outlook; goes on until it is
taken, and ends when it is over.

Each is told in one message that is edited as things go on, and so is the draft for the customer.
Whom a step of a chain reaches is in `domain.reaching`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from domain.alert import Alert, AlertState
from domain.calendar import WorkCalendar
from domain.commands import Told
from domain.drafts import Drafts
from domain.escalation import Policy, Step, default
from domain.events import Event, LevelChanged
from domain.notice import Kind, Loud, Notice, cause
from domain.order import Order
from domain.person import Group
from domain.plan import Level, days_late, deviation, forecast, level
from domain.ports import Books
from domain.reaching import Reaching, at
from domain.watch import SILENT

TIMER = "alert"
BUNDLED = ("silent", "yellow")
"""Kinds of which several at once are one message."""
ONCE = timedelta(hours=24)
"""The same reminder of the same node comes at most once in this time."""
GRAVE = (Level.NONE.value, Level.YELLOW.value, Level.ORANGE.value, Level.RED.value)


@dataclass(frozen=True, slots=True)
class Alarms:
    """Raises, repeats and settles alarms. Holds the calendar and the policy, no state."""

    calendar: WorkCalendar
    policy: Policy = field(default_factory=default)

    @property
    def reaching(self) -> Reaching:
        """Whom a step reaches."""
        return Reaching(self.calendar, self.policy)

    @property
    def drafts(self) -> Drafts:
        """What customers should hear of a delay."""
        return Drafts(self.calendar, self.policy)

    def leading(self, books: Books) -> tuple[Group, ...]:
        """Who leads: the management groups, else every manager in private."""
        return self.reaching.leading(books)

    def sound(self, books: Books, order: Order, event: Event, told: Told) -> None:
        """A problem was reported: whoever is declared hears it at once; the customer's draft is
        laid out.
        """
        node, name = order.nodes[event.node], cause(order.order_no, event.seq)
        alert = Alert(
            name,
            order.order_no,
            event.node,
            node.reason,
            node.reason_text,
            told.now,
            told.by.id,
            level=order.level if order.level in GRAVE[2:] else "",
        )
        self.go_on(books, replace(alert, group=self._group(books, alert)), order, told.now)
        waits = self.drafts.lay_out(books, order, name, told.now, event.node)
        if waits is not None:
            self.go_on(books, waits, order, told.now)

    def _group(self, books: Books, alert: Alert) -> str:
        """The alarm that this one is told with: the first one of the same reason a moment ago."""
        for other in books.open_alerts():
            near = abs((alert.raised_at - other.raised_at).total_seconds())
            same = other.kind == alert.kind and other.reason == alert.reason != ""
            alive = other.state is AlertState.OPEN and other.id != alert.id
            if same and alive and near <= self.policy.group.total_seconds():
                return other.told_as
        return ""

    def leveled(self, books: Books, order: Order, event: Event, told: Told) -> None:
        """The order's level changed. Graver than before: those declared for it hear so, once for
        yellow, with a question for orange, until it is taken for red.
        """
        assert isinstance(event.fact, LevelChanged)
        now, before = event.fact.level, event.fact.before
        alerts = books.alerts_of(order.order_no)
        if GRAVE.index(now) < GRAVE.index(before):
            for alert in alerts:
                if alert.kind in GRAVE and GRAVE.index(alert.kind) > GRAVE.index(now):
                    self._end(books, order, alert, event, told)
            return
        open_problem = next((a for a in alerts if a.kind in ("problem", "orange", "red")), None)
        if open_problem is not None:
            if now in GRAVE[2:] and now != open_problem.kind:
                self.go_on(books, open_problem.raised_to(now, told.now), order, told.now)
            return
        current = order.current()
        if current and all("customer" in n.awaiting for n in current):
            return  # the factory waits, and is not late by itself
        node = current[0].key if current else ""
        name = cause(order.order_no, event.seq)
        reason = current[0].reason if current else ""
        alert = Alert(
            name, order.order_no, node, reason, "", told.now, told.by.id, kind=now, level=now
        )
        self.go_on(books, alert, order, told.now)

    def silent(self, books: Books, order: Order, node: str, told: Told) -> None:
        """Nothing was heard of a node that should be finished: its team lead is asked, of the same
        node at most once a day.
        """
        name = f"{order.order_no}/{node}/silent"
        before = books.alert(name)
        if before is not None and told.now - before.raised_at < ONCE:
            books.set_timer(SILENT, f"{order.order_no}/{node}", before.raised_at + ONCE)
            return
        asked = any(a.kind in ("orange", "red", "problem") for a in books.alerts_of(order.order_no))
        if not asked:
            alert = Alert(name, order.order_no, node, "", "", told.now, told.by.id, kind="silent")
            self.go_on(books, alert, order, told.now)

    def go_on(self, books: Books, alert: Alert, order: Order, now: datetime) -> None:
        """Tell what is due of an alarm's chain, and when to come back to it."""
        chain = self.policy.chain(self.policy.kind_of(alert))
        if alert.state is not AlertState.OPEN or alert.step >= len(chain):
            return self._rest(books, alert, None)
        if alert.silent_until is not None and now < alert.silent_until:
            return self._rest(books, alert, alert.silent_until)
        step = chain[alert.step]
        due = step.next(alert.raised_at, step.after, self.calendar)
        if now < due:
            return self._rest(books, alert, due)
        if step.at and alert.count == 0 and alert.step and not self._on_time(step, now):
            return self._rest(books, alert, step.again(now, self.calendar))
        kept = replace(alert, silent_until=None, count=alert.count + 1)
        if (step.every or step.at) and kept.count < step.times:
            later = step.again(now, self.calendar)
        else:
            kept = replace(kept, step=alert.step + 1, count=0)
            following = chain[kept.step] if kept.step < len(chain) else None
            later = None
            if following is not None:
                later = following.next(alert.raised_at, following.after, self.calendar)
                later = max(later, now)
        if alert.kind != Level.YELLOW.value:  # said once, asks for nothing
            self._rest(books, kept, later)
        return self._say(books, order, alert, now)

    def _on_time(self, step: Step, now: datetime) -> bool:
        """Whether it is one of a step's own times of the day, give or take a look of the clock."""
        moment = self.calendar.day(now)
        gaps = (now - self.calendar.moment(moment, clock) for clock in step.at)
        return any(timedelta() <= gap < timedelta(minutes=10) for gap in gaps)

    def _rest(self, books: Books, alert: Alert, at: datetime | None) -> None:
        books.keep_alert(alert)
        books.set_timer(TIMER, alert.id, at)

    def _say(self, books: Books, order: Order, alert: Alert, now: datetime) -> None:
        """One step in words, to everybody it reaches."""
        step = self.policy.chain(self.policy.kind_of(alert))[alert.step]
        first = alert.step == 0 and alert.count == 0
        role = self.policy.reasons.get(alert.reason, "")
        theirs = [p.id for p in self.policy.named(role, books.people())]
        facts = self.facts(order, alert, now) | {"step": alert.step, "theirs": theirs}
        when = now if step.always else self.policy.speak_at(now, self.calendar)
        what = _called(alert)
        for told in self.reaching.of(books, order, alert, step, now):
            slot = f"alert/{alert.told_as}/{at(told.to)}"
            living = first and alert.kind in ("problem", "orange", "red")
            anew = living and alert.group in ("", alert.id) and books.slot_told(told.to, slot)
            tail = "" if first else f"/{alert.step}/{alert.count}"
            name = f"alert/{alert.id}/{at(told.to)}/{int(alert.raised_at.timestamp())}{tail}"
            books.notify(
                Notice(
                    told.to,
                    Kind.REMINDER if alert.kind in ("silent", "yellow") else Kind.ESCALATION,
                    what if first or alert.kind == "draft" else f"{what}-still",
                    name,
                    when,
                    facts | {"mention": list(told.mention)},
                    told.language,
                    step.loud,
                    reader=told.reader,
                    slot=slot if living and not anew else "",
                    bundle=_bundle(alert, step),
                    causes=_causes(alert),
                )
            )

    def facts(self, order: Order, alert: Alert, now: datetime) -> dict[str, Any]:
        """What there is to say of an alarm, as plain data."""
        node = order.nodes.get(alert.node)
        return {
            "alert": alert.told_as,
            "order": order.order_no,
            "node": alert.node,
            "reason": node.reason if node and node.held else alert.reason,
            "text": node.reason_text if node and node.held else alert.text,
            "until": node.until if node else "",
            "days": node.delay_days if node else 0,
            "by": alert.raised_by,
            "rework": node.rework if node and node.held else 0,
            "kind": alert.kind,
            "since": alert.raised_at.isoformat(),
        } | self.outlook(order, now)

    def outlook(self, order: Order, now: datetime) -> dict[str, Any]:
        """Forecast, days late and level of an order now, as plain data."""
        finish = forecast(order, now, self.calendar)
        percent = deviation(order, now, self.calendar)
        return {
            "forecast": self.calendar.day(finish).isoformat(),
            "due_now": order.due.isoformat(),
            "late": days_late(order, finish, self.calendar),
            "percent": percent,
            "level": level(percent).value,
        }

    def settle(self, books: Books, order: Order, event: Event, told: Told) -> None:
        """What was wrong at a node is over, or the order: alerts end, and who was told hears so."""
        for alert in books.alerts_of(order.order_no):
            mine = event.node in ("", alert.node) or not order.open
            if mine and (alert.kind not in GRAVE or not order.open):
                self._end(books, order, alert, event, told)

    def _end(self, books: Books, order: Order, alert: Alert, event: Event, told: Told) -> None:
        """An alarm is over: its message says so, unless others are told in the same one."""
        self._rest(books, alert.resolved(told.by.id, told.now), None)
        facts = {"alert": alert.told_as, "order": order.order_no, "node": alert.node}
        facts |= {"seq": str(event.seq), "by": told.by.id} | self.outlook(order, told.now)
        if alert.kind == "draft":
            self.drafts.void(books, alert.id.removesuffix("/draft"), facts, told.now)
            return
        left = [
            a for a in books.alerts_told_as(alert.told_as) if a.state is not AlertState.RESOLVED
        ]
        self.drafts.void(books, alert.id, facts, told.now)
        if left or alert.kind == "silent":
            return
        for to, language in self.reaching.told(books, alert):
            slot = f"alert/{alert.told_as}/{at(to)}"
            if not books.slot_told(to, slot):
                continue
            books.notify(
                Notice(
                    to,
                    Kind.ESCALATION,
                    "settled",
                    f"{slot}/settled/{event.seq}",
                    told.now,
                    facts,
                    language,
                    Loud.CARD,
                    slot=slot,
                    causes=(cause(order.order_no, event.seq),),
                )
            )

    def reopen(self, books: Books, order: Order, history: Sequence[Event], told: Told) -> None:
        """A node is held again, because what had ended it was taken back: so is its alert."""
        for event in reversed(history):
            alert = books.alert(cause(event.order_no, event.seq))
            if alert is not None:
                again = replace(alert.reopened(), step=0, count=0, raised_at=told.now)
                self.go_on(books, again, order, told.now)
                return


def _bundle(alert: Alert, step: Step) -> str:
    """Several at once are one message: reminders, and what is repeated at set times."""
    if alert.kind in BUNDLED:
        return f"{alert.kind}/{alert.step}"
    return f"{_called(alert)}-still" if step.at else ""


def _called(alert: Alert) -> str:
    """The wording of an alarm."""
    if alert.kind == "draft":
        return "draft-waiting"
    return "red" if alert.level == "red" else alert.kind


def _causes(alert: Alert) -> tuple[str, ...]:
    """The event that raised it, so that an undo takes it back."""
    return (alert.id,) if alert.kind == "problem" else ()

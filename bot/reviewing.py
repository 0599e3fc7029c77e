"""The weekly review: gathered from the books and put into the outbox, on Fridays and on demand; and
the standards that it proposes, taken over by a tap.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from bot import rating
from bot.context import Scene
from bot.replies import Replies
from bot.understanding.model import Update
from domain import review
from domain.calendar import WorkCalendar
from domain.desk import Desk
from domain.errors import Refused
from domain.events import stamp
from domain.measures import Finished, finished, standing
from domain.notice import Kind, Loud, Notice
from domain.person import Deed, Group, GroupKind, Role, may
from domain.satisfaction import SCORES
from domain.standards import ACTUALS, base, rescaled
from scheduler.jobs import Job, before, weekly
from storage.ledger import Ledger
from storage.reviews import ReviewBook

WORDS = ("/复盘", "/復盤", "复盘", "復盤", "每周复盘", "每週復盤", "/review")
REVIEW = "review"
AT = (4, time(17, 0))
"""Friday, at the end of the afternoon."""
LONGEST = timedelta(days=29)
"""How far back the review before may lie."""
WEEK = timedelta(days=7)
"""How far back a review looks that somebody asks for."""
ANSWERS = ("answer", "ask", "reaction")
"""Kinds of messages that somebody's own words caused: no part of what the bot writes unasked."""
QUESTION = re.compile(
    "[?？]|[吗嗎呢]$|什么时候|什麼時候|几时|幾時|多久|到哪|怎么|怎麼|进度|進度"
    r"|\b(when|where|how|status|eta|ready)\b",
    re.IGNORECASE,
)
"""Words of a customer that ask for something, where nobody understood what."""

Facts = dict[str, Any]


def gather(ledger: Ledger, calendar: WorkCalendar, since: datetime, until: datetime) -> Facts:
    """The review's facts from the books, for what was recorded from one moment up to another."""
    books = ReviewBook(ledger.sql, ledger.safe)
    events = ledger.orders.between(stamp(since), stamp(until))
    closed = books.closed(until - ACTUALS)
    ended = _finished(ledger, books, {e.order_no for e in events} & set(closed), since, until)
    named = {e.order_no for e in events} | {f.order.order_no for f in ended}
    lately = (*ledger.open_orders(), *(o for no in closed if (o := ledger.order(no)) is not None))
    answered, passed = questions(ledger, books, since, until)
    week = review.Week(
        since,
        until,
        ended,
        standing(events),
        {no: o for no in named if (o := ledger.order(no)) is not None},
        lately,
        {r.key: r for r in ledger.orders.routes()},
        answered,
        passed,
        [
            n
            for days in written(ledger, books, calendar, since, until).values()
            for n in days.values()
        ],
    )
    return review.weigh(week, calendar)


def _finished(
    ledger: Ledger, books: ReviewBook, numbers: set[str], since: datetime, until: datetime
) -> list[Finished]:
    """Orders that became finished in a time."""
    histories = books.histories(sorted(numbers))
    found = []
    for number, history in histories.items():
        order = ledger.order(number)
        done = finished(order, history) if order is not None else None
        if done is not None and since <= done.at < until:
            found.append(done)
    return found


def questions(
    ledger: Ledger, books: ReviewBook, since: datetime, until: datetime
) -> tuple[int, int]:
    """Customers' questions that we answered, and those that were left to a person: asked on their
    page, asked back and never settled, or not understood.
    """
    customers = {p.id: p for p in ledger.people() if p.role is Role.CUSTOMER}
    chats = [a for p in customers.values() for a in p.addresses if a.chat]
    chats += [g.address for g in ledger.groups(GroupKind.CUSTOMER)]
    answered = passed = waiting = 0
    for outcome, text in books.heard(chats, since, until):
        if outcome.get("person") not in customers:
            continue
        decision = outcome.get("decision")
        if outcome.get("answered") and waiting:
            waiting, answered, passed = waiting - 1, answered + 1, passed - 1
        elif decision == "answer":
            answered += 1
        elif decision == "ask":
            passed, waiting = passed + 1, waiting + 1
        elif decision == "ignore" and QUESTION.search(text.strip()):
            passed += 1
    leading = [g.address for g in ledger.groups(GroupKind.MANAGEMENT)]
    leading += [
        to
        for p in ledger.people()
        if p.role in (Role.MANAGER, Role.ADMIN) and (to := ledger.reach(p.id)) is not None
    ]
    return answered, passed + books.asked(leading, since, until)


def written(
    ledger: Ledger, books: ReviewBook, calendar: WorkCalendar, since: datetime, until: datetime
) -> dict[Group, dict[date, int]]:
    """Messages of ours that nobody asked for, a group of staff and day: working days, and days off
    on which there were any.
    """
    first, last = calendar.day(since), calendar.day(until)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    found = {}
    for kind in (GroupKind.PRODUCTION, GroupKind.MANAGEMENT):
        for group in ledger.groups(kind):
            told = books.written(group.address, since, until, ANSWERS)
            on = Counter(calendar.day(at) for at in told)
            found[group] = {d: on[d] for d in days if d in on or calendar.is_workday(d)}
    return found


def tell(
    ledger: Ledger,
    calendar: WorkCalendar,
    groups: Sequence[Group],
    span: tuple[datetime, datetime],
    key: str,
) -> None:
    """The review of the time from one moment up to another, for some chats."""
    facts = gather(ledger, calendar, *span)
    for group in groups:
        to, now = group.address, ledger.clock.now()
        name = f"{key}/{to.platform}/{to.chat}"
        ledger.notify(Notice(to, Kind.REVIEW, REVIEW, name, now, facts, group.language, Loud.QUIET))


def friday(calendar: WorkCalendar) -> Job:
    """When the review is due."""
    return weekly(REVIEW, *AT, calendar)


def friday_review(ledger: Ledger, desk: Desk, fire: datetime) -> None:
    """The review of the time since the one before, for those who lead."""
    since = before(friday(desk.calendar), fire, LONGEST) or fire - WEEK
    groups = desk.alarms.leading(ledger)
    tell(ledger, desk.calendar, groups, (since, fire), f"{REVIEW}/{stamp(fire)}")


@dataclass(slots=True)
class Reviewing:
    """What people do about the review, and what customers answer to our question."""

    desk: Desk
    replies: Replies

    def command(self, ledger: Ledger, view: Scene) -> Facts | None:
        """Handle the message if it asks for the review or answers our question; None if not."""
        if view.person.role is Role.CUSTOMER:
            return rating.word(ledger, self.desk, self.replies, view)
        if view.text.strip().lower() not in WORDS or view.person.role is Role.SUPPLIER:
            return None
        if not may(view.person.role, Deed.SEE_ALL_ORDERS) or not self._closed(view):
            self.replies.refused(ledger, view, Update("none"), Refused("not-allowed"))
            return {"why": "not-allowed"}
        group = view.group or Group(view.to, view.kind, language=view.language)
        now = ledger.clock.now()
        key = f"{REVIEW}/asked/{view.row.id}"
        tell(ledger, self.desk.calendar, (group,), (now - WEEK, now), key)
        return {"why": REVIEW}

    def _closed(self, view: Scene) -> bool:
        """Whether only staff read along: a customers' group must not see the factory's week."""
        return view.kind in (GroupKind.MANAGEMENT, GroupKind.PRODUCTION, GroupKind.PRIVATE)

    def pressed(self, ledger: Ledger, view: Scene, verb: str, rest: str) -> Facts:
        """A button of the review, or of our question. Raises a DomainError if it is too late."""
        if verb == "rate":
            order_no, _, score = rest.rpartition("/")
            number = int(score) if score.isascii() and score.isdigit() else 0
            if number not in SCORES:
                raise Refused("no-such-button")
            return rating.give(ledger, self.desk, self.replies, view, order_no, number)
        return self._standard(ledger, view, rest)

    def _standard(self, ledger: Ledger, view: Scene, rest: str) -> Facts:
        """`<route>/<node>/<new>/<old>`: the node's new standard, from the next order on. One that
        is not the old one any more was changed by somebody else since: nothing is touched.
        """
        if not may(view.person.role, Deed.UPDATE_ANY_NODE):
            raise Refused("not-allowed")
        name, node, new, old = _parts(rest)
        route = ledger.route(name)
        if route is None or node not in route.keys() or new <= 0:  # noqa: SIM118 - no mapping
            raise Refused("no-such-button")
        current = base(route.node(node))
        if abs(current - old) > 1e-6:
            known = abs(current - new) <= 1e-6
            raise Refused("standard-known" if known else "standard-stale")
        kept = ledger.orders.keep_route(rescaled(route, node, new))
        who, now = view.person.id, ledger.clock.now()
        ledger.settings.put(
            f"standard/{name}/{kept.version}", f"{node} {old:g} {new:g} {who} {stamp(now)}"
        )
        facts = {"route": name, "node": node, "old": old, "new": new, "by": who}
        self.replies.answer(ledger, view, "standard-set", facts)
        return {"standard": f"{name}/{node}", "version": kept.version}


def _parts(rest: str) -> tuple[str, str, float, float]:
    """Route, node, new and old hours of a button's id."""
    parts = rest.rsplit("/", 3)
    try:
        name, node, new, old = parts
        return name, node, float(new), float(old)
    except ValueError as error:
        raise Refused("no-such-button") from error

"""Whether the customer was content: one question a finished order, a working day later, and word to
those who lead if the answer is bad.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from domain.alarms import Alarms
from domain.commands import Told
from domain.errors import Refused
from domain.events import Event, FeedbackGiven
from domain.news import PushRules
from domain.notice import Kind, Loud, Notice
from domain.order import Order
from domain.ports import Books
from domain.reaching import at

FEEDBACK = "feedback"
"""The timer's kind, the question's wording and the begin of its key."""
SCORES = (5, 3, 1)
"""What can be tapped: content, so-so, not content."""
BAD = 1
CHANGE = timedelta(days=1)
"""How long a score can be changed."""
LISTEN = timedelta(days=7)
"""How long after the question words in reply are kept."""


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """Asks and passes on. Holds the rules and who is told, no state."""

    pushes: PushRules
    alarms: Alarms

    def follow(
        self, books: Books, before: Order, after: Order, events: Sequence[Event], told: Told
    ) -> None:
        """What comes of events: an order that became finished is asked about a working day later,
        one that is finished no more is not; a bad answer is told at once.
        """
        if after.finished and not before.finished and not after.cancelled and after.customer:
            books.set_timer(FEEDBACK, after.order_no, self.when(told.now))
        elif before.finished and (not after.finished or after.cancelled):
            books.set_timer(FEEDBACK, after.order_no, None)
        for event in events:
            if isinstance(event.fact, FeedbackGiven) and after.score == BAD:
                self._bad(books, after, event, event.fact, told)

    def when(self, finished: datetime) -> datetime:
        """When an order that was finished at a moment is asked about: the next working day at the
        same time, in the customers' hours.
        """
        calendar = self.alarms.calendar
        day = calendar.day(finished) + timedelta(days=1)
        for _ in range(60):
            if calendar.is_workday(day):
                break
            day += timedelta(days=1)
        clock = calendar.local(finished).time()
        return calendar.next_time(calendar.moment(day, clock), self.pushes.hours)

    def ask(self, books: Books, order_no: str, now: datetime) -> None:
        """The timer fired: ask the customer, once for good, if a chat of ours reaches them."""
        order = books.order(order_no)
        if order is None or order.cancelled or not order.finished or order.score:
            return
        person, to = books.person(order.customer), books.reach(order.customer)
        if person is None or to is None:
            return
        books.notify(
            Notice(
                to,
                Kind.ASK,
                FEEDBACK,
                f"{FEEDBACK}/{order_no}",
                self.alarms.calendar.next_time(now, self.pushes.hours),
                {"order": order_no},
                person.language,
                Loud.REPLY,
                person.id,
            )
        )

    def _bad(
        self, books: Books, order: Order, event: Event, fact: FeedbackGiven, told: Told
    ) -> None:
        """Those who lead hear of a customer who is not content, and of what else they wrote."""
        facts: dict[str, Any] = {"order": order.order_no, "by": told.by.id, "text": fact.text}
        when = self.alarms.policy.speak_at(told.now, self.alarms.calendar)
        for group in self.alarms.leading(books):
            books.notify(
                Notice(
                    group.address,
                    Kind.NOTICE,
                    "unhappy",
                    f"unhappy/{order.order_no}/{event.seq}/{at(group.address)}",
                    when,
                    facts,
                    group.language,
                    Loud.REPLY,
                )
            )


def timely(history: Sequence[Event], score: int, now: datetime) -> None:
    """Refuse a score that was given already, or that comes after the day in which it can be
    changed.
    """
    given = [e for e in history if isinstance(e.fact, FeedbackGiven) and e.fact.score]
    if not given or not score:
        return
    last = given[-1]
    assert isinstance(last.fact, FeedbackGiven)
    if last.fact.score == score:
        raise Refused("feedback-known", order=last.order_no)
    if now - given[0].recorded_at > CHANGE:
        raise Refused("feedback-over", order=last.order_no)

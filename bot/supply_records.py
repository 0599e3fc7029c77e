"""A supplier's needs, record and reward from the books, for the chat, the pages and the desk."""

from datetime import date, timedelta

from domain.calendar import WorkCalendar
from domain.needs import Need
from domain.ports import Books
from domain.supply import STEPS, Record, Reward, Steps, record, reward, steps_from
from domain.supply_news import Ahead
from storage.ledger import Ledger

BACK = timedelta(days=180)
"""How far back needs are read: what was needed ninety days ago may have come ninety days late."""


def steps_of(ledger: Ledger) -> Steps:
    """The factory's steps, or the ones that come with us."""
    return steps_from(ledger.settings.get(STEPS))


def needs_of(ledger: Ledger, supplier: str, today: date) -> tuple[Need, ...]:
    """What counts for a supplier's record."""
    return tuple(owed.need for owed in ledger.needs.of(supplier, today - BACK))


def standing(ledger: Ledger, calendar: WorkCalendar, supplier: str) -> tuple[Record, Reward]:
    """How a supplier did, and what it sees for that."""
    today = calendar.day(ledger.clock.now())
    found = record(needs_of(ledger, supplier, today), today, calendar)
    return found, reward(found, steps_of(ledger))


def seeing(calendar: WorkCalendar) -> Ahead:
    """How many days ahead a supplier sees what routes ask for: handed to the desk."""

    def days(books: Books, supplier: str) -> int:
        assert isinstance(books, Ledger)
        return standing(books, calendar, supplier)[1].days

    return days

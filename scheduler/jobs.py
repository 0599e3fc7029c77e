"""What the clock causes, as a table: name, when it is due, which use case. The truth of what ran is
in the books.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Protocol

from domain.calendar import WorkCalendar


class Runs(Protocol):
    """Where it is written down what ran."""

    def ran(self, kind: str, scope: str, fire_at: datetime, now: datetime) -> bool:
        """Claim a tick. False if it has run."""

    def last_run(self, kind: str, scope: str) -> datetime | None:
        """The newest tick that ran."""


@dataclass(frozen=True, slots=True)
class Job:
    """One line of the table. `after` gives the first tick strictly after a moment."""

    name: str
    after: Callable[[datetime], datetime]
    grace: timedelta = timedelta(hours=4)
    """A tick missed by more than this is written down as run, and not made up for."""


def daily(name: str, clock: time, calendar: WorkCalendar) -> Job:
    """Every working day at a local time; safe across daylight saving, because it asks the
    calendar.
    """

    def after(moment: datetime) -> datetime:
        day = calendar.day(moment)
        for ahead in range(370):
            fire = calendar.moment(day + timedelta(days=ahead), clock)
            if fire > moment and calendar.is_workday(day + timedelta(days=ahead)):
                return fire
        return moment + timedelta(days=370)

    return Job(name, after)


def nightly(name: str, clock: time, calendar: WorkCalendar) -> Job:
    """Every day at a local time, days off too. Made up for within a day, for machines that are off
    at night.
    """

    def after(moment: datetime) -> datetime:
        day = calendar.day(moment)
        found = (calendar.moment(day + timedelta(days=ahead), clock) for ahead in range(3))
        return next(fire for fire in found if fire > moment)

    return Job(name, after, timedelta(hours=23))


def weekly(name: str, weekday: int, clock: time, calendar: WorkCalendar) -> Job:
    """Once a week at a local time on a weekday (Monday is 0). Where that day is off, on the last
    working day of the week before it; where there is none, on the week's last one after it; a week
    off altogether has no tick.
    """

    def day_in(monday: date) -> date | None:
        days = [*range(weekday, -1, -1), *range(6, weekday, -1)]
        found = (monday + timedelta(days=n) for n in days)
        return next((day for day in found if calendar.is_workday(day)), None)

    def after(moment: datetime) -> datetime:
        day = calendar.day(moment)
        monday = day - timedelta(days=day.weekday())
        for ahead in range(53):
            found = day_in(monday + timedelta(weeks=ahead))
            fire = calendar.moment(found, clock) if found else moment
            if fire > moment:
                return fire
        return moment + timedelta(days=370)

    return Job(name, after)


def before(job: Job, moment: datetime, back: timedelta) -> datetime | None:
    """The newest tick of a job before a moment, none older than `back` before it."""
    found, fire = None, job.after(moment - back)
    while fire < moment:
        found, fire = fire, job.after(fire)
    return found


def due(job: Job, runs: Runs, now: datetime, born: datetime) -> list[datetime]:
    """Ticks of a job up to now that have not run: the last one to be caught up, older ones only to
    be noted.
    """
    last = runs.last_run(job.name, "") or born
    found = []
    fire = job.after(last)
    while fire <= now:
        found.append(fire)
        fire = job.after(fire)
    return found

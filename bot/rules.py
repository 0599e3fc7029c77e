"""The factory's own days and its own escalation, in force from the moment they are kept: one table
that the calendar reads anew, one policy that the desk holds.
"""

import logging
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.supply_records import seeing
from domain.calendar import WorkCalendar, week_from_text
from domain.desk import Desk
from domain.errors import DomainError
from domain.escalation import DEFAULT, Policy, default, from_toml
from storage.holidays import ChinaHolidays, LayeredHolidays, Override
from storage.ledger import Ledger

log = logging.getLogger("vitrine.rules")
DAYS, WHY = "day/", "day-why/"
"""Settings `day/2026-12-31` = `off` or `work`, and why."""
ESCALATION = "escalation"
"""The setting with the factory's own escalation as TOML."""


@dataclass(slots=True)
class Rules:
    """Calendar and desk of a factory. `file` is the escalation file that a setting names, which
    goes before what is kept in the books. Raises ValueError for a file that is none.
    """

    zone: ZoneInfo
    week: str
    file: str
    days: dict[date, Override] = field(default_factory=dict)
    base: ChinaHolidays = field(default_factory=ChinaHolidays)
    broken: str = ""
    calendar: WorkCalendar = field(init=False)
    desk: Desk = field(init=False)

    def __post_init__(self) -> None:
        self.calendar = self.with_days(self.days)
        self.desk = Desk(self.calendar, policy=policy_of(self.file), ahead=seeing(self.calendar))

    def with_days(self, days: dict[date, Override]) -> WorkCalendar:
        """A calendar of this factory with other days of its own."""
        week = week_from_text(self.week)
        return WorkCalendar(self.zone, week, LayeredHolidays(self.base, days))

    def take(self, ledger: Ledger) -> None:
        """Follow what the books say."""
        self.follow(own_days(ledger))
        if self.file:
            return
        self.broken, text = "", ledger.settings.get(ESCALATION)
        try:
            self.desk.policy = from_toml(text) if text else default()
        except DomainError as error:  # kept by another version of us
            self.broken = str(error)
            log.error("the kept escalation does not count: %s", error)
            self.desk.policy = default()

    def follow(self, days: dict[date, Override]) -> None:
        """These days from now on."""
        if days == self.days:
            return
        for day in [d for d in self.days if d not in days]:
            del self.days[day]
        self.days.update(days)
        self.calendar.forget()

    def text(self, ledger: Ledger) -> str:
        """The escalation in force as TOML."""
        if self.file:
            try:
                return Path(self.file).read_text(encoding="utf-8")
            except (OSError, ValueError):
                return ""
        return ledger.settings.get(ESCALATION) or DEFAULT.read_text(encoding="utf-8")


def own_days(ledger: Ledger) -> dict[date, Override]:
    """The factory's own days off and worked days."""
    kept = ledger.settings.starting(DAYS)
    return {date.fromisoformat(k): "work" if v == "work" else "off" for k, v in kept.items()}


def policy_of(path: str) -> Policy:
    """The factory's own escalation file, or the one that comes with us. Raises ValueError."""
    if not path:
        return default()
    try:
        return from_toml(Path(path).read_text(encoding="utf-8"))
    except (OSError, DomainError) as error:
        raise ValueError(f"VITRINE_ESCALATION {path}: {error}") from error

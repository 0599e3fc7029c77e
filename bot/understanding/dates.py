"""Dates and times as people say them, relative to a given moment.

Own rules, since what looks like a date in a factory is often an order number, a count or a machine:
a reading counts only where its neighbours allow it. A date that has passed rolls forward; `past`
keeps the other reading for messages that report what has happened.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date as calendar_date
from datetime import datetime
from datetime import time as clock_time

from bot.understanding.days import CLOCK, HINT, PATTERNS, Day
from bot.understanding.normalise import normalise
from bot.understanding.numerals import number

_AFTERNOON = frozenset(
    ["下午", "午后", "傍晚", "晚上", "夜里", "晚", "afternoon", "evening", "night"]
)
_PART_ENDS = {
    "凌晨": 6,
    "清晨": 8,
    "早上": 9,
    "早晨": 9,
    "早": 9,
    "上午": 12,
    "中午": 13,
    "下午": 18,
    "午后": 18,
    "傍晚": 19,
    "晚上": 23,
    "晚": 23,
    "夜里": 23,
    "半夜": 23,
    "morning": 12,
    "noon": 13,
    "afternoon": 18,
    "evening": 22,
    "night": 23,
}


@dataclass(frozen=True, slots=True)
class Found:
    """A date in a text. `past` is the other reading of a date that rolled forward."""

    date: calendar_date
    time: clock_time | None
    start: int
    end: int
    past: calendar_date | None = None
    part_ends: int | None = None  # hour at which the named part of the day is over

    def moment(self) -> str:
        """As an update writes it: a date, or a local minute."""
        if self.time is None:
            return self.date.isoformat()
        return f"{self.date.isoformat()}T{self.time:%H:%M}"


def find_dates(text: str, now: datetime) -> list[Found]:
    """Every date or time of a raw text; positions refer to its normalised form."""
    return scan_dates(normalise(text), now)


def scan_dates(text: str, now: datetime) -> list[Found]:
    """The same for a text that is normalised already."""
    if not HINT.search(text):
        return []
    found: list[Found] = []
    taken = 0
    for match, day in _days(text, now):
        if match.start() < taken:
            continue
        after = match if "hour" in match.re.groupindex else CLOCK.match(text, match.end())
        said = after.groupdict() if after else {}
        moment = _clock(said, late=text[match.start() : match.start() + 2]) or day.time
        taken = after.end() if after else match.end()
        ends = _PART_ENDS.get(said.get("part") or "")
        found.append(Found(day.date, moment, match.start(), taken, day.past, ends))
    return found


def _days(text: str, now: datetime) -> Iterator[tuple[re.Match[str], Day]]:
    """Matches of all patterns by position, the longest first where several start together."""
    hits: list[tuple[int, int, re.Match[str], Day]] = []
    letters = frozenset(text)
    for needed, pattern, reader in PATTERNS:
        if needed.isdisjoint(letters):
            continue
        for match in pattern.finditer(text):
            day = reader(match, now)
            if day is not None:
                hits.append((match.start(), -match.end(), match, day))
    hits.sort(key=lambda hit: hit[:2])
    for _, _, match, day in hits:
        yield match, day


def _clock(groups: dict[str, str | None], late: str) -> clock_time | None:
    part = groups.get("part") or ("晚" if late in ("今晚", "明晚", "昨晚") else "")
    english = groups.get("en_hour")
    if english:
        hour = int(english) % 12 + (12 if groups["ampm"] == "pm" else 0)
        return _time(hour, int(groups["en_minute"] or 0))
    spoken = groups.get("hour")
    if not spoken:
        return None
    hour = number(spoken) or 0
    if part in _AFTERNOON and hour < 12:
        hour += 12
    if not part and groups.get("half") is None and not groups.get("minute") and hour < 7:
        hour += 12  # nobody means three in the morning
    return _time(hour, _minutes(groups.get("half"), groups.get("minute")))


def _minutes(half: str | None, minute: str | None) -> int:
    named = {"半": 30, "一刻": 15, "三刻": 45}
    if minute:
        return int(minute)
    return named.get(half, number(half.rstrip("分")) or 0) if half else 0


def _time(hour: int, minute: int) -> clock_time | None:
    return clock_time(hour % 24, minute) if hour <= 24 and minute < 60 else None

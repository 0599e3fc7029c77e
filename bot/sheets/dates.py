"""A day as a cell or a word says it. What may mean two days is no day, and the line is marked.

A missing year is the first that does not lie more than thirty days back (due), or the last that
does not lie ahead (placed). A day of the month alone, 5号, is the next one.
"""

import calendar
import re
import unicodedata
from datetime import date, datetime, timedelta

from bot.sheets.cells import han_number, text_of
from bot.sheets.table import Cell

KEPT_PAST = timedelta(days=30)
EPOCH = date(1899, 12, 30)  # day zero of a spreadsheet
SERIALS = range(36526, 73051)  # the years 2000 to 2099
FARTHEST = timedelta(days=730)

_AROUND_BEFORE = re.compile(r"^(?:客户)?(?:交货期|交期|货期|交货|发货|出货|due|by|eta)\s*[:：]?\s*")
_AROUND_AFTER = re.compile(
    r"(?:(?<=[\d日号])\s*\(?(?:周|星期|礼拜)[一二三四五六日天]\)?)?"
    r"(?:[\sT]+\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
    r"\s*(?:之前|以前|前|交货|交期|交|发货|出货|发|出|要|到)?$"
)
_FULL = re.compile(r"(\d{4}|\d{2})\s*([-/.年])\s*(\d{1,2})\s*(?:[-/.]|月)\s*(\d{1,2})[日号]?", re.A)
_COMPACT = re.compile(r"(20\d{2})(\d{2})(\d{2})", re.ASCII)
_MONTH_DAY = re.compile(r"(\d{1,2})\s*(?:[-/.]|月)\s*(\d{1,2})[日号]?", re.ASCII)
_DAY = re.compile(r"(\d{1,2})[日号]", re.ASCII)
_HAN = re.compile(r"[一二三四五六七八九十]{1,3}(?=[月日号])")
_HAN_END = re.compile(r"(?<=月)[一二三四五六七八九十]{1,3}$")
_MONTH_END = re.compile(r"(?:(\d{1,2})月|本月|这个月)?月?底", re.ASCII)
_WEEKDAY = re.compile(r"(下下|下个?|这个?|本)?(?:周|星期|礼拜)([一二三四五六日天])")
_ENGLISH = re.compile(
    r"(?:(\d{1,2})(?:st|nd|rd|th)?[\s-]+([a-z]{3,9})\.?|([a-z]{3,9})\.?[\s-]+(\d{1,2})(?:st|nd|rd|th)?)"
    r"(?:,?[\s-]+(\d{4}))?",
    re.ASCII,
)
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_NEAR = {"今天": 0, "今日": 0, "明天": 1, "明日": 1, "后天": 2, "大后天": 3}


def day_of(cell: Cell, today: date, ahead: bool = True) -> date | None:
    """The day a cell means; `ahead` for due dates, False for days of placing."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if isinstance(cell, bool) or cell is None:
        return None
    if isinstance(cell, int | float):
        return _numeric(float(cell), today, ahead)
    return written_day(text_of(cell), today, ahead)


def written_day(text: str, today: date, ahead: bool = True) -> date | None:
    """The day a word means: 2026-12-05, 12/5, 12月5日前, 十二月五号, 5号, 周五, 月底, Dec 5."""
    said = unicodedata.normalize("NFKC", text).strip().lower()
    if len(said) > 40:
        return None
    said = _AROUND_AFTER.sub("", _AROUND_BEFORE.sub("", said)).strip() or said
    said = _HAN_END.sub(_digits, _HAN.sub(_digits, said))
    if found := _FULL.fullmatch(said):
        year, _, month, day = found.groups()
        return _full(year, int(month), int(day), today)
    if found := _COMPACT.fullmatch(said):
        return _day(*(int(g) for g in found.groups()))
    if found := _MONTH_DAY.fullmatch(said):
        return _yearless(int(found[1]), int(found[2]), today, ahead)
    if found := _DAY.fullmatch(said):
        return _next_day(int(found[1]), today, ahead)
    if found := _ENGLISH.fullmatch(said):
        return _english(found, today, ahead)
    return _spoken(said, today, ahead)


def marks(due: date | None, placed: date | None, today: date) -> tuple[str, ...]:
    """What a person should look at again: a past, a very far, or an impossible due date."""
    if due is None:
        return ()
    found = []
    if due < today:
        found.append("due-past")
    if due - today > FARTHEST:
        found.append("due-far")
    if placed is not None and due < placed:
        found.append("due-before-placed")
    return tuple(found)


def _digits(found: re.Match[str]) -> str:
    value = han_number(found[0])
    return found[0] if value is None else str(value)


def _numeric(value: float, today: date, ahead: bool) -> date | None:
    """A serial number, 20261205, or 12.5 that a spreadsheet took for a decimal.

    12.1 may have been 12.10 before the spreadsheet dropped the zero, so .1, .2 and .3 are no day.
    """
    whole = int(value) if abs(value) < 1e9 else 0
    if whole in SERIALS:
        return EPOCH + timedelta(days=whole)
    if value.is_integer():
        return written_day(str(whole), today, ahead)
    shown = repr(value)
    if re.fullmatch(r"\d{1,2}\.(?:[4-9]|\d{2})", shown, re.ASCII):
        return written_day(shown, today, ahead)
    return None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _full(year: str, month: int, day: int, today: date) -> date | None:
    """26-12-05 counts if the year is near; 12/05/26 may be two days and counts as none."""
    number = int(year) if len(year) == 4 else 2000 + int(year)
    if len(year) == 2 and not today.year - 1 <= number <= today.year + 3:
        return None
    return _day(number, month, day) if 1900 <= number <= 2200 else None


def _yearless(month: int, day: int, today: date, ahead: bool) -> date | None:
    days = [_day(today.year + n, month, day) for n in (-1, 0, 1)]
    if ahead:
        return next((d for d in days if d and d >= today - KEPT_PAST), None)
    return next((d for d in reversed(days) if d and d <= today), None)


def _next_day(day: int, today: date, ahead: bool) -> date | None:
    """The next month that has this day, or the last one."""
    year, month = today.year, today.month
    for _ in range(3):
        found = _day(year, month, day)
        if found and (found >= today if ahead else found <= today):
            return found
        step = year * 12 + month - 1 + (1 if ahead else -1)
        year, month = divmod(step, 12)[0], step % 12 + 1
    return None


def _english(found: re.Match[str], today: date, ahead: bool) -> date | None:
    name, day = (found[2], found[1]) if found[1] else (found[3], found[4])
    if name[:3] not in _MONTHS or not (len(name) == 3 or _is_month(name)):
        return None
    month = _MONTHS.index(name[:3]) + 1
    if found[5]:
        return _day(int(found[5]), month, int(day))
    return _yearless(month, int(day), today, ahead)


def _is_month(name: str) -> bool:
    return name in {m.lower() for m in calendar.month_name} | {"sept"}


def _spoken(said: str, today: date, ahead: bool) -> date | None:
    if said in _NEAR:
        return today + timedelta(days=_NEAR[said])
    if not ahead:
        return None
    if found := _MONTH_END.fullmatch(said):
        month = int(found[1]) if found[1] else today.month
        if not 1 <= month <= 12:
            return None
        year = today.year + (month < today.month)
        return date(year, month, calendar.monthrange(year, month)[1])
    if found := _WEEKDAY.fullmatch(said):
        return _weekday(found[1] or "", "一二三四五六日".find(found[2]), today)
    return None


def _weekday(which: str, weekday: int, today: date) -> date:
    """周五 is the next one from today on, 这周五 this week's, 下周五 that of the week after."""
    weekday = 6 if weekday < 0 else weekday
    monday = today - timedelta(days=today.weekday())
    if which.startswith("下"):
        return monday + timedelta(days=weekday + (14 if which == "下下" else 7))
    if which:
        return monday + timedelta(days=weekday)
    return today + timedelta(days=(weekday - today.weekday()) % 7)

"""The words for days: one pattern and one reader each, tried on every text that may hold a date."""

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date as calendar_date
from datetime import datetime, timedelta
from datetime import time as clock_time

from bot.understanding.data.festivals import FIXED, LUNAR
from bot.understanding.numerals import HAN_NUMBER, number

_N = rf"(?:\d{{1,4}}|{HAN_NUMBER})"
_SMALL = r"(?:\d{1,2}|[一二三四五六七八九十两]{1,3})"
_EN_N = r"(?:\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten)"
_CLOCK = (
    r"(?:\s*(?P<part>凌晨|清晨|早上|早晨|上午|中午|下午|午后|傍晚|晚上|夜里|半夜|晚|早|morning|noon"
    r"|afternoon|evening|night))?"
    rf"(?:\s*(?:(?P<hour>{_SMALL})(?:[点點时](?!间|候)(?:钟)?(?P<half>半|一刻|三刻"
    rf"|(?:\d{{1,2}}|[零一二三四五六七八九十]{{1,3}})分?)?|:(?P<minute>[0-5]\d)(?!\d))"
    r"|(?P<en_hour>\d{1,2})(?::(?P<en_minute>[0-5]\d))?\s?(?P<ampm>am|pm)\b))?"
)
_MONTHS = {
    m: n
    for n, m in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1
    )
}
_MONTH_NAME = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_WEEKDAYS = {c: n for n, c in enumerate("一二三四五六日")} | {"天": 6, "末": 5}
_EN_WEEKDAYS = {d: n for n, d in enumerate(["mon", "tue", "wed", "thu", "fri", "sat", "sun"])}
_RELATIVE = {
    "大前天": -3,
    "前天": -2,
    "昨": -1,
    "今": 0,
    "明后天": 2,
    "大后天": 3,
    "后天": 2,
    "明": 1,
    "the day before yesterday": -2,
    "yesterday": -1,
    "today": 0,
    "tonight": 0,
    "tmrw": 1,
    "the day after tomorrow": 2,
    "tomorrow": 1,
    "tmr": 1,
    "次日": 1,
    "隔天": 1,
    "当天": 0,
    "当晚": 0,
}
CLOCK = re.compile(_CLOCK)  # may follow any day
HINT = re.compile(
    r"[今明昨天周星礼月年号日点时早晚午夜底旦节秋明庆一]|\d[-/.:]\d|am|pm|day|week|month|to|nig|"
    + "|".join(_MONTHS)
)


@dataclass(frozen=True, slots=True)
class Day:
    """A day, and the reading in the past where the words allow one."""

    date: calendar_date
    past: calendar_date | None = None
    time: clock_time | None = None


Reader = Callable[[re.Match[str], datetime], Day | None]


def _relative(match: re.Match[str], now: datetime) -> Day:
    return Day(now.date() + timedelta(days=_RELATIVE[match["rel"]]))


def _weekday(match: re.Match[str], now: datetime) -> Day:
    prefix, index = match["wk"] or "", _WEEKDAYS[match["wd"]]
    return _on_weekday(prefix.replace("个", ""), index, now.date())


def _on_weekday(prefix: str, index: int, today: calendar_date) -> Day:
    monday = today - timedelta(days=today.weekday())
    if prefix and prefix[0] in "下上":
        weeks = len(prefix) * (1 if prefix[0] == "下" else -1)
        return Day(monday + timedelta(days=index, weeks=weeks))
    this = monday + timedelta(days=index)
    if prefix:  # 这周一 may well have passed
        return Day(this)
    ahead = this if this >= today else this + timedelta(weeks=1)
    behind = this if this <= today else this - timedelta(weeks=1)
    return Day(ahead, behind)


def _en_weekday(match: re.Match[str], now: datetime) -> Day:
    prefix = {"next": "下", "last": "上", "this": "这"}.get(match["which"] or "", "")
    return _on_weekday(prefix, _EN_WEEKDAYS[match["day"][:3]], now.date())


def _after(match: re.Match[str], now: datetime) -> Day | None:
    """3天后, 两周内, 再过5天, 半个月后, 2小时后."""
    amount, unit = match["n"], match["unit"]
    half = amount.startswith("半")
    count = 0 if half else number(amount)
    if count is None or count > 400:
        return None
    if unit in ("小时", "钟头", "分钟"):
        minutes = 30 if half and unit != "分钟" else count * (1 if unit == "分钟" else 60)
        if match.group(0).endswith(("前", "以前")):
            return None
        then = now + timedelta(minutes=minutes)
        return Day(then.date(), time=clock_time(then.hour, then.minute))
    return Day(_add(now.date(), count, unit, half))


def _add(today: calendar_date, count: int, unit: str, half: bool) -> calendar_date:
    if unit in ("天", "日", "day", "days"):
        return today + timedelta(days=count)
    if unit in ("周", "星期", "礼拜", "week", "weeks"):
        return today + timedelta(days=7 * count)
    if half:
        return today + timedelta(days=15)
    month = today.month - 1 + count
    year, month = today.year + month // 12, month % 12 + 1
    return calendar_date(year, month, min(today.day, monthrange(year, month)[1]))


def _en_after(match: re.Match[str], now: datetime) -> Day | None:
    word = match["n"]
    count = 1 if word in ("a", "an") else number(word)
    if count is None or count > 400:
        return None
    if match["unit"].startswith(("hour", "hr")):
        then = now + timedelta(hours=count)
        return Day(then.date(), time=clock_time(then.hour, then.minute))
    return Day(_add(now.date(), count, match["unit"], half=False))


def _month_part(match: re.Match[str], now: datetime) -> Day:
    """月底, 下月初, 下个月中旬, 下个月5号."""
    year, month = now.year, now.month
    if match["mp"].startswith(("下", "次")):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    last = monthrange(year, month)[1]
    if match["d"]:
        return Day(calendar_date(year, month, min(max(number(match["d"]) or 1, 1), last)))
    named = {"初": 1, "上旬": 1, "中": 15, "中旬": 11, "下旬": 21, "底": last, "末": last}
    return Day(calendar_date(year, month, named[match["w"]]))


def _year_end(match: re.Match[str], now: datetime) -> Day:
    return Day(calendar_date(now.year + match.group(0).startswith("明"), 12, 31))


def _festival(match: re.Match[str], now: datetime) -> Day | None:
    name, today = match["fest"], now.date()
    for year in (today.year, today.year + 1):
        table = LUNAR.get(name)
        pair = FIXED.get(name) if table is None else table.get(year)
        if pair and calendar_date(year, *pair) >= today:
            return Day(calendar_date(year, *pair))
    return None


def _ymd(match: re.Match[str], _now: datetime) -> Day | None:
    return _valid(int(match["y"]), int(match["m"]), int(match["d"]))


def _valid(year: int, month: int, day: int) -> Day | None:
    if 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]:
        return Day(calendar_date(year, month, day))
    return None


def _month_day(match: re.Match[str], now: datetime) -> Day | None:
    month, day = number(match["m"]), number(match["d"])
    return _rolled(month or 0, day or 0, now.date())


def _rolled(month: int, day: int, today: calendar_date) -> Day | None:
    this = _valid(today.year, month, day)
    if this is None:
        return None
    if this.date >= today:
        before = _valid(today.year - 1, month, day)
        return Day(this.date, before.date if before else None)
    ahead = _valid(today.year + 1, month, day)
    return Day(ahead.date if ahead else this.date, this.date)


def _en_month_day(match: re.Match[str], now: datetime) -> Day | None:
    name = match["mon"] or match["mon2"]
    return _rolled(_MONTHS[name[:3]], int(match["d"] or match["d2"]), now.date())


def _day_of_month(match: re.Match[str], now: datetime) -> Day | None:
    day, today = number(match["d"]) or 0, now.date()
    if not 1 <= day <= 31:
        return None
    months = [(today.year + (today.month - 1 + n) // 12, (today.month - 1 + n) % 12 + 1)
              for n in (-1, 0, 1, 2)]  # fmt: skip
    days = [calendar_date(y, m, day) for y, m in months if day <= monthrange(y, m)[1]]
    ahead = next(d for d in days if d >= today)
    return Day(ahead, max((d for d in days if d <= today), default=None))


def _bare_clock(match: re.Match[str], now: datetime) -> Day | None:
    groups = match.groupdict()
    if not (groups["part"] or groups["hour"] or groups["en_hour"]):
        return None
    if groups["part"] in ("早", "晚") and not groups["hour"]:
        return None
    return Day(now.date())


_FREE = r"(?<![a-z0-9\-./#年])"  # left edge of a date made of digits
# m/d, m-d and m.d count only where nothing before them can own the number
_OPEN = r"(?:(?<=^)|(?<=[\s,;:。(到于在至等推期交延前后]))"
_NOT_A_NUMBER = r"(?![机台线车间桌楼门位仓库工单床炉版色板款房厂店组班员样件])"
# a pattern is tried only where the text holds one of the letters that all its readings need
PATTERNS: tuple[tuple[frozenset[str], re.Pattern[str], Reader], ...] = tuple(
    (frozenset(needed), re.compile(pattern), reader)
    for needed, pattern, reader in (
        (
            "天昨今明日晚t",
            r"(?P<rel>大前天|前天|昨(?=天|日|晚|夜|早|个|儿)|今(?=天|日|晚|早|儿|夜|午)|明后天|大后天|后天"
            r"|明(?=天|日|早|晚|儿|个|后)|次日|隔天|当天|当晚"
            r"|\bthe day (?:before yesterday|after tomorrow)"
            r"|\byesterday|\btoday|\btonight|\btomorrow|\btmrw|\btmr)(?:天|日|儿个|儿|个)?",
            _relative,
        ),
        (
            "周期拜",
            r"(?P<wk>(?:下下|下|上上|上|这|本)个?)?(?:周|星期|礼拜)(?P<wd>[一二三四五六日天末])"
            rf"(?!{HAN_NUMBER}|岁)",
            _weekday,
        ),
        (
            "mtwfs",
            r"\b(?:(?P<which>next|last|this)\s)?(?P<day>mon|tue|wed|thu|fri|sat|sun)"
            r"(?:day|sday|nesday|rsday|urday|s|r|rs)?\b",
            _en_weekday,
        ),
        (
            "内后",
            rf"(?:再?过|再)?(?<![\d.:/第])(?P<n>{_N}|半)个?(?P<unit>天|日|周|星期|礼拜|月|小时|钟头|分钟)"
            r"(?:之内|以内|之后|以后|内|后)(?!道|整|处理)",
            _after,
        ),
        ("过", rf"再?过(?P<n>{_N}|半)个?(?P<unit>天|日|周|星期|礼拜|月|小时|钟头)", _after),
        (
            "i",
            rf"\b(?:in|within)\s(?P<n>{_EN_N})\s(?P<unit>days?|weeks?|months?|hours?|hrs?)\b",
            _en_after,
        ),
        (
            "月",
            rf"(?P<mp>本月|这个?月|下个?月|次月|月)(?:(?P<w>初|底|末|中旬|上旬|下旬|中)|(?P<d>{_SMALL})[号日])",
            _month_part,
        ),
        ("年", r"(?:今年|明年)?年[底末]|明年底", _year_end),
        (
            "".join(name[0] for name in (*LUNAR, *FIXED)),
            rf"(?P<fest>{'|'.join([*LUNAR, *FIXED])})(?:节)?(?![月点号日])",
            _festival,
        ),
        (
            "2",
            _FREE
            + r"(?P<y>20\d\d)(?:[-/.]|年)(?P<m>\d{1,2})(?:[-/.]|月)(?P<d>\d{1,2})[号日]?(?![\d-])",
            _ymd,
        ),
        ("月", rf"(?<![\d.\-/])(?P<m>{_SMALL})月(?:份)?(?P<d>{_SMALL})[号日]?", _month_day),
        (
            "/-.",
            _OPEN + r"(?P<m>\d{1,2})[/\-.](?P<d>\d{1,2})(?=[号日前后交出发到之以,。;\s)]|$)",
            _month_day,
        ),
        (
            "aeuo",
            rf"\b(?:(?P<mon>{_MONTH_NAME})\s?(?P<d>\d{{1,2}})(?:st|nd|rd|th)?"
            rf"|(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?\s(?:of\s)?(?P<mon2>{_MONTH_NAME}))(?![\d:a-z])",
            _en_month_day,
        ),
        (
            "号日",
            _FREE
            + rf"(?<![第{'零一二三四五六七八九十'}])(?P<d>{_SMALL})[号日](?![\d-])"
            + _NOT_A_NUMBER,
            _day_of_month,
        ),
        (
            "晨早午晚夜点點时時:mng",
            r"(?<![\d:点a-z])(?=[\d一二三四五六七八九十两凌清早上中下午傍晚夜半]|morn|noon|aft|even|night)"
            + _CLOCK,
            _bare_clock,
        ),
    )
)
LETTERS = frozenset().union(*(needed for needed, _, _ in PATTERNS))

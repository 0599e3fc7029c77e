"""The catalogues: TOML files of one language each, the only user-facing text. Sentences by key,
plural forms, dates as people say them.
"""

import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any
from zoneinfo import ZoneInfo

LANGUAGES = ("zh-CN", "zh-TW", "en")
HERE = Path(__file__).parent
Sentence = str | Mapping[str, str]

_DAYS = {
    "zh-CN": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    "zh-TW": ("週一", "週二", "週三", "週四", "週五", "週六", "週日"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


@cache
def catalogue(language: str) -> Mapping[str, Sentence]:
    """All sentences of a language by `section.key`."""
    found: dict[str, Sentence] = {}
    for path in (HERE / f"{language}.toml", *sorted(HERE.glob(f"*.{language}.toml"))):
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        found |= {f"{s}.{k}": v for s, rows in data.items() for k, v in rows.items()}
    return found


class _Lenient(Formatter):
    """Fills in what is given; a fact that is missing leaves nothing behind."""

    def get_value(self, key: int | str, args: Any, kwargs: Mapping[str, Any]) -> Any:
        return kwargs.get(str(key), "")


_FORMATTER = _Lenient()


def say(language: str, key: str, **facts: object) -> str:
    """A sentence. A language without a catalogue speaks zh-CN; an unknown key is a fault of ours:
    KeyError.
    """
    found = catalogue(language if language in LANGUAGES else "zh-CN")[key]
    if isinstance(found, Mapping):
        found = found["one"] if facts.get("n") == 1 else found["other"]
    return _FORMATTER.vformat(found, (), facts)


def has(key: str) -> bool:
    """Whether there is such a sentence."""
    return key in catalogue("zh-CN")


def words(language: str, prefix: str) -> dict[str, str]:
    """All plain sentences whose key begins so."""
    found = catalogue(language if language in LANGUAGES else "zh-CN")
    return {k: v for k, v in found.items() if k.startswith(prefix) and isinstance(v, str)}


def say_date(language: str, day: date | datetime, zone: ZoneInfo | None = None) -> str:
    """`周四 11/26` · `週四 11/26` · `Thu Nov 26`; a moment as the factory's date with its clock
    time.
    """
    clock = ""
    if isinstance(day, datetime):
        local = day.astimezone(zone) if zone else day
        clock, day = f" {local:%H:%M}", local.date()
    name = _DAYS.get(language, _DAYS["zh-CN"])[day.weekday()]
    if language == "en":
        return f"{name} {_MONTHS[day.month - 1]} {day.day}" + (f",{clock}" if clock else "")
    return f"{name} {day.month}/{day.day}{clock}"


def joined(language: str, parts: list[str]) -> str:
    """A list of names as a sentence would carry it."""
    return (", " if language == "en" else "、").join(p for p in parts if p)

"""The next order number in the manner of those that the factory already uses."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date

from bot.sheets.cells import same_number

_DATED = re.compile(r"(\D*)(20\d{6}|\d{6}|\d{4})([-_/])(\d{1,4})", re.ASCII)
_COUNTED = re.compile(r"(.*?)(\d{1,9})(\D{0,3})", re.ASCII | re.DOTALL)
_DATE_FORMS = {8: "%Y%m%d", 6: "%y%m%d", 4: "%y%m"}


def propose_number(numbers: Iterable[str], today: date) -> str:
    """The next number of the commonest shape: A120 → A121, 20261105-03 → 20261122-01.

    Numbers that carry a day or a month begin anew with today's.
    """
    return next(proposals(numbers, (), today))


def proposals(numbers: Iterable[str], reserved: Iterable[str], today: date) -> Iterator[str]:
    """Free numbers one after the other, none of them known or reserved."""
    known = [n for n in numbers if n]
    taken = {same_number(n) for n in (*known, *reserved)}
    prefix, suffix, width, value = _series(known, today)
    while True:
        value += 1
        number = f"{prefix}{value:0{width}d}{suffix}"
        if same_number(number) not in taken:
            yield number


def _series(known: list[str], today: date) -> tuple[str, str, int, int]:
    """(prefix, suffix, width, highest number used) of the shape that most numbers have."""
    shapes = [shape for n in known if (shape := _shape(n))]
    if not shapes:
        return "A", "", 3, 0
    counted = Counter(shapes)
    best = max(range(len(shapes)), key=lambda i: (counted[shapes[i]], i))
    prefix, form, suffix = shapes[best]
    if form:
        prefix, suffix = prefix[: -len(suffix)] + today.strftime(form) + suffix, ""
    same = [m for n in known if (m := _COUNTED.fullmatch(n)) and (m[1], m[3]) == (prefix, suffix)]
    widths = [len(m[2]) for m in same] or [_width(known, shapes[best])]
    return prefix, suffix, max(widths), max((int(m[2]) for m in same), default=0)


def _shape(number: str) -> tuple[str, str, str] | None:
    """(prefix, date form, suffix); of a dated number the separator stands in both."""
    if found := _DATED.fullmatch(number):
        form = _DATE_FORMS[len(found[2])]
        month = int(found[2][-2:] if len(found[2]) == 4 else found[2][-4:-2])
        if 1 <= month <= 12:
            return found[1] + found[3], form, found[3]
    counted = _COUNTED.fullmatch(number)
    return (counted[1], "", counted[3]) if counted else None


def _width(known: list[str], shape: tuple[str, str, str]) -> int:
    for number in reversed(known):
        if _shape(number) == shape and (found := _COUNTED.fullmatch(number)):
            return len(found[2])
    return 3

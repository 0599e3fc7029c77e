"""The next order number in the manner of those that the factory already uses."""

import re
from collections import Counter
from collections.abc import Iterable
from datetime import date

from bot.sheets.cells import same_number

FIRST = "A001"
_DATED = re.compile(r"(\D*)(20\d{6}|\d{6}|\d{4})([-_/])(\d{1,4})", re.ASCII)
_COUNTED = re.compile(r"(.*?)(\d{1,9})(\D{0,3})", re.ASCII | re.DOTALL)
_DATE_FORMS = {8: "%Y%m%d", 6: "%y%m%d", 4: "%y%m"}


def propose_number(numbers: Iterable[str], today: date) -> str:
    """The next number of the commonest shape: A120 → A121, 2611-05 → 2611-06, 20261105-03 → 20261122-01.

    Numbers that carry a day or a month begin anew with today's.
    """
    known = [n for n in numbers if n]
    taken = {same_number(n) for n in known}
    shapes = [shape for n in known if (shape := _shape(n))]
    if not shapes:
        return FIRST if same_number(FIRST) not in taken else _next("A", "", 3, [], taken)
    counted = Counter(shapes)
    best = max(range(len(shapes)), key=lambda i: (counted[shapes[i]], i))
    prefix, form, suffix = shapes[best]
    if form:
        prefix = prefix[: -len(suffix)] + today.strftime(form) + suffix
        suffix = ""
    same = [m for n in known if (m := _COUNTED.fullmatch(n)) and (m[1], m[3]) == (prefix, suffix)]
    widths = [len(m[2]) for m in same] or [_width(known, shapes[best])]
    return _next(prefix, suffix, max(widths), [int(m[2]) for m in same], taken)


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


def _next(prefix: str, suffix: str, width: int, used: list[int], taken: set[str]) -> str:
    value = max(used, default=0) + 1
    while same_number(number := f"{prefix}{value:0{width}d}{suffix}") in taken:
        value += 1
    return number

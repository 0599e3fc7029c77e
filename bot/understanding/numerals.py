"""Numbers as people write and say them: 98, 三十, 两百六, 一百零二, 幺零二."""

import re

DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"幺": 1, "两": 2, "俩": 2, "洞": 0}
_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10000}
HAN_NUMBER = "[零一二三四五六七八九十百千万两俩]+"
MIXED = r"\d{1,4}(?:\.\d)?[百千万]\d?"  # 5千, 1.5万, 3千5
NUMBER = rf"(?:{MIXED}|\d+|{HAN_NUMBER})"
_ENGLISH = "zero one two three four five six seven eight nine ten eleven twelve"
ENGLISH = {word: n for n, word in enumerate(_ENGLISH.split())}
_MIXED = re.compile(MIXED)
_HAN_ONLY = re.compile(HAN_NUMBER)


def number(text: str) -> int | None:
    """The value of a numeral, or None where it is none."""
    if text.isascii():
        return int(text) if text.isdigit() and len(text) < 10 else ENGLISH.get(text)
    if _MIXED.fullmatch(text):
        return _mixed(text)
    if not _HAN_ONLY.fullmatch(text):
        return None
    if not any(c in _UNITS for c in text):
        return int(positional(text)) if len(text) < 10 else None
    return _with_units(text)


def positional(text: str) -> str:
    """Digit by digit, as numbers are spelt out on the telephone: 幺零二 -> 102."""
    return "".join(str(DIGITS[c]) if c in DIGITS else c for c in text)


def _with_units(text: str) -> int:
    total = section = digit = 0
    last_unit = 10
    for c in text:
        if c in DIGITS:
            digit = DIGITS[c]
            last_unit = 10 if c == "零" else last_unit
            continue
        unit = _UNITS[c]
        if unit == 10000:
            total, section, digit = (total + section + digit) * unit, 0, 0
        else:
            section, digit = section + (digit or 1) * unit, 0
        last_unit = unit
    if digit and last_unit > 10 and text[-2:-1] != "零":
        digit *= last_unit // 10  # 一百五 is 150, 两千三 is 2300
    return total + section + digit


def _mixed(text: str) -> int:
    at = next(n for n, c in enumerate(text) if c in _UNITS)
    unit = _UNITS[text[at]]
    return round(float(text[:at]) * unit) + int(text[at + 1 :] or 0) * unit // 10

"""Numbers with what they count: pieces, parts of a total, shares, days, packages.

A number counts pieces only where its unit and its neighbours say so; sizes, weights, prices,
machine numbers and people are read too, so that they are not taken for pieces.
"""

import re
from dataclasses import dataclass

from bot.understanding.lexicon import AFTER_PIECES, PACKAGES, PIECES, UNITS
from bot.understanding.numerals import HAN_NUMBER, MIXED, NUMBER, number

_EDGE = r"(?![a-z0-9])"
_RUNS_ON = {"次": "(?!品)"}  # 3次品 are three pieces, not three times
_UNIT = "|".join(
    re.escape(unit) + (_EDGE if unit.isascii() else _RUNS_ON.get(unit, "")) for unit in UNITS
)
_DONE_OF = re.compile(
    rf"(\d{{1,7}})\s?(?:件|个|套|pcs)?\s?(?:/|\\|of|out of)\s?(\d{{1,7}})(?![\d./])"
    rf"\s?(?:pcs|pc|件|套|块|张|个|条|只|片|台|sets?)?{_EDGE}"
)
_PERCENT = re.compile(
    rf"(\d{{1,3}})(?:\.\d+)?\s?%|百分之({HAN_NUMBER}|\d{{1,3}})|({HAN_NUMBER})成(?![型品本])"
)
_COUNTED = re.compile(rf"({NUMBER})(?P<more>多|来|几|余|\+)?\s?(?P<unit>{_UNIT})")
_BARE = re.compile(
    rf"{MIXED}(?![\d.])|\d{{1,4}}(?:\.\d)?k(?![a-z0-9])|\d{{1,7}}(?![\d.]\d|[a-z0-9*×\-/:~年月号日%]|\s?(?:{_UNIT}))|(?:[一二三四五六七八九两]?[百千十][零一二三四五六七八九十百]*|[二三四五六七八九][百千十][零一二三四五六七八九十百]*)"
)
_VAGUE = re.compile(
    r"(?:几十|十几|好几|几百|上百|数十|若干|两三|三四|四五|五六|七八|八九)[个件套块张条只片百十]*"
)
_DAYS = {
    "天": 1,
    "日": 1,
    "day": 1,
    "days": 1,
    "d": 1,
    "周": 7,
    "星期": 7,
    "礼拜": 7,
    "week": 7,
    "weeks": 7,
    "月": 30,
}
_NOUN_AFTER_GE = re.compile("[\u4e00-\u9fff]")
_LATIN_BEFORE = re.compile(r"[a-z.\-/第]")


AMOUNT_STARTS = frozenset("0123456789零一二三四五六七八九十百千万两俩几好上数若")


@dataclass(frozen=True, slots=True)
class Amount:
    """`kind`: pieces, of (n of `total`), percent, days, packages, bare, vague or other."""

    kind: str
    n: int
    end: int
    total: int = 0


def amount_at(text: str, start: int, limit: int) -> Amount | None:
    """The amount that starts here, the longest reading."""
    if text[start] not in AMOUNT_STARTS or text.startswith("万一", start):
        return None
    return None if _belongs_to_a_code(text, start) else _read(text, start, limit)


def _belongs_to_a_code(text: str, start: int) -> bool:
    """P10, 2.5, 第一批: the number is part of what stands before it."""
    before = text[start - 1] if start else " "
    if before == "第":
        return True
    if not text[start].isdigit() or not text[start].isascii() or not _LATIN_BEFORE.match(before):
        return False
    return before != "-" or (start > 1 and text[start - 2].isalnum())


def _read(text: str, start: int, limit: int) -> Amount | None:
    for reader in (_vague, _done_of, _percent, _counted, _bare):
        amount = reader(text, start, limit)
        if amount and amount.end <= limit:
            return amount
    return None


def _vague(text: str, start: int, limit: int) -> Amount | None:
    match = _VAGUE.match(text, start, limit)
    return Amount("vague", 0, match.end()) if match else None


def _done_of(text: str, start: int, limit: int) -> Amount | None:
    match = _DONE_OF.match(text, start, limit)
    return Amount("of", int(match[1]), match.end(), int(match[2])) if match else None


def _percent(text: str, start: int, limit: int) -> Amount | None:
    match = _PERCENT.match(text, start, limit)
    if not match:
        return None
    value = number(match[1] or match[2] or match[3] or "") or 0
    return Amount("percent", value * 10 if match[3] else value, match.end())


def _counted(text: str, start: int, limit: int) -> Amount | None:
    match = _COUNTED.match(text, start, limit)
    if not match:
        return None
    n, unit = number(match[1]), match["unit"]
    if n is None or unit == "k":  # 2k is two thousand, read as a bare number
        return None
    return Amount(
        _kind(text, match.end(), unit, vague=bool(match["more"])),
        n * _DAYS.get(unit, 1),
        match.end(),
    )


def _kind(text: str, end: int, unit: str, *, vague: bool) -> str:
    after = text[end : end + 1]
    if unit in PIECES:
        if (
            _NOUN_AFTER_GE.match(after)
            and after not in AFTER_PIECES
            and (unit in "个台张面组块" or len(unit) > 1)
        ):
            return "other"
        if after == "/" or text[end : end + 2] == "左右" or text[end : end + 2] == "以上":
            return "vague" if after != "/" else "other"
        return "vague" if vague else "pieces"
    if unit in _DAYS and unit != "日":
        return "days"
    return "packages" if unit in PACKAGES else "other"


def _bare(source: str, start: int, limit: int) -> Amount | None:
    match = _BARE.match(source, start, limit)
    if not match:
        return None
    text = match.group()
    n = round(float(text[:-1]) * 1000) if text.endswith("k") else number(text)
    return Amount("bare", n, match.end()) if n is not None else None

"""What a supplier writes about its needs, by a small exact grammar: `A103 罗纹 11/25 到`,
`A103 罗纹 到了 20`, `可以`. Whatever is not exactly that is not understood, and asked for again.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.understanding.dates import scan_dates
from bot.understanding.normalise import fold, normalise
from storage.needs import Owed

YES = frozenset(
    {
        "可以", "可以的", "好", "好的", "行", "没问题", "确认", "能", "能到", "能按时到", "按时到",
        "按时", "是", "是的", "嗯", "对", "ok", "yes", "y", "confirm", "confirmed", "sure",
        "on time",
    }
)  # fmt: skip
_UNIT = r"[^\W\d_]{0,6}"
_CAME = re.compile(
    r"(?:已经?)?(?:送到了?|到了|到货了?|送了|已到|已送|全到了?|都到了?|delivered|arrived)"
    rf"\s*(?P<amount>\d+(?:\.\d+)?)?\s*{_UNIT}|"
    rf"(?P<first>\d+(?:\.\d+)?)\s*{_UNIT}\s*(?:已经?)?(?:送到了?|到了|到货了?|delivered|arrived)"
)
_DAY = re.compile(
    r"(?:要|得|改到?|改成|大概|will be|on|by)?\s*@\s*(?:才)?(?:能)?\s*"
    r"(?:到货|送到|到|送|交|here|there|deliver(?:y|ed)?)?(?:[\s,，:：、(（]+(?P<why>.*?)[)）]?)?"
)
_ASKS = re.compile("[?？]|吗|呢$|什么|怎么|几号|多少")
_NOT = re.compile(r"不能|不到|到不|没到|没送|未到|来不及|赶不|不行|不了|\b(?:not|no|cannot)\b|n't")
_ENDS = " 。.!！~～,，"


@dataclass(frozen=True, slots=True)
class Heard:
    """What was understood: `did` is `confirm`, `promise` or `deliver`; `about` are the needs that
    it can be about, `named` whether the words said so.
    """

    did: str
    about: tuple[Owed, ...]
    named: bool
    day: date | None = None
    amount: str = ""
    why: str = ""


def heard(text: str, needs: Sequence[Owed], now: datetime) -> Heard | None:
    """What a supplier said of its open needs; None for anything else. `now` is the factory's clock
    without zone.
    """
    said = " ".join(normalise(text).split()).strip(_ENDS)
    if not said or _ASKS.search(said) or _NOT.search(said):
        return None
    said, about, by_number = _numbered(said, needs)
    said, about, by_item = _itemed(said, about)
    named, rest = by_number or by_item, said.strip(_ENDS)
    if rest in YES:
        return Heard("confirm", about, named)
    came = _CAME.fullmatch(rest)
    if came is not None:
        return Heard("deliver", about, named, amount=came["amount"] or came["first"] or "")
    days = scan_dates(rest, now)
    if len(days) != 1:
        return None
    found = days[0]
    match = _DAY.fullmatch(f"{rest[: found.start]}@{rest[found.end :]}".strip())
    if match is None:
        return None
    return Heard("promise", about, named, found.date, why=(match["why"] or "").strip(_ENDS))


def _numbered(said: str, needs: Sequence[Owed]) -> tuple[str, tuple[Owed, ...], bool]:
    """The needs of the order that the words begin with or hold, and the words without it."""
    numbers = sorted({o.order_no for o in needs}, key=len, reverse=True)
    for number in numbers:
        shape = re.compile(rf"(?<![a-z0-9])#?\s?{re.escape(number.lower())}(?![a-z0-9])")
        if shape.search(said):
            return shape.sub(" ", said, count=1), _of(needs, number), True
    return said, tuple(needs), False


def _of(needs: Sequence[Owed], number: str) -> tuple[Owed, ...]:
    return tuple(o for o in needs if o.order_no == number)


def _itemed(said: str, needs: tuple[Owed, ...]) -> tuple[str, tuple[Owed, ...], bool]:
    """The same for the item."""
    items = sorted({normalise(o.need.item) for o in needs}, key=len, reverse=True)
    for item in items:
        if item and item in said:
            found = tuple(o for o in needs if normalise(o.need.item) == item)
            return said.replace(item, " ", 1), found, True
    return said, needs, False


@dataclass(frozen=True, slots=True)
class Wanted:
    """A need as a manager writes it: `A103 罗纹 20 kg 林记 11/25`, perhaps with the node before the
    item and words behind.
    """

    order: str
    words: tuple[str, ...]
    amount: str
    unit: str
    day: date
    rest: tuple[str, ...]


_AMOUNT = re.compile(rf"(\d+(?:\.\d+)?)({_UNIT})")


def wanted(text: str, now: datetime) -> Wanted | None:
    """The parts of a need; None if one is missing. Who delivers it stands in `rest`."""
    order, *tokens = fold(text).replace("，", " ").replace(",", " ").split() or [""]
    days = [n for n, t in enumerate(tokens) if _whole_day(t, now) is not None]
    if not days:
        return None
    day = _whole_day(tokens.pop(days[-1]), now)
    place = next((n for n, t in enumerate(tokens) if _AMOUNT.fullmatch(t)), 0)
    match = _AMOUNT.fullmatch(tokens[place]) if place else None
    if match is None or day is None:
        return None
    rest = tokens[place + 1 :]
    unit = match[2]
    if not unit and len(rest) > 1:
        unit = rest.pop(0)
    return Wanted(order, tuple(tokens[:place]), match[1], unit, day, tuple(rest))


def _whole_day(token: str, now: datetime) -> date | None:
    """The day that a token is, from its first to its last character."""
    said = normalise(token)
    found = scan_dates(said, now)
    if len(found) == 1 and (found[0].start, found[0].end) == (0, len(said)):
        return found[0].date
    return None

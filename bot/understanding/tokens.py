"""One pass over a normalised message: orders, dates, amounts, node words and markers, in order.

Longest match decides everywhere, which is how a longer word keeps a shorter one from being read
into it (差不多 is no 差, 说明书 no 说, 后道 no 后).
"""

import re
from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, datetime

from bot.understanding.amounts import AMOUNT_STARTS, Amount, amount_at
from bot.understanding.dates import Found, scan_dates
from bot.understanding.days import LETTERS
from bot.understanding.lexicon import MARKERS, NONE
from bot.understanding.orders import Mention, find_orders
from bot.understanding.world import World

_STOPS = frozenset(",;。\n!?，；！？")
_COUNTING = frozenset(["done", "good", "lost", "mend", "left", "again", "total"])
_NEVER_ORDERS = ("块", "元", "公斤", "斤", "个")
_SPACES = frozenset(" \t")
_SHORT = 80  # characters
_ZEROS = str.maketrans("123456789", "0" * 9)
Frame = tuple[str, tuple[tuple[str, int, int], ...], tuple[date, int] | None]
_LISTED = re.compile(r"\d[.)、:]|\(\d")  # without these there is no enumerator
_LONG = re.compile(r"\d{9}|1z")  # nor a courier number without these
_ENUMERATOR = re.compile(
    r"(?:(?<=^)|(?<=[\s,;。:]))\(?\d{1,2}(?:[.)、](?!\d)|\)|:(?!\d))\s*|\((?:1?\d|20)\)(?=[^\d\s,。;])"
)
_TRACKING = re.compile(
    r"(?<![a-z0-9])(?:[a-z]{1,4}\d{9,18}[a-z]{0,2}|1z[a-z0-9]{16}|\d{12,18})(?![a-z0-9])"
)
_DIGIT_AFTER = re.compile(r"(?m:^|(?<=[\s,;。]))\d{1,2}[.、)](?=\d)")
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蒋蔡余杜叶程苏魏吕丁任沈"
    "姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
_CALLED = re.compile(
    f"[{_SURNAMES}](?:姐|哥|工|总|叔|姨|师傅|师父|主管|组长|班长|经理|厂长|老板|主任)|[老小阿][{_SURNAMES}](?![工部])"
)
_CALLED_STARTS = frozenset(_SURNAMES + "老小阿")
_FRACTION = re.compile(r"\d{1,2}/\d{1,2}")
_SOUNDS_DONE = re.compile(
    "[玩晚万湾弯丸挽碗腕][成城程诚承呈乘称橙]了?|wan ?cheng(?: ?le)?(?![a-z])"
)
_WORD = re.compile(r"[a-z']+")
_CODE = re.compile(
    r"[^\W_\u3040-\u30ff\u3400-\u9fff]+(?:[./\-*][^\W_\u3040-\u30ff\u3400-\u9fff]+)*"
)
_MARKS = frozenset(":、/+&()[]{}<>*~-=_|#'\"“”‘’.·→>【】《》@")
_SOUNDS_DONE_STARTS = frozenset("玩晚万湾弯丸挽碗腕w")
_MARKER_HEADS = MARKERS.heads
_NAME = frozenset({"name"})
# what may stand on either side of an alias of one character (裁, 绣, 车)
_BEFORE_SHORT = frozenset(
    "在已都也就刚全才开重新再先还没未始续单号款天能可件早各完把给去中日后的正会要该好了上午晚批快够着手:、/+"
)
_AFTER_SHORT = frozenset(
    "完好了中错着歪起做搞弄没不得一二两三四五六七八九十百半已都全又ok0123456789+/、:(（✅✔√☑🆗💯差还坏"
)
_NOT_AFTER_SHORT = ("得漂", "不锈", "着急", "不多", "中午", "好看", "好漂", "一下", "起来")


@dataclass(slots=True)
class Token:
    """A piece: order, stranger, node, amount, date, word, tracking, mark, stop or text."""

    kind: str
    text: str
    start: int
    end: int
    tags: frozenset[str] = NONE
    mention: Mention | None = None
    amount: Amount | None = None
    date: Found | None = None
    compound: bool = False  # a node word that is only part of a longer noun
    behind: str = ""  # the noun it runs on into


class Lexer:
    """Cuts one message; the positions of numbers and dates are found beforehand."""

    def __init__(self, text: str, now: datetime, world: World) -> None:
        self.text, self.now = text, now
        self.world = world
        self.words, self.names = world.words, world.names
        self.spans: dict[int, Token] = {}
        self.last: Token | None = None
        self.dated = self.timed = False
        if _LISTED.search(text):
            self._claim_enumerators(text)
        self.mentions = find_orders(self._masked(" ") if self.spans else text, world)
        if self.mentions:
            self._claim_orders()
        if _LONG.search(text):
            self._claim_tracking(self._masked("#"))
        if not LETTERS.isdisjoint(text):
            self._claim_dates(self._masked("#") if self.spans else text)

    def _claim_orders(self) -> None:
        self.mentions = [m for m in self.mentions if not self._is_count(m)]
        for m in self.mentions:
            kind = "order" if m.order else "stranger"
            self.spans[m.start] = Token(kind, m.text, m.start, m.end, mention=m)

    def _is_count(self, m: Mention) -> bool:
        """Where numbers of orders are bare digits: 模切完成4800, 3007个 count pieces."""
        text = self.text
        if not m.text.isdigit() or (m.start and text[m.start - 1] == "#"):
            return False
        amount = amount_at(text, m.start, len(text))
        counted = amount is not None and (
            amount.kind in ("pieces", "of") or text.startswith(_NEVER_ORDERS, m.end)
        )
        if amount and counted and amount.end > m.end and text[m.end] not in _SPACES:
            named = self.words.longest(text, m.end)
            return not named and not text.startswith(("张单", "个单", "件单"), m.end)
        if not any(o.order and o.end <= m.start for o in self.mentions):
            return False
        between = text[: m.start].rstrip(" :")
        tails = [between[-n:] for n in range(1, min(len(between), 8) + 1)]
        owned = any(tail in self.words or MARKERS.tags(tail) & _COUNTING for tail in tails)
        after = text[m.end :].lstrip(" ")
        if not owned or (after and self.words.longest(after, 0)):
            return False
        marker = MARKERS.longest(after, 0) if after else None
        return not after or after[0] in _STOPS or bool(MARKERS.tags(marker or "") & _COUNTING)

    def _masked(self, blank: str) -> str:
        """The text with claimed places blanked, so that no digit of them is read twice."""
        text = self.text
        for token in self.spans.values():
            text = text[: token.start] + blank * (token.end - token.start) + text[token.end :]
        return text

    def _claim_tracking(self, masked: str) -> None:
        for match in _TRACKING.finditer(masked):
            self._claim(Token("tracking", match.group(), match.start(), match.end()))

    def _claim_enumerators(self, masked: str) -> None:
        highest = 0
        for match in _DIGIT_AFTER.finditer(masked):  # 1.2311-05: a number of ours follows
            behind = find_orders(masked[match.end() : match.end() + 40], self.world)
            if behind and behind[0].start == 0 and behind[0].order:
                self._claim(Token("stop", "1.", match.start(), match.end()))
                highest = max(highest, int("".join(c for c in match.group() if c.isdigit())))
        for match in _ENUMERATOR.finditer(masked):
            if match.end() < len(masked):
                self._claim(Token("stop", "1.", match.start(), match.end()))
                highest = max(highest, int("".join(c for c in match.group() if c.isdigit())))
        while 0 < highest < 30:  # 1、…完成2、…: the list goes on without a space
            highest += 1
            after = re.compile(rf"(?<![\d.]){highest}[、.)]\s*(?=[^\d\s])").search(masked)
            if after is None:
                break
            self._claim(Token("stop", "1.", after.start(), after.end()))

    def _claim_dates(self, masked: str) -> None:
        for found in scan_dates(masked, self.now):
            text = self.text[found.start : found.end]
            self.dated = True
            self.timed = self.timed or found.time is not None
            if not self._is_alias(text, found):
                self._claim(Token("date", text, found.start, found.end, date=found))

    def _is_alias(self, text: str, found: Found) -> bool:
        longest = self.words.longest(self.text, found.start)
        if longest is not None and len(longest) >= len(text):
            return True
        if _FRACTION.fullmatch(text) is not None:
            return self._counts(text, found.start)
        return self._is_suffix(text, found)

    def _is_suffix(self, text: str, found: Found) -> bool:
        """12号钻孔完成: the end of an order number rather than the twelfth."""
        digits = text.rstrip("号")
        if digits == text or not digits.isdigit() or len(digits) < 2 or not digits.isascii():
            return False
        at_head = not self.text[: found.start].strip(" ,。;\n")
        before_node = self.words.longest(self.text + " ", found.end) is not None
        return at_head and before_node and bool(self.world.ending(digits))

    def _counts(self, text: str, start: int) -> bool:
        """5/12 is a count behind a node word or a marker, or where an order has twelve pieces."""
        total = int(text.split("/")[1])
        named = (self.world.get(m.order) for m in self.mentions)
        if any(entry is not None and entry.quantity == total for entry in named):
            return True
        before = self.text[:start].rstrip(" :")
        lengths = range(1, min(len(before), 8) + 1)
        tails = (before[-n:] for n in lengths)
        return any(tail in self.words or "done" in MARKERS.tags(tail) for tail in tails)

    def _claim(self, token: Token) -> None:
        if not any(t.start < token.end and token.start < t.end for t in self.spans.values()):
            self.spans[token.start] = token

    def frame(self) -> Frame | None:
        """The text with zeros for the digits of open orders, and what was found in it where; from
        then on that is what is read.

        None where more than that decides: a time of day is over from one minute to the next, and a
        word with a digit in it may reach into a number. Days are good for an hour, as the parts of
        a day end on the hour. Long texts are never said twice.
        """
        frame, words = self.text, self.words
        if self.timed or len(frame) > _SHORT:
            return None
        places = []
        for start, span in self.spans.items():
            places.append((span.kind, start, span.end))
            if span.kind == "order":
                frame = frame[:start] + span.text.translate(_ZEROS) + frame[span.end :]
                joint, head = frame[start - 1 : start + 1], frame[start : start + 2]
                if joint in words.joints or joint in MARKERS.joints or joint in self.names.joints:
                    return None
                if head in words.joints:
                    return None
        self.text = frame
        hour = (self.now.date(), self.now.hour) if self.dated else None
        return frame, tuple(places), hour

    def tokens(self) -> list[Token]:
        """The tokens in order."""
        self.starts = sorted(self.spans)
        self.ends = {span.end for span in self.spans.values()}
        out: list[Token] = []
        text, spans, last = self.text, self.spans, None
        position, length = 0, len(text)
        while position < length:
            char = text[position]
            if char in _SPACES:
                position += 1
                continue
            token = spans.get(position) or self._next(position)
            if last is not None:
                if last.kind == "node" and char in _SOUNDS_DONE_STARTS:
                    token = self._sounds_done(position) or token
                if last.kind == token.kind == "text" and last.end == token.start:
                    # neighbouring unknown characters are one unknown text
                    last.end = position = token.end
                    last.text = text[last.start : position]
                    continue
            out.append(token)
            self.last = last = token
            position = token.end
        _mark_compounds(out)
        return out

    def _sounds_done(self, start: int) -> Token | None:
        """玩成 right behind a node word is 完成 as a phone's keyboard wrote it."""
        match = _SOUNDS_DONE.match(self.text, start)
        if not match:
            return None
        return Token("word", match.group(), start, match.end(), frozenset({"done", "formal"}))

    def _next(self, start: int) -> Token:
        text, char = self.text, self.text[start]
        if char in _STOPS:
            return Token("stop", char, start, start + 1)
        if char in _MARKS:
            return Token("mark", char, start, start + 1)
        pair = text[start : start + 2]
        alias = marker = name = None
        if pair in self.words.heads or char in self.words.heads:
            alias = self._alias(start)
        if pair in _MARKER_HEADS or char in _MARKER_HEADS:
            marker = self._marker(start)
        if pair in self.names.heads or char in self.names.heads:
            name = self.names.longest(text, start)
        if name is None and char in _CALLED_STARTS:
            name = self._called(start)
        known, marked = len(alias) if alias else 0, len(marker) if marker else 0
        if name and len(name) > known and len(name) > marked:
            return Token("word", name, start, start + len(name), _NAME)
        if char in AMOUNT_STARTS:
            amount = amount_at(text, start, self._limit(start))
            if amount:
                amount = self._clear_of_nodes(start, amount)
            if amount and amount.end - start > max(known, marked):
                return Token("amount", text[start : amount.end], start, amount.end, amount=amount)
        if alias and known >= marked:
            return Token("node", alias, start, start + known, self.words.tags(alias))
        if marker:
            return Token("word", marker, start, start + marked, MARKERS.tags(marker))
        return self._unknown(start)

    def _called(self, start: int) -> str | None:
        """李姐, 老王: how people speak of one another."""
        match = _CALLED.match(self.text, start)
        return match.group() if match else None

    def _marker(self, start: int) -> str | None:
        """The marker here; 在打|印 gives way where a node word begins in it and ends behind it."""
        text, words = self.text, self.words
        marker = MARKERS.longest(text, start)
        if marker is None or len(marker) < 2:
            return marker
        end = start + len(marker)
        for inner in range(start + 1, end):
            if text[inner : inner + 2] in words.heads:
                alias = words.longest(text, inner)
                if alias and len(alias) > 1 and inner + len(alias) > end:
                    shorter = text[start:inner]
                    return shorter if shorter in MARKERS else None
        if marker == "就完" and text.startswith(("成", "工", "毕"), end):
            return "就"  # 昨天就|完成了
        return marker

    def _clear_of_nodes(self, start: int, amount: Amount) -> Amount | None:
        """102|车缝: a unit gives way where a node word begins in it and runs on behind it."""
        for inner in range(max(start + 1, amount.end - 2), amount.end):
            alias = self.words.longest(self.text, inner)
            if alias and len(alias) > 1 and inner + len(alias) > amount.end:
                return amount_at(self.text, start, inner)
        return amount

    def _limit(self, start: int) -> int:
        """An amount ends before the next claimed span."""
        behind = bisect_right(self.starts, start)
        return self.starts[behind] if behind < len(self.starts) else len(self.text)

    def _alias(self, start: int) -> str | None:
        alias = self.words.longest(self.text, start)
        if alias is None or len(alias) > 1 or self._short_fits(start):
            return alias
        return None

    def _short_fits(self, start: int) -> bool:
        """A one-character alias is too common a character to count between unknown ones."""
        text = self.text
        before = text[start - 1] if start else " "
        after = text[start + 1] if start + 1 < len(text) else " "
        if (
            _is_han(before)
            and before not in _BEFORE_SHORT
            and start not in self.ends
            and not self._after_word(start)
            and not self.world.of_product(text[start - 2 : start])
        ):
            return False
        if not _is_han(after) and not after.isalnum():
            return True
        if text[start + 1 : start + 3] in _NOT_AFTER_SHORT:
            return False
        return after in _AFTER_SHORT or start + 1 in self.spans

    def _after_word(self, start: int) -> bool:
        last = self.last
        if last is not None and last.end == start and last.kind == "word":
            return True
        return any(self.text[max(0, start - n) : start] in self.words for n in (4, 3, 2))

    def _unknown(self, start: int) -> Token:
        """A whole run of letters, or a code such as 157g, or one character."""
        text = self.text
        match = (
            None if _is_han(text[start]) else _CODE.match(text, start) or _WORD.match(text, start)
        )
        end = min(match.end(), self._limit(start)) if match else start + 1
        return Token("text", text[start:end], start, end)


def _is_han(char: str) -> bool:
    return "\u4e00" <= char <= "\u9fff"


def _mark_compounds(out: list[Token]) -> None:
    """绣花线, 裁切机: a node word runs on into a noun."""
    for n, token in enumerate(out[:-1], 1):
        if token.kind != "node":
            continue
        after = out[n]
        if after.start != token.end or not _is_han(token.text[-1]):
            continue
        unknown = after.kind == "text" and _is_han(after.text[0])
        token.compound = unknown or not after.tags.isdisjoint(("thing", "repair"))
        token.behind = after.text if token.compound else ""

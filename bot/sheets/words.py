"""The words of one pasted line, told apart by their shape alone.

A bare whole number is a quantity, never a date; 12.5, 12-5 and 12/5 are dates, never quantities;
an order number stands first or behind a #. What fits two of them is for the line to settle.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from bot.sheets.cells import MEASURES, clean, written_pieces
from bot.sheets.dates import written_day
from bot.sheets.headings import field_of
from bot.sheets.lines import Known


class Kind(StrEnum):
    """What a word is by its shape."""

    NUMBER = "number"
    MEASURED = "measured"
    BARE = "bare"
    DUE = "due"
    PLACED = "placed"
    PHONE = "phone"
    PRIORITY = "priority"
    ROUTE = "route"
    CUSTOMER = "customer"
    UNCLEAR = "unclear"
    WORD = "word"


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its kind; `label` is the field that a label before it names, as in 客户:张总."""

    text: str
    kind: Kind
    label: str = ""


@dataclass(slots=True)
class Words:
    """The words of a line; `columns`: tabs or commas parted them; `led`: a known name led it."""

    found: list[Word] = field(default_factory=list)
    columns: bool = False
    led: bool = False

    def of(self, kind: Kind) -> list[str]:
        """All words of a kind, in order."""
        return [w.text for w in self.found if w.kind is kind and not w.label]

    def labelled(self, name: str) -> str:
        """What stands behind a label, as in 客户:张总."""
        return " ".join(w.text for w in self.found if w.label == name)


PRIORITY = {"加急", "特急", "急单", "急", "插单", "urgent", "rush"}
_TITLES = re.compile(r".{1,4}(?:总|经理|老板|先生|女士|小姐|姐|哥|老师|园长|教练|主任|店长)")
_COMPANY = re.compile(
    r".{2,}(?:公司|工作室|集团|学校|小学|中学|大学|幼儿园|协会|商行|酒店|医院|厂|店|社)"
)
_PHONE = re.compile(r"1[3-9]\d{9}|0\d{2,3}-\d{7,8}", re.ASCII)
_LABEL = re.compile(r"([^\d:]{1,10}):\s*(.+)")
_HASH = re.compile(r"[#№]\s*([A-Za-z0-9]+(?:[-_/][A-Za-z0-9]+)*)", re.ASCII)
_NUMBER = re.compile(r"[A-Za-z]{1,6}[-_]?\d{2,}[A-Za-z]?(?:[-_/][A-Za-z0-9]+)*", re.ASCII)
_WITHIN = re.compile(rf"{_NUMBER.pattern}|\d{{4,8}}[-_]\d{{1,4}}", re.ASCII)
_DASHED = re.compile(r"(?=.{6,})[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)+", re.ASCII)
_MEASURED = re.compile(rf"[x×*]\s*\d[\d,]*|.+(?:{MEASURES})", re.ASCII | re.IGNORECASE)
_BARE = re.compile(r"\d[\d,]*|[零〇一二两三四五六七八九十百千万]{2,}", re.ASCII)
_FIGURES = re.compile(r"[\d.,/\-+~]*\d[\d.,/\-+~]*", re.ASCII)
_GLUED = re.compile(rf"(\D*[^\W\d])\s*((?:[x×*]\s*)?\d+(?:{MEASURES})|[x×*]\s*\d+)", re.I)
_APART = re.compile(rf"(?<=\d)\s+(?=(?:{MEASURES})(?:[\s,;]|$))", re.IGNORECASE)
_FIRST_GLUED = re.compile(r"^(#?[A-Za-z]{1,4}-?\d{2,})(?=[\u4e00-\u9fff])")
_MONTH = (
    "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    "|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\\.?"
)
"""Whole names: aprons 60 is no day."""
_ENGLISH_DAY = re.compile(
    rf"\b(?:{_MONTH}\s+\d{{1,2}}|\d{{1,2}}\s+{_MONTH})\b(?![/.-])", re.A | re.I
)
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?:\D|$))")


def words_of(line: str, today: date, known: Known) -> Words:
    """The words of a line that is already of one width (NFKC)."""
    out = Words()
    line, name = _take_name(line, known)
    out.led = bool(name) and line.startswith(" ")
    line = _FIRST_GLUED.sub(r"\1 ", _APART.sub("", line))
    line = _ENGLISH_DAY.sub(lambda m: "-".join(m[0].split()), line)
    pieces, out.columns = _pieces(line)
    for index, piece in enumerate(pieces):
        out.found.extend(_kinds(piece, index == 0, today, known))
    _find_number(out)
    if name:
        out.found.append(Word(name, Kind.CUSTOMER))
    return out


def _find_number(words: Words) -> None:
    """An order number that was not written first: among the first three words, if none is yet."""
    if words.of(Kind.NUMBER) or words.labelled("order_no"):
        return
    for place, word in enumerate(words.found[:3]):
        open_yet = word.kind in (Kind.WORD, Kind.UNCLEAR) and not word.label
        if open_yet and _WITHIN.fullmatch(word.text):
            words.found[place] = Word(word.text, Kind.NUMBER)
            return


def _take_name(line: str, known: Known) -> tuple[str, str]:
    """Known names may hold spaces and brackets, so they are taken before the line is parted."""
    low = line.casefold()
    for name in sorted(known.customers, key=len, reverse=True):
        whole = clean(name).replace("（", "(").replace("）", ")")
        for said in (whole, whole.partition("(")[0].strip()):
            if len(said) >= 2 and said.casefold() in low:
                pattern = rf"(?<!\w){re.escape(said)}(?!\w)"
                line, hits = re.subn(pattern, " ", line, count=1, flags=re.IGNORECASE)
                if hits:
                    return line, name
    return line, ""


def _pieces(line: str) -> tuple[list[str], bool]:
    if "\t" in line:
        return _stripped(line.split("\t")), True
    if line.count(",") == len(_THOUSANDS.findall(line)) and " " in line.strip():
        line = _THOUSANDS.sub("", line)
    if re.search("[,;|]", line):
        return _stripped(re.split("[,;|]", line)), True
    return line.split(), False


def _stripped(pieces: Sequence[str]) -> list[str]:
    return [p.strip() for p in pieces if p.strip()]


def _kinds(piece: str, first: bool, today: date, known: Known) -> list[Word]:
    labelled = _LABEL.fullmatch(piece)
    meant = field_of(labelled[1]) if labelled else None
    if labelled and meant and meant[0]:
        return [Word(labelled[2].strip(), Kind.WORD, meant[0])]
    kind = _kind(piece, first, today, known)
    if kind is not Kind.WORD:
        return [Word(_bare(piece, kind), kind)]
    if glued := _GLUED.fullmatch(piece):
        return [Word(glued[1].strip(), Kind.WORD), Word(glued[2], Kind.MEASURED)]
    return [Word(piece, Kind.WORD)]


def named(text: str) -> bool:
    """Whether it has the form of a customer's name: a title or a kind of company behind it."""
    return bool(_TITLES.fullmatch(text) or _COMPANY.fullmatch(text))


def _bare(piece: str, kind: Kind) -> str:
    found = _HASH.fullmatch(piece) if kind is Kind.NUMBER else None
    return found[1] if found else piece


def _kind(piece: str, first: bool, today: date, known: Known) -> Kind:
    if _HASH.fullmatch(piece):
        return Kind.NUMBER
    if _PHONE.fullmatch(piece):
        return Kind.PHONE
    if first and _is_number(piece) and written_day(piece, today) is None:
        return Kind.NUMBER
    if piece.lower() in PRIORITY:
        return Kind.PRIORITY
    if piece in known.routes:
        return Kind.ROUTE
    if _MEASURED.fullmatch(piece) and written_pieces(piece):
        return Kind.MEASURED
    if _BARE.fullmatch(piece) and not re.fullmatch(r"20\d{6}", piece):
        return Kind.BARE if written_pieces(piece) else Kind.UNCLEAR
    if piece.startswith(("下单", "接单")):
        return Kind.PLACED if written_day(piece[2:], today, ahead=False) else Kind.WORD
    if written_day(piece, today):
        return Kind.DUE
    if _FIGURES.fullmatch(piece):
        return Kind.UNCLEAR
    return Kind.CUSTOMER if named(piece) or known.customer(piece) else Kind.WORD


def _is_number(piece: str) -> bool:
    dashed = _DASHED.fullmatch(piece) and any(c.isdigit() for c in piece)
    return bool(_NUMBER.fullmatch(piece) or dashed)

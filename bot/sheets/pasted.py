"""Orders pasted or typed into the chat, one a line: A102 张总 卫衣 120 12/5.

The rule for everything doubtful: the field stays empty and the line is marked; nothing is guessed.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date

from bot.sheets.cells import clean, number_of, written_pieces
from bot.sheets.dates import written_day
from bot.sheets.headings import find_columns
from bot.sheets.lines import Known, OrderLine, RefusedRow, SheetResult
from bot.sheets.rows import understand_table
from bot.sheets.settle import mark_new, refuse, settle
from bot.sheets.table import Row, Table
from bot.sheets.words import Kind, Words, words_of
from domain.errors import SheetFault

MOST_LINES = 500
LONGEST_LINE = 500
_COMMAND = re.compile(r"^\s*(?:/\S+|新订?单|加单|new\s+orders?)\s*:?\s*", re.IGNORECASE)
_LEADING = re.compile(
    r"(?:(?:下[单單]|新[订訂]?[单單]|新增|加[单單])(?:\s*[:,]\s*|\s+|(?=[#A-Za-z]))"
    r"|(?:(?:new|place)\s+)?orders?(?:\s*:\s*|\s+)(?!(?:no|number|num|id|date|qty)\b))+",
    re.IGNORECASE,
)
"""Words that only say that an order follows: 下单 B205 …"""
_BULLET = re.compile(r"^\s*(?:[-•·]\s+|\(?\d{1,2}(?:[、)]|\.(?!\d))\s*)")
_FIGURES_FIRST = re.compile(r"[\d-]+", re.ASCII)
_TELLING = (Kind.BARE, Kind.MEASURED, Kind.DUE, Kind.PLACED)
_CIRCLED = {ord("①") + n: " " for n in range(20)}


def understand_lines(text: str, today: date, known: Known) -> SheetResult:
    """The orders in a message. Raises SheetFault if it has too many lines."""
    lines = [_one_width(line) for line in text.splitlines()]
    if len(lines) > MOST_LINES:
        raise SheetFault("too-many-rows", rows=len(lines), most=MOST_LINES)
    if lines:
        lines[0] = _COMMAND.sub("", lines[0])
    heading = _heading(lines)
    if heading is not None:
        rows = tuple(_cells(line) for line in lines)
        width = len(rows[heading])
        if all(len(row) in {0, width} for row in rows[heading + 1 :]):
            return mark_new(understand_table(Table(rows), today, known), known)
        lines[heading] = ""
    drafts: list[OrderLine] = []
    refused: list[RefusedRow] = []
    for row, line in enumerate(lines, 1):
        said = _LEADING.sub("", _BULLET.sub("", line).strip(), count=1)
        if not said:
            continue
        draft = _draft(row, said, today, known) if len(said) <= LONGEST_LINE else None
        if draft is None:
            refused.append(refuse(row, "not-an-order", clean(said)))
        else:
            drafts.append(draft)
    return mark_new(settle(drafts, refused, known, today), known)


def _one_width(line: str) -> str:
    """NFKC, where ① would become a 1 glued to the order number behind it."""
    text = unicodedata.normalize("NFKC", line.translate(_CIRCLED))
    return "\t".join(clean(cell) for cell in text.split("\t"))


def _cells(line: str) -> Row:
    cells = line.split("\t") if "\t" in line else re.split("[,;]", line)
    cells = line.split() if len(cells) == 1 else cells
    return tuple(c.strip() or None for c in cells) if line.strip() else ()


def _heading(lines: list[str]) -> int | None:
    """The line of headings, if the message begins with one and more lines follow."""
    first = next((i for i, line in enumerate(lines) if line.strip()), None)
    if first is None or first + 1 >= len(lines) or any(c.isdigit() for c in lines[first]):
        return None
    found = find_columns([_cells(lines[first])])
    return first if found and len(found.fields) >= 3 else None


@dataclass(slots=True)
class _Doubts:
    """What a person has to look at: codes, and the words that found no place."""

    faults: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    def add(self, fault: str, left: list[str] | None = None) -> None:
        if fault not in self.faults:
            self.faults.append(fault)
        self.left.extend(left or ())


def _draft(row: int, said: str, today: date, known: Known) -> OrderLine | None:
    words, doubts = words_of(said, today, known), _Doubts()
    if not any(words.of(k) for k in _TELLING) and not any(map(words.labelled, ("quantity", "due"))):
        return None
    number, bare, dates = _number(words, doubts)
    quantity = _quantity(words, bare, doubts)
    due = _due(words, dates, doubts, today)
    customer, product = _names(words, doubts)
    if words.of(Kind.UNCLEAR):
        doubts.add("word-unclear", words.of(Kind.UNCLEAR))
    return OrderLine(
        row=row,
        order_no=number_of(words.labelled("order_no") or number),
        customer=customer,
        product=product,
        quantity=quantity,
        due=due,
        placed=_placed(words, today),
        phone=words.labelled("phone") or " ".join(words.of(Kind.PHONE)),
        address=words.labelled("address"),
        note=" ".join(filter(None, [words.labelled("note"), *doubts.left])),
        priority=words.labelled("priority") or " ".join(words.of(Kind.PRIORITY)),
        route_hint=words.labelled("route") or " ".join(words.of(Kind.ROUTE)),
        contact=words.labelled("contact"),
        email=words.labelled("email"),
        wechat=words.labelled("wechat"),
        price=words.labelled("price"),
        cost=words.labelled("cost"),
        faults=tuple(doubts.faults),
    )


def _number(words: Words, doubts: _Doubts) -> tuple[str, list[str], list[str]]:
    """(order number, bare numbers, dates) of the line.

    Figures in the first place are the order number if something else is the quantity or the date;
    if nothing else is, they may be either, and are taken for neither.
    """
    numbers, bare, dates = words.of(Kind.NUMBER), words.of(Kind.BARE), words.of(Kind.DUE)
    if len(numbers) > 1:
        doubts.add("number-unclear", numbers)
        return "", bare, dates
    if numbers or words.labelled("order_no") or words.led:
        return "".join(numbers), bare, dates
    first = words.found[0]
    if first.kind is Kind.BARE:
        if len(bare) > 1 or words.of(Kind.MEASURED) or words.labelled("quantity"):
            return first.text, bare[1:], dates
        doubts.add("number-unclear", bare)
        doubts.add("quantity-unclear")
        return "", [], dates
    if first.kind is Kind.DUE and _FIGURES_FIRST.fullmatch(first.text):
        if len(dates) > 1 or words.labelled("due"):
            return first.text, bare, dates[1:]
        doubts.add("number-unclear", dates)
        doubts.add("due-unclear")
        return "", bare, []
    return "", bare, dates


def _quantity(words: Words, bare: list[str], doubts: _Doubts) -> int | None:
    """One number with a measure word, or else the one bare number; two of a kind are none."""
    labelled, measured = words.labelled("quantity"), words.of(Kind.MEASURED)
    said = [labelled] if labelled else measured or bare
    over = [w for w in (*measured, *bare) if w not in said]
    if over:
        doubts.add("word-unclear", over)
    if len(said) == 1 and (pieces := written_pieces(said[0])):
        return pieces
    if "quantity-unclear" not in doubts.faults:
        doubts.add("quantity-unclear" if said else "quantity-missing", said)
    return None


def _due(words: Words, dates: list[str], doubts: _Doubts, today: date) -> date | None:
    labelled = words.labelled("due")
    said = [labelled] if labelled else dates
    if len(said) == 1 and (due := written_day(said[0], today)):
        return due
    if "due-unclear" not in doubts.faults:
        doubts.add("due-unclear" if said else "due-missing", said)
    return None


def _placed(words: Words, today: date) -> date | None:
    said = words.labelled("placed") or "".join(words.of(Kind.PLACED))[2:]
    return written_day(said, today, ahead=False) if said else None


def _names(words: Words, doubts: _Doubts) -> tuple[str, str]:
    """(customer, product). The customer stands before the product: in columns always, between
    spaces where there are just two words to be told apart.
    """
    customers, plain = words.of(Kind.CUSTOMER), words.of(Kind.WORD)
    customer = words.labelled("customer")
    if not customer and customers:
        customer = customers.pop(0)
        plain = [*customers, *plain]
        if customers:
            doubts.add("customer-unclear")
    elif not customer and len(plain) > 1:
        if words.columns or len(plain) == 2:
            customer = plain.pop(0)
        else:
            doubts.add("customer-unclear")
    labelled = [words.labelled(f) for f in ("product", "style_no", "color", "size")]
    product = " ".join(filter(None, [*labelled, *plain]))
    if not product:
        doubts.add("product-missing")
    return customer, product

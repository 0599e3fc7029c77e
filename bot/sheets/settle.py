"""Drafts of orders → lines to confirm: numbers given, twice-given ones refused, customers found."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from bot.sheets.cells import same_number
from bot.sheets.dates import marks
from bot.sheets.lines import PRIVATE, Known, OrderLine, RefusedRow, SheetResult
from bot.sheets.numbering import proposals

LONGEST_NUMBER = 32
LONGEST_TEXT = 500
LONGEST_FACT = 60
TEXTS = ("customer", "product", "note", "priority", "route_hint", *PRIVATE)


def settle(
    drafts: Sequence[OrderLine],
    refused: Iterable[RefusedRow],
    known: Known,
    today: date,
    unmapped: tuple[str, ...] = (),
) -> SheetResult:
    """Settle numbers over the whole table, so that a proposed one never meets a written one."""
    free = proposals(known.order_nos, (d.order_no for d in drafts), today)
    existing = {same_number(n) for n in known.order_nos}
    customers: dict[str, tuple[str, ...]] = {}
    seen: dict[str, int] = {}
    lines: list[OrderLine] = []
    away = list(refused)
    for draft in map(_cut, drafts):
        number, faults = _numbered(draft)
        folded = same_number(number)
        if folded and (folded in seen or folded in existing):
            away.append(_twice(draft.row, number, seen.get(folded)))
            continue
        if not number:
            number = next(free)
        seen[same_number(number)] = draft.row
        if draft.customer not in customers:
            customers[draft.customer] = known.customer(draft.customer)
        meant = customers[draft.customer]
        if len(meant) > 1:
            faults = (*faults, "customer-unclear")
        lines.append(
            replace(
                draft,
                order_no=number,
                customer=meant[0] if len(meant) == 1 else draft.customer,
                faults=tuple(dict.fromkeys(faults + marks(draft.due, draft.placed, today))),
            )
        )
    return SheetResult(tuple(lines), tuple(sorted(away, key=lambda r: r.row)), unmapped)


def mark_new(result: SheetResult, known: Known) -> SheetResult:
    """Lines with a customer whom the factory does not know yet are marked."""
    lines = tuple(
        replace(x, faults=(*x.faults, "customer-new"))
        if x.customer and "customer-unclear" not in x.faults and not known.customer(x.customer)
        else x
        for x in result.lines
    )
    return replace(result, lines=lines)


def refuse(row: int, code: str, said: str) -> RefusedRow:
    """A row that is no order, with the beginning of what it says."""
    return RefusedRow(row, code, (("text", said[:LONGEST_FACT]),))


def _cut(draft: OrderLine) -> OrderLine:
    """A text that no card can show is cut, and the line marked."""
    long = {f: text[:LONGEST_TEXT] for f in TEXTS if len(text := getattr(draft, f)) > LONGEST_TEXT}
    return replace(draft, **long, faults=(*draft.faults, "text-cut")) if long else draft


def _numbered(draft: OrderLine) -> tuple[str, tuple[str, ...]]:
    number = draft.order_no
    if not number:
        return "", (*draft.faults, "number-proposed")
    if len(number) > LONGEST_NUMBER:
        return "", (*draft.faults, "number-unclear", "number-proposed")
    if not any(c.isdigit() for c in number):
        return number, (*draft.faults, "number-unclear")
    return number, draft.faults


def _twice(row: int, number: str, first: int | None) -> RefusedRow:
    if first is None:
        return RefusedRow(row, "known-already", (("order_no", number),))
    return RefusedRow(row, "twice-in-sheet", (("order_no", number), ("first_row", str(first))))

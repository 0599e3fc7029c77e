"""A table → orders: the heading row found, every row below read, totals and blanks passed over."""

from datetime import date

from bot.sheets.cells import clean, number_of, pieces_of, text_of
from bot.sheets.dates import day_of
from bot.sheets.headings import Columns, find_columns, fold
from bot.sheets.lines import Known, OrderLine, RefusedRow, SheetResult
from bot.sheets.settle import refuse, settle
from bot.sheets.table import Cell, Row, Table
from domain.errors import SheetFault

TOTALS = {"合计", "总计", "小计", "共计", "总数", "累计", "total", "subtotal", "grandtotal", "sum"}


def understand_table(table: Table, today: date, known: Known) -> SheetResult:
    """The orders of a table. Raises SheetFault if no row of it is a heading row."""
    columns = find_columns(table.rows)
    if columns is None:
        raise SheetFault("no-heading", name=table.name, sheet=table.sheet)
    heading = _folded(table.rows[columns.at])
    drafts: list[OrderLine] = []
    refused: list[RefusedRow] = []
    for index in range(columns.first, len(table.rows)):
        row = table.rows[index]
        if _passed_over(row, columns) or _folded(row) == heading:
            continue
        draft = _draft(index + 1, row, columns, today)
        if draft.product or draft.quantity or "quantity-unclear" in draft.faults:
            drafts.append(draft)
        else:
            said = clean(" ".join(text_of(c) for c in row if c is not None))
            refused.append(refuse(index + 1, "not-an-order", said))
    return settle(drafts, refused, known, today, columns.unmapped)


def _passed_over(row: Row, columns: Columns) -> bool:
    """Nothing where orders are written, or a row of totals."""
    if not any(_cell(row, i) is not None for i in (*columns.fields.values(), *columns.sizes)):
        return True
    words = [fold(c) for c in row if isinstance(c, str)]
    return any(w in TOTALS for w in words) or bool(words and words[0].startswith(("合计", "总计")))


def _draft(number: int, row: Row, columns: Columns, today: date) -> OrderLine:
    cells = {field: _cell(row, index) for field, index in columns.fields.items()}
    text = {field: text_of(cell) for field, cell in cells.items()}
    quantity, faults = _quantity(cells.get("quantity"), [_cell(row, i) for i in columns.sizes])
    due = day_of(cells.get("due"), today)
    placed = day_of(cells.get("placed"), today, ahead=False)
    name = " ".join(filter(None, (text.get(f) for f in ("product", "style_no", "color", "size"))))
    if not name:
        faults.append("product-missing")
    if due is None:
        faults.append("due-unclear" if text.get("due") else "due-missing")
    if placed is None and text.get("placed"):
        faults.append("placed-unclear")
    return OrderLine(
        row=number,
        order_no=number_of(cells.get("order_no")),
        customer=text.get("customer", ""),
        product=name,
        quantity=quantity,
        due=due,
        placed=placed,
        phone=text.get("phone", ""),
        address=text.get("address", ""),
        note=" ".join(filter(None, (text.get("note"), text.get("lettering")))),
        priority=text.get("priority", ""),
        route_hint=text.get("route", ""),
        contact=text.get("contact", ""),
        email=text.get("email", ""),
        wechat=text.get("wechat", ""),
        price=text.get("price", ""),
        cost=text.get("cost", ""),
        faults=tuple(faults),
    )


def _quantity(cell: Cell, sizes: list[Cell]) -> tuple[int | None, list[str]]:
    """The column of pieces, or the sum over the sizes; where both speak they must agree."""
    written = [c for c in sizes if text_of(c) not in {"", "0", "-", "/"}]
    counts = [pieces_of(c) for c in written]
    total = sum(n or 0 for n in counts) if counts and None not in counts else None
    if not text_of(cell):
        return total, [] if total else ["quantity-unclear" if written else "quantity-missing"]
    said = pieces_of(cell)
    if said is None:
        return None, ["quantity-unclear"]
    return said, ["sizes-differ"] if written and total != said else []


def _cell(row: Row, index: int) -> Cell:
    cell = row[index] if index < len(row) else None
    return None if isinstance(cell, str) and not cell.strip() else cell


def _folded(row: Row) -> tuple[str, ...]:
    folded = [fold(text_of(c)) for c in row]
    while folded and not folded[-1]:
        folded.pop()
    return tuple(folded)

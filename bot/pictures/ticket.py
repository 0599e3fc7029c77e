"""The work ticket that travels with the pieces: A6, number, route to tick off, code to scan.

Laid out once in millimetres; a PDF for the printer and a PNG for the chat are painted from it.
Black on white only, for the cheapest printer there is.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from fpdf import FPDF
from fpdf.enums import TextMode

from bot.pictures import qr
from bot.pictures.canvas import Canvas
from bot.pictures.text import drawable, fitted, font_path, size_for, width, wrapped
from bot.pictures.theme import LIGHT

WIDE, HIGH, MARGIN = 105.0, 148.0, 7.0
PT = 25.4 / 72
_CODE = 34.0
_PIXELS = 1080 / WIDE
# Two prints of one ticket are the same bytes; when it was printed is nobody's business.
_PRINTED = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class TicketWords:
    """The labels of a ticket in its language."""

    quantity: str
    due: str
    route: str
    scan: str


@dataclass(frozen=True, slots=True)
class Ticket:
    """What stands on a ticket; every text is worded already, `lines` may be empty."""

    order_no: str
    product: str
    quantity: str
    due: str
    steps: tuple[str, ...]
    url: str
    factory: str
    words: TicketWords
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """A text at a baseline, its size in millimetres."""

    x: float
    y: float
    text: str
    size: float
    bold: bool = False
    grey: bool = False

    @property
    def right(self) -> float:
        """Where it ends."""
        return self.x + width(self.text, self.size)


@dataclass(frozen=True, slots=True)
class Frame:
    """A rectangle: a check box or, without height, a line."""

    x: float
    y: float
    wide: float
    high: float


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything on a ticket, and where its code stands (with its quiet zone)."""

    marks: tuple[Mark, ...]
    frames: tuple[Frame, ...]
    code: Frame


def layout(ticket: Ticket) -> Layout:
    """Where everything goes."""
    inner = WIDE - 2 * MARGIN
    number = size_for(ticket.order_no, inner, 40 * PT, 18 * PT)
    marks = [
        Mark(MARGIN, 10.5, fitted(ticket.factory, 9 * PT, inner), 9 * PT, grey=True),
        Mark(MARGIN, 28, fitted(ticket.order_no, number, inner), number, bold=True),
    ]
    frames = [Frame(MARGIN, 13.5, inner, 0), Frame(MARGIN, 33, inner, 0)]
    code = Frame(WIDE - MARGIN - _CODE + 4, 34.5, _CODE, _CODE)
    marks += _facts(ticket, code.x - MARGIN - 1)
    frames.append(Frame(MARGIN, 76, inner, 0))
    scan = fitted(ticket.words.scan, 8 * PT, _CODE - 8)
    middle = code.x + (_CODE - width(scan, 8 * PT)) / 2
    marks.append(Mark(middle, 71.5, scan, 8 * PT, grey=True))
    marks.append(Mark(MARGIN, 82.5, fitted(ticket.words.route, 9 * PT, inner), 9 * PT, grey=True))
    route_marks, boxes = _route(ticket.steps, 86.0, HIGH - MARGIN)
    return Layout(tuple(m for m in (*marks, *route_marks) if m.text), (*frames, *boxes), code)


def ticket_pdf(tickets: Iterable[Ticket]) -> bytes:
    """One A6 page a ticket, text as text, the font reduced to what is used."""
    pdf = FPDF(unit="mm", format=(WIDE, HIGH))
    pdf.set_creation_date(_PRINTED)
    pdf.set_auto_page_break(False)
    pdf.add_font("sans", "", font_path())
    for ticket in tickets:
        pdf.add_page()
        _print(pdf, layout(ticket), ticket)
    return bytes(pdf.output())


def ticket_png(ticket: Ticket) -> bytes:
    """The same ticket as a picture, 1080 px wide."""
    plan, scale = layout(ticket), _PIXELS
    canvas = Canvas(LIGHT, 1080, round(HIGH * scale))
    canvas.box(0, 0, canvas.width, canvas.height, fill="#FFFFFF")
    for mark in plan.marks:
        ink = "#444444" if mark.grey else "#000000"
        canvas.text(
            mark.x * scale, mark.y * scale, mark.text, mark.size * scale, fill=ink, bold=mark.bold
        )
    for frame in plan.frames:
        x, y, wide = frame.x * scale, frame.y * scale, frame.wide * scale
        if frame.high:
            canvas.box(x, y, wide, frame.high * scale, outline="#000000", stroke=3, radius=4)
        else:
            canvas.line(x, y, x + wide, y, "#000000", 2)
    data, side = qr.path(ticket.url)
    module = plan.code.wide * scale / (side + 2 * qr.QUIET)
    x, y = (at * scale + qr.QUIET * module for at in (plan.code.x, plan.code.y))
    canvas.raw(
        f'<path transform="translate({x:.2f} {y:.2f}) scale({module:.4f})" '
        f'shape-rendering="crispEdges" d="{data}"/>'
    )
    return canvas.png(colours=16)


def _facts(ticket: Ticket, room: float) -> list[Mark]:
    """Product, what else is to be known, quantity and due date, beside the code."""
    marks, y, size, most = [], 40.5, 14 * PT, 2
    if (
        wrapped(ticket.product, size, room, most)[-1:]
        != wrapped(ticket.product, size, room, 9)[-1:]
    ):
        size, most = 11 * PT, 3 if len(ticket.lines) < 2 else 2
    for line in wrapped(ticket.product, size, room, most):
        marks.append(Mark(MARGIN, y, line, size))
        y += size * 1.25
    for line in ticket.lines[:2]:
        marks.append(Mark(MARGIN, y - 0.6, fitted(line, 10 * PT, room), 10 * PT))
        y += 4.6
    label = max(width(drawable(w), 9 * PT) for w in (ticket.words.quantity, ticket.words.due)) + 3
    label = min(label, room / 2)
    for y_at, name, value in (
        (65.0, ticket.words.quantity, ticket.quantity),
        (72.5, ticket.words.due, ticket.due),
    ):
        size = size_for(value, room - label, 16 * PT, 10 * PT)
        marks.append(Mark(MARGIN, y_at, fitted(name, 9 * PT, label - 1), 9 * PT, grey=True))
        marks.append(Mark(MARGIN + label, y_at, fitted(value, size, room - label), size, bold=True))
    return marks


def _route(steps: tuple[str, ...], top: float, bottom: float) -> tuple[list[Mark], list[Frame]]:
    """Check boxes down the left column, then, if there are many, down the right one."""
    columns = 1 if len(steps) <= 6 else 2
    rows = max(1, -(-len(steps) // columns))
    high = min(9.5, (bottom - top) / rows)
    side = min(5.0, high * 0.62)
    column = (WIDE - 2 * MARGIN) / columns
    marks, boxes = [], []
    for i, step in enumerate(steps):
        x, y = MARGIN + column * (i // rows), top + high * (i % rows)
        boxes.append(Frame(x, y + (high - side) / 2, side, side))
        words, room = f"{i + 1}. {drawable(step)}", column - side - 4
        size = size_for(words, room, min(12 * PT, high * 0.5), 8 * PT)
        words = fitted(words, size, room)
        marks.append(Mark(x + side + 2, y + high / 2 + size * 0.37, words, size))
    return marks, boxes


def _print(pdf: FPDF, plan: Layout, ticket: Ticket) -> None:
    for mark in plan.marks:
        pdf.set_font("sans", size=mark.size / PT)
        shade = 68 if mark.grey else 0
        pdf.set_text_color(shade)
        with pdf.local_context():
            if mark.bold:
                pdf.text_mode = TextMode.FILL_STROKE
                pdf.set_draw_color(0)
                pdf.set_line_width(mark.size * 0.03)
            pdf.text(mark.x, mark.y, mark.text)
    pdf.set_draw_color(0)
    for frame in plan.frames:
        pdf.set_line_width(0.35 if frame.high else 0.2)
        if frame.high:
            pdf.rect(frame.x, frame.y, frame.wide, frame.high)
        else:
            pdf.line(frame.x, frame.y, frame.x + frame.wide, frame.y)
    rows = qr.matrix(ticket.url)
    module = plan.code.wide / (len(rows) + 2 * qr.QUIET)
    pdf.set_fill_color(0)
    for y, row in enumerate(rows):
        for x, long in qr.runs(row):
            left, top = plan.code.x + (x + qr.QUIET) * module, plan.code.y + (y + qr.QUIET) * module
            pdf.rect(left, top, long * module, module, style="F")

"""A ticket is read by people, by printers and by phones."""

import io
import time
from itertools import combinations

import pytest
from PIL import Image, ImageDraw, ImageFilter
from pypdf import PdfReader

from bot.pictures import qr
from bot.pictures.ticket import (
    HIGH,
    MARGIN,
    WIDE,
    Ticket,
    TicketWords,
    layout,
    ticket_pdf,
    ticket_png,
)
from domain.errors import PhotoFault

URL = "HTTPS://FAB.CN/Q/10HEX9AB3F"
WORDS = TicketWords("数量", "交期", "工艺路线", "扫码报工")
STEPS = ("接单确认", "备料", "裁切", "绣花/印花", "车缝", "后道", "质检", "包装入库", "发货")
TICKET = Ticket(
    "A102", "连帽卫衣 左胸绣", "120 件", "周六 11/28", STEPS, URL, "禾禾定制服饰", WORDS
)
LONG = Ticket(
    order_no="CPO-20260318-A1",
    product="Heavyweight brushed fleece hooded sweatshirt with left chest embroidery",
    quantity="1,200,000 pieces",
    due="Saturday, November 28, 2026",
    steps=tuple(f"Embroidery and printing, step {i}" for i in range(20)),
    url=URL,
    factory="Hehe Custom Apparel 👕 " * 6,
    words=TicketWords("Quantity", "Due date", "Route", "Scan to report progress"),
    lines=("Colour: navy 170/92A", "Thread 40S/2, " * 9, "never shown"),
)
EMPTY = Ticket("", "", "", "", (), URL, "", TicketWords("", "", "", ""))


def test_the_pdf_can_be_read_back() -> None:
    reader = PdfReader(io.BytesIO(ticket_pdf([TICKET, LONG, EMPTY])))
    assert len(reader.pages) == 3
    # The reader shows the upper byte of every character code as a NUL.
    words = reader.pages[0].extract_text().replace("\0", "")
    for text in ("A102", "连帽卫衣 左胸绣", "120 件", "周六 11/28", "禾禾定制服饰", "扫码报工"):
        assert text in words
    for i, step in enumerate(STEPS, start=1):
        assert f"{i}. {step}" in words
    box = reader.pages[0].mediabox
    assert float(box.width) == pytest.approx(WIDE / 25.4 * 72, abs=0.1)
    assert float(box.height) == pytest.approx(HIGH / 25.4 * 72, abs=0.1)


def test_a_pdf_is_small_and_always_the_same() -> None:
    assert len(ticket_pdf([TICKET])) < 40_000
    assert ticket_pdf([TICKET, LONG]) == ticket_pdf([TICKET, LONG])
    assert ticket_png(TICKET) == ticket_png(TICKET)


@pytest.mark.parametrize("ticket", [TICKET, LONG, EMPTY], ids=["usual", "long", "empty"])
def test_the_code_on_the_picture_can_be_scanned(ticket: Ticket) -> None:
    png = ticket_png(ticket)
    assert qr.read_codes(png) == (URL,)
    with Image.open(io.BytesIO(png)) as image:
        assert image.size == (1080, 1522)
        assert image.size[0] / image.size[1] == pytest.approx(WIDE / HIGH, rel=0.001)


@pytest.mark.parametrize("ticket", [TICKET, LONG, EMPTY], ids=["usual", "long", "empty"])
def test_nothing_leaves_the_paper_or_meets_the_code(ticket: Ticket) -> None:
    plan = layout(ticket)
    for mark in plan.marks:
        assert mark.x >= MARGIN
        assert mark.right <= WIDE - MARGIN + 0.01, mark
        assert mark.y < HIGH - 4
        beside = (
            mark.right <= plan.code.x
            or mark.y - mark.size * 0.9 >= plan.code.y + plan.code.high - 4
        )
        assert beside or mark.y <= plan.code.y + 1, mark
    for a, b in combinations(plan.marks, 2):
        beside = a.right <= b.x or b.right <= a.x
        below = (
            a.y + a.size * 0.2 <= b.y - b.size * 0.75 or b.y + b.size * 0.2 <= a.y - a.size * 0.75
        )
        assert beside or below, (a, b)
    assert sum(1 for f in plan.frames if f.high) == len(ticket.steps)


def test_the_number_is_forty_points_if_it_fits() -> None:
    number = next(m for m in layout(TICKET).marks if m.text == "A102")
    assert number.size == pytest.approx(40 * 25.4 / 72)


def test_a_short_upper_case_address_makes_a_coarse_code() -> None:
    assert qr.version(URL) == 2
    assert qr.version("https://t.example.cn/q/a102-03?k=10hex12345") > qr.version(URL)


def test_codes_made_are_codes_read() -> None:
    for payload in (URL, "A102", "裁切 A102", "x" * 200):
        assert qr.read_codes(qr.qr_png(payload)) == (payload,)
    svg = qr.qr_svg(URL)
    assert svg.startswith("<svg")
    assert len(svg) < 4000


def scene(module: int, turn: float, dim: float = 1.0, blur: float = 0.0, side: int = 3000) -> bytes:
    """A code lying on a busy table, photographed badly."""
    image = (
        Image.effect_noise((side // 4, side // 5), 90).resize((side, side * 4 // 5)).convert("RGB")
    )
    draw = ImageDraw.Draw(image)
    for i in range(0, side, 90):
        draw.line((i, 0, side - i, side), fill=(i % 255, 120, 80), width=9)
    with Image.open(io.BytesIO(qr.qr_png(URL))) as code:
        size = module * 33
        paper = code.convert("RGB").resize((size, size), Image.Resampling.BICUBIC)
    turned = paper.rotate(turn, Image.Resampling.BICUBIC, expand=True, fillcolor="white")
    image.paste(turned, (side // 3, side // 4))
    image = image.filter(ImageFilter.GaussianBlur(blur)).point(lambda v: int(v * dim))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=75)
    return out.getvalue()


@pytest.mark.parametrize(
    ("module", "turn", "dim", "blur"),
    [(12, 0, 1, 0), (7, 33, 1, 1), (4, 90, 0.3, 0.5), (3, 12, 1, 0.5), (10, 180, 0.12, 2)],
)
def test_codes_on_bad_photos(module: int, turn: float, dim: float, blur: float) -> None:
    assert qr.read_codes(scene(module, turn, dim, blur), seconds=20) == (URL,)


def test_a_photo_without_a_code_and_one_that_is_none() -> None:
    out = io.BytesIO()
    Image.effect_noise((1600, 1200), 80).save(out, "JPEG")
    started = time.monotonic()
    assert qr.read_codes(out.getvalue()) == ()
    assert time.monotonic() - started < 10
    with pytest.raises(PhotoFault, match="not-a-picture"):
        qr.read_codes(b"A102")
    with pytest.raises(PhotoFault, match="broken"):
        qr.read_codes(out.getvalue()[:2000])


def test_two_codes_on_one_photo() -> None:
    both = Image.new("RGB", (1200, 600), "white")
    for i, payload in enumerate(("A102", "A103")):
        with Image.open(io.BytesIO(qr.qr_png(payload))) as code:
            both.paste(code.convert("RGB"), (600 * i, 40))
    out = io.BytesIO()
    both.save(out, "PNG")
    assert sorted(qr.read_codes(out.getvalue())) == ["A102", "A103"]

"""Lines of orders as they are typed into a chat, and what each is taken for."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sheets.lines import FIELDS, Known, OrderLine, SheetResult
from bot.sheets.pasted import understand_lines
from domain.errors import SheetFault

TODAY = date(2026, 11, 25)
KNOWN = Known(
    order_nos=("A101", "A102", "A120"),
    customers=(
        "拾光咖啡(张总)",
        "Northwind Coffee Roasters (Emma)",
        "海星科技行政(杨姐)",
        "跃动健身(刘教练)",
    ),
    routes=("布袋", "服装定制"),
)
ZHANG, EMMA, YANG = KNOWN.customers[:3]


def understood(text: str) -> SheetResult:
    return understand_lines(text, TODAY, KNOWN)


def shown(line: OrderLine) -> str:
    cells = (getattr(line, name) for name in FIELDS)
    return " | ".join(str(cell) for cell in cells if cell)


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("A103 张总 卫衣 120 12/5", f"A103 | {ZHANG} | 卫衣 | 120 | 2026-12-05"),
        ("/新单 A103 张总 卫衣 120 12/5", f"A103 | {ZHANG} | 卫衣 | 120 | 2026-12-05"),
        ("新单：A103 张总 卫衣 120 12/5", f"A103 | {ZHANG} | 卫衣 | 120 | 2026-12-05"),
        ("下单 B205 张总 卫衣 120 12/5", f"B205 | {ZHANG} | 卫衣 | 120 | 2026-12-05"),
        ("下單B205 张总 卫衣 120 12/5", f"B205 | {ZHANG} | 卫衣 | 120 | 2026-12-05"),
        ("新增：B205，张总，卫衣，120，12/5", f"B205 | {ZHANG} | 卫衣 | 120 | 2026-12-05"),
        ("new order A113 Emma aprons 60 12/8", f"A113 | {EMMA} | aprons | 60 | 2026-12-08"),
        ("张总 B205 卫衣 120 12/5", f"B205 | {ZHANG} | 卫衣 | 120 | 2026-12-05"),
        ("张总 卫衣 20261205-01 10 12/5", f"20261205-01 | {ZHANG} | 卫衣 | 10 | 2026-12-05"),
        ("A138 张总 M65 夹克 60 12/5", f"A138 | {ZHANG} | M65 夹克 | 60 | 2026-12-05"),
        (
            "A114\t拾光咖啡\t连帽卫衣 左胸绣花\t1,200\t2026-12-05",
            f"A114 | {ZHANG} | 连帽卫衣 左胸绣花 | 1200 | 2026-12-05",
        ),
        (
            "A115 Northwind Coffee Roasters 帽子 200顶 Dec 5",
            f"A115 | {EMMA} | 帽子 | 200 | 2026-12-05",
        ),
        ("A115 emma cap 200 pcs 2026-12-05", f"A115 | {EMMA} | cap | 200 | 2026-12-05"),
        ("A116张总 卫衣120件 12.5", f"A116 | {ZHANG} | 卫衣 | 120 | 2026-12-05"),
        ("102 张总 卫衣 120 12/5", f"102 | {ZHANG} | 卫衣 | 120 | 2026-12-05"),
        ("＃Ａ１０４　张总　卫衣　１２０　１２／５", f"A104 | {ZHANG} | 卫衣 | 120 | 2026-12-05"),
        ("20261205-01 张总 卫衣 10 12/5", f"20261205-01 | {ZHANG} | 卫衣 | 10 | 2026-12-05"),
        ("A131 张总 卫衣 1,200 件 12-5", f"A131 | {ZHANG} | 卫衣 | 1200 | 2026-12-05"),
        ("A130,张总,卫衣,60,120cm,12/5", f"A130 | {ZHANG} | 卫衣 120cm | 60 | 2026-12-05"),
        ("A134 刘教练 2XL 卫衣 80 月底", "A134 | 跃动健身(刘教练) | 2XL 卫衣 | 80 | 2026-11-30"),
        ("①A134 张总 T恤 80 5号", f"A134 | {ZHANG} | T恤 | 80 | 2026-12-05"),
        ("- A135 张总 一百二十 卫衣 12/5前", f"A135 | {ZHANG} | 卫衣 | 120 | 2026-12-05"),
        (
            "1. A117 海星科技 Polo 衫 公司周年 一百五十 12月20号前 加急 布袋 13800138000",
            f"A117 | {YANG} | Polo 衫 公司周年 | 150 | 2026-12-20 | 13800138000 | 加急 | 布袋",
        ),
        (
            "A132 张总 卫衣 120 下单11/20 交期12/5",
            f"A132 | {ZHANG} | 卫衣 | 120 | 2026-12-05 | 2026-11-20",
        ),
        (
            "单号:A136 客户:张总 产品:卫衣 数量:120 交期:12/5 备注:绣HH",
            f"A136 | {ZHANG} | 卫衣 | 120 | 2026-12-05 | 绣HH",
        ),
        ("A137 拾光咖啡（张总） 围裙 102 12/5", f"A137 | {ZHANG} | 围裙 | 102 | 2026-12-05"),
    ],
)
def test_a_clear_line(text: str, order: str) -> None:
    result = understood(text)
    assert result.refused == ()
    assert [shown(line) for line in result.lines] == [order]
    assert result.lines[0].faults == ()


@pytest.mark.parametrize(
    ("text", "order", "faults"),
    [
        # a bare number is a quantity, and no number means the next one
        ("张总 卫衣 120 12/5", f"A121 | {ZHANG} | 卫衣 | 120 | 2026-12-05", "number-proposed"),
        # 12.5 is a day: pieces are whole
        (
            "A138 张总 卫衣 12.5",
            f"A138 | {ZHANG} | 卫衣 | 2026-12-05",
            "quantity-missing",
        ),
        # two days: neither is taken
        (
            "A138 张总 卫衣 12.5 12/8",
            f"A138 | {ZHANG} | 卫衣 | 12.5 12/8",
            "quantity-missing due-unclear",
        ),
        (
            "A138 张总 童装 3-5 岁 120 12/5",
            f"A138 | {ZHANG} | 童装 岁 | 120 | 3-5 12/5",
            "due-unclear",
        ),
        # two numbers: neither is taken, unless one has a measure word
        (
            "A138 张总 卫衣 120 60 12/5",
            f"A138 | {ZHANG} | 卫衣 | 2026-12-05 | 120 60",
            "quantity-unclear",
        ),
        (
            "A138 张总 卫衣 120件 60 12/5",
            f"A138 | {ZHANG} | 卫衣 | 120 | 2026-12-05 | 60",
            "word-unclear",
        ),
        # figures in front, and no other number: order number or quantity
        (
            "102 张总 卫衣 12/5",
            f"A121 | {ZHANG} | 卫衣 | 2026-12-05 | 102",
            "number-unclear quantity-unclear number-proposed",
        ),
        (
            "20261205 张总 卫衣 120",
            f"A121 | {ZHANG} | 卫衣 | 120 | 20261205",
            "number-unclear due-unclear number-proposed",
        ),
        # who is the customer, what the product?
        (
            "A138 蓝天 Polo 衫 60 12/5",
            "A138 | 蓝天 Polo 衫 | 60 | 2026-12-05",
            "customer-unclear",
        ),
        (
            "A138 李总 王总 卫衣 60 12/5",
            "A138 | 李总 | 王总 卫衣 | 60 | 2026-12-05",
            "customer-unclear",
        ),
        ("A138 张总 60 12/5", f"A138 | {ZHANG} | 60 | 2026-12-05", "product-missing"),
        (
            "A138 张总 卫衣 50/120 12/5",
            f"A138 | {ZHANG} | 卫衣 | 2026-12-05 | 50/120",
            "quantity-missing word-unclear",
        ),
        ("A138 张总 卫衣 60", f"A138 | {ZHANG} | 卫衣 | 60", "due-missing"),
        ("A138 张总 卫衣 60 11/20", f"A138 | {ZHANG} | 卫衣 | 60 | 2026-11-20", "due-past"),
    ],
)
def test_a_doubtful_line_is_marked_and_nothing_guessed(text: str, order: str, faults: str) -> None:
    (line,) = understood(text).lines
    assert shown(line) == order
    assert " ".join(line.faults) == faults


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("A113，李总，围裙，60件，12月8日", "A113 | 李总 | 围裙 | 60 | 2026-12-08"),
        ("A113,蓝天,围裙,60,12/8", "A113 | 蓝天 | 围裙 | 60 | 2026-12-08"),
        ("A113 蓝天 围裙 60 12/8", "A113 | 蓝天 | 围裙 | 60 | 2026-12-08"),
        ("蓝天 B205 围裙 60 12/8", "B205 | 蓝天 | 围裙 | 60 | 2026-12-08"),
        ("order A113 Lee aprons 60 12/8", "A113 | Lee | aprons | 60 | 2026-12-08"),
        ("A113 远航公司 围裙 60 12/8", "A113 | 远航公司 | 围裙 | 60 | 2026-12-08"),
        (
            "单号 客户 产品 数量 交期\nA113 蓝天 围裙 60 12/8",
            "A113 | 蓝天 | 围裙 | 60 | 2026-12-08",
        ),
    ],
)
def test_a_new_customer_is_taken_and_marked(text: str, order: str) -> None:
    (line,) = understood(text).lines
    assert shown(line) == order
    assert line.faults == ("customer-new",)


@pytest.mark.parametrize("text", ["大家早上好", "A138", "A138 好了", "x" * 501 + " 120 12/5"])
def test_what_is_no_order(text: str) -> None:
    result = understood(text)
    assert result.lines == ()
    assert [r.code for r in result.refused] == ["not-an-order"]


def test_several_lines() -> None:
    result = understood(
        "/新单\nA102 张总 卫衣 1 12/5\n\nA103 张总 卫衣 2 12/5\nA103 张总 帽 3 12/5"
    )
    assert [(line.row, line.order_no) for line in result.lines] == [(4, "A103")]
    assert [(r.row, r.code) for r in result.refused] == [
        (2, "known-already"),
        (5, "twice-in-sheet"),
    ]


def test_cells_copied_with_their_headings() -> None:
    result = understood(
        "交期\t产品\t数量\t客户\t单号\n12/5\t卫衣 黑\t120\t\tA103\n12/8\t帽子\t60\t张总\t\n"
    )
    assert [shown(line) for line in result.lines] == [
        "A103 | 卫衣 黑 | 120 | 2026-12-05",
        f"A121 | {ZHANG} | 帽子 | 60 | 2026-12-08",
    ]


def test_headings_over_uneven_lines_are_only_passed_over() -> None:
    result = understood("单号 客户 产品 数量 交期\nA103 张总 Polo 衫 120 12/5")
    assert [shown(line) for line in result.lines] == [
        f"A103 | {ZHANG} | Polo 衫 | 120 | 2026-12-05"
    ]


def test_too_many_lines() -> None:
    with pytest.raises(SheetFault, match="too-many-rows"):
        understood("x\n" * 501)


def test_nothing() -> None:
    assert understood("") == SheetResult(())
    assert understood("/新单") == SheetResult(())


@given(st.text(alphabet="A1２5/.-号月件张总 \t,，:：#x×一百\n卫衣①Dec°٣", max_size=80))
@settings(max_examples=500, deadline=None)
def test_any_text_is_understood_or_refused(text: str) -> None:
    result = understood(text)
    numbers = [line.order_no for line in result.lines]
    assert all(numbers)
    assert len({n.casefold() for n in numbers}) == len(numbers)
    for line in result.lines:
        assert (line.quantity is None) == any(f.startswith("quantity") for f in line.faults)
        assert (line.due is None) == bool({"due-missing", "due-unclear"} & set(line.faults))

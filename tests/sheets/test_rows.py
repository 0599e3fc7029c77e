"""Tables of orders as factories keep them: titles on top, totals below, sizes side by side."""

from datetime import date

import pytest

from bot.sheets.headings import field_of
from bot.sheets.lines import Known, OrderLine, SheetResult, rows_for_confirm
from bot.sheets.numbering import propose_number
from bot.sheets.rows import understand_table
from bot.sheets.table import Cell, Table
from domain.errors import SheetFault

TODAY = date(2026, 11, 25)
DUE = date(2026, 12, 5)
KNOWN = Known(
    order_nos=("A101", "A102", "K8812"),
    customers=("拾光咖啡(张总)", "蓝鲸幼儿园(林园长)", "海星科技(张总)", "跃动健身(刘教练)"),
)
HEAD: list[Cell] = ["订单号", "客户", "产品", "数量", "交期"]


def understood(*rows: list[Cell], known: Known = KNOWN) -> SheetResult:
    return understand_table(Table(tuple(tuple(row) for row in rows)), TODAY, known)


def one(*rows: list[Cell], known: Known = KNOWN) -> OrderLine:
    result = understood(*rows, known=known)
    assert result.refused == ()
    (line,) = result.lines
    return line


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("订单号", "order_no"),
        ("订单编号*", "order_no"),
        ("PO#", "order_no"),
        ("Order No.", "order_no"),
        ("客户名称（必填）", "customer"),
        ("客户交期", "due"),
        ("【交货日期】", "due"),
        ("客户备注", "note"),
        ("产品数量", "quantity"),
        ("数量(件)", "quantity"),
        ("Qty (pcs)", "quantity"),
        ("款 号", "style_no"),
        ("联系电话：", "phone"),
        ("收货地址", "address"),
        ("客户优先级", "priority"),
        ("Due Date", "due"),
        ("訂單編號", "order_no"),
        ("快递单号", ""),
        ("产品单价", "price"),
        ("产品图片", ""),
        ("序号", ""),
        ("Order Status", ""),
        ("跟单员", ""),
        ("利润", None),
        ("", None),
        ("这一列请不要填写任何内容否则整张表格都会被退回重新填写一遍", None),
    ],
)
def test_headings(heading: str, field: str | None) -> None:
    found = field_of(heading)
    assert (found[0] if found else None) == field


def test_a_plain_table() -> None:
    line = one(HEAD, ["A103", "林园长", "园服套装", 180.0, DUE])
    assert line == OrderLine(2, "A103", "蓝鲸幼儿园(林园长)", "园服套装", 180, DUE)


def test_titles_blanks_totals_and_repeated_headings_are_passed_over() -> None:
    result = understood(
        ["禾禾定制 2026年11月订单表", None, None, None, None],
        ["制表：周敏", None, None, None, "日期：2026-11-25"],
        [],
        ["序号", *HEAD, "跟单员"],
        [1.0, "A103", "刘教练", "卫衣", 120.0, "12/5", "周敏"],
        [2.0, None, None, None, None, None, None],
        ["序号", *HEAD, "跟单员"],
        [3.0, "A104", "刘教练", "帽子", 80.0, "12/5", "周敏"],
        [None, "合计", None, None, 200.0, None, None],
        ["总计：200件", None, None, None, None, None, None],
    )
    assert [(line.row, line.order_no) for line in result.lines] == [(5, "A103"), (8, "A104")]
    assert result.refused == ()
    assert result.unmapped == ("序号", "跟单员")


def test_every_field_has_its_place() -> None:
    line = one(
        ["单号", "客户", "款号", "品名", "颜色", "数量", "下单日期", "交期", "电话", "地址", "备注",
         "绣字", "优先级", "工艺路线"],
        ["A9", "新客户", "K1", "卫衣", "黑", "120件", "11/18", "12/5", 13800138000.0, "东莞", "急",
         "HH", "高", "布袋"],
    )  # fmt: skip
    assert line == OrderLine(
        row=2,
        order_no="A9",
        customer="新客户",
        product="卫衣 K1 黑",
        quantity=120,
        due=DUE,
        placed=date(2026, 11, 18),
        phone="13800138000",
        address="东莞",
        note="急 HH",
        priority="高",
        route_hint="布袋",
    )


def test_the_surest_column_wins() -> None:
    line = one(["客户单号", "订单号", "产品", "数量"], ["C-9", "A103", "卫衣", 5.0])
    assert line.order_no == "A103"


class TestSizes:
    head = ("订单号", "产品", "S", "M", "L", "2XL", "交期")

    def test_are_summed_without_a_column_of_pieces(self) -> None:
        line = one([*self.head], ["A103", "卫衣", 10.0, "20", None, 5.0, DUE])
        assert (line.quantity, line.faults) == (35, ())

    def test_must_agree_with_the_column_of_pieces(self) -> None:
        head: list[Cell] = ["订单号", "产品", "S", "M", "数量", "交期"]
        assert one(head, ["A103", "卫衣", 10.0, 20.0, 30.0, DUE]).faults == ()
        line = one(head, ["A103", "卫衣", 10.0, 20.0, 40.0, DUE])
        assert (line.quantity, line.faults) == (40, ("sizes-differ",))

    def test_may_stand_in_a_second_line_of_headings(self) -> None:
        line = one(
            ["订单号", "产品", "尺码", None, None, "交期"],
            [None, None, "S", "M", "L", None],
            ["A103", "卫衣", 10.0, 20.0, 30.0, DUE],
        )
        assert (line.row, line.quantity, line.product) == (3, 60, "卫衣")

    def test_or_under_headings_merged_downwards(self) -> None:
        line = one(
            ["订单号", "产品", "尺码", None, "交期"],
            ["订单号", "产品", "S", "M", "交期"],
            ["A103", "卫衣", 10.0, 20.0, DUE],
        )
        assert (line.quantity, line.product) == (30, "卫衣")

    def test_unreadable_ones_make_no_sum(self) -> None:
        line = one([*self.head], ["A103", "卫衣", 10.0, "若干", None, None, DUE])
        assert (line.quantity, line.faults) == (None, ("quantity-unclear",))


@pytest.mark.parametrize(
    ("row", "faults"),
    [
        (["A103", "x", "卫衣", 120.0, None], ("due-missing",)),
        (["A103", "x", "卫衣", 120.0, "尽快"], ("due-unclear",)),
        (["A103", "x", "卫衣", 120.0, 12.1], ("due-unclear",)),
        (["A103", "x", "卫衣", 120.0, "11/20"], ("due-past",)),
        (["A103", "x", "卫衣", None, DUE], ("quantity-missing",)),
        (["A103", "x", "卫衣", 12.5, DUE], ("quantity-unclear",)),
        (["A103", "x", None, 120.0, DUE], ("product-missing",)),
        (["待定", "x", "卫衣", 120.0, DUE], ("number-unclear",)),
        ([None, "x", "卫衣", 120.0, DUE], ("number-proposed",)),
        (["A103", "张总", "卫衣", 120.0, DUE], ("customer-unclear",)),
    ],
)
def test_doubts_are_marked(row: list[Cell], faults: tuple[str, ...]) -> None:
    assert one(HEAD, row).faults == faults


def test_a_due_date_before_the_placing_is_marked() -> None:
    line = one([*HEAD, "下单日期"], ["A103", "x", "卫衣", 1.0, DUE, date(2026, 12, 9)])
    assert line.faults == ("due-before-placed",)


def test_a_text_without_end_is_cut_and_marked() -> None:
    line = one(HEAD, ["A103", "x", "卫" * 100_000, 1.0, DUE])
    assert (len(line.product), line.faults) == (500, ("text-cut",))


def test_numbers_are_given_once() -> None:
    result = understood(
        HEAD,
        ["a102", "x", "卫衣", 1.0, DUE],
        ["A103", "x", "卫衣", 1.0, DUE],
        ["Ａ103", "x", "帽子", 1.0, DUE],
        [None, "x", "围巾", 1.0, DUE],
        ["A104", "x", "围裙", 1.0, DUE],
        ["请核对后回传", None, None, None, None],
    )
    assert [(line.row, line.order_no) for line in result.lines] == [
        (3, "A103"),
        (5, "A105"),
        (6, "A104"),
    ]
    assert [(r.row, r.code, r.facts) for r in result.refused] == [
        (2, "known-already", (("order_no", "a102"),)),
        (4, "twice-in-sheet", (("order_no", "A103"), ("first_row", "3"))),
        (7, "not-an-order", (("text", "请核对后回传"),)),
    ]


def test_many_rows_without_numbers_are_quick() -> None:
    rows: list[list[Cell]] = [[None, "x", "卫衣", 1.0, DUE] for _ in range(5000)]
    result = understood(HEAD, *rows)
    assert len({line.order_no for line in result.lines}) == 5000


@pytest.mark.parametrize(
    "rows", [[], [["你好"]], [["客户", "电话"], ["张总", "138"]], [["a", "b"], ["c", "d"]]]
)
def test_no_heading(rows: list[list[Cell]]) -> None:
    with pytest.raises(SheetFault, match="no-heading"):
        understood(*rows)


def test_cells_to_confirm() -> None:
    result = understood(HEAD, [None, "刘教练", "卫衣", 120.0, None])
    assert rows_for_confirm(result) == [
        ("2", "A103", "跃动健身(刘教练)", "卫衣", "120", "", "due-missing number-proposed")
    ]


@pytest.mark.parametrize(
    ("known", "number"),
    [
        ((), "A001"),
        (("A101", "A102", "2311-05", "K8812", "A120"), "A121"),
        (("A999",), "A1000"),
        (("A-007",), "A-008"),
        (("102", "103"), "104"),
        (("0099",), "0100"),
        (("20251105-03",), "20261125-01"),
        (("20261125-03", "20261125-09"), "20261125-10"),
        (("2311-05", "2611-07"), "2611-08"),
        (("CPO-20260318-A1",), "CPO-20260318-A2"),
        (("卫衣",), "A001"),
        (("a120", "A121"), "A122"),
        (("102号",), "103号"),
    ],
)
def test_the_next_number(known: tuple[str, ...], number: str) -> None:
    assert propose_number(known, TODAY) == number

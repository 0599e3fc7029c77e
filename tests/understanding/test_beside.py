"""What stands beside an order number: ranges, exceptions, places, lots, second numbers."""

import json
from dataclasses import replace
from datetime import datetime
from functools import cache

import pytest

from bot.understanding.cases import world_from_json
from bot.understanding.model import Decision, Message, OrderState
from bot.understanding.understand import understand
from bot.understanding.world import World
from tests.understanding.judging import FIXTURES

AT = datetime.fromisoformat("2026-11-23T10:00")
SHORT = {"garment": (), "sign": ("S12", "B7", "GY0726-90"), "shop": ("3015", "B7"), "pcb": ()}


@cache
def short_world(trade: str) -> World:
    """The world of a trade, with some short order numbers beside its own."""
    data = json.loads((FIXTURES / f"world-{trade}.json").read_text("utf-8"))
    data["orders"] += [{**data["orders"][0], "order_no": no} for no in SHORT[trade]]
    return world_from_json(data)


def decide(trade: str, text: str) -> Decision:
    return understand(short_world(trade), Message(text, AT))


@pytest.mark.parametrize(
    ("trade", "text"),
    [
        *(("sign", f"S12{to}S13喷漆完成") for to in ("到", "至", "~", "-", "—")),
        *(("sign", text) for text in ("S12-14 喷漆完成", "S12~14喷漆完成", "S12以外喷漆完成")),
        *(("sign", f"B7{at}喷漆完成") for at in ("区", "号车间", "机台", "号机", "栋", "组", "楼")),
        *(("sign", f"S12{lot}喷漆完成") for lot in ("第二批", "上一批", "最后一批")),
        ("shop", "B7螺丝组装完成"),
        ("garment", "102车缝完成"),
        ("garment", "A102号车间车缝完成"),
        ("garment", "2311-05到2311-08裁切完成"),
        ("pcb", "CPO-20260318 钻孔完成"),
    ],
)
def test_asked_and_not_applied(trade: str, text: str) -> None:
    assert decide(trade, text).decision == "ask"


@pytest.mark.parametrize(
    "text",
    ["3015件 打包完成", "3015个开料完成", "3015块板开料完成", "开料完成3015件", "3015套开料完成"],
)
def test_a_measure_word_makes_a_count_of_a_number(text: str) -> None:
    assert decide("shop", text).decision != "apply"


@pytest.mark.parametrize(
    "text", ["#3015开料完成", "3015号开料完成", "3015 开料完成", "3015开料完成"]
)
def test_a_number_of_digits_is_an_order(text: str) -> None:
    assert [(u.op, u.order) for u in decide("shop", text).updates] == [("complete", "3015")]


@pytest.mark.parametrize(
    ("trade", "text", "offered"),
    [
        ("garment", "A102 103 裁切完成", ("A103",)),
        ("garment", "A102,103裁切完成", ("A103",)),
        ("garment", "A102和999裁切完成", ()),
        ("sign", "GY0726-89和91喷漆完成", ()),
        ("sign", "GY0726-89/91喷漆完成", ()),
    ],
)
def test_a_short_second_number_is_never_dropped(
    trade: str, text: str, offered: tuple[str, ...]
) -> None:
    decision = decide(trade, text)
    assert len(decision.updates) == 1
    assert [(part.decision, part.candidates) for part in decision.rest] == [("ask", offered)]


def test_digits_before_a_later_node_are_another_order() -> None:
    decision = decide("garment", "A102裁切完成,103车缝完成")
    assert [(u.order, u.node) for u in decision.updates] == [("A102", "cut")]
    assert [part.candidates for part in decision.rest] == [("A103",)]


def test_short_numbers_of_open_orders_are_offered_together() -> None:
    for text in ("A102、103、104裁切完成", "A102/103/104裁切完成", "A102和103和104裁切完成"):
        assert decide("garment", text).candidates == ("A102", "A103", "A104")
    assert decide("sign", "GY0726-89和90喷漆完成").candidates == ("GY0726-89", "GY0726-90")


@pytest.mark.parametrize(
    ("digits", "offered"),
    [("105", ("A105",)), ("05", ("A105", "2311-05")), ("88231", ("PO88231",)), ("1105", ())],
)
def test_a_hyphen_is_a_border_of_an_ending(digits: str, offered: tuple[str, ...]) -> None:
    assert decide("garment", f"{digits}裁切完成").candidates == offered


@pytest.mark.parametrize("text", ["A102层板裁切完成", "A102裁切完成，见图", "A102裁切完成 2号机"])
def test_what_is_no_place_and_no_picture_is_applied(text: str) -> None:
    assert [(u.op, u.node) for u in decide("garment", text).updates] == [("complete", "cut")]


def test_a_machine_repaired_resumes_what_waited_for_it() -> None:
    message = Message("A102绣花机维修完成", AT)
    assert decide("garment", message.text).decision == "ignore"
    waiting = replace(message, state={"A102": OrderState(delayed=frozenset({"emb"}))})
    (update,) = understand(short_world("garment"), waiting).updates
    assert (update.op, update.node) == ("resume", "emb")


def test_a_good_part_is_progress() -> None:
    (update,) = decide("garment", "A102裁切完成不少了").updates
    assert (update.op, update.quantity) == ("progress", None)


@pytest.mark.parametrize("thing", ["螺丝", "五金", "封边条"])
def test_waiting_for_a_material_is_a_delay(thing: str) -> None:
    (update,) = decide("shop", f"B7组装等{thing}").updates
    assert (update.op, update.node, update.reason) == ("delay", "asm", "material")
    for text in (f"B7组装等{thing}到了再做", f"B7组装等{thing}吗", "B7组装等下"):
        assert decide("shop", text).decision != "apply"

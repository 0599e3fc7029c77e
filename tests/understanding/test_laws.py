"""What holds for any text, and for families of messages whose decision is known beforehand."""

import subprocess
import sys
import time
from datetime import datetime
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.understanding.model import Decision, Message
from bot.understanding.normalise import MAX_CHARS, clean, normalise
from bot.understanding.orders import find_orders
from bot.understanding.understand import understand
from tests.understanding.judging import TRADES, world

AT = datetime.fromisoformat("2026-11-23T10:00")
NODES = {
    "garment": {"裁切": "cut", "绣花": "emb", "车缝": "sew", "质检": "qc", "打包": "pack"},
    "sign": {"激光切割": "laser", "围边": "trim", "焊接": "weld", "喷漆": "paint", "老化": "age"},
    "shop": {"开料": "cut", "封边": "edge", "排钻": "drill", "组装": "asm", "油漆": "paint"},
    "pcb": {"钻孔": "drill", "沉铜": "copper", "阻焊": "mask", "飞针": "test", "成型": "shape"},
}
ORDERS = {
    "garment": ("A102", "2311-05", "PO88231"),
    "sign": ("GY0726-89", "GY0715-3"),
    "shop": ("JJ-2611-03", "#3012"),
    "pcb": ("CPO-20260318-A1", "HX-0012"),
}
DONE = (
    "完成",
    "完成了",
    "好了",
    "做完了",
    "搞定",
    "都好了",
    "全部完成",
    "ok",
    "✅",
    "已完成",
    "100%",
    "弄好啦",
)
NEVER = (
    "{o}{n}没{d}",
    "{o}{n}还没{d}",
    "{o}{n}未{d}",
    "{o} {n}{d}吗",
    "{o}{n}{d}？",
    "{o}{n}{d}了没有",
    "明天{o}{n}{d}",
    "{o}{n}争取{d}",
    "听说{o}{n}{d}",
    "好像{o}{n}{d}",
    "如果{o}{n}{d}就发",
    "等{o}{n}{d}再说",
    "{o}{n}{d}后通知客户",
    "{o}{n}应该{d}",
    "{o}{n}差不多{d}",
    "{o}{n}尽快{d}",
    "请把{o}{n}{d}",
    "是不是{o}{n}{d}",
    "{o}的{n}线买{d}",
    "{o}{n}机修{d}",
    "「老王：{o}{n}{d}」",
    "转发：{o}{n}{d}",
    "{o}{n}预计周五{d}",
    "{o}{n}{d}，对吗",
    "计划：{o}{n}{d}",
    "老板说{o}{n}{d}",
    "{o}{n}{d}了吧",
    "只要{o}{n}{d}",
    "别{o}{n}{d}",
    "if {o} {n} {d} then ship",
    "is {o} {n} {d}",
    "{o} {n} not {d}",
    "{o} {n} will be {d}",
)
ALWAYS = (
    "{o}{n}{d}",
    "{o} {n} {d}",
    "#{o} {n}{d}",
    "{n}{d} {o}",
    "老板，{o}{n}{d}",
    "{o}：{n}{d}",
    "今天：{o}{n}{d}",
    "那个{o}{n}那边{d}",
    "@阿强 {o}{n}{d}",
    "1.{o} {n}{d}",
)


def decide(trade: str, text: str) -> Decision:
    return understand(world(trade), Message(text, AT))


@pytest.mark.parametrize("trade", TRADES)
def test_a_blocked_completion_is_never_applied(trade: str) -> None:
    for template, order, node, done in product(NEVER, ORDERS[trade], NODES[trade], DONE):
        text = template.format(o=order, n=node, d=done)
        assert decide(trade, text).decision != "apply", text


@pytest.mark.parametrize("trade", TRADES)
def test_a_plain_completion_is_applied_once(trade: str) -> None:
    for template, order, (node, key), done in product(
        ALWAYS, ORDERS[trade], NODES[trade].items(), DONE
    ):
        text = template.format(o=order, n=node, d=done)
        updates = decide(trade, text).updates
        assert [(u.op, u.order, u.node) for u in updates] == [("complete", order, key)], text


@pytest.mark.parametrize("trade", TRADES)
def test_a_count_is_progress_and_never_complete(trade: str) -> None:
    for order, (node, key) in product(ORDERS[trade], NODES[trade].items()):
        total = world(trade).order(order).quantity
        for text in (
            f"{order}{node}完成{total - 3}件",
            f"{order} {node} {total - 3}/{total}",
            f"{order}{node}还差3件",
            f"{order}{node}没完成，差3件",
        ):
            (update,) = decide(trade, text).updates
            assert (update.op, update.node, update.quantity) == ("progress", key, total - 3), text
        assert decide(trade, f"{order}{node}完成{total + 1}件").decision == "ask"


def test_no_other_order_is_ever_resolved() -> None:
    """Whatever stands around or inside a number, only that very number is found."""
    for order, affix in product(ORDERS["garment"], ("x", "9", "é", "٢", "Б", "-7", "/8")):
        for text in (
            f"{affix}{order}" if affix[0] not in "-/" else f"7{affix[0]}{order}",
            f"{order}{affix}",
        ):
            found = [m.order for m in find_orders(normalise(text), world("garment"))]
            assert [no for no in found if no] == [], text


def test_foreign_digits_are_no_order() -> None:
    decision = decide("garment", "#A١٠٢ 裁切完成")
    assert decision.decision == "ask"
    assert decision.updates == ()


noise = st.text(max_size=120)
pieces = st.lists(
    st.sampled_from(
        [
            "A102",
            "裁切",
            "完成",
            "没",
            "？",
            "，",
            "明天",
            "50",
            "/120",
            "\u202e",
            "\ud800",
            "\x00",
            "@",
            "「",
            "」",
            "。",
            "1.",
            "不是",
            "是",
            "绣花",
            "好了",
            "\u200b",
            "A103",
            "到",
            "-",
            "٣",
        ]
    ),
    max_size=14,
).map("".join)


@given(st.one_of(noise, pieces))
@settings(max_examples=400, deadline=None)
def test_any_text_is_decided(text: str) -> None:
    for trade in TRADES:
        assert decide(trade, text).decision in ("apply", "ask", "answer", "ignore")


@given(st.one_of(noise, pieces))
@settings(max_examples=300, deadline=None)
def test_normalising_changes_no_order(text: str) -> None:
    """What is read from a text is read from its normalised form, and normalising is stable."""
    once = normalise(text)
    assert normalise(once) == once
    first = [m.order for m in find_orders(once, world("garment"))]
    assert first == [m.order for m in find_orders(normalise(once), world("garment"))]
    for update in decide("garment", text).updates:
        assert update.order is None or world("garment").get(update.order) is not None


@given(noise)
@settings(max_examples=200, deadline=None)
def test_clean_leaves_storable_text(text: str) -> None:
    kept = clean(text + "\x00\ud800\u202e")
    kept.encode("utf-8")
    assert "\x00" not in kept
    assert len(kept) <= MAX_CHARS


def test_a_huge_text_is_cut() -> None:
    started = time.process_time()
    for text in (
        "A102裁切完成，" * 15_000,
        "一" * 100_000,
        "A102 " * 25_000,
        "「" * 100_000,
        "1" * 100_000,
    ):
        assert decide("garment", text).decision in ("apply", "ask", "answer", "ignore")
    assert time.process_time() - started < 5


def test_heavy_libraries_wait_until_they_are_needed() -> None:
    script = (
        "import sys, bot.understanding.understand as u;"
        "assert not {'pypinyin', 'opencc'} & set(sys.modules), 'loaded too early'"
    )
    subprocess.run([sys.executable, "-c", script], check=True)

"""Good, mended and lost pieces: whatever the order of words, a number belongs to its own word."""

from datetime import datetime
from itertools import product

import pytest

from bot.understanding.model import Message, Update
from bot.understanding.understand import understand
from tests.understanding.judging import world

AT = datetime.fromisoformat("2026-11-23T10:00")
# {g} good pieces, {b} bad ones, {w} the word for what is bad, {u} the unit or nothing
GOOD_FIRST = (
    "{g}{u} {w}{b}{u}",
    "{g}{u}，{w}{b}{u}",
    "{g}{u},{w} {b}{u}",
    "完成{g}{u} {w}{b}{u}",
    "完成{g}{u}，{w}{b}{u}",
    "完成{g}{u}{w}{b}{u}",
    "做了{g}{u} {w}{b}{u}",
    "做了{g}{u}，{w}{b}{u}",
    "合格{g}{u} {w}{b}{u}",
    "合格{g}{u}{w}{b}{u}",
    "合格{g}{u}、{w}{b}{u}",
    "合格 {g}{u} {w} {b}{u}",
    "良品{g}{u} {w}{b}{u}",
    "好的{g}{u} {w}{b}{u}",
    "{g}{u}合格 {b}{u}{w}",
    "{g}{u}合格，{b}{u}{w}",
    "{g}{u}合格 {w}{b}{u}",
    "{g}{u}良品 {b}{u}{w}",
    "{g}{u}好的 {b}{u}{w}",
    "{g}{u}完成 {b}{u}{w}",
    "{g}/120 {w}{b}{u}",
    "{g}/120，{w}{b}{u}",
)
BAD_FIRST = (
    "{w}{b}{u} 合格{g}{u}",
    "{w}{b}{u}，合格{g}{u}",
    "{w}{b}{u} 完成{g}{u}",
    "{b}{u}{w} {g}{u}合格",
    "{b}{u}{w}，{g}{u}合格",
    "{b}{u}{w} 合格{g}{u}",
    "{w}{b}{u} {g}{u}好的",
)
ENGLISH = (
    "{g} ok {b} {w}",
    "{g} ok, {b} {w}",
    "{g} pcs ok {b} pcs {w}",
    "{g} good {b} {w}",
    "{b} {w} {g} ok",
    "{w} {b} good {g}",
    "done {g} {w} {b}",
    "done {g}, {b} {w}",
)
LOST = ("报废", "次品", "废品", "坏")
MENDED = ("返修", "返工", "不良", "不合格")


def read(text: str) -> list[Update]:
    return list(understand(world("garment"), Message("A102 裁切 " + text, AT)).updates)


@pytest.mark.parametrize("template", GOOD_FIRST + BAD_FIRST)
@pytest.mark.parametrize("word", LOST + MENDED)
def test_a_number_belongs_to_its_word(template: str, word: str) -> None:
    for unit, (good, bad) in product(("", "件"), ((110, 10), (100, 3), (7, 20))):
        if word == "坏" and "{b}{u}{w}" in template and not unit:
            continue  # 3坏 is nobody's word
        text = template.format(g=good, b=bad, u=unit, w=word)
        scrap, rework = (bad, None) if word in LOST else (None, bad)
        expected = Update("progress", "A102", "cut", good, scrap=scrap, rework=rework)
        assert read(text) == [expected], text


@pytest.mark.parametrize("template", ENGLISH)
@pytest.mark.parametrize("word", ["rework", "scrapped", "scrap", "defective"])
def test_a_number_belongs_to_its_word_in_english(template: str, word: str) -> None:
    scrap, rework = (3, None) if word.startswith("scrap") else (None, 3)
    text = template.format(g=98, b=3, w=word)
    assert read(text) == [Update("progress", "A102", "cut", 98, scrap=scrap, rework=rework)], text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("报废3件", Update("progress", "A102", "cut", scrap=3)),
        ("3件报废", Update("progress", "A102", "cut", scrap=3)),
        ("坏了3件", Update("progress", "A102", "cut", scrap=3)),
        ("3件坏了", Update("progress", "A102", "cut", scrap=3)),
        ("弄坏3件", Update("progress", "A102", "cut", scrap=3)),
        ("坏3件，其余117件好", Update("progress", "A102", "cut", 117, scrap=3)),
        ("做坏了两件", Update("progress", "A102", "cut", scrap=2)),
        ("烧了3件", Update("progress", "A102", "cut", scrap=3)),
        ("返修3件", Update("rework", "A102", "cut", rework=3, reason="quality")),
        ("合格100 返修10 报废3", Update("progress", "A102", "cut", 100, rework=10, scrap=3)),
        ("100件 返修10件 报废3件", Update("progress", "A102", "cut", 100, rework=10, scrap=3)),
        ("100件合格 10件返修 3件报废", Update("progress", "A102", "cut", 100, rework=10, scrap=3)),
        ("做了100件 还差20件", Update("progress", "A102", "cut", 100)),
        ("做了100件 剩20件", Update("progress", "A102", "cut", 100)),
        ("机坏了", Update("delay", "A102", "cut", reason="equipment")),
        ("坏了", Update("delay", "A102", "cut", reason="equipment")),
        ("机坏了2台", Update("delay", "A102", "cut", reason="equipment")),
        ("坏了2台机器", Update("delay", "A102", "cut", reason="equipment")),
        ("坏了2台", Update("delay", "A102", "cut", reason="equipment")),
        ("机坏了，还差20件", Update("delay", "A102", "cut", reason="equipment")),
    ],
)
def test_one_number_or_three(text: str, expected: Update) -> None:
    assert expected in read(text), text


@pytest.mark.parametrize("text", ["A102裁坏了", "A102 裁切做坏了", "A102 包装 少了3件"])
def test_spoilt_or_short_without_a_count_is_not_recorded(text: str) -> None:
    assert understand(world("garment"), Message(text, AT)).decision != "apply"


def test_broken_before_a_node_word() -> None:
    decision = understand(world("garment"), Message("A102 裁坏3件", AT))
    assert decision.updates == (Update("progress", "A102", "cut", scrap=3),)

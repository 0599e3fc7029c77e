"""Nothing is drawn that the font has no shape for; lines break where people would break them."""

import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ImageFont

from bot.pictures.text import (
    _font,
    drawable,
    drawn,
    fitted,
    font_path,
    size_for,
    width,
    wrapped,
)


def test_every_character_there_is() -> None:
    known = drawn()
    for code in range(sys.maxunicode + 1):
        if 0x3400 <= code < 0xA000 or 0x20000 <= code < 0xE0000:
            continue
        shown = drawable("a" + chr(code) + "b")
        assert all(ord(c) in known for c in shown), hex(code)
    for code in (*range(0x3400, 0xA000), *range(0x20000, 0x20100), 0x2A6D6, 0x2F800, 0xE0100):
        assert all(ord(c) in known for c in drawable(chr(code))), hex(code)


def test_what_the_font_has_is_no_empty_box() -> None:
    """The glyph table does not lie: the drawn shapes differ from that of a missing glyph."""
    font = ImageFont.truetype(font_path(), 40)
    missing = bytes(font.getmask("\U0001f642"))
    sample = [c for c in sorted(drawn()) if c > 0x20][::37]
    assert len(sample) > 700
    assert [chr(c) for c in sample if bytes(font.getmask(chr(c))) == missing] == []


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("A102 裁切完成 ✅👍", "A102 裁切完成 ✓"),
        ("✗ ✘ ❌ ✔", "× × × ✓"),
        ("𠮷野家", "吉野家"),
        ("𪚥字", "〓字"),
        ("한국어 العربية ไทย", "〓 〓 〓"),
        ("👨‍👩‍👧 一家 🇨🇳", "一家"),
        ("#️⃣A102 1️⃣", "#A102 1"),
        ("看板 ▸", "看板 ›"),
        ("cafe\u0301 Łódź 𝐀𝟙", "café Lódz A1"),
        ("釘釦 車縫 週六", "釘釦 車縫 週六"),
        ("一\n二\t三\u200b四\u202e五\u3000六", "一 二 三四五 六"),
        ("\x00\x01\ud800x\ufffe", "x"),
        ("A102 · 卫衣", "A102·卫衣"),
        ("", ""),
        ("👕🧵", ""),
    ],
)
def test_equivalents(written: str, shown: str) -> None:
    assert drawable(written) == shown


def test_chinese_of_both_scripts_is_complete() -> None:
    for first in range(0xB0, 0xF8):
        for second in range(0xA1, 0xFF):
            try:
                letter = bytes((first, second)).decode("gb2312")
            except UnicodeDecodeError:
                continue
            assert drawable(letter) == letter
    big5 = bytes((0xB8, 0x71, 0xAC, 0xF9)).decode("big5")
    assert drawable(big5) == big5


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60), st.floats(60, 900), st.integers(1, 4))
def test_lines_fit(text: str, room: float, lines: int) -> None:
    got = wrapped(text, 32, room, lines)
    assert len(got) <= lines
    assert all(width(line, 32) <= room for line in got)
    assert all(line == line.strip() and line for line in got)
    assert width(fitted(text, 32, room), 32) <= room
    if got and not got[-1].endswith("…"):
        assert "".join(got).replace(" ", "") == drawable(text).replace(" ", "")


@settings(deadline=None)
@given(st.text(max_size=40))
def test_drawable_twice_is_drawable_once(text: str) -> None:
    once = drawable(text)
    assert drawable(once) == once
    assert all(unicodedata.category(c)[0] != "C" for c in once)


def test_words_numbers_and_commas_stay_whole() -> None:
    room = width("车" * 8, 32)
    assert wrapped("预计周六发货时间 11/28，晚一天。", 32, room, 3)[1].startswith("11/28")
    for line in wrapped("裁切已经完成了啊，绣花，车缝，后道，质检。", 32, room, 9):
        assert line[0] not in "，。"
    assert wrapped("CPO-20260318-A1 · Heavyweight", 42, 500, 2)[0] == "CPO-20260318-A1·"
    assert wrapped("绣花/印花", 28, 100, 2) == ("绣花/", "印花")
    assert wrapped("Order confirmed", 28, 150, 2) == ("Order", "confirmed")
    assert wrapped("今天必须通过检验谁返工谁来检验呢", 32, width("车" * 14, 32), 2)[1] == "来检验呢"
    line = "3. A106 马面裙24条｜质检返修2条 → 今天必须过。@孙丽 谁返？"
    assert wrapped(line, 32, 860, 3)[-1] == "谁返？"


def test_measures_agree_with_the_font() -> None:
    text = "预计 周六 11/28 发货 Embroidery"
    assert width(text, 1000) == pytest.approx(_font().getlength(text), rel=0.01)
    assert size_for("A102", 1000, 40, 10) == 40
    assert size_for("A102" * 99, 100, 40, 10) == 10
    assert size_for("", 100, 40, 10) == 40

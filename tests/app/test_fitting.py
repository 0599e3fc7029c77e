"""A reply on a platform that can do less: numbers for buttons, a cut text, no picture; and what is
said stays whole.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.chat.port import Button, Capabilities, Reply
from bot.wording.fitting import cut, fit, measure

LINK = "https://x.example/board"
BUTTONS = tuple(Button(f"q:1:{n}", name) for n, name in enumerate(("裁切", "绣花", "都不是")))


def test_buttons_become_numbers_where_there_are_none() -> None:
    fitted = fit(Reply("ask", "是哪道工序？", buttons=BUTTONS), Capabilities(buttons=0), LINK)
    assert fitted.reply.buttons == ()
    assert fitted.numbered == ("q:1:0", "q:1:1", "q:1:2")
    assert fitted.reply.text == "是哪道工序？\n1. 裁切\n2. 绣花\n3. 都不是\n回数字即可。"


def test_buttons_stay_where_there_are_enough() -> None:
    fitted = fit(Reply("ask", "？", buttons=BUTTONS), Capabilities(buttons=3), LINK)
    assert (fitted.reply.buttons, fitted.numbered) == (BUTTONS, ())


def test_a_long_text_is_cut_at_a_line_with_a_link_to_the_whole() -> None:
    text = "\n".join(f"{n}. A{n:03d} 园服180套｜备料晚1天" for n in range(200))
    fitted = fit(Reply("digest", text), Capabilities(text_limit=2048, text_unit="bytes"), LINK)
    lines = fitted.reply.text.split("\n")
    assert measure(fitted.reply.text, "bytes") <= 2048
    assert lines[-1].endswith(LINK)
    assert lines[:-1] == text.split("\n")[: len(lines) - 1]


def test_a_customer_s_text_is_cut_with_the_customer_s_link() -> None:
    reply = Reply("push", "字" * 400, link="https://x.example/p/1")
    assert fit(reply, Capabilities(text_limit=100), LINK).reply.text.endswith("/p/1")


def test_a_picture_that_can_not_go_along_is_left_out() -> None:
    reply = Reply("answer", "字" * 2000, picture=b"png")
    can = Capabilities(text_limit=4096, caption_limit=1024)
    assert fit(reply, can, LINK).reply.picture is None
    assert fit(Reply("answer", "短", picture=b"png"), can, LINK).reply.picture == b"png"
    assert fit(Reply("answer", "短", picture=b"png"), Capabilities(pictures=False), LINK)


def test_other_languages_fit_as_well() -> None:
    other = Reply("ask", "Which step?", buttons=BUTTONS, language="en")
    fitted = fit(Reply("ask", "？", buttons=BUTTONS, others=(other,)), Capabilities(), LINK)
    assert fitted.reply.others[0].text.endswith("Answer with a number.")


def test_lengths_are_counted_as_the_platform_counts() -> None:
    assert [measure("裁𠮷✓", unit) for unit in ("chars", "utf16", "bytes")] == [3, 4, 10]


@given(st.text(min_size=1), st.integers(60, 400), st.sampled_from(["chars", "utf16", "bytes"]))
def test_a_cut_text_is_never_above_the_limit(text: str, limit: int, unit: str) -> None:
    text = "".join(c for c in text if not 0xD800 <= ord(c) <= 0xDFFF)
    shown = cut("zh-CN", text, limit, unit, "https://x.example/")
    assert measure(shown, unit) <= limit
    if measure(text, unit) <= limit:
        assert shown == text


@pytest.mark.parametrize("language", ["zh-CN", "zh-TW", "en"])
def test_every_language_can_say_that_there_is_more(language: str) -> None:
    assert LINK in cut(language, "x" * 500, 120, "chars", LINK)

"""Replies in Feishu's dialect: what each viewer reads, and that nothing in a text is markup."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.chat.feishu.cards import CARD_CAP, card_message, text_message, wants_card, whispered
from adapters.chat.feishu.dialect import cut, markdown, plain
from adapters.chat.port import Button, Reply
from domain.person import Address
from tests.fakes import feishu_cards
from tests.fakes.feishu import FeishuStage
from tests.fakes.feishu_lent import house

WHO = "ou_" + "4" * 32


def name(who: str) -> str:
    return {WHO: "黄工"}.get(who, who)


def card(reply: Reply, picture: str = "") -> dict[str, Any]:
    return feishu_cards.check(card_message(reply, picture), "img_1".__eq__)


def shown(reply: Reply, locale: str = "zh_cn") -> str:
    return feishu_cards.read(card(reply), locale, name)


@pytest.mark.parametrize(
    "text",
    [
        "A102 *裁切* _完成_ ~不~ `x` [a](b) <b>粗</b> &lt; \\n $x$",
        "# 不是标题\n- 不是列表\n+ 也不是\n1. 还不是\n12) 不是\n> 引用\n  缩进",
        "<at id=all></at> 大家好 <at user_id=\"all\">x</at>",
        ":OK: :DONE: 8:30:00",
        "看 https://example.com/a_b(c)?x=1&y=*2，谢谢",
        "---\n***\n```\ncode\n```",
        "| a | b |\n|---|---|",
        "😀 ▲! ✓ ○ ◆",
    ],
)  # fmt: skip
def test_a_text_says_what_it_says(text: str) -> None:
    assert feishu_cards.plain(markdown(text), name) == text


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=60))
def test_no_text_is_ever_markup(text: str) -> None:
    assert feishu_cards.plain(markdown(text), name).replace("\xa0", " ") == text.replace(
        "\xa0", " "
    )


def test_addresses_are_links() -> None:
    said = markdown("看 https://example.com/o/a_b(c)。")
    assert said == "看 [https://example.com/o/a&#95;b(c)](https://example.com/o/a_b%28c%29)。"
    assert markdown("(https://example.com/x).") == (
        "([https://example.com/x](https://example.com/x))."
    )


def test_a_text_message_has_no_markup_either() -> None:
    said = plain('<at user_id="all">所有人</at> **粗** ~~删~~ [a](b) <b>x</b> 3<5')
    assert "<at" not in said
    assert "**" not in said
    assert "](" not in said
    assert said.replace("\u200b", "") == (
        '<at user_id="all">所有人</at> **粗** ~~删~~ [a](b) <b>x</b> 3<5'
    )


def test_mentions_stand_where_the_name_stands_or_first() -> None:
    who = (("黄工", WHO),)
    assert markdown("请 @黄工 看一下", who) == f"请 <at id={WHO}></at> 看一下"
    assert markdown("2号机停了", who) == f"<at id={WHO}></at> 2号机停了"
    assert plain("请 @黄工 看", who) == f'请 <at user_id="{WHO}">黄工</at> 看'
    two = (("黄", "ou_1"), ("黄工", WHO))
    assert markdown("@黄工 @黄", two) == f"<at id={WHO}></at> <at id=ou_1></at>"
    assert markdown("x", (("坏", 'ou_"></at><at id=all'),)) == "<at id=ou_atatidall></at> x"


@pytest.mark.parametrize(
    ("title", "text", "head", "body"),
    [
        ("晨会", "晨会\n没事", "晨会", "没事"),
        ("晨会", "没事", "晨会", "没事"),
        ("晨会", "今天晨会没事", "", "今天晨会没事"),
        ("晨会", "晨会", "", "晨会"),
        ("", "没事\n散会", "", "没事\n散会"),
    ],
)
def test_a_title_stands_once(title: str, text: str, head: str, body: str) -> None:
    found = card(Reply("card", text, title=title))
    assert found.get("header", {}).get("title", {}).get("content", "") == head
    assert found["body"]["elements"][0]["content"] == body


@pytest.mark.parametrize(
    ("state", "colour"),
    [
        ("pending", "grey"),
        ("in_progress", "yellow"),
        ("done", "green"),
        ("delayed", "red"),
        ("to_confirm", "blue"),
        ("", "default"),
    ],
)
def test_states_have_colours(state: str, colour: str) -> None:
    assert card(Reply("card", "A102\nx", title="A102", state=state))["header"]["template"] == colour


def test_facts_that_the_text_does_not_tell() -> None:
    reply = Reply("card", "A102 120 件", facts=(("数量", "120 件"), ("交期", "11/28")))
    assert shown(reply) == "A102 120 件\n交期: 11/28"


def test_each_viewer_reads_their_own_language() -> None:
    def reply(language: str, title: str, text: str, label: str, *others: Reply) -> Reply:
        button = (Button("undo/1", label),)
        return Reply(
            "card", f"{title}\n{text}", title=title, buttons=button, language=language,
            others=others,
        )  # fmt: skip

    english = reply("en", "Today", "A102 cut", "Undo")
    taiwanese = reply("zh-TW", "今日進展", "A102 裁切", "撤銷")
    found = card(reply("zh-CN", "今日进展", "A102 裁切", "撤销", english, taiwanese))
    for locale, words, label in (
        ("zh_cn", "今日进展\nA102 裁切", "撤销"),
        ("zh_tw", "今日進展\nA102 裁切", "撤銷"),
        ("zh_hk", "今日進展\nA102 裁切", "撤銷"),
        ("en_us", "Today\nA102 cut", "Undo"),
    ):
        assert feishu_cards.read(found, locale, name) == words
        assert feishu_cards.buttons(found, locale) == [(label, {"b": "undo/1"})]


def test_a_missing_or_odd_translation_falls_back() -> None:
    odd = Reply("ask", "Which?", language="en", buttons=(Button("x", "Other"),))
    alien = Reply("ask", "?", language="tlh")
    reply = Reply("ask", "哪张？", buttons=(Button("a", "A102"),), others=(odd, alien))
    assert feishu_cards.buttons(card(reply), "en_us") == [("A102", {"b": "a"})]
    assert shown(reply, "en_us") == "Which?"
    assert shown(reply, "ja_jp") == "哪张？"


def test_a_title_that_another_language_lacks() -> None:
    english = Reply("card", "Nothing to decide", language="en")
    found = card(Reply("card", "晨会\n没事", title="晨会", others=(english,)))
    assert feishu_cards.read(found, "en_us", name) == "晨会\nNothing to decide"
    english = Reply("card", "Standup\nAll well", title="Standup", language="en")
    found = card(Reply("card", "没事", others=(english,)))
    assert feishu_cards.read(found, "en_us", name) == "Standup\nAll well"


def test_a_long_digest_is_folded() -> None:
    lines = [f"A1{n:02} 裁切 {n}" for n in range(30)]
    reply = Reply("digest", "\n".join(["晨会", *lines]), title="晨会")
    found = card(reply)
    panel = found["body"]["elements"][1]
    assert (panel["tag"], panel["expanded"]) == ("collapsible_panel", False)
    assert panel["header"]["title"]["content"] == "⋯ +18"
    assert shown(reply) == reply.text
    assert len(card(Reply("card", reply.text, title="晨会"))["body"]["elements"]) == 1


@pytest.mark.parametrize("text", ["裁" * 6000, "*" * 19_000, '"' * 19_000, "字 <b> " * 3000])
@pytest.mark.parametrize("kind", ["card", "digest"])
def test_no_card_is_too_large(text: str, kind: str) -> None:
    english = Reply(kind, "x" * 15_000, title="T", language="en")
    buttons = tuple(Button("b" * 128, "按" * 60) for _ in range(30))
    content = card_message(Reply(kind, text, title="标题", buttons=buttons, others=(english,)))
    assert len(json.dumps(content, ensure_ascii=False).encode()) <= CARD_CAP
    found = feishu_cards.check(content, lambda key: True)
    assert len(feishu_cards.buttons(found, "zh_cn")) == 20


def test_cutting_keeps_whole_characters() -> None:
    assert cut("裁切完成", 12) == "裁切完成"
    assert cut("裁切完成", 11) == "裁切…"
    assert cut("abc", 2).encode() == "…".encode()


@pytest.mark.parametrize(
    ("reply", "wanted"),
    [
        (Reply("answer", "记下了"), False),
        (Reply("answer", "一\n二"), False),
        (Reply("answer", "x", title="T"), True),
        (Reply("answer", "x", state="done"), True),
        (Reply("answer", "x", facts=(("a", "b"),)), True),
        (Reply("answer", "x", picture=b"p"), True),
        (Reply("answer", "x", others=(Reply("answer", "y", language="en"),)), True),
        (Reply("digest", "x"), True),
        (Reply("escalation", "x"), True),
    ],
)
def test_cards_are_for_what_needs_them(reply: Reply, wanted: bool) -> None:
    assert wants_card(reply) is wanted


def test_the_content_of_a_text() -> None:
    assert json.loads(text_message(Reply("answer", "记下了"))) == {"text": "记下了"}


def test_a_whisper_is_an_old_card_in_one_language() -> None:
    other = Reply("ask", "Which?", language="en")
    found = whispered(
        Reply(
            "ask", "哪张？\n<两张>", title="哪张？", buttons=(Button("a", "A102"),), others=(other,)
        )
    )
    feishu_cards.check_old(found)
    assert feishu_cards.read(found, "en_us", name) == "哪张？\n<两张>"
    assert feishu_cards.buttons(found, "zh_cn") == [("A102", {"b": "a"})]


@pytest.fixture
async def stage() -> AsyncIterator[FeishuStage]:
    stage = FeishuStage()
    await stage.start()
    yield stage
    await stage.stop()


async def test_the_platform_takes_a_text_of_any_length_that_the_port_allows(
    stage: FeishuStage,
) -> None:
    async with house(stage, listen=False) as home:
        to = Address("feishu", stage.group)
        limit = home.adapter.can.text_limit
        for number, kind in enumerate(("answer", "card", "digest")):
            await home.adapter.send(to, Reply(kind, "裁切\n" * (limit // 7)), str(number))
            await home.adapter.send(to, Reply(kind, "x" * limit * 9), f"{number}x")
        assert len(stage.said(stage.group)) == 6

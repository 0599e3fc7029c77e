"""One suite for all adapters: the same stories on every platform, over its wire. What differs is
what the platform can do, as its capabilities say, and never what the factory's books say after it.
"""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.chat.port import Edits
from bot.demo.pictures import sample
from tests.adapters.playing import PLATFORMS, Play, playing, stage_of, until


@pytest.fixture(params=sorted(PLATFORMS))
async def play(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Play]:
    stage = stage_of(request.param)
    await stage.start()
    try:
        async with playing(tmp_path / "data", stage) as running:
            yield running
    finally:
        await stage.stop()


async def test_a_sentence_with_a_photo_turns_the_node_green_and_tells_the_customer(
    play: Play,
) -> None:
    """The main job, end to end."""
    phone = play.private("C05")
    await play.say("C05", "你好", chat=phone)  # some platforms want the customer to speak first
    heard = len(play.texts(phone))
    said = await play.say("P03", "#A102 裁切完成", (sample("cut"),))
    assert (await play.node("A102", "cut")).done
    assert await play.photos("A102", "cut") == 1
    if play.adapter.can.reactions:
        assert len(play.stage.marks(said)) == 1
        assert all("已记下" not in text for text in play.texts(play.group))
    else:
        assert "裁切" in play.seen(play.group, "已记下").text
    assert len(play.texts(phone)) == heard
    await play.turn("PT5M")
    assert "/p/" in play.seen(phone, "裁切完成").text
    assert any(s.picture for s in play.stage.said(phone)[heard:])
    await play.say("P03", "撤回")
    assert not (await play.node("A102", "cut")).done
    assert play.stage.marks(said) == []
    await play.turn("PT40M")
    assert play.seen(phone, "更正")


async def test_a_customer_asks_and_reports_nothing(play: Play) -> None:
    phone = play.private("C05")
    await play.say("C05", "A102到哪了", chat=phone)
    answer = play.seen(phone, "/p/")
    assert "裁切" in answer.text or "预计" in answer.text
    before = await play.events("A102")
    await play.say("C05", "A102裁切完成", chat=phone)
    assert await play.events("A102") == before


@pytest.mark.parametrize("text", ["A102裁切没完成", "明天争取完成", "收到"])
async def test_what_is_no_report_meets_silence(play: Play, text: str) -> None:
    before = await play.events("A102")
    said = await play.say("P03", text)
    assert await play.events("A102") == before
    assert play.texts(play.group) == []
    assert play.stage.marks(said) == []


async def test_a_redelivery_changes_nothing(play: Play) -> None:
    said = await play.say("P03", "#A102 裁切完成", (sample("cut"),))
    before, shown = await play.events("A102"), play.texts(play.group)
    for _ in range(3):
        await play.stage.again(said)
        await asyncio.sleep(0.05)
        await play.settled(said)
    assert await play.events("A102") == before
    assert play.texts(play.group) == shown


async def test_a_bare_photo_and_words_after_it_belong_together(play: Play) -> None:
    """Where a bare photo can't be heard in a group, it is sent in private."""
    chat = play.group if play.adapter.can.hears_group_media else play.private("P03")
    photo = await play.stage.photo(chat, play.user("P03"), sample("cut"))
    await play.settled(photo)
    assert play.texts(chat) == []
    await play.say("P03", "A102 裁切完成", chat=chat)
    assert await play.photos("A102", "cut") == 1


async def test_several_photos_of_one_report(play: Play) -> None:
    shots = (sample("cut"), sample("apron"), sample("caps"))
    await play.say("P03", "#A102 裁切完成", shots)
    await until(lambda: not play.app.intake.busy, "handled")
    await play.sandbox.idle()
    assert await play.photos("A102", "cut") == 3
    assert (await play.events("A102")).count("NodeCompleted") == 3


async def test_a_quoted_photo_is_the_report_s(play: Play) -> None:
    chat = play.group if play.adapter.can.hears_group_media else play.private("P03")
    photo = await play.stage.photo(chat, play.user("P03"), sample("cut"))
    await play.settled(photo)
    await play.turn("PT10M")  # too late to belong together by itself
    await play.say("P03", "#A102 裁切完成", chat=chat, reply_to=photo)
    assert await play.photos("A102", "cut") == 1


async def test_a_question_is_answered_with_a_button(play: Play) -> None:
    said = await play.say("P01", "102裁切完成")
    question = play.stage.said(play.group)[-1]
    assert question.buttons, question
    if play.adapter.can.reactions:
        assert len(play.stage.marks(said)) == 1  # asked
    await play.press(question, question.buttons[0], "P01")
    assert (await play.node("A102", "cut")).done
    if play.adapter.can.edits is not Edits.NEVER:
        now = next(s for s in play.stage.said(play.group) if s.id == question.id)
        assert now.buttons == ()
        assert "已选" in now.text


async def test_a_question_is_answered_with_a_number(play: Play) -> None:
    await play.say("P01", "102裁切完成")
    await play.say("P01", "1")
    assert (await play.node("A102", "cut")).done


async def test_somebody_else_s_answer_is_refused_and_changes_nothing(play: Play) -> None:
    await play.say("P01", "102裁切完成")
    question = play.stage.said(play.group)[-1]
    await play.press(question, question.buttons[0], "P05")
    assert not (await play.node("A102", "cut")).done


async def test_a_report_is_taken_back_with_a_button(play: Play) -> None:
    said = await play.say("P03", "#A102 裁切完成")
    card = next(s for s in reversed(play.stage.said(play.group)) if "撤销" in s.buttons)
    await play.press(card, "撤销", "P03")
    assert not (await play.node("A102", "cut")).done
    assert play.stage.marks(said) == []


async def test_one_living_card_where_cards_can_be_edited(play: Play) -> None:
    await play.say("P03", "#A102 裁切完成")
    await play.say("P05", "A105 车缝 200/300")
    shown = play.stage.said(play.group)
    if play.adapter.can.edits is Edits.ALWAYS:
        assert len(shown) == 1, [s.text for s in shown]
        assert shown[0].edited
        assert "A105" in shown[0].text
    else:
        assert len(shown) == 2, [s.text for s in shown]


async def test_nothing_is_acknowledged_before_it_is_on_disk(play: Play) -> None:
    """The store is held up: the platform must not hear a yes before the commit."""
    gate = threading.Event()
    held = play.app.store.submit(lambda _: gate.wait(10))
    try:
        said = await play.stage.say(play.group, play.user("P03"), "#A102 裁切完成", ())
        await asyncio.sleep(0.5)
        if play.stage.platform != "wecom":  # whose protocol has no acknowledgement but the answer
            assert not play.stage.acknowledged(said)
        assert play.texts(play.group) == []
    finally:
        gate.set()
    await asyncio.wrap_future(held)
    await play.settled(said)
    assert (await play.node("A102", "cut")).done


async def test_a_stranger_hears_one_sentence_in_private_and_none_in_the_group(play: Play) -> None:
    await play.say("X99", "#A102 裁切完成")
    assert play.texts(play.group) == []
    assert not (await play.node("A102", "cut")).done
    door = play.private("X99")
    await play.say("X99", "你好", chat=door)
    assert len(play.texts(door)) == 1
    assert "邀请码" in play.texts(door)[0]


async def test_a_code_lets_somebody_in(play: Play) -> None:
    door = play.private("P00")
    await play.say("P00", "/邀请 新来的 组长 裁切", chat=door)
    code = play.seen(door, "邀请码").text.partition("：")[2][:10]
    theirs = play.private("N01")
    await play.say("N01", code, chat=theirs)
    await play.say("N01", "#A102 裁切完成")
    assert (await play.node("A102", "cut")).done


async def test_the_self_test_names_every_switch(play: Play) -> None:
    await play.say("P00", "自检")
    text = play.texts(play.group)[-1]
    assert "时区" in text
    assert "{" not in text


async def test_a_problem_is_told_to_those_who_lead_and_taken_once(play: Play) -> None:
    await play.say("P04", "A104 绣花机坏了，修到下午")
    node = await play.node("A104", "emb")
    assert node.status.value == "delayed"


async def test_everything_the_platform_counts_stays_within_its_limits(play: Play) -> None:
    for number in range(12):
        await play.say("P05", f"A105 车缝 {190 + number}/300")
    violations = play.stage.violations(play.adapter.rules)
    assert violations == []

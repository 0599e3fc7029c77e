"""What only one platform can do or suffer, told through to the factory's books and to those who
have to know.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.demo.pictures import sample
from domain.notice import Kind, Notice
from domain.person import Address
from tests.adapters.playing import Play, playing, stage_of, until
from tests.fakes.telegram_faults import AFTER, Refusal

CUSTOMER = "C05"


async def opened(platform: str, folder: Path) -> AsyncIterator[Play]:
    stage = stage_of(platform)
    await stage.start()
    try:
        async with playing(folder / "data", stage) as running:
            yield running
    finally:
        await stage.stop()


@pytest.fixture
async def telegram(tmp_path: Path) -> AsyncIterator[Play]:
    async for play in opened("telegram", tmp_path):
        yield play


@pytest.fixture
async def wecom(tmp_path: Path) -> AsyncIterator[Play]:
    async for play in opened("wecom", tmp_path):
        yield play


@pytest.fixture
async def feishu(tmp_path: Path) -> AsyncIterator[Play]:
    async for play in opened("feishu", tmp_path):
        yield play


def fake(play: Play) -> Any:
    """The fake with all that it can do."""
    return play.stage


async def led(play: Play, text: str = "") -> list[str]:
    """What the management group of the sandbox was told."""
    found = await play.sandbox.messages("management", "")
    return [m["text"] for m in found["messages"] if m["from"] == "bot" and text in m["text"]]


async def reached(play: Play, person: str) -> str:
    """The platform on which somebody is reached."""
    to = await play.app.store.run(lambda ledger: ledger.reach(person))
    return to.platform if to else ""


async def push(play: Play) -> None:
    """A report that the customer hears of."""
    await play.say("P03", "#A102 裁切完成")
    await play.turn("PT5M")


async def test_a_customer_who_blocked_us_is_let_go_and_those_who_lead_can_forward(
    telegram: Play,
) -> None:
    phone = telegram.private(CUSTOMER)
    await telegram.say(CUSTOMER, "你好", chat=phone)
    assert await reached(telegram, CUSTOMER) == "telegram"
    fake(telegram).world.shut[int(phone)] = "bot was blocked by the user"
    await push(telegram)
    (forward,) = await led(telegram, "请转发")
    assert "裁切完成" in forward
    assert "/p/" in forward
    assert len(await led(telegram, "刘教练) 屏蔽了我")) == 1
    assert await reached(telegram, CUSTOMER) != "telegram"
    del fake(telegram).world.shut[int(phone)]
    await telegram.say(CUSTOMER, "A102到哪了", chat=phone)
    assert await reached(telegram, CUSTOMER) == "telegram"


async def test_a_group_goes_on_under_another_id(telegram: Play) -> None:
    await telegram.say("P03", "#A102 裁切完成")
    before = await telegram.handled()
    new = fake(telegram).migrate(telegram.group)
    await _heard(telegram, before)
    await telegram.say("P05", "A105 车缝 200/300", chat=new)
    assert (await telegram.node("A105", "sew")).quantity == 200
    assert "A105" in telegram.texts(new)[-1]
    old = [s for s in telegram.stage.said(telegram.group) if "A105" in s.text]
    assert old == []


async def test_a_send_that_finds_the_group_moved_follows_it(telegram: Play) -> None:
    world = fake(telegram).world
    new = fake(telegram).migrate(telegram.group)
    world.pending.clear()  # nobody tells us; the next send finds out
    await telegram.app.store.run(_say_in_group(telegram))
    telegram.app.courier.wake()
    await until(lambda: telegram.texts(new), "told in the new group")


async def test_an_edit_says_what_it_says_now(telegram: Play) -> None:
    said = await telegram.say("P03", "#A102 裁切完成")
    before = await telegram.handled()
    fake(telegram).retype(said, "#A109 裁切 10/40")
    await _heard(telegram, before)
    assert not (await telegram.node("A102", "cut")).done


async def test_a_voice_message_is_kept_and_words_are_asked_for_once(telegram: Play) -> None:
    door = telegram.private("P03")
    for _ in range(2):
        before = await telegram.handled()
        file = fake(telegram).world.keep_file(b"OggS" + bytes(500), "voice", "oga")
        voice = {"file_id": file, "file_unique_id": file[-8:], "duration": 3}
        fake(telegram).post(door, telegram.user("P03"), voice=voice)
        await _heard(telegram, before)
    assert len([t for t in telegram.texts(door) if "语音" in t]) == 1


async def test_a_picture_that_is_gone_costs_the_picture_alone(telegram: Play) -> None:
    world = fake(telegram).world
    said = await telegram.stage.say(
        telegram.group, telegram.user("P03"), "#A102 裁切完成", (sample("cut"),)
    )
    world.files.clear()
    await telegram.settled(said)
    assert (await telegram.node("A102", "cut")).done
    assert any("再发一次" in t for t in telegram.texts(telegram.group))


async def test_a_pause_that_telegram_asks_for_is_kept_and_nothing_is_lost(telegram: Play) -> None:
    fake(telegram).faults.on(
        "sendMessage", Refusal(429, "Too Many Requests: retry after 1", {"retry_after": 1})
    )
    await telegram.say("P03", "#A102 裁切完成")
    await until(lambda: telegram.texts(telegram.group), "the card")
    assert len(telegram.texts(telegram.group)) == 1


async def test_a_send_that_may_have_arrived_is_not_repeated_but_told(telegram: Play) -> None:
    phone = telegram.private(CUSTOMER)
    await telegram.say(CUSTOMER, "你好", chat=phone)
    heard = len(telegram.texts(phone))
    await telegram.say("P03", "#A102 裁切完成")
    fake(telegram).faults.on("sendPhoto", AFTER)
    await telegram.turn("PT5M")
    assert len(telegram.texts(phone)) == heard + 1
    (asked,) = await led(telegram, "请核对")
    assert "/p/" in asked


async def test_a_new_group_is_greeted_once_and_can_be_bound(telegram: Play) -> None:
    group = -1009990001
    fake(telegram).world.chats[group] = {"id": group, "title": "新群", "type": "supergroup"}
    before = await telegram.handled()
    fake(telegram).membership(str(group), telegram.user("P00"), "left", "member")
    await _heard(telegram, before)
    assert len(telegram.texts(str(group))) == 1
    await telegram.say("P00", "绑定 生产群", chat=str(group))
    await telegram.say("P03", "#A102 裁切完成", chat=str(group))
    assert (await telegram.node("A102", "cut")).done


async def test_a_group_that_throws_us_out_is_not_written_to_again(telegram: Play) -> None:
    before = await telegram.handled()
    fake(telegram).membership(telegram.group, telegram.user("P00"), "member", "kicked")
    await _heard(telegram, before)
    assert len(await led(telegram, "移出")) == 1
    groups = await telegram.app.store.run(lambda ledger: ledger.folk.groups())
    assert [g.kind.value for a, g in groups.items() if a.platform == "telegram"] == ["unbound"]


async def test_a_deep_link_lets_a_customer_in(telegram: Play) -> None:
    door = telegram.private("P00")
    await telegram.say("P00", "/邀请 新客户 客户", chat=door)
    text = telegram.seen(door, "邀请码").text
    assert "t.me/" in text
    code = text.partition("?start=")[2][:10]
    theirs = telegram.private("N07")
    await telegram.say("N07", f"/start {code}", chat=theirs)
    assert "新客户" in telegram.texts(theirs)[-1]


async def test_a_customer_whom_no_chat_reaches_is_told_by_hand(wecom: Play) -> None:
    """WeCom's bot may only write to who wrote to it; the words and the signed link are handed to
    those who lead."""
    await push(wecom)
    assert wecom.texts(wecom.private(CUSTOMER)) == []
    (forward,) = await led(wecom, "请转发")
    assert "/p/" in forward


def _say_in_group(play: Play) -> Any:
    """A notice for the platform's group."""
    from_here = play.group

    def put(ledger: Any) -> None:
        now = ledger.clock.now()
        to = Address("telegram", from_here)
        ledger.notify(Notice(to, Kind.ANSWER, "resent", "moved/1", now, {"person": ""}))

    return put


async def _heard(play: Play, before: int) -> None:
    """One more thing was heard, and what follows is done."""
    for _ in range(2000):
        if await play.handled() > before:
            break
        await asyncio.sleep(0.01)
    assert await play.handled() > before
    await play.sandbox.idle()


async def test_a_recalled_report_is_taken_back(feishu: Play) -> None:
    said = await feishu.say("P03", "#A102 裁切完成")
    assert (await feishu.node("A102", "cut")).done
    before = await feishu.handled()
    fake(feishu).recall(said)
    await _heard(feishu, before)
    assert not (await feishu.node("A102", "cut")).done


async def test_every_viewer_reads_the_card_in_their_own_language(feishu: Play) -> None:
    await feishu.say("P03", "#A102 裁切完成")
    assert "今日进展" in feishu.texts(feishu.group)[-1]
    (english,) = [s.text for s in fake(feishu).said(feishu.group, "en_us")]
    assert "cutting" in english.lower()
    assert "今日进展" not in english


async def test_a_refusal_is_seen_by_the_one_it_is_meant_for_alone(feishu: Play) -> None:
    await feishu.say("P01", "102裁切完成")
    question = feishu.stage.said(feishu.group)[-1]
    shown = len(feishu.texts(feishu.group))
    await feishu.press(question, question.buttons[0], "P05")
    assert len(feishu.texts(feishu.group)) == shown
    assert len(fake(feishu).whispers(feishu.user("P05"))) == 1


async def test_a_late_tap_is_answered_with_a_toast(telegram: Play) -> None:
    await telegram.say("P01", "102裁切完成")
    question = telegram.stage.said(telegram.group)[-1]
    shown = len(telegram.texts(telegram.group))
    await telegram.press(question, question.buttons[0], "P05")
    await until(lambda: fake(telegram).world.answers, "the press answered")
    assert len(telegram.texts(telegram.group)) == shown
    assert fake(telegram).world.answers[-1][1]

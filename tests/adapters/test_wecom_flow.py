"""WeCom's smart bot as people meet it: heard, answered, pressed, changed; over the real wire."""

import asyncio
from dataclasses import replace

import pytest

from adapters.chat.port import Button, CannotEdit, Reply, Rule, Said, SendError
from domain.errors import PhotoFault
from tests.fakes.wecom_house import QUICK, House, house, jpeg, png

BUTTONS = (Button("undo:A102/3", "撤销", "danger"), Button("x" * 128, "看看"))
RULES = (Rule("chat", 30, 60), Rule("chat", 1000, 3600))


async def fetched(here: House, ref: str) -> bytes:
    return b"".join([piece async for piece in here.adapter.fetch(ref)])


async def test_a_group_message_with_photos_is_heard_whole() -> None:
    async with house() as here:
        lead, photos = here.stage.user("李红梅"), (jpeg(), jpeg("red", 700))
        sent = await here.stage.say(here.stage.group, lead, "#A102 裁切完成", photos)
        (message,) = await here.until(1)
        assert (message.message_id, message.chat, message.sender) == (sent, here.stage.group, lead)
        assert message.text == "#A102 裁切完成"
        assert message.mentions_bot
        assert not message.private
        assert [m.kind for m in message.media] == ["photo", "photo"]
        assert tuple([await fetched(here, m.ref) for m in message.media]) == photos


async def test_private_words_and_photos_are_heard() -> None:
    async with house() as here:
        lead, photo = here.stage.user("李红梅"), jpeg()
        await here.stage.say(lead, lead, "A102 绣花开始 @12:00")
        await here.stage.photo(lead, lead, photo)
        text, bare = await here.until(2)
        assert (text.text, text.private, text.chat) == ("A102 绣花开始 @12:00", True, lead)
        assert not text.mentions_bot
        assert await fetched(here, bare.media[0].ref) == photo
        assert await here.stage.photo(here.stage.group, lead, photo) == ""


async def test_a_redelivery_is_known() -> None:
    async with house() as here:
        lead = here.stage.user("李红梅")
        sent = await here.stage.say(here.stage.group, lead, "A102 裁切完成")
        await here.until(1)
        await here.stage.again(sent)
        await here.stage.say(here.stage.group, lead, "A103 裁切完成")
        assert len(await here.until(2)) == 2
        assert here.adapter.counts["received"] == 3


async def test_nothing_is_lost_while_the_inbox_is_locked() -> None:
    async with house() as here:
        here.trouble = 2
        lead = here.stage.user("李红梅")
        await here.stage.say(here.stage.group, lead, "A102 裁切完成")
        (message,) = await here.until(1)
        assert message.text == "A102 裁切完成"
        assert here.adapter.counts["untaken"] == 2
        assert here.alarms == []


async def test_what_cannot_be_taken_in_is_given_up_loudly() -> None:
    async with house() as here:
        here.trouble = 4
        lead = here.stage.user("李红梅")
        lost = await here.stage.say(here.stage.group, lead, "A102 裁切完成")
        await here.stage.say(here.stage.group, lead, "A103 裁切完成")
        (message,) = await here.until(1)
        assert message.text == "A103 裁切完成"
        assert here.alarms == [("lost", {"id": lost})]


async def test_an_answer_goes_to_the_question() -> None:
    async with house() as here:
        lead, group = here.stage.user("李红梅"), here.stage.group
        asked = await here.stage.say(group, lead, "A102到哪了")
        await here.until(1)
        reply = Reply("answer", "A102 *卫衣* 120*80\n# 1. <绣花> 60_120", reply_to=asked)
        sent = await here.adapter.send(here.to(group), reply, "key-1")
        assert await here.adapter.send(here.to(group), reply, "key-1") == sent
        first = here.stage.said(group)[0]
        assert (first.text, first.reply_to) == (reply.text, asked)
        assert here.stage.violations(RULES) == []


async def test_a_chat_is_written_to_after_a_restart() -> None:
    async with house() as here:
        lead, group = here.stage.user("李红梅"), here.stage.group
        asked = await here.stage.say(group, lead, "A102到哪了")
        await here.stage.say(lead, lead, "你好")
        await here.until(2)
        await here.restart()
        await here.stage.connected()
        await here.until_state("ok")
        reply = Reply("notice", "裁切：A102 今天完成", reply_to=asked, group=True)
        await here.adapter.send(here.to(group), reply, "key-1")
        await here.adapter.send(here.to(lead), Reply("notice", "您好"), "key-2")
        assert [s.text for s in here.stage.said(group)] == [reply.text]
        assert [s.text for s in here.stage.said(lead)] == ["您好"]
        assert here.stage.violations(RULES) == []


async def test_where_nobody_has_spoken_nothing_can_be_said() -> None:
    async with house() as here:
        with pytest.raises(SendError) as caught:
            await here.adapter.send(here.to("wrNobody"), Reply("notice", "x", group=True), "k")
        assert caught.value.permanent
        assert not caught.value.shut


async def test_buttons_are_a_card_that_a_press_changes() -> None:
    async with house() as here:
        lead, group = here.stage.user("李红梅"), here.stage.group
        await here.stage.say(group, lead, "A102 裁切完成")
        await here.until(1)
        reply = Reply("answer", "记下了\nA102 裁切完成", title="记下了", buttons=BUTTONS)
        sent = await here.adapter.send(here.to(group), reply, "key-1")
        (seen,) = here.stage.said(group)
        assert (seen.text, seen.buttons) == ("记下了\nA102 裁切完成", ("撤销", "看看"))
        await here.stage.press(seen, "撤销", lead)
        press = (await here.until(2))[1]
        assert (press.said, press.target, press.button) == (Said.PRESSED, sent, "undo:A102/3")
        assert (press.sender, press.chat, press.private) == (lead, group, False)
        await here.adapter.edit(here.to(group), sent, Reply("answer", "已撤销：A102 裁切"))
        (seen,) = here.stage.said(group)
        assert (seen.text, seen.edited, seen.buttons) == ("已撤销：A102 裁切", True, ())
        with pytest.raises(CannotEdit):
            await here.adapter.edit(here.to(group), sent, Reply("answer", "又一次"))
        assert here.stage.violations(RULES) == []


async def test_a_changed_card_may_lead_somewhere_or_have_other_buttons() -> None:
    async with house() as here:
        lead = here.stage.user("李红梅")
        await here.stage.say(lead, lead, "A102 裁切完成")
        await here.until(1)
        later = [
            Reply("answer", "锁定了", link="https://vitrine.example/a/1"),
            Reply("answer", "真的？", buttons=(Button("yes", "是"),)),
        ]
        for number, after in enumerate(later):
            question = Reply("ask", f"第 {number} 问", buttons=BUTTONS)
            sent = await here.adapter.send(here.to(lead), question, f"k{number}")
            await here.stage.press(here.stage.said(lead)[-1], "看看", lead)
            await here.until(2 + number)
            await here.adapter.edit(here.to(lead), sent, after)
            assert here.stage.said(lead)[-1].text == after.text
        assert here.stage.said(lead)[-1].buttons == ("是",)
        assert here.stage.violations(RULES) == []


async def test_a_card_cannot_be_changed_without_a_press_nor_late() -> None:
    async with house(times=replace(QUICK, press=0.05)) as here:
        lead = here.stage.user("李红梅")
        await here.stage.say(lead, lead, "A102 裁切完成")
        await here.until(1)
        sent = await here.adapter.send(here.to(lead), Reply("ask", "?", buttons=BUTTONS), "k")
        with pytest.raises(CannotEdit):
            await here.adapter.edit(here.to(lead), sent, Reply("answer", "!"))
        await here.stage.press(here.stage.said(lead)[0], "看看", lead)
        await here.until(2)
        await asyncio.sleep(0.06)
        with pytest.raises(CannotEdit):
            await here.adapter.edit(here.to(lead), sent, Reply("answer", "!"))


async def test_a_long_text_stands_above_its_card() -> None:
    async with house() as here:
        lead = here.stage.user("李红梅")
        await here.stage.say(lead, lead, "A102到哪了")
        await here.until(1)
        text = "今日进展\n" + "\n".join(f"A{n} 裁切完成 120 件" for n in range(100, 120))
        facts = (("订单", "A102"), ("交期什么时候", "12/5"))
        reply = Reply("card", text, "今日进展", facts=facts, buttons=BUTTONS)
        sent = await here.adapter.send(here.to(lead), reply, "k")
        above, card = here.stage.said(lead)
        assert (above.text, above.buttons) == (text, ())
        assert card.text.startswith("今日进展")
        await here.stage.press(card, "撤销", lead)
        assert (await here.until(2))[1].target == sent
        assert here.stage.violations(RULES) == []


async def test_an_address_in_the_text_can_be_tapped() -> None:
    async with house() as here:
        lead = here.stage.user("李红梅")
        await here.stage.say(lead, lead, "A102到哪了")
        await here.until(1)
        text = "A102 到绣花了，看这里：https://vitrine.example/p/a_b*c?x=1&y=2。"
        await here.adapter.send(here.to(lead), Reply("answer", text, buttons=BUTTONS), "k")
        above, card = here.stage.said(lead)
        assert above.text == text
        assert card.buttons
        raw = here.stage.books.lines[0].raw["markdown"]["content"]
        assert "](https://vitrine.example/p/a_b*c?x=1&y=2)" in raw


async def test_pictures_follow_the_text() -> None:
    async with house() as here:
        lead = here.stage.user("李红梅")
        asked = await here.stage.say(lead, lead, "A102到哪了")
        await here.until(1)
        picture = png(600)
        assert len(picture) > 512 * 1024
        reply = Reply("answer", "A102 到绣花了", picture=picture, reply_to=asked)
        await here.adapter.send(here.to(lead), reply, "k")
        text, shown = here.stage.said(lead)
        assert text.text == "A102 到绣花了"
        assert shown.picture
        assert here.stage.books.lines[1].picture == picture
        assert here.stage.violations(RULES) == []


async def test_a_picture_that_fails_is_not_fatal() -> None:
    async with house() as here:
        lead = here.stage.user("李红梅")
        await here.stage.say(lead, lead, "A102到哪了")
        await here.until(1)
        for cmd, code in [("aibot_upload_media_init", 45009), ("aibot_upload_media_finish", 93018)]:
            here.stage.bot.codes[cmd].append(code)
            reply = Reply("answer", "A102 到绣花了", picture=png())
            await here.adapter.send(here.to(lead), reply, cmd)
        assert [s.picture for s in here.stage.said(lead)] == [False, False]
        assert here.adapter.counts["incomplete"] == 2


async def test_names_are_called_by_name_only() -> None:
    async with house() as here:
        lead, group = here.stage.user("李红梅"), here.stage.group
        await here.stage.say(group, lead, "A102 裁切完成")
        await here.until(1)
        mention = (("王组长", "wang"), ("李红梅", lead))
        reply = Reply("ask", "@李红梅 绣花开始了吗", mention=mention, group=True)
        await here.adapter.send(here.to(group), reply, "k")
        assert here.stage.said(group)[0].text == "@王组长 @李红梅 绣花开始了吗"


async def test_titles_stand_once() -> None:
    async with house() as here:
        lead = here.stage.user("李红梅")
        await here.stage.say(lead, lead, "A102 裁切完成")
        await here.until(1)
        for key, text in enumerate(["晨会\n三件事", "三件事", "说说晨会的事"]):
            await here.adapter.send(here.to(lead), Reply("digest", text, "晨会"), str(key))
        raws = [line.raw["markdown"]["content"] for line in here.stage.books.lines]
        assert raws == ["**晨会**\n三件事", "**晨会**\n三件事", "说说晨会的事"]


async def test_the_first_entering_is_greeted_once() -> None:
    async with house() as here:
        guest = here.stage.user("新来的")
        await here.stage.enter(guest)
        (message,) = await here.until(1)
        assert (message.said, message.chat, message.private) == (Said.JOINED, guest, True)
        await here.adapter.send(here.to(guest), Reply("notice", "我是小进"), "hello")
        assert here.stage.said(guest)[0].text == "我是小进"
        await here.restart()
        await here.stage.connected()
        await here.stage.enter(guest)
        await here.stage.say(guest, guest, "你好")
        assert [m.said for m in await here.until(2)] == [Said.JOINED, Said.MESSAGE]
        assert here.adapter.counts["ignored"] == 1


async def test_quoted_photos_belong_to_the_message() -> None:
    async with house() as here:
        lead, photo = here.stage.user("李红梅"), jpeg()
        bare = await here.stage.photo(lead, lead, photo)
        await here.stage.say(lead, lead, "A102 裁切完成", reply_to=bare)
        message = (await here.until(2))[1]
        assert message.text == "A102 裁切完成"
        assert await fetched(here, message.media[0].ref) == photo


async def test_no_reactions_no_whispers() -> None:
    async with house() as here:
        group = here.stage.group
        await here.adapter.react(here.to(group), "m", "recorded")
        assert not await here.adapter.whisper(here.to(group), "u", Reply("ask", "?"), "p")
        assert not here.adapter.can.reactions
        assert here.adapter.deep_link("x") == ""
        with pytest.raises(PhotoFault):
            await fetched(here, "nonsense")


async def test_long_texts_are_cut_rather_than_refused() -> None:
    async with house() as here:
        lead = here.stage.user("李红梅")
        asked = await here.stage.say(lead, lead, "A102到哪了")
        await here.until(1)
        for key, text in enumerate(["长*" * 9000, "https://a.example/x " * 700, "_" * 17000]):
            reply = Reply("answer", text, "标题", reply_to=asked)
            await here.adapter.send(here.to(lead), reply, str(key))
        assert len(here.stage.said(lead)) == 3
        assert here.stage.violations(RULES) == []


async def test_a_memory_that_fails_costs_no_message() -> None:
    async with house() as here:
        lead, group = here.stage.user("李红梅"), here.stage.group
        here.memory.broken = True
        await here.stage.say(group, lead, "A102 裁切完成")
        (message,) = await here.until(1)
        assert message.text == "A102 裁切完成"
        reply = Reply("answer", "记下了", reply_to=message.message_id, group=True)
        await here.adapter.send(here.to(group), reply, "k")
        here.memory.broken = False
        await here.stage.say(group, lead, "A103 裁切完成")
        await here.until(2)
        await here.restart()
        await here.until_state("ok")
        await here.adapter.send(here.to(group), Reply("notice", "早", group=True), "k2")
        assert [s.text for s in here.stage.said(group)] == ["记下了", "早"]


async def test_an_alarm_that_fails_stops_nothing() -> None:
    async with house() as here:
        here.deaf_admins = True
        here.trouble = 4
        lead = here.stage.user("李红梅")
        await here.stage.say(lead, lead, "一")
        await here.stage.say(lead, lead, "二")
        assert (await here.until(1))[0].text == "二"

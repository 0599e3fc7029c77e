"""A conversation over the long connection: hear, answer, press, edit, mark, fetch."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from adapters.chat.port import Button, CannotEdit, ChatAdapter, Reply, Said
from domain.errors import PhotoFault
from domain.person import Address
from tests.fakes.feishu import FeishuStage
from tests.fakes.feishu_lent import House, house, jpeg, png, until


@pytest.fixture
async def stage() -> AsyncIterator[FeishuStage]:
    stage = FeishuStage()
    await stage.start()
    yield stage
    await stage.stop()


@pytest.fixture
async def home(stage: FeishuStage) -> AsyncIterator[House]:
    async with house(stage) as found:
        yield found


def to(chat: str) -> Address:
    return Address("feishu", chat)


async def taken(adapter: ChatAdapter, ref: str) -> bytes:
    found = b""
    chunks = adapter.fetch(ref)
    async with aclosing(chunks) as stream:  # type: ignore[type-var]
        async for chunk in stream:
            found += chunk
    return found


async def test_a_report_is_heard_and_answered(home: House) -> None:
    stage = home.stage
    said = await stage.say(stage.group, "李红梅", "#A102 裁切完成")
    message = (await home.inbox.until(1))[0]
    assert (message.platform, message.account, message.chat) == ("feishu", "", stage.group)
    assert (message.message_id, message.sender) == (said, stage.user("李红梅"))
    assert (message.text, message.private, message.mentions_bot) == ("#A102 裁切完成", False, False)
    await until(lambda: stage.acknowledged(said))
    answer = await home.adapter.send(
        to(stage.group), Reply("answer", "A102 记下了", reply_to=said), "k1"
    )
    seen = stage.said(stage.group)[0]
    assert (seen.id, seen.text, seen.reply_to) == (answer, "A102 记下了", said)
    assert stage.books.messages[answer].kind == "text"


async def test_the_same_key_is_the_same_message(home: House) -> None:
    reply = Reply("card", "今日进展\nA102 裁切 ✓", title="今日进展")
    one = await home.adapter.send(to(home.stage.group), reply, "card/1")
    two = await home.adapter.send(to(home.stage.group), reply, "card/1")
    assert one == two
    assert [s.text for s in home.stage.said(home.stage.group)] == ["今日进展\nA102 裁切 ✓"]


async def test_buttons_come_back_and_the_card_changes(home: House) -> None:
    stage = home.stage
    chat = stage.private("周敏")
    button = Button("ask/7/" + "x" * 122, "是 A102", "primary")
    reply = Reply("ask", "是哪张单？", buttons=(button, Button("no", "都不是", "danger")))
    sent = await home.adapter.send(to(chat), reply, "ask/7")
    seen = stage.said(chat)[0]
    assert seen.buttons == ("是 A102", "都不是")
    await stage.press(seen, "是 A102", "周敏")
    press = (await home.inbox.until(1))[0]
    assert (press.said, press.target, press.button) == (Said.PRESSED, sent, button.id)
    assert (press.chat, press.sender) == (chat, stage.user("周敏"))
    assert stage.pressed_answer(stage.delivery(sent)) == {}
    await home.adapter.edit(to(chat), sent, Reply("ask", "记在 A102 上了"))
    seen = stage.said(chat)[0]
    assert (seen.text, seen.buttons, seen.edited) == ("记在 A102 上了", (), True)


async def test_a_press_in_a_private_chat_is_known_for_one_after_a_restart(
    stage: FeishuStage,
) -> None:
    async with house(stage) as first:
        await stage.say(stage.private("周敏"), "周敏", "在吗")
        assert (await first.inbox.until(1))[0].private
    async with house(stage, first.notes) as second:
        chat = stage.private("周敏")
        await second.adapter.send(to(chat), Reply("ask", "?", buttons=(Button("y", "是"),)), "a")
        await stage.press(stage.said(chat)[0], "是", "周敏")
        press = (await second.inbox.until(1))[0]
        assert (press.said, press.private) == (Said.PRESSED, True)


async def test_photos_with_a_text_are_fetched(home: House) -> None:
    stage = home.stage
    pictures = (jpeg(10), jpeg(200))
    await stage.say(stage.group, "李红梅", "#A102 裁切完成", pictures)
    message = (await home.inbox.until(1))[0]
    assert message.text == "#A102 裁切完成"
    assert [m.kind for m in message.media] == ["photo", "photo"]
    assert [await taken(home.adapter, m.ref) for m in message.media] == list(pictures)


async def test_a_bare_photo_a_video_and_a_voice(home: House) -> None:
    stage = home.stage
    await stage.photo(stage.group, "王建军", jpeg(1))
    stage.file(stage.group, "王建军", "media", b"film" * 9, "裁床.mp4", still=jpeg(2))
    stage.file(stage.group, "王建军", "audio", b"opus" * 9)
    stage.file(stage.group, "王建军", "file", jpeg(3), "IMG_1.JPG")
    stage.file(stage.group, "王建军", "file", b"%PDF", "工艺单.pdf")
    found = [m.media[0] for m in await home.inbox.until(4)]
    assert [m.kind for m in found] == ["photo", "video", "voice", "photo"]
    assert await taken(home.adapter, found[1].ref) == b"film" * 9
    assert await taken(home.adapter, found[1].thumb_ref) == jpeg(2)
    assert await taken(home.adapter, found[2].ref) == b"opus" * 9
    assert await taken(home.adapter, found[3].ref) == jpeg(3)
    await until(lambda: home.adapter.counts["ignored"] == 1)


async def test_marks_are_put_changed_and_taken_away(home: House) -> None:
    stage = home.stage
    said = await stage.say(stage.group, "李红梅", "#A102 裁切完成")
    react = home.adapter.react
    await react(to(stage.group), said, "recorded")
    assert stage.marks(said) == ["DONE"]
    await react(to(stage.group), said, "recorded")
    await react(to(stage.group), said, "asked")
    assert stage.marks(said) == ["THINKING"]
    await react(to(stage.group), said, "")
    assert stage.marks(said) == []


async def test_a_forgotten_mark_is_found_again(stage: FeishuStage) -> None:
    async with house(stage) as first:
        said = await stage.say(stage.group, "李红梅", "#A102 裁切完成")
        await first.adapter.react(to(stage.group), said, "recorded")
    async with house(stage) as second:
        await second.adapter.react(to(stage.group), said, "")
        assert stage.marks(said) == []


async def test_what_is_edited_recalled_joined_and_left(home: House) -> None:
    stage = home.stage
    said = await stage.say(stage.group, "李红梅", "#A102 裁切完成")
    await home.inbox.until(1)
    stage.recall(said)
    stage.belong(stage.group, "陈国强", added=False)
    stage.belong(stage.group, "陈国强", added=True)
    _, recalled, left, joined = await home.inbox.until(4)
    assert (recalled.said, recalled.target) == (Said.RECALLED, said)
    assert (recalled.sender, recalled.message_id) == (stage.user("李红梅"), f"{said}#recalled")
    assert (left.said, left.chat) == (Said.LEFT, stage.group)
    assert (joined.said, joined.title, joined.sender) == (
        Said.JOINED,
        "生产群",
        stage.user("陈国强"),
    )


async def test_somebody_else_s_recall_names_nobody(home: House) -> None:
    stage = home.stage
    said = await stage.say(stage.group, "李红梅", "#A102 裁切完成")
    await home.inbox.until(1)
    body = {"message_id": said, "chat_id": stage.group, "recall_time": "1795415072000"}
    stage.push.bring(
        stage.push.event("im.message.recalled_v1", {**body, "recall_type": "group_owner"})
    )
    assert (await home.inbox.until(2))[1].sender == ""


async def test_our_own_mention_goes_and_others_stay(home: House) -> None:
    stage = home.stage
    stage.api.hears_all = False
    await stage.say(stage.group, "李红梅", "#A102 裁切完成")
    message = (await home.inbox.until(1))[0]
    assert (message.text, message.mentions_bot) == ("#A102 裁切完成", True)


async def test_an_answer_to_a_photo_that_never_reached_us(home: House) -> None:
    stage = home.stage
    photo = jpeg(77)
    quoted = await stage.before_us(stage.photo(stage.group, "李红梅", photo))
    await stage.say(stage.group, "李红梅", "这是 A102", reply_to=quoted)
    message = (await home.inbox.until(1))[0]
    assert message.reply_to == quoted
    assert await taken(home.adapter, message.media[0].ref) == photo


async def test_without_the_groups_scope_an_answered_photo_stays_unknown(home: House) -> None:
    stage = home.stage
    stage.api.hears_all = False
    await stage.photo(stage.group, "李红梅", jpeg())
    quoted = list(stage.books.messages)[-1]
    await stage.say(stage.group, "李红梅", "#A102 裁切完成", reply_to=quoted)
    message = (await home.inbox.until(1))[0]
    assert (message.reply_to, message.media, message.mentions_bot) == (quoted, (), True)


async def test_an_answer_to_what_we_heard_or_said_costs_no_look(home: House) -> None:
    stage = home.stage
    photo = await stage.photo(stage.group, "李红梅", jpeg())
    await home.inbox.until(1)
    await until(lambda: stage.acknowledged(photo))
    card = await home.adapter.send(to(stage.group), Reply("card", "今日进展"), "c")
    for parent in (photo, card):
        await stage.say(stage.group, "李红梅", "撤销", reply_to=parent)
    assert [m.media for m in await home.inbox.until(3)][1:] == [(), ()]
    assert stage.books.counts["look"] == 0


async def test_an_answer_to_a_text_brings_no_picture(home: House) -> None:
    stage = home.stage
    quoted = await stage.before_us(stage.say(stage.group, "李红梅", "A102 今天能完吗"))
    await stage.say(stage.group, "王建军", "能", reply_to=quoted)
    assert (await home.inbox.until(1))[0].media == ()


async def test_a_slow_look_leaves_a_reference_that_works_later(home: House) -> None:
    stage = home.stage
    quoted = await stage.before_us(stage.photo(stage.group, "李红梅", jpeg(5)))
    stage.fail("look", delay=1.5, status=500)
    await stage.say(stage.group, "李红梅", "这是 A102", reply_to=quoted)
    message = (await home.inbox.until(1))[0]
    assert message.media[0].ref == f"parent:{quoted}"
    assert await taken(home.adapter, message.media[0].ref) == jpeg(5)


async def test_a_picture_stands_in_the_card(home: House) -> None:
    reply = Reply("digest", "晨会\n没事", title="晨会", picture=png())
    for key in ("d1", "d2"):
        await home.adapter.send(to(home.stage.group), reply, key)
    assert all(s.picture for s in home.stage.said(home.stage.group))
    # the same picture is uploaded once
    assert home.stage.books.counts["image"] == 1


async def test_a_refused_picture_leaves_the_text(home: House) -> None:
    reply = Reply("digest", "晨会\n没事", title="晨会", picture=b"no picture at all")
    await home.adapter.send(to(home.stage.group), reply, "d1")
    seen = home.stage.said(home.stage.group)[0]
    assert (seen.text, seen.picture) == ("晨会\n没事", False)


async def test_a_whisper_is_for_one_reader_of_a_group(home: House) -> None:
    stage = home.stage
    reply = Reply("ask", "是哪张单？", buttons=(Button("1", "A102"),))
    whisper = home.adapter.whisper
    assert await whisper(to(stage.group), stage.user("李红梅"), reply, "")
    assert stage.whispers("李红梅") == ["是哪张单？"]
    assert stage.said(stage.group) == []
    assert not await whisper(to(stage.private("李红梅")), stage.user("李红梅"), reply, "")
    stage.books.chats[stage.group].topic = True
    assert not await whisper(to(stage.group), stage.user("李红梅"), reply, "")


async def test_an_urgent_message_presses_on_those_it_names(home: House) -> None:
    stage = home.stage
    who = stage.user("黄工")
    reply = Reply("escalation", "@黄工 2号机停了", mention=(("黄工", who),), urgent=True)
    sent = await home.adapter.send(to(stage.group), reply, "e1")
    assert stage.books.messages[sent].urgent == [who]
    assert stage.said(stage.group)[0].text == "@黄工 2号机停了"
    stage.fail("urgent", 230001, 400)
    await home.adapter.send(to(stage.group), reply, "e2")
    assert home.adapter.counts["urgent.failed"] == 1


async def test_a_text_can_be_changed_to_another_text(home: House) -> None:
    sent = await home.adapter.send(to(home.stage.group), Reply("answer", "记下了"), "a1")
    await home.adapter.edit(to(home.stage.group), sent, Reply("answer", "撤回了"))
    assert home.stage.said(home.stage.group)[0].text == "撤回了"
    with pytest.raises(CannotEdit):
        await home.adapter.edit(
            to(home.stage.group), sent, Reply("ask", "?", buttons=(Button("1", "A"),))
        )


async def test_what_is_gone_or_old_can_not_be_edited(home: House) -> None:
    stage = home.stage
    chat = to(stage.group)
    sent = await home.adapter.send(chat, Reply("card", "一"), "c1")
    stage.books.messages[sent].at -= 15 * 86_400_000
    with pytest.raises(CannotEdit):
        await home.adapter.edit(chat, sent, Reply("card", "二"))
    sent = await home.adapter.send(chat, Reply("card", "一"), "c2")
    stage.books.messages[sent].deleted = True
    with pytest.raises(CannotEdit):
        await home.adapter.edit(chat, sent, Reply("card", "二"))


async def test_media_that_is_gone_slow_broken_or_too_large(home: House) -> None:
    stage = home.stage
    film = b"0123456789abcdef" * 65536
    stage.file(stage.group, "王建军", "media", film, "a.mp4")
    ref = (await home.inbox.until(1))[0].media[0].ref
    stage.fail("resource", status=502, times=2)
    assert await taken(home.adapter, ref) == film
    # the connection breaks after a good part: the rest comes with the second try
    stage.api.break_media = 300_000
    assert await taken(home.adapter, ref) == film
    stage.fail("resource", status=502, times=3)
    with pytest.raises(PhotoFault, match="unreachable"):
        await taken(home.adapter, ref)
    stage.expire_tokens()
    assert await taken(home.adapter, ref) == film
    stage.expire_media()
    with pytest.raises(PhotoFault, match="expired"):
        await taken(home.adapter, ref)


async def test_a_photo_of_more_than_twenty_megabytes(home: House) -> None:
    stage = home.stage
    await stage.photo(stage.group, "王建军", jpeg() + bytes(21 * 1024 * 1024))
    ref = (await home.inbox.until(1))[0].media[0].ref
    with pytest.raises(PhotoFault, match="too-large"):
        await taken(home.adapter, ref)


async def test_messages_of_one_chat_stay_in_order(home: House) -> None:
    stage = home.stage

    async def slower(message: object) -> None:
        await asyncio.sleep(0.02 if home.inbox.calls % 2 else 0.0)

    home.inbox.trouble = slower
    said = [await stage.say(stage.group, "李红梅", f"#A10{n} 裁切完成") for n in range(8)]
    assert [m.message_id for m in await home.inbox.until(8)] == said

"""Sending, editing, marking, whispering: what people see, and what every refusal means."""

import logging
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from telegram.error import NetworkError, TelegramError, TimedOut

from adapters.chat.port import Button, CannotEdit, Reply, SendError
from adapters.chat.telegram.wire import fault
from tests.fakes.telegram import TelegramStage
from tests.fakes.telegram_bench import Bench, listening, png, served
from tests.fakes.telegram_faults import AFTER, BEFORE, BLOCKED, FLOOD, GATEWAY, TROUBLE, Refusal

SAID = Reply("answer", "A102 在裁切，预计 11/29 发货")
BUTTONS = (Button("q:1:yes", "是", "primary"), Button("q:1:no", "不是", "danger"))


@pytest.fixture
async def stage() -> AsyncIterator[TelegramStage]:
    async with served() as made:
        yield made


@pytest.fixture
async def bench(stage: TelegramStage) -> AsyncIterator[Bench]:
    async with listening(stage) as made:
        yield made


async def sent(bench: Bench, reply: Reply, chat: str = "") -> str:
    return await bench.adapter.send(bench.to(chat), reply, "key")


async def failure(bench: Bench, reply: Reply = SAID, chat: str = "") -> SendError:
    with pytest.raises(SendError) as caught:
        await sent(bench, reply, chat)
    assert caught.value.__cause__ is None
    assert bench.stage.token not in str(caught.value)
    assert not reply.text or reply.text not in str(caught.value)
    return caught.value


def raw(bench: Bench, message_id: str) -> dict[str, object]:
    chat, _, number = message_id.rpartition(":")
    return bench.stage.world.messages[int(chat), int(number)]


async def test_a_text_arrives_as_it_was_meant(bench: Bench) -> None:
    text = 'A102 <裁切> & "车缝"\n50/120 &lt;'
    name = await sent(bench, Reply("answer", text, title='A102 <裁切> & "车缝"', silent=True))
    (seen,) = bench.stage.said(bench.stage.group)
    assert (seen.id, seen.text, seen.picture) == (name, text, False)
    assert raw(bench, name)["tags"] == (("b", "", 'A102 <裁切> & "车缝"'),)
    assert raw(bench, name)["silent"] is True
    assert bench.adapter.counts["sent"] == 1


async def test_a_title_that_is_not_in_the_text_stands_above_it(bench: Bench) -> None:
    await sent(bench, Reply("answer", "第一行\n第二行", title="晨会"))
    await sent(bench, Reply("answer", "今天晨会取消", title="晨会"))
    above, inside = bench.stage.said(bench.stage.group)
    assert above.text == "晨会\n第一行\n第二行"
    assert inside.text == "今天晨会取消"


async def test_mentions_are_links(bench: Bench) -> None:
    mention = (("马", "11"), ("马师傅", "12"), ("黄工", "13"), ("厂长", "-1001"))
    name = await sent(bench, Reply("escalation", "@马师傅 @马 几点好？@厂长", mention=mention))
    assert raw(bench, name)["text"] == "@黄工 @马师傅 @马 几点好？@厂长"
    assert raw(bench, name)["tags"] == (
        ("a", 'href="tg://user?id=13"', "@黄工"),
        ("a", 'href="tg://user?id=12"', "@马师傅"),
        ("a", 'href="tg://user?id=11"', "@马"),
    )


async def test_a_long_digest_is_folded(bench: Bench) -> None:
    lines = [f"第{n}行 <{n}>" for n in range(20)]
    text = "\n".join(lines)
    name = await sent(bench, Reply("digest", text, title=lines[0], mention=(("张", "1"),)))
    tags = raw(bench, name)["tags"]
    assert isinstance(tags, tuple)
    assert ("blockquote", "expandable", "\n".join(lines[8:])) in tags
    assert ("b", "", lines[0]) in tags
    short = await sent(bench, Reply("digest", "\n".join(lines[:12])))
    assert raw(bench, short)["tags"] == ()


async def test_nothing_too_long_is_sent(bench: Bench) -> None:
    await sent(bench, Reply("answer", "裁" * 5000, title="标题"))
    await sent(bench, Reply("digest", ("😀" * 200 + "\n") * 15))
    for seen in bench.stage.said(bench.stage.group):
        assert len(seen.text.encode("utf-16-le")) // 2 <= 4096
        assert seen.text.endswith("…")


async def test_an_answer_stands_by_what_it_answers(bench: Bench) -> None:
    group = bench.stage.group
    asked = await bench.stage.say(group, bench.stage.user("李"), "A102 到哪了")
    await sent(bench, replace(SAID, reply_to=asked))
    await sent(bench, replace(SAID, reply_to=f"{group}:99999"))
    await sent(bench, replace(SAID, reply_to="42:7"))
    await sent(bench, replace(SAID, reply_to="cb:7"))
    assert [s.reply_to for s in bench.stage.said(group)] == [asked, "", "", ""]


async def test_a_picture_carries_the_text_if_it_fits(bench: Bench) -> None:
    await sent(bench, replace(SAID, picture=png(), buttons=BUTTONS))
    await sent(bench, Reply("digest", "长" * 1025, picture=png()))
    with_picture, without = bench.stage.said(bench.stage.group)
    assert (with_picture.picture, with_picture.text) == (True, SAID.text)
    assert with_picture.buttons == ("是", "不是")
    assert (without.picture, len(without.text)) == (False, 1025)


@pytest.mark.parametrize("picture", [b"no picture at all", png((4000, 100))])
async def test_a_picture_that_is_not_taken_leaves_the_text(bench: Bench, picture: bytes) -> None:
    await sent(bench, replace(SAID, picture=picture))
    (seen,) = bench.stage.said(bench.stage.group)
    assert (seen.picture, seen.text) == (False, SAID.text)


async def test_no_right_to_send_photos_leaves_the_text(bench: Bench) -> None:
    no = Refusal(400, "Bad Request: not enough rights to send photos to the chat")
    bench.stage.faults.on("sendPhoto", no)
    await sent(bench, replace(SAID, picture=png()))
    assert [s.picture for s in bench.stage.said(bench.stage.group)] == [False]


@pytest.mark.parametrize(
    ("labels", "rows"),
    [
        (["是", "不是"], [2]),
        (["1", "2", "3", "4", "5", "6", "7", "8", "9"], [8, 1]),
        (["裁切", "绣花", "车缝", "后道", "质检"], [4, 1]),
        (["裁切完成", "绣花完成", "车缝完成", "别的"], [3, 1]),
        (["A102 裁切完成", "A103 裁切完成", "不是"], [2, 1]),
        (["Tell the customer about the new date", "No"], [1, 1]),
        (["", "是"], [1]),
    ],
)
async def test_buttons_fit_a_phone(bench: Bench, labels: list[str], rows: list[int]) -> None:
    buttons = tuple(Button(f"b:{n}", label) for n, label in enumerate(labels))
    name = await sent(bench, replace(SAID, buttons=buttons))
    markup = raw(bench, name)["reply_markup"]
    assert isinstance(markup, dict)
    assert [len(row) for row in markup["inline_keyboard"]] == rows


async def test_colours_of_buttons(bench: Bench) -> None:
    odd = (*BUTTONS, Button("q:1:x", "别的", "purple"))
    name = await sent(bench, replace(SAID, buttons=odd))
    markup = raw(bench, name)["reply_markup"]
    assert isinstance(markup, dict)
    flat = [b for row in markup["inline_keyboard"] for b in row]
    assert [b.get("style") for b in flat] == ["primary", "danger", None]


async def test_an_edit_changes_text_and_buttons(bench: Bench) -> None:
    name = await sent(bench, replace(SAID, buttons=BUTTONS))
    await bench.adapter.edit(bench.to(), name, Reply("answer", "已记下"))
    (seen,) = bench.stage.said(bench.stage.group)
    assert (seen.text, seen.buttons, seen.edited) == ("已记下", (), True)
    await bench.adapter.edit(bench.to(), name, Reply("answer", "已记下"))  # the same again


async def test_an_edit_of_a_picture_message_changes_its_caption(stage: TelegramStage) -> None:
    async with listening(stage) as bench:
        name = await sent(bench, replace(SAID, picture=png()))
        await bench.adapter.edit(bench.to(), name, Reply("answer", "一"))
        assert stage.said(stage.group)[0].text == "一"
    async with listening(stage) as bench:  # one that does not know that there was a picture
        await bench.adapter.edit(bench.to(), name, Reply("answer", "二"))
        await bench.adapter.edit(bench.to(), name, Reply("answer", "三"))
        assert stage.said(stage.group)[0].text == "三"
        asked = [m for m, _ in stage.server.calls if m.startswith("editmessage")]
        assert asked.count("editmessagetext") == 1
        with pytest.raises(CannotEdit):
            await bench.adapter.edit(bench.to(), name, Reply("answer", "长" * 1025))


async def test_an_edit_can_bring_a_new_picture(bench: Bench) -> None:
    with_picture = await sent(bench, replace(SAID, picture=png()))
    bare = await sent(bench, SAID)
    new = Reply("card", "新的卡", picture=png((300, 300)))
    for name in (with_picture, bare):
        await bench.adapter.edit(bench.to(), name, new)
    assert [(s.text, s.picture) for s in bench.stage.said(bench.stage.group)] == [
        ("新的卡", True)
    ] * 2


async def test_what_can_not_be_edited(bench: Bench) -> None:
    theirs = await bench.stage.say(bench.stage.group, bench.stage.user("李"), "A102")
    for name in (theirs, f"{bench.stage.group}:99999", "cb:1", ""):
        with pytest.raises(CannotEdit):
            await bench.adapter.edit(bench.to(), name, SAID)
    ours = await sent(bench, SAID)
    bench.stage.faults.on("editMessageText", FLOOD, BLOCKED, BEFORE)
    for check in ("retry_after", "shut", ""):
        with pytest.raises(SendError) as caught:
            await bench.adapter.edit(bench.to(), ours, Reply("answer", "新"))
        assert not check or getattr(caught.value, check)
        assert not caught.value.ambiguous
        assert not isinstance(caught.value, CannotEdit)


async def test_marks(bench: Bench) -> None:
    name = await bench.stage.say(bench.stage.group, bench.stage.user("李"), "A102 裁切完成")
    for mark, shown in (("recorded", ["✍"]), ("asked", ["🤔"]), ("", [])):
        await bench.adapter.react(bench.to(), name, mark)
        assert bench.stage.marks(name) == shown
    for gone in (f"{bench.stage.group}:99999", "cb:7", ""):
        await bench.adapter.react(bench.to(), gone, "recorded")
    bench.stage.faults.on("setMessageReaction", Refusal(400, "Bad Request: REACTION_INVALID"))
    with pytest.raises(SendError) as caught:
        await bench.adapter.react(bench.to(), name, "recorded")
    assert caught.value.permanent


CLASSES: list[tuple[Refusal | str | float, dict[str, object]]] = [
    (FLOOD, {"retry_after": 7.0, "everywhere": False}),
    (Refusal(429, "Too Many Requests"), {"retry_after": 5.0, "everywhere": False}),
    (BLOCKED, {"shut": True, "permanent": True}),
    (Refusal(403, "Forbidden: bot was kicked from the group chat"), {"shut": True}),
    (Refusal(400, "Bad Request: chat not found"), {"shut": True}),
    (Refusal(400, "Bad Request: PEER_ID_INVALID"), {"shut": True}),
    (Refusal(400, "Bad Request: can't parse entities"), {"permanent": True, "shut": False}),
    (Refusal(413, "Request Entity Too Large"), {"permanent": True}),
    (
        Refusal(400, "Bad Request: group chat was upgraded", {"migrate_to_chat_id": -10077}),
        {"moved_to": "-10077"},
    ),
    (TROUBLE, {"ambiguous": False, "permanent": False}),
    (GATEWAY, {"ambiguous": True, "permanent": False}),
    (Refusal(504, "Gateway Timeout"), {"ambiguous": True, "permanent": False}),
    (Refusal(503, "", body="<html>busy</html>"), {"ambiguous": False, "permanent": False}),
    (Refusal(500, "", body="<html>oops</html>"), {"ambiguous": True, "permanent": False}),
    (Refusal(404, "Not Found"), {"ambiguous": False, "permanent": False}),
    (Refusal(401, "Unauthorized"), {"ambiguous": False, "permanent": False}),
    (Refusal(409, "Conflict"), {"ambiguous": False, "permanent": False}),
    (Refusal(200, "", body="<html>a portal</html>"), {"ambiguous": True}),
    (BEFORE, {"ambiguous": True}),
    (AFTER, {"ambiguous": True}),
    (1.0, {"ambiguous": True}),
]


@pytest.mark.parametrize(("met", "expected"), CLASSES)
async def test_what_a_refusal_means(
    bench: Bench, met: Refusal | str | float, expected: dict[str, object]
) -> None:
    bench.stage.faults.on("sendMessage", met)
    error = await failure(bench)
    rest = {"retry_after": None, "moved_to": "", "everywhere": False, "shut": False}
    for field, value in (rest | expected).items():
        if field != "shut" or "shut" in expected:
            assert getattr(error, field) == value, field
    if met is AFTER:
        assert len(bench.stage.said(bench.stage.group)) == 1


async def test_a_refused_token_is_a_state(bench: Bench) -> None:
    bench.stage.faults.on("sendMessage", Refusal(401, "Unauthorized"))
    await failure(bench)
    assert bench.adapter.state == "refused"
    await bench.until(lambda: bench.adapter.state == "ok")


async def test_failures_leave_no_secret_in_the_log(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    quoting = Refusal(400, "Bad Request: can't parse entities: A102 在裁切")
    portal = Refusal(200, "", body="<html>A102 在裁切</html>")
    with caplog.at_level(logging.DEBUG):
        for met in (quoting, portal, BEFORE, GATEWAY, FLOOD):
            bench.stage.faults.on("sendMessage", met)
            await failure(bench)
        await sent(bench, SAID)
        await bench.stage.stop()
        await failure(bench)
    assert "AAFake" not in caplog.text
    assert "A102" not in caplog.text


async def test_nobody_there_is_not_sent(bench: Bench) -> None:
    await bench.stage.stop()
    error = await failure(bench)
    assert not error.ambiguous
    assert not error.permanent


async def test_a_chat_that_moved(bench: Bench) -> None:
    stage = bench.stage
    stage.world.chats[-4001] = {"id": -4001, "title": "打样群", "type": "group"}
    ours = await sent(bench, SAID, "-4001")
    new = stage.migrate("-4001")
    assert (await failure(bench, chat="-4001")).moved_to == new
    await sent(bench, SAID, new)
    with pytest.raises(CannotEdit):
        await bench.adapter.edit(bench.to("-4001"), ours, Reply("answer", "新"))
    await bench.adapter.react(bench.to("-4001"), ours, "recorded")


async def test_what_is_no_chat_or_no_message(bench: Bench) -> None:
    assert (await failure(bench, chat="@channel")).shut
    assert (await failure(bench, chat="12345")).shut
    assert (await failure(bench, Reply("answer", ""))).permanent


def test_errors_by_their_cause() -> None:
    def caused(error: TelegramError, cause: Exception) -> SendError:
        error.__cause__ = cause
        return fault(error)

    for cause in (httpx.ConnectTimeout(""), httpx.PoolTimeout("")):
        assert not caused(TimedOut(), cause).ambiguous
    assert not caused(NetworkError(""), httpx.ConnectError("")).ambiguous
    assert not caused(NetworkError(""), httpx.ProxyError("")).ambiguous
    for late in (httpx.ReadTimeout(""), httpx.WriteTimeout("")):
        assert caused(TimedOut(), late).ambiguous
    for broken in (httpx.ReadError(""), httpx.RemoteProtocolError("")):
        assert caused(NetworkError(""), broken).ambiguous
    assert fault(ValueError("unreadable answer")).ambiguous


async def test_the_stage_measures_the_limits(bench: Bench) -> None:
    for _ in range(3):
        await sent(bench, SAID)
    broken = bench.stage.violations(bench.adapter.rules)
    assert broken
    assert all("group" in line for line in broken)
    bench.stage.faults.enforced = bench.adapter.rules
    error = await failure(bench)
    assert error.retry_after == 1
    assert bench.adapter.counts["throttled"] == 1

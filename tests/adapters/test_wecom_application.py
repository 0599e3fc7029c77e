"""WeCom's self-built application: pushes out, callbacks in."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from adapters.chat.port import Button, CannotEdit, Reply, Said, SendError
from domain.errors import PhotoFault
from tests.fakes.wecom_house import House, house, jpeg, png

PAYLOADS = Path(__file__).parents[1] / "payloads/wecom"
BUTTONS = (Button("yes", "是", "primary"), Button("no", "不是"))


def xml(name: str) -> str:
    return (PAYLOADS / f"{name}.xml").read_text(encoding="utf-8")


async def told(here: House, text: str) -> list[int]:
    return await here.stage.office.deliver(here.stage.office.call(text))


async def fetched(here: House, ref: str) -> bytes:
    return b"".join([piece async for piece in here.adapter.fetch(ref)])


async def test_messages_are_heard_and_answered_with_nothing() -> None:
    async with house(application=True, bot=False) as here:
        assert await told(here, xml("app_text")) == [200]
        (message,) = here.heard
        assert (message.text, message.sender, message.chat) == (
            "A102 到哪了",
            "LiHongMei",
            "LiHongMei",
        )
        assert (message.message_id, message.private) == ("7428193650112233445", True)
        assert message.at.timestamp() == 1764032400


@pytest.mark.parametrize(
    ("name", "kinds", "text"),
    [
        ("app_image", ["photo"], ""),
        ("app_voice", ["voice"], ""),
        ("app_voice_recognised", [], "A102裁切完成"),
        ("app_video", ["video"], ""),
    ],
)
async def test_kinds(name: str, kinds: list[str], text: str) -> None:
    async with house(application=True, bot=False) as here:
        assert await told(here, xml(name)) == [200]
        (message,) = here.heard
        assert ([m.kind for m in message.media], message.text) == (kinds, text)
        if kinds == ["video"]:
            assert json.loads(message.media[0].thumb_ref)["id"] == "1Yv-thumb"


async def test_what_says_nothing_is_taken_and_left() -> None:
    async with house(application=True, bot=False) as here:
        assert await told(here, xml("app_location")) == [200]
        assert await told(here, "<xml><MsgType>text</MsgType></xml>") == [200]
        assert await told(here, "no xml") == [200]
        assert here.heard == []
        assert here.adapter.counts["ignored"] == 1
        assert here.adapter.counts["malformed"] == 2


async def test_coming_is_told_once_and_going_always() -> None:
    async with house(application=True, bot=False) as here:
        for name in ("app_subscribe", "app_enter_agent", "app_enter_agent", "app_unsubscribe"):
            assert await told(here, xml(name)) == [200]
        assert [m.said for m in here.heard] == [Said.JOINED, Said.LEFT]


async def test_an_inbox_that_is_locked_gets_it_again() -> None:
    async with house(application=True, bot=False) as here:
        here.trouble = 2
        assert await told(here, xml("app_text")) == [500, 500, 200]
        assert len(here.heard) == 1


async def test_an_adapter_that_does_not_listen_yet_takes_nothing() -> None:
    async with house(application=True, bot=False) as here:
        hook = next(h for h in here.adapter.hooks if h.method == "POST")
        assert hook.path == "/webhooks/wecom"
        await here.end()
        callback = getattr(here.adapter, "_callback")  # noqa: B009 - the hooks stay mounted
        callback._heard = None
        assert await told(here, xml("app_text")) == [503, 503, 503]


async def test_forged_stale_and_replayed_calls_are_refused() -> None:
    async with house(application=True, bot=False) as here:
        office = here.stage.office
        assert await office.deliver(office.call(xml("app_text"), forged=True), 1) == [401]
        assert await office.deliver(office.call(xml("app_text"), age=301), 1) == [401]
        assert await office.deliver(office.call(xml("app_text"), age=-301), 1) == [401]
        assert await office.deliver(office.call(xml("app_text"), receiver="wwElse"), 1) == [401]
        good = office.call(xml("app_text"), age=200)
        assert await office.deliver(good, 1) == [200]
        assert await office.deliver(good, 1) == [200, 403]
        good.query["msg_signature"] = good.query["msg_signature"].upper()
        assert await office.deliver(good, 1) == [200, 403, 403]
        assert len(here.heard) == 1
        counts = here.adapter.counts
        assert (counts["refused.signature"], counts["refused.stale"]) == (1, 2)
        assert (counts["refused.replayed"], counts["refused.sealed"]) == (2, 1)


async def test_a_platform_that_is_quicker_than_us_may_ask_twice() -> None:
    async with house(application=True, bot=False) as here:
        here.gate.clear()
        call = here.stage.office.call(xml("app_text"))
        first = asyncio.create_task(here.stage.office.deliver(call, 1))
        second = asyncio.create_task(here.stage.office.deliver(call, 1))
        await asyncio.sleep(0.05)
        here.gate.set()
        await asyncio.gather(first, second)
        assert call.statuses == [200, 200]
        assert len(here.heard) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"<xml>", 400),
        (b"\xff\xfe<", 400),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><xml><Encrypt>&a;</Encrypt></xml>', 400),
        (b"<xml/>", 401),
        (b"<xml><Encrypt>x</Encrypt></xml>", 401),
        (b"x" * (256 * 1024 + 1), 413),
    ],
)
async def test_rubbish_is_refused(body: bytes, status: int) -> None:
    async with house(application=True, bot=False) as here, aiohttp.ClientSession() as session:
        query = {"msg_signature": "é", "timestamp": "١٢٣", "nonce": ""}
        async with session.post(here.stage.office.callback, params=query, data=body) as answer:
            assert answer.status == status

        async def pieces() -> AsyncIterator[bytes]:  # chunked: no length is named
            for start in range(0, len(body), 50_000):
                yield body[start : start + 50_000]

        async with session.post(here.stage.office.callback, params=query, data=pieces()) as answer:
            assert answer.status == status


async def test_the_console_verifies_the_address() -> None:
    async with house(application=True, bot=False) as here:
        assert {c.code: c.well for c in await here.adapter.examine()}["wecom.callback"] is False
        assert (await here.stage.office.verify(forged=True))[0] == 401
        assert (await here.stage.office.verify(age=999))[0] == 401
        assert await here.stage.office.verify() == (200, "1616140317555161061")
        assert {c.code: c.well for c in await here.adapter.examine()}["wecom.callback"] is True
        bare = here.stage.office.callback
        async with aiohttp.ClientSession() as session, session.get(bare) as answer:
            assert answer.status == 401


async def test_members_are_written_to_first() -> None:
    async with house(application=True, bot=False) as here:
        reply = Reply("escalation", "A102 晚了 <b>两天</b>", "要紧", picture=png())
        await here.adapter.send(here.to("WangZuZhang"), reply, "k")
        text, shown = here.stage.said("WangZuZhang")
        assert text.text == "要紧\nA102 晚了 <b>两天</b>"
        assert shown.picture
        assert here.stage.office.calls["gettoken"] == 1
        assert here.stage.books.faults == []


async def test_a_second_try_is_known_by_the_platform() -> None:
    async with house(application=True, bot=False) as here:
        here.stage.office.hang["message/send"] = 1
        reply = Reply("escalation", "A102 晚了两天")
        with pytest.raises(SendError) as caught:
            await here.adapter.send(here.to("WangZuZhang"), reply, "k")
        assert caught.value.ambiguous
        await here.adapter.send(here.to("WangZuZhang"), reply, "k")
        assert len(here.stage.said("WangZuZhang")) == 1


async def test_groups_cannot_be_reached_by_it() -> None:
    async with house(application=True, bot=False) as here:
        with pytest.raises(SendError) as caught:
            await here.adapter.send(here.to("wr1"), Reply("answer", "x", group=True), "k")
        assert caught.value.permanent


async def test_cards_are_pressed_and_changed() -> None:
    async with house(application=True, bot=False) as here:
        question = Reply("ask", "A102 裁切完成了吗？", buttons=BUTTONS)
        sent = await here.adapter.send(here.to("WangZuZhang"), question, "k")
        (seen,) = here.stage.said("WangZuZhang")
        assert seen.buttons == ("是", "不是")
        await here.adapter.edit(
            here.to("WangZuZhang"), sent, Reply("ask", "A102 呢？", buttons=BUTTONS)
        )
        with pytest.raises(CannotEdit):
            await here.adapter.edit(here.to("WangZuZhang"), sent, Reply("ask", "x"))
        (seen,) = here.stage.said("WangZuZhang")
        await here.stage.press(seen, "是", "WangZuZhang")
        (press,) = here.heard
        assert (press.said, press.target, press.button) == (Said.PRESSED, sent, "yes")
        await here.restart()
        await here.adapter.edit(here.to("WangZuZhang"), sent, Reply("answer", "记下了"))
        (seen,) = here.stage.said("WangZuZhang")
        assert (seen.text, seen.edited) == ("记下了", True)
        assert here.stage.books.faults == []


async def test_a_long_text_stands_above_its_card() -> None:
    async with house(application=True, bot=False) as here:
        reply = Reply("ask", "哪张单？\n" + "很长" * 90, buttons=BUTTONS)
        await here.adapter.send(here.to("w"), reply, "k")
        above, card = here.stage.said("w")
        assert above.text == reply.text
        assert card.buttons == ("是", "不是")


async def test_a_card_whose_code_is_used_up_or_old_cannot_be_changed() -> None:
    async with house(application=True, bot=False) as here:
        sent = await here.adapter.send(here.to("w"), Reply("ask", "?", buttons=BUTTONS), "k")
        here.stage.office.response_codes.clear()
        with pytest.raises(CannotEdit):
            await here.adapter.edit(here.to("w"), sent, Reply("answer", "!"))
        sent = await here.adapter.send(here.to("w"), Reply("ask", "?2", buttons=BUTTONS), "k2")
        kept = json.loads(here.memory.kept[f"wecom:card:{sent}"]) | {"at": time.time() - 80 * 3600}
        here.memory.kept[f"wecom:card:{sent}"] = json.dumps(kept)
        with pytest.raises(CannotEdit):
            await here.adapter.edit(here.to("w"), sent, Reply("answer", "!"))


async def test_one_token_for_all_and_a_new_one_when_it_ends() -> None:
    async with house(application=True, bot=False) as here:
        office = here.stage.office
        sends = [here.adapter.send(here.to(f"u{n}"), Reply("a", "x"), str(n)) for n in range(5)]
        await asyncio.gather(*sends)
        assert office.calls["gettoken"] == 1
        await here.restart()
        await here.adapter.send(here.to("u6"), Reply("a", "x"), "6")
        assert office.calls["gettoken"] == 1
        office.tokens.clear()
        sends = [here.adapter.send(here.to(f"v{n}"), Reply("a", "x"), f"v{n}") for n in range(5)]
        await asyncio.gather(*sends)
        assert office.calls["gettoken"] == 2
        office.codes["message/send"].append(42001)
        await here.adapter.send(here.to("u7"), Reply("a", "x"), "7")
        assert office.calls["gettoken"] == 3
        office.codes["message/send"].extend([40014, 40014])
        with pytest.raises(SendError):
            await here.adapter.send(here.to("u8"), Reply("a", "x"), "8")


@pytest.mark.parametrize(
    ("code", "shut", "after"),
    [(81013, True, None), (60111, True, None), (45009, False, 60.0), (45033, False, 5.0)],
)
async def test_codes(code: int, shut: bool, after: float | None) -> None:
    async with house(application=True, bot=False) as here:
        here.stage.office.codes["message/send"].append(code)
        with pytest.raises(SendError) as caught:
            await here.adapter.send(here.to("w"), Reply("a", "x"), "k")
        assert (caught.value.shut, caught.value.retry_after) == (shut, after)
        assert caught.value.everywhere == (code == 45033)


async def test_who_is_out_of_range_is_shut() -> None:
    async with house(application=True, bot=False) as here:
        here.stage.office.members = {"LiHongMei"}
        with pytest.raises(SendError) as caught:
            await here.adapter.send(here.to("w"), Reply("a", "x"), "k")
        assert caught.value.shut


async def test_an_address_that_is_not_trusted_is_told_with_the_address() -> None:
    async with house(application=True, bot=False) as here:
        here.stage.office.trusted = False
        with pytest.raises(SendError) as caught:
            await here.adapter.send(here.to("w"), Reply("a", "x"), "k")
        assert not caught.value.permanent
        assert here.alarms == [("trusted-ip", {"ip": "203.0.113.7"})]
        found = {c.code: c for c in await here.adapter.examine()}
        assert found["wecom.app"].well is True
        assert found["wecom.trusted-ip"].well is False
        assert found["wecom.trusted-ip"].facts == (("ip", "203.0.113.7"),)
        assert here.adapter.checks == tuple(found.values())


async def test_a_wrong_secret_is_told() -> None:
    async with house(application=True, bot=False) as here:
        await here.restart(agent_secret="wrong")
        with pytest.raises(SendError):
            await here.adapter.send(here.to("w"), Reply("a", "x"), "k")
        assert here.alarms == [("app-credentials", {})]
        assert here.adapter.state == "refused"
        found = {c.code: c.well for c in await here.adapter.examine()}
        assert found == {"wecom.app": False, "wecom.trusted-ip": None, "wecom.callback": False}


async def test_media_ids_are_fetched_and_end() -> None:
    async with house(application=True, bot=False) as here:
        office, photo = here.stage.office, jpeg(size=800)
        text = xml("app_image").replace("1Yv-zXfHjSjU-7LH-GwtYqDGS", office.keep(photo))
        await told(here, text)
        ref = here.heard[0].media[0].ref
        await here.restart()
        assert await fetched(here, ref) == photo
        office.tokens.clear()
        assert await fetched(here, ref) == photo
        office.codes["media/get"].extend([-1, -1])
        assert await fetched(here, ref) == photo
        office.codes["media/get"].extend([-1] * 3)
        with pytest.raises(PhotoFault, match="unreachable"):
            await fetched(here, ref)
        gone = json.dumps(json.loads(ref) | {"id": "gone"})
        with pytest.raises(PhotoFault, match="expired"):
            await fetched(here, gone)


async def test_the_bot_comes_first_and_the_application_steps_in() -> None:
    async with house(application=True) as here:
        lead = here.stage.user("李红梅")
        await here.adapter.send(here.to(lead), Reply("answer", "一"), "1")
        await here.stage.say(lead, lead, "A102 裁切完成")
        await here.until(1)
        await here.adapter.send(here.to(lead), Reply("answer", "二"), "2")
        here.stage.bot.handshake = 502
        here.stage.bot.abort()
        await here.until_state("unreachable")
        await here.adapter.send(here.to(lead), Reply("answer", "三"), "3")
        channels = [(line.channel, line.text) for line in here.stage.books.lines]
        assert channels == [("application", "一"), ("bot", "二"), ("application", "三")]


async def test_a_platform_that_is_slow_is_ambiguous_and_one_that_is_away_is_not() -> None:
    async with house(application=True, bot=False) as here:
        await here.adapter.send(here.to("w"), Reply("a", "x"), "1")
        base = here.stage.base
        await here.restart(base_url="http://127.0.0.1:9")
        with pytest.raises(SendError) as caught:
            await here.adapter.send(here.to("w"), Reply("a", "x"), "2")
        assert not caught.value.ambiguous
        found = {c.code: c.well for c in await here.adapter.examine()}
        assert found["wecom.trusted-ip"] is None
        assert base


async def test_nothing_secret_reaches_logs_or_errors(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    async with house(robot=True, application=True) as here:
        here.stage.office.codes["message/send"].append(40058)
        here.stage.office.codes["robot"].append(40058)
        reasons = []
        for reply in (Reply("answer", "密语"), Reply("digest", "密语", group=True)):
            with pytest.raises(SendError) as caught:
                await here.adapter.send(here.to("WangZuZhang"), reply, "k")
            reasons.append(str(caught.value))
        here.stage.office.codes["message/send"].append(60020)
        with pytest.raises(SendError):
            await here.adapter.send(here.to("WangZuZhang"), Reply("answer", "密语"), "k")
        await here.stage.office.deliver(here.stage.office.call(xml("app_text"), forged=True), 1)
        office = here.stage.office
        secrets = (office.secret, office.key, office.token, office.aes_key, here.stage.bot.secret)
        told = caplog.text + "".join(reasons) + repr(here.options)
        for word in (*secrets, "密语", "WangZuZhang", "LiHongMei", "token-"):
            assert word not in told
        assert replace(here.options, bot_id="x") != here.options

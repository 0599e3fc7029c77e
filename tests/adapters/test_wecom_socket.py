"""WeCom's long connection under everything that happens to connections. The adapter is connected
again each time and has lost nothing.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

import aiohttp
import pytest

from adapters.chat.port import Button, Reply, SendError
from tests.fakes.wecom_house import QUICK, House, house, jpeg


async def still_works(here: House, text: str) -> None:
    """Hears and speaks."""
    before = len(here.heard)
    lead = here.stage.user("李红梅")
    await here.stage.say(lead, lead, text)
    assert (await here.until(before + 1))[-1].text == text
    await here.until_state("ok")
    await here.adapter.send(here.to(lead), Reply("answer", f"{text}？"), text)
    assert here.stage.said(lead)[-1].text == f"{text}？"


async def again(here: House, subscriptions: int) -> None:
    async with asyncio.timeout(5):
        while here.stage.bot.subscriptions < subscriptions:  # noqa: ASYNC110 - counted elsewhere
            await asyncio.sleep(0.005)
    await here.stage.connected()


@pytest.mark.parametrize("code", [1000, 1001, 1011, 4000])
async def test_closes_are_followed_by_a_new_connection(code: int) -> None:
    async with house() as here:
        await still_works(here, "一")
        await here.stage.bot.close(code)
        await again(here, 2)
        await still_works(here, "二")
        assert here.adapter.counts["reconnected"] == 1
        assert here.alarms == []


async def test_a_cut_cable_is_followed_by_a_new_connection() -> None:
    async with house() as here:
        for number in range(3):
            here.stage.bot.abort()
            await again(here, 2 + number)
            await still_works(here, f"第{number}次")


async def test_lost_pongs_end_the_connection() -> None:
    async with house() as here:
        here.stage.bot.mute = True
        await here.until_state("silent")
        here.stage.bot.mute = False
        await again(here, 2)
        await still_works(here, "一")


async def test_a_half_open_socket_is_left() -> None:
    async with house() as here:
        here.stage.bot.awake.clear()
        await here.until_state("silent")
        here.stage.bot.awake.set()
        await again(here, 2)
        await still_works(here, "一")


async def test_a_platform_that_is_away_is_waited_for() -> None:
    async with house() as here:
        await here.stage.stop()
        await here.until_state("unreachable")
        lead = here.stage.user("李红梅")
        here.memory.kept[f"wecom:chat:{lead}"] = "single"
        with pytest.raises(SendError) as caught:
            await here.adapter.send(here.to(lead), Reply("answer", "x"), "k")
        assert not caught.value.ambiguous
        assert not caught.value.permanent


async def test_being_kicked_is_waited_out_and_told_once() -> None:
    async with house() as here:
        old = next(iter(here.stage.bot.open))
        async with aiohttp.ClientSession() as session, session.ws_connect(here.stage.ws_url) as us:
            await us.send_json(
                {
                    "cmd": "aibot_subscribe",
                    "headers": {"req_id": "other"},
                    "body": {"bot_id": here.stage.bot.bot_id, "secret": here.stage.bot.secret},
                }
            )
            assert (await us.receive_json())["errcode"] == 0
            await here.until_state("kicked")
            began = time.monotonic()
            await asyncio.sleep(0.05)
            assert old.closed  # not left half-alive
            frame = await us.receive_json()  # our one try kicks the other
            assert time.monotonic() - began > 0.2
            assert frame["body"]["event"]["eventtype"] == "disconnected_event"
        await here.until_state("ok")
        await here.stage.bot.kick()
        await here.until_state("kicked")
        assert here.alarms == [("kicked", {})]
        found = {c.code: c.well for c in await here.adapter.examine()}
        assert found["wecom.kicked"] is False
        assert found["wecom.bot"] is False
        await here.until_state("ok")


async def test_refused_credentials_are_told_once_and_tried_slowly() -> None:
    async with house() as here:
        here.stage.bot.refuse = 853000
        here.stage.bot.abort()
        await here.until_state("refused")
        subscribes = sum(f["cmd"] == "aibot_subscribe" for f in here.stage.bot.frames)
        assert subscribes == 2
        await asyncio.sleep(0.4)
        assert here.alarms == [("credentials", {})]
        assert sum(f["cmd"] == "aibot_subscribe" for f in here.stage.bot.frames) == 3
        here.stage.bot.refuse = 0
        await again(here, 2)
        await still_works(here, "一")


async def test_a_busy_platform_is_no_refusal() -> None:
    async with house() as here:
        here.stage.bot.codes["aibot_subscribe"].extend([-1, 6000, 45009])
        here.stage.bot.abort()
        await again(here, 2)
        await still_works(here, "一")
        assert here.alarms == []


async def test_a_door_without_a_websocket() -> None:
    async with house() as here:
        here.stage.bot.handshake = 502
        here.stage.bot.abort()
        await here.until_state("unreachable")
        here.stage.bot.handshake = 403
        await here.until_state("refused")
        here.stage.bot.handshake = 0
        await again(here, 2)


@pytest.mark.parametrize("split", ["frames", "bytes"])
async def test_split_frames_are_put_together(split: str) -> None:
    async with house() as here:
        here.stage.bot.split = split
        lead = here.stage.user("李红梅")
        await here.stage.say(here.stage.group, lead, "#A102 裁切完成 " + "好" * 500, (jpeg(),))
        (message,) = await here.until(1)
        assert message.text.startswith("#A102 裁切完成")
        assert len(message.media) == 1


async def test_broken_frames_hurt_nobody() -> None:
    async with house() as here:
        bot = here.stage.bot
        for text in [
            "{",
            "[]",
            "null",
            '"x"',
            "1",
            "{}",
            '{"cmd": 5}',
            "[" * 5000,
            '{"headers": 3}',
        ]:
            await bot.write_text(text)
        for body in ({}, {"msgid": "only-an-id"}, {"msgid": 5, "msgtype": "text"}, "text", None):
            for cmd in ("aibot_msg_callback", "aibot_event_callback"):
                frame = {"cmd": cmd, "headers": {"req_id": "r"}, "body": body}
                await bot.write_text(json.dumps(frame))
        await bot.write_text('{"cmd": "aibot_msg_callback", "body": {}}')
        await still_works(here, "一")
        assert here.adapter.counts["malformed"] >= 12
        assert here.adapter.counts["reconnected"] == 0


async def test_messages_wait_for_a_dead_connection() -> None:
    """Those that the platform kept come after reconnecting, in their order."""
    async with house() as here:
        lead = here.stage.user("李红梅")
        here.stage.bot.abort()
        for number in range(5):
            await here.stage.say(lead, lead, f"A10{number} 裁切完成")
        texts = [m.text for m in await here.until(5)]
        assert texts == [f"A10{n} 裁切完成" for n in range(5)]


async def test_answers_wait_while_nothing_is_heard() -> None:
    """A slow inbox does not keep pongs and answers from being read."""
    async with house() as here:
        lead = here.stage.user("李红梅")
        await still_works(here, "一")
        here.gate.clear()
        await here.stage.say(lead, lead, "二")
        await asyncio.sleep(0.4)
        await here.adapter.send(here.to(lead), Reply("answer", "在"), "k")
        assert len(here.heard) == 1
        here.gate.set()
        await here.until(2)
        assert here.adapter.counts["reconnected"] == 0


@pytest.mark.parametrize(
    ("code", "shut", "permanent", "after"),
    [
        (93001, True, True, None),
        (93008, True, True, None),
        (93006, True, True, None),
        (45009, False, False, 60.0),
        (40058, False, True, None),
        (846607, False, False, 60.0),
        (99999, False, False, None),
    ],
)
async def test_codes(code: int, shut: bool, permanent: bool, after: float | None) -> None:
    async with house() as here:
        await still_works(here, "一")
        here.stage.bot.codes["aibot_send_msg"].append(code)
        with pytest.raises(SendError) as caught:
            await here.adapter.send(here.to(here.stage.user("李红梅")), Reply("ask", "?"), "k")
        error = caught.value
        assert (error.shut, error.permanent, error.retry_after) == (shut, permanent, after)
        assert not error.ambiguous


async def test_a_conflict_is_tried_again_at_once() -> None:
    async with house() as here:
        await still_works(here, "一")
        here.stage.bot.codes["aibot_send_msg"].extend([6000, 6000])
        lead = here.stage.user("李红梅")
        await here.adapter.send(here.to(lead), Reply("answer", "在"), "k")
        here.stage.bot.codes["aibot_send_msg"].extend([6000] * 4)
        with pytest.raises(SendError) as caught:
            await here.adapter.send(here.to(lead), Reply("answer", "在"), "k2")
        assert not caught.value.permanent


@pytest.mark.parametrize("code", [846605, 846608])
async def test_a_request_that_is_over_becomes_a_message_of_its_own(code: int) -> None:
    async with house() as here:
        lead, group = here.stage.user("李红梅"), here.stage.group
        asked = await here.stage.say(group, lead, "A102到哪了")
        await here.until(1)
        here.stage.bot.codes["aibot_respond_msg"].append(code)
        reply = Reply("answer", "绣花", reply_to=asked, group=True)
        await here.adapter.send(here.to(group), reply, "k")
        assert [(s.text, s.reply_to) for s in here.stage.said(group)] == [("绣花", "")]


async def test_not_subscribed_any_more_reconnects() -> None:
    async with house() as here:
        await still_works(here, "一")
        here.stage.bot.codes["aibot_send_msg"].append(846609)
        lead = here.stage.user("李红梅")
        with pytest.raises(SendError) as caught:
            await here.adapter.send(here.to(lead), Reply("answer", "在"), "k")
        assert not caught.value.permanent
        assert not caught.value.ambiguous
        await again(here, 2)
        await still_works(here, "二")


async def test_a_lost_ack_is_ambiguous() -> None:
    async with house() as here:
        lead = here.stage.user("李红梅")
        asked = await here.stage.say(lead, lead, "A102到哪了")
        await here.until(1)
        here.stage.bot.lose["aibot_respond_msg"] = 1
        reply = Reply("ask", "哪道工序？", buttons=(Button("a", "裁切"),), reply_to=asked)
        with pytest.raises(SendError) as caught:
            await here.adapter.send(here.to(lead), reply, "k")
        assert caught.value.ambiguous
        sent = await here.adapter.send(here.to(lead), reply, "k")
        first, second = here.stage.said(lead)
        assert first.id != second.id
        await here.stage.press(first, "裁切", lead)
        assert (await here.until(2))[1].target == sent


async def test_acks_in_another_order_belong_to_their_questions() -> None:
    async with house(times=replace(QUICK, ping=5)) as here:
        await still_works(here, "一")
        lead = here.stage.user("李红梅")
        here.stage.bot.codes["aibot_send_msg"].extend([0, 40058])
        here.stage.bot.hold = 3
        sends = [
            here.adapter.send(here.to(lead), Reply("answer", str(n)), str(n)) for n in range(3)
        ]
        first, second, third = await asyncio.gather(*sends, return_exceptions=True)
        assert isinstance(second, SendError)
        assert isinstance(first, str)
        assert isinstance(third, str)


async def test_a_connection_that_breaks_under_way_is_ambiguous() -> None:
    async with house(times=replace(QUICK, ack=2, pong=2)) as here:
        await still_works(here, "一")
        here.stage.bot.slow = 0.2
        lead = here.stage.user("李红梅")
        sending = asyncio.create_task(here.adapter.send(here.to(lead), Reply("answer", "在"), "k"))
        await asyncio.sleep(0.05)
        here.stage.bot.abort()
        with pytest.raises(SendError) as caught:
            await sending
        assert caught.value.ambiguous


async def test_the_pace_of_a_chat_is_kept() -> None:
    async with house() as here:
        here.stage.bot.enforce = True
        await still_works(here, "一")
        lead = here.stage.user("李红梅")
        for number in range(29):
            await here.adapter.send(here.to(lead), Reply("answer", str(number)), str(number))
        with pytest.raises(SendError) as caught:
            await here.adapter.send(here.to(lead), Reply("answer", "zu viel"), "k")
        assert caught.value.retry_after is not None
        assert 50 < caught.value.retry_after < 61
        assert here.adapter.counts["throttled"] == 1
        assert here.stage.violations(here.adapter.rules) == []


async def stalls(here: House, deed: Callable[[], Awaitable[object]]) -> float:
    """The longest time for which the loop did nothing else. The machine is shared, so the best of
    three counts: what blocks, blocks each time.
    """
    best = 1.0
    for _ in range(3):
        worst, doing = 0.0, asyncio.ensure_future(deed())
        while not doing.done():
            began = time.perf_counter()
            await asyncio.sleep(0.005)
            worst = max(worst, time.perf_counter() - began)
        await doing
        best = min(best, worst)
        if best < 0.1:
            break
    return best


async def test_the_loop_is_never_held_up() -> None:
    slow = replace(QUICK, ack=3, pong=3, http=3)
    async with house(robot=True, application=True, times=slow) as here:
        await still_works(here, "一")
        here.stage.bot.slow = here.stage.office.slow = 0.2
        lead, group, keys = here.stage.user("李红梅"), here.stage.group, iter(range(100))
        picture = b"x" * 900_000
        for chat, reply in [
            (lead, Reply("answer", "慢", picture=picture)),
            (group, Reply("digest", "慢", picture=picture, group=True)),
            ("WangZuZhang", Reply("answer", "慢", picture=picture)),
        ]:
            send = partial(here.adapter.send, here.to(chat), reply)
            assert await stalls(here, lambda send=send: send(str(next(keys)))) < 0.1  # type: ignore[misc]

"""The long connection in bad weather: nothing is lost, nothing is acknowledged too early, and it
always comes back.
"""

import asyncio
import logging
import socket
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from adapters.chat.port import Reply, Said, SendError
from domain.person import Address
from tests.fakes.feishu import FeishuStage
from tests.fakes.feishu_frames import DATA, Frame, write
from tests.fakes.feishu_lent import house, until

FAST: dict[str, Any] = {"ping_cap": 0.1, "silence_grace": 0.2}


@pytest.fixture
async def stage() -> AsyncIterator[FeishuStage]:
    stage = FeishuStage()
    await stage.start()
    yield stage
    await stage.stop()


@pytest.mark.parametrize("how", ["1000", "1001", "abort", "half-open"])
async def test_it_comes_back_after_every_kind_of_drop(stage: FeishuStage, how: str) -> None:
    async with house(stage, **FAST) as home:
        for number in range(3):
            before = stage.push.counts["connected"]
            if how == "abort":
                stage.abort_sockets()
            elif how == "half-open":
                stage.deafen_sockets()
            else:
                await stage.close_sockets(int(how))
            await until(lambda n=before: stage.push.counts["connected"] > n)  # type: ignore[misc]
            await stage.say(stage.group, "李红梅", f"#A10{number} 裁切完成")
            await home.inbox.until(number + 1)
        assert home.adapter.state == "ok"
        assert home.adapter.counts["reconnected"] == 3
        assert home.alarms == []


async def test_a_dead_peer_is_noticed_by_its_silence(stage: FeishuStage) -> None:
    async with house(stage, **FAST) as home:
        stage.push.endpoint_delay = 0.5
        stage.deafen_sockets()
        await until(lambda: home.adapter.state == "silent", 3)
        assert home.adapter.counts["silent"] == 1
        await until(lambda: home.adapter.state == "ok")


async def test_pings_keep_a_quiet_connection(stage: FeishuStage) -> None:
    async with house(stage, **FAST) as home:
        await until(lambda: stage.push.counts["ping"] >= 6)
        assert stage.push.counts["connected"] == 1
        assert home.adapter.counts["dropped"] == 0


async def test_the_address_is_slow_refused_or_nonsense(stage: FeishuStage) -> None:
    async with house(stage, discovery_timeout=0.1) as home:
        answers: list[tuple[int, dict[str, Any]]] = [
            (503, {}),
            (200, {"code": 1, "msg": "busy"}),
            (200, {"code": 1000040343, "msg": "internal"}),
            (200, {"code": 0, "data": {"URL": "file:///etc/passwd"}}),
            (200, {"code": 0, "data": {"URL": "ws://127.0.0.1:1/ws"}}),
            (200, {"code": 0, "data": None}),
            (200, {}),
        ]
        for answer in answers:
            before = home.adapter.counts["dropped"]
            stage.push.endpoint_answer = answer
            stage.abort_sockets()
            await until(lambda n=before: home.adapter.counts["dropped"] > n)  # type: ignore[misc]
            await until(lambda: home.adapter.state == "unreachable")
            stage.push.endpoint_answer = None
            await until(lambda: home.adapter.state == "ok")
        stage.push.endpoint_delay = 30
        stage.abort_sockets()
        await until(lambda: home.adapter.state == "unreachable")
        # the loop goes on while the platform does not answer
        stage.push.endpoint_delay = 0
        await until(lambda: home.adapter.state == "ok")
        assert home.alarms == []


async def test_wrong_credentials_are_said_once_and_tried_slowly(stage: FeishuStage) -> None:
    stage.api.secret = stage.push.secret = "another secret"
    async with house(stage, listen=False, refused_pause=0.1) as home:
        listening = asyncio.create_task(home.adapter.listen(home.inbox.heard))
        await until(lambda: home.adapter.counts["refused.credentials"] >= 3)
        assert home.adapter.state == "refused"
        assert [code for code, _ in home.alarms] == ["credentials"]
        with pytest.raises(SendError) as caught:
            await home.adapter.send(Address("feishu", stage.group), Reply("answer", "在"), "k")
        assert (caught.value.everywhere, caught.value.permanent) == (True, False)
        stage.api.secret = stage.push.secret = stage.secret
        await stage.connected()
        await until(lambda: home.adapter.state == "ok")
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def test_too_many_connections_raise_an_alarm(stage: FeishuStage) -> None:
    stage.push.endpoint_answer = (200, {"code": 1000040350, "msg": "exceed"})
    async with house(stage, listen=False, refused_pause=0.05) as home:
        listening = asyncio.create_task(home.adapter.listen(home.inbox.heard))
        await until(lambda: stage.push.counts["endpoint"] >= 3)
        assert home.alarms == [("connections", {})]
        stage.push.endpoint_answer = None
        stage.push.handshake = {"handshake-status": "514", "handshake-autherrcode": "1000040350"}
        await until(lambda: stage.push.counts["endpoint"] >= 6)
        stage.push.handshake = {}
        await stage.connected()
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def test_nothing_is_acknowledged_before_it_is_kept(stage: FeishuStage) -> None:
    stage.push.speed = 15 / 0.1
    async with house(stage, commit_wait=0.3) as home:
        gate = asyncio.Event()

        async def wait(message: object) -> None:
            await gate.wait()

        home.inbox.trouble = wait
        said = await stage.say(stage.group, "李红梅", "#A102 裁切完成")
        await until(lambda: stage.delivery(said).codes[:1] == [500])
        assert not stage.acknowledged(said)
        assert stage.push.counts["slow"] == 0
        gate.set()
        await until(lambda: stage.acknowledged(said))
        assert [m.message_id for m in home.inbox.all] == [said]


async def test_what_could_not_be_kept_comes_again(stage: FeishuStage) -> None:
    stage.push.speed = 15 / 0.05
    async with house(stage) as home:

        def broken(message: object) -> None:
            if home.inbox.calls < 3:
                raise RuntimeError("the disk is full: #A102")

        home.inbox.trouble = broken
        said = await stage.say(stage.group, "李红梅", "#A102 裁切完成")
        await until(lambda: stage.acknowledged(said))
        assert stage.delivery(said).codes == [500, 500, 200]
        assert [m.message_id for m in home.inbox.all] == [said]
        assert home.adapter.counts["unkept"] == 2


async def test_a_slow_chat_does_not_hold_up_another(stage: FeishuStage) -> None:
    async with house(stage) as home:

        async def slow(message: Any) -> None:
            if message.chat == stage.group:
                await gate.wait()

        gate = asyncio.Event()
        home.inbox.trouble = slow
        await stage.say(stage.group, "李红梅", "慢")
        await stage.say(stage.private("周敏"), "周敏", "快")
        await home.inbox.until(1)
        gate.set()
        assert [m.text for m in await home.inbox.until(2)] == ["快", "慢"]


async def test_malformed_events_are_skipped_and_the_next_is_heard(
    stage: FeishuStage, caplog: pytest.LogCaptureFixture
) -> None:
    async with house(stage) as home:
        for event in (
            {"schema": "2.0"},
            stage.push.event("im.message.receive_v1", {"message": {"message_id": "om_bad"}}),
            stage.push.event("im.message.receive_v1", {"message": "A102 秘密"}),
            stage.push.event("im.chat.member.user.added_v1", {"chat_id": "oc_1"}),
        ):
            delivery = stage.push.bring(event)
            await until(lambda d=delivery: d.kept)  # type: ignore[misc]
        for raw in (b"", b"\xff\xff\xff", write(Frame(DATA, headers={"type": "event"}))):
            await stage.push.sockets[0].send_bytes(raw)
        await stage.push.sockets[0].send_str("text")
        await stage.say(stage.group, "李红梅", "#A102 裁切完成")
        await home.inbox.until(1)
        # an empty frame is no frame either: its required fields are missing
        await until(lambda: home.adapter.counts["malformed"] == 6)
        assert home.adapter.counts["ignored"] == 1
        assert stage.push.counts["connected"] == 1
    assert "om_bad" in caplog.text
    assert "秘密" not in caplog.text


async def test_events_in_parts_in_any_order(stage: FeishuStage) -> None:
    stage.push.parts = 5
    async with house(stage) as home:
        await stage.say(stage.group, "李红梅", "#A102 裁切完成")
        stage.push.backwards = True
        await stage.say(stage.group, "李红梅", "#A103 裁切完成")
        assert [m.text for m in await home.inbox.until(2)] == ["#A102 裁切完成", "#A103 裁切完成"]


async def test_events_out_of_order_and_twice(stage: FeishuStage) -> None:
    async with house(stage) as home:
        stage.push.holding = []
        said = [await stage.say(stage.group, "李红梅", f"#A10{n} 裁切完成") for n in range(3)]
        stage.push.release(backwards=True)
        heard = await home.inbox.until(3)
        assert [m.message_id for m in heard] == said[::-1]
        assert heard[0].at >= heard[2].at
        await until(lambda: all(map(stage.acknowledged, said)))
        await stage.again(said[0])
        await until(lambda: stage.delivery(said[0]).codes == [200, 200])
        assert (home.inbox.calls, len(home.inbox.all)) == (4, 3)


async def test_a_second_client_takes_some_of_the_events(stage: FeishuStage) -> None:
    async with house(stage) as one, house(stage) as two:
        await until(lambda: len(stage.push.sockets) == 2)
        for number in range(40):
            await stage.say(stage.group, "李红梅", f"#A1{number:02} 裁切完成")
        await until(lambda: len(one.inbox.all) + len(two.inbox.all) == 40)
        assert one.inbox.all
        assert two.inbox.all


async def test_an_event_that_came_while_we_were_away(stage: FeishuStage) -> None:
    async with house(stage) as home:
        stage.push.endpoint_answer = (503, {})
        stage.abort_sockets()
        await until(lambda: not stage.push.sockets)
        said = await stage.say(stage.group, "李红梅", "#A102 裁切完成")
        await until(lambda: stage.delivery(said).codes == [0])
        stage.push.endpoint_answer = None
        assert [m.message_id for m in await home.inbox.until(1)] == [said]


async def test_stopping_in_the_middle_acknowledges_nothing(stage: FeishuStage) -> None:
    async with house(stage) as home:

        async def never(message: object) -> None:
            await asyncio.Event().wait()

        home.inbox.trouble = never
        said = await stage.say(stage.group, "李红梅", "#A102 裁切完成")
        await until(lambda: home.inbox.calls == 1)
    assert not stage.acknowledged(said)


async def test_who_we_are_is_remembered_when_the_api_is_away(stage: FeishuStage) -> None:
    async with house(stage) as first:
        pass
    stage.api.hears_all = False
    stage.fail("bot", 11205, 400, times=99)
    async with house(stage, first.notes) as second:
        await stage.say(stage.group, "李红梅", "#A102 裁切完成")
        assert (await second.inbox.until(1))[0].mentions_bot


async def test_secrets_tickets_and_words_stay_out_of_the_log(
    stage: FeishuStage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with house(stage, **FAST) as home:

        def broken(message: Any) -> None:
            if message.said is Said.MESSAGE:
                raise RuntimeError("#A102 裁切完成")

        home.inbox.trouble = broken
        await stage.say(stage.group, "李红梅", "#A102 裁切完成")
        await until(lambda: home.adapter.counts["unkept"] == 1)
        stage.fail("send", 230001, 400)
        with pytest.raises(SendError) as caught:
            await home.adapter.send(Address("feishu", stage.group), Reply("answer", "绣花"), "k")
        stage.abort_sockets()
        await until(lambda: home.adapter.counts["reconnected"] == 1)
    ours = "\n".join(r.getMessage() for r in caplog.records if r.name.startswith("vitrine"))
    for secret in (stage.secret, "access_key", "裁切", "绣花", "李红梅", stage.user("李红梅")):
        assert secret not in ours + str(caught.value)
    assert all(token not in ours for token in stage.api.tokens)


async def test_the_loop_is_never_held_up(stage: FeishuStage) -> None:
    """Start, a platform that does not answer, thirty messages: no stall of 100 ms. A busy machine
    may stall us by itself, but not three times.
    """
    for _ in range(3):
        worst = await longest_stall(stage)
        if worst < 0.1:
            return
    raise AssertionError(worst)


async def longest_stall(stage: FeishuStage) -> float:
    worst = 0.0

    async def beat() -> None:
        nonlocal worst
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.005)
            worst = max(worst, time.monotonic() - began - 0.005)

    beating = asyncio.create_task(beat())
    stage.fail("send", status=504, delay=1.0)
    async with house(stage, call_timeout=0.5) as home:
        with pytest.raises(SendError):
            await home.adapter.send(Address("feishu", stage.group), Reply("answer", "在"), "k")
        for number in range(30):
            await stage.say(stage.group, "李红梅", f"#A1{number:02} 裁切完成")
        await home.inbox.until(30)
    beating.cancel()
    return worst


async def test_refused_connections_are_tried_again(stage: FeishuStage) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
    async with house(stage, listen=False, base_url=nobody) as home:
        listening = asyncio.create_task(home.adapter.listen(home.inbox.heard))
        await until(lambda: home.adapter.counts["dropped"] >= 3)
        assert home.adapter.state == "unreachable"
        assert not listening.done()
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)

"""Buttons that were pressed: every press is heard, and every press is answered once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from adapters.chat.port import Button, InboundMessage, Reply, Said
from tests.fakes.telegram import TelegramStage
from tests.fakes.telegram_bench import Bench, Notes, listening, served
from tests.fakes.telegram_faults import TROUBLE, Refusal

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


async def sent(bench: Bench, reply: Reply) -> str:
    return await bench.adapter.send(bench.to(), reply, "key")


async def test_a_press_of_a_long_button_works_after_a_restart(stage: TelegramStage) -> None:
    long, odd = "answer:" + "质" * 40, "~looks-like-a-short-form"
    notes = Notes()
    async with listening(stage, Bench(stage, notes)) as bench:
        await sent(bench, replace(SAID, buttons=(Button(long, "长"), Button(odd, "怪"))))
        await sent(bench, replace(SAID, buttons=(Button(long, "长"),)))
    assert len([k for k in notes.kept if k.startswith("telegram.button.")]) == 2
    async with listening(stage, Bench(stage, notes)) as bench:
        seen = stage.said(stage.group)[0]
        await stage.press(seen, "长", stage.user("李"))
        await stage.press(seen, "怪", stage.user("李"))
        await bench.until(lambda: len(bench.heard) == 2)
    assert [m.button for m in bench.heard] == [long, odd]
    assert {m.target for m in bench.heard} == {seen.id}


async def pressed(bench: Bench) -> InboundMessage:
    await sent(bench, replace(SAID, buttons=BUTTONS))
    await bench.stage.press(bench.stage.said(bench.stage.group)[-1], "是", bench.stage.user("李"))
    await bench.until(lambda: [m for m in bench.heard if m.said is Said.PRESSED])
    return next(m for m in bench.heard if m.said is Said.PRESSED)


async def test_a_press_is_answered_with_a_whisper(bench: Bench) -> None:
    press = await pressed(bench)
    li, to = bench.stage.user("李"), bench.to()
    words = Reply("answer", "裁切由李红梅报")
    assert not await bench.adapter.whisper(to, bench.stage.user("王"), words, press.message_id)
    assert await bench.adapter.whisper(to, li, words, press.message_id)
    assert await bench.adapter.whisper(to, li, words, press.message_id)
    assert not await bench.adapter.whisper(to, bench.stage.user("王"), words, press.message_id)
    assert await bench.adapter.whisper(to, li, words, "cb:7")
    assert not await bench.adapter.whisper(to, li, words, "-1001:7")
    assert not await bench.adapter.whisper(to, li, words, "")
    assert bench.adapter.counts["toast-lapsed"] == 2
    await asyncio.sleep(0.3)
    query = press.message_id.removeprefix("cb:")
    assert bench.stage.world.answers == [(query, "裁切由李红梅报", False)]


async def test_a_long_whisper_is_an_alert_and_is_cut(bench: Bench) -> None:
    press = await pressed(bench)
    words = Reply("answer", "裁" * 300)
    li = bench.stage.user("李")
    assert await bench.adapter.whisper(bench.to(), li, words, press.message_id)
    (_, text, alert) = bench.stage.world.answers[0]
    assert (len(text), text[-1], alert) == (200, "…", True)


async def test_a_press_without_a_whisper_is_answered_all_the_same(bench: Bench) -> None:
    press = await pressed(bench)
    await bench.until(lambda: bench.stage.world.answers)
    assert bench.stage.world.answers[0][1:] == ("", False)
    li = bench.stage.user("李")
    assert await bench.adapter.whisper(bench.to(), li, SAID, press.message_id)
    assert len(bench.stage.world.answers) == 1
    assert bench.adapter.counts["toast-lapsed"] == 1


async def test_a_press_does_not_hold_up_the_loop(bench: Bench) -> None:
    stage = bench.stage
    await sent(bench, replace(SAID, buttons=BUTTONS))
    seen = stage.said(stage.group)[0]
    for _ in range(3):
        await stage.press(seen, "是", stage.user("李"))
    name = await stage.say(stage.group, stage.user("李"), "A102 裁切完成")
    await bench.until(lambda: stage.acknowledged(name))
    assert stage.world.answers == []
    await bench.until(lambda: len(stage.world.answers) == 3)


async def test_a_press_that_is_none_of_ours_is_answered_too(bench: Bench) -> None:
    stage = bench.stage
    name = await sent(bench, replace(SAID, buttons=BUTTONS))
    stage.press_data(name, "", stage.user("李"))
    await bench.until(lambda: stage.world.answers)
    assert bench.heard == []


async def test_a_press_that_could_not_be_taken_in_is_answered_when_it_is(bench: Bench) -> None:
    failing = [True]

    def before(_: InboundMessage) -> None:
        if failing:
            raise RuntimeError("disk full")

    bench.before = before
    await sent(bench, replace(SAID, buttons=BUTTONS))
    await bench.stage.press(bench.stage.said(bench.stage.group)[0], "是", bench.stage.user("李"))
    await bench.until(lambda: bench.adapter.counts["failed"] >= 2)
    assert bench.stage.world.answers == []
    failing.clear()
    await bench.until(lambda: len(bench.stage.world.answers) == 1)


async def test_a_press_that_is_too_old_hurts_nobody(bench: Bench) -> None:
    bench.stage.faults.on("answerCallbackQuery", Refusal(400, "Bad Request: query is too old"))
    press = await pressed(bench)
    li = bench.stage.user("李")
    assert await bench.adapter.whisper(bench.to(), li, SAID, press.message_id)
    assert bench.adapter.counts["toast-lapsed"] == 1
    assert bench.adapter.state == "ok"


async def test_a_line_that_broke_shows_nothing(bench: Bench) -> None:
    bench.stage.faults.on("answerCallbackQuery", TROUBLE)
    press = await pressed(bench)
    li = bench.stage.user("李")
    assert not await bench.adapter.whisper(bench.to(), li, SAID, press.message_id)

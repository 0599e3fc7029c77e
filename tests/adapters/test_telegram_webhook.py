"""The webhook: nobody else gets in, and Telegram hears 200 only after the commit."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from adapters.chat.port import Button, InboundMessage, Reply
from adapters.chat.telegram.adapter import Options, build
from tests.fakes.telegram import TOKEN, TelegramStage
from tests.fakes.telegram_bench import QUICK, Bench, jpeg, listening, served
from tests.fakes.telegram_faults import BEFORE, Refusal

SECRET = "a-Secret_of-64"
HEADER = "X-Telegram-Bot-Api-Secret-Token"
PATH = "/webhooks/telegram"
UPDATE: dict[str, Any] = {
    "update_id": 700_000_901,
    "message": {
        "message_id": 7,
        "date": 1763951000,
        "from": {"id": 5, "is_bot": False, "first_name": "李"},
        "chat": {"id": 5, "type": "private", "first_name": "李"},
        "text": "A102 裁切完成",
    },
}


@pytest.fixture
async def stage() -> AsyncIterator[TelegramStage]:
    async with served(SECRET) as made:
        yield made


@pytest.fixture
async def bench(stage: TelegramStage) -> AsyncIterator[Bench]:
    """An adapter behind a web server of its own, as the house would serve it."""
    made = Bench(stage)

    async def serve(request: web.Request) -> web.StreamResponse:
        (hook,) = made.adapter.hooks
        assert (request.method, request.path) == (hook.method, hook.path)
        return await hook.handler(request)

    app = web.Application()
    app.router.add_post(PATH, serve)
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        async with listening(stage, made, webhook_secret=SECRET, public_url=url + "/"):
            yield made
    finally:
        await runner.cleanup()


async def post(bench: Bench, secret: str | None = SECRET, **content: Any) -> int:
    url = str(bench.stage.world.hook["url"])
    headers = {} if secret is None else {HEADER: secret}
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, headers=headers, **content) as answer,
    ):
        assert await answer.text() in ("", f"{answer.status}: {answer.reason}")
        return answer.status


async def test_the_webhook_is_set_and_brings_messages(bench: Bench, stage: TelegramStage) -> None:
    (asked,) = [p for m, p in stage.server.calls if m == "setwebhook"]
    assert asked["secret_token"] == SECRET
    assert asked["url"].endswith(PATH)
    assert "callback_query" in asked["allowed_updates"]
    name = await stage.say(stage.group, stage.user("李"), "#A102 裁切完成", (jpeg(),))
    await bench.until(lambda: stage.acknowledged(name))
    assert [m.message_id for m in bench.heard] == [name]


async def test_a_press_is_answered(bench: Bench, stage: TelegramStage) -> None:
    reply = Reply("answer", "是裁切完成吗？", buttons=(Button("q:1:yes", "是"),))
    await bench.adapter.send(bench.to(), reply, "key")
    await stage.press(stage.said(stage.group)[0], "是", stage.user("李"))
    await bench.until(lambda: bench.heard)
    press = bench.heard[0].message_id
    assert await bench.adapter.whisper(bench.to(), stage.user("李"), reply, press)
    assert len(stage.world.answers) == 1


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET + "x", "秘密"])
async def test_without_the_secret_nothing_is_heard(bench: Bench, secret: str | None) -> None:
    assert await post(bench, secret, json=UPDATE) == 401
    assert bench.heard == []
    assert bench.adapter.counts["refused.signature"] == 1


async def test_what_is_too_big_is_not_read(bench: Bench) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b"x" * 65536

    assert await post(bench, data=b"x" * (256 * 1024 + 1)) == 413
    assert await post(bench, data=chunks()) == 413
    assert bench.adapter.counts["refused.size"] == 2


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 200_000, b'"x"'])
async def test_what_is_no_update_is_a_bad_request(bench: Bench, body: bytes) -> None:
    assert await post(bench, data=body) == 400
    assert bench.adapter.counts["refused.body"] == 1


async def test_a_malformed_update_is_taken_off_telegrams_hands(bench: Bench) -> None:
    assert await post(bench, json={"update_id": 1, "message": {"text": "A102"}}) == 200
    assert await post(bench, json={}) == 200
    assert bench.adapter.counts["malformed"] == 2
    assert bench.heard == []


async def test_the_same_update_twice_has_one_message_id(bench: Bench) -> None:
    assert [await post(bench, json=UPDATE) for _ in range(2)] == [200, 200]
    assert [m.message_id for m in bench.heard] == ["5:7", "5:7"]


async def test_what_could_not_be_taken_in_comes_again(bench: Bench, stage: TelegramStage) -> None:
    failing = [True]

    def before(_: InboundMessage) -> None:
        if failing:
            raise RuntimeError("disk full")

    bench.before = before
    name = await stage.say(stage.group, stage.user("李"), "A102 裁切完成")
    await bench.until(lambda: bench.adapter.counts["failed"] >= 2)
    assert not stage.acknowledged(name)
    await bench.until(lambda: bench.adapter.state == "silent")
    (check,) = [c for c in await bench.adapter.examine() if c.code == "telegram.webhook"]
    assert check.well is False
    assert dict(check.facts)["fault"].startswith("Wrong response from the webhook: 503")
    failing.clear()
    await bench.until(lambda: stage.acknowledged(name))
    await bench.until(lambda: bench.adapter.state == "ok")


async def test_200_waits_for_the_commit(bench: Bench) -> None:
    gate = asyncio.get_running_loop().create_future()
    bench.before = lambda _: gate
    asked = asyncio.create_task(post(bench, json=UPDATE))
    await asyncio.sleep(0.1)
    assert not asked.done()
    gate.set_result(None)
    assert await asked == 200


async def test_a_webhook_that_somebody_took_is_taken_back(
    bench: Bench, stage: TelegramStage
) -> None:
    ours = stage.world.hook["url"]
    stage.world.hook = {"url": "https://elsewhere.example/", "secret": ""}
    await bench.until(lambda: stage.world.hook["url"] == ours)
    stage.world.hook = {}
    await bench.until(lambda: stage.world.hook)
    assert bench.alarms == ["conflict"]
    assert bench.adapter.counts["conflict"] == 1


async def test_trouble_and_a_refused_token_pass(bench: Bench, stage: TelegramStage) -> None:
    stage.faults.on("getWebhookInfo", BEFORE)
    stage.faults.on("setWebhook", BEFORE)
    await bench.until(lambda: bench.adapter.state == "unreachable")
    stage.faults.on("getWebhookInfo", Refusal(401, "Unauthorized"))
    await bench.until(lambda: bench.adapter.state == "refused")
    await bench.until(lambda: bench.adapter.state == "ok")
    assert bench.alarms == ["token"]


async def test_before_we_know_who_we_are_it_has_to_come_again(stage: TelegramStage) -> None:
    stage.faults.half_open = True
    bench = Bench(stage)
    async with listening(
        stage, bench, wait=False, webhook_secret=SECRET, public_url="https://v.example"
    ):
        app = web.Application()
        (hook,) = bench.adapter.hooks
        app.router.add_post(PATH, hook.handler)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        stage.world.hook = {"url": f"http://127.0.0.1:{runner.addresses[0][1]}{PATH}"}
        try:
            assert await post(bench, json=UPDATE) == 503
        finally:
            stage.world.hook = {}
            stage.faults.half_open = False
            await runner.cleanup()
    assert bench.heard == []


REFUSED_OPTIONS = [
    {"webhook_secret": "with space", "public_url": "https://v.example"},
    {"webhook_secret": "秘密", "public_url": "https://v.example"},
    {"webhook_secret": "x" * 257, "public_url": "https://v.example"},
    {"webhook_secret": SECRET, "public_url": ""},
    {"webhook_secret": SECRET, "public_url": "http://v.example"},
    {"webhook_secret": SECRET, "public_url": "ftp://127.0.0.1"},
    {"token": ""},
    {"token": "no token"},
    {"base_url": "api.telegram.org"},
    {"proxy": "nonsense://127.0.0.1:1"},
]


@pytest.mark.parametrize("options", REFUSED_OPTIONS)
async def test_settings_that_can_not_work_are_refused(
    stage: TelegramStage, options: dict[str, str]
) -> None:
    given = {"token": TOKEN, "base_url": stage.url} | options
    with pytest.raises(ValueError, match=r"^The .*Telegram") as caught:
        build(Options(**given), Bench(stage).lent())  # type: ignore[arg-type]
    for secret in (TOKEN, SECRET, options.get("proxy", "秘密"), "with space"):
        assert secret not in str(caught.value)


async def test_options_do_not_show_secrets() -> None:
    shown = repr(Options(TOKEN, proxy="http://me:pass@127.0.0.1:1", webhook_secret=SECRET))
    assert not any(s in shown for s in (TOKEN, SECRET, "pass"))


async def test_the_default_times_are_telegrams(stage: TelegramStage) -> None:
    adapter = build(Options(TOKEN, stage.url), Bench(stage).lent())
    assert adapter.hooks == ()
    assert adapter.state == "starting"
    assert QUICK.poll < 1 < Options(TOKEN).times.poll <= 50
    started = time.monotonic()
    await adapter.close()
    assert time.monotonic() - started < 1

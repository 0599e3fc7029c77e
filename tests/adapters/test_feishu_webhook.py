"""The webhook: only Feishu is listened to, and only what is kept is acknowledged."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from adapters.chat.feishu.adapter import Options, build
from adapters.chat.feishu.seal import Broken, decrypt
from adapters.chat.port import Button, Lent, Reply, Said
from domain.person import Address
from tests.fakes.feishu import FeishuStage
from tests.fakes.feishu_lent import House, Notes, house, options, until

JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def stage() -> AsyncIterator[FeishuStage]:
    stage = FeishuStage("webhook")
    await stage.start()
    yield stage
    await stage.stop()


@asynccontextmanager
async def served(stage: FeishuStage, **more: Any) -> AsyncIterator[House]:
    async with house(stage, **more) as home:
        app = web.Application()
        for hook in home.adapter.hooks:
            app.router.add_route(hook.method, hook.path, hook.handler)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        stage.hook(f"http://127.0.0.1:{runner.addresses[0][1]}{home.adapter.hooks[0].path}")
        try:
            yield home
        finally:
            await runner.cleanup()


def event(stage: FeishuStage, text: str = "#A102 裁切完成") -> dict[str, Any]:
    message = {
        "message_id": stage.books.fresh("om_"),
        "chat_id": stage.group,
        "chat_type": "group",
        "create_time": str(int(time.time() * 1000)),
        "message_type": "text",
        "content": json.dumps({"text": text}),
    }
    sender = {"sender_id": {"open_id": stage.user("李红梅")}, "sender_type": "user"}
    return stage.push.event("im.message.receive_v1", {"sender": sender, "message": message})


async def test_a_report_a_press_and_an_answer(stage: FeishuStage) -> None:
    async with served(stage) as home:
        said = await stage.say(stage.group, "李红梅", "#A102 裁切完成")
        assert (await home.inbox.until(1))[0].message_id == said
        await until(lambda: stage.acknowledged(said))
        assert stage.delivery(said).answers == ["{}"]
        reply = Reply("ask", "?", buttons=(Button("y", "是"),))
        await home.adapter.send(Address("feishu", stage.group), reply, "k")
        await stage.press(stage.said(stage.group)[0], "是", "李红梅")
        assert (await home.inbox.until(2))[1].said is Said.PRESSED
        assert home.adapter.state == "ok"
        assert stage.push.counts["endpoint"] == 0


async def test_the_address_is_verified(stage: FeishuStage) -> None:
    async with served(stage) as home:
        assert (await stage.push.challenge("wrong"))[0] == 401
        assert home.adapter.counts["refused.token"] == 1
        status, answer = await stage.push.challenge()
        assert (status, json.loads(answer)) == (200, {"challenge": "ajls384kdjx98XX"})
        body = stage.push.sealed({"type": "url_verification", "token": "x", "challenge": "y"})
        assert (await stage.push.post(body, stage.push.signed(body)))[0] == 401
        checks = {c.code: c.well for c in await home.adapter.examine()}
        assert checks["feishu.events"] is True


async def test_forged_stale_replayed_and_unsigned(stage: FeishuStage) -> None:
    async with served(stage) as home:
        post, body = stage.push.post, stage.push.sealed(event(stage))
        good = stage.push.signed(body)
        assert (await post(body, {**good, "X-Lark-Signature": "0" * 64}))[0] == 401
        assert (await post(body, {**good, "X-Lark-Signature": "é"}))[0] == 401
        assert (await post(body + b" ", good))[0] == 401
        assert (await post(body, {**good, "X-Lark-Request-Nonce": "other"}))[0] == 401
        for missing in ("X-Lark-Signature", "X-Lark-Request-Timestamp"):
            assert (await post(body, {k: v for k, v in good.items() if k != missing}))[0] == 401
        assert (await post(body, JSON))[0] == 401
        assert (await post(b"{}", JSON))[0] == 401
        assert home.adapter.counts["refused.signature"] == 8
        for offset in (-301, 302):
            stale = stage.push.signed(body, at=time.time() + offset)
            assert (await post(body, stale))[0] == 401
        assert home.adapter.counts["refused.stale"] == 2
        assert home.inbox.calls == 0
        assert (await post(body, good))[0] == 200
        assert (await post(body, good))[0] == 403
        assert home.adapter.counts["refused.replayed"] == 1
        assert home.inbox.calls == 1


async def test_a_wrong_token_inside_a_good_envelope(stage: FeishuStage) -> None:
    async with served(stage) as home:
        forged = event(stage)
        forged["header"]["token"] = "another"
        body = stage.push.sealed(forged)
        assert (await stage.push.post(body, stage.push.signed(body)))[0] == 401
        assert (home.adapter.counts["refused.token"], home.inbox.calls) == (1, 0)


async def test_a_request_that_was_not_kept_may_come_again(stage: FeishuStage) -> None:
    async with served(stage) as home:

        def broken(message: object) -> None:
            if home.inbox.calls == 1:
                raise RuntimeError

        home.inbox.trouble = broken
        body = stage.push.sealed(event(stage))
        headers = stage.push.signed(body)
        codes = [(await stage.push.post(body, headers))[0] for _ in range(3)]
        assert codes == [500, 200, 403]


async def test_a_slow_commit_is_no_acknowledgement(stage: FeishuStage) -> None:
    stage.push.speed = 15 / 0.2
    async with served(stage, commit_wait=0.1) as home:

        async def slow(message: object) -> None:
            await asyncio.sleep(0.25 if home.inbox.calls == 1 else 0)

        home.inbox.trouble = slow
        said = await stage.say(stage.group, "李红梅", "#A102 裁切完成")
        await until(lambda: stage.acknowledged(said))
        assert stage.delivery(said).codes[0] == 500
        assert len(home.inbox.all) == 1


async def test_too_long_a_body(stage: FeishuStage) -> None:
    async with served(stage) as home:
        body = json.dumps({"encrypt": "A" * 300_000}).encode()
        assert (await stage.push.post(body, stage.push.signed(body)))[0] == 413
        assert home.adapter.counts["refused.too-long"] == 1


async def test_nonsense_from_feishu_itself_is_skipped(stage: FeishuStage) -> None:
    async with served(stage) as home:
        key = stage.push.sealed
        for body in (b"no json", b"[]", b'{"encrypt": "AAAA"}', key({}), key({"schema": "2.0"})):
            assert (await stage.push.post(body, stage.push.signed(body)))[0] == 200
        assert home.adapter.counts["malformed"] == 5
        old = {"uuid": "1", "token": stage.push.verification_token, "event": {"type": "message"}}
        assert (await stage.push.post(key(old), stage.push.signed(key(old))))[0] == 401
        body = key(old)
        assert (await stage.push.post(body, stage.push.signed(body)))[0] == 200
        assert home.inbox.calls == 0


async def test_before_anybody_listens_nothing_is_acknowledged(stage: FeishuStage) -> None:
    async with served(stage, listen=False, commit_wait=0.1) as home:
        body = stage.push.sealed(event(stage))
        headers = stage.push.signed(body)
        assert (await stage.push.post(body, headers))[0] == 500
        listening = asyncio.create_task(home.adapter.listen(home.inbox.heard))
        await stage.connected()
        assert (await stage.push.post(body, headers))[0] == 200
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def test_it_waits_for_good_credentials(stage: FeishuStage) -> None:
    stage.api.secret = "another"
    async with house(stage, listen=False, refused_pause=0.05) as home:
        listening = asyncio.create_task(home.adapter.listen(home.inbox.heard))
        await until(lambda: home.adapter.state == "refused")
        stage.api.secret = stage.secret
        await until(lambda: home.adapter.state == "ok")
        assert [code for code, _ in home.alarms] == ["credentials"]
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


@pytest.mark.parametrize(
    "settings",
    [
        Options("", "secret"),
        Options("cli_1", ""),
        Options("cli_1", "s", mode="pigeon"),
        Options("cli_1", "s", base_url="open.feishu.cn"),
        Options("cli_1", "s", base_url="https://"),
        Options("cli_1", "s", base_url="ws://open.feishu.cn"),
        Options("cli_1", "s", base_url="http://["),
        Options("cli_1", "s", mode="webhook"),
        Options("cli_1", "s", mode="webhook", encrypt_key="k"),
        Options("cli_1", "s", mode="webhook", verification_token="t"),
    ],
)
def test_what_can_not_work_is_not_built(settings: Options) -> None:
    with pytest.raises(ValueError, match="Feishu"):
        build(settings, Lent(Notes(), _no_alarm, _no_clock))


def test_the_long_connection_needs_no_address(stage: FeishuStage) -> None:
    stage.mode = "websocket"
    assert build(options(stage), Lent(Notes(), _no_alarm, _no_clock)).hooks == ()


async def _no_alarm(code: str, facts: object) -> None:
    raise AssertionError(code)


def _no_clock() -> Any:
    raise AssertionError


def test_the_published_vector() -> None:
    sealed = "P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk="
    assert decrypt("test key", sealed) == b"hello world"


@pytest.mark.parametrize(
    "sealed", ["", "?", base64.b64encode(bytes(16)).decode(), base64.b64encode(bytes(33)).decode()]
)
def test_what_can_not_be_decrypted(sealed: str) -> None:
    with pytest.raises(Broken):
        decrypt("test key", sealed)

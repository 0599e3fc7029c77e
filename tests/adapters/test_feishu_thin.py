"""A Feishu that was written from its documentation alone: times and ids as numbers or not at all,
addresses that are not there, verification in the open; and events that are poison.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.chat.feishu.adapter import build
from adapters.chat.feishu.calls import Calls, Request
from adapters.chat.feishu.content import quoted
from adapters.chat.feishu.hearing import heard, opened
from adapters.chat.port import InboundMessage, Lent, Reply, Said
from domain.person import Address
from tests.adapters.test_feishu_webhook import JSON, served
from tests.fakes.feishu import FeishuStage
from tests.fakes.feishu_lent import Notes, house, options, until

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
AT = datetime(2026, 11, 23, 6, 24, 21, 904000, UTC)
MILLIS = 1795415061904


@pytest.fixture
async def stage() -> AsyncIterator[FeishuStage]:
    stage = FeishuStage()
    await stage.start()
    yield stage
    await stage.stop()


def event(message: dict[str, Any] | None = None, **header: Any) -> dict[str, Any]:
    body = {
        "message_id": "om_1",
        "chat_id": "oc_1",
        "message_type": "text",
        "content": json.dumps({"text": "A102 裁切完成"}),
    }
    sender = {"sender_id": {"open_id": "ou_1"}}
    head = {"event_type": "im.message.receive_v1"} | header
    return {"header": head, "event": {"sender": sender, "message": body | (message or {})}}


def said(found: dict[str, Any]) -> InboundMessage:
    envelope = opened(json.dumps(found).encode())
    assert envelope is not None
    message = heard(envelope, "ou_bot", NOW)
    assert message is not None
    return message


@pytest.mark.parametrize("at", [MILLIS, str(MILLIS), MILLIS * 1000, str(MILLIS * 1000)])
def test_times_are_numbers_or_texts(at: object) -> None:
    assert said(event({"create_time": at})).at == AT
    assert said(event(create_time=at)).at == AT
    assert said(event({"create_time": MILLIS // 1000})).at == AT.replace(microsecond=0)


@pytest.mark.parametrize("at", ["soon", "", 0, -5, 10**17, "9" * 19, "9" * 30, None, {}, 1.5, True])
def test_a_strange_time_is_now(at: object) -> None:
    assert said(event({"create_time": at})).at == NOW
    assert said(event({"create_time": at}, create_time=MILLIS)).at == AT


def test_the_bare_necessities_are_heard() -> None:
    message = said(event())
    assert (message.message_id, message.sender, message.at) == ("om_1", "ou_1", NOW)
    numbered = said(event({"message_id": 7, "chat_id": 8, "parent_id": "om_1?x=/../y"}))
    assert (numbered.message_id, numbered.chat, numbered.reply_to) == ("7", "8", "")
    assert said(event({"content": {"text": "A103"}})).text == "A103"


async def test_poison_is_skipped_and_the_next_is_heard(
    stage: FeishuStage, caplog: pytest.LogCaptureFixture
) -> None:
    async with house(stage) as home:

        def before(message: InboundMessage) -> None:
            if message.text == "毒":
                raise KeyError("毒")

        home.inbox.trouble = before
        poison = await stage.say(stage.group, "李红梅", "毒")
        await stage.say(stage.group, "李红梅", "#A102 裁切完成")
        assert [m.text for m in await home.inbox.until(1)] == ["#A102 裁切完成"]
        await until(lambda: stage.acknowledged(poison))
        assert home.adapter.counts["malformed"] == 1
        assert home.adapter.counts["unkept"] == 0
    assert poison in caplog.text
    assert "毒" not in caplog.text


async def test_what_fails_for_ever_is_given_up_loudly(stage: FeishuStage) -> None:
    async with served_webhook() as (hooked, home):

        def before(_: InboundMessage) -> None:
            raise RuntimeError("毒")

        home.inbox.trouble = before
        body = hooked.push.sealed(_full(hooked))
        headers = hooked.push.signed(body)
        codes = [(await hooked.push.post(body, headers))[0] for _ in range(10)]
        assert codes == [500] * 9 + [200]
        assert home.adapter.counts["given-up"] == 1


class served_webhook:  # noqa: N801
    """A stage in webhook mode with a house that serves its hook."""

    async def __aenter__(self) -> Any:
        self.stage = FeishuStage("webhook")
        await self.stage.start()
        self.home = served(self.stage)
        return self.stage, await self.home.__aenter__()

    async def __aexit__(self, *failure: Any) -> None:
        await self.home.__aexit__(*failure)
        await self.stage.stop()


def _full(stage: FeishuStage) -> dict[str, Any]:
    found = event()
    found["header"] |= {"event_id": "e1", "token": stage.push.verification_token}
    return found


async def test_verification_in_the_open() -> None:
    async with served_webhook() as (stage, home):
        ask = {"type": "url_verification", "token": "wrong", "challenge": "c"}
        post = stage.push.post
        assert (await post(json.dumps(ask).encode(), JSON))[0] == 401
        assert home.adapter.counts["refused.token"] == 1
        ask["token"] = stage.push.verification_token
        status, answer = await post(json.dumps(ask).encode(), JSON)
        assert (status, json.loads(answer)) == (200, {"challenge": "c"})
        plain = json.dumps(_full(stage)).encode()
        assert (await post(plain, JSON))[0] == 401
        assert home.inbox.calls == 0


@pytest.mark.parametrize("answer", [(404, "no"), (400, '{"code":99,"msg":"x"}'), (200, "[]")])
async def test_without_our_own_name_we_connect(stage: FeishuStage, answer: tuple[int, str]) -> None:
    stage.api.raw["bot"] = answer
    async with house(stage) as home:
        await stage.say(stage.group, "李红梅", "#A102 裁切完成")
        await home.inbox.until(1)
        assert home.adapter.state == "ok"
        assert home.alarms == []


@pytest.mark.parametrize("answer", [(503, ""), (429, "")])
async def test_a_passing_trouble_is_waited_out(stage: FeishuStage, answer: tuple[int, str]) -> None:
    stage.api.raw["bot"] = answer
    async with house(stage, listen=False) as home:
        listening = asyncio.create_task(home.adapter.listen(home.inbox.heard))
        await until(lambda: home.adapter.state == "unreachable")
        stage.api.raw.clear()
        await until(lambda: home.adapter.state == "ok")
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def test_a_thin_token_is_a_token(stage: FeishuStage) -> None:
    stage.api.tokens["t-thin"] = float("inf")
    stage.api.raw["token"] = (200, '{"tenant_access_token": "t-thin"}')
    async with house(stage) as home:
        await home.adapter.send(Address("feishu", stage.group), Reply("answer", "在"), "k")
        assert [s.text for s in stage.said(stage.group)] == ["在"]


async def test_nobody_listens_is_not_a_fault(stage: FeishuStage) -> None:
    async with house(stage, listen=False) as home:
        checks = {c.code: c.well for c in await home.adapter.examine()}
        assert checks["feishu.events"] is None
        assert checks["feishu.credentials"] is True
        listening = asyncio.create_task(home.adapter.listen(home.inbox.heard))
        await stage.connected()
        await until(lambda: home.adapter.state == "ok")
        assert {c.code: c.well for c in await home.adapter.examine()}["feishu.events"] is True
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def test_ids_can_not_leave_their_place_in_an_address(
    stage: FeishuStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def ask(_: Calls, request: Request) -> dict[str, Any]:
        asked.append(request.path)
        return {"data": {"message_id": "om_2", "reaction_id": "a/../b"}}

    monkeypatch.setattr(Calls, "ask", ask)
    adapter = build(options(stage), Lent(Notes(), _silent, lambda: NOW))
    to, odd = Address("feishu", "oc_1"), "om_/../x?y#z"
    await adapter.react(to, odd, "recorded")
    await adapter.react(to, odd, "")
    await adapter.edit(to, odd, Reply("answer", "新"))
    await adapter.send(to, Reply("answer", "在", reply_to=odd), "k")
    urgent = Reply("answer", "在", urgent=True, mention=(("李", "ou_1"),))
    await adapter.send(to, urgent, "k")
    await adapter.close()
    safe = quoted(odd)
    assert safe == "om_%2F..%2Fx%3Fy%23z"
    assert [path.removeprefix("/open-apis/im/v1/messages") for path in asked] == [
        f"/{safe}/reactions",
        f"/{safe}/reactions/a%2F..%2Fb",
        f"/{safe}",
        f"/{safe}/reply",
        "",
        "/om_2/urgent_app",
    ]


async def _silent(code: str, facts: object) -> None:
    raise AssertionError(code)


def test_a_press_without_an_id_is_malformed_and_a_join_by_union_id_is_not() -> None:
    joined = event(event_type="im.chat.member.bot.added_v1", event_id=5)
    joined["event"] = {"chat_id": "oc_1", "operator_id": {"union_id": "on_1"}}
    message = said(joined)
    assert (message.said, message.message_id, message.sender) == (Said.JOINED, "5", "on_1")

"""What WeCom's smart bot hears, by payloads in the platform's shape."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.chat.port import InboundMessage, Said
from adapters.chat.wecom import hearing
from adapters.chat.wecom.hearing import Malformed, learned, said, without
from tests.fakes.wecom_house import house

PAYLOADS = Path(__file__).parents[1] / "payloads/wecom"
NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
GROUP = "wrkSFfCgAAxxTeAm_Caiqie7Q"


def payload(name: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))
    return body


def heard(name: str) -> InboundMessage:
    message = said(payload(name), NOW, "小进")
    assert message is not None
    return message


def test_group_text() -> None:
    message = heard("text")
    assert message == InboundMessage(
        "wecom", "", GROUP, "CAIQ16HMjQYY/NGagIOAgAMgq4KM0AI=", "LiHongMei",
        datetime.fromtimestamp(1764032400, UTC), text="#A102 裁切完成", mentions_bot=True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "kinds"),
    [
        ("text_private", "A102 到哪了", []),
        ("text_quote_image", "A102 裁切完成", ["photo"]),
        ("text_quote_mixed", "A102 裁切完成", ["photo", "photo"]),
        ("text_quote_text", "撤回", []),
        ("mixed", "#A102 裁切完成\n还差两件", ["photo", "photo"]),
        ("image", "", ["photo"]),
        ("voice", "A102裁切完成", []),
        ("file", "", ["photo"]),
        ("file_named", "", ["photo"]),
        ("file_sheet", "", []),
        ("video", "", ["video"]),
    ],
)
def test_kinds(name: str, text: str, kinds: list[str]) -> None:
    message = heard(name)
    assert (message.text, [m.kind for m in message.media]) == (text, kinds)
    for media in message.media:
        ref = json.loads(media.ref)
        assert ref["url"].startswith("https://ww-aibot-img")
        assert ref["key"]
        assert ref["kind"] == media.kind


def test_kinds_that_say_nothing_are_ignored() -> None:
    assert said(payload("unknown"), NOW, "") is None


@pytest.mark.parametrize(("name", "chat"), [("press", GROUP), ("press_flat", "LiHongMei")])
def test_presses(name: str, chat: str) -> None:
    press = hearing.pressed(payload(name), NOW)
    assert press is not None
    assert (press.said, press.chat, press.sender) == (Said.PRESSED, chat, "LiHongMei")
    assert press.target == "vitrine-5d41402abc4b2a76b9719d911017c592"
    assert press.button in ("undo:A102/3", "yes")


def test_the_button_without_meaning_is_ignored() -> None:
    body = payload("press_flat")
    body["event"]["event_key"] = hearing.IDLE
    assert hearing.pressed(body, NOW) is None


def test_what_is_copied_from_us_is_as_it_was() -> None:
    body = payload("text_private") | {"text": {"content": "\u200b# 120\u221780 \u02cbx\u02cb"}}
    message = said(body, NOW, "")
    assert message is not None
    assert message.text == "# 120*80 `x`"


@pytest.mark.parametrize("stamp", [None, 0, -5, "", "soon", 10**18, {}, []])
def test_without_a_moment_it_is_now(stamp: object) -> None:
    body = payload("text") | {"create_time": stamp}
    message = said(body, NOW, "")
    assert message is not None
    assert message.at == NOW


@pytest.mark.parametrize("missing", ["msgid", "from", "msgtype", "text", "chatid"])
def test_what_lacks_a_part_is_malformed(missing: str) -> None:
    body = payload("text")
    del body[missing]
    with pytest.raises(Malformed):
        said(body, NOW, "")


@pytest.mark.parametrize(
    ("text", "name", "left"),
    [
        ("@小进 A102 裁切完成", "", "A102 裁切完成"),
        ("@小进\u2005A102 裁切完成", "", "A102 裁切完成"),
        ("  @小进  A102", "小进", "A102"),
        ("A102 裁切完成 @小进", "小进", "A102 裁切完成"),
        ("@李姐 @小进 A102 看一下", "小进", "@李姐 A102 看一下"),
        ("@小进 @李姐 A102 看一下", "", "@李姐 A102 看一下"),
        ("@新名字 A102", "小进", "A102"),
        ("A102 裁切完成", "小进", "A102 裁切完成"),
        ("@小进", "小进", ""),
        ("@小进步 A102 @小进", "小进", "@小进步 A102"),
    ],
)
def test_the_call_of_the_bot_is_left_out(text: str, name: str, left: str) -> None:
    assert without(text, name) == left


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("@小进 A102", "小进"),
        ("A102 好了 @小进", "小进"),
        ("@李姐 @小进 A102", ""),
        ("A102", ""),
        ("@小进 联系 a@b.com 或 https://x.example/@you", "小进"),
    ],
)
def test_the_name_is_learned_where_it_is_sure(text: str, name: str) -> None:
    assert learned(payload("text") | {"text": {"content": text}}) == name
    assert learned(payload("text_private") | {"text": {"content": text}}) == ""


async def test_the_learned_name_outlives_a_restart() -> None:
    async with house() as here:
        lead, group = here.stage.user("李红梅"), here.stage.group
        await here.stage.say(group, lead, "A102 裁切完成")
        await here.until(1)
        await here.restart()
        await here.stage.connected()
        body = here.stage._body(group, lead) | {"msgtype": "text"}
        await here.stage.tell(body | {"text": {"content": "@李姐 @小进 A102 看一下"}})
        assert (await here.until(2))[1].text == "@李姐 A102 看一下"


async def test_every_payload_goes_over_the_wire_and_none_stops_the_next() -> None:
    async with house() as here:
        names = sorted(p.stem for p in PAYLOADS.glob("*.json") if p.stem != "vectors")
        for number, name in enumerate(names):
            if name == "disconnected":
                continue
            body = payload(name) | {"msgid": f"m{number}"}
            event = body["msgtype"] == "event"
            cmd = "aibot_event_callback" if event else "aibot_msg_callback"
            await here.stage.bot.tell(cmd, body, "event" if event else "msg")
        last = await here.stage.say(here.stage.group, "LiHongMei", "完")
        while last not in {m.message_id for m in here.heard}:
            await here.until(len(here.heard) + 1)
        assert here.adapter.counts["malformed"] == 0
        assert here.adapter.counts["ignored"] == 2  # what people say about answers, and a place

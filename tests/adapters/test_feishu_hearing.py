"""Feishu's events, in the shapes that its pages document, as what was heard."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.chat.feishu.content import Malformed
from adapters.chat.feishu.hearing import heard, opened
from adapters.chat.port import InboundMessage, Said

PAYLOADS = Path(__file__).parents[1] / "payloads" / "feishu"
BOT = "ou_" + "b0" * 16
GROUP = "oc_5ce6d572455d361153b7xx51da133945"
MESSAGE = "om_5ce6d572455d361153b7cb51da133945"
LI, ZHOU = "ou_" + "1" * 32, "ou_" + "3" * 32
NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
SAID_AT = datetime(2026, 11, 23, 6, 24, 21, 904000, UTC)
UNHEARD = [
    *("file_sheet", "sticker", "share_chat", "interactive", "pressed_foreign"),
    *("read", "reaction", "entered"),
]


def payload(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))
    return found


def said(event: dict[str, Any], bot: str = BOT) -> InboundMessage | None:
    envelope = opened(json.dumps(event).encode())
    assert envelope is not None
    return heard(envelope, bot, NOW)


def known(name: str) -> InboundMessage:
    message = said(payload(name))
    assert message is not None
    return message


def test_a_text() -> None:
    assert known("text") == InboundMessage(
        "feishu", "", GROUP, MESSAGE, LI, SAID_AT, text="#A102 裁切完成"
    )


def test_mentions_are_names_and_ours_is_gone() -> None:
    message = known("text_mentions")
    assert message.text == "A104 绣花机坏了 @黄工 @马师傅 修到下午"
    assert message.mentions_bot


def test_a_mention_of_another_bot_is_none_of_ours() -> None:
    message = said(payload("text_mentions"), bot="ou_another")
    assert message is not None
    assert not message.mentions_bot
    assert message.text.startswith("@小橱 A104")


def test_everybody_is_not_us() -> None:
    message = known("text_everybody")
    assert (message.text, message.mentions_bot) == ("@all 明天停电，A102 不能做", False)


def test_a_private_chat() -> None:
    message = known("text_private")
    assert (message.private, message.sender, message.text) == (True, ZHOU, "A102到哪了")


def test_an_answer_names_its_parent_and_not_the_root() -> None:
    assert known("text_reply").reply_to == "om_3ce6d572455d361153b7cb51da133947"


def test_an_app_speaks() -> None:
    assert known("text_from_app").from_bot


def test_a_rich_text_keeps_words_links_pictures_and_clips() -> None:
    message = known("post")
    assert message.text == "裁床日报\nA102 裁切完成，工艺单\n@"
    assert message.mentions_bot
    assert [m.kind for m in message.media] == ["photo", "photo", "video"]
    assert message.media[0].ref.startswith(f"image:{MESSAGE}/img_v3_02ab_0c57")
    assert message.media[2].ref == f"video:{MESSAGE}/file_v3_02ab_2c57"
    assert message.media[2].thumb_ref == f"image:{MESSAGE}/img_v3_02ab_3c57"


def test_a_rich_text_under_a_locale() -> None:
    assert known("post_locale").text == "A103 后道完成"


@pytest.mark.parametrize(
    ("name", "kind", "ref"),
    [
        ("image", "photo", "image:"),
        ("media", "video", "video:"),
        ("audio", "voice", "voice:"),
        ("file_photo", "photo", "file:"),
    ],
)
def test_media(name: str, kind: str, ref: str) -> None:
    media = known(name).media
    assert [m.kind for m in media] == [kind]
    assert media[0].ref.startswith(f"{ref}{MESSAGE}/")


@pytest.mark.parametrize("name", ["merge_forward", "merge_forward_plain"])
def test_forwarded_messages_say_so(name: str) -> None:
    message = known(name)
    assert (message.forwarded, message.text) == (True, "")


def test_a_recall_tells_what_but_not_who() -> None:
    message = known("recalled")
    assert (message.said, message.target, message.sender) == (Said.RECALLED, MESSAGE, "")
    assert message.message_id == f"{MESSAGE}#recalled"
    assert message.at == datetime(2026, 11, 23, 6, 24, 32, tzinfo=UTC)


def test_a_press_has_its_time_in_microseconds() -> None:
    message = known("pressed")
    assert (message.said, message.button, message.sender) == (Said.PRESSED, "undo/102", LI)
    assert message.target == "om_574d639e4a44e4dd646eaf628e2a6bd7"
    assert message.message_id == "f7984f25108f8137722bb63cee927e66"
    assert message.at == datetime(2026, 11, 23, 6, 24, 40, tzinfo=UTC)


def test_a_value_that_an_old_client_hands_back_as_a_text() -> None:
    event = payload("pressed")
    event["event"]["action"]["value"] = json.dumps({"b": "undo/102"})
    message = said(event)
    assert message is not None
    assert message.button == "undo/102"


@pytest.mark.parametrize(
    ("name", "what"),
    [("bot_added", Said.JOINED), ("bot_deleted", Said.LEFT), ("disbanded", Said.LEFT)],
)
def test_belonging_to_a_chat(name: str, what: Said) -> None:
    message = known(name)
    assert (message.said, message.chat, message.title) == (what, GROUP, "禾禾生产群")
    assert message.sender == ZHOU


@pytest.mark.parametrize("name", UNHEARD)
def test_what_says_nothing_to_us(name: str) -> None:
    assert said(payload(name)) is None


def test_the_old_schema_is_passed_over() -> None:
    assert opened(json.dumps(payload("old_message")).encode()) is None


def test_every_payload_is_read_here() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    assert [p.stem for p in PAYLOADS.glob("*.json") if f'"{p.stem}"' not in text] == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("header", {}),
        ("header.event_type", ""),
        ("event.message.message_id", ""),
        ("event.message.message_id", "om_/../x"),
        ("event.message.chat_id", None),
        ("event.message.content", "no json"),
        ("event.message.content", "[]"),
        ("event.message.content", '{"text": 7}'),
        ("event.message.content", "[" * 100_000),
        ("event.sender", None),
        ("event.sender.sender_id", {"open_id": None}),
        ("event", []),
    ],
)
def test_what_is_not_as_documented_is_malformed(path: str, value: object) -> None:
    event = payload("text")
    *way, last = path.split(".")
    place = event
    for name in way:
        place = place[name]
    place[last] = value
    with pytest.raises(Malformed):
        said(event)


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b'{"a": 1}', b"\xff", b"[" * 100_000])
def test_bytes_that_are_no_event(raw: bytes) -> None:
    with pytest.raises(Malformed):
        opened(raw)


def test_broken_characters_do_not_reach_the_store() -> None:
    event = payload("text")
    event["event"]["message"]["content"] = '{"text": "A102\\u0000 \\ud83d 裁切完成"}'
    message = said(event)
    assert message is not None
    assert message.text == "A102 ? 裁切完成"


def test_a_malformed_mention_does_not_hide_the_words() -> None:
    event = payload("text_mentions")
    event["event"]["message"]["mentions"] = [None, 3, {"key": 1}, {"id": "x"}]
    message = said(event)
    assert message is not None
    assert message.text == "A104 绣花机坏了 修到下午"

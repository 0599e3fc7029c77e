"""Every shape in which Telegram tells something, and what is heard of it."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.chat.port import InboundMessage, Said
from adapters.chat.telegram.hearing import Me, hear, name_of, place_of

HERE = Path(__file__).parents[1] / "payloads" / "telegram"
ME = Me(8_000_000_001, "vitrine_test_bot")
NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
GROUP = "-1001700000001"
LI, EMMA, WANG = "512345678", "623456789", "734567890"
MADE = 1763951000


def payload(name: str) -> dict[str, Any]:
    return dict(json.loads((HERE / f"{name}.json").read_text(encoding="utf-8")))


def heard(name: str) -> InboundMessage | None:
    return hear(payload(name), ME, NOW)


def photo(tag: str) -> str:
    return f"photo:153212:AgACAgUAAxkBAAI{tag}yQACNgQ"


THUMB = "photo:9120:AAMCBQADGQEAAthumb"
EXPECTED: dict[str, dict[str, Any]] = {
    "text_group": {
        "text": "#A102 裁切完成",
        "chat": GROUP,
        "message_id": f"{GROUP}:101",
        "sender": LI,
        "sender_name": "红梅 李",
        "title": "裁床一组",
        "private": False,
        "mentions_bot": False,
        "at": datetime.fromtimestamp(MADE + 101, UTC),
    },
    "text_private_start": {
        "text": "/start c-7Qm2Xw",
        "chat": EMMA,
        "message_id": f"{EMMA}:12",
        "private": True,
        "title": "",
    },
    "photo_caption": {"text": "#A102 裁切完成", "refs": [("photo", photo("ph1"), "")]},
    "photo_bare": {"text": "", "refs": [("photo", photo("ph2"), "")], "album": ""},
    "album_1": {
        "text": "#A102 裁切完成",
        "album": "13912345678901234",
        "refs": [("photo", photo("al1"), "")],
    },
    "album_2": {
        "text": "",
        "album": "13912345678901234",
        "refs": [("photo", photo("al2"), "")],
    },
    "document_photo": {
        "text": "A103 质检",
        "refs": [("photo", "photo:2834211:BQACAgUAAxkBAAIdocphoto", "")],
        "name": "IMG_2041.HEIC",
    },
    "document_photo_no_mime": {"refs": [("photo", "photo:1834211:BQACAgUAAxkBAAInomime", "")]},
    "document_pdf_caption": {"text": "A104 绣花开始", "refs": []},
    "video": {
        "text": "A102 车缝",
        "refs": [("video", "video:4834211:BAACAgUAAxkBAAIvideo", THUMB)],
        "name": "VID_0090.mp4",
    },
    "video_document": {"refs": [("video", "video:14834211:BQACAgUAAxkBAAIvdoc", THUMB)]},
    "animation": {"refs": [("video", "video:234211:CgACAgUAAxkBAAIanim", THUMB)]},
    "video_note": {"refs": [("video", "video:734211:DQACAgUAAxkBAAInote", THUMB)]},
    "voice": {"refs": [("voice", "voice:15342:AwACAgUAAxkBAAIvoice", "")]},
    "audio": {
        "refs": [("voice", "voice:415342:CQACAgUAAxkBAAIaudio", "")],
        "name": "录音 1.m4a",
    },
    "reply_to_bot": {"text": "是", "reply_to": f"{GROUP}:120", "mentions_bot": True},
    "reply_to_photo": {"reply_to": f"{GROUP}:103", "mentions_bot": False, "refs": []},
    "quote": {"text": "到哪了", "reply_to": f"{GROUP}:101"},
    "quote_from_elsewhere": {"text": "A103 到哪了", "reply_to": ""},
    "topic": {"text": "A102 裁切完成", "reply_to": ""},
    "topic_reply": {"text": "撤回", "reply_to": f"{GROUP}:125"},
    "edited_text": {
        "said": Said.EDITED,
        "text": "#A103 裁切完成",
        "target": f"{GROUP}:101",
        "at": datetime.fromtimestamp(MADE + 500, UTC),
    },
    "edited_caption": {
        "said": Said.EDITED,
        "text": "#A103 裁切完成",
        "target": f"{GROUP}:102",
        "refs": [("photo", photo("ph1"), "")],
    },
    "callback_query": {
        "said": Said.PRESSED,
        "message_id": "cb:2198765432109876543",
        "target": f"{GROUP}:120",
        "button": "q:17:1:yes",
        "sender": LI,
        "at": NOW,
    },
    "callback_private": {"said": Said.PRESSED, "private": True, "sender": EMMA, "chat": EMMA},
    "callback_inaccessible": {
        "said": Said.PRESSED,
        "target": f"{GROUP}:7",
        "button": "undo:9",
    },
    "forward_user": {"forwarded": True, "sender": WANG},
    "forward_hidden": {"forwarded": True, "text": "A102"},
    "other_bot": {"from_bot": True},
    "anonymous_admin": {"sender": GROUP, "sender_name": "厂长", "from_bot": False},
    "linked_channel": {"forwarded": True, "sender": "-1001800000009", "from_bot": False},
    "mention_start": {"text": "A102到哪了", "mentions_bot": True},
    "mention_inside": {"text": "A102 到哪了 @vitrine_test_bot", "mentions_bot": True},
    "mention_other": {"text": "@vitrine_test_bot2 A102 到哪了", "mentions_bot": False},
    "text_mention": {"mentions_bot": True},
    "command_to_us": {"text": "/today 裁床", "mentions_bot": True},
    "joined": {"said": Said.JOINED, "title": "裁床一组", "sender": LI, "chat": GROUP},
    "joined_as_admin": {"said": Said.JOINED},
    "kicked": {"said": Said.LEFT, "chat": GROUP},
    "left": {"said": Said.LEFT, "chat": GROUP},
    "blocked": {"said": Said.LEFT, "chat": EMMA, "private": True},
    "migrate_to": {
        "said": Said.MOVED,
        "chat": "-4012345678",
        "target": "-1002912345678",
        "message_id": "moved:-4012345678:-1002912345678",
        "title": "打样群",
    },
    "migrate_from": {
        "said": Said.MOVED,
        "chat": "-4012345678",
        "target": "-1002912345678",
        "message_id": "moved:-4012345678:-1002912345678",
    },
}
IGNORED = [
    "document_pdf",
    "sticker",
    "location",
    "contact",
    "member_joined_service",
    "callback_inline",
    "callback_game",
    "channel_post",
    "channel_joined",
    "command_to_other",
    "promoted",
    "unblocked",
]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_what_is_said_is_heard(name: str) -> None:
    message = heard(name)
    assert message is not None
    assert (message.platform, message.account) == ("telegram", "")
    assert message.at.utcoffset() is not None
    for field, value in EXPECTED[name].items():
        if field == "refs":
            assert [(m.kind, m.ref, m.thumb_ref) for m in message.media] == value
        elif field == "name":
            assert message.media[0].name == value
        else:
            assert getattr(message, field) == value, field


@pytest.mark.parametrize("name", IGNORED)
def test_what_is_none_of_our_business_is_not(name: str) -> None:
    assert heard(name) is None


def test_every_payload_is_tried() -> None:
    assert {p.stem for p in HERE.glob("*.json")} == set(EXPECTED) | set(IGNORED)


def test_two_edits_in_one_second_are_two_and_a_redelivered_one_is_one() -> None:
    first = payload("edited_text")
    second = json.loads(json.dumps(first))
    second["edited_message"]["text"] = "#A104 裁切完成"
    ids = {found.message_id for raw in (first, second, first) if (found := hear(raw, ME, NOW))}
    assert len(ids) == 2


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("@vitrine_test_bot A102 裁切完成", "A102 裁切完成"),
        ("  @vitrine_test_bot: @VITRINE_test_bot、A102", "A102"),
        ("@vitrine_test_bot裁切完成", "裁切完成"),
        ("@vitrine_test_bot", ""),
        ("me@vitrine_test_bot A102", "me@vitrine_test_bot A102"),
        ("A102 @vitrine_test_bot", "A102 @vitrine_test_bot"),
    ],
)
def test_the_mention_in_front_is_taken_off(text: str, left: str) -> None:
    raw = payload("text_group")
    raw["message"] |= {"text": text, "entities": []}
    message = hear(raw, ME, NOW)
    assert message
    assert message.text == left
    assert message.mentions_bot is not text.startswith("me@")


def test_ids_of_messages_lead_back_to_them() -> None:
    assert place_of(name_of(-1001700000001, 101)) == (-1001700000001, 101)
    for other in ("", "101", "cb:219", "moved:-4:-10", "-:1", "1:", "x:1", "1:99999999999"):
        assert place_of(other) is None

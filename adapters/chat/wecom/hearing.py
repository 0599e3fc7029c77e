"""The smart bot's callbacks as the port's messages. Shapes: developer.work.weixin.qq.com
path/100719 (messages) and path/101027 (events).
"""

import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from adapters.chat.port import InboundMessage, Media, Said

PLATFORM = "wecom"
IDLE = "vitrine-idle"
"""The key of a button that stands on an answered card only because a card must have one."""

NOTHING = "\u200b"
LOOKALIKE = {"*": "\u2217", "`": "\u02cb"}
"""What our markdown puts in the place of its own signs; people copy it back to us."""

PHOTOS = frozenset({".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".heic", ".heif", ".tif"})
VIDEOS = frozenset({".mp4", ".mov", ".m4v", ".webm", ".avi", ".mkv", ".3gp"})

_CALLED = re.compile(r"(?:^|(?<=\s))@(\S+)(?=\s|$)")
_TYPED = str.maketrans({shown: typed for typed, shown in LOOKALIKE.items()})
_ADDRESS = re.compile(r"https?://\S+")


FIRST, LAST = 946_684_800, 4_102_444_800
"""This century, in seconds: no other time can be meant."""


class Malformed(Exception):
    """A callback that lacks what every callback has."""


def said(body: Mapping[str, Any], now: datetime, name: str) -> InboundMessage | None:
    """A message callback; None if it is of a kind that says nothing to us. `name` is the bot's in
    groups, as far as it is known. Raises Malformed.
    """
    kind = need(body, "msgtype")
    private, text, media = is_private(body), *_content(body, kind)
    if text is None:
        return None
    quoted = body.get("quote")
    reply_to = ""
    if isinstance(quoted, dict):
        reply_to = word(quoted.get("msgid"))
        with suppress(Malformed):  # a broken quote costs itself alone
            media += _content(quoted, word(quoted.get("msgtype")))[1]
    return InboundMessage(
        PLATFORM,
        "",
        chat_of(body),
        need(body, "msgid"),
        sender_of(body),
        moment(body.get("create_time"), now),
        text=clean(text) if private else without(clean(text), name),
        media=tuple(media),
        reply_to=reply_to,
        private=private,
        mentions_bot=not private,
    )


def pressed(body: Mapping[str, Any], now: datetime) -> InboundMessage | None:
    """A template_card_event; None for the button that means nothing. Raises Malformed."""
    button = need(_press(body), "event_key")
    if button == IDLE:
        return None
    return InboundMessage(
        PLATFORM,
        "",
        chat_of(body),
        need(body, "msgid"),
        sender_of(body),
        moment(body.get("create_time"), now),
        Said.PRESSED,
        target=stem(task(body)),
        button=button,
        private=is_private(body),
    )


def joined(body: Mapping[str, Any], now: datetime) -> InboundMessage:
    """An enter_chat event. Raises Malformed."""
    return InboundMessage(
        PLATFORM,
        "",
        chat_of(body),
        need(body, "msgid"),
        sender_of(body),
        moment(body.get("create_time"), now),
        Said.JOINED,
        private=is_private(body),
    )


def task(body: Mapping[str, Any]) -> str:
    """The task id of the pressed card. Raises Malformed."""
    return need(_press(body), "task_id")


def _press(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """A press stands below the event's name; the platform's own library reads it beside it."""
    event = part(body, "event")
    inner = event.get("template_card_event")
    return inner if isinstance(inner, dict) else event


def clean(text: str) -> str:
    """What a person wrote, without the traces of what was copied from us."""
    return text.replace(NOTHING, "").translate(_TYPED).strip()


def stem(task_id: str) -> str:
    """Our message id in a card's task id (behind the `@` stands what makes each try unique)."""
    return task_id.partition("@")[0]


def _content(body: Mapping[str, Any], kind: str) -> tuple[str | None, list[Media]]:
    """Text and media of a message or a quoted one; no text at all for kinds that say nothing."""
    match kind:
        case "text" | "voice":
            return spoken(part(body, kind)), []
        case "image":
            return "", [_media(soft(body, "image"), "photo")]
        case "video":
            return "", [_media(soft(body, "video"), "video")]
        case "file":
            return "", _file(soft(body, "file"))
        case "mixed":
            return _mixed(part(body, "mixed"))
        case _:
            return None, []


def _mixed(mixed: Mapping[str, Any]) -> tuple[str, list[Media]]:
    """Texts in their order, pictures in theirs."""
    texts: list[str] = []
    media: list[Media] = []
    for item in items(mixed):
        try:
            text, more = _content(item, word(item.get("msgtype")))
        except Malformed:
            continue
        if text:
            texts.append(text)
        media += more
    return "\n".join(texts), media


def items(mixed: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The parts of a mixed message. Raises Malformed."""
    listed = mixed.get("msg_item")
    if not isinstance(listed, list):
        raise Malformed("msg_item")
    for item in listed:
        if isinstance(item, dict):
            yield item


def _file(file: Mapping[str, Any]) -> list[Media]:
    """A picture or video sent as a file. Without any name it is taken for a picture: the one who
    looks at the bytes will say otherwise.
    """
    named = word(file.get("filename")) or word(file.get("name"))
    path = named or unquote(_path(word(file.get("url"))))
    ending = PurePosixPath(path).suffix.lower()
    if ending in VIDEOS:
        return [_media(file, "video", named)]
    if ending in PHOTOS or not ending:
        return [_media(file, "photo", named)]
    return []


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""


def _media(facts: Mapping[str, Any], kind: str, name: str = "") -> Media:
    """Its ref carries all that a fetch needs, and since when the five minutes run. Without an
    address nothing can be fetched, and a fetch will say so.
    """
    ref = {
        "from": "bot",
        "kind": kind,
        "url": word(facts.get("url")),
        "key": word(facts.get("aeskey")),
        "at": int(time.time()),
    }
    return Media(kind, name=name, ref=json.dumps(ref, separators=(",", ":")))


def learned(body: Mapping[str, Any]) -> str:
    """The bot's name in a group, if this message is proof of it: a group message arrives only when
    the bot is called, so a single `@word` before everything else is the bot.
    """
    if is_private(body):
        return ""
    called = _CALLED.findall(_ADDRESS.sub(" ", _spoken(body)))
    return called[0] if len(called) == 1 else ""


def _spoken(body: Mapping[str, Any]) -> str:
    try:
        return _content(body, word(body.get("msgtype")))[0] or ""
    except Malformed:
        return ""


def without(text: str, name: str) -> str:
    """A group's text without the call of the bot: its name wherever it is called, or, as long as
    the name is not known, the call at the very beginning.
    """
    if name:
        call = re.compile(rf"(?:^|(?<=\s))@{re.escape(name)}(?:\s|$)")
        if call.search(text):
            return call.sub("", text, count=1).strip()
    return re.sub(r"^\s*@\S+(?:\s+|$)", "", text, count=1).strip()


def is_private(body: Mapping[str, Any]) -> bool:
    """Whether it was said to the bot alone."""
    return word(body.get("chattype")) != "group" if "chattype" in body else "chatid" not in body


def chat_of(body: Mapping[str, Any]) -> str:
    """Groups by their id, letter by letter; private chats by the user's."""
    return sender_of(body) if is_private(body) else need(body, "chatid")


def sender_of(body: Mapping[str, Any]) -> str:
    """The user's id. Raises Malformed."""
    return need(part(body, "from"), "userid")


def moment(seconds: object, now: datetime) -> datetime:
    """The platform's moment, or ours where it names none (or nonsense)."""
    try:
        stamp = int(seconds)  # type: ignore[call-overload]  # what is no number raises
        return datetime.fromtimestamp(stamp, UTC) if FIRST <= stamp < LAST else now
    except (TypeError, ValueError, OverflowError):
        return now


def need(facts: Mapping[str, Any], name: str) -> str:
    """A text that must be there; an id may be a number. Raises Malformed."""
    found = word(facts.get(name))
    if not found:
        raise Malformed(name)
    return found


def spoken(facts: Mapping[str, Any]) -> str:
    """What somebody said. Raises Malformed for what is no text."""
    found = facts.get("content")
    if found is not None and not isinstance(found, str):
        raise Malformed("content")
    return word(found)


def soft(facts: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object, or an empty one."""
    found = facts.get(name)
    return found if isinstance(found, dict) else {}


def part(facts: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object that must be there. Raises Malformed."""
    found = facts.get(name)
    if not isinstance(found, dict):
        raise Malformed(name)
    return found


def word(value: object) -> str:
    """A text, or a number as one, or nothing; without what no store takes."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        return ""
    return value.encode(errors="replace").decode().replace("\x00", "")

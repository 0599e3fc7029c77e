"""Feishu's events as what was heard. Everything here is pure: an event in, a message out.

An event's envelope (schema 2.0) is {"schema", "header": {event_id, event_type, create_time, token},
"event": {…}}; times are milliseconds in a text, those of a card's press microseconds.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from adapters.chat.feishu.content import Malformed, Origin, mentions, part, read, text, usable
from adapters.chat.port import InboundMessage, Said

PLATFORM = "feishu"
_SCALES = {16: 1_000_000, 13: 1_000, 10: 1}


@dataclass(frozen=True, slots=True)
class Event:
    """An event's envelope, as far as it was readable."""

    id: str
    kind: str
    token: str
    at: str
    body: Mapping[str, Any]

    @property
    def lane(self) -> str:
        """The chat it happened in: events of one chat are kept in the order in which they came."""
        inner = part(self.body, "message") or part(self.body, "context") or self.body
        return text(inner, "chat_id") or text(inner, "open_chat_id")

    @property
    def name(self) -> str:
        """The platform's id of what happened, for logs."""
        found = text(part(self.body, "message"), "message_id") or self.id
        return "".join(c for c in found[:80] if c.isprintable())


def opened(raw: bytes) -> Event | None:
    """The envelope; None for an event of the old schema, which we do not listen to. Raises
    Malformed.
    """
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        raise Malformed("the event is not JSON") from None
    if not isinstance(found, dict):
        raise Malformed("the event is not an object")
    header = part(found, "header")
    if not header and ("uuid" in found or "type" in found or "open_message_id" in found):
        return None
    event = Event(
        text(header, "event_id"),
        text(header, "event_type"),
        text(header, "token"),
        text(header, "create_time"),
        part(found, "event"),
    )
    if not event.id or not event.kind:
        raise Malformed("header")
    return event


def heard(event: Event, bot: str) -> InboundMessage | None:
    """What an event says; None if it means nothing to us. `bot` is our own open_id. Raises
    Malformed.
    """
    if event.kind == "im.message.receive_v1":
        return _message(event, bot)
    reader = _READERS.get(event.kind)
    return reader(event) if reader else None


def _message(event: Event, bot: str) -> InboundMessage | None:
    message, sender = part(event.body, "message"), part(event.body, "sender")
    message_id, chat = _need(message, "message_id"), _need(message, "chat_id")
    from_bot = text(sender, "sender_type") in {"app", "bot"}
    who = text(part(sender, "sender_id"), "open_id")
    if not who and not from_bot:
        raise Malformed("sender.sender_id.open_id")
    kind = text(message, "message_type") or text(message, "msg_type")
    named = mentions(message.get("mentions"), bot)
    content = read(kind, text(message, "content"), Origin(message_id, named))
    if not content.known:
        return None
    return InboundMessage(
        PLATFORM,
        "",
        chat,
        message_id,
        who,
        _moment(text(message, "create_time") or event.at),
        text=content.text,
        media=content.media,
        reply_to=_need(message, "parent_id") if message.get("parent_id") else "",
        private=text(message, "chat_type") == "p2p",
        mentions_bot=content.mentions_bot,
        forwarded=content.forwarded,
        from_bot=from_bot,
    )


def _recalled(event: Event) -> InboundMessage | None:
    """The event tells what kind of person recalled (`recall_type`), not who: the sender stays
    empty, unless the adapter remembers who wrote it and the writer recalled it.
    """
    message_id = _need(event.body, "message_id")
    return InboundMessage(
        PLATFORM,
        "",
        _need(event.body, "chat_id"),
        f"{message_id}#recalled",
        _operator(event.body),
        _moment(text(event.body, "recall_time") or event.at, fallback=event.at),
        Said.RECALLED,
        target=message_id,
    )


def _pressed(event: Event) -> InboundMessage | None:
    context, action = part(event.body, "context"), part(event.body, "action")
    button = _button(action.get("value"))
    if not button:
        return None
    return InboundMessage(
        PLATFORM,
        "",
        _need(context, "open_chat_id"),
        event.id,
        _need(part(event.body, "operator"), "open_id"),
        _moment(event.at),
        Said.PRESSED,
        target=_need(context, "open_message_id"),
        button=button,
    )


def _button(value: Any) -> str:
    """The id of our button. Old clients hand the value back as a text."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return ""
    return text(value, "b")


def _joined(event: Event) -> InboundMessage | None:
    return _belonging(event, Said.JOINED)


def _left(event: Event) -> InboundMessage | None:
    return _belonging(event, Said.LEFT)


def _belonging(event: Event, said: Said) -> InboundMessage:
    return InboundMessage(
        PLATFORM,
        "",
        _need(event.body, "chat_id"),
        event.id,
        _operator(event.body),
        _moment(event.at),
        said,
        title=text(event.body, "name"),
    )


def _operator(body: Mapping[str, Any]) -> str:
    found = part(body, "operator_id") or part(body, "operator")
    return text(found, "open_id")


def _need(found: Mapping[str, Any], name: str) -> str:
    value = text(found, name)
    if not usable(value):
        raise Malformed(name)
    return value


def _moment(digits: str, fallback: str = "") -> datetime:
    for each in (digits, fallback):
        scale = _SCALES.get(len(each))
        if scale and each.isascii() and each.isdigit():
            return datetime.fromtimestamp(int(each) / scale, UTC)
    raise Malformed("create_time")


_READERS: Mapping[str, Callable[[Event], InboundMessage | None]] = {
    "im.message.recalled_v1": _recalled,
    "card.action.trigger": _pressed,
    "im.chat.member.bot.added_v1": _joined,
    "im.chat.member.bot.deleted_v1": _left,
    "im.chat.disbanded_v1": _left,
}

"""Feishu's events as what was heard. Everything here is pure: an event in, a message out.

An event's envelope (schema 2.0) is {"schema", "header": {event_id, event_type, create_time, token},
"event": {…}}; times are milliseconds in a text, those of a card's press microseconds. A time that
is strange or missing is now: it must never cost a report.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from adapters.chat.feishu.content import (
    Malformed,
    Origin,
    mentions,
    number,
    part,
    read,
    text,
    usable,
)
from adapters.chat.port import InboundMessage, Said

PLATFORM = "feishu"
_SCALES = ((10**14, 1_000_000), (10**11, 1_000), (1, 1))
"""From what size on a time is in which parts of a second."""
_FIRST, _LAST = 946_684_800, 4_102_444_800
"""This century, in seconds: no other time can be meant."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event's envelope, as far as it was readable."""

    id: str
    kind: str
    token: str
    at: int | None
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
        number(header, "create_time"),
        part(found, "event"),
    )
    if not event.kind:
        raise Malformed("header")
    return event


def heard(event: Event, bot: str, now: datetime) -> InboundMessage | None:
    """What an event says; None if it means nothing to us. `bot` is our own open_id, `now` the time
    of what names none. Raises Malformed.
    """
    if event.kind == "im.message.receive_v1":
        return _message(event, bot, now)
    reader = _READERS.get(event.kind)
    return reader(event, now) if reader else None


def _message(event: Event, bot: str, now: datetime) -> InboundMessage | None:
    message, sender = part(event.body, "message"), part(event.body, "sender")
    message_id, chat = _need(message, "message_id"), _need(message, "chat_id")
    from_bot = text(sender, "sender_type") in {"app", "bot"}
    who = _person(part(sender, "sender_id"))
    if not who and not from_bot:
        raise Malformed("sender.sender_id.open_id")
    kind = text(message, "message_type") or text(message, "msg_type")
    parent = text(message, "parent_id")
    named = mentions(message.get("mentions"), bot)
    content = read(kind, _content(message.get("content")), Origin(message_id, named))
    if not content.known:
        return None
    return InboundMessage(
        PLATFORM,
        "",
        chat,
        message_id,
        who,
        _moment(now, number(message, "create_time"), event.at),
        text=content.text,
        media=content.media,
        reply_to=parent if usable(parent) else "",
        private=text(message, "chat_type") == "p2p",
        mentions_bot=content.mentions_bot,
        forwarded=content.forwarded,
        from_bot=from_bot,
    )


def _content(found: Any) -> str:
    """JSON in a string; somebody may have left it as it is."""
    return found if isinstance(found, str) else json.dumps(found)


def _person(found: Mapping[str, Any]) -> str:
    """Who it was, as far as the app may know: open_id is what it always may."""
    return text(found, "open_id") or text(found, "union_id") or text(found, "user_id")


def _recalled(event: Event, now: datetime) -> InboundMessage | None:
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
        _moment(now, number(event.body, "recall_time"), event.at),
        Said.RECALLED,
        target=message_id,
    )


def _pressed(event: Event, now: datetime) -> InboundMessage | None:
    context, action = part(event.body, "context"), part(event.body, "action")
    button = _button(action.get("value"))
    if not button:
        return None
    return InboundMessage(
        PLATFORM,
        "",
        _need(context, "open_chat_id"),
        _its_id(event),
        _need(part(event.body, "operator"), "open_id"),
        _moment(now, event.at),
        Said.PRESSED,
        target=_need(context, "open_message_id"),
        button=button,
    )


def _button(value: Any) -> str:
    """The id of our button. Old clients hand the value back as a text."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return ""
    return text(value, "b")


def _joined(event: Event, now: datetime) -> InboundMessage | None:
    return _belonging(event, Said.JOINED, now)


def _left(event: Event, now: datetime) -> InboundMessage | None:
    return _belonging(event, Said.LEFT, now)


def _belonging(event: Event, said: Said, now: datetime) -> InboundMessage:
    return InboundMessage(
        PLATFORM,
        "",
        _need(event.body, "chat_id"),
        _its_id(event),
        _operator(event.body),
        _moment(now, event.at),
        said,
        title=text(event.body, "name"),
    )


def _operator(body: Mapping[str, Any]) -> str:
    found = part(body, "operator_id") or part(body, "operator")
    return _person(found)


def _its_id(event: Event) -> str:
    """The event's own id, for what has no other."""
    if not event.id:
        raise Malformed("header.event_id")
    return event.id


def _need(found: Mapping[str, Any], name: str) -> str:
    value = text(found, name)
    if not usable(value):
        raise Malformed(name)
    return value


def _moment(now: datetime, *told: int | None) -> datetime:
    """The first time that can be."""
    for each in told:
        scale = next((parts for least, parts in _SCALES if each and each >= least), 0)
        if each and scale and _FIRST <= each / scale < _LAST:
            return datetime.fromtimestamp(each / scale, UTC)
    return now


_READERS: Mapping[str, Callable[[Event, datetime], InboundMessage | None]] = {
    "im.message.recalled_v1": _recalled,
    "card.action.trigger": _pressed,
    "im.chat.member.bot.added_v1": _joined,
    "im.chat.member.bot.deleted_v1": _left,
    "im.chat.disbanded_v1": _left,
}

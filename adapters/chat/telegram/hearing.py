"""Updates of Telegram to what was said. Pure: nothing is asked and nothing is sent here. Read from
the JSON itself: the library loses an update that lacks a field which we do not need.

Source: core.telegram.org/bots/api (Update, Message, CallbackQuery, ChatMemberUpdated).
"""

import re
import zlib
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from adapters.chat.port import InboundMessage, Media, Said
from adapters.chat.telegram.fields import (
    Fields,
    Malformed,
    ident,
    label,
    moment,
    needed,
    number,
    part,
    rows,
    soft,
    words,
)

PLATFORM = "telegram"
KINDS = ["message", "edited_message", "callback_query", "my_chat_member"]
PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif")
FILMS = (".mp4", ".mov", ".m4v", ".webm")
OUT = ("left", "kicked")
FORWARDED = ("forward_origin", "forward_date", "forward_from", "is_automatic_forward")
KINDS_OF_FILES = (
    ("animation", "video"),
    ("video", "video"),
    ("video_note", "video"),
    ("voice", "voice"),
    ("audio", "voice"),
)


@dataclass(frozen=True, slots=True)
class Me:
    """Who we are there."""

    id: int = 0
    username: str = ""


def name_of(chat: int, message: int) -> str:
    """A message's id: theirs are counted per chat."""
    return f"{chat}:{message}"


def place_of(message_id: str) -> tuple[int, int] | None:
    """Chat and number of a message id of ours; None for anything else."""
    chat, _, number = message_id.rpartition(":")
    if re.fullmatch(r"-?[0-9]{1,19}", chat) and re.fullmatch(r"[0-9]{1,10}", number):
        return int(chat), int(number)
    return None


def hear(update: Fields, me: Me, now: datetime) -> InboundMessage | None:
    """What an update says, or None if it is none of our business. `now` dates presses, which
    Telegram does not, and whatever came without a date. Raises Malformed.
    """
    if query := part(update, "callback_query"):
        return _pressed(query, now)
    if change := part(update, "my_chat_member"):
        return _membership(change, now, number(update, "update_id") or 0)
    if edited := part(update, "edited_message"):
        said = _message(edited, me, now)
        return _edited(edited, said, now) if said else None
    if "message" in update:
        return _message(part(update, "message"), me, now)
    if number(update, "update_id") is None:
        raise Malformed("update_id")
    return None


def query_of(update: Any) -> str:
    """The id of a press that has to be answered, whatever else is wrong with it."""
    return ident(soft(update, "callback_query"), "id")


def _kind(chat: Fields) -> str:
    """Where it is not told, the sign of the number does: people have positive ones."""
    return label(chat, "type") or ("private" if needed(chat, "id") > 0 else "supergroup")


def _message(message: Fields, me: Me, now: datetime) -> InboundMessage | None:
    where = part(message, "chat")
    chat = needed(where, "id")
    if _kind(where) == "channel":
        return None
    to, since = number(message, "migrate_to_chat_id"), number(message, "migrate_from_chat_id")
    if to or since:
        old, new = (chat, to) if to else (since, chat)
        return _moved(message, f"{old}", f"{new}", now)
    its_number = needed(message, "message_id")
    media = _media(message)
    written = words(message, "text") or words(message, "caption")
    text, spoken = _addressed(written, me)
    if text is None or not (media or written):
        return None
    answered = _answered(message)
    author = soft(message, "from")
    answers = number(answered, "message_id")
    return InboundMessage(
        PLATFORM,
        "",
        str(chat),
        name_of(chat, its_number),
        _sender(message),
        moment(message, "date", now),
        text=text,
        media=media,
        reply_to=name_of(chat, answers) if answers else "",
        sender_name=_sender_name(message),
        private=_kind(where) == "private",
        mentions_bot=spoken or _named(message, me) or _ours(answered, me),
        forwarded=any(message.get(name) for name in FORWARDED),
        from_bot=author.get("is_bot") is True and not soft(message, "sender_chat"),
        album=ident(message, "media_group_id"),
        title=label(where, "title"),
    )


def _edited(message: Fields, said: InboundMessage, now: datetime) -> InboundMessage | None:
    if said.said is not Said.MESSAGE:
        return None
    at = number(message, "edit_date") or number(message, "date") or 0
    crc = zlib.crc32(said.text.encode())  # two edits in one second are two
    return replace(
        said,
        said=Said.EDITED,
        at=moment(message, "edit_date", said.at if number(message, "date") else now),
        message_id=f"{said.message_id}:e{at}.{crc:08x}",
        target=said.message_id,
    )


def _moved(message: Fields, old: str, new: str, now: datetime) -> InboundMessage:
    """A group that became a supergroup says so in both chats: one event, one id."""
    return InboundMessage(
        PLATFORM,
        "",
        old,
        f"moved:{old}:{new}",
        _sender(message),
        moment(message, "date", now),
        Said.MOVED,
        target=new,
        title=label(part(message, "chat"), "title"),
    )


def _pressed(query: Fields, now: datetime) -> InboundMessage | None:
    known, who = ident(query, "id"), part(query, "from")
    sender = needed(who, "id")
    message, data = part(query, "message"), words(query, "data")
    if not message or not data:
        return None
    if not known:
        raise Malformed("callback_query.id")
    where = part(message, "chat")
    chat = needed(where, "id")
    return InboundMessage(
        PLATFORM,
        "",
        str(chat),
        f"cb:{known}",
        str(sender),
        now,
        Said.PRESSED,
        target=name_of(chat, needed(message, "message_id")),
        button=data,
        sender_name=_full_name(who),
        private=_kind(where) == "private",
        title=label(where, "title"),
    )


def _membership(change: Fields, now: datetime, update: int) -> InboundMessage | None:
    where = part(change, "chat")
    chat, kind = needed(where, "id"), _kind(where)
    after, before = part(change, "new_chat_member"), part(change, "old_chat_member")
    if not label(after, "status"):
        raise Malformed("new_chat_member.status")
    is_now = _inside(after)
    was = _inside(before) if label(before, "status") else not is_now
    private = kind == "private"
    if kind == "channel" or was == is_now or (private and is_now):
        return None
    said = Said.JOINED if is_now else Said.LEFT
    who = soft(change, "from")
    return InboundMessage(
        PLATFORM,
        "",
        str(chat),
        f"{chat}:{said.value}:{number(change, 'date') or update}",
        ident(who, "id"),
        moment(change, "date", now),
        said,
        sender_name=_full_name(who),
        private=private,
        title=label(where, "title"),
    )


def _inside(member: Fields) -> bool:
    return label(member, "status") not in OUT and member.get("is_member") is not False


def _addressed(text: str, me: Me) -> tuple[str | None, bool]:
    """The text without the mention in front that addresses us, and whether it had one anywhere;
    None if it is a command to another bot.
    """
    if not me.username:
        return text, False
    ours = rf"@{re.escape(me.username)}(?![A-Za-z0-9_])"
    command = re.match(r"(/\w+)@(\w+)", text, re.ASCII)
    if command:
        if command[2].lower() != me.username.lower():
            return None, False
        return command[1] + text[command.end() :], True
    spoken = re.search(rf"(?<![A-Za-z0-9_]){ours}", text, re.IGNORECASE) is not None
    return re.sub(rf"^(?:\s*{ours}[\s,，:：、]*)+", "", text, flags=re.IGNORECASE), spoken


def _named(message: Fields, me: Me) -> bool:
    """A mention that carries our user instead of our name."""
    marks = [*rows(message, "entities"), *rows(message, "caption_entities")]
    return bool(me.id) and any(number(soft(m, "user"), "id") == me.id for m in marks)


def _answered(message: Fields) -> Fields:
    """The message that this one answers. In a topic of a forum Telegram gives the topic's first
    service message where there is none.
    """
    answered = soft(message, "reply_to_message")
    return {} if "forum_topic_created" in answered else answered


def _ours(answered: Fields, me: Me) -> bool:
    return bool(me.id) and number(soft(answered, "from"), "id") == me.id


def _sender(message: Fields) -> str:
    """The user; an anonymous admin speaks as the group, a linked channel as the channel."""
    return ident(soft(message, "sender_chat"), "id") or ident(soft(message, "from"), "id")


def _sender_name(message: Fields) -> str:
    if chat := soft(message, "sender_chat"):
        return label(message, "author_signature") or label(chat, "title")
    return _full_name(soft(message, "from"))


def _full_name(user: Fields) -> str:
    return f"{label(user, 'first_name')} {label(user, 'last_name')}".strip()


def _media(message: Fields) -> tuple[Media, ...]:
    """What can be fetched; a file without an id costs itself alone, never the text beside it."""
    if sizes := [size for size in rows(message, "photo") if ident(size, "file_id")]:
        return (Media("photo", ref=_ref("photo", max(sizes, key=_extent))),)
    for name, kind in KINDS_OF_FILES:
        file = soft(message, name)
        if ident(file, "file_id"):
            return (_film(file) if kind == "video" else _file(kind, file),)
    return _document(soft(message, "document"))


def _extent(size: Fields) -> tuple[int, int]:
    return (number(size, "width") or 0) * (number(size, "height") or 0), _bytes(size)


def _film(file: Fields) -> Media:
    """With its still picture."""
    thumb = soft(file, "thumbnail") or soft(file, "thumb")
    ref = _ref("photo", thumb) if ident(thumb, "file_id") else ""
    return replace(_file("video", file), thumb_ref=ref)


def _file(kind: str, file: Fields) -> Media:
    return Media(kind, name=label(file, "file_name"), ref=_ref(kind, file))


def _document(file: Fields) -> tuple[Media, ...]:
    """A picture or video that was sent as a file, uncompressed."""
    mime, name = label(file, "mime_type").lower(), label(file, "file_name").lower()
    if not ident(file, "file_id"):
        return ()
    if mime.startswith("image/") or (not mime and name.endswith(PICTURES)):
        return (_file("photo", file),)
    if mime.startswith("video/") or (not mime and name.endswith(FILMS)):
        return (_film(file),)
    return ()


def _ref(kind: str, file: Fields) -> str:
    """`kind:bytes:file_id`, 0 bytes where Telegram does not say. A file id stays good for ever."""
    return f"{kind}:{_bytes(file)}:{ident(file, 'file_id')}"


def _bytes(file: Fields) -> int:
    return max(0, number(file, "file_size") or 0)

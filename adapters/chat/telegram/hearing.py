"""Updates of Telegram to what was said. Pure: nothing is asked and nothing is sent here.

Source: core.telegram.org/bots/api (Update, Message, CallbackQuery, ChatMemberUpdated).
"""

import re
import zlib
from dataclasses import dataclass, replace
from datetime import datetime

from telegram import CallbackQuery, ChatMember, ChatMemberUpdated, Message, Update, User

from adapters.chat.port import InboundMessage, Media, Said

PLATFORM = "telegram"
KINDS = ["message", "edited_message", "callback_query", "my_chat_member"]
PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif")
FILMS = (".mp4", ".mov", ".m4v", ".webm")
OUT = (ChatMember.LEFT, ChatMember.BANNED)


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


def hear(update: Update, me: Me, now: datetime) -> InboundMessage | None:
    """What an update says, or None if it is none of our business. `now` dates presses, which
    Telegram does not.
    """
    if update.callback_query:
        return _pressed(update.callback_query, now)
    if update.my_chat_member:
        return _membership(update.my_chat_member)
    if update.edited_message:
        said = _message(update.edited_message, me)
        return _edited(update.edited_message, said) if said else None
    return _message(update.message, me) if update.message else None


def _message(message: Message, me: Me) -> InboundMessage | None:
    if message.chat.type == message.chat.CHANNEL:
        return None
    moved = message.migrate_to_chat_id or message.migrate_from_chat_id
    if moved:
        return _moved(message, moved)
    media = _media(message)
    written = message.text or message.caption or ""
    text, spoken = _addressed(written, me)
    if text is None or not (media or written):
        return None
    answered = _answered(message)
    return InboundMessage(
        PLATFORM,
        "",
        str(message.chat.id),
        name_of(message.chat.id, message.message_id),
        _sender(message),
        message.date,
        text=text,
        media=media,
        reply_to=name_of(message.chat.id, answered.message_id) if answered else "",
        sender_name=_sender_name(message),
        private=message.chat.type == message.chat.PRIVATE,
        mentions_bot=spoken or _named(message, me) or _ours(answered, me),
        forwarded=bool(message.forward_origin or message.is_automatic_forward),
        from_bot=bool(message.from_user and message.from_user.is_bot and not message.sender_chat),
        album=message.media_group_id or "",
        title=message.chat.title or "",
    )


def _edited(message: Message, said: InboundMessage) -> InboundMessage | None:
    if said.said is not Said.MESSAGE:
        return None
    at = message.edit_date or message.date
    words = zlib.crc32(said.text.encode())  # two edits in one second are two
    return replace(
        said,
        said=Said.EDITED,
        at=at,
        message_id=f"{said.message_id}:e{int(at.timestamp())}.{words:08x}",
        target=said.message_id,
    )


def _moved(message: Message, other: int) -> InboundMessage:
    """A group that became a supergroup says so in both chats: one event, one id."""
    to_new = message.migrate_to_chat_id is not None
    old, new = (message.chat.id, other) if to_new else (other, message.chat.id)
    return InboundMessage(
        PLATFORM,
        "",
        str(old),
        f"moved:{old}:{new}",
        _sender(message),
        message.date,
        Said.MOVED,
        target=str(new),
        title=message.chat.title or "",
    )


def _pressed(query: CallbackQuery, now: datetime) -> InboundMessage | None:
    if query.message is None or not query.data:
        return None
    chat = query.message.chat
    return InboundMessage(
        PLATFORM,
        "",
        str(chat.id),
        f"cb:{query.id}",
        str(query.from_user.id),
        now,
        Said.PRESSED,
        target=name_of(chat.id, query.message.message_id),
        button=query.data,
        sender_name=query.from_user.full_name,
        private=chat.type == chat.PRIVATE,
        title=chat.title or "",
    )


def _membership(change: ChatMemberUpdated) -> InboundMessage | None:
    chat = change.chat
    was, is_now = _inside(change.old_chat_member), _inside(change.new_chat_member)
    private = chat.type == chat.PRIVATE
    if chat.type == chat.CHANNEL or was == is_now or (private and is_now):
        return None
    said = Said.JOINED if is_now else Said.LEFT
    return InboundMessage(
        PLATFORM,
        "",
        str(chat.id),
        f"{chat.id}:{said.value}:{int(change.date.timestamp())}",
        str(change.from_user.id),
        change.date,
        said,
        sender_name=_full_name(change.from_user),
        private=private,
        title=chat.title or "",
    )


def _inside(member: ChatMember) -> bool:
    return member.status not in OUT and bool(getattr(member, "is_member", True))


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


def _named(message: Message, me: Me) -> bool:
    """A mention that carries our user instead of our name."""
    return any(
        e.user and e.user.id == me.id for e in (*message.entities, *message.caption_entities)
    )


def _answered(message: Message) -> Message | None:
    """The message that this one answers. In a topic of a forum Telegram gives the topic's first
    service message where there is none.
    """
    answered = message.reply_to_message
    return None if answered is None or answered.forum_topic_created else answered


def _ours(answered: Message | None, me: Me) -> bool:
    return bool(answered and answered.from_user and answered.from_user.id == me.id)


def _sender(message: Message) -> str:
    """The user; an anonymous admin speaks as the group, a linked channel as the channel."""
    if message.sender_chat:
        return str(message.sender_chat.id)
    return str(message.from_user.id) if message.from_user else ""


def _sender_name(message: Message) -> str:
    if message.sender_chat:
        return message.author_signature or message.sender_chat.title or ""
    return _full_name(message.from_user) if message.from_user else ""


def _full_name(user: User) -> str:
    return user.full_name


def _media(message: Message) -> tuple[Media, ...]:
    if message.photo:
        largest = max(message.photo, key=lambda p: p.width * p.height)
        return (Media("photo", ref=_ref("photo", largest.file_id, largest.file_size)),)
    film = message.animation or message.video or message.video_note
    if film:
        name = getattr(film, "file_name", None) or ""
        thumb = film.thumbnail
        return (
            Media(
                "video",
                name=name,
                ref=_ref("video", film.file_id, film.file_size),
                thumb_ref=_ref("photo", thumb.file_id, thumb.file_size) if thumb else "",
            ),
        )
    sound = message.voice or message.audio
    if sound:
        name = getattr(sound, "file_name", None) or ""
        return (Media("voice", name=name, ref=_ref("voice", sound.file_id, sound.file_size)),)
    return _document(message)


def _document(message: Message) -> tuple[Media, ...]:
    """A picture or video that was sent as a file, uncompressed."""
    file = message.document
    if file is None:
        return ()
    mime, name = (file.mime_type or "").lower(), file.file_name or ""
    kind = ""
    if mime.startswith("image/") or (not mime and name.lower().endswith(PICTURES)):
        kind = "photo"
    elif mime.startswith("video/") or (not mime and name.lower().endswith(FILMS)):
        kind = "video"
    if not kind:
        return ()
    thumb = file.thumbnail if kind == "video" else None
    return (
        Media(
            kind,
            name=name,
            ref=_ref(kind, file.file_id, file.file_size),
            thumb_ref=_ref("photo", thumb.file_id, thumb.file_size) if thumb else "",
        ),
    )


def _ref(kind: str, file_id: str, size: int | None) -> str:
    """`kind:bytes:file_id`, 0 bytes where Telegram does not say. A file id stays good for ever."""
    if not isinstance(file_id, str) or not file_id:
        raise ValueError("a file without an id")
    return f"{kind}:{size or 0}:{file_id}"

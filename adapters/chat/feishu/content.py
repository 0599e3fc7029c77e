"""What a message of Feishu says: its `content` is JSON in a string, of another shape for each type.

Source: the pages im-v1/message/events/receive and message_content of the open platform.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from adapters.chat.port import Media

_MENTION = re.compile(r"(@_all|@_user_\d+)( ?)")
_NAME = re.compile(r"[\w.=@+-]{1,200}", re.ASCII)
_PHOTOS = (".jpg", ".jpeg", ".png", ".heic", ".heif", ".webp", ".gif", ".bmp", ".tif", ".tiff")
_VIDEOS = (".mp4", ".mov", ".m4v", ".webm", ".avi", ".mkv", ".3gp")
_LOCALES = ("zh_cn", "zh_tw", "zh_hk", "en_us", "ja_jp")


class Malformed(ValueError):
    """An event that is not as documented. The reason names a field, never what was said."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a message says. `known` is whether its type means anything to us."""

    text: str = ""
    media: tuple[Media, ...] = ()
    mentions_bot: bool = False
    known: bool = True
    forwarded: bool = False


@dataclass(frozen=True, slots=True)
class Mention:
    """Somebody mentioned: the key that stands in the text, who it is, and whether it is us."""

    key: str
    name: str
    bot: bool


@dataclass(frozen=True, slots=True)
class Origin:
    """The message that a content belongs to."""

    message_id: str
    named: tuple[Mention, ...] = ()

    @property
    def mentions_bot(self) -> bool:
        """Whether we are addressed."""
        return any(mention.bot for mention in self.named)


def usable(name: str) -> bool:
    """Whether an id or a key can stand in the path of an address."""
    return _NAME.fullmatch(name) is not None


def text(found: Any, name: str) -> str:
    """A field that is a text, or an empty one. An id may be written as a number."""
    value = found.get(name) if isinstance(found, Mapping) else None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        return ""
    # halves of characters and zero bytes come from broken clients; no store takes them
    return value.encode(errors="replace").decode().replace("\x00", "")


def number(found: Any, name: str) -> int | None:
    """A field that is a whole number, also one in a text."""
    value = text(found, name)
    return int(value) if re.fullmatch(r"-?[0-9]{1,19}", value) else None


def quoted(name: str) -> str:
    """An id or a key as one step of an address's path, whatever is in it."""
    return quote(name, safe="")


def part(found: Any, name: str) -> Mapping[str, Any]:
    """A field that is an object, or an empty one."""
    value = found.get(name) if isinstance(found, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def mentions(found: Any, bot: str) -> tuple[Mention, ...]:
    """Who is mentioned. The API's messages give `id` as a text, events as an object."""
    rows = found if isinstance(found, list) else []
    return tuple(
        Mention(
            text(row, "key"),
            text(row, "name"),
            bool(bot) and bot in {text(row, "id"), text(part(row, "id"), "open_id")},
        )
        for row in rows
    )


def read(kind: str, raw: str, origin: Origin) -> Content:
    """The content of a message. Raises Malformed."""
    if kind == "merge_forward":
        return Content(forwarded=True)
    reader = _READERS.get(kind)
    if reader is None:
        return Content(known=False)
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise Malformed("content") from None
    if not isinstance(body, dict):
        raise Malformed("content")
    return reader(body, origin)


def _text(body: Mapping[str, Any], origin: Origin) -> Content:
    if not isinstance(body.get("text"), str):
        raise Malformed("content.text")
    return Content(_named(text(body, "text"), origin.named), mentions_bot=origin.mentions_bot)


def _named(said: str, named: Iterable[Mention]) -> str:
    """Mentions as `@name`; the one that addresses us goes."""
    people = {m.key: m for m in named}

    def shown(match: re.Match[str]) -> str:
        key, space = match.groups()
        mention = people.get(key)
        if mention is None:
            return "@all" + space if key == "@_all" else ""
        return "" if mention.bot else f"@{mention.name}{space}"

    return "\n".join(line.strip() for line in _MENTION.sub(shown, said).split("\n")).strip()


def _post(body: Mapping[str, Any], origin: Origin) -> Content:
    """A rich text: a title and paragraphs of elements. Some clients put it under a locale."""
    if not isinstance(body.get("content"), list):
        body = next((part(body, name) for name in _LOCALES if part(body, name)), body)
    paragraphs = body.get("content")
    if not isinstance(paragraphs, list):
        raise Malformed("content.content")
    media: list[Media] = []
    lines = [text(body, "title")]
    for paragraph in paragraphs:
        elements = paragraph if isinstance(paragraph, list) else []
        lines.append("".join(_element(e, origin.message_id, media) for e in elements))
    said = _named("\n".join(line for line in lines if line.strip()), origin.named)
    return Content(said, tuple(media), origin.mentions_bot)


def _element(element: Any, message_id: str, media: list[Media]) -> str:
    tag = text(element, "tag")
    if tag == "img" and usable(text(element, "image_key")):
        media.append(photo(message_id, text(element, "image_key")))
        return ""
    if tag == "media" and usable(text(element, "file_key")):
        media.append(_clip(element, message_id))
        return ""
    if tag == "at":
        # an event names the key of the mention, and a space after it belongs to the text
        key = text(element, "user_id")
        return f"{key} " if key.startswith("@_") else f"@{text(element, 'user_name')} "
    return text(element, "text") if tag in {"text", "a", "md", "code_block"} else ""


def photo(message_id: str, key: str, name: str = "") -> Media:
    """A picture of a message."""
    return Media("photo", name=name, ref=f"image:{message_id}/{key}")


def _clip(body: Mapping[str, Any], message_id: str) -> Media:
    still = text(body, "image_key")
    return Media(
        "video",
        name=text(body, "file_name"),
        ref=f"video:{message_id}/{text(body, 'file_key')}",
        thumb_ref=f"image:{message_id}/{still}" if usable(still) else "",
    )


def _image(body: Mapping[str, Any], origin: Origin) -> Content:
    return Content(media=(photo(origin.message_id, _key(body, "image_key")),))


def _media(body: Mapping[str, Any], origin: Origin) -> Content:
    _key(body, "file_key")
    return Content(media=(_clip(body, origin.message_id),))


def _audio(body: Mapping[str, Any], origin: Origin) -> Content:
    return Content(
        media=(Media("voice", ref=f"voice:{origin.message_id}/{_key(body, 'file_key')}"),)
    )


def _file(body: Mapping[str, Any], origin: Origin) -> Content:
    """Photos are sent as files so that they are not made smaller; other files say nothing to us."""
    name, key = text(body, "file_name"), _key(body, "file_key")
    if name.lower().endswith(_PHOTOS):
        return Content(media=(Media("photo", name=name, ref=f"file:{origin.message_id}/{key}"),))
    if name.lower().endswith(_VIDEOS):
        return Content(media=(Media("video", name=name, ref=f"video:{origin.message_id}/{key}"),))
    return Content(known=False)


def _key(body: Mapping[str, Any], name: str) -> str:
    key = text(body, name)
    if not usable(key):
        raise Malformed(f"content.{name}")
    return key


_READERS = {
    "text": _text,
    "post": _post,
    "image": _image,
    "media": _media,
    "audio": _audio,
    "file": _file,
}

"""What is kept of a message before anything is made of it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from adapters.chat.port import InboundMessage
from bot.understanding.normalise import clean
from domain.errors import PhotoFault


def plain(
    message: InboundMessage, album: str, media: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """A message as plain data, without what is empty."""
    payload: dict[str, Any] = {
        "said": message.said.value,
        "text": clean(message.text),
        "media": list(media),
        "reply_to": message.reply_to,
        "target": message.target,
        "button": message.button[:128],
        "sender_name": clean(message.sender_name)[:80],
        "private": message.private,
        "mentions_bot": message.mentions_bot,
        "forwarded": message.forwarded,
        "from_bot": message.from_bot,
        "album": album,
        "title": clean(message.title)[:80],
    }
    return {k: v for k, v in payload.items() if v}


def missing(entry: Mapping[str, Any]) -> bool:
    """Whether a picture still has to be fetched."""
    return bool(entry.get("ref")) and "digest" not in entry and not entry.get("fault")


async def collected(stream: AsyncIterator[bytes], most: int) -> list[bytes]:
    """All chunks of a stream; PhotoFault when there are more bytes than anybody may send."""
    chunks, size = [], 0
    async for chunk in stream:
        size += len(chunk)
        if size > most:
            raise PhotoFault("too-large")
        chunks.append(chunk)
    return chunks

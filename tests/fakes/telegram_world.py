"""Telegram's side of things: chats, people, messages, files and updates, as their documents say.

Messages are kept as the JSON objects that Telegram writes.
"""

import asyncio
import re
import time
import zlib
from dataclasses import dataclass, field
from typing import Any

BOT = {"id": 8_000_000_001, "is_bot": True, "first_name": "橱窗", "username": "vitrine_test_bot"}
GROUP = -1_001_700_000_001
PHOTO_SIZES = ((90, 67), (320, 240), (1280, 960))
MENTION = re.compile(r"(?<!\w)@[A-Za-z0-9_]{4,32}\b")
COMMAND = re.compile(r"(?<!\S)/[A-Za-z0-9_]{1,32}(?:@[A-Za-z0-9_]{4,32})?")


class Refused(Exception):
    """An answer that is not ok: status, description, parameters."""

    def __init__(self, status: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.status, self.description, self.parameters = status, description, parameters


@dataclass(slots=True)
class Kept:
    """A file: its bytes, the size that is told of it, and whether Telegram still has it."""

    raw: bytes
    size: int
    path: str
    expired: bool = False


@dataclass(slots=True)
class Pending:
    """An update that waits to be confirmed; `forced` is one that is delivered once more."""

    update: dict[str, Any]
    forced: bool = False
    shown: bool = False

    @property
    def number(self) -> int:
        number = self.update.get("update_id")
        return number if isinstance(number, int) else 0


@dataclass(slots=True)
class World:
    """Everything that is so."""

    privacy: bool = False
    allowed: list[str] | None = None
    chats: dict[int, dict[str, Any]] = field(default_factory=dict)
    shut: dict[int, str] = field(default_factory=dict)
    moved: dict[int, int] = field(default_factory=dict)
    users: dict[int, str] = field(default_factory=dict)
    messages: dict[tuple[int, int], dict[str, Any]] = field(default_factory=dict)
    reactions: dict[tuple[int, int], list[str]] = field(default_factory=dict)
    files: dict[str, Kept] = field(default_factory=dict)
    pending: list[Pending] = field(default_factory=list)
    issued: dict[int, dict[str, Any]] = field(default_factory=dict)
    confirmed: set[int] = field(default_factory=set)
    queries: dict[str, float] = field(default_factory=dict)
    answers: list[tuple[str, str, bool]] = field(default_factory=list)
    hook: dict[str, Any] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    last_update: int = 700_000_000
    last_message: dict[int, int] = field(default_factory=dict)
    last_file: int = 0

    def user(self, number: int) -> dict[str, Any]:
        """A person as Telegram shows them."""
        name = self.users.get(number, f"user {number}")
        return {"id": number, "is_bot": False, "first_name": name, "language_code": "zh-hans"}

    def number_of(self, name: str) -> int:
        """The same person always has the same number."""
        number = 10_000_000 + zlib.crc32(name.encode()) % 900_000_000
        self.users.setdefault(number, name)
        return number

    def chat(self, number: int) -> dict[str, Any]:
        """A chat; a person's private chat is there once the person is."""
        if number not in self.chats and number > 0:
            name = self.users.get(number, f"user {number}")
            self.chats[number] = {"id": number, "first_name": name, "type": "private"}
        if number not in self.chats:
            raise Refused(400, "Bad Request: chat not found")
        return self.chats[number]

    def open_chat(self, number: int) -> dict[str, Any]:
        """A chat that the bot may write to. Raises Refused as Telegram refuses."""
        if number in self.moved:
            raise Refused(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                migrate_to_chat_id=self.moved[number],
            )
        if number in self.shut:
            raise Refused(403, f"Forbidden: {self.shut[number]}")
        if number not in self.chats:
            raise Refused(400, "Bad Request: chat not found")
        return self.chats[number]

    def write(self, chat: int, sender: dict[str, Any], **more: Any) -> dict[str, Any]:
        """A new message in a chat, by whomever."""
        number = self.last_message[chat] = self.last_message.get(chat, 100) + 1
        message = {
            "message_id": number,
            "from": sender,
            "chat": self.chat(chat),
            "date": int(time.time()),
            **more,
        }
        self.messages[chat, number] = message
        return message

    def push(self, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        """A new update of a kind."""
        self.last_update += 1
        return self.push_raw({"update_id": self.last_update, kind: body})

    def push_raw(self, update: dict[str, Any], forced: bool = False) -> dict[str, Any]:
        """An update as it is."""
        entry = Pending(update, forced)
        self.issued[entry.number] = update
        self.confirmed.discard(entry.number)
        self.pending.append(entry)
        self.news.set()
        return update

    def confirm(self, offset: int) -> None:
        """The bot asks from here on: what lies before is done with."""
        for entry in list(self.pending):
            if entry.number < offset and (entry.shown or not entry.forced):
                self.done(entry)

    def done(self, entry: Pending) -> None:
        """One update is done with."""
        self.pending.remove(entry)
        self.confirmed.add(entry.number)

    def heard_by_bot(self, message: dict[str, Any]) -> bool:
        """Privacy mode: in groups only commands, mentions and answers to the bot."""
        text = message.get("text") or message.get("caption") or ""
        answered = message.get("reply_to_message", {}).get("from", {}).get("id")
        return (
            not self.privacy
            or message["chat"]["type"] == "private"
            or text.startswith("/")
            or f"@{BOT['username']}" in text
            or answered == BOT["id"]
        )

    def keep_file(self, raw: bytes, folder: str, ending: str, size: int = 0) -> str:
        """A file id for some bytes."""
        self.last_file += 1
        file_id = f"AgACAgUAAx{folder[:2]}{self.last_file:06d}"
        path = f"{folder}/file_{self.last_file}.{ending}"
        self.files[file_id] = Kept(raw, size or len(raw), path)
        return file_id

    def photo_sizes(self, raw: bytes) -> list[dict[str, Any]]:
        """The sizes that Telegram makes of a photo, the largest last."""
        found = []
        for width, height in PHOTO_SIZES:
            file_id = self.keep_file(raw, "photos", "jpg")
            kept = self.files[file_id]
            unique = {"file_unique_id": f"AQAD{self.last_file:06d}", "file_size": kept.size}
            found.append({"file_id": file_id, **unique, "width": width, "height": height})
        return found


def entities(text: str) -> list[dict[str, Any]]:
    """Mentions and commands, in UTF-16 code units."""
    found = []
    for kind, pattern in (("mention", MENTION), ("bot_command", COMMAND)):
        for match in pattern.finditer(text):
            start = len(text[: match.start()].encode("utf-16-le")) // 2
            found.append({"type": kind, "offset": start, "length": len(match[0])})
    return found

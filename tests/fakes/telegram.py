"""Telegram for the contract suite: a server that speaks the Bot API, and the people behind it."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from typing import Any

from tests.fakes.stage import RuleLike, Seen
from tests.fakes.telegram_faults import Faults
from tests.fakes.telegram_server import Server
from tests.fakes.telegram_world import BOT, GROUP, World, entities

TOKEN = "8000000001:AAFakeFakeFakeFakeFakeFakeFakeFakeFak"


class TelegramStage:
    """One group, any number of people. With `webhook_secret` the bot is to set a webhook; the
    harness then has to give the program its `VITRINE_PUBLIC_URL`.
    """

    platform = "telegram"
    token = TOKEN
    username = str(BOT["username"])

    def __init__(self, webhook_secret: str = "") -> None:
        self.world = World()
        self.server = Server(self.world, TOKEN)
        self.webhook_secret = webhook_secret
        self.group = str(GROUP)
        self.world.chats[GROUP] = {"id": GROUP, "title": "裁床一组", "type": "supergroup"}
        self._albums = 0

    @property
    def faults(self) -> Faults:
        """What can be made to go wrong."""
        return self.server.faults

    @property
    def url(self) -> str:
        """What takes the place of https://api.telegram.org."""
        return f"http://127.0.0.1:{self.server.port}"

    def settings(self) -> Mapping[str, str]:
        """The variables that make the real program talk to this fake."""
        found = {"VITRINE_TELEGRAM_TOKEN": TOKEN, "VITRINE_TELEGRAM_BASE_URL": self.url}
        if self.webhook_secret:
            found["VITRINE_TELEGRAM_WEBHOOK_SECRET"] = self.webhook_secret
        return found

    def user(self, name: str) -> str:
        """Telegram's number of a person; a number is a person already."""
        return name if name.isdecimal() else str(self.world.number_of(name))

    def private(self, user: str) -> str:
        """A private chat has the person's number; the person has pressed Start."""
        return str(self.world.chat(int(self.user(user)))["id"])

    async def start(self) -> None:
        """Begin to serve."""
        await self.server.start()

    async def stop(self) -> None:
        """Stop serving."""
        await self.server.stop()

    async def connected(self) -> None:
        """Until a long poll waits here, or a webhook is set."""
        while not (self.server.waiting or self.world.hook):  # noqa: ASYNC110  both may come
            await asyncio.sleep(0.01)

    async def say(
        self, chat: str, user: str, text: str, photos: tuple[bytes, ...] = (), reply_to: str = ""
    ) -> str:
        """One message; with several photos an album, its caption on the first."""
        if not photos:
            return self.post(chat, user, text=text, reply_to=reply_to)
        more: dict[str, Any] = {}
        if len(photos) > 1:
            self._albums += 1
            more["media_group_id"] = str(13_900_000_000_000_000 + self._albums)
        names = []
        for n, raw in enumerate(photos):
            caption = {"caption": text} if text and n == 0 else {}
            sizes = self.world.photo_sizes(raw)
            names.append(self.post(chat, user, photo=sizes, reply_to=reply_to, **caption, **more))
        return names[0]

    async def photo(self, chat: str, user: str, photo: bytes) -> str:
        """A bare photo; with privacy mode on the bot does not hear it in a group."""
        return self.post(chat, user, photo=self.world.photo_sizes(photo))

    def post(self, chat: str, user: str, reply_to: str = "", **content: Any) -> str:
        """A message of any content; empty if the bot is not told of it."""
        sender = self.world.user(int(self.user(user)))
        place = _place(reply_to)
        if place in self.world.messages:
            content["reply_to_message"] = _shallow(self.world.messages[place])
        for words, name in (("text", "entities"), ("caption", "caption_entities")):
            if found := entities(content.get(words, "")):
                content[name] = found
        message = self.world.write(int(chat), sender, **content)
        if not self.world.heard_by_bot(message):
            return ""
        self.world.push("message", dict(message))
        return f"{chat}:{message['message_id']}"

    def retype(self, message_id: str, text: str) -> None:
        """A person edits what they wrote."""
        message = self.world.messages[_place(message_id)]
        message["caption" if "photo" in message else "text"] = text
        message["edit_date"] = int(time.time())
        self.world.push("edited_message", dict(message))

    async def again(self, message_id: str) -> None:
        """The same update, delivered once more although it was confirmed."""
        chat, number = _place(message_id)
        for update in list(self.world.issued.values()):
            message = update.get("message", {})
            if (message.get("chat", {}).get("id"), message.get("message_id")) == (chat, number):
                self.world.push_raw(update, forced=True)

    async def press(self, seen: Seen, label: str, user: str) -> None:
        """A press of the button with this label."""
        self.press_data(seen.id, self.data_of(seen, label), user)

    def data_of(self, seen: Seen, label: str) -> str:
        """What a button carries."""
        rows = self.world.messages[_place(seen.id)]["reply_markup"]["inline_keyboard"]
        return next(str(b["callback_data"]) for row in rows for b in row if b["text"] == label)

    def press_data(self, message_id: str, data: str, user: str) -> str:
        """A press that carries this; the query's id."""
        query = str(4_382_000_000_000_000 + len(self.world.issued))
        self.world.queries[query] = time.monotonic()
        message = self.world.messages[_place(message_id)]
        public = {k: v for k, v in message.items() if k not in ("html", "tags", "silent")}
        body = {
            "id": query,
            "from": self.world.user(int(self.user(user))),
            "message": public,
            "chat_instance": "-5230417730",
            "data": data,
        }
        self.world.push("callback_query", body)
        return query

    def membership(self, chat: str, user: str, before: str, after: str) -> None:
        """Somebody puts the bot into a chat, out of it, or blocks it."""
        number = int(chat)
        if after in ("left", "kicked"):
            kind = self.world.chat(number)["type"]
            blocked = "bot was blocked by the user"
            self.world.shut[number] = (
                blocked if kind == "private" else f"bot was kicked from the {kind} chat"
            )
        else:
            self.world.shut.pop(number, None)
        body = {
            "chat": self.world.chat(number),
            "from": self.world.user(int(self.user(user))),
            "date": int(time.time()),
            "old_chat_member": _member(before),
            "new_chat_member": _member(after),
        }
        self.world.push("my_chat_member", body)

    def migrate(self, chat: str) -> str:
        """A group becomes a supergroup and has a new number, which both chats tell."""
        old, new = int(chat), -1_002_900_000_000 + int(chat) % 1000
        self.world.chats[new] = {**self.world.chats[old], "id": new, "type": "supergroup"}
        sender = self.world.user(self.world.number_of("Telegram"))
        before = self.world.write(old, sender, migrate_to_chat_id=new)
        after = self.world.write(new, sender, migrate_from_chat_id=old)
        self.world.moved[old] = new
        self.world.push("message", dict(before))
        self.world.push("message", dict(after))
        return str(new)

    def said(self, chat: str) -> list[Seen]:
        """The bot's messages in a chat as they stand."""
        found = []
        for (number, _), message in self.world.messages.items():
            if number == int(chat) and message["from"]["id"] == BOT["id"]:
                found.append(_seen(message))
        return found

    def marks(self, message_id: str) -> list[str]:
        """The bot's reactions."""
        return list(self.world.reactions.get(_place(message_id), []))

    def acknowledged(self, message_id: str) -> bool:
        """Whether the message's update is confirmed."""
        chat, number = _place(message_id)
        found = [
            u["update_id"]
            for u in self.world.issued.values()
            if u.get("message", {}).get("message_id") == number
            and u["message"].get("chat", {}).get("id") == chat
        ]
        return bool(found) and set(found) <= self.world.confirmed

    def violations(self, rules: Iterable[RuleLike]) -> list[str]:
        """Every time that the bot was faster than the rules allow."""
        return self.server.traffic.violations(rules)


def _place(message_id: str) -> tuple[int, int]:
    chat, _, number = message_id.rpartition(":")
    return (int(chat), int(number)) if chat else (0, 0)


def _shallow(message: dict[str, Any]) -> dict[str, Any]:
    """An answered message is shown without what it answers itself."""
    hidden = ("reply_to_message", "html", "tags", "silent")
    return {k: v for k, v in message.items() if k not in hidden}


def _member(status: str) -> dict[str, Any]:
    more = {"until_date": 0} if status == "kicked" else {}
    return {"user": dict(BOT), "status": status, **more}


def _seen(message: dict[str, Any]) -> Seen:
    chat = message["chat"]["id"]
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    answered = message.get("reply_to_message", {}).get("message_id")
    return Seen(
        f"{chat}:{message['message_id']}",
        str(chat),
        message.get("text") or message.get("caption") or "",
        tuple(b["text"] for row in rows for b in row),
        "photo" in message,
        "edit_date" in message,
        f"{chat}:{answered}" if answered else "",
    )

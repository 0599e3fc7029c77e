"""A Feishu of our own: the people in it write, press and recall; the bot's calls and its long
connection (or webhook) are answered on the wire as Feishu answers them.
"""

import asyncio
import base64
import json
import time
from collections.abc import Awaitable, Iterable, Mapping
from typing import Any

from aiohttp import web

from tests.fakes import feishu_cards
from tests.fakes.feishu_api import Api
from tests.fakes.feishu_books import Books, Chat, Failure, Json, Message
from tests.fakes.feishu_push import Delivery, Push
from tests.fakes.stage import RuleLike, Seen


class FeishuStage:
    """See `tests.fakes.stage.Stage`. `books`, `api` and `push` are the fake's own parts, for tests
    that want more. `user` arguments are names or open_ids.
    """

    platform = "feishu"
    app_id = "cli_a1b2c3d4e5f60001"
    secret = "a secret of thirty-two letters 00"

    def __init__(self, mode: str = "websocket") -> None:
        self.mode = mode
        self.books = Books()
        self.api = Api(self.books, self.app_id, self.secret)
        self.push = Push(self.books, self.app_id, self.secret)
        self.group = "oc_" + "a1" * 16
        self.books.chats[self.group] = Chat(self.group, "group", "生产群")
        self._runner: web.AppRunner | None = None
        self._by_message: dict[str, list[Delivery]] = {}

    @property
    def base(self) -> str:
        return self.push.base

    def settings(self) -> Mapping[str, str]:
        more = {
            "VITRINE_FEISHU_ENCRYPT_KEY": self.push.encrypt_key,
            "VITRINE_FEISHU_VERIFICATION_TOKEN": self.push.verification_token,
        }
        return {
            "VITRINE_FEISHU_APP_ID": self.app_id,
            "VITRINE_FEISHU_APP_SECRET": self.secret,
            "VITRINE_FEISHU_BASE_URL": self.base,
            "VITRINE_FEISHU_MODE": self.mode,
            **(more if self.mode == "webhook" else {}),
        }

    def private(self, user: str) -> str:
        return self.books.private(user)

    def user(self, name: str) -> str:
        return self.books.user(name)

    async def start(self) -> None:
        app = web.Application(client_max_size=12 * 1024 * 1024)
        app.add_routes([*self.api.routes(), *self.push.routes()])
        self._runner = web.AppRunner(app, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.push.base = f"http://127.0.0.1:{port}"

    async def stop(self) -> None:
        await self.push.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def hook(self, url: str) -> None:
        """Webhook mode: where the events go."""
        self.push.hook = url

    async def connected(self) -> None:
        if self.mode == "websocket":
            await asyncio.wait_for(self.push.arrived.wait(), 20)
            return
        await asyncio.wait_for(self.api.asked_bot.wait(), 20)

    # people

    async def say(
        self, chat: str, user: str, text: str, photos: tuple[bytes, ...] = (), reply_to: str = ""
    ) -> str:
        """With photos it is a rich text, as the composer of the desktop client makes it; where the
        bot hears only what is addressed to it, people address it.
        """
        group = self.books.chats[chat].kind == "group"
        mention = group and not self.api.hears_all
        if not photos:
            said = f"@_user_1 {text}" if mention else text
            return self.write(chat, user, "text", {"text": said}, reply_to, mention=mention)
        message_id = self.books.fresh("om_")
        first: list[Json] = [{"tag": "at", "user_id": "@_user_1", "user_name": self.api.bot_name}]
        words: list[Json] = [{"tag": "text", "text": text, "style": []}]
        rows: list[list[Json]] = [[*(first if mention else []), *words]]
        for raw in photos:
            rows.append([{"tag": "img", "image_key": self._resource(message_id, raw), "width": 1}])
        body: Json = {"title": "", "content": rows}
        return self.write(
            chat, user, "post", body, reply_to, mention=mention, message_id=message_id
        )

    async def photo(self, chat: str, user: str, photo: bytes) -> str:
        message_id = self.books.fresh("om_")
        body = {"image_key": self._resource(message_id, photo)}
        self.write(chat, user, "image", body, message_id=message_id)
        heard = self.api.hears_all or self.books.chats[chat].kind == "p2p"
        return message_id if heard else ""

    async def before_us(self, saying: Awaitable[str]) -> str:
        """What was said when the bot was not there yet: nobody tells it."""
        self.push.holding = []
        said = await saying
        self.push.holding = None
        return said

    def file(
        self, chat: str, user: str, kind: str, raw: bytes, name: str = "", still: bytes = b""
    ) -> str:
        """A video (`media`), a voice message (`audio`) or a file."""
        message_id = self.books.fresh("om_")
        body: Json = {"file_key": self._resource(message_id, raw, "file_v3_"), "duration": 2000}
        if name:
            body["file_name"] = name
        if still:
            body["image_key"] = self._resource(message_id, still)
        return self.write(chat, user, kind, body, message_id=message_id)

    def _resource(self, message_id: str, raw: bytes, prefix: str = "img_v3_") -> str:
        key = self.books.fresh(prefix)
        kind = "image/jpeg" if prefix == "img_v3_" else "application/octet-stream"
        self.books.media[(message_id, key)] = (kind, raw)
        return key

    def write(
        self,
        chat: str,
        user: str,
        kind: str,
        body: Any,
        reply_to: str = "",
        *,
        mention: bool = False,
        message_id: str = "",
        from_app: bool = False,
    ) -> str:
        """Any message, and the event that tells of it if the bot may hear it."""
        new = Message(
            message_id or self.books.fresh("om_"),
            chat,
            self.books.user(user),
            kind,
            json.dumps(body, ensure_ascii=False),
            int(time.time() * 1000),
            parent=reply_to,
        )
        if mention:
            new.mentions = [self._mentioned()]
        self.books.keep(new)
        group = self.books.chats[chat].kind == "group"
        if not group or self.api.hears_all or mention:
            event = self.push.event("im.message.receive_v1", self._told(new, from_app))
            self._bring(new.id, event)
        return new.id

    def _mentioned(self) -> Json:
        return {
            "key": "@_user_1",
            "id": {"open_id": self.api.bot, "union_id": "on_bot", "user_id": ""},
            "mentioned_type": "bot",
            "name": self.api.bot_name,
            "tenant_key": "2f0f7c2e0c5f5e7a",
        }

    def _told(self, message: Message, from_app: bool) -> Json:
        who = {"open_id": message.sender, "union_id": "on_" + message.sender[3:], "user_id": ""}
        found: Json = {
            "message_id": message.id,
            "create_time": str(message.at),
            "update_time": str(message.at),
            "chat_id": message.chat,
            "chat_type": self.books.chats[message.chat].kind,
            "message_type": message.kind,
            "content": message.content,
        }
        if message.parent:
            found |= {"root_id": message.parent, "parent_id": message.parent}
        if message.mentions:
            found["mentions"] = message.mentions
        sender = {
            "sender_id": who,
            "sender_type": "app" if from_app else "user",
            "tenant_key": "2f0f7c2e0c5f5e7a",
        }
        return {"sender": sender, "message": found}

    def _bring(self, name: str, event: Json) -> Delivery:
        delivery = self.push.bring(event)
        self._by_message.setdefault(name, []).append(delivery)
        return delivery

    def recall(self, message_id: str) -> None:
        message = self.books.messages[message_id]
        message.deleted = True
        body = {
            "message_id": message_id,
            "chat_id": message.chat,
            "recall_time": str(int(time.time() * 1000)),
            "recall_type": "message_owner",
        }
        self._bring(f"{message_id}#recalled", self.push.event("im.message.recalled_v1", body))

    def belong(self, chat: str, user: str, *, added: bool) -> Delivery:
        """The bot is taken into a chat, or out of it."""
        self.books.chats[chat].bot_in = added
        who = self.books.user(user)
        body = {
            "chat_id": chat,
            "operator_id": {"open_id": who, "union_id": "on_x", "user_id": ""},
            "external": False,
            "operator_tenant_key": "2f0f7c2e0c5f5e7a",
            "name": self.books.chats[chat].title,
            "i18n_names": {"zh_cn": self.books.chats[chat].title},
        }
        kind = "added" if added else "deleted"
        return self.push.bring(self.push.event(f"im.chat.member.bot.{kind}_v1", body))

    async def again(self, message_id: str) -> None:
        self.push.again(self._by_message[message_id][-1])

    async def press(self, seen: Seen, label: str, user: str) -> None:
        """Comes back when the press is answered, or when Feishu has given up showing a spinner."""
        message = self.books.messages[seen.id]
        card = json.loads(message.content)
        values = dict(feishu_cards.buttons(card, "zh_cn"))
        delivery = self.pressed(message.id, message.chat, values[label], user)
        await delivery.answered.wait()

    def pressed(self, message_id: str, chat: str, value: Json, user: str) -> Delivery:
        who = {"open_id": self.books.user(user), "union_id": "on_x", "user_id": ""}
        body = {
            "operator": {"tenant_key": "2f0f7c2e0c5f5e7a", **who},
            "token": self.books.fresh("c-"),
            "action": {"value": value, "tag": "button", "timezone": "Asia/Shanghai"},
            "host": "im_message",
            "context": {"open_message_id": message_id, "open_chat_id": chat},
        }
        return self._bring(message_id, self.push.event("card.action.trigger", body, micro=True))

    # what they see

    def said(self, chat: str, locale: str = "zh_cn") -> list[Seen]:
        found = [m for m in self.books.messages.values() if m.chat == chat and m.by_bot]
        return [self._seen(message, locale) for message in found]

    def _seen(self, message: Message, locale: str) -> Seen:
        card = json.loads(message.content) if message.kind == "interactive" else {}
        return Seen(
            message.id,
            message.chat,
            self.books.plain(message, locale),
            tuple(label for label, _ in feishu_cards.buttons(card, locale)) if card else (),
            feishu_cards.has_picture(card) if card else False,
            message.edited,
            message.parent,
        )

    def whispers(self, user: str) -> list[str]:
        who = self.books.user(user)
        return [
            feishu_cards.read(card, "zh_cn", self.books.name)
            for _, to, card in self.books.whispers
            if to == who
        ]

    def marks(self, message_id: str) -> list[str]:
        return list(self.books.messages[message_id].reactions.values())

    def acknowledged(self, message_id: str) -> bool:
        return any(d.kept for d in self._by_message.get(message_id, []))

    def delivery(self, message_id: str) -> Delivery:
        """The latest event about a message."""
        return self._by_message[message_id][-1]

    # the platform's moods

    def fail(
        self,
        name: str,
        code: int = 0,
        status: int = 400,
        times: int = 1,
        headers: Mapping[str, str] | None = None,
        delay: float = 0.0,
        *,
        after: bool = False,
    ) -> None:
        """The next calls of a name (`send`, `reply`, `patch`, `resource`, …) fail. `after`: what
        was asked for is done, but the connection breaks before the answer.
        """
        self.books.failures.append(Failure(name, code, status, times, headers or {}, delay, after))

    def violations(self, rules: Iterable[RuleLike]) -> list[str]:
        return self.books.violations(rules)

    def expire_tokens(self) -> None:
        self.api.tokens.clear()

    def expire_media(self) -> None:
        self.books.media.clear()

    async def close_sockets(self, code: int = 1000) -> None:
        """A clean close from the platform's side."""
        for socket in list(self.push.sockets):
            await socket.close(code=code)

    def abort_sockets(self) -> None:
        """The connection is reset."""
        for socket in list(self.push.sockets):
            self.push.transport(socket).abort()

    def deafen_sockets(self) -> None:
        """Half-open: the connections of now stay, but nothing comes from them any more."""
        self.push.deaf.update(self.push.sockets)

    @staticmethod
    def pressed_answer(delivery: Delivery) -> Any:
        """What a press was answered with over the long connection."""
        return json.loads(base64.b64decode(delivery.answers[-1]))

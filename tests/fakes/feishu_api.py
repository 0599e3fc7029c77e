"""The fake's open API: tokens, messages, pictures, reactions, ephemeral cards, as documented under
server-docs/im-v1 of the open platform.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from tests.fakes import feishu_cards
from tests.fakes.feishu_books import Books, Chat, Json, Message

_API = "/open-apis/im/v1/messages"
_CHAT_RULE, _ACCOUNT_RULES, _EDIT_RULE = (5, 1.0), ((50, 1.0), (1000, 60.0)), (5, 1.0)
EMOJI = {"DONE", "THINKING", "OK", "THUMBSUP", "JIAYI", "THANKS", "SMILE", "CRY"}


class Refusal(Exception):
    """An answer that is none: Feishu's code, HTTP's status, headers."""

    def __init__(self, code: int, msg: str, status: int = 400, **headers: str) -> None:
        super().__init__(msg)
        self.code, self.msg, self.status = code, msg, status
        self.headers = {k.replace("_", "-"): v for k, v in headers.items()}


class Api:
    """`app_id` and `secret` are the app's; `enforce` makes the rate limits bite; `raw` are answers
    (status, body) in the place of the real ones, by the names of the routes; `slow` seconds go by
    before every answer.
    """

    def __init__(self, books: Books, app_id: str, secret: str) -> None:
        self.books, self.app_id, self.secret = books, app_id, secret
        self.bot = "ou_" + "b0" * 16
        self.bot_name = "小橱"
        self.bot_enabled = True
        self.asked_bot = asyncio.Event()
        self.tokens: dict[str, float] = {}
        self.token_life = 7200
        self.enforce = False
        self.slow = 0.0
        self.raw: dict[str, tuple[int, str]] = {}
        self.hears_all = True
        self.break_media = 0
        self.scopes = {"im:message:send_as_bot": 1, "im:message.group_msg": 1}

    def routes(self) -> list[web.RouteDef]:
        one = _API + "/{id}"
        table: list[tuple[str, str, str, Callable[[web.Request], Awaitable[Any]]]] = [
            ("GET", "/open-apis/bot/v3/info", "bot", self._info),
            ("GET", "/open-apis/application/v6/scopes", "scopes", self._scopes),
            ("POST", _API, "send", self._send),
            ("POST", one + "/reply", "reply", self._reply),
            ("PATCH", one, "patch", self._patch),
            ("PUT", one, "retype", self._retype),
            ("GET", one, "look", self._look),
            ("GET", one + "/resources/{key}", "resource", self._resource),
            ("PATCH", one + "/urgent_app", "urgent", self._urgent),
            ("POST", one + "/reactions", "react", self._react),
            ("GET", one + "/reactions", "reactions", self._reactions),
            ("DELETE", one + "/reactions/{reaction}", "unreact", self._unreact),
            ("POST", "/open-apis/im/v1/images", "image", self._image),
            ("POST", "/open-apis/ephemeral/v1/send", "whisper", self._whisper),
        ]
        token = "/open-apis/auth/v3/tenant_access_token/internal"
        return [
            web.post(token, self._wrapped("token", self._token, checked=False)),
            *(web.route(m, path, self._wrapped(name, work)) for m, path, name, work in table),
        ]

    def _wrapped(
        self, name: str, work: Callable[[web.Request], Awaitable[Any]], *, checked: bool = True
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            self.books.called(name, await _addressed(request, self.books))
            failure = self.books.failing(name)
            await asyncio.sleep(self.slow)
            if name in self.raw:
                status, text = self.raw[name]
                return web.Response(status=status, text=text, content_type="application/json")
            try:
                if failure is not None and not failure.after:
                    await asyncio.sleep(failure.delay)
                    raise Refusal(failure.code, "asked for", failure.status, **failure.headers)
                if checked:
                    self._check_token(request)
                found = await work(request)
                if failure is not None:
                    # the deed is done, the answer is not: what a broken connection looks like
                    await asyncio.sleep(failure.delay)
                    assert request.transport is not None
                    request.transport.abort()
            except Refusal as no:
                body = {"code": no.code, "msg": no.msg}
                return web.json_response(body, status=no.status, headers=no.headers)
            except feishu_cards.BadCard as flaw:
                return web.json_response({"code": 230099, "msg": str(flaw)}, status=400)
            if isinstance(found, web.StreamResponse):
                return found
            return web.json_response({"code": 0, "msg": "success", "data": found})

        return handle

    def _check_token(self, request: web.Request) -> None:
        given = request.headers.get("Authorization", "")
        if not given.startswith("Bearer "):
            raise Refusal(99991661, "Missing access token for authorization.")
        if self.tokens.get(given.removeprefix("Bearer "), 0.0) < time.monotonic():
            raise Refusal(99991663, "Invalid access token for authorization.")
        if self.enforce:
            for limit, seconds in _ACCOUNT_RULES:
                wait = self.books.crowded(f"account/{request.path}/{seconds}", limit, seconds)
                if wait:
                    raise _slow_down(wait)

    async def _token(self, request: web.Request) -> web.Response:
        body = await request.json()
        if (body.get("app_id"), body.get("app_secret")) != (self.app_id, self.secret):
            return web.json_response({"code": 10014, "msg": "app secret invalid"})
        token = self.books.fresh("t-")
        self.tokens[token] = time.monotonic() + self.token_life
        body = {"code": 0, "msg": "ok", "tenant_access_token": token, "expire": self.token_life}
        return web.json_response(body)

    async def _info(self, request: web.Request) -> web.Response:
        if not self.bot_enabled:
            raise Refusal(11205, "app do not have bot")
        bot = {
            "activate_status": 2,
            "app_name": self.bot_name,
            "avatar_url": "",
            "ip_white_list": [],
            "open_id": self.bot,
        }
        self.asked_bot.set()
        return web.json_response({"code": 0, "msg": "ok", "bot": bot})

    async def _scopes(self, request: web.Request) -> Json:
        rows = [{"scope_name": n, "grant_status": s} for n, s in self.scopes.items()]
        return {"scopes": rows}

    async def _send(self, request: web.Request) -> Json:
        body = await request.json()
        kind, to = request.query.get("receive_id_type", "open_id"), str(body["receive_id"])
        return self._posted(self._chat(kind, to), body)

    async def _reply(self, request: web.Request) -> Json:
        parent = self.books.messages.get(request.match_info["id"])
        if parent is None:
            raise Refusal(230001, "Your request contains an invalid request parameter, "
                          "ext=invalid message_id.")  # fmt: skip
        if parent.deleted:
            raise Refusal(230011, "The message was withdrawn.")
        return self._posted(self.books.chats[parent.chat], await request.json(), parent.id)

    def _chat(self, kind: str, to: str) -> Chat:
        prefix = {"chat_id": "oc_", "open_id": "ou_", "union_id": "on_"}.get(kind, "")
        if not to.startswith(prefix):
            raise Refusal(230001, "ext=invalid receive_id.")
        if kind == "open_id":
            return self.books.chats[self.books.private(to)]
        if kind == "email":
            return self.books.chats[self.books.private(to.partition("@")[0])]
        chat = self.books.chats.get(to)
        if chat is None:
            raise Refusal(230001, "ext=invalid receive_id.")
        return chat

    def _posted(self, chat: Chat, body: Json, parent: str = "") -> Json:
        if chat.dissolved:
            raise Refusal(232009, "The chat is dissolved.")
        if not chat.bot_in:
            raise Refusal(230002, "The bot can not be outside the group.")
        uuid = str(body.get("uuid", ""))
        if len(uuid) > 50:
            raise Refusal(230001, "ext=uuid is longer than 50.")
        known = self.books.uuids.get((chat.id, uuid)) if uuid else None
        if known:
            return self._shown(self.books.messages[known])
        if self.enforce:
            wait = self.books.crowded(f"chat/{chat.id}", *_CHAT_RULE)
            if wait:
                raise Refusal(230020, "This operation triggers the frequency limit.")
        kind, content = str(body["msg_type"]), body["content"]
        self._fit(kind, content)
        at = int(time.time() * 1000)
        new = Message(
            self.books.fresh("om_"), chat.id, self.app_id, kind, content, at, True, parent
        )
        self.books.keep(new)
        if uuid:
            self.books.uuids[(chat.id, uuid)] = new.id
        return self._shown(new)

    def _fit(self, kind: str, content: Any) -> None:
        if not isinstance(content, str):
            raise Refusal(230001, "ext=content is not a string in json format.")
        size = len(content.encode())
        if size > (150 * 1024 if kind == "text" else feishu_cards.CAP):
            raise Refusal(230025, "The length of the message content reaches its limit.")
        if kind == "interactive":
            feishu_cards.check(content, self.books.images.__contains__)
        elif kind != "text" or not isinstance(json.loads(content).get("text"), str):
            raise Refusal(230001, "ext=invalid content.")

    def _shown(self, message: Message) -> Json:
        sender = {"id": message.sender, "id_type": "app_id" if message.by_bot else "open_id"}
        sender["sender_type"] = "app" if message.by_bot else "user"
        return {
            "message_id": message.id,
            "root_id": message.parent,
            "parent_id": message.parent,
            "msg_type": message.kind,
            "create_time": str(message.at),
            "update_time": str(message.at),
            "deleted": message.deleted,
            "updated": message.edited,
            "chat_id": message.chat,
            "sender": {**sender, "tenant_key": "2f0f7c2e0c5f5e7a"},
            "body": {"content": message.content},
            "mentions": [{**m, "id": m["id"]["open_id"]} for m in message.mentions],
        }

    def _message(self, request: web.Request) -> Message:
        message = self.books.messages.get(request.match_info["id"])
        if message is None:
            raise Refusal(231003, "The message is not found.")
        if message.deleted:
            raise Refusal(230110, "The message has been deleted.")
        return message

    async def _patch(self, request: web.Request) -> Json:
        message, body = self._message(request), await request.json()
        if not message.by_bot:
            raise Refusal(230027, "Lack of necessary permissions.")
        if message.kind != "interactive":
            raise Refusal(230001, "This message is NOT a card.")
        if time.time() * 1000 - message.at > 14 * 86_400_000:
            raise Refusal(230031, "The message is older than 14 days.")
        if self.enforce:
            wait = self.books.crowded(f"edit/{message.id}", *_EDIT_RULE)
            if wait:
                raise Refusal(230020, "This operation triggers the frequency limit.")
        self._fit("interactive", body["content"])
        message.content, message.edited = body["content"], True
        return {}

    async def _retype(self, request: web.Request) -> Json:
        message, body = self._message(request), await request.json()
        if message.kind != body["msg_type"]:
            raise Refusal(230055, "The message type does not match.")
        self._fit(message.kind, body["content"])
        message.content, message.edited = body["content"], True
        return self._shown(message)

    async def _look(self, request: web.Request) -> Json:
        message = self._message(request)
        in_group = self.books.chats[message.chat].kind == "group"
        if in_group and not self.hears_all and not message.by_bot and not message.mentions:
            raise Refusal(230027, "Lack of necessary permissions, ext=need scope: "
                          "im:message.group_msg")  # fmt: skip
        return {"items": [self._shown(message)]}

    async def _resource(self, request: web.Request) -> web.StreamResponse:
        message, key = self._message(request), request.match_info["key"]
        if message.kind == "interactive":
            raise Refusal(234043, "Unsupported message type.")
        found = self.books.media.get((message.id, key))
        if found is None:
            raise Refusal(234003, "File not in msg.")
        wanted = "image" if key.startswith("img_") else "file"
        if request.query.get("type") != wanted:
            raise Refusal(234001, "Invalid request param.")
        kind, raw = found
        if not self.break_media:
            return web.Response(body=raw, content_type=kind)
        answer = web.StreamResponse(headers={"Content-Type": kind})
        answer.content_length = len(raw)
        await answer.prepare(request)
        await answer.write(raw[: self.break_media])
        self.break_media = 0
        assert request.transport is not None
        request.transport.close()
        return answer

    async def _urgent(self, request: web.Request) -> Json:
        message, body = self._message(request), await request.json()
        if not message.by_bot:
            raise Refusal(230003, "Only the sender may do this.")
        if request.query.get("user_id_type") != "open_id":
            raise Refusal(230001, "ext=user_id_type")
        message.urgent += body["user_id_list"]
        return {"invalid_user_id_list": []}

    async def _react(self, request: web.Request) -> Json:
        message, body = self._message(request), await request.json()
        emoji = body["reaction_type"]["emoji_type"]
        if emoji not in EMOJI:
            raise Refusal(231001, "reaction type is invalid.")
        reaction = self.books.fresh("ZC")
        message.reactions[reaction] = emoji
        return self._reaction(reaction, emoji)

    def _reaction(self, reaction: str, emoji: str) -> Json:
        return {
            "reaction_id": reaction,
            "operator": {"operator_id": self.app_id, "operator_type": "app"},
            "action_time": str(int(time.time() * 1000)),
            "reaction_type": {"emoji_type": emoji},
        }

    async def _reactions(self, request: web.Request) -> Json:
        message = self._message(request)
        rows = [self._reaction(r, e) for r, e in message.reactions.items()]
        person = {"operator_id": "ou_" + "c" * 32, "operator_type": "user"}
        others = {**self._reaction("other", "OK"), "operator": person}
        return {"items": [others, *rows], "has_more": False, "page_token": ""}

    async def _unreact(self, request: web.Request) -> Json:
        message, reaction = self._message(request), request.match_info["reaction"]
        if reaction not in message.reactions:
            raise Refusal(231001, "reaction is not found.")
        emoji = message.reactions.pop(reaction)
        return self._reaction(reaction, emoji)

    async def _image(self, request: web.Request) -> Json:
        if not request.content_type.startswith("multipart/"):
            raise Refusal(234001, "Invalid request param.")
        form = await request.post()
        file = form.get("image")
        if form.get("image_type") != "message" or not isinstance(file, web.FileField):
            raise Refusal(234001, "Invalid request param.")
        raw = file.file.read()
        file.file.close()
        if not raw.startswith((b"\x89PNG", b"\xff\xd8")):
            raise Refusal(234011, "Can't regonnize the image format.")
        key = self.books.fresh("img_v3_")
        self.books.images[key] = raw
        return {"image_key": key}

    async def _whisper(self, request: web.Request) -> Json:
        body = await request.json()
        chat = self.books.chats.get(body["chat_id"])
        if chat is None or chat.kind != "group" or chat.topic or not chat.bot_in:
            raise Refusal(18053, "send ephemeral failed")
        feishu_cards.check_old(body["card"])
        self.books.whispers.append((chat.id, body["open_id"], body["card"]))
        return {"message_id": self.books.fresh("om_")}


def _slow_down(wait: float) -> Refusal:
    seconds = str(max(1, round(wait + 0.5)))
    return Refusal(
        99991400, "request trigger frequency limit", 429, **{"x_ogw_ratelimit_reset": seconds}
    )


async def _addressed(request: web.Request, books: Books) -> str:
    """The chat that a call of the message API is about."""
    parent = books.messages.get(request.match_info.get("id", ""))
    if parent is not None:
        return parent.chat
    if request.method == "POST" and request.path == _API:
        to = str((await request.json()).get("receive_id", ""))
        return books.private(to) if to.startswith("ou_") else to
    return ""

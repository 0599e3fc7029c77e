"""A WeCom of our own: people, a group, a smart bot on its long connection and, if wanted, a group
robot and a self-built application. Nothing of ours is called; everything goes over the wire.
"""

import asyncio
import hashlib
import time
from collections.abc import Iterable, Mapping
from typing import Any

from aiohttp import web

from tests.fakes.stage import RuleLike, Seen
from tests.fakes.wecom_books import Books
from tests.fakes.wecom_bot import BotServer
from tests.fakes.wecom_office import Office


class WeComStage:
    """The stage for the contract suite. `robot` and `application` add those channels."""

    platform = "wecom"
    group = "wrkSFfCgAAxxTeAm_Caiqie7Q"
    name = "小进"

    def __init__(self, robot: bool = False, application: bool = False) -> None:
        self.with_robot, self.with_application = robot, application
        self.books = Books()
        self.bot = BotServer(self.books)
        self.office = Office(self.books, self.group)
        self._runner: web.AppRunner | None = None
        self._base = ""
        self._told: dict[str, dict[str, Any]] = {}
        self._photos: dict[str, bytes] = {}

    @property
    def base(self) -> str:
        """Where it serves, `http://127.0.0.1:…`."""
        return self._base

    @property
    def ws_url(self) -> str:
        return self._base.replace("http", "ws") + "/ws"

    def settings(self) -> Mapping[str, str]:
        found = {
            "VITRINE_WECOM_BOT_ID": self.bot.bot_id,
            "VITRINE_WECOM_BOT_SECRET": self.bot.secret,
            "VITRINE_WECOM_WS_URL": self.ws_url,
        }
        if self.with_robot:
            hook = f"{self._base}/cgi-bin/webhook/send?key={self.office.key}"
            found["VITRINE_WECOM_GROUP_WEBHOOK"] = hook
        if self.with_application:
            found |= {
                "VITRINE_WECOM_CORP_ID": self.office.corp_id,
                "VITRINE_WECOM_AGENT_ID": self.office.agent_id,
                "VITRINE_WECOM_AGENT_SECRET": self.office.secret,
                "VITRINE_WECOM_TOKEN": self.office.token,
                "VITRINE_WECOM_AES_KEY": self.office.aes_key,
                "VITRINE_WECOM_BASE_URL": self._base,
            }
        return found

    def private(self, user: str) -> str:
        return user

    def user(self, name: str) -> str:
        found = f"user{hashlib.sha256(name.encode()).hexdigest()[:8]}"
        self.books.names[found] = name
        return found

    async def start(self) -> None:
        app = web.Application(client_max_size=16 * 1024 * 1024)
        app.add_routes([*self.bot.routes(), *self.office.routes()])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self._base = f"http://{host}:{port}"

    async def stop(self) -> None:
        self.bot.awake.set()
        for ws in list(self.bot.open):
            await ws.close(code=1001)
        if self._runner:
            await self._runner.cleanup()

    async def connected(self) -> None:
        await asyncio.wait_for(self.bot.subscribed.wait(), 10)

    async def say(
        self, chat: str, user: str, text: str, photos: tuple[bytes, ...] = (), reply_to: str = ""
    ) -> str:
        body = self._body(chat, user)
        words = f"@{self.name} {text}" if chat != user else text
        if photos:
            parts: list[dict[str, Any]] = [{"msgtype": "text", "text": {"content": words}}]
            parts += [{"msgtype": "image", "image": self._offer(p)} for p in photos]
            body |= {"msgtype": "mixed", "mixed": {"msg_item": parts}}
        else:
            body |= {"msgtype": "text", "text": {"content": words}}
        if reply_to:
            body["quote"] = self._quote(reply_to)
        return await self._tell(body)

    async def photo(self, chat: str, user: str, photo: bytes) -> str:
        if chat != user:
            return ""
        return await self._tell(
            self._body(chat, user) | {"msgtype": "image", "image": self._offer(photo)}
        )

    async def again(self, message_id: str) -> None:
        body = self._told[message_id]
        is_event = body["msgtype"] == "event"
        if not is_event:
            await self.bot.tell("aibot_msg_callback", body, "msg")
            return
        task = body["event"].get("template_card_event", {}).get("task_id", "")
        await self.bot.tell("aibot_event_callback", body, "press" if task else "enter", task)

    async def press(self, seen: Seen, label: str, user: str) -> None:
        line = self.books.find(seen.id)
        if line.channel == "application":
            await self.office.deliver(self.office.call(self.press_xml(seen, label, user)))
            return
        key = line.keys[label]
        event = {
            "eventtype": "template_card_event",
            "template_card_event": {
                "card_type": "button_interaction",
                "event_key": key,
                "task_id": line.id,
                "selected_items": {},
            },
        }
        body = self._body(seen.chat, user) | {"msgtype": "event", "event": event}
        self._told[body["msgid"]] = body
        await self.bot.tell("aibot_event_callback", body, "press", line.id)

    def press_xml(self, seen: Seen, label: str, user: str) -> str:
        """A press of an application's card, as the callback tells it."""
        line = self.books.find(seen.id)
        code = self.office._code(line.id)
        return (
            f"<xml><ToUserName><![CDATA[{self.office.corp_id}]]></ToUserName>"
            f"<FromUserName><![CDATA[{user}]]></FromUserName>"
            f"<CreateTime>{int(time.time())}</CreateTime><MsgType><![CDATA[event]]></MsgType>"
            f"<Event><![CDATA[template_card_event]]></Event>"
            f"<EventKey><![CDATA[{line.keys[label]}]]></EventKey>"
            f"<TaskId><![CDATA[{line.id}]]></TaskId>"
            f"<CardType><![CDATA[button_interaction]]></CardType>"
            f"<ResponseCode><![CDATA[{code}]]></ResponseCode>"
            f"<AgentID>{self.office.agent_id}</AgentID></xml>"
        )

    async def enter(self, user: str) -> str:
        """A member opens the private chat with the bot, for the first time of a day."""
        body = self._body(user, user) | {"msgtype": "event", "event": {"eventtype": "enter_chat"}}
        await self.bot.tell("aibot_event_callback", body, "enter")
        return str(body["msgid"])

    async def tell(self, body: dict[str, Any]) -> str:
        """Any message callback, as it is."""
        return await self._tell(body)

    def said(self, chat: str) -> list[Seen]:
        return self.books.seen(chat)

    def marks(self, message_id: str) -> list[str]:
        return []

    def acknowledged(self, message_id: str) -> bool:
        """The long connection knows no acknowledgement: what went out counts as delivered."""
        return message_id in self.bot.delivered

    def violations(self, rules: Iterable[RuleLike]) -> list[str]:
        """Rules that were broken, and bodies that the platform would not have taken."""
        return self.books.violations(rules) + self.books.faults

    def _body(self, chat: str, user: str) -> dict[str, Any]:
        body: dict[str, Any] = {
            "msgid": self.books.next("CAIQ16HMjQYY"),
            "create_time": int(time.time()),
            "aibotid": self.bot.bot_id,
            "chattype": "single" if chat == user else "group",
            "from": {"userid": user},
        }
        return body if chat == user else body | {"chatid": chat}

    def _offer(self, photo: bytes) -> dict[str, str]:
        offered = self.bot.offer(photo, self._base)
        self._photos[offered["url"]] = photo
        return offered

    def _quote(self, message_id: str) -> dict[str, Any]:
        """The quoted content; the platform names neither its id nor its sender."""
        body = self._told.get(message_id)
        if body is None:
            found = [x for x in self.books.lines if x.id.partition("@")[0] == message_id]
            text = found[-1].text if found else ""
            return {"msgtype": "text", "text": {"content": text}}
        kind = body["msgtype"]
        if kind == "image":
            return {"msgtype": kind, "image": self._offer(self._photos[body["image"]["url"]])}
        return {"msgtype": kind, kind: body[kind]}

    async def _tell(self, body: dict[str, Any]) -> str:
        self._told[body["msgid"]] = body
        await self.bot.tell("aibot_msg_callback", body, "msg")
        return str(body["msgid"])

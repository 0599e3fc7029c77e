"""The smart bot: hears over its long connection, answers what it heard, and speaks first only where
somebody has spoken to it. Limits: developer.work.weixin.qq.com path/101463.
"""

import asyncio
import logging
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp

from adapters.chat.port import CannotEdit, Heard, Lent, Reply, SendError
from adapters.chat.wecom import saying
from adapters.chat.wecom.codes import BUSY, STALE, USED_UP, code_of, fault
from adapters.chat.wecom.listening import Listening
from adapters.chat.wecom.pace import Pace
from adapters.chat.wecom.saying import Card
from adapters.chat.wecom.socket import Frame, NotConnected, Socket
from adapters.chat.wecom.times import Times
from adapters.chat.wecom.upload import upload

log = logging.getLogger("vitrine.wecom")

LIMIT = 20480
UNIQUE = 0.001
"""Every try of a card gets a task id of its own: the first may have arrived, and the platform
takes no id twice."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a chat is reached: `cmd`, the request id to answer (or none) and the chat's type."""

    cmd: str
    chat: str
    req_id: str = ""
    chat_type: int = 0


class Bot:
    """One smart bot."""

    def __init__(
        self,
        url: str,
        bot_id: str,
        secret: str,
        times: Times,
        lent: Lent,
        counts: Counter[str],
        session: Callable[[], aiohttp.ClientSession],
    ) -> None:
        self._times, self._counts = times, counts
        self.listening = Listening(lent, times, counts)
        self.socket = Socket(
            url, bot_id, secret, times, counts, lambda code: lent.alarm(code, {}), session
        )
        self._pace = Pace((30, 60), (1000, 3600))

    async def listen(self, heard: Heard) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as both:
            both.create_task(self.socket.run(self.listening.take))
            both.create_task(self.listening.work(heard))

    async def way(self, chat: str, reply_to: str) -> Way | None:
        """How to reach a chat, if it can be: as the answer to what was said there, else by itself
        if somebody has spoken there, else as the greeting of who has just come in.
        """
        asked = self.listening.asked.get(reply_to) if reply_to else None
        if asked is not None and asked[1] == chat:
            return Way("aibot_respond_msg", chat, asked[0])
        kind = await self.listening.kind(chat)
        if kind:
            return Way("aibot_send_msg", chat, chat_type=2 if kind == "group" else 1)
        entered = self.listening.entered.get(chat)
        return Way("aibot_respond_welcome_msg", chat, entered) if entered else None

    async def send(self, way: Way, reply: Reply, name: str) -> None:
        """Say it under the message id `name`: a text, a card, or both. Raises SendError."""
        plan = saying.plan(reply, LIMIT, saying.task_id(name, UNIQUE))
        picture = reply.picture if way.cmd != "aibot_respond_welcome_msg" else None
        self._pace.take(way.chat, bool(plan.text) + bool(plan.card) + bool(picture))
        if plan.text:
            way = await self._put(way, _text(way, plan.text), reply.reply_to)
        if plan.card is not None and not plan.text:
            way = await self._put(way, _card(plan.card), reply.reply_to)
        elif plan.card is not None:
            await self._more(way, _card(plan.card), name)
        if picture:
            await self._picture(way, picture, name)
        self.listening.entered.drop(way.chat)

    async def card(self, chat: str, reply: Reply, name: str) -> None:
        """The buttons alone, where the text went another way. A failure is only logged."""
        way = await self.way(chat, "")
        plan = saying.plan(reply, LIMIT, saying.task_id(name, UNIQUE))
        if way is not None and plan.card is not None:
            await self._more(way, _card(plan.card), name)

    async def _put(self, way: Way, body: Frame, reply_to: str = "") -> Way:
        """Send one message, as one of its own if the request id turns out to be over. Hands back
        the way that worked. Raises SendError.
        """
        try:
            code = await self._say(way, body)
        except SendError as error:
            if error.ambiguous and reply_to:
                self.listening.asked.drop(reply_to)
            raise
        if code in STALE and way.req_id:
            self.listening.asked.drop(reply_to)
            other = await self.way(way.chat, "")
            if other is not None and other.req_id != way.req_id:
                self._counts["stale"] += 1
                return await self._put(other, _own(body), "")
        if code:
            raise fault(code, way.cmd)
        return way

    async def _say(self, way: Way, body: Frame) -> int:
        """The code of one message; a busy platform is asked again at once."""
        full = dict(body)
        if way.chat_type:
            full = {"chatid": way.chat, "chat_type": way.chat_type, **body}
        code = BUSY
        for pause in (0, *self._times.busy):
            await asyncio.sleep(pause)
            code = code_of(await self.socket.ask(way.cmd, full, way.req_id))
            if code != BUSY:
                break
        return code

    async def _more(self, way: Way, body: Frame, name: str) -> None:
        """A second message, after the one that said everything: its failure is only logged."""
        try:
            await self._put(way, body)
        except SendError as error:
            self._counts["incomplete"] += 1
            log.warning("%s: the second part did not go out: %s", name, error)

    async def _picture(self, way: Way, picture: bytes, name: str) -> None:
        try:
            media_id = await upload(self.socket, picture)
        except SendError as error:
            self._counts["incomplete"] += 1
            log.warning("%s: the picture did not go out: %s", name, error)
            return
        await self._more(way, {"msgtype": "image", "image": {"media_id": media_id}}, name)

    async def edit(self, name: str, reply: Reply) -> None:
        """Change the card `name`, as the answer to a press of the last seconds. Raises SendError,
        CannotEdit.
        """
        press = self.listening.presses.get(name)
        if press is None:
            raise CannotEdit("no press to answer")
        req_id, task = press
        card = saying.changed_card(reply, task)
        if card is None:
            raise CannotEdit("the text does not fit a card")
        body = {"response_type": "update_template_card", "template_card": card}
        self.listening.presses.drop(name)
        try:
            code = code_of(await self.socket.ask("aibot_respond_update_msg", body, req_id))
        except NotConnected:
            raise CannotEdit("the connection of the press is gone") from None
        if code in USED_UP:
            raise CannotEdit(f"wecom update: errcode {code}")
        if code:
            raise fault(code, "update")


def _text(way: Way, content: str) -> Frame:
    """A text, as each way wants it: answers are streams of one piece, greetings plain."""
    match way.cmd:
        case "aibot_respond_msg":
            stream = {"id": uuid.uuid4().hex, "finish": True, "content": content}
            return {"msgtype": "stream", "stream": stream}
        case "aibot_respond_welcome_msg":
            return {"msgtype": "text", "text": {"content": content}}
        case _:
            return {"msgtype": "markdown", "markdown": {"content": content}}


def _own(body: Frame) -> Frame:
    """The same as a message of its own."""
    stream = body.get("stream")
    if isinstance(stream, dict):
        return {"msgtype": "markdown", "markdown": {"content": stream["content"]}}
    return body


def _card(card: Card) -> Frame:
    return {"msgtype": "template_card", "template_card": card}

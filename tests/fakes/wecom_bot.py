"""The fake WeCom's smart bot: the long connection as documented (path/101463), its media, and every
way in which such a connection ends.
"""

import asyncio
import base64
import contextlib
import hashlib
import json
import struct
import time
from collections import Counter, defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import WSMsgType, web

from tests.fakes.wecom_books import Books, Line, card_fault, card_text
from tests.fakes.wecom_seal import lock

LIMITS = {"stream": 20480, "markdown": 20480, "text": 20480}


@dataclass(slots=True)
class File:
    """A locked file and until when it is there. `faults` are statuses that come first; `cut` ends
    the connection in the middle, once.
    """

    locked: bytes
    until: float
    faults: deque[int]
    cut: int = 0
    location: str = ""


@dataclass(slots=True)
class Asked:
    """A callback that may be answered."""

    chat: str
    msgid: str
    kind: str
    at: float
    task: str = ""


class BotServer:
    """One bot. Faults are attributes: `codes[cmd]` are errcodes of the next frames, `lose[cmd]` how
    many acks get lost, `slow` seconds before every ack, `mute` no pongs, `awake` (unset) nothing,
    `refuse` the code of subscriptions, `handshake` an HTTP status instead of a websocket, `split`
    how callbacks are cut (`frames`, `bytes`), `enforce` keep the limits,
    `hold` how many acks are kept, to be sent last first.
    """

    def __init__(self, books: Books) -> None:
        self.books = books
        self.bot_id, self.secret = "aibT1fXk2d", "s3cret-of-the-bot"
        self.codes: defaultdict[str, deque[int]] = defaultdict(deque)
        self.lose: Counter[str] = Counter()
        self.slow, self.mute = 0.0, False
        self.awake = asyncio.Event()
        self.awake.set()
        self.refuse, self.handshake, self.hold = 0, 0, 0
        self._acks: list[dict[str, Any]] = []
        self.split, self.enforce = "", False
        self.frames: list[dict[str, Any]] = []
        self.subscribed = asyncio.Event()
        self.subscriptions = 0
        self.open: set[web.WebSocketResponse] = set()
        self.spoken: dict[str, int] = {}
        self.asked: dict[str, Asked] = {}
        self.delivered: set[str] = set()
        self.files: dict[str, File] = {}
        self.uploads: dict[str, dict[str, Any]] = {}
        self.media: dict[str, bytes] = {}
        self.tasks: set[str] = set()
        self._current: tuple[web.WebSocketResponse, web.Request] | None = None
        self._waiting: deque[dict[str, Any]] = deque()

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/ws", self._socket), web.get("/media/{name}", self._file)]

    async def _file(self, request: web.Request) -> web.StreamResponse:
        file = self.files.get(request.match_info["name"])
        if file is None or time.monotonic() > file.until:
            return web.Response(status=403, text="<Error><Code>AccessDenied</Code></Error>")
        if file.faults:
            return web.Response(status=file.faults.popleft())
        if file.location:
            return web.Response(status=302, headers={"Location": file.location})
        if file.cut:
            answer = web.StreamResponse(headers={"Content-Length": str(len(file.locked))})
            await answer.prepare(request)
            await answer.write(file.locked[: file.cut])
            file.cut = 0
            assert request.transport
            await asyncio.sleep(0.05)
            request.transport.abort()
            return answer
        return web.Response(body=file.locked)

    def offer(self, plain: bytes, base: str, life: float = 300) -> dict[str, str]:
        """A file's address and key, as they stand in a callback."""
        locked, key = lock(plain)
        name = self.books.next("file")
        self.files[name] = File(locked, time.monotonic() + life, deque())
        return {"url": f"{base}/media/{name}", "aeskey": key}

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if self.handshake:
            return web.Response(status=self.handshake)
        ws = web.WebSocketResponse(max_msg_size=4 * 1024 * 1024)
        await ws.prepare(request)
        self.open.add(ws)
        try:
            async for message in ws:
                await self.awake.wait()
                if message.type is WSMsgType.TEXT:
                    await self._frame(ws, request, json.loads(message.data))
        finally:
            self.open.discard(ws)
            if self._current and self._current[0] is ws:
                self._current = None
                self.subscribed.clear()
        return ws

    async def _frame(
        self, ws: web.WebSocketResponse, request: web.Request, frame: dict[str, Any]
    ) -> None:
        cmd, req_id = frame["cmd"], frame["headers"]["req_id"]
        self.frames.append(frame)
        body = frame.get("body", {})
        if cmd == "ping" and self.mute:
            return
        answer: dict[str, Any] = {"errcode": 0, "errmsg": "ok"}
        if self.codes[cmd]:
            answer["errcode"] = self.codes[cmd].popleft()
        elif cmd == "aibot_subscribe":
            answer["errcode"] = await self._subscribe(ws, request, body)
        elif cmd != "ping" and (not self._current or self._current[0] is not ws):
            answer["errcode"] = 846609
        elif cmd != "ping":
            code, more = self._act(cmd, req_id, body)
            answer["errcode"] = code
            if more:
                answer["body"] = more
        if answer["errcode"]:
            answer["errmsg"] = "refused, hint: [1764], from ip: 203.0.113.7"
        if self.slow:
            await asyncio.sleep(self.slow)
        if self.lose[cmd] > 0:
            self.lose[cmd] -= 1
            return
        self._acks.append({"headers": {"req_id": req_id}, **answer})
        if len(self._acks) < self.hold:
            return
        self._acks, acks, self.hold = [], self._acks, 0
        with contextlib.suppress(ConnectionResetError):
            for ack in reversed(acks):
                await ws.send_json(ack)
        if cmd == "aibot_subscribe" and not answer["errcode"]:
            self.subscribed.set()
            while self._waiting:
                await self._write(self._waiting.popleft())

    async def _subscribe(
        self, ws: web.WebSocketResponse, request: web.Request, body: Mapping[str, Any]
    ) -> int:
        if self.refuse:
            return self.refuse
        if body.get("bot_id") != self.bot_id or body.get("secret") != self.secret:
            return 853000
        if self._current and self._current[0] is not ws:
            await self.kick()
        self._current = (ws, request)
        self.subscriptions += 1
        return 0

    def _act(self, cmd: str, req_id: str, body: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """One command of the bot: a code, and perhaps a body."""
        match cmd:
            case "aibot_respond_msg" | "aibot_respond_welcome_msg":
                asked = self.asked.get(req_id)
                wanted = "enter" if "welcome" in cmd else "msg"
                if asked is None or asked.kind != wanted:
                    return 846605, {}
                if wanted == "enter" and time.monotonic() - asked.at > 5:
                    return 846608, {}
                return self._say(asked.chat, body, asked.msgid), {}
            case "aibot_respond_update_msg":
                return self._update(req_id, body), {}
            case "aibot_send_msg":
                kind = self.spoken.get(str(body.get("chatid")))
                if kind is None:
                    return 93006, {}
                if body.get("chat_type") != kind or body.get("msgtype") in ("text", "stream"):
                    return self._fault(f"send {body.get('msgtype')} {body.get('chat_type')}"), {}
                return self._say(str(body["chatid"]), body, ""), {}
            case _:
                return self._upload(cmd, body)

    def _fault(self, why: str) -> int:
        self.books.faults.append(why)
        return 40058

    def _say(self, chat: str, body: Mapping[str, Any], reply_to: str) -> int:
        kind = str(body.get("msgtype"))
        line = Line("", chat, reply_to=reply_to, raw=body)
        if self.enforce and (
            self.books.lately(chat, 60, "bot") >= 30 or self.books.lately(chat, 3600, "bot") >= 1000
        ):
            return 45009
        if kind in LIMITS:
            content = str(body[kind]["content"])
            if not 0 < len(content.encode()) <= LIMITS[kind]:
                return self._fault(f"{kind} length")
            if kind == "stream" and not body[kind].get("finish"):
                return self._fault("stream without end")
            line.text = self.books.plain(content) if kind != "text" else content
        elif kind == "template_card":
            card = body["template_card"]
            if why := card_fault(card, self.tasks):
                return self._fault(f"card: {why}")
            self.tasks.add(card["task_id"])
            line.text, line.id = card_text(card), card["task_id"]
            line.keys = {b["text"]: b["key"] for b in card["button_list"]}
        elif kind == "image":
            if body["image"]["media_id"] not in self.media:
                return 40007
            line.picture = self.media[body["image"]["media_id"]]
        else:
            return self._fault(f"msgtype {kind}")
        line.id = line.id or self.books.next("m")
        self.books.write(line)
        return 0

    def _update(self, req_id: str, body: Mapping[str, Any]) -> int:
        asked = self.asked.get(req_id)
        if asked is None or asked.kind != "press":
            return 846605
        if time.monotonic() - asked.at > 5:
            return 846608
        card = body["template_card"]
        if body.get("response_type") != "update_template_card":
            return self._fault("response_type")
        if why := card_fault(card, set()):
            return self._fault(f"card: {why}")
        if card["task_id"] != asked.task:
            return self._fault("task_id of another card")
        line = self.books.find(asked.task)
        line.text, line.edited, line.raw = card_text(card), True, body
        line.keys = {b["text"]: b["key"] for b in card.get("button_list", []) if b["text"] != "✓"}
        return 0

    def _upload(self, cmd: str, body: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        match cmd.removeprefix("aibot_upload_media_"):
            case "init":
                good = 5 < body["total_size"] <= 10 * 1024 * 1024 and body["total_chunks"] <= 100
                if not good or body["type"] != "image" or not body["filename"]:
                    return self._fault("upload init"), {}
                name = self.books.next("upload")
                self.uploads[name] = {**body, "pieces": {}}
                return 0, {"upload_id": name}
            case "chunk":
                piece = base64.b64decode(body["base64_data"], validate=True)
                if len(piece) > 512 * 1024:
                    return self._fault("upload chunk"), {}
                self.uploads[body["upload_id"]]["pieces"][body["chunk_index"]] = piece
                return 0, {}
            case "finish":
                kept = self.uploads.pop(body["upload_id"])
                whole = b"".join(kept["pieces"][i] for i in range(kept["total_chunks"]))
                same = hashlib.md5(whole).hexdigest() == kept["md5"]
                if not same or len(whole) != kept["total_size"]:
                    return self._fault("upload finish"), {}
                media_id = self.books.next("media")
                self.media[media_id] = whole
                return 0, {"type": "image", "media_id": media_id, "created_at": "1764000000"}
            case _:
                return self._fault(f"cmd {cmd}"), {}

    async def tell(self, cmd: str, body: dict[str, Any], kind: str, task: str = "") -> str:
        """Send a callback (or keep it until somebody is subscribed); its request id."""
        req_id = self.books.next("req")
        group = body.get("chattype") == "group"
        chat = body["chatid"] if group else body["from"]["userid"]
        if kind == "msg":
            self.spoken[chat] = 2 if group else 1
        self.asked[req_id] = Asked(chat, body["msgid"], kind, time.monotonic(), task)
        await self._write({"cmd": cmd, "headers": {"req_id": req_id}, "body": body})
        return req_id

    async def _write(self, frame: dict[str, Any]) -> None:
        if self._current is None or not self.subscribed.is_set():
            self._waiting.append(frame)
            return
        await self.write_text(json.dumps(frame, ensure_ascii=False))
        self.delivered.add(str(frame["body"].get("msgid")))

    async def write_text(self, text: str) -> None:
        """Raw text to the one who is subscribed, cut as `split` says."""
        assert self._current
        ws, request = self._current
        if not self.split:
            await ws.send_str(text)
            return
        raw, transport = text.encode(), request.transport
        assert transport
        third = max(len(raw) // 3, 1)
        parts = [raw[:third], raw[third : 2 * third], raw[2 * third :]]
        if self.split == "frames":
            for i, part in enumerate(parts):
                transport.write(_header(len(part), first=i == 0, last=i == 2) + part)
            return
        whole = _header(len(raw), first=True, last=True) + raw
        for start in range(0, len(whole), 7):
            transport.write(whole[start : start + 7])
            await asyncio.sleep(0)

    async def kick(self) -> None:
        """Tell the present one that another has come; the socket itself is left half-alive."""
        assert self._current
        ws, self._current = self._current[0], None
        self.subscribed.clear()
        event = {"eventtype": "disconnected_event", "disconnected_event": {}}
        body: dict[str, Any] = {"msgid": self.books.next("event"), "msgtype": "event"}
        body["event"] = event
        body["aibotid"], body["create_time"] = self.bot_id, int(time.time())
        await ws.send_json(
            {"cmd": "aibot_event_callback", "headers": {"req_id": "kick"}, "body": body}
        )

    async def close(self, code: int) -> None:
        """End the connection as the protocol wants it."""
        assert self._current
        ws = self._current[0]
        self.subscribed.clear()
        await ws.close(code=code)

    def abort(self) -> None:
        """End the connection as cables do."""
        assert self._current
        transport = self._current[1].transport
        self.subscribed.clear()
        assert transport
        transport.abort()


def _header(size: int, first: bool, last: bool) -> bytes:
    """A server's frame header: text or continuation."""
    start = (0x80 if last else 0) | (0x01 if first else 0x00)
    if size < 126:
        return struct.pack("!BB", start, size)
    return struct.pack("!BBH", start, 126, size)

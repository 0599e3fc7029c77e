"""How the fake brings events: over its websockets or to our webhook, again after 15 s, 5 min, 1 h
and 6 h (divided by `speed`) until it is told 200.
"""

import asyncio
import base64
import hashlib
import json
import os
import random
import time
from collections import Counter
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from tests.fakes.feishu_books import Books, Json
from tests.fakes.feishu_frames import CONTROL, DATA, Frame, read, write

SCHEDULE = (15.0, 300.0, 3600.0, 21600.0)


@dataclass(slots=True)
class Delivery:
    """One event and how each try to bring it went: 200, another code, or 0 for no answer."""

    event: Json
    codes: list[int] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def kept(self) -> bool:
        return 200 in self.codes


class Push:
    """`client_config` is what a client is told; `parts` splits every event."""

    def __init__(self, books: Books, app_id: str, secret: str) -> None:
        self.books, self.app_id, self.secret = books, app_id, secret
        self.speed = 100.0
        self.deadline = 3.0
        self.parts = 1
        self.backwards = False
        self.holding: list[Delivery] | None = None
        self.client_config: Json = {
            "ReconnectCount": -1,
            "ReconnectInterval": 1,
            "ReconnectNonce": 0.05,
            "PingInterval": 1,
        }
        self.endpoint_delay = 0.0
        self.endpoint_answer: tuple[int, Json] | None = None
        self.handshake: dict[str, str] = {}
        self.encrypt_key, self.verification_token = "the encrypt key", "the verification token"
        self.hook = ""
        self.deliveries: list[Delivery] = []
        self.counts: Counter[str] = Counter()
        self.sockets: list[web.WebSocketResponse] = []
        self.deaf: set[web.WebSocketResponse] = set()
        self.arrived = asyncio.Event()
        self._tickets: set[str] = set()
        self._waiting: dict[str, asyncio.Future[tuple[int, str]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.base = ""

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/callback/ws/endpoint", self._endpoint), web.get("/ws", self._socket)]

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for socket in list(self.sockets):
            self.transport(socket).abort()

    # the long connection

    async def _endpoint(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.counts["endpoint"] += 1
        if self.endpoint_delay:
            await asyncio.sleep(self.endpoint_delay)
        if self.endpoint_answer is not None:
            status, answer = self.endpoint_answer
            return web.json_response(answer, status=status)
        if (body.get("AppID"), body.get("AppSecret")) != (self.app_id, self.secret):
            return web.json_response({"code": 1000040345, "msg": "app secret invalid"})
        ticket = self.books.fresh("ticket")
        self._tickets.add(ticket)
        base = self.base.replace("http", "ws", 1)
        url = f"{base}/ws?device_id={self.books.fresh('d')}&service_id=33554678&access_key={ticket}"
        data = {"URL": url, "ClientConfig": self.client_config}
        return web.json_response({"code": 0, "msg": "success", "data": data})

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("access_key", "")
        if self.handshake or ticket not in self._tickets:
            headers = self.handshake or {"handshake-status": "514", "handshake-msg": "bad ticket"}
            return web.Response(status=403, headers=headers)
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse(autoping=True, max_msg_size=8 * 1024 * 1024)
        await socket.prepare(request)
        self.sockets.append(socket)
        self.counts["connected"] += 1
        self.arrived.set()
        try:
            async for message in socket:
                if message.type is aiohttp.WSMsgType.BINARY and socket not in self.deaf:
                    await self._received(socket, read(message.data))
        finally:
            self.sockets.remove(socket)
            self.deaf.discard(socket)
            if not self.sockets:
                self.arrived.clear()
        return socket

    async def _received(self, socket: web.WebSocketResponse, frame: Frame) -> None:
        if frame.method == CONTROL and frame.headers.get("type") == "ping":
            self.counts["ping"] += 1
            assert frame.service == 33554678, "a ping names the service of its connection"
            pong = json.dumps(self.client_config).encode()
            await socket.send_bytes(write(Frame(CONTROL, frame.service, {"type": "pong"}, pong)))
        elif frame.method == DATA:
            body = json.loads(frame.payload)
            waiting = self._waiting.pop(frame.headers.get("message_id", ""), None)
            if waiting is not None and not waiting.done():
                waiting.set_result((body["code"], body.get("data") or ""))

    async def _over_socket(self, delivery: Delivery) -> tuple[int, str]:
        open_ones = list(self.sockets)
        if not open_ones:
            return 0, ""
        # cluster mode: one client, whichever, is given the event
        socket = random.choice(open_ones)
        name = self.books.fresh("m")
        payload = json.dumps(delivery.event, ensure_ascii=False).encode()
        size = -(-len(payload) // self.parts)
        cut = [payload[i * size : (i + 1) * size] for i in range(self.parts)]
        frames = []
        for place, piece in enumerate(cut):
            headers = {
                "type": "event",
                "message_id": name,
                "sum": str(self.parts),
                "seq": str(place),
                "trace_id": name,
                "timestamp": str(int(time.time() * 1000)),
            }
            number = next(self.books.numbers)
            frames.append(write(Frame(DATA, 33554678, headers, piece, number, number)))
        waiting: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()
        self._waiting[name] = waiting
        try:
            if socket not in self.deaf:
                for raw in reversed(frames) if self.backwards else frames:
                    await socket.send_bytes(raw)
            return await asyncio.wait_for(waiting, self.deadline)
        except (TimeoutError, ConnectionError, aiohttp.ClientError):
            self.counts["slow"] += 1
            return 0, ""
        finally:
            self._waiting.pop(name, None)

    def transport(self, socket: web.WebSocketResponse) -> asyncio.WriteTransport:
        request = socket._req  # the only way to a connection that shall not be closed politely
        assert request is not None
        assert request.transport is not None
        assert isinstance(request.transport, asyncio.WriteTransport)
        return request.transport

    # the webhook

    def sealed(self, event: Json) -> bytes:
        padder = PKCS7(128).padder()
        plain = padder.update(json.dumps(event).encode()) + padder.finalize()
        iv = os.urandom(16)
        key = hashlib.sha256(self.encrypt_key.encode()).digest()
        sealer = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
        raw = iv + sealer.update(plain) + sealer.finalize()
        return json.dumps({"encrypt": base64.b64encode(raw).decode()}).encode()

    def signed(self, body: bytes, at: float | None = None, nonce: str = "") -> dict[str, str]:
        stamp = str(int(time.time() if at is None else at))
        nonce = nonce or self.books.fresh("n")
        text = (stamp + nonce + self.encrypt_key).encode() + body
        return {
            "Content-Type": "application/json",
            "X-Lark-Request-Timestamp": stamp,
            "X-Lark-Request-Nonce": nonce,
            "X-Lark-Signature": hashlib.sha256(text).hexdigest(),
        }

    async def post(self, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        limit = aiohttp.ClientTimeout(total=self.deadline)
        try:
            async with (
                aiohttp.ClientSession(timeout=limit) as session,
                session.post(self.hook, data=body, headers=headers) as answer,
            ):
                return answer.status, await answer.text()
        except (TimeoutError, aiohttp.ClientError):
            self.counts["slow"] += 1
            return 0, ""

    async def _over_hook(self, delivery: Delivery) -> tuple[int, str]:
        body = self.sealed(delivery.event)
        return await self.post(body, self.signed(body))

    async def challenge(self, token: str = "") -> tuple[int, str]:
        event = {
            "challenge": "ajls384kdjx98XX",
            "token": token or self.verification_token,
            "type": "url_verification",
        }
        return await self.post(self.sealed(event), {"Content-Type": "application/json"})

    # both

    def event(self, kind: str, body: Json, micro: bool = False) -> Json:
        now = time.time()
        header = {
            "event_id": self.books.fresh(""),
            "event_type": kind,
            "create_time": str(int(now * (1_000_000 if micro else 1000))),
            "token": self.verification_token,
            "app_id": self.app_id,
            "tenant_key": "2f0f7c2e0c5f5e7a",
        }
        return {"schema": "2.0", "header": header, "event": body}

    def bring(self, event: Json) -> Delivery:
        """In the background, until it is kept."""
        delivery = Delivery(event)
        self.deliveries.append(delivery)
        if self.holding is not None:
            self.holding.append(delivery)
        else:
            self._start(delivery)
        return delivery

    def again(self, delivery: Delivery) -> None:
        self._start(delivery)

    def release(self, *, backwards: bool) -> None:
        """Bring what was held back."""
        held, self.holding = self.holding or [], None
        for delivery in reversed(held) if backwards else held:
            self._start(delivery)

    def _start(self, delivery: Delivery) -> None:
        task = asyncio.create_task(self._until_kept(delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _until_kept(self, delivery: Delivery) -> None:
        for pause in (*SCHEDULE, None):
            began = time.monotonic()
            over = self._over_hook if self.hook else self._over_socket
            code, answer = await over(delivery)
            delivery.waited.append(time.monotonic() - began)
            delivery.codes.append(code)
            delivery.answers.append(answer)
            delivery.answered.set()
            if code == 200:
                return
            if pause is not None:
                await asyncio.sleep(pause / self.speed)
        self.counts["given up"] += 1

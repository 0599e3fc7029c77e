"""Feishu's long connection: a websocket on our own loop, every event acknowledged once it is kept.

lark-oapi's own client is not used, only its frames: it looks up the address with a request that
blocks without a time limit, waits for a handler on its one loop, gives up for good on some errors,
locks itself up when it connects twice and writes the address with its ticket into the log.
"""

import asyncio
import base64
import json
import logging
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress

import aiohttp

from adapters.chat.feishu.endpoint import Dropped, Endpoint, service
from adapters.chat.feishu.faults import Fault
from adapters.chat.feishu.frames import CONTROL, DATA, BrokenFrame, Codec, Frame, load
from adapters.chat.feishu.options import Options
from adapters.chat.feishu.pace import Pace
from adapters.chat.feishu.parts import Crooked, Parts

log = logging.getLogger("vitrine.feishu")
Socket = aiohttp.ClientWebSocketResponse
_NOTHING = base64.b64encode(b"{}").decode()


class Link:
    """Keeps the connection for ever. `take` says whether an event may be acknowledged; `greet` is
    done before each connection: it finds out who we are. `state` is the adapter's.
    """

    def __init__(
        self,
        options: Options,
        counts: Counter[str],
        endpoint: Endpoint,
        take: Callable[[bytes], Awaitable[bool]],
        greet: Callable[[], Awaitable[None]],
    ) -> None:
        self._options, self._counts, self._endpoint = options, counts, endpoint
        self._take, self._greet = take, greet
        self._pace = Pace.first(options)
        self._parts = Parts()
        self._answers: set[asyncio.Task[None]] = set()
        self.state = "starting"
        self.connected = asyncio.Event()

    async def run(self) -> None:
        """Connect, and connect again after whatever happens."""
        # a tenth of a second of work, which would hold up everybody else
        codec = await asyncio.to_thread(load)
        tries = 0
        try:
            while True:
                began = self._counts["frames"]
                try:
                    await self._once(codec)
                except Dropped as drop:
                    self._fell(drop)
                if self._counts["frames"] > began:
                    tries = 0
                await asyncio.sleep(self._pause(tries))
                tries += 1
        finally:
            for task in self._answers:
                task.cancel()
            await asyncio.gather(*self._answers, return_exceptions=True)

    async def watch(self) -> None:
        """For the webhook: no connection, only that our credentials are good."""
        tries = 0
        while True:
            try:
                await self._introduced()
                break
            except Dropped as drop:
                self._fell(drop)
            await asyncio.sleep(self._pause(tries))
            tries += 1
        self.state = "ok"
        await asyncio.Event().wait()

    def _fell(self, drop: Dropped) -> None:
        self.state = drop.state
        self._counts["dropped"] += 1
        log.warning("feishu: %s", drop)

    def _pause(self, tries: int) -> float:
        if self.state == "refused":
            return self._options.refused_pause * random.uniform(0.8, 1.0)
        return self._pace.pause(tries, self._options)

    async def _introduced(self) -> None:
        try:
            await self._greet()
        except Fault as fault:
            if fault.refused:
                raise Dropped(str(fault), "refused") from None
            if not fault.status or fault.throttled or fault.status >= 500:
                raise Dropped(str(fault)) from None
            log.warning("we could not find out who we are: %s", fault)

    async def _once(self, codec: Codec) -> None:
        """One connection from beginning to end. Raises Dropped."""
        await self._introduced()
        url, config = await self._endpoint.find()
        self._pace = self._pace.told(config, self._options)
        socket = await self._endpoint.open(url)
        try:
            self._counts["connected"] += 1
            self._counts["reconnected"] += self._counts["connected"] > 1
            log.info("the long connection is open")
            self.state = "ok"
            self.connected.set()
            await self._attend(socket, codec, service(url))
        finally:
            self.connected.clear()
            with suppress(aiohttp.ClientError, OSError, TimeoutError):
                await socket.close()

    async def _attend(self, socket: Socket, codec: Codec, number: int) -> None:
        beating = asyncio.create_task(self._beat(socket, codec.ping(number)))
        try:
            while True:
                message = await self._next(socket)
                if message.type is aiohttp.WSMsgType.BINARY:
                    self._frame(socket, codec, message.data)
                elif message.type is not aiohttp.WSMsgType.TEXT:
                    raise Dropped(f"the long connection was closed ({socket.close_code})")
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)

    async def _next(self, socket: Socket) -> aiohttp.WSMessage:
        """A dead peer says nothing: not even the answer to a ping."""
        limit = 2 * self._pace.ping + self._options.silence_grace
        try:
            async with asyncio.timeout(limit):
                return await socket.receive()
        except TimeoutError:
            self._counts["silent"] += 1
            raise Dropped("nothing heard, not even a pong", "silent") from None

    async def _beat(self, socket: Socket, ping: bytes) -> None:
        while True:
            with suppress(aiohttp.ClientError, OSError):
                await socket.send_bytes(ping)
            await asyncio.sleep(self._pace.ping)

    def _frame(self, socket: Socket, codec: Codec, raw: bytes) -> None:
        try:
            frame = codec.read(raw)
            self._counts["frames"] += 1
            if frame.method == CONTROL:
                self._control(frame)
                return
            if frame.method != DATA or frame.headers.get("type") not in {"event", "card"}:
                return
            payload = self._parts.whole(frame)
        except (BrokenFrame, Crooked) as flaw:
            self._counts["malformed"] += 1
            log.warning("a frame was skipped: %s", flaw)
            return
        if payload is not None:
            task = asyncio.create_task(self._answer(socket, codec, frame, payload))
            self._answers.add(task)
            task.add_done_callback(self._answers.discard)

    def _control(self, frame: Frame) -> None:
        if frame.headers.get("type") == "pong" and frame.payload:
            with suppress(ValueError, RecursionError):
                self._pace = self._pace.told(json.loads(frame.payload), self._options)

    async def _answer(self, socket: Socket, codec: Codec, frame: Frame, payload: bytes) -> None:
        began = time.monotonic()
        kept = await self._take(payload)
        millis = int((time.monotonic() - began) * 1000)
        # a press wants an answer of its own; an empty one leaves the card as it is
        press = b"card.action.trigger" in payload or frame.headers.get("type") == "card"
        self._counts["asked.again"] += not kept
        raw = codec.answer(frame, 200 if kept else 500, _NOTHING if kept and press else "", millis)
        try:
            await socket.send_bytes(raw)
        except (aiohttp.ClientError, OSError):
            # the platform will bring it again, and the inbox knows it then
            self._counts["unacknowledged"] += 1

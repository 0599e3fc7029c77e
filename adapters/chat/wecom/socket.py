"""The smart bot's long connection: one websocket that is opened again for ever after every kind of
end, except that being kicked by another process is waited out instead of kicking back. Protocol:
developer.work.weixin.qq.com path/101463; every frame is `{cmd, headers: {req_id}, body}`, answers
have no `cmd` and repeat the `req_id`.
"""

import asyncio
import json
import logging
import random
import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from typing import Any
from weakref import WeakValueDictionary

import aiohttp

from adapters.chat.port import SendError
from adapters.chat.wecom.codes import NOT_SUBSCRIBED, code_of, temporary
from adapters.chat.wecom.times import Times

log = logging.getLogger("vitrine.wecom")

Frame = Mapping[str, Any]
CALLBACKS = ("aibot_msg_callback", "aibot_event_callback")
LARGEST = 16 * 1024 * 1024


class End(StrEnum):
    """How a connection ended, and our state after it."""

    LOST = "lost"
    UNREACHABLE = "unreachable"
    SILENT = "silent"
    REFUSED = "refused"
    KICKED = "kicked"


class NotConnected(SendError):
    """There is no subscribed connection: nothing went out."""


class Socket:
    """One long connection. `take` gets every callback frame, in order, and must not wait."""

    def __init__(
        self,
        url: str,
        bot_id: str,
        secret: str,
        times: Times,
        counts: Counter[str],
        alarm: Callable[[str], Awaitable[None]],
        session: Callable[[], aiohttp.ClientSession],
    ) -> None:
        self.state = "starting"
        self._url, self._bot_id, self._secret = url, bot_id, secret
        self._times, self._counts, self._alarm, self._session = times, counts, alarm, session
        self._ws: aiohttp.ClientWebSocketResponse[bool] | None = None
        self._waiting: dict[str, asyncio.Future[Frame]] = {}
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._renew = asyncio.Event()
        self._last = 0.0

    async def run(self, take: Callable[[Frame], None]) -> None:
        """Stay connected until cancelled."""
        pause, warned = self._times.first, ""
        while True:
            began = time.monotonic()
            try:
                end = await self._connection(take)
            except Exception as error:  # whatever it is, we connect again
                log.error("long connection failed: %s", type(error).__name__)
                end = End.UNREACHABLE
            self.state = "unreachable" if end is End.LOST else end.value
            if time.monotonic() - began > self._times.steady:
                pause, warned = self._times.first, ""
            log.warning("long connection ended: %s", end.value)
            if end in (End.KICKED, End.REFUSED):
                if warned != end:
                    await self._alarm("kicked" if end is End.KICKED else "credentials")
                    warned = end
                kicked = end is End.KICKED
                await asyncio.sleep(self._times.kicked if kicked else self._times.refused)
            else:
                await asyncio.sleep(pause * random.uniform(0.7, 1.3))
                pause = min(pause * 2, self._times.longest)
            self._counts["reconnected"] += 1

    async def _connection(self, take: Callable[[Frame], None]) -> End:
        """From opening to the end. Closes what it opened, whatever happens."""
        try:
            async with asyncio.timeout(self._times.connect):
                ws = await self._session().ws_connect(
                    self._url,
                    max_msg_size=LARGEST,
                    timeout=aiohttp.ClientWSTimeout(ws_close=min(1.0, self._times.connect)),
                )
        except aiohttp.WSServerHandshakeError as error:
            return End.REFUSED if error.status in (401, 403) else End.UNREACHABLE
        except (aiohttp.ClientError, OSError, TimeoutError):
            return End.UNREACHABLE
        self._ws = ws
        self._renew.clear()
        reading = asyncio.create_task(self._read(ws, take))
        living = asyncio.create_task(self._live(ws))
        try:
            done, _ = await asyncio.wait((reading, living), return_when=asyncio.FIRST_COMPLETED)
            return _worst([task.result() for task in done])
        finally:
            self._ws = None
            if self.state == "ok":
                self.state = "unreachable"
            for task in (reading, living):
                task.cancel()
            await asyncio.gather(reading, living, return_exceptions=True)
            self._drop_waiting()
            await ws.close()

    def _drop_waiting(self) -> None:
        """Whoever waits for an answer will not get it: the frame may have arrived."""
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(SendError("connection lost on the way", ambiguous=True))
        self._waiting.clear()

    async def _live(self, ws: aiohttp.ClientWebSocketResponse[bool]) -> End:
        """Subscribe, then ping for as long as pongs come."""
        body = {"bot_id": self._bot_id, "secret": self._secret}
        try:
            answer = await self._ask(ws, "aibot_subscribe", body, "", self._times.connect)
        except SendError:
            return End.UNREACHABLE
        if code := code_of(answer):
            log.error("subscription refused: errcode %d", code)
            return End.UNREACHABLE if temporary(code) else End.REFUSED
        self.state = "ok"
        log.info("subscribed")
        while True:
            try:
                async with asyncio.timeout(self._times.ping):
                    await self._renew.wait()
                return End.LOST
            except TimeoutError:
                pass
            asked = time.monotonic()
            try:
                await self._ask(ws, "ping", None, "", self._times.pong)
            except SendError:
                if self._last < asked:  # whatever came in the meantime was a sign of life
                    return End.SILENT

    async def _read(
        self, ws: aiohttp.ClientWebSocketResponse[bool], take: Callable[[Frame], None]
    ) -> End:
        """Hand every frame on until the connection ends."""
        async for message in ws:
            self._last = time.monotonic()
            if message.type not in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                continue
            try:
                frame = json.loads(message.data)
                if not isinstance(frame, dict):
                    raise TypeError
            except (ValueError, TypeError, RecursionError):
                self._counts["malformed"] += 1
                log.warning("a frame that is no JSON object is skipped")
                continue
            if self._frame(frame, take):
                return End.KICKED
        return End.LOST

    def _frame(self, frame: dict[str, Any], take: Callable[[Frame], None]) -> bool:
        """One frame; True if it says that another process has taken our place."""
        cmd = frame.get("cmd")
        if cmd in CALLBACKS:
            if cmd == CALLBACKS[1] and event_type(frame) == "disconnected_event":
                return True
            take(frame)
            return False
        headers = frame.get("headers")
        req_id = headers.get("req_id") if isinstance(headers, dict) else None
        future = self._waiting.get(req_id) if isinstance(req_id, str) else None
        if future is not None and not future.done():
            future.set_result(frame)
        else:
            self._counts["unexpected"] += 1
        return False

    async def ask(self, cmd: str, body: Mapping[str, Any], req_id: str = "") -> Frame:
        """Send a frame and wait for its answer, whatever its code. Raises NotConnected, or a
        SendError that is ambiguous when no answer came.
        """
        ws = self._ws
        if ws is None or self.state != "ok":
            raise NotConnected("the long connection is not subscribed")
        answer = await self._ask(ws, cmd, body, req_id, self._times.ack)
        if code_of(answer) == NOT_SUBSCRIBED:
            self._renew.set()
            raise NotConnected("the long connection is not subscribed any more")
        return answer

    async def _ask(
        self,
        ws: aiohttp.ClientWebSocketResponse[bool],
        cmd: str,
        body: Mapping[str, Any] | None,
        req_id: str,
        seconds: float,
    ) -> Frame:
        """Answers carry nothing but the request id, so one id has one question at a time."""
        req_id = req_id or f"{cmd}-{uuid.uuid4().hex}"
        frame: dict[str, Any] = {"cmd": cmd, "headers": {"req_id": req_id}}
        if body is not None:
            frame["body"] = body
        payload = json.dumps(frame, ensure_ascii=False)
        async with self._turns.setdefault(req_id, asyncio.Lock()):
            future: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
            self._waiting[req_id] = future
            try:
                async with asyncio.timeout(seconds):
                    await ws.send_str(payload)
                    return await future
            except TimeoutError:
                raise SendError("no answer in time", ambiguous=True) from None
            except (ConnectionError, aiohttp.ClientError, RuntimeError):
                raise NotConnected("the connection is closing") from None
            finally:
                if self._waiting.get(req_id) is future:
                    del self._waiting[req_id]


def event_type(frame: Frame) -> str:
    """The event's type, or nothing."""
    body = frame.get("body")
    event = body.get("event") if isinstance(body, dict) else None
    kind = event.get("eventtype") if isinstance(event, dict) else None
    return kind if isinstance(kind, str) else ""


def _worst(ends: list[End]) -> End:
    """Being kicked or refused says more than that the connection ended."""
    return next((e for e in ends if e in (End.KICKED, End.REFUSED)), ends[0])

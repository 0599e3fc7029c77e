"""The line to Telegram: python-telegram-bot's `Bot` over pools of ours, and what its errors mean.

The library would put the token and people's words into its own log lines and errors; here neither
leaves this file.
"""

import logging
import math
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
from telegram import Bot
from telegram.error import (
    BadRequest,
    ChatMigrated,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    NetworkError,
    TelegramError,
)
from telegram.request import HTTPXRequest

from adapters.chat.port import SendError
from adapters.chat.telegram.fields import number
from adapters.chat.telegram.thin import completed, document
from adapters.chat.telegram.times import Times

LOOPBACK = ("127.0.0.1", "localhost", "::1")
RAW_UPDATES = "get__updates"
"""Becomes `getUpdates` on the wire; written so because the library warns of names it has methods
for.
"""
TALKS = 96
"""Connections for what is said: more than the courier has notices in the air, and presses too."""
UNSURE = (502, 504)
"""A gateway lost the answer: Telegram itself may have done what was asked."""
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
GONE = ("chat not found", "user not found", "peer_id_invalid", "chat was deactivated", "chat_id is")

for _name in ("httpx", "httpcore", "telegram"):  # they write addresses with the token in them
    logging.getLogger(_name).setLevel(logging.WARNING)


class Halted(TelegramError):
    """429: the chat, or the whole bot, has to be quiet for some seconds."""

    __slots__ = ("seconds",)

    def __init__(self, seconds: float) -> None:
        super().__init__("Too Many Requests")
        self.seconds = seconds


class Broken(TelegramError):
    """5xx: Telegram has trouble of its own. `unsure`: it may have done it all the same."""

    __slots__ = ("status", "unsure")

    def __init__(self, status: int, unsure: bool) -> None:
        super().__init__("Server error")
        self.status, self.unsure = status, unsure


class Missing(TelegramError):
    """404 on anything but getMe: this server has no such method."""

    def __init__(self) -> None:
        super().__init__("No such method")


class Pool(HTTPXRequest):
    """The library's pool of connections, without its log of bodies that are no JSON, and with the
    HTTP status where the library's errors lose it.
    """

    __slots__ = ()

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        """Raises Halted, Broken, Missing and BadRequest before the library makes its own of them.
        Thin answers are filled in; what the library may call a wrong token is one.
        """
        status, payload = await super().do_request(*args, **kwargs)
        method = str(kwargs.get("url") or args[0]).rpartition("/")[2].lower()
        found = document(payload)
        if found is not None and found.get("ok") is False and 200 <= status < 300:
            status = number(found, "error_code") or 400
        if status == 429:
            raise Halted(_retry_after(found))
        if status >= 500:
            theirs = found is not None and "ok" in found
            raise Broken(status, status in UNSURE or (status != 503 and not theirs))
        if status == 413:
            raise BadRequest("Request Entity Too Large")
        if status == 404 and method != "getme":
            raise Missing
        if found is not None and 200 <= status < 300:
            asked = kwargs.get("request_data")
            payload = completed(method, found, asked.parameters if asked else {})
        return status, payload

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """An object, or TelegramError that does not quote it."""
        found = document(payload)
        if found is None:
            raise TelegramError("Invalid server response")
        if not isinstance(found.get("parameters", {}), dict):
            del found["parameters"]
        return found


def _retry_after(found: Mapping[str, Any] | None) -> float:
    """The seconds of a 429 (Bot API: `parameters.retry_after`)."""
    try:
        wait = float((found or {})["parameters"]["retry_after"])
    except (ValueError, KeyError, TypeError, OverflowError):
        return 5.0
    return min(max(1.0, wait), 86_400.0) if math.isfinite(wait) else 5.0


class Line:
    """Two bots of one token: `bot` says and asks, `poll` only waits for updates, in a pool of its
    own that can be torn down. `files` downloads.
    """

    def __init__(self, token: str, base_url: str, proxy: str, times: Times) -> None:
        root = base_url.rstrip("/")
        self.host = urlsplit(root).hostname or ""
        self.times = times
        more: dict[str, Any] = {"verify": _ssl_context(), "trust_env": self.host not in LOOPBACK}
        try:
            self._talk = _pool(TALKS, times.answer, proxy, times, more)
            self.pool = _pool(1, times.poll + times.slack, proxy, times, more)
            wait = httpx.Timeout(times.answer, connect=times.connect)
            self.files = httpx.AsyncClient(proxy=proxy or None, timeout=wait, **more)
        except (RuntimeError, ImportError, ValueError, httpx.InvalidURL):
            raise ValueError(
                "The Telegram proxy can't be used: give http://HOST:PORT or socks5://HOST:PORT"
            ) from None
        said, files = f"{root}/bot", f"{root}/file/bot"
        self.bot = Bot(token, said, files, request=self._talk, get_updates_request=self.pool)
        self.poll = Bot(token, said, files, request=self.pool, get_updates_request=self.pool)

    async def updates(self, offset: int, wait: float, kinds: list[str]) -> list[Any]:
        """The updates from `offset` on, as Telegram wrote them: the library's own `get_updates`
        loses a whole batch with one update that it can't read.
        """
        asked: Mapping[str, Any] = {"offset": offset, "timeout": wait, "allowed_updates": kinds}
        found = await self.poll.do_api_request(
            RAW_UPDATES, dict(asked), read_timeout=wait + self.times.slack
        )
        if not isinstance(found, list):
            raise TelegramError("Invalid server response")
        return found

    async def renew(self) -> None:
        """Throw the polling connections away, however they are."""
        await self.pool.shutdown()
        await self.pool.initialize()

    async def close(self) -> None:
        """Let go of all connections."""
        await self._talk.shutdown()
        await self.pool.shutdown()
        await self.files.aclose()


def _pool(size: int, answer: float, proxy: str, times: Times, more: dict[str, Any]) -> Pool:
    return Pool(
        connection_pool_size=size,
        read_timeout=answer,
        write_timeout=times.answer,
        connect_timeout=times.connect,
        pool_timeout=times.connect,
        media_write_timeout=times.upload,
        proxy=proxy or None,
        httpx_kwargs=more,
    )


def _ssl_context() -> ssl.SSLContext:
    """Made once: reading the authorities takes tens of milliseconds."""
    return httpx.create_ssl_context()


def refused(error: Exception) -> bool:
    """Whether Telegram does not take our token: 401, or 404 on getMe."""
    return isinstance(error, InvalidToken | EndPointNotFound)


def says(error: Exception, *words: str) -> bool:
    """Whether Telegram's description of a BadRequest has one of these words."""
    return isinstance(error, BadRequest) and any(w in error.message.lower() for w in words)


def fault(error: Exception) -> SendError:
    """What a send that raised this has come to. The reason is ours: Telegram's may quote."""
    name = type(error).__name__
    if isinstance(error, Halted):
        return SendError("flood control", retry_after=error.seconds, everywhere=True)
    if isinstance(error, Broken):
        return SendError(f"HTTP {error.status}", ambiguous=error.unsure)
    if isinstance(error, Missing):
        return SendError("no such method there")
    if isinstance(error, ChatMigrated):
        return SendError("chat migrated", moved_to=str(error.new_chat_id))
    if isinstance(error, Forbidden) or says(error, *GONE):
        return SendError("chat closed to us", shut=True)
    if isinstance(error, BadRequest):
        return SendError("bad request", permanent=True)
    if isinstance(error, TelegramError) and not isinstance(error, NetworkError):
        known = refused(error) or name == "Conflict"
        return SendError(name, ambiguous=not known)
    cause = error.__cause__ or error
    return SendError(type(cause).__name__, ambiguous=not isinstance(cause, NEVER_SENT))

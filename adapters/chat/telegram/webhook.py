"""Updates that Telegram brings: one address, guarded by a secret, answered after the commit.

Source: core.telegram.org/bots/api#setwebhook. Anything but 2xx makes Telegram come again.
"""

import asyncio
import hmac
import json
import logging
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from telegram import WebhookInfo

from adapters.chat.port import Hook
from adapters.chat.telegram.ears import Ears
from adapters.chat.telegram.hearing import KINDS
from adapters.chat.telegram.standing import Standing
from adapters.chat.telegram.times import Times, pause
from adapters.chat.telegram.wire import LOOPBACK, Halted, Line, refused

PATH = "/webhooks/telegram"
HEADER = "X-Telegram-Bot-Api-Secret-Token"
BODY_LIMIT = 256 * 1024
FRESH = timedelta(minutes=5)
"""Telegram tries again every two minutes at least: an older fault is over."""

log = logging.getLogger("vitrine.telegram")


def address(secret: str, public_url: str) -> str:
    """Where Telegram is to bring updates. Raises ValueError for what it would not accept."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
        raise ValueError("The Telegram webhook secret must be 1 to 256 of A-Z a-z 0-9 _ -")
    parts = urlsplit(public_url)
    plain = parts.scheme == "http" and parts.hostname in LOOPBACK
    if not parts.hostname or (parts.scheme != "https" and not plain):
        raise ValueError("The Telegram webhook needs a public address that begins with https://")
    return public_url.rstrip("/") + PATH


def faulty(info: WebhookInfo, url: str) -> bool:
    """Whether Telegram brings updates elsewhere, or has lately failed to bring them."""
    late = info.last_error_date and datetime.now(UTC) - info.last_error_date < FRESH
    return info.url != url or bool(info.pending_update_count and late)


class Webhook:
    """The address, and the care that Telegram knows it."""

    def __init__(
        self, line: Line, ears: Ears, standing: Standing, times: Times, secret: str, url: str
    ) -> None:
        self.line, self.ears, self.standing, self.times = line, ears, standing, times
        self.secret, self.url = secret, url

    @property
    def hook(self) -> Hook:
        """What the web server has to serve."""
        return Hook("POST", PATH, self.handle)

    async def handle(self, request: web.Request) -> web.Response:
        """401 without the secret, 413, 400; 503 if it has to come again; 200 after the commit."""
        given = request.headers.get(HEADER, "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, self.secret.encode()):
            self.standing.counts["refused.signature"] += 1
            return web.Response(status=401)
        body = await _body(request)
        if body is None:
            self.standing.counts["refused.size"] += 1
            return web.Response(status=413)
        raw = _object(body)
        if raw is None:
            self.standing.counts["refused.body"] += 1
            return web.Response(status=400)
        known = self.ears.ready or self.ears.me.id
        if not known or not await self.ears.take(raw):
            return web.Response(status=503)
        return web.Response()

    async def run(self) -> None:
        """Tell Telegram the address, and look now and then whether it still holds."""
        fails = 0
        while True:
            try:
                await self._see_to_it()
                fails, wait = 0, self.times.webhook
            except Exception as error:
                fails += 1
                wait = await self._after(error, fails)
            await asyncio.sleep(wait)

    async def _see_to_it(self) -> None:
        info = await self._info()
        if not info or info.url != self.url or self.standing.state in ("starting", "refused"):
            if info and info.url and info.url != self.url:
                self.standing.counts["conflict"] += 1
                await self.standing.alarm("conflict")
            await self.line.bot.set_webhook(
                self.url, allowed_updates=KINDS, secret_token=self.secret
            )
            info = await self._info()
        self.standing.become("silent" if info and faulty(info, self.url) else "ok")

    async def _info(self) -> WebhookInfo | None:
        """None if Telegram is there, but can't tell: then the address is set again each time."""
        try:
            return await self.line.bot.get_webhook_info()
        except Exception as error:
            if refused(error) or isinstance(error, Halted):
                raise
            log.warning("the webhook can't be asked for: %s", type(error).__name__)
            return None

    async def _after(self, error: Exception, fails: int) -> float:
        if refused(error):
            self.standing.become("refused")
            await self.standing.alarm("token")
            return self.times.refused
        if isinstance(error, Halted):
            return error.seconds
        log.warning("the webhook could not be seen to: %s", type(error).__name__)
        self.standing.become("unreachable")
        return pause(self.times, fails)


async def _body(request: web.Request) -> bytes | None:
    """The body, or None if there is more of it than an update can have."""
    if (request.content_length or 0) > BODY_LIMIT:
        return None
    body = bytearray()
    async for chunk in request.content.iter_chunked(65536):
        body += chunk
        if len(body) > BODY_LIMIT:
            return None
    return bytes(body)


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None

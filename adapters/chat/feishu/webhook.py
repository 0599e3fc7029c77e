"""Feishu calls us: nothing in a request is looked at before its signature has been checked, and
nothing is acknowledged before it is kept.
"""

import asyncio
import json
import logging
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from adapters.chat.feishu.content import Malformed, text
from adapters.chat.feishu.ear import Ear
from adapters.chat.feishu.hearing import opened
from adapters.chat.feishu.options import Options
from adapters.chat.feishu.seal import Broken, decrypt, same, signature
from adapters.chat.port import Hook

log = logging.getLogger("vitrine.feishu")
PATH = "/webhooks/feishu"
_BODY_CAP = 256 * 1024
_BODY_TIME = 10.0
_CHALLENGE = "url_verification"


class Webhook:
    """The one address. `verified` is whether a believable request has come since the start."""

    def __init__(self, options: Options, counts: Counter[str], ear: Ear) -> None:
        self._options, self._counts, self._ear = options, counts, ear
        self._seen: dict[str, float] = {}
        self.verified = False

    @property
    def hooks(self) -> tuple[Hook, ...]:
        """What the web server has to offer."""
        return (Hook("POST", PATH, self.handle),)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """200 kept, 401 not from Feishu or too old, 403 seen before, 413 too long, 500 not kept."""
        body = await _body(request)
        if body is None:
            self._counts["refused.too-long"] += 1
            return web.json_response({}, status=413)
        sign = request.headers.get("X-Lark-Signature", "")
        stamp = request.headers.get("X-Lark-Request-Timestamp", "")
        nonce = request.headers.get("X-Lark-Request-Nonce", "")
        if not sign and not stamp and not nonce:
            return self._introduced(body)
        expected = signature(stamp, nonce, self._options.encrypt_key, body)
        if not same(sign, expected):
            return self._refuse("signature", 401)
        if not self._fresh(stamp):
            return self._refuse("stale", 401)
        if self._replayed(sign):
            return self._refuse("replayed", 403)
        answer = await self._signed(body)
        if answer.status != 200:
            # what was not kept may come again as it is
            self._seen.pop(sign, None)
        return answer

    def _refuse(self, why: str, status: int) -> web.Response:
        self._counts[f"refused.{why}"] += 1
        log.warning("a request was refused: %s", why)
        return web.json_response({}, status=status)

    def _fresh(self, stamp: str) -> bool:
        if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12:
            return False
        return abs(time.time() - int(stamp)) <= self._options.signature_window

    def _replayed(self, sign: str) -> bool:
        """A signature counts once within the window in which it would be fresh."""
        now = time.monotonic()
        self._seen = {k: until for k, until in self._seen.items() if until > now}
        if sign in self._seen:
            return True
        self._seen[sign] = now + 2 * self._options.signature_window
        return False

    def _introduced(self, body: bytes) -> web.Response:
        """The question whether the address is ours comes without a signature, and in the open
        until the encrypt key is set: there the token is the proof.
        """
        plain = self._plain(body)
        try:
            found = json.loads(plain) if plain is not None else None
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict) or text(found, "type") != _CHALLENGE:
            return self._refuse("signature", 401)
        return self._challenged(found)

    def _challenged(self, found: Mapping[str, Any]) -> web.Response:
        if not same(text(found, "token"), self._options.verification_token):
            return self._refuse("token", 401)
        self.verified = True
        return web.json_response({"challenge": text(found, "challenge")})

    def _plain(self, body: bytes) -> bytes | None:
        """What was sealed, or what came in the open."""
        try:
            found = json.loads(body)
        except (ValueError, RecursionError):
            return None
        sealed = not isinstance(found, dict) or "encrypt" in found
        return self._unsealed(body) if sealed else body

    def _unsealed(self, body: bytes) -> bytes | None:
        try:
            sealed = text(json.loads(body), "encrypt")
            return decrypt(self._options.encrypt_key, sealed)
        except (ValueError, RecursionError, Broken):
            return None

    async def _signed(self, body: bytes) -> web.Response:
        plain = self._plain(body)
        if plain is None:
            return self._skipped("it can't be decrypted")
        try:
            found = json.loads(plain)
        except (ValueError, RecursionError):
            return self._skipped("it is not JSON")
        if text(found, "type") == _CHALLENGE:
            return self._challenged(found)
        try:
            event = opened(plain)
        except Malformed as flaw:
            return self._skipped(str(flaw))
        token = event.token if event is not None else text(found, "token")
        if not same(token, self._options.verification_token):
            return self._refuse("token", 401)
        self.verified = True
        self._counts["received"] += 1
        if event is None or await self._ear.keep(event):
            return web.json_response({})
        return web.json_response({}, status=500)

    def _skipped(self, why: str) -> web.Response:
        """Feishu itself sent nonsense: sending it again would not make it better."""
        self._counts["received"] += 1
        self._counts["malformed"] += 1
        log.warning("malformed request skipped: %s", why)
        return web.json_response({})


async def _body(request: web.Request) -> bytes | None:
    """The body as it came; None if it is too long or too slow."""
    if (request.content_length or 0) > _BODY_CAP:
        return None
    raw = bytearray()
    try:
        async with asyncio.timeout(_BODY_TIME):
            async for chunk in request.content.iter_chunked(16 * 1024):
                raw += chunk
                if len(raw) > _BODY_CAP:
                    return None
    except TimeoutError:
        return None
    return bytes(raw)

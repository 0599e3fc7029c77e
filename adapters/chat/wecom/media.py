"""Bytes behind a `Media.ref`: the smart bot's locked files, which live for five minutes, and the
application's media ids, which live for three days. What comes is bounded, and a broken download is
taken up where it ended.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

import aiohttp

from adapters.chat.wecom.crypto import Unlocking
from adapters.chat.wecom.times import Times
from adapters.chat.wecom.wire import Wire, literal, public
from domain.errors import PhotoFault

PHOTO, VIDEO = 20 * 1024 * 1024, 50 * 1024 * 1024
LIFE = 300.0
REDIRECTS = 3
PIECE = 64 * 1024

ById = Callable[[str], AsyncGenerator[bytes, None]]


class Trouble(Exception):
    """Something that may be over in a moment."""


class Downloads:
    """Fetches refs. `by_id` streams an application's media id, if there is an application."""

    def __init__(self, wire: Wire, times: Times, by_id: ById | None) -> None:
        self._wire, self._times, self._by_id = wire, times, by_id

    async def fetch(self, ref: str) -> AsyncIterator[bytes]:
        """The bytes. Raises PhotoFault `expired`, `unreachable` or `too-large`."""
        facts = _facts(ref)
        limit = VIDEO if facts.get("kind") == "video" else PHOTO
        passed = 0
        for pause in (*self._times.fetch, None):
            seen = 0
            try:
                async with contextlib.aclosing(self._bytes(facts, limit)) as pieces:
                    async for piece in pieces:
                        seen += len(piece)
                        if seen > limit:
                            raise PhotoFault("too-large", limit=limit)
                        if seen > passed:
                            fresh = piece[-(seen - passed) :]
                            passed = seen
                            yield fresh
                return
            except (Trouble, aiohttp.ClientError, OSError, TimeoutError, ValueError):
                if pause is None:
                    late = facts["from"] == "bot" and time.time() - facts["at"] > LIFE
                    raise PhotoFault("expired" if late else "unreachable") from None
            await asyncio.sleep(pause)

    def _bytes(self, facts: Mapping[str, Any], limit: int) -> AsyncGenerator[bytes, None]:
        if facts["from"] == "bot":
            return self._unlocked(str(facts["url"]), str(facts["key"]), limit)
        if self._by_id is None:
            raise PhotoFault("unreachable")
        return self._by_id(str(facts["id"]))

    async def _unlocked(self, url: str, key: str, limit: int) -> AsyncGenerator[bytes, None]:
        """A file behind an address, opened with its own key (files without a key lie open)."""
        lock = Unlocking(key) if key else None
        async with await self._open(url) as answer:
            if (answer.content_length or 0) > limit + 64:
                raise PhotoFault("too-large", limit=limit)
            async for piece in answer.content.iter_chunked(PIECE):
                plain = lock.feed(piece) if lock else piece
                if plain:
                    yield plain
        if lock:
            yield lock.end()

    async def _open(self, url: str) -> aiohttp.ClientResponse:
        """The answer that brings the file, after redirects that stay with the same owner."""
        for _ in range(REDIRECTS + 1):
            self._allowed(url)
            answer = await self._wire.media().get(url, allow_redirects=False)
            if answer.status == 200:
                return answer
            status, target = answer.status, answer.headers.get("Location", "")
            answer.release()
            if status in (301, 302, 303, 307, 308) and target:
                following = urljoin(url, target)
                if owner(following) != owner(url):
                    raise PhotoFault("unreachable")
                url = following
            elif status in (429, 408) or status >= 500:
                raise Trouble
            else:
                raise PhotoFault("expired")
        raise PhotoFault("unreachable")

    def _allowed(self, url: str) -> None:
        """http(s) to the public internet, unless WeCom itself is inside. Raises PhotoFault."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        inside = host == "localhost" or (literal(host) and not public(host))
        if parts.scheme not in ("http", "https") or not host or (inside and not self._wire.inside):
            raise PhotoFault("unreachable")


def _facts(ref: str) -> Mapping[str, Any]:
    try:
        facts = json.loads(ref)
        whole = {"bot": {"url", "key", "at"}, "app": {"id"}}[facts["from"]] <= facts.keys()
        if whole:
            return dict(facts)
    except (ValueError, TypeError, KeyError, AttributeError):
        pass
    raise PhotoFault("unreachable")


def owner(url: str) -> str:
    """The registrable domain of an address, near enough: two labels, or three below the likes of
    `com.cn`; addresses in numbers own themselves.
    """
    host = (urlsplit(url).hostname or "").lower()
    labels = host.split(".")
    if literal(host) or len(labels) < 3:
        return host
    second = {"com", "net", "org", "gov", "edu", "ac", "co"}
    return ".".join(labels[-3 if len(labels[-1]) == 2 and labels[-2] in second else -2 :])

"""Brings the bytes of what somebody sent. A reference is `image:`, `file:`, `video:` or `voice:`
with message and key, or `parent:` with a message whose picture is meant; it is good as long as the
message is.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from adapters.chat.feishu.calls import Calls
from adapters.chat.feishu.content import quoted
from adapters.chat.feishu.faults import FORBIDDEN_MEDIA, TOKEN, Fault
from adapters.chat.feishu.known import Known
from adapters.chat.feishu.options import Options
from domain.errors import PhotoFault

log = logging.getLogger("vitrine.feishu")
_MEGABYTE = 1024 * 1024
_CHUNK = 64 * 1024
_CAPS = {"image": 20, "file": 20, "voice": 20, "video": 50}
_LONGEST_PAUSE = 5.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where the bytes are."""

    message: str
    key: str
    kind: str

    @property
    def cap(self) -> int:
        """How many bytes are taken."""
        return _CAPS[self.kind] * _MEGABYTE


class Fetching:
    """Streams; a second try skips what the first has handed over already."""

    def __init__(self, options: Options, calls: Calls, known: Known) -> None:
        self._options, self._calls, self._known = options, calls, known

    async def chunks(self, ref: str) -> AsyncGenerator[bytes, None]:
        """Raises PhotoFault."""
        given = 0
        pauses = (*self._options.fetch_pauses, None)
        for pause in pauses:
            try:
                place = await self._place(ref)
                async with aclosing(self._from(place, given)) as chunks:
                    async for chunk in chunks:
                        given += len(chunk)
                        yield chunk
                return
            except Fault as fault:
                wait = self._judge(fault, pause)
            await asyncio.sleep(wait)

    def _judge(self, fault: Fault, pause: float | None) -> float:
        """How long to wait for the next try; raises PhotoFault if there is none."""
        if fault.code in FORBIDDEN_MEDIA or fault.refused:
            log.warning("media can't be fetched: %s", fault)
            raise PhotoFault("unreachable")
        if not fault.passing and fault.code not in TOKEN:
            log.info("media is gone: %s", fault)
            raise PhotoFault("expired")
        if pause is None:
            log.warning("media can't be fetched: %s", fault)
            raise PhotoFault("unreachable")
        return max(pause, min(fault.wait or 0.0, _LONGEST_PAUSE))

    async def _place(self, ref: str) -> Place:
        kind, _, rest = ref.partition(":")
        if kind == "parent":
            found = await self._known.pictures(rest)
            if not found:
                raise PhotoFault("expired")
            kind, _, rest = found[0].ref.partition(":")
        message, _, key = rest.partition("/")
        if kind not in _CAPS or not message or not key:
            raise PhotoFault("expired")
        return Place(message, key, kind)

    async def _from(self, place: Place, skip: int) -> AsyncGenerator[bytes, None]:
        message, key = quoted(place.message), quoted(place.key)
        path = f"/open-apis/im/v1/messages/{message}/resources/{key}"
        query = {"type": "image" if place.kind == "image" else "file"}
        seen = 0
        async with self._calls.stream(path, query) as answer:
            if (answer.content_length or 0) > place.cap:
                raise PhotoFault("too-large")
            async for chunk in answer.content.iter_chunked(_CHUNK):
                seen += len(chunk)
                if seen > place.cap:
                    raise PhotoFault("too-large")
                if seen > skip:
                    yield chunk[max(len(chunk) - (seen - skip), 0) :]

"""Photos, videos and voices: from a file id to its bytes, through whatever the line does.

Source: core.telegram.org/bots/api#getfile. A bot can load files up to 20 MB; an address from
getFile holds for an hour at least, the file id for ever.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field

import httpx
from telegram import File
from telegram.error import BadRequest, TelegramError

from adapters.chat.telegram.wire import Halted, Line, says
from domain.errors import PhotoFault

MB = 1024 * 1024
LIMITS = {"photo": 20 * MB, "voice": 20 * MB, "video": 50 * MB}
TRIES = 3
LONGEST_WAIT = 30.0


class _Trouble(Exception):
    """Worth another try; if there is none left it was `code`."""

    def __init__(self, code: str = "unreachable", wait: float = 0.0) -> None:
        super().__init__(code)
        self.code, self.wait = code, wait


@dataclass(slots=True)
class _Progress:
    """What has been handed out already, so that another try goes on where the last one broke."""

    limit: int
    given: int = 0
    whole: int = field(default=0)


async def fetch(line: Line, ref: str) -> AsyncGenerator[bytes, None]:
    """The bytes of a ref (`kind:bytes:file_id`), in pieces. Raises PhotoFault: `expired`,
    `unreachable`, `too-large`.
    """
    kind, _, rest = ref.partition(":")
    size, _, file_id = rest.partition(":")
    if kind not in LIMITS or not size.isdecimal() or not file_id:
        raise PhotoFault("expired")
    progress = _Progress(LIMITS[kind], whole=int(size))
    if progress.whole > progress.limit:
        raise PhotoFault("too-large")
    for attempt in range(1, TRIES + 1):
        try:
            async with aclosing(_once(line, file_id, progress)) as pieces:
                async for piece in pieces:
                    yield piece
        except _Trouble as trouble:
            if attempt == TRIES:
                raise PhotoFault(trouble.code) from None
            await asyncio.sleep(trouble.wait or line.times.fetch * attempt)
        else:
            return


async def _once(line: Line, file_id: str, progress: _Progress) -> AsyncGenerator[bytes, None]:
    file = await _file(line, file_id)
    progress.whole = file.file_size or progress.whole
    if progress.whole > progress.limit:
        raise PhotoFault("too-large")
    headers = {"Range": f"bytes={progress.given}-"} if progress.given else {}
    try:
        async with line.files.stream("GET", file.file_path or "", headers=headers) as answer:
            skip = _skip(answer.status_code, progress)
            async for piece in answer.aiter_bytes(65536):
                fresh = piece[skip:]
                skip = max(0, skip - len(piece))
                progress.given += len(fresh)
                if progress.given > progress.limit:
                    raise PhotoFault("too-large")
                if fresh:
                    yield fresh
    except (httpx.HTTPError, httpx.InvalidURL):
        raise _Trouble from None
    if progress.given < progress.whole:
        raise _Trouble


async def _file(line: Line, file_id: str) -> File:
    try:
        return await line.bot.get_file(file_id)
    except Halted as halted:
        raise _Trouble(wait=min(halted.seconds, LONGEST_WAIT)) from None
    except BadRequest as error:
        if says(error, "too big"):
            raise PhotoFault("too-large") from None
        if says(error, "temporarily unavailable"):
            raise _Trouble("expired") from None
        raise PhotoFault("expired") from None
    except (TelegramError, ValueError, TypeError, KeyError):
        raise _Trouble from None


def _skip(status: int, progress: _Progress) -> int:
    """How many of the answer's bytes we have already."""
    if status == 206:
        return 0
    if status == 200:
        return progress.given
    if status in (404, 410):
        raise _Trouble("expired")
    raise _Trouble

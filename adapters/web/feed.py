"""Live feeds (server-sent events): topics that changed, gathered for each listener, and an orderly
end.

A slow listener never holds anything back: what it has not fetched yet is one set of topics.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from aiohttp import web

BOARD = "board"
GATHER = 0.15
"""Seconds in which changes are gathered into one message."""
BEAT = 20.0
"""Seconds after which a quiet feed says that it is alive."""


@dataclass(slots=True)
class _Ear:
    topics: set[str] = field(default_factory=set)
    woken: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class Feed:
    """Who listens, and what they have not heard yet."""

    closed: bool = False
    changes: Counter[str] = field(default_factory=Counter)
    _ears: list[_Ear] = field(default_factory=list)
    _stops: list[Callable[[], None]] = field(default_factory=list)

    @property
    def opened(self) -> int:
        """How many listen."""
        return len(self._ears)

    def publish(self, topic: str) -> None:
        """Something changed."""
        self.changes[topic] += 1
        for ear in self._ears:
            ear.topics.add(topic)
            ear.woken.set()

    def until_closed(self, stop: Callable[[], None]) -> None:
        """Call this when the feed ends."""
        self._stops.append(stop)

    def close(self) -> None:
        """End every feed."""
        self.closed = True
        for stop in self._stops:
            stop()
        self._stops.clear()
        for ear in self._ears:
            ear.woken.set()

    async def listen(self, beat: float = BEAT) -> AsyncIterator[frozenset[str]]:
        """What changed, again and again; an empty set when nothing did for a while."""
        ear = _Ear()
        self._ears.append(ear)
        try:
            while not self.closed:
                try:
                    async with asyncio.timeout(beat):
                        await ear.woken.wait()
                    await asyncio.sleep(GATHER)
                except TimeoutError:
                    pass
                ear.woken.clear()
                heard, ear.topics = frozenset(ear.topics), set()
                if not self.closed:
                    yield heard
        finally:
            self._ears.remove(ear)


async def opened(request: web.Request) -> web.StreamResponse:
    """The response of a feed, begun."""
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream; charset=utf-8",
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
        }
    )
    await response.prepare(request)
    await response.write(b"retry: 2000\n\n")
    return response


async def tell(response: web.StreamResponse, event: str, data: str) -> None:
    """One message of a feed."""
    lines = "".join(f"data: {line}\n" for line in data.split("\n"))
    await response.write(f"event: {event}\n{lines}\n".encode())

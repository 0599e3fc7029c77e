"""What is remembered for a while and then forgotten by itself: request ids, presses, signatures;
and how much was sent of late.
"""

import time
from collections import OrderedDict, deque
from collections.abc import Sequence
from typing import Generic, TypeVar

from adapters.chat.port import SendError

V = TypeVar("V")


class Recent(Generic[V]):
    """At most `most` values, each for `seconds`, by the monotonic clock."""

    def __init__(self, seconds: float, most: int = 5000) -> None:
        self._seconds, self._most = seconds, most
        self._kept: OrderedDict[str, tuple[float, V]] = OrderedDict()

    def put(self, name: str, value: V) -> None:
        """Keep it, and forget the oldest beyond the bound."""
        self._kept.pop(name, None)
        self._kept[name] = (time.monotonic(), value)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def get(self, name: str) -> V | None:
        """The value, or None when there is none or it is too old."""
        found = self._kept.get(name)
        if found is None:
            return None
        if time.monotonic() - found[0] > self._seconds:
            del self._kept[name]
            return None
        return found[1]

    def drop(self, name: str) -> None:
        """Forget it now."""
        self._kept.pop(name, None)


class Pace:
    """Sliding windows of (count, seconds) per scope. The courier keeps the declared rules by
    replies; here every message counts, as the platform counts them.
    """

    def __init__(self, *windows: tuple[int, float]) -> None:
        self._windows = windows
        self._longest = max(seconds for _, seconds in windows)
        self._sent: dict[str, deque[float]] = {}

    def take(self, scope: str, cost: int) -> None:
        """Note `cost` messages as sent, or raise SendError with the wait until they may be."""
        now = time.monotonic()
        sent = self._sent.setdefault(scope, deque())
        while sent and now - sent[0] > self._longest:
            sent.popleft()
        wait = max(_wait(sent, now, cost, count, seconds) for count, seconds in self._windows)
        if wait > 0:
            raise SendError("our own limit for this chat", retry_after=wait)
        sent.extend([now] * cost)
        if len(self._sent) > 10_000:
            self._sent = {name: times for name, times in self._sent.items() if times}


def _wait(sent: Sequence[float], now: float, cost: int, count: int, seconds: float) -> float:
    """Seconds until `cost` more fit beside what was sent in the window."""
    inside = [at for at in sent if now - at <= seconds]
    over = len(inside) + min(cost, count) - count
    return inside[over - 1] + seconds - now + 0.01 if over > 0 else 0

"""How much was sent of late, as the platform counts it."""

import time
from collections import deque
from collections.abc import Sequence

from adapters.chat.port import SendError


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

"""Patience with those who guess: so many misses or writes in a time, then 429 for a while.

The books are this process's memory: with links of 160 bits nobody guesses one anyway; this keeps a
guesser from costing much.
"""

import ipaddress
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

REMEMBERED = 10_000
"""Clients and addresses that are remembered at most; the longest unseen go first."""


@dataclass(slots=True)
class Throttle:
    """`most` occasions in `seconds` for each key."""

    most: int
    seconds: float
    clock: Callable[[], float] = time.monotonic
    _seen: OrderedDict[str, deque[float]] = field(default_factory=OrderedDict)

    def full(self, key: str) -> float:
        """Seconds until the key may try again; 0 if it may now."""
        times = self._seen.get(key)
        if times is None:
            return 0.0
        now = self.clock()
        while times and times[0] <= now - self.seconds:
            times.popleft()
        return max(times[0] + self.seconds - now, 0.001) if len(times) >= self.most else 0.0

    def note(self, key: str) -> None:
        """One more occasion."""
        times = self._seen.setdefault(key, deque(maxlen=self.most))
        times.append(self.clock())
        self._seen.move_to_end(key)
        while len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)


def network(address: str) -> str:
    """Who counts as one client: an IPv4 address, or the /64 of an IPv6 one."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False))

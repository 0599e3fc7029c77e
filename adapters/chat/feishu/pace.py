"""How fast to reconnect and how often to ping: what the server asks for, within our own bounds."""

import random
from dataclasses import dataclass, replace
from typing import Any

from adapters.chat.feishu.options import Options


@dataclass(frozen=True, slots=True)
class Pace:
    """The server's ClientConfig, in seconds. Its ReconnectCount is not heeded: we never give up."""

    nonce: float
    interval: float
    ping: float

    @classmethod
    def first(cls, options: Options) -> "Pace":
        """Before the server has said anything."""
        return cls(
            min(options.backoff_start, options.nonce_cap),
            options.interval_cap,
            min(30.0, options.ping_cap),
        )

    def told(self, config: Any, options: Options) -> "Pace":
        """With those values of a ClientConfig that make sense."""

        def value(name: str, now: float, cap: float) -> float:
            found = config.get(name) if isinstance(config, dict) else None
            good = isinstance(found, int | float) and not isinstance(found, bool) and found > 0
            return min(float(found) if found and good else now, cap)

        return replace(
            self,
            nonce=value("ReconnectNonce", self.nonce, options.nonce_cap),
            interval=value("ReconnectInterval", self.interval, options.interval_cap),
            ping=value("PingInterval", self.ping, options.ping_cap),
        )

    def pause(self, tries: int, options: Options) -> float:
        """Seconds before the next try, `tries` of which have failed in a row."""
        if tries == 0:
            # after a drop everybody comes back at once; the server spreads them over its nonce
            return random.uniform(0.1, 1.0) * self.nonce
        longest = min(self.interval, options.interval_cap)
        wanted = options.backoff_start * 2.0 ** min(tries, 30)
        return min(wanted, longest) * random.uniform(0.5, 1.0)

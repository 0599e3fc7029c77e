"""What has gone out lately, per platform and per chat, so that no platform's limit is ever
overrun by all processes together.

Not a token bucket: one of capacity n lets 2n through within a window, and one of capacity 1 lets
nobody answer twice at once. Each window is kept as the count of its last hundred slices instead.
What is on its way counts; when the answer is there, the message is charged to the moment at which
it was sent, and a little later for a network that is not always equally fast. The price is some
hundredths of the rate.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from storage.sql import Sql

SLICES = 100


@dataclass(frozen=True, slots=True)
class Window:
    """At most `count` in any `seconds`."""

    count: int
    seconds: float


@dataclass(slots=True)
class Used:
    """What went out in one chat, or on a whole platform: slices by window."""

    hold_until: float
    slices: dict[str, list[list[float]]]

    def opens(self, window: Window, flying: int, wall: float) -> tuple[int, float]:
        """How many may go now, and when the next may if none can (0 if one may go now, or if only
        an answer that is awaited can tell).
        """
        if wall < self.hold_until:
            return 0, self.hold_until
        width = window.seconds / SLICES
        left = window.count - flying
        ends = []
        for begin, count in self.slices.get(_key(window), ()):
            end = begin + width + window.seconds
            if begin - window.seconds <= wall < end:  # what is further ahead, a clock left there
                left -= int(count)
                ends.append(end)
        if left > 0:
            return left, 0.0
        return 0, min(ends, default=0.0)

    def charge(self, window: Window, wall: float) -> None:
        """One went out."""
        width = window.seconds / SLICES
        begin = wall // width * width
        kept = [s for s in self.slices.get(_key(window), ()) if s[0] > wall - 2 * window.seconds]
        slot = next((s for s in kept if s[0] == begin), None)
        if slot is None:
            slot = [begin, 0]
            kept.append(slot)
        slot[1] += 1
        self.slices[_key(window)] = sorted(kept)


class LimitBook:
    """The windows in one transaction. Names are the caller's: a platform, a platform's chat."""

    def __init__(self, sql: Sql) -> None:
        self.sql = sql

    def used(self, name: str) -> Used:
        """What went out under a name."""
        row = self.sql.row("SELECT doc, hold_until FROM bucket WHERE name = :n", n=name)
        return Used(row["hold_until"], json.loads(row["doc"])) if row else Used(0.0, {})

    def charge(self, name: str, windows: Sequence[Window], wall: float) -> None:
        """One message went out under a name, at a moment of the wall clock."""
        if not windows:
            return
        used = self.used(name)
        for window in {w.seconds: w for w in windows}.values():
            used.charge(window, wall)
        self._keep(name, used)

    def hold(self, name: str, until: float) -> None:
        """The platform wants nothing under this name before a moment of the wall clock."""
        used = self.used(name)
        used.hold_until = max(used.hold_until, until)
        self._keep(name, used)

    def _keep(self, name: str, used: Used) -> None:
        self.sql.do(
            "INSERT INTO bucket (name, doc, hold_until) VALUES (:n, :d, :h) ON CONFLICT (name)"
            " DO UPDATE SET doc = excluded.doc, hold_until = excluded.hold_until",
            n=name,
            d=json.dumps(used.slices),
            h=used.hold_until,
        )


def _key(window: Window) -> str:
    return f"{window.seconds:g}"

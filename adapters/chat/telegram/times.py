"""How long this platform waits for what. Tests shorten them; a factory never needs to.

They run by the machine's clock, never by the factory's.
"""

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds. `poll` is how long Telegram holds a question for updates (whole seconds, at most
    50); an answer later than `poll + slack` is a dead line, none after `2 * poll + slack` as well.
    """

    poll: float = 25
    slack: float = 10
    connect: float = 10
    answer: float = 20
    upload: float = 60
    first: float = 1
    cap: float = 60
    refused: float = 300
    conflict: float = 60
    quiet: float = 3600
    again: float = 1
    press: float = 5
    webhook: float = 120
    fetch: float = 1


def pause(times: Times, tries: int) -> float:
    """How long to wait after the nth failure in a row: twice as long each time, with jitter."""
    longest = min(times.cap, times.first * 2.0 ** min(max(tries - 1, 0), 16))
    return longest * random.uniform(0.5, 1.0)

"""A memory of bounded size, and of bounded age where that is asked: the oldest goes first."""

import math
import time
from collections import OrderedDict
from typing import Generic, TypeVar

V = TypeVar("V")


class Recent(Generic[V]):
    """The last `most` things by name, each for `seconds` of the monotonic clock."""

    def __init__(self, most: int, seconds: float = math.inf) -> None:
        self._most, self._seconds = most, seconds
        self._kept: OrderedDict[str, tuple[float, V]] = OrderedDict()

    def put(self, name: str, value: V) -> None:
        """Keep it as the newest."""
        self._kept[name] = (time.monotonic(), value)
        self._kept.move_to_end(name)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def get(self, name: str) -> V | None:
        """What is kept under the name; None if there is nothing, or it is too old."""
        found = self._kept.get(name)
        if found is None:
            return None
        if time.monotonic() - found[0] > self._seconds:
            del self._kept[name]
            return None
        return found[1]

    def drop(self, name: str) -> None:
        """Forget it."""
        self._kept.pop(name, None)

    def __contains__(self, name: str) -> bool:
        return self.get(name) is not None

"""A memory of bounded size: the oldest goes when a new one comes."""

from collections import OrderedDict
from typing import Generic, TypeVar

V = TypeVar("V")


class Recent(Generic[V]):
    """The last `size` things by name."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: OrderedDict[str, V] = OrderedDict()

    def put(self, name: str, value: V) -> None:
        """Keep it as the newest."""
        self._kept[name] = value
        self._kept.move_to_end(name)
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)

    def get(self, name: str) -> V | None:
        """What is kept under the name."""
        return self._kept.get(name)

    def drop(self, name: str) -> None:
        """Forget it."""
        self._kept.pop(name, None)

    def __contains__(self, name: str) -> bool:
        return name in self._kept

"""What every open board is sent, made once for all who watch in one language: two hundred screens
cost one look at the books and one rendering a change.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

Key = tuple[str, bool, bool]
"""Language, embedded in another page, with links to the orders."""


@dataclass(slots=True)
class Wall:
    """The newest message of each form, and the change that it was made for."""

    _made: dict[Key, tuple[int, asyncio.Future[str]]] = field(default_factory=dict)

    async def message(self, key: Key, change: int, make: Callable[[], Awaitable[str]]) -> str:
        """The message as of a change; whoever asks first makes it."""
        kept = self._made.get(key)
        if kept is not None and kept[0] >= change and not _broken(kept[1]):
            return await asyncio.shield(kept[1])
        task = asyncio.ensure_future(make())
        self._made[key] = (change, task)
        return await asyncio.shield(task)


def _broken(made: asyncio.Future[str]) -> bool:
    return made.done() and (made.cancelled() or made.exception() is not None)

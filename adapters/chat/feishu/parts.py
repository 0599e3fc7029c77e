"""Large events come in parts, in any order."""

import time

from adapters.chat.feishu.frames import Frame

_CAP, _LIFE = 64, 60.0


class Crooked(ValueError):
    """A part that belongs to nothing."""


class Parts:
    """Keeps parts until all are here, for a minute at most."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, list[bytes | None]]] = {}

    def whole(self, frame: Frame) -> bytes | None:
        """The payload, once its last part is here. Raises Crooked."""
        total, place = frame.number("sum", 1), frame.number("seq", 0)
        if total <= 1:
            return frame.payload
        name = frame.headers.get("message_id", "")
        if total > _CAP or place >= total or not name:
            raise Crooked("part")
        now = time.monotonic()
        self._kept = {k: kept for k, kept in self._kept.items() if now - kept[0] < _LIFE}
        if name not in self._kept and len(self._kept) >= _CAP:
            raise Crooked("too many")
        _, parts = self._kept.setdefault(name, (now, [None] * total))
        if len(parts) != total:
            raise Crooked("sum")
        parts[place] = frame.payload
        found = [each for each in parts if each is not None]
        if len(found) < total:
            return None
        del self._kept[name]
        return b"".join(found)

"""Clocks: the real one, and the one of the sandbox that stands still until somebody turns it."""

from datetime import UTC, datetime


class RealClock:
    """The machine's time."""

    def now(self) -> datetime:
        """The moment, in UTC."""
        return datetime.now(UTC)


class TurnedClock:
    """A clock that is turned by hand. Who turns it also keeps where it stands."""

    def __init__(self, at: datetime) -> None:
        self._at = at.astimezone(UTC)

    def now(self) -> datetime:
        """Where it stands, in UTC."""
        return self._at

    def set(self, at: datetime) -> None:
        """Put it somewhere."""
        self._at = at.astimezone(UTC)

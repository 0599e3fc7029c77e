"""An item that somebody has to take: raised by a report, acknowledged, silenced or resolved, never
twice.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from domain.errors import Refused


class AlertState(StrEnum):
    """Where an alert stands."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Alert:
    """A problem at a node of an order. `id` is `order/seq` of the event that raised it."""

    id: str
    order_no: str
    node: str
    reason: str
    text: str
    raised_at: datetime
    raised_by: str
    state: AlertState = AlertState.OPEN
    taken_by: str = ""
    taken_at: datetime | None = None

    def acknowledged(self, by: str, at: datetime) -> "Alert":
        """Taken by somebody. A late tap is refused with the name of who was first."""
        self._still_open()
        return replace(self, state=AlertState.ACKNOWLEDGED, taken_by=by, taken_at=at)

    def resolved(self, by: str, at: datetime) -> "Alert":
        """Over."""
        if self.state is AlertState.RESOLVED:
            self._still_open()
        return replace(self, state=AlertState.RESOLVED, taken_by=by, taken_at=at)

    def reopened(self) -> "Alert":
        """Not over after all: the report that ended it was taken back."""
        return replace(self, state=AlertState.OPEN, taken_by="", taken_at=None)

    def _still_open(self) -> None:
        if self.state is not AlertState.OPEN:
            raise Refused(
                "alert-taken",
                order=self.order_no,
                state=self.state.value,
                by=self.taken_by,
                at=self.taken_at.isoformat() if self.taken_at else "",
            )

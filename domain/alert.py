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
    """A problem at a node of an order. `id` is `order/seq` of the event that raised it, with a word
    behind it where one event raised several.

    `kind` names its chain (`problem`, `silent`, `yellow`, `orange`, `red`, `draft`); `level` is the
    order's level if that is graver. `step` is the next step of the chain to be told, `count` how
    often it was. `group` is the id of the first of several that are told as one. `owner` has taken
    it over; `answer` is the cause and countermeasure that was given. `risen`: it got graver since.
    """

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
    kind: str = "problem"
    level: str = ""
    step: int = 0
    count: int = 0
    group: str = ""
    owner: str = ""
    silent_until: datetime | None = None
    answer: str = ""
    risen: bool = False

    @property
    def told_as(self) -> str:
        """The id under which it is told: its group's."""
        return self.group or self.id

    def acknowledged(self, by: str, at: datetime) -> "Alert":
        """Taken by somebody. A late tap is refused with the name of who was first."""
        self._still_open()
        return replace(self, state=AlertState.ACKNOWLEDGED, taken_by=by, taken_at=at)

    def resolved(self, by: str, at: datetime) -> "Alert":
        """Over."""
        if self.state is AlertState.RESOLVED:
            self._still_open()
        return replace(self, state=AlertState.RESOLVED, taken_by=by, taken_at=at)

    def silenced(self, by: str, until: datetime) -> "Alert":
        """Quiet until a moment, then on it goes."""
        self._still_open()
        return replace(self, silent_until=until, owner=self.owner or by)

    def handed(self, to: str, at: datetime) -> "Alert":
        """Somebody else's from now on, who counts as having it."""
        if self.state is AlertState.RESOLVED:
            self._still_open()
        return replace(
            self, state=AlertState.ACKNOWLEDGED, owner=to, taken_by=to, taken_at=at,
            silent_until=None,
        )  # fmt: skip

    def answered(self, by: str, text: str, at: datetime) -> "Alert":
        """A cause and a countermeasure were given: that is what orange waits for."""
        if self.state is AlertState.RESOLVED:
            self._still_open()
        state = AlertState.RESOLVED if self.kind == "orange" else AlertState.ACKNOWLEDGED
        return replace(self, state=state, taken_by=by, taken_at=at, answer=text)

    def raised_to(self, level: str, at: datetime) -> "Alert":
        """It got graver: those who lead hear it anew."""
        return replace(
            self, level=level, state=AlertState.OPEN, step=0, count=0, raised_at=at,
            taken_by="", taken_at=None, silent_until=None, risen=True,
        )  # fmt: skip

    def reopened(self) -> "Alert":
        """Not over after all: the report that ended it was taken back."""
        return replace(self, state=AlertState.OPEN, taken_by="", taken_at=None, silent_until=None)

    def _still_open(self) -> None:
        if self.state is not AlertState.OPEN:
            raise Refused(
                "alert-taken",
                order=self.order_no,
                state=self.state.value,
                by=self.taken_by,
                at=self.taken_at.isoformat() if self.taken_at else "",
            )

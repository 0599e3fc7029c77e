"""What the clock causes, put together: the table of jobs, each with the use case that runs in its
transaction.
"""

from dataclasses import dataclass, field
from datetime import datetime, time

from bot.standup import standup
from domain.calendar import WorkCalendar
from domain.events import stamp
from domain.person import GroupKind
from scheduler.jobs import Job, daily, due
from storage.ledger import Ledger
from storage.store import Store

BORN = "clock.born"
STANDUP = "standup"


@dataclass(slots=True)
class Clockwork:
    """Runs what is due, once, whoever asks and however often."""

    store: Store
    calendar: WorkCalendar
    standup_at: time
    jobs: tuple[Job, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.jobs = (daily(STANDUP, self.standup_at, self.calendar),)

    async def tick(self) -> None:
        """Run what is due now."""
        await self.store.run(self.run_due)

    def run_due(self, ledger: Ledger) -> None:
        """All due ticks in one unit: the newest of a job does its work, older ones are noted as
        missed.
        """
        now = ledger.clock.now()
        born = self._born(ledger, now)
        ledger.questions.lapse(now)
        for job in self.jobs:
            ticks = due(job, ledger.settings, now, born)
            for place, fire in enumerate(ticks):
                mine = ledger.settings.ran(job.name, "", fire, now)
                if mine and place == len(ticks) - 1 and now - fire <= job.grace:
                    self._work(ledger, job.name, fire)

    def _born(self, ledger: Ledger, now: datetime) -> datetime:
        """When this factory's clock began: nothing before it is ever due."""
        kept = ledger.settings.get(BORN)
        if not kept:
            ledger.settings.put(BORN, stamp(now))
            return now
        return datetime.fromisoformat(kept)

    def _work(self, ledger: Ledger, name: str, fire: datetime) -> None:
        if name == STANDUP:
            for group in ledger.groups(GroupKind.PRODUCTION):
                standup(ledger, self.calendar, group, f"{name}/{stamp(fire)}")

    def next_due(self, ledger: Ledger) -> datetime | None:
        """The next moment at which something falls due, of jobs, questions and the outbox."""
        now = ledger.clock.now()
        born = self._born(ledger, now)
        moments = [
            job.after(max(ledger.settings.last_run(job.name, "") or born, born))
            for job in self.jobs
        ]
        for more in (ledger.outbox.next_due(), ledger.questions.next_expiry()):
            if more is not None:
                moments.append(more)
        return min(moments, default=None)

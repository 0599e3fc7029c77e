"""What the clock causes, put together: the table of jobs, each with the use case that runs in its
transaction.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from bot.reviewing import REVIEW, friday, friday_review
from bot.standup import changed, hold
from domain.desk import Desk
from domain.errors import DomainError
from domain.events import stamp
from scheduler.jobs import Job, daily, due, nightly
from storage import retention
from storage.ledger import Ledger
from storage.retention import Keep
from storage.store import Store

log = logging.getLogger("vitrine.clock")
BORN = "clock.born"
ARMED = "clock.armed"
STANDUP = "standup"
STANDUP_2 = "standup-2"
MIDDAY = time(13, 30)
"""When the digest is told again if something changed."""
TIDY = "tidy"
NIGHT = time(3, 30)
"""When words whose time is over are dropped."""
MOST = 500
"""Timers that are looked at in one go."""
AGAIN = timedelta(hours=1)
"""When a timer that broke is tried again."""


@dataclass(slots=True)
class Clockwork:
    """Runs what is due, once, whoever asks and however often."""

    store: Store
    desk: Desk
    standup_at: time
    keep: Keep = field(default_factory=Keep)
    jobs: tuple[Job, ...] = field(init=False)

    def __post_init__(self) -> None:
        calendar = self.desk.calendar
        self.jobs = (
            daily(STANDUP, self.standup_at, calendar),
            daily(STANDUP_2, MIDDAY, calendar),
            friday(calendar),
            nightly(TIDY, NIGHT, calendar),
        )

    async def tick(self, ours: Callable[[Ledger], bool] = lambda _: True) -> None:
        """Run what is due now, if that is still ours to do."""

        def run(ledger: Ledger) -> None:
            if ours(ledger):
                self.run_due(ledger)

        await self.store.run(run)

    def run_due(self, ledger: Ledger) -> None:
        """All due ticks in one unit: the newest of a job does its work, older ones are noted as
        missed.
        """
        now = ledger.clock.now()
        born = self._born(ledger, now)
        ledger.questions.lapse(now)
        self._watch(ledger, now)
        retention.proceed(ledger, self.keep, now)
        for job in self.jobs:
            ticks = due(job, ledger.settings, now, born)
            for place, fire in enumerate(ticks):
                mine = ledger.settings.ran(job.name, "", fire, now)
                if mine and place == len(ticks) - 1 and now - fire <= job.grace:
                    self._work(ledger, job.name, fire)

    def _watch(self, ledger: Ledger, now: datetime) -> None:
        """Look at everything whose timer has fired, the earliest first. One that breaks is put off
        and takes nobody else down.
        """
        for kind, scope, _ in ledger.alerts.timers(now, MOST):
            try:
                self.desk.look(ledger, kind, scope, now)
            except DomainError as error:
                log.warning("timer %s of %s: %s", kind, scope, error.code)
                ledger.set_timer(kind, scope, now + AGAIN)

    def arm(self, ledger: Ledger) -> None:
        """Set the timers of every open order anew: at the first start of a version that has them,
        and when a world was loaded.
        """
        now = ledger.clock.now()
        for order in ledger.open_orders():
            self.desk.watch.arm(ledger, None, order, now)
        ledger.settings.put(ARMED, "1")

    def _born(self, ledger: Ledger, now: datetime) -> datetime:
        """When this factory's clock began: nothing before it is ever due."""
        kept = ledger.settings.get(BORN)
        if not kept:
            ledger.settings.put(BORN, stamp(now))
            return now
        return datetime.fromisoformat(kept)

    def _work(self, ledger: Ledger, name: str, fire: datetime) -> None:
        if name == STANDUP:
            hold(ledger, self.desk, fire)
        elif name == STANDUP_2:
            changed(ledger, self.desk, fire)
        elif name == REVIEW:
            friday_review(ledger, self.desk, fire)
        elif name == TIDY:
            retention.begin(ledger, fire)
            retention.proceed(ledger, self.keep, fire)

    def overdue(self, ledger: Ledger, before: datetime) -> list[str]:
        """Jobs with a tick before a moment that has not run."""
        born = self._born(ledger, ledger.clock.now())
        return [job.name for job in self.jobs if due(job, ledger.settings, before, born)]

    def next_due(self, ledger: Ledger) -> datetime | None:
        """The next moment at which something falls due, of jobs, questions and the outbox."""
        now = ledger.clock.now()
        born = self._born(ledger, now)
        moments = [
            job.after(max(ledger.settings.last_run(job.name, "") or born, born))
            for job in self.jobs
        ]
        others = (
            ledger.outbox.next_due(),
            ledger.questions.next_expiry(),
            ledger.alerts.next_timer(),
        )
        for more in others:
            if more is not None:
                moments.append(more)
        return min(moments, default=None)

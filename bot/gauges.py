"""What stands at this moment, read when Prometheus asks: queues and their ages, platforms, clock,
disk. Implements the web room's port, together with what was counted.
"""

import asyncio
import os
import platform as machine
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily, Metric

from adapters.chat.port import ChatAdapter
from bot.clockwork import BORN, Clockwork
from bot.limits import Limits
from bot.measures import Measures
from bot.settings import VERSION
from scheduler.jobs import due
from storage.ledger import Ledger
from storage.readings import Readings, read
from storage.store import Store

STATES = ("starting", "ok", "unreachable", "silent", "refused", "kicked")
BACKED_UP = "last-backup"
"""File in the data folder whose age is that of the last backup."""


@dataclass(frozen=True, slots=True)
class _Stand:
    """What one unit of work found out."""

    engine: str
    read: Readings
    jobs: Mapping[str, float]
    waits: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Gauges:
    """Puts together all that the house measures."""

    store: Store
    adapters: Mapping[str, ChatAdapter]
    clockwork: Clockwork
    limits: Limits
    measures: Measures
    folder: Path

    async def families(self) -> Iterable[Metric]:
        """See `adapters.web.metrics.Measured`."""
        stand = await self.store.run(self._stand)
        outside = await asyncio.to_thread(lambda: list(self._outside(stand.engine)))
        counted = list(self.measures.registry.collect())
        return [*counted, *outside, *self._platforms(stand.waits), *_books(stand)]

    def _stand(self, ledger: Ledger) -> _Stand:
        wall = time.time()
        waits = {
            name: max(0.0, self.limits.platform(ledger, name, wall)[1] - wall)
            for name in self.adapters
        }
        found = read(ledger, wall)
        return _Stand(ledger.sql.engine, found, self._late(ledger), waits)

    def _late(self, ledger: Ledger) -> dict[str, float]:
        """How long the oldest tick of each job has been due and has not run."""
        now, born = ledger.clock.now(), ledger.settings.get(BORN)
        late = {}
        for job in self.clockwork.jobs:
            since = datetime.fromisoformat(born) if born else now
            ticks = due(job, ledger.settings, now, since)
            late[job.name] = (now - ticks[0]).total_seconds() if ticks else 0.0
        return late

    def _outside(self, engine: str) -> Iterator[Metric]:
        """What is not in the books."""
        about = {"version": VERSION, "python": machine.python_version(), "engine": engine}
        info = GaugeMetricFamily("vitrine_build_info", "What is running.", labels=list(about))
        info.add_metric(list(about.values()), 1)
        yield info
        try:
            free = shutil.disk_usage(self.folder).free
        except OSError:
            free = 0
        yield _one("disk_free_bytes", "Bytes free where the data folder is.", free)
        at = backed_up(self.folder)
        age = max(0.0, time.time() - at) if at else float("inf")
        yield _one("backup_age_seconds", "Age of the last backup; +Inf if none is known.", age)

    def _platforms(self, waits: Mapping[str, float]) -> Iterator[Metric]:
        states = {name: adapter.state for name, adapter in self.adapters.items()}
        yield _many(
            "platform_state", "1 for the state that a platform's connection is in.",
            ("platform", "state"),
            [
                ((name, state), float(state == is_))
                for name, is_ in states.items()
                for state in (*STATES, *(() if is_ in STATES else (is_,)))
            ],
        )  # fmt: skip
        yield _many(
            "platform_wait_seconds", "Until a platform's limits let another message go.",
            ("platform",), [((name,), wait) for name, wait in waits.items()],
        )  # fmt: skip


def _books(stand: _Stand) -> Iterator[Metric]:
    found = stand.read
    yield _one("inbox_waiting", "Messages taken in and not handled yet.", found.inbox_waiting)
    yield _one("inbox_oldest_seconds", "Age of the oldest of these.", found.inbox_oldest)
    yield _many(
        "outbox_notices", "Notices that are not done with, by state.", ("state",),
        [((state,), number) for state, number in found.outbox.items()],
    )  # fmt: skip
    yield _one("outbox_due", "Notices that are due and wait.", found.outbox_due)
    yield _one("outbox_oldest_seconds", "How long the oldest of these is due.", found.outbox_oldest)
    yield _one("timers_overdue", "Timers that are due and were not looked at.",
               found.timers_overdue)  # fmt: skip
    yield _one("timer_oldest_seconds", "How long the oldest of these is due.", found.timer_oldest)
    yield _many(
        "job_overdue_seconds", "How long a job's oldest tick is due and did not run.", ("job",),
        [((job,), late) for job, late in stand.jobs.items()],
    )  # fmt: skip
    yield _many(
        "alerts", "Alerts not resolved, by state.", ("state",),
        [((state,), number) for state, number in found.alerts.items()],
    )  # fmt: skip
    yield _one("questions_open", "Questions that wait for somebody's answer.", found.questions)
    yield _one("database_bytes", "Size of the database.", found.bytes)


def _one(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"vitrine_{name}", text, value=value)


def _many(
    name: str,
    text: str,
    labels: Sequence[str],
    rows: Sequence[tuple[Sequence[str], float]],
) -> Metric:
    found = GaugeMetricFamily(f"vitrine_{name}", text, labels=list(labels))
    for values, number in rows:
        found.add_metric(list(values), number)
    return found


def backed_up(folder: Path) -> float | None:
    """When the last backup of a data folder was made (seconds since 1970), if it is known."""
    try:
        return (folder / BACKED_UP).stat().st_mtime
    except OSError:
        return None


def note_backup(folder: Path) -> None:
    """A backup was made just now. A folder that can't be written to keeps no note of it."""
    try:
        (folder / BACKED_UP).touch()
        os.utime(folder / BACKED_UP)
    except OSError:
        return

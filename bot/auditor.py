"""Sees to it that what should have run did run: every ten minutes it looks for due steps that
nobody took, notices that lie, messages that wait, connections that are silent, a clock that
jumped; tells those who lead, and /healthz.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from adapters.chat.port import ChatAdapter
from bot.clockwork import Clockwork
from bot.losses import Losses
from storage.ledger import Ledger
from storage.store import Store

log = logging.getLogger("vitrine.auditor")
EVERY = 600.0
"""Seconds between two looks."""
FIRST = 60.0
LATE = timedelta(minutes=10)
"""How long something due may lie before it counts as forgotten."""
JUMP = 120.0
"""Seconds by which wall clock and steady clock may drift apart between two looks."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that should not be: a code, and facts for its sentence."""

    code: str
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Auditor:
    """Looks, and remembers what it found last."""

    store: Store
    adapters: Mapping[str, ChatAdapter]
    clockwork: Clockwork
    losses: Losses
    findings: tuple[Finding, ...] = ()
    _down: dict[str, float] = field(default_factory=dict)
    _clocks: tuple[float, float] | None = None

    async def run(self) -> None:
        """Look for ever."""
        await asyncio.sleep(FIRST)
        while True:
            try:
                await self.look(time.time(), time.monotonic())
            except Exception:
                log.exception("the auditor stumbled")
            await asyncio.sleep(EVERY)

    async def look(self, wall: float, steady: float) -> tuple[Finding, ...]:
        """One look; what was found is told."""
        outside = [*self._silent(steady), *self._jumped(wall, steady)]

        def audit(ledger: Ledger) -> tuple[Finding, ...]:
            found = (*outside, *self._forgotten(ledger, wall))
            for finding in found:
                self.losses.alarm(ledger, "auditor", finding.code, dict(finding.facts))
            return found

        self.findings = await self.store.run(audit)
        for finding in self.findings:
            log.warning("%s %s", finding.code, dict(finding.facts))
        return self.findings

    def _forgotten(self, ledger: Ledger, wall: float) -> list[Finding]:
        now = ledger.clock.now()
        before = now - LATE
        counts = {
            "steps-late": len(ledger.alerts.timers(before, 1000)),
            "jobs-late": len(self.clockwork.overdue(ledger, before)),
            "notices-late": ledger.outbox.lying(before, wall - LATE.total_seconds()),
            "messages-late": ledger.inbox.lying(before),
        }
        return [Finding(code, (("n", str(n)),)) for code, n in counts.items() if n]

    def _silent(self, steady: float) -> list[Finding]:
        """Platforms that have been anything but well for long."""
        found = []
        for name, adapter in self.adapters.items():
            if adapter.state == "ok":
                self._down.pop(name, None)
                continue
            since = self._down.setdefault(name, steady)
            if steady - since >= LATE.total_seconds():
                facts = (("platform", name), ("state", adapter.state))
                found.append(Finding("platform-silent", facts))
        return found

    def _jumped(self, wall: float, steady: float) -> list[Finding]:
        before, self._clocks = self._clocks, (wall, steady)
        if before is None:
            return []
        drift = (wall - before[0]) - (steady - before[1])
        if abs(drift) < JUMP:
            return []
        return [Finding("clock-jumped", (("seconds", str(round(drift))),))]

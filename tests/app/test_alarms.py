"""Alarms that wait: what quiet hours hold back is not said once somebody has taken it."""

from pathlib import Path

import pytest

from storage.ledger import Ledger
from tests.app.running import running


@pytest.mark.parametrize("taken", [False, True])
async def test_a_tap_wins_over_what_waits(tmp_path: Path, taken: bool) -> None:
    async with running(tmp_path / "data") as bot:
        await bot.sandbox.turn("", "2026-11-24T12:10:00+08:00")
        await bot.say("production", "P05", "A105 车缝断针了，修到两点")
        before = [m["text"] for m in await bot.all("management") if "A105" in m["text"]]

        def take(ledger: Ledger) -> None:
            (alert,) = (a for a in ledger.alerts_of("A105") if a.kind == "problem")
            if taken:
                ledger.keep_alert(alert.acknowledged("P01", ledger.clock.now()))

        await bot.app.store.run(take)
        await bot.sandbox.turn("", "2026-11-24T13:45:00+08:00")
        after = [m["text"] for m in await bot.all("management") if "A105" in m["text"]]
        rung = [t for t in after if t not in before and "断针" in t and "A105" in t]
        assert bool(rung) is not taken, (before, after)

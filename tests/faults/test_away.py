"""The database is away while people write: what the platform counts as delivered is handled when it
is back, and not given up.
"""

import asyncio
import signal
from collections import Counter
from pathlib import Path

import psycopg
import pytest

from tests.faults import factory, invariants
from tests.faults.lots import LONG, drawn, first_seed, told
from tests.faults.test_kill import arrived, staged, still, streamed
from tests.servers import postgres


@pytest.mark.skipif(not LONG, reason="takes its time; `make faults` has it")
@pytest.mark.parametrize("seconds", [3, 45])
async def test_what_was_said_meanwhile_is_handled_afterwards(tmp_path: Path, seconds: int) -> None:
    server = await asyncio.to_thread(postgres.new, postgres.DURABLE)
    with psycopg.connect(postgres.plain(server.url()), autocommit=True) as raw:
        raw.execute("CREATE DATABASE away")
    url, (stage, groups) = server.url("away"), staged()
    await stage.start()
    folder = tmp_path / "data"
    where, masters = await asyncio.to_thread(
        factory.prepare, folder, url, factory.world(groups, 48)
    )
    program = factory.Program(folder, [stage], url)
    try:
        with drawn(first_seed()) as dice:
            await asyncio.to_thread(program.start)
            await asyncio.wait_for(stage.connected(), 30)
            writing = asyncio.create_task(streamed(groups, range(24), dice))
            await asyncio.sleep(dice.uniform(0, 0.3))
            await asyncio.to_thread(server.stop, signal.SIGQUIT)
            await asyncio.sleep(seconds)
            await asyncio.to_thread(server.start)
            messages = await writing + await streamed(groups, range(24, 48), dice)
            await still(where, messages, stage, 90)
            assert await asyncio.to_thread(program.stop) == 0
            invariants.one_outcome(where, messages)
            invariants.one_event(where, [m for n, m in enumerate(messages) if n % 3])
            invariants.clean(where, masters)
            states = Counter(r["state"] for r in invariants.rows(where, "SELECT state FROM inbox"))
            ends = invariants.told_once(where, arrived(stage))
            told("away", first_seed(), seconds=seconds, **ends)
            assert states["dead"] == 0, states
    finally:
        factory.away(program)
        await stage.stop()
        await asyncio.to_thread(server.stop, signal.SIGQUIT)

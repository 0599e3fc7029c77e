"""One process against three on PostgreSQL: the same words bring the same orders and tell the same
people the same; and when the process that holds the connections is killed, another takes over.
"""

import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

from storage.ledger import Ledger
from storage.secrets import Master
from storage.store import Store
from tests.fakes.feishu import FeishuStage
from tests.fakes.feishu_books import Chat
from tests.fakes.stage import Stage
from tests.faults import factory, invariants
from tests.faults.factory import Group
from tests.faults.lots import drawn, first_seed, often, told
from tests.faults.test_kill import staged, still, streamed
from tests.servers import postgres
from tests.storage.engines import Hand

TAKEOVER = 15.0
"""Seconds in which somebody else has to hold what a killed process held."""
SAME = re.compile(
    r"\d{4}-\d\d-\d\d(T[0-9:.+]+)?|-?\d{6,}(:\d+)?|\bo[mcu]_\w+|answer/\d+|/\d+\b|\b[0-9a-f]{12,}"
)
"""What differs from run to run: moments, numbers and ids."""


def stages() -> tuple[list[Stage], list[Group]]:
    """A Telegram and a Feishu, with groups on both."""
    telegram, groups = staged()
    feishu = FeishuStage()
    for n in range(2):
        chat = f"oc_{n}" + "b2" * 15
        feishu.books.chats[chat] = Chat(chat, "group", f"飞书{n}")
        groups.append(Group(feishu, chat))
    return [telegram, feishu], groups


class Played:
    """What a run came to."""

    def __init__(self, where: Path | str, masters: Sequence[Master]) -> None:
        store = Store(where, Hand(), masters)
        try:
            self.orders, self.notices = store.now(self._read)
        finally:
            store.close()

    def _read(self, ledger: Ledger) -> tuple[Any, Counter[str]]:
        orders = {
            o.order_no: (o.seq, o.open, {k: _node(n) for k, n in o.nodes.items()})
            for o in ledger.orders.all_orders()
        }
        found, slots = Counter[str](), dict[tuple[str, ...], str]()
        for row in ledger.sql.rows("SELECT * FROM outbox ORDER BY id"):
            notice = ledger.outbox.notice(row)
            facts = json.dumps(notice.facts, sort_keys=True, ensure_ascii=False, default=str)
            to = (notice.to.platform, notice.to.chat)
            words = (notice.kind.value, notice.what, notice.language, notice.reader)
            key = SAME.sub("#", notice.slot or notice.key)
            said = json.dumps([to, words, key, SAME.sub("#", facts)], ensure_ascii=False)
            if notice.slot:  # what was replaced before anybody saw it depends on who was quicker
                slots[*to, key] = said
            else:
                found[said] += 1
        found.update(slots.values())
        return orders, found


def _node(node: Any) -> tuple[object, ...]:
    return (node.status, node.quantity, node.reason, node.reported_by)


async def all_heard(groups: Sequence[Group], messages: Sequence[str], where: Path | str) -> None:
    """Everything was heard, handled and told; Feishu is asked to bring again what it has to."""
    by_stage: dict[int, tuple[Stage, list[str]]] = {}
    for number, message in enumerate(messages):
        stage = groups[number % len(groups)].stage
        by_stage.setdefault(id(stage), (stage, []))[1].append(message)

    async def again() -> None:
        while True:
            await asyncio.sleep(1)
            for stage, theirs in by_stage.values():
                for message in theirs:
                    if stage.platform == "feishu" and not stage.acknowledged(message):
                        await stage.again(message)

    pushing = asyncio.create_task(again())
    try:
        for stage, theirs in by_stage.values():
            await still(where, theirs, stage, 90)
    finally:
        pushing.cancel()
        with suppress(asyncio.CancelledError):
            await pushing


def holder(where: str, name: str) -> str:
    """Who holds a lease now; empty if nobody does."""
    found = invariants.rows(
        where,
        "SELECT holder FROM lease WHERE until > extract(epoch from clock_timestamp())"
        f" AND name = '{name}'",
    )
    return str(found[0]["holder"]) if found else ""


async def taken_over(
    where: str, programs: Sequence[factory.Program], names: Sequence[str]
) -> float:
    """Kill the process that holds the first of the leases; the seconds until all that it held is
    held by others.
    """
    held = {name: await asyncio.to_thread(holder, where, name) for name in names}
    assert all(held.values()), held
    mark = f"this process holds {names[0]} now"
    victims = [p for p in programs if mark in p.log.read_text("utf-8")]
    assert len(victims) == 1, [p.log for p in victims]
    killed = held[names[0]]
    await asyncio.to_thread(victims[0].kill)
    begun = time.monotonic()
    while True:
        now = {name: await asyncio.to_thread(holder, where, name) for name in names}
        if all(now.values()) and killed not in now.values():
            return time.monotonic() - begun
        assert time.monotonic() - begun < TAKEOVER, now
        await asyncio.sleep(0.05)


async def run(
    folder: Path, url: str, processes: int, count: int, seed: int, kills: int
) -> tuple[Played, list[float]]:
    """The same people write the same to so many processes."""
    dice = Random(seed)
    both, groups = stages()
    for stage in both:
        await stage.start()
    where, masters = await asyncio.to_thread(
        factory.prepare, folder, url, factory.world(groups, count)
    )
    programs = [factory.Program(folder, both, url) for _ in range(processes)]
    taken: list[float] = []
    try:
        await asyncio.gather(*(asyncio.to_thread(p.start) for p in programs))
        for stage in both:
            await asyncio.wait_for(stage.connected(), 30)
        messages: list[str] = []
        part = count // (kills + 1)
        for turn in range(kills + 1):
            last = count if turn == kills else (turn + 1) * part
            writing = asyncio.create_task(streamed(groups, range(turn * part, last), dice))
            if turn < kills:
                await asyncio.sleep(dice.uniform(0, 0.4))
                alive = [p for p in programs if p.process is not None]
                taken.append(await taken_over(str(where), alive, ("platform/telegram", "clock")))
            messages += await writing
        await all_heard(groups, messages, where)
        for program in programs:
            if program.process is not None:
                assert await asyncio.to_thread(program.stop) == 0
    finally:
        for program in programs:
            factory.away(program)
        for stage in both:
            await stage.stop()
    invariants.one_outcome(where, messages)
    invariants.one_event(where, [m for n, m in enumerate(messages) if n % 3])
    invariants.clean(where, masters)
    return await asyncio.to_thread(Played, where, masters), taken


async def test_three_processes_do_and_tell_what_one_does(tmp_path: Path) -> None:
    """The holder of the connections is killed on the way, which nobody hears of."""
    with drawn(first_seed()):
        count, seed = often(30, 300), first_seed()
        one, _ = await run(tmp_path / "one", "", 1, count, seed, 0)
        url = postgres.database()
        three, taken = await run(tmp_path / "three", url, 3, count, seed, often(1, 2))
        assert three.orders == one.orders
        assert three.notices - one.notices == Counter()
        assert one.notices - three.notices == Counter()
        told("three processes", seed, messages=count, notices=one.notices.total(), takeover=taken)
        postgres.drop(url)

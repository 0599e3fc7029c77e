"""One round of another framework's dispatch, in a process and an environment of its own: nothing is
stored, nothing is sent, nothing is logged. `python -m tests.load.theirs NAME COUNT WIDTH` prints a
JSON object with messages a second and CPU seconds a message.

Imports nothing of ours: the environment `.bench` holds what is measured, pinned as it wants to be.
Each is measured at its best: no plugins, no storage, a handler that only counts.
"""

import asyncio
import gc
import json
import logging
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

PATTERN = r"^#?([A-Z]+\d+)\s*(\S+?)(完成|开始)$"
OTHERS = 20
"""Handlers with other patterns that stand before ours in the rows that end in `.20`."""
TOKEN = "8000000001:AAFakeFakeFakeFakeFakeFakeFakeFakeFak"
GROUP, LEAD, BOT, DATE = -1001234567890, 5000000001, 8000000001, 1763951000
Feed = Callable[[int], Awaitable[Any]]
seen = 0


def text(number: int) -> str:
    """What the team lead writes."""
    return f"#A{1000 + number} 裁切完成"


def other(number: int) -> str:
    """A pattern like ours for another word."""
    return rf"^#?([A-Z]+\d+)\s*(\S+?)第{number}道工序$"


def telegram_update(number: int) -> dict[str, Any]:
    """What Telegram's webhook brings, parsed: a message of a group."""
    return {
        "update_id": 700_000_000 + number,
        "message": {
            "message_id": 1 + number,
            "date": DATE,
            "from": {"id": LEAD, "is_bot": False, "first_name": "李", "language_code": "zh-hans"},
            "chat": {"id": GROUP, "title": "生产群", "type": "supergroup"},
            "text": text(number),
        },
    }


def onebot_event(number: int) -> dict[str, Any]:
    """What an implementation of OneBot v11 brings, parsed: a message of a group."""
    return {
        "time": DATE, "self_id": BOT, "post_type": "message", "message_type": "group",
        "sub_type": "normal", "message_id": 1 + number, "group_id": 123456, "user_id": LEAD,
        "anonymous": None, "message": [{"type": "text", "data": {"text": text(number)}}],
        "raw_message": text(number), "font": 0,
        "sender": {"user_id": LEAD, "nickname": "李", "card": "", "role": "member"},
    }  # fmt: skip


def aiogram(count: int, *, prebuilt: bool = False, others: int = 0) -> Feed:
    """aiogram 3: a dispatcher with one handler on a regular expression."""
    from aiogram import Bot, Dispatcher, F  # lazy: only the framework that is asked for
    from aiogram.types import Message, Update  # lazy: the same

    bot, dispatcher = Bot(TOKEN), Dispatcher()

    async def nothing(message: Message) -> None:
        raise AssertionError(message)

    async def done(message: Message) -> None:
        global seen  # noqa: PLW0603 - the cheapest handler there is
        seen += 1

    for number in range(others):
        dispatcher.message.register(nothing, F.text.regexp(other(number)))
    dispatcher.message.register(done, F.text.regexp(PATTERN))
    raws = [telegram_update(number) for number in range(count)]
    if not prebuilt:
        return lambda number: dispatcher.feed_raw_update(bot, raws[number])
    built = [Update.model_validate(raw, context={"bot": bot}) for raw in raws]
    return lambda number: dispatcher.feed_update(bot, built[number])


def nonebot2(count: int, *, prebuilt: bool = False, others: int = 0) -> Feed:
    """NoneBot 2 with its OneBot v11 adapter: one matcher on a regular expression. Others stand
    before it with priorities of their own, which costs it half of what it costs with the same one.
    """
    import nonebot  # lazy: only the framework that is asked for
    from nonebot.adapters.onebot.v11 import Adapter, Bot  # lazy: the same
    from nonebot.log import logger  # lazy: the same

    logger.remove()
    nonebot.init(driver="~none", _env_file=None, log_level="CRITICAL")
    driver = nonebot.get_driver()
    driver.register_adapter(Adapter)
    adapter = driver._adapters[Adapter.get_name()]
    bot = Bot(adapter, str(BOT))

    async def nothing() -> None:
        raise AssertionError

    async def done() -> None:
        global seen  # noqa: PLW0603 - the cheapest handler there is
        seen += 1

    for number in range(others):
        nonebot.on_regex(other(number), priority=number + 1).handle()(nothing)
    nonebot.on_regex(PATTERN, priority=others + 1, block=True).handle()(done)
    raws = [onebot_event(number) for number in range(count)]
    if prebuilt:
        events = [Adapter.json_to_event(raw) for raw in raws]
        return lambda number: bot.handle_event(events[number])
    return lambda number: bot.handle_event(Adapter.json_to_event(raws[number]))


MADE: dict[str, Callable[[int], Feed]] = {
    "aiogram": aiogram,
    "aiogram.prebuilt": lambda count: aiogram(count, prebuilt=True),
    "aiogram.20": lambda count: aiogram(count, others=OTHERS),
    "nonebot2": nonebot2,
    "nonebot2.prebuilt": lambda count: nonebot2(count, prebuilt=True),
    "nonebot2.20": lambda count: nonebot2(count, others=OTHERS),
}


async def drive(feed: Feed, count: int, width: int) -> None:
    """So many messages, so many of them under way at once."""

    async def some(numbers: Iterator[int]) -> None:
        for number in numbers:
            await feed(number)

    numbers = iter(range(count))
    await asyncio.gather(*(some(numbers) for _ in range(width)))


async def measure(name: str, count: int, width: int) -> dict[str, float]:
    """One round, after one message that is not counted. Raises if a message was not handled."""
    feed = MADE[name](count)
    await feed(0)
    before = seen
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    await drive(feed, count, width)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if (before, seen) != (1, count + 1):
        raise RuntimeError(f"{name} handled {seen - before} of {count}")
    return {"rate": count / wall, "cpu": cpu / count}


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    print(json.dumps(asyncio.run(measure(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))))

"""A platform that brings messages, in a process of its own: `python -m tests.load.driver` reads an
order as JSON on standard input (`how`, `port`, `secret`, `first`, `count`, and `width` or `rate`)
and prints how it went.
"""

import asyncio
import gc
import json
import sys
import time
from dataclasses import asdict
from typing import Any

from tests.load.wire import Ran, closed, opened, request

PATH, HEADER = "/webhooks/telegram", "X-Telegram-Bot-Api-Secret-Token"
CHATS = 64
"""Groups that messages come from, in turns."""


def group(number: int) -> int:
    """A group's number on Telegram."""
    return -1002000000000 - number % CHATS


def lead(number: int) -> int:
    """A person's number on Telegram."""
    return 6_000_000_000 + number % CHATS


def update(number: int, now: int) -> dict[str, Any]:
    """A report about an order of its own, as Telegram brings it."""
    return {
        "update_id": 700_000_000 + number,
        "message": {
            "message_id": 1 + number,
            "date": now,
            "from": {"id": lead(number), "is_bot": False, "first_name": f"组长{number % CHATS}"},
            "chat": {
                "id": group(number), "title": f"生产群{number % CHATS}", "type": "supergroup",
            },
            "text": f"#A{1000 + number} 裁切完成",
        },
    }  # fmt: skip


def requests(secret: str, first: int, count: int) -> list[bytes]:
    """All that will be sent, made before the first is."""
    now, headers = int(time.time()), {HEADER: secret}
    return [
        request(PATH, headers, json.dumps(update(n, now), ensure_ascii=False).encode())
        for n in range(first, first + count)
    ]


def run(order: dict[str, Any]) -> Ran:
    """Do as told."""
    raws = requests(order["secret"], order["first"], order["count"])
    gc.collect()
    gc.disable()
    if order["how"] == "closed":
        return closed(order["port"], raws, order["width"])
    return asyncio.run(opened(order["port"], raws, order["rate"]))


if __name__ == "__main__":
    print(json.dumps(asdict(run(json.load(sys.stdin)))))

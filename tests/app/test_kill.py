"""kill -9 at any moment of a stream of messages: whatever was answered with 202 is applied exactly
once.
"""

import contextlib
import random
import threading
import time
from pathlib import Path
from typing import Any

from tests.app.served import Served, command

ORDERS = 60
ROUNDS = 4


def world() -> dict[str, Any]:
    """Many orders of one short route; each message finishes the first node of one of them."""
    nodes = [
        {"key": "cut", "name": "裁切", "standard_days": 1, "aliases": ["开裁"]},
        {"key": "sew", "name": "车缝", "standard_days": 1, "aliases": ["缝制"]},
    ]
    orders = [
        {"order_no": f"K{1000 + n}", "product": "包", "quantity": 9, "customer": "C1", "route": "r"}
        for n in range(ORDERS * ROUNDS)
    ]
    return {
        "routes": [{"key": "r", "name": "包", "nodes": nodes}],
        "people": [{"id": "P0", "name": "甲", "role": "manager", "nodes": ["*"]}],
        "customers": [{"id": "C1", "name": "乙"}],
        "orders": orders,
    }


def stream(server: Served, numbers: list[int], acknowledged: list[int]) -> None:
    """Report order after order until the server is gone; remember what was answered."""
    with contextlib.suppress(OSError, AssertionError):
        for number in numbers:
            status, _ = server.say(
                "production", "P0", f"K{1000 + number} 裁切完成", message_id=f"m{number}"
            )
            if status == 202:
                acknowledged.append(number)


def test_every_acknowledged_message_is_applied_exactly_once(tmp_path: Path) -> None:
    dice = random.Random(20261123)
    folder = tmp_path / "data"
    server = Served(folder).start()
    assert server.call("POST", "/api/sandbox/reset", {"world": world()})[0] == 200
    acknowledged: list[int] = []
    for turn in range(ROUNDS):
        numbers = list(range(turn * ORDERS, (turn + 1) * ORDERS))
        threads = [
            threading.Thread(target=stream, args=(server, numbers[part::3], acknowledged))
            for part in range(3)
        ]
        for thread in threads:
            thread.start()
        time.sleep(dice.uniform(0.05, 0.9))
        server.kill()
        for thread in threads:
            thread.join()
        server.start()
        server.idle()
        assert command(folder, "verify")[0] == 0
    assert acknowledged, "the stream never got through"
    for number in acknowledged:
        done = [e for e in server.events(f"K{1000 + number}") if e["type"] == "NodeCompleted"]
        assert [e["source"]["message_id"] for e in done] == [f"m{number}"]
        server.say("production", "P0", f"K{1000 + number} 裁切完成", message_id=f"m{number}")
    server.idle()
    sent = [m for m in server.messages("production") if m["from"] == "P0"]
    assert len({m["message_id"] for m in sent}) == len(sent)
    for number in acknowledged[:20]:
        done = [e for e in server.events(f"K{1000 + number}") if e["type"] == "NodeCompleted"]
        assert len(done) == 1
    assert server.stop() == 0
    assert command(folder, "verify")[0] == 0
